"""A stand-in for a service: ready at once, with one deadline that is two days ahead."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from deploy.local import clock

DUE_AT = datetime.now(UTC) + timedelta(days=2)
IDLE = {"lag": 0, "outbox": 0, "dead_letters": 0, "blocked": 0, "progress": 1, "not_ready": []}
IDLE |= {"waiting": [], "oldest_seconds": None, "endpoints": {"failing": 0, "breakers_open": 0}}


def status() -> dict[str, object]:
    now = clock.now(Path(os.environ["LEADOPS_CLOCK_FILE"]))
    fired = now >= DUE_AT
    return IDLE | {
        "service": sys.argv[1],
        "instance": int(os.environ["LEADOPS_INSTANCE"]),
        "ready": True,
        "shards": [{"shard": n, "state": "open", "error": None} for n in range(12)],
        "effects": {"in_flight": 0, "waiting": 0, "next_at": None},
        "due": {"now": 0, "next_at": None if fired else DUE_AT.isoformat()},
    }


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # noqa: N802
        """It tells its status alone: whoever asks for more has to do with that."""
        authorized = self.headers["authorization"] == f"Bearer {os.environ['LEADOPS_TOKEN']}"
        if self.path == "/health/ready":
            self.send_response(200)
        elif not authorized:
            self.send_response(401)
        else:
            self.send_response(200 if self.path == "/status" else 404)
        self.end_headers()
        self.wfile.write(json.dumps(status()).encode())


if __name__ == "__main__":
    port = int(os.environ["LEADOPS_HTTP_PORT"])
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
