"""Who may read a service: whoever shows the token, and nobody where there is none."""

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.read_errors import failure


class Bearer:
    """Health checks and the metrics are open; everything else wants the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_open(scope["path"]):
            header = dict(scope["headers"]).get(b"authorization", b"")
            if not self._is_right(header):
                refused = failure(401, "unauthorized", "a bearer token is needed")
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_right(self, header: bytes) -> bool:
        """In constant time: how long a wrong token takes must not tell how much of it is right."""
        return self._expected is not None and hmac.compare_digest(header, self._expected)


def _is_open(path: str) -> bool:
    return path == "/metrics" or path.startswith("/health")
