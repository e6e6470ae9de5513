"""What an endpoint may do, against a real one on the loopback, and what each of it counts as."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from shared.loop.effects import Verdict
from shared.loop.webhook import Webhooks

SECRET = "whsec_" + base64.b64encode(b"a secret of the test").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret").decode()

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def endpoint(answer: Answer) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/hook"
    await runner.cleanup()


def row(url: str, secret: str = "default") -> dict[str, Any]:
    request = {"url": url, "body": b'{"lead": 1}', "headers": {"x-note": "n"}, "secret": secret}
    return {"_id": "key-1", "request": request, "cause": {"trace": "00-aa-bb-01"}}


async def call(url: str, **options: Any) -> tuple[Verdict, str]:
    webhooks = Webhooks(SECRET, {"own": OTHER}, **options)
    try:
        return await webhooks(row(url))
    finally:
        await webhooks.close()


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DONE),
        (202, Verdict.DONE),
        (302, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (422, Verdict.REFUSED),
        (408, Verdict.UNKNOWN),
        (429, Verdict.UNKNOWN),
        (500, Verdict.UNKNOWN),
        (503, Verdict.UNKNOWN),
    ],
)
async def test_each_status_has_its_verdict(status: int, verdict: Verdict) -> None:
    """Only a clear yes is done and only a clear no is refused; redirects are not followed."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"location": "/elsewhere"})

    async with endpoint(answer) as url:
        assert (verdict, f"answered {status}") == await call(url)


async def test_no_answer_in_time_may_have_happened() -> None:
    async def answer(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with endpoint(answer) as url:
        verdict, _ = await call(url, timeout_seconds=0.2)
    assert Verdict.UNKNOWN == verdict


async def test_a_connection_that_is_cut_may_have_happened() -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with endpoint(answer) as url:
        verdict, _ = await call(url)
    assert Verdict.UNKNOWN == verdict


async def test_an_unreachable_endpoint_certainly_got_nothing() -> None:
    verdict, _ = await call("http://127.0.0.1:1/hook")
    assert Verdict.NOT_TRIED == verdict


async def test_an_address_that_is_none_is_refused() -> None:
    verdict, _ = await call("http://[not-an-address/hook")
    assert Verdict.REFUSED == verdict


@pytest.mark.parametrize(
    ("name", "key"), [("default", b"a secret of the test"), ("own", b"another secret")]
)
async def test_a_request_is_signed_over_its_key_its_time_and_its_body(
    name: str, key: bytes
) -> None:
    """With the secret that the campaign names; the key, the body and the trace are as stored."""
    seen: list[tuple[dict[str, str], bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((dict(request.headers), await request.read()))
        return web.Response()

    async with endpoint(answer) as url:
        webhooks = Webhooks(SECRET, {"own": OTHER})
        await webhooks(row(url, name))
        await webhooks.close()
    headers, body = seen[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert f"v1,{wanted}" == headers["webhook-signature"]
    assert ("key-1", b'{"lead": 1}') == (headers["webhook-id"], body)
    assert ("00-aa-bb-01", "n") == (headers["traceparent"], headers["x-note"])
