"""Who may read a service's API: whoever shows the token, and nobody where there is none."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from shared.bearer import Bearer

TOKEN = "geheim-\u00e9"


async def status(given: bytes | None, *, token: str = TOKEN, path: str = "/leads") -> int:
    return (await answer_to(given, token=token, path=path)).status_code


async def answer_to(
    given: bytes | None, *, token: str = TOKEN, path: str = "/leads"
) -> httpx.Response:
    async def answer(_request: object) -> PlainTextResponse:
        return PlainTextResponse("")

    routes = [Route(path, answer) for path in ("/leads", "/health/live", "/metrics")]
    app = Starlette(routes=routes, middleware=[Middleware(Bearer, token=token)])
    headers = [] if given is None else [(b"authorization", given)]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        return await client.get(f"http://service.example{path}", headers=headers)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (f"Bearer {TOKEN}".encode(), 200),
        (f"bearer {TOKEN}".encode(), 200),
        (f"BEARER {TOKEN}".encode(), 200),
        (f"Bearer {TOKEN.upper()}".encode(), 401),
        (f"Bearer{TOKEN}".encode(), 401),
        (TOKEN.encode(), 401),
        (f"Bearer {TOKEN}x".encode(), 401),
        (f"Bearer {TOKEN[:-1]}".encode(), 401),
        (f"Basic {TOKEN}".encode(), 401),
        (b"Bearer \xff\xfe", 401),
        (b"Bearer ", 401),
        (b"", 401),
        (None, 401),
    ],
)
async def test_only_the_token_opens_the_api(given: bytes | None, expected: int) -> None:
    """Whatever bytes are given instead are refused, and no error."""
    assert expected == await status(given)


async def test_who_is_refused_is_told_how_to_ask() -> None:
    """As the standard has it: a client that is told nothing can't know that a token would do."""
    refused, allowed = await answer_to(None), await answer_to(f"Bearer {TOKEN}".encode())
    assert "Bearer" == refused.headers["www-authenticate"]
    assert "www-authenticate" not in allowed.headers


@pytest.mark.parametrize("given", [b"Bearer ", b"", None])
async def test_without_a_token_nobody_may_read(given: bytes | None) -> None:
    """Also not who shows the empty one."""
    assert 401 == await status(given, token="")


@pytest.mark.parametrize("path", ["/health/live", "/metrics"])
async def test_health_checks_and_metrics_are_open(path: str) -> None:
    assert 200 == await status(None, token="", path=path)


async def test_what_only_begins_like_the_metrics_is_not_open() -> None:
    assert 401 == await status(None, path="/metrics/leads")
