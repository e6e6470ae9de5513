"""A connection on which nothing is asked is ended, whatever trickles in on it."""

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
PATIENCE_SECONDS = 10
"""After which a connection that is still open is taken for one that nobody ends."""
GET = b"GET /%b HTTP/1.1\r\nhost: door.example\r\n\r\n"


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "HEAD_SECONDS_MAX", HEAD_SECONDS_MAX)


async def at_once(_request: Request) -> Response:
    return Response("now")


async def slowly(_request: Request) -> Response:
    await asyncio.sleep(3 * HEAD_SECONDS_MAX)
    return Response("later")


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """To a server that answers at `/` at once, and at `/slow` late."""
    routes = [Route("/", at_once, methods=["GET", "POST"]), Route("/slow", slowly)]
    port = free_ports(1)[0]
    async with listening(Starlette(routes=routes), "127.0.0.1", port):
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
