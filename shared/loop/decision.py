"""What a decision is told and what it answers: plain values, so that deciding stays pure.

A handler is `(state, input) -> Decision`. It gets the time and its cause as arguments, draws
nothing by itself, and touches nothing: the loop saves, publishes and sends what the decision holds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from shared.contracts.event import Event
from shared.loop.collection import Entity
from shared.loop.working_set import WorkingSet
from shared.store import Index, Transaction


@dataclass(frozen=True, slots=True)
class Cause:
    """Where an input came from; what it causes carries its tenant and its trace."""

    id: str
    source: str
    key: str
    time: datetime
    """The time of the fact (`ce_time`): what business rules are decided on."""
    tenant: str = "main"
    actor: str = ""
    role: str = ""
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class DueReached:
    """A deadline that a decision set has come."""

    kind: str
    key: str
    data: Mapping[str, Any]


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    """Given up without knowing whether it happened; a person resolves it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt at an effect: `done`, `refused`, `unknown` or `not_tried`."""

    number: int
    at: datetime
    verdict: str
    text: str


@dataclass(frozen=True, slots=True)
class EffectFinished:
    """An effect will not be tried again."""

    id: str
    kind: str
    outcome: Outcome
    text: str
    attempts: int
    data: Mapping[str, Any]
    tried: Sequence[Attempt] = ()
    """Its first and its latest attempts, in order; where many were made, those between are left
    out."""


@dataclass(frozen=True, slots=True)
class Input:
    event: Event | DueReached | EffectFinished
    cause: Cause
    now: datetime


@dataclass(frozen=True, slots=True)
class Publish:
    """An event to publish on its own topic, keyed so that it reaches the shard that owns `key`."""

    event: Event
    key: str
    trace: str | None = None
    """The trace that it belongs to, where that is not its cause's."""


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline: `DueReached(kind, key, data)` is decided once, at or after `at`.

    Setting one with an id that is waiting already moves it.
    """

    id: str
    kind: str
    key: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, whole: nothing is rendered when it is sent. Signing happens on sending, since
    the signature covers the time of the attempt."""

    url: str
    """Its scheme says how: `https:` or `http:` is a webhook, `mailto:` a mail whose body is the
    whole message (RFC 5322), `file:` a file in that folder of the drop."""
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """A webhook's own, beside those that signing adds."""
    secret: str = ""
    """Names a webhook's signing secret; the secret itself is never stored with the request."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something to do outside, at least once, always under the same id and with the same bytes."""

    id: str
    kind: str
    endpoint: str
    """What shares a concurrency limit and a breaker."""
    request: Request
    data: Mapping[str, Any] = field(default_factory=dict)
    trace: str | None = None
    """The trace that it belongs to, where that is not its cause's."""


@dataclass(frozen=True, slots=True)
class Accepted:
    code: str = "accepted"
    text: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    code: str
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def unknown(what: str, given: str) -> "Refused":
        """The command names something that does not exist: what it would be, and its id."""
        return Refused(f"{what}_unknown", f"there is no {what} {given!r}")


@dataclass(frozen=True, slots=True)
class Decision:
    save: Sequence[Entity] = ()
    publish: Sequence[Publish] = ()
    effects: Sequence[Effect] = ()
    due: Sequence[Due] = ()
    cancel: Sequence[str] = ()
    """Ids of deadlines that are no longer wanted."""
    answer: Accepted | Refused | None = None
    """For commands, and only for commands."""


Handler = Callable[[WorkingSet, Input], Decision]
Handlers = Mapping[type[Event] | type[EffectFinished] | str, Handler]
"""By event type; `EffectFinished` for effects; a string names the kind of a deadline."""


class StateStore(Protocol):
    """How a service's state is read and written; called inside the step's transaction."""

    async def load_many(self, transaction: Transaction, inputs: Sequence[Input]) -> WorkingSet:
        """Everything that deciding these inputs may need, one query per collection."""

    async def save_many(self, transaction: Transaction, changed: WorkingSet) -> None: ...


@dataclass(frozen=True, slots=True)
class Service:
    """What a service author writes; everything else is the loop's."""

    name: str
    topics: Sequence[str]
    """The topics read beside the service's own commands."""
    handlers: Handlers
    store: StateStore
    indexes: Sequence[Index]
    former: Mapping[str, str] = field(default_factory=dict)
    """Collections that had another name, by the name of then."""
