"""Doors: where others bring something without our token, such as a calendar or a payment provider.

A door is pure: from what was brought and the time it makes a command, or says why not. Its command
holds only what another delivery of the same thing would hold again, since the same id with other
data is a mistake (`id_reused`); and nothing personal that no command needs.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import PydanticSerializationError, to_json

from shared.contracts import envelope as envelopes
from shared.contracts.envelope import TENANT_DEFAULT, Envelope
from shared.contracts.event import Command
from shared.errors import Poison
from shared.loop.log import Outgoing
from shared.topics import manifest, shard_of

GONE = 410
"""Some senders never come again after it, so no door says it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was brought: names of headers in lower case, several of a name joined by `, `; the body
    byte for byte, since that is what was signed; and when it came by our clock."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    path: Mapping[str, str]
    """The parts that the door's path names."""
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """What is asked because of it. The sender's own id for it makes a second delivery harmless."""

    command: Command
    id: str
    time: datetime
    """Of the fact, as the sender says; it counts if the door's source is trusted."""
    actor: str
    tenant: str = TENANT_DEFAULT


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """Genuine, and nothing follows from it: the sender is told that it arrived."""

    reason: str


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """It is not what it should be: counted by this reason, a word or two joined by `_`."""

    reason: str
    status: int = 400

    def __post_init__(self) -> None:
        if not 400 <= self.status < 500 or self.status == GONE:
            raise ValueError(f"{self.status} is no answer to who is turned away")


@dataclass(frozen=True, slots=True)
class Door:
    name: str
    path: str
    """Below the door's port, such as `/calendly/{tenant}`."""
    role: str
    """In which it asks."""
    open: Callable[[Delivery], Opened | NotNeeded | TurnedAway]

    @property
    def source(self) -> str:
        """The `ce_source` of its commands."""
        return f"door/{self.name}"


def is_signature(brought: str, expected: str) -> bool:
    """In constant time, whatever was brought: compared as texts, what is not ASCII raises, and its
    sender would be told that the mistake is ours."""
    return hmac.compare_digest(brought.encode(errors="replace"), expected.encode())


def command_record(source: str, role: str, opened: Opened, trace: str | None = None) -> Outgoing:
    """Raises `Poison` for what no service could read: the sender would never get an answer. JSON
    may have a number where a text belongs, and in a text half a character (`"\\ud800"`)."""
    if not all(isinstance(text, str) for text in (opened.id, opened.actor, opened.tenant)):
        raise Poison("attribute_invalid", "an attribute is no text")
    try:
        return _record(source, role, opened, trace)
    except UnicodeEncodeError:
        raise Poison("attribute_invalid", "an attribute is no UTF-8") from None
    except PydanticSerializationError:
        raise Poison("not_json", "a text of the data is no UTF-8") from None


def _record(source: str, role: str, opened: Opened, trace: str | None) -> Outgoing:
    command = opened.command
    data = to_json(command)
    envelope = Envelope(
        opened.id,
        source,
        command.TYPE,
        opened.time,
        data,
        tenant=opened.tenant,
        actor=opened.actor,
        role=role,
        trace=trace,
    )
    headers = envelopes.write(envelope)
    key = command.key_of(command.model_dump(mode="json"), opened.tenant).encode()
    envelopes.read(headers, data)
    envelopes.key_text(key)
    return Outgoing(command.TOPIC, shard_of(key, manifest().partitions), key, data, headers)
