"""Who may read a service: whoever shows the token, and nobody where there is none."""

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.read_errors import failure


class Bearer:
    """Health checks and the metrics are open; everything else wants the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._wanted = f"Bearer {token}".encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_open(scope["path"]):
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not self._is_wanted(given):
                refused = failure(401, "unauthorized", "a bearer token is needed")
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_wanted(self, given: bytes) -> bool:
        """In constant time: how long a wrong token takes must not tell how much of it is right."""
        return self._wanted is not None and hmac.compare_digest(given, self._wanted)


def _is_open(path: str) -> bool:
    return path == "/metrics" or path.startswith("/health")
