"""The local customer: takes signed webhooks and writes each down before it answers.

What it wrote is the proof of what was delivered, so a line is flushed first. The webhook path is
plain ASGI, since it must not be what a benchmark measures.
"""

import asyncio
import os
from pathlib import Path
from typing import TextIO

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from deploy import received, spans
from deploy.files import var_dir

PREFIX = "/campaigns/"
TEXTS = {0: b"", 200: b'{"ok": true}', 401: b'{"ok": false, "error": "bad signature"}'}


class Receiver:
    def __init__(self, var: Path, secret: str) -> None:
        var.mkdir(parents=True, exist_ok=True)
        self.behaviours = received.Behaviours()
        self.secret = received.secret_bytes(secret)
        lines = var / "received.jsonl"
        self.decided = received.Decided(whole_lines(lines))
        self.received = append_to(lines)
        self.spans = append_to(var / "spans.jsonl")
        self.others = Starlette(
            routes=[
                Route("/health", self.health),
                Route("/behaviour", self.behaviour, methods=["GET", "POST"]),
                Route("/v1/traces", self.traces, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.webhook(scope, receive, send)
        else:
            await self.others(scope, receive, send)

    async def webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        campaign, headers = scope["path"].removeprefix(PREFIX), dict(scope["headers"])
        body = await read_body(receive)
        status, seconds = self.behaviours.for_campaign(campaign).answer()
        if self.secret and not received.is_signed(self.secret, headers, body):
            status, seconds = 401, 0.0
        key = received.key_of(headers)
        status = self.decided.status(key, status)
        taken = key in self.decided.taken
        self.received.write(received.line(campaign, headers, body, status, taken=taken))
        self.received.flush()
        if seconds:
            await asyncio.sleep(seconds)
        await answer(send, status)

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def behaviour(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.behaviours.tell(**await request.json())
            except (TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse(self.behaviours.as_json())

    async def traces(self, request: Request) -> Response:
        encoding = request.headers.get("content-encoding", "").encode()
        self.spans.write(spans.lines(await request.body(), encoding))
        self.spans.flush()
        return Response(b"", media_type="application/x-protobuf")


def whole_lines(path: Path) -> list[str]:
    """What was written before it was killed; a line that was cut short is ended, and not read."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        path.write_text("".join(lines[:-1]), encoding="utf-8")
        return lines[:-1]
    return lines


def append_to(path: Path) -> TextIO:
    return path.open("a", encoding="utf-8")


async def read_body(receive: Receive) -> bytes:
    chunks, more = [], True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def answer(send: Send, status: int) -> None:
    text = TEXTS.get(status, b'{"ok": false}')
    length = (b"content-length", str(len(text)).encode())
    headers = [(b"content-type", b"application/json"), length]
    await send({"type": "http.response.start", "status": status or 504, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def main() -> None:
    receiver = Receiver(var_dir(), os.environ.get("LEADOPS_WEBHOOK_SECRET", ""))
    uvicorn.run(
        receiver,
        host=os.environ.get("LEADOPS_HTTP_HOST", "127.0.0.1"),
        port=int(os.environ.get("LEADOPS_HTTP_PORT", "8080")),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
