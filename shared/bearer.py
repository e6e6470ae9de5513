"""Who may read a service: whoever shows the token, and nobody where there is none."""

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.read_errors import failure

SCHEME = "Bearer"


class Bearer:
    """Health checks and the metrics are open; everything else wants the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_open(scope["path"]):
            header = dict(scope["headers"]).get(b"authorization", b"")
            if not self._is_right(header):
                refused = failure(401, "unauthorized", "a bearer token is needed")
                refused.headers["www-authenticate"] = SCHEME
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_right(self, header: bytes) -> bool:
        """The scheme in any case, as the standard has it, and as some clients and proxies write it.
        The token in constant time: how long a wrong one takes must not tell how much is right."""
        scheme, _, token = header.partition(b" ")
        is_bearer = scheme.lower() == SCHEME.lower().encode()
        return is_bearer and bool(self._token) and hmac.compare_digest(token, self._token)


def _is_open(path: str) -> bool:
    return path == "/metrics" or path.startswith("/health")
