"""What a mail server may do, against one on the loopback, and what each of it counts as."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.loop.mail import Mails, Relay, relay_of
from shared.settings import Settings, WrongSetting
from tests.endpoints import talking

MESSAGE = b"From: a@x.example\r\nSubject: lead\r\n\r\n.a dot first\r\nend\r\n"
DONE = (Verdict.DONE, "the mail server took it")
NO_SMTP = "the mail server answered something that is not SMTP"
LOST = "the connection to the mail server was lost"
LATE = "the mail server did not answer in time"


@dataclass
class Server:
    """Answers each command in the usual way, or as told: a reply, `close` or `hang`."""

    replies: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    message: bytes = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._reply(writer, "greeting", "220 ready")
        while line := await reader.readline():
            verb = line.decode().split()[0].upper()
            self.commands.append(line.decode().strip())
            usual = {"EHLO": "250-x\r\n250 8BITMIME", "DATA": "354 go on", "QUIT": "221 bye"}
            await self._reply(writer, verb, usual.get(verb, "250 fine"))
            if verb == "DATA":
                self.message = await reader.readuntil(b"\r\n.\r\n")
                await self._reply(writer, "content", "250 taken")

    async def _reply(self, writer: asyncio.StreamWriter, verb: str, usual: str) -> None:
        reply = self.replies.get(verb, usual)
        if reply == "close":
            raise ConnectionResetError
        if reply == "hang":
            await asyncio.sleep(60)
        writer.write(reply.encode() + b"\r\n")
        await writer.drain()


def row(url: str = "mailto:leads@customer.example", body: bytes = MESSAGE) -> dict[str, Any]:
    return {"_id": "key-1", "request": {"url": url, "body": body}}


async def send(
    server: Server, body: bytes = MESSAGE, seconds: float = 5.0, **relay: Any
) -> AttemptResult:
    async with talking(server) as port:
        mails = Mails(
            Relay("127.0.0.1", port, "out@leadops.example", **relay), timeout_seconds=seconds
        )
        return await mails(row(body=body))


async def test_a_mail_is_handed_over_as_it_was_rendered() -> None:
    server = Server()
    assert DONE == await send(server)
    assert [
        "EHLO leadops.example",
        "MAIL FROM:<out@leadops.example>",
        "RCPT TO:<leads@customer.example>",
        "DATA",
        "QUIT",
    ] == server.commands
    assert MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\n" == server.message


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
async def test_a_message_that_names_no_sender_gets_ours(ending: bytes) -> None:
    """Whatever stands in its text."""
    server = Server()
    message = ending.join([b"Subject: lead", b"", b"From: nobody", b""])
    assert DONE == await send(server, message)
    assert server.message.startswith(b"From: out@leadops.example\r\nSubject: lead\r\n\r\nFrom: n")


async def test_a_message_beyond_ascii_is_announced() -> None:
    server = Server()
    assert DONE == await send(server, "Subject: é\r\n\r\n".encode())
    assert "MAIL FROM:<out@leadops.example> BODY=8BITMIME" == server.commands[1]


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({"greeting": "554 go away"}, (Verdict.NOT_TRIED, "the mail server answered 554")),
        ({"greeting": "421 busy"}, (Verdict.NOT_TRIED, "the mail server answered 421")),
        ({"greeting": "SSH-2.0-x"}, (Verdict.NOT_TRIED, NO_SMTP)),
        ({"greeting": "close"}, (Verdict.NOT_TRIED, "the mail server could not be reached")),
        ({"greeting": "hang"}, (Verdict.NOT_TRIED, LATE)),
        ({"MAIL": "530 log in first"}, (Verdict.NOT_TRIED, "the mail server answered 530")),
        ({"MAIL": "553 no"}, (Verdict.REFUSED, "the mail server answered 553")),
        ({"RCPT": "450 greylisted"}, (Verdict.NOT_TRIED, "the mail server answered 450")),
        ({"RCPT": "550 unknown"}, (Verdict.REFUSED, "the mail server answered 550")),
        ({"RCPT": "close"}, (Verdict.NOT_TRIED, LOST)),
        ({"RCPT": "hang"}, (Verdict.NOT_TRIED, LATE)),
        ({"RCPT": "what?"}, (Verdict.NOT_TRIED, NO_SMTP)),
        ({"DATA": "554 no"}, (Verdict.REFUSED, "the mail server answered 554")),
        ({"content": "451 later"}, (Verdict.UNKNOWN, "the mail server answered 451")),
        ({"content": "552 too large"}, (Verdict.REFUSED, "the mail server answered 552")),
        ({"content": "close"}, (Verdict.UNKNOWN, LOST)),
        ({"content": "hang"}, (Verdict.UNKNOWN, LATE)),
        ({"content": "what?"}, (Verdict.UNKNOWN, NO_SMTP)),
        ({"QUIT": "500 no"}, DONE),
        ({"QUIT": "close"}, DONE),
    ],
)
async def test_each_answer_has_its_verdict(
    replies: dict[str, str], expected: AttemptResult
) -> None:
    """Before DATA nothing can have been delivered; after it, only a clear no says so."""
    assert expected == await send(Server(replies), seconds=0.3)


async def test_a_server_that_is_not_there_certainly_got_nothing() -> None:
    mails = Mails(Relay("127.0.0.1", 1, "out@leadops.example"))
    assert (Verdict.NOT_TRIED, "the mail server could not be reached") == await mails(row())


async def test_a_password_is_not_sent_in_the_clear() -> None:
    """A server that offers no TLS gets neither the user nor the mail."""
    settings = Settings(
        smtp_host="h", smtp_sender="out@x.example", smtp_user="u", smtp_password="p"
    )
    relay = relay_of(settings)
    assert relay is not None
    server = Server()
    async with talking(server) as port:
        safe = Relay("127.0.0.1", port, relay.sender, relay.user, relay.password, relay.starttls)
        verdict, *_ = await Mails(safe)(row())
    assert Verdict.NOT_TRIED == verdict
    assert ["EHLO x.example"] == server.commands[:1]
    assert not [line for line in server.commands if line.startswith(("AUTH", "MAIL"))]


@pytest.mark.parametrize(
    "url",
    [
        *(
            "mailto:",
            "mailto:nobody",
            "mailto:a@b.example?subject=x",
            "mailto:a@b.example,c@d.example",
        ),
        *("mailto:a@b.example%0D%0ARCPT", "mailto:<a@b.example>", "mailto:%C3%A9@b.example"),
    ],
)
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    server = Server()
    async with talking(server) as port:
        mails = Mails(Relay("127.0.0.1", port, "out@leadops.example"))
        assert (Verdict.REFUSED, "the mail address is not valid") == await mails(row(url))
    assert [] == server.commands


async def test_without_a_mail_server_nothing_is_sent() -> None:
    assert (Verdict.NOT_TRIED, "no mail server is configured") == await Mails(None)(row())


def test_a_mail_server_without_a_sender_is_told_at_once() -> None:
    with pytest.raises(WrongSetting, match="LEADOPS_SMTP_SENDER"):
        relay_of(Settings(smtp_host="mail.example"))
