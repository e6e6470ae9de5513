"""A connection on which nothing is asked is ended, whatever trickles in on it, and so is one whose
answers nobody takes; there are only so many."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.local.process import free_ports
from shared import http_server
from shared.http_server import listening

HEAD_SECONDS_MAX = 0.2
ANSWER_SECONDS_MAX = 0.3
CONNECTIONS_MAX = 3
PATIENCE_SECONDS = 10
"""After which a connection that is still open is taken for one that nobody ends."""
LONG = b"x" * (16 << 20)
"""More than two machines hold for a reader."""
GET = b"GET /%b HTTP/1.1\r\nhost: door.example\r\n\r\n"


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "HEAD_SECONDS_MAX", HEAD_SECONDS_MAX)
    monkeypatch.setattr(http_server, "ANSWER_SECONDS_MAX", ANSWER_SECONDS_MAX)
    monkeypatch.setattr(http_server, "CONNECTIONS_MAX", CONNECTIONS_MAX)


async def at_once(_request: Request) -> Response:
    return Response("now")


async def slowly(_request: Request) -> Response:
    await asyncio.sleep(3 * HEAD_SECONDS_MAX)
    return Response("later")


async def at_length(_request: Request) -> Response:
    return Response(LONG)


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """The port of a server that answers at `/` at once, at `/slow` late and at `/long` a lot."""
    routes = [Route("/", at_once, methods=["GET", "POST"]), Route("/slow", slowly)]
    port = free_ports(1)[0]
    async with listening(Starlette(routes=[*routes, Route("/long", at_length)]), "127.0.0.1", port):
        yield port


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with serving() as port:
        reader, writer = await _connect(port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)


async def trickle(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await asyncio.sleep(HEAD_SECONDS_MAX / 10)


async def until_it_ends(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def test_a_connection_on_which_nothing_comes_is_ended() -> None:
    async with connected() as (reader, _writer):
        assert b"" == await until_it_ends(reader)


async def test_a_head_that_comes_byte_by_byte_is_not_waited_for() -> None:
    async with connected() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nx-padding: ")
        trickling = asyncio.create_task(trickle(writer))
        assert b"" == await until_it_ends(reader)
        trickling.cancel()


async def test_what_still_comes_after_the_answer_is_not_waited_for() -> None:
    """A body that nobody reads any more."""
    async with connected() as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n")
        trickling = asyncio.create_task(trickle(writer))
        assert b"200 OK" in await until_it_ends(reader)
        trickling.cancel()


async def test_who_asks_is_answered_however_long_that_takes() -> None:
    """Also a second time on one connection, and what was asked ahead."""
    async with connected() as (reader, writer):
        writer.write(GET % b"slow" + GET % b"slow")
        assert 2 == (await until_it_ends(reader)).count(b"later")


async def test_who_takes_no_answer_is_not_waited_for() -> None:
    """What the machine holds for it is all that it gets."""
    async with connected() as (reader, writer):
        writer.transport.pause_reading()
        writer.write(GET % b"long")
        await asyncio.sleep(3 * ANSWER_SECONDS_MAX)
        writer.transport.resume_reading()
        assert len(LONG) > len(await until_it_ends(reader)) > 0


async def test_who_has_taken_a_long_answer_may_ask_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of what it was given for that is left to end it later."""
    monkeypatch.setattr(http_server, "HEAD_SECONDS_MAX", PATIENCE_SECONDS)
    monkeypatch.setattr(http_server, "ANSWER_SECONDS_MAX", ANSWER_SECONDS_MAX * 5)
    async with connected() as (reader, writer):
        writer.write(GET % b"long")
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(LONG))
        await asyncio.sleep(ANSWER_SECONDS_MAX * 6)
        writer.write(GET % b"")
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")


async def test_connections_that_nobody_answers_are_counted_by_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    http_server.ENDED.clear()
    async with connected() as (reader, _writer):
        await until_it_ends(reader)
    async with connected() as (reader, writer):
        writer.write(b"\x16\x03\x01 no HTTP\r\n\r\n")
        assert b"400" in await until_it_ends(reader)
    async with connected() as (reader, writer):
        writer.write(GET % b"")
        assert b"200 OK" in await until_it_ends(reader)
    monkeypatch.setattr(http_server, "CONNECTIONS_MAX", 0)
    async with connected() as (reader, _writer):
        await until_it_ends(reader)
    assert {("nothing_asked",): 1, ("no_http",): 1, ("too_many",): 1} == http_server.ENDED


async def test_there_are_only_so_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes then is turned away at once, and is let in when another has gone."""
    monkeypatch.setattr(http_server, "HEAD_SECONDS_MAX", 2 * PATIENCE_SECONDS)
    async with serving() as port:
        held = [await _connect(port) for _ in range(CONNECTIONS_MAX)]
        assert b"" == await _answer(port)
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while b"200 OK" not in await _answer(port):
                await asyncio.sleep(0.01)


async def _answer(port: int) -> bytes:
    reader, writer = await _connect(port)
    writer.write(GET.replace(b"host", b"connection: close\r\nhost") % b"")
    try:
        return await until_it_ends(reader)
    finally:
        writer.close()
