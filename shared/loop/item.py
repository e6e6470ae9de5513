"""One input of a step: a record, a deadline or the end of an effect, and what becomes of it."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.contracts import trace_context
from shared.contracts.bounds import KEY_BYTES_MAX
from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.contracts.parsing import Invalid
from shared.errors import Poison
from shared.loop.decision import Cause, Deadline, Decision, EffectFinished
from shared.loop.log import Record
from shared.store import Document


class Disposition(StrEnum):
    HANDLED = "handled"
    DUPLICATE = "duplicate"
    ECHO = "echo"
    """Was decided in the step that published it (`early`)."""
    GAP = "gap"
    """Its stream's predecessor is missing: not taken, it comes again."""
    MISROUTED = "misrouted"
    """Lies in another partition than its key's: published again to the right one."""
    WAITING = "waiting"
    DEAD_LETTERED = "dead_lettered"
    IGNORED = "ignored"


READ_OVER = (Disposition.ECHO, Disposition.IGNORED)
"""Nothing is decided about these: what is left is to read on behind them."""


@dataclass(slots=True)
class _Item:
    """One input of a step, on its way to exactly one disposition."""

    origin: str
    """Where it came from, for people and for dead letters: `topic/partition/offset`, `due/id`
    …"""
    shard: int
    disposition: Disposition
    poison: Poison | None = field(default=None, kw_only=True)
    document: Document | None = field(default=None, kw_only=True)
    """The dead letter that this is a replay of."""
    decision: Decision | None = field(default=None, kw_only=True)
    """What was decided, for whoever tells of it."""
    refused: str | None = field(default=None, kw_only=True)
    """The code with which a command was refused."""

    def dead_letter(self, poison: Poison) -> None:
        """Why it can't be processed is kept without its traceback: that would hold on to the frames
        that it names, and so to records of megabytes, until circles are looked for."""
        self.disposition = Disposition.DEAD_LETTERED
        self.poison = Poison(poison.code, poison.text)


@dataclass(slots=True)
class Unreadable(_Item):
    """A record of which nobody can say what it is, or the end of a transaction, which is none."""

    record: Record

    @property
    def key(self) -> str:
        """The record's own, whatever its headers are."""
        return key_of(self.record)

    @property
    def lane(self) -> "Lane":
        return "", self.key


@dataclass(slots=True)
class Received(_Item):
    """A record whose envelope can be read."""

    record: Record
    envelope: Envelope
    cause: Cause
    event: Event | Invalid | None = None
    """None of a type that nobody here knows, and of what is not looked at. `Invalid` of commands
    only: they are refused; an event with such data is dead-lettered."""
    in_order: bool = False
    """Whether it has a place among the records of its key: those of its key wait behind it."""

    @property
    def key(self) -> str:
        return key_of(self.record)

    @property
    def lane(self) -> "Lane":
        return self.cause.tenant, self.key

    @property
    def numbered(self) -> tuple[str, str, int]:
        """Topic, stream and number: its name where it has one for good, whatever its offset."""
        return self.record.topic, self.envelope.stream or "", self.envelope.number


@dataclass(slots=True)
class Internal(_Item):
    """A deadline, or the end of an effect."""

    stored: Document
    """What to keep of it, if it must be dead-lettered."""
    cause: Cause
    event: Deadline | EffectFinished[Any] | None = None
    """None of a kind that nobody here knows."""

    @property
    def key(self) -> str:
        return self.cause.key

    @property
    def lane(self) -> "Lane":
        return self.cause.tenant, self.key


Decidable = Received | Internal
Item = Decidable | Unreadable
Lane = tuple[str, str]
"""A tenant and a key: within it the order of records matters."""


def key_of(record: Record) -> str:
    """What stands for a record's key, also where no entity can have it."""
    raw = record.key or b""
    if len(raw) > KEY_BYTES_MAX:
        return f"sha256:{hashlib.sha256(raw).hexdigest()}"
    return raw.decode(errors="backslashreplace")


def span_of(item: Item) -> dict[str, str]:
    """The trace and the span of its decision, for a log line about it alone."""
    return {} if isinstance(item, Unreadable) else trace_context.log_fields(item.cause.trace)
