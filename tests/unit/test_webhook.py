"""What an endpoint may do, against a real one on the loopback, and what each of it counts as."""

import asyncio
import base64
import hashlib
import hmac
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from shared.contracts import trace_context
from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.loop.webhook import Webhooks, wait_seconds
from shared.settings import WrongSetting
from tests.endpoints import Talk, talking

KEY, OTHER_KEY, NEW_KEY = (b"the default key of the test", b"the key of one customer..", b"n" * 32)


def secret_of(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


SECRET = secret_of(KEY)
NAMED = {"own": secret_of(OTHER_KEY), "changing": f"{secret_of(NEW_KEY)} {secret_of(OTHER_KEY)}"}

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


TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01 a=b"


def row(url: str, secret: str = "default", body: bytes = b'{"lead": 1}') -> dict[str, Any]:
    request = {"url": url, "body": body, "headers": {"x-note": "n"}, "secret": secret}
    return {"_id": "key-1", "request": request, "attempt": 1, "cause": {"trace": TRACE}}


async def call(url: str, body: bytes = b'{"lead": 1}', **options: Any) -> AttemptResult:
    webhooks = Webhooks(SECRET, NAMED, private_targets=True, **options)
    try:
        return await webhooks(row(url, body=body))
    finally:
        await webhooks.close()


NOT_FOLLOWED = "redirects are not followed"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, (Verdict.DONE, "answered 200")),
        (202, (Verdict.DONE, "answered 202")),
        (204, (Verdict.DONE, "answered 204")),
        (301, (Verdict.REFUSED, f"answered 301: {NOT_FOLLOWED}")),
        (302, (Verdict.REFUSED, f"answered 302: {NOT_FOLLOWED}")),
        (308, (Verdict.REFUSED, f"answered 308: {NOT_FOLLOWED}")),
        (401, (Verdict.REFUSED, "answered 401")),
        (404, (Verdict.REFUSED, "answered 404")),
        (410, (Verdict.REFUSED, "answered 410")),
        (422, (Verdict.REFUSED, "answered 422")),
        (408, (Verdict.UNKNOWN, "answered 408", 0.0)),
        (425, (Verdict.UNKNOWN, "answered 425", 0.0)),
        (429, (Verdict.UNKNOWN, "answered 429", 0.0)),
        (500, (Verdict.UNKNOWN, "answered 500", 0.0)),
        (503, (Verdict.UNKNOWN, "answered 503", 0.0)),
        (799, (Verdict.UNKNOWN, "answered 799", 0.0)),
    ],
)
async def test_each_status_has_its_verdict(status: int, expected: AttemptResult) -> None:
    """Only a clear yes is done and only a clear no is refused; redirects are not followed."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"location": "/elsewhere"})

    async with endpoint(answer) as url:
        assert expected == await call(url)


@pytest.mark.parametrize(("given", "seconds"), [("120", 120.0), ("", 0.0), ("soon", 0.0)])
async def test_an_endpoint_may_say_when_to_come_back(given: str, seconds: float) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"retry-after": given})

    async with endpoint(answer) as url:
        assert (Verdict.UNKNOWN, "answered 429", seconds) == await call(url)


NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        pytest.param(
            "Wed, 04 Mar 2026 12:02:00 GMT",
            120.0,
            marks=pytest.mark.case("lead-files", "P21"),
        ),
        ("Wednesday, 04-Mar-26 12:02:00 GMT", 120.0),
        ("Wed Mar  4 12:02:00 2026", 120.0),
        ("Wed, 04 Mar 2026 11:59:59 GMT", 0.0),
        ("Wed, 04 Mar 2026 13:02:00 +0100", 120.0),
        ("Wed, 99 Mar 2026 12:02:00 GMT", 0.0),
        ("Fri, 31 Dec 99999 12:00:00 GMT", 0.0),
        ("2026-03-04T12:02:00Z", 0.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("\u0661\u0662", 0.0),
        ("soon", 0.0),
        ("", 0.0),
    ],
)
def test_when_to_come_back_is_a_number_of_seconds_or_a_date_of_http(
    given: str, seconds: float
) -> None:
    """In all three forms that HTTP has had for dates; anything else asks for nothing."""
    assert seconds == wait_seconds(given, NOON)


OK = b"HTTP/1.1 200 OK\r\n"
NO_HTTP = (Verdict.UNKNOWN, "answered something that is not HTTP")
CLOSED = (Verdict.UNKNOWN, "the connection ended without an answer")
NO_ANSWER = (Verdict.UNKNOWN, "no answer in time")
DONE = (Verdict.DONE, "answered 200")


async def reply(
    what: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    after: float = 0.0,
    again: bool = False,
    stay: bool = False,
) -> None:
    """Reads the request, then says this, once or without an end, and leaves or stays."""
    await reader.readuntil(b"}")
    await asyncio.sleep(after)
    for _ in repeat(None) if again else [None]:
        writer.write(what)
        await writer.drain()
    await asyncio.sleep(60 if stay else 0)


async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Resets the connection before it has read anything."""
    writer.transport.abort()


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        pytest.param(partial(reply, b""), CLOSED, id="closes"),
        pytest.param(cut, CLOSED, id="cuts"),
        pytest.param(partial(reply, b"", stay=True), NO_ANSWER, id="hangs"),
        pytest.param(partial(reply, OK + b"\r\n", after=0.6), NO_ANSWER, id="answers late"),
        pytest.param(partial(reply, b"hello?\r\n\r\n"), NO_HTTP, id="no status line"),
        pytest.param(partial(reply, b"\x15\x03\x01\x00\x02\x02"), NO_HTTP, id="speaks TLS"),
        pytest.param(partial(reply, b"HTTP/1.1 abc\r\n\r\n"), NO_HTTP, id="no status"),
        pytest.param(partial(reply, OK + b"half a head"), NO_HTTP, id="half a head"),
        pytest.param(partial(reply, OK, stay=True), NO_ANSWER, id="head without an end"),
        pytest.param(
            partial(reply, OK + b"x: " + b"y" * 9000 + b"\r\n"), NO_HTTP, id="long header"
        ),
        pytest.param(partial(reply, OK + b"x: y\r\n" * 500), NO_HTTP, id="many headers"),
        pytest.param(
            partial(reply, b"HTTP/1.1 100 Continue\r\n\r\n", again=True), NO_ANSWER, id="1xx"
        ),
        pytest.param(partial(reply, OK + b"\r\n\xff\x00 no JSON"), DONE, id="body is nonsense"),
        pytest.param(
            partial(reply, OK + b"content-length: 9\r\n\r\nab"), DONE, id="body too short"
        ),
        pytest.param(
            partial(reply, OK + b"content-encoding: gzip\r\n\r\nno gzip"),
            DONE,
            id="body unpackable",
        ),
        pytest.param(
            partial(reply, OK + b"\r\n" + b"x" * 65536, again=True), DONE, id="endless body"
        ),
        pytest.param(partial(reply, OK + b"\r\n", stay=True), DONE, id="body never comes"),
    ],
)
async def test_each_misbehaviour_has_its_verdict(talk: Talk, expected: AttemptResult) -> None:
    """A status line is an answer whatever follows it; anything else leaves open what happened."""
    async with talking(talk) as port:
        performed = await call(f"http://127.0.0.1:{port}/", timeout_seconds=0.4)
    assert expected == performed[:2]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1/", (Verdict.NOT_TRIED, "the endpoint could not be reached")),
        ("http://nobody.invalid/", (Verdict.NOT_TRIED, "the endpoint's name is not known")),
        ("http://[no-address/", (Verdict.REFUSED, "the endpoint's address is not valid")),
        ("http://h:99999/", (Verdict.REFUSED, "the endpoint's address is not valid")),
        ("http://", (Verdict.REFUSED, "the endpoint's address is not valid")),
    ],
)
async def test_what_can_not_be_reached_certainly_got_nothing(
    url: str, expected: AttemptResult
) -> None:
    assert expected == await call(url)


async def test_an_endpoint_that_speaks_no_tls_certainly_got_nothing() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with talking(plain) as port:
        expected = (Verdict.NOT_TRIED, "no TLS connection could be made")
        assert expected == await call(f"https://127.0.0.1:{port}/")


async def test_an_endpoint_that_nobody_vouches_for_certainly_got_nothing(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    new = ["-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command = ["openssl", "req", "-x509", *new, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with talking(partial(reply, OK + b"\r\n"), ssl=context) as port:
        expected = (Verdict.NOT_TRIED, "the endpoint's certificate is not trusted")
        assert expected == await call(f"https://127.0.0.1:{port}/")


async def test_a_handshake_that_hangs_certainly_sent_nothing() -> None:
    async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with talking(silent) as port:
        expected = (Verdict.NOT_TRIED, "the endpoint could not be reached in time")
        assert expected == await call(f"https://127.0.0.1:{port}/", timeout_seconds=0.4)


def hmac_of(key: bytes, headers: dict[str, str], body: bytes) -> str:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@pytest.mark.case("lead-files", "P17")
@pytest.mark.parametrize(
    ("name", "keys"),
    [("default", [KEY]), ("own", [OTHER_KEY]), ("changing", [NEW_KEY, OTHER_KEY])],
)
async def test_a_request_is_signed_over_its_key_its_time_and_its_body(
    name: str, keys: list[bytes]
) -> None:
    """With the secret that the campaign names, with both while it is being changed; the key and the
    body are as stored, and the trace is the stored one, from the span of this attempt."""
    seen: list[tuple[dict[str, str], bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((dict(request.headers), await request.read()))
        return web.Response()

    async with endpoint(answer) as url:
        webhooks = Webhooks(SECRET, NAMED, private_targets=True)
        await webhooks(row(url, name))
        await webhooks.close()
    headers, body = seen[0]
    expected = " ".join(hmac_of(key, headers, body) for key in keys)
    assert expected == headers["webhook-signature"]
    assert ("key-1", b'{"lead": 1}') == (headers["webhook-id"], body)
    assert ("n", "a=b") == (headers["x-note"], headers["tracestate"])
    of_trace = {trace_context.trace_id(text) for text in (TRACE, headers["traceparent"])}
    assert {"a" * 32} == of_trace
    assert headers["traceparent"] not in TRACE


async def test_cookies_are_not_kept() -> None:
    seen: list[bool] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append("cookie" in request.headers)
        return web.Response(headers={"set-cookie": "a=b"})

    async with endpoint(answer) as url:
        webhooks = Webhooks(SECRET, private_targets=True)
        await webhooks(row(url))
        await webhooks(row(url))
        await webhooks.close()
    assert [False, False] == seen


@pytest.mark.parametrize(("idle_seconds_max", "connections"), [(60.0, 1), (0.01, 2)])
async def test_a_connection_that_rested_is_not_used_again(
    idle_seconds_max: float, connections: int
) -> None:
    """Its other end may be closing it at this moment."""
    seen: set[Any] = set()

    async def answer(request: web.Request) -> web.Response:
        seen.add(request.transport)
        return web.Response()

    async with endpoint(answer) as url:
        webhooks = Webhooks(SECRET, private_targets=True, idle_seconds_max=idle_seconds_max)
        await webhooks(row(url))
        await asyncio.sleep(0.05)
        await webhooks(row(url))
        await webhooks.close()
    assert connections == len(seen)


async def test_without_any_secret_nothing_is_sent() -> None:
    expected = (Verdict.NOT_TRIED, "there is no secret to sign with")
    assert expected == await Webhooks("")(row("http://127.0.0.1:1/"))


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("whsec_not base64!", "is not whsec_ and base64"),
        (secret_of(b"short"), "has 5 bytes, not 24 to 64"),
        (secret_of(b"x" * 65), "has 65 bytes, not 24 to 64"),
        (" ".join([SECRET] * 3), "holds 3 secrets, not one or two"),
        ("", "holds 0 secrets, not one or two"),
    ],
)
def test_a_secret_that_can_not_be_used_is_told_at_once(secret: str, text: str) -> None:
    """By its name, and without what it holds."""
    with pytest.raises(WrongSetting, match=f"LEADOPS_WEBHOOK_SECRETS, north, {text}"):
        Webhooks(SECRET, {"north": secret})
