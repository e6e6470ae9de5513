"""Sends a lead as a mail, through the mail server of the settings: one connection, one message.

From DATA on the server may have taken it, so only a clear 5xx is then a refusal. What goes wrong
before that, or because the server does not know *us*, has certainly not delivered anything.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from urllib.parse import unquote

import aiosmtplib

from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.settings import Settings, WrongSetting
from shared.store import Document

TIMEOUT_SECONDS = 10.0
QUIT_SECONDS = 1.0
ADDRESS = re.compile(r"[!-;=?A-~]+@[A-Za-z0-9.-]+")
"""Plain ASCII without blanks or angle brackets, so that nothing else fits into an SMTP command."""

NOT_LET_IN = frozenset({530, 534, 535, 538})
"""Permanent, but about our account and not about the mail: operators mend that."""


class Stage(IntEnum):
    CONNECTING = 0
    ADDRESSING = 1
    SENDING = 2


@dataclass(frozen=True, slots=True)
class Relay:
    """The mail server that takes our mails, and the sender that it sees."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool | None = None


def relay_of(settings: Settings) -> Relay | None:
    """Raises `WrongSetting` for a server without a sender. A password never travels in the clear,
    unless that was asked for."""
    if not settings.smtp_host:
        return None
    if not ADDRESS.fullmatch(settings.smtp_sender):
        raise WrongSetting(
            "LEADOPS_SMTP_SENDER is not a mail address, and LEADOPS_SMTP_HOST is set"
        )
    starttls = settings.smtp_starttls
    return Relay(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_sender,
        settings.smtp_user,
        settings.smtp_password,
        True if starttls is None and settings.smtp_user else starttls,
    )


class Mails:
    def __init__(self, relay: Relay | None, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._relay = relay
        self._timeout_seconds = timeout_seconds

    async def __call__(self, row: Document) -> AttemptResult:
        request = row["request"]
        recipient = unquote(request["url"].partition(":")[2])
        if not ADDRESS.fullmatch(recipient):
            return Verdict.REFUSED, "the mail address is not valid"
        if self._relay is None:
            return Verdict.NOT_TRIED, "no mail server is configured"
        return await self._deliver(self._relay, recipient, request["body"])

    async def _deliver(self, relay: Relay, recipient: str, message: bytes) -> AttemptResult:
        stage, client = Stage.CONNECTING, client_of(relay, self._timeout_seconds)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await client.connect()
                stage = Stage.ADDRESSING
                await client.mail(relay.sender, options=options_of(client, message))
                await client.rcpt(recipient)
                stage = Stage.SENDING
                await client.data(with_sender(message, relay.sender))
            await take_leave(client)
        except aiosmtplib.SMTPResponseException as error:
            return verdict_of(stage, error.code)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return verdict_of_failure(stage, error)
        finally:
            client.close()
        return Verdict.DONE, "the mail server took it"


def client_of(relay: Relay, timeout_seconds: float) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        username=relay.user or None,
        password=relay.password or None,
        # What we call ourselves; the library would ask the name service, which may take long.
        local_hostname=relay.sender.rpartition("@")[2],
        start_tls=relay.starttls,
        timeout=timeout_seconds,
    )


def with_sender(message: bytes, sender: str) -> bytes:
    """Who sends is the installation's matter, like the secret that signs: a message that doesn't
    say gets ours."""
    head = re.split(rb"\r?\n\r?\n", message, maxsplit=1)[0]
    if re.search(rb"^from:", head, re.IGNORECASE | re.MULTILINE):
        return message
    return f"From: {sender}\r\n".encode() + message


def options_of(client: aiosmtplib.SMTP, message: bytes) -> list[str]:
    eight_bit = not message.isascii() and client.supports_extension("8bitmime")
    return ["BODY=8BITMIME"] if eight_bit else []


async def take_leave(client: aiosmtplib.SMTP) -> None:
    """The mail is taken, whatever the server says to this."""
    with suppress(aiosmtplib.SMTPException, OSError):
        async with asyncio.timeout(QUIT_SECONDS):
            await client.quit()


def verdict_of(stage: Stage, code: int) -> tuple[Verdict, str]:
    """What a server's reply means that is not the expected one."""
    if not 200 <= code < 600:
        return _verdict_at(stage), "the mail server answered something that is not SMTP"
    text = f"the mail server answered {code}"
    if code >= 500 and stage > Stage.CONNECTING and code not in NOT_LET_IN:
        return Verdict.REFUSED, text
    return _verdict_at(stage), text


def verdict_of_failure(stage: Stage, error: Exception) -> tuple[Verdict, str]:
    if isinstance(error, TimeoutError):
        return _verdict_at(stage), "the mail server did not answer in time"
    if stage is Stage.CONNECTING:
        return Verdict.NOT_TRIED, "the mail server could not be reached"
    return _verdict_at(stage), "the connection to the mail server was lost"


def _verdict_at(stage: Stage) -> Verdict:
    return Verdict.UNKNOWN if stage is Stage.SENDING else Verdict.NOT_TRIED
