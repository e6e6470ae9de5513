"""The local customer's mail server: as much SMTP as is needed to take one mail after another."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress

from deploy import received
from deploy.received import Answer, Delivery

MESSAGE_BYTES_MAX = 16 * 2**20
END = b"\r\n.\r\n"
TAKEN, LATER, REFUSED = b"250 taken\r\n", b"451 come back later\r\n", b"554 not wanted\r\n"
REPLIES = {
    b"EHLO": b"250-local customer\r\n250 8BITMIME\r\n",
    b"HELO": b"250 local customer\r\n",
    b"MAIL": b"250 fine\r\n",
    b"RCPT": b"250 fine\r\n",
    b"RSET": b"250 fine\r\n",
    b"NOOP": b"250 fine\r\n",
    b"DATA": b"354 end with a dot\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Mailbox:
    def __init__(self, take: Callable[[Delivery], Answer]) -> None:
        """`take` writes the delivery down and says how to answer."""
        self._take = take

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._talk(reader, writer)
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 local customer\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            writer.write(REPLIES.get(verb, b"502 not known here\r\n"))
            if verb == b"DATA":
                answer = self._take(received.from_mail(await read_message(reader)))
                await asyncio.sleep(answer.seconds)
                writer.write(reply_of(answer))
            if verb == b"QUIT" or (verb == b"DATA" and answer.instead is not None):
                await writer.drain()
                return


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """Without the dots that the sender put before those that begin a line."""
    message = (await reader.readuntil(END)).removesuffix(b".\r\n")
    return re.sub(rb"(?m)^\.", b"", message)


def reply_of(answer: Answer) -> bytes:
    if answer.instead is not None:
        return answer.instead
    if answer.status < 300:
        return TAKEN
    return REFUSED if received.is_refusal(answer.status) else LATER


async def open_mailbox(take: Callable[[Delivery], Answer], host: str, port: int) -> asyncio.Server:
    return await asyncio.start_server(Mailbox(take), host, port, limit=MESSAGE_BYTES_MAX)
