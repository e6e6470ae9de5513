"""What a decision is given and what it answers: plain values, so that deciding stays pure.

A decision is `(state, event, context) -> Decision`. It gets the time and its cause as arguments,
draws nothing by itself, and touches nothing: the loop saves, publishes and sends what it holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Event
from shared.loop.collection import Entity
from shared.store import Document


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
    """The context of the span in which it is decided, in the trace that it came with: what it
    causes hangs below that."""

    def document(self) -> Document:
        """What an effect's results and deadlines carry on: the tenant and the trace with it."""
        return {
            "id": self.id,
            "source": self.source,
            "key": self.key,
            "tenant": self.tenant,
            "trace": self.trace,
        }


@dataclass(frozen=True, slots=True)
class Context:
    """Why and when something is decided."""

    cause: Cause
    now: datetime

    @property
    def tenant(self) -> str:
        return self.cause.tenant


class _Stored(BaseModel):
    """Kept as a row's `kind` and `data`, and read back as what it was."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    KIND: ClassVar[str]
    FORMER_KINDS: ClassVar[tuple[str, ...]] = ()
    """What it was called: rows of then are read as it."""

    def __init_subclass__(cls, *, kind: str = "", former: Sequence[str] = (), **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.KIND, cls.FORMER_KINDS = kind, tuple(former)


class Deadline(_Stored):
    """What has to be decided when a time has come, with what the decision has to know by then."""


class Purpose(_Stored):
    """What an effect is for; its end is decided with it."""


P = TypeVar("P", bound=Purpose)


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    """Given up without knowing whether it happened; a person resolves it."""


class Verdict(StrEnum):
    """What one attempt at an effect came to."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """It may have happened: no answer, or one that doesn't say."""
    NOT_TRIED = "not_tried"
    """Certainly not happened: the endpoint was not reached."""


@dataclass(frozen=True, slots=True)
class Attempt:
    number: int
    at: datetime
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class EffectFinished(Generic[P]):
    """An effect will not be tried again."""

    id: str
    purpose: P
    outcome: Outcome
    text: str
    attempts: int
    tried: Sequence[Attempt] = ()
    """Its first and its latest attempts, in order; where many were made, those between are left
    out."""


Message = Event | Deadline | EffectFinished[Any]
"""What can be decided on."""


@dataclass(frozen=True, slots=True)
class Input:
    event: Message
    context: Context


@dataclass(frozen=True, slots=True)
class Publish:
    """An event to publish on its own topic, keyed so that it reaches the shard that owns `key`."""

    event: Event
    key: str
    trace: str | None = None
    """The trace that it belongs to, where that is not its cause's."""


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline that is decided once, at or after `at`, in the shard that owns `key`.

    Setting one with an id that is waiting already moves it.
    """

    id: str
    deadline: Deadline
    key: str
    at: datetime


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
    reading: str = ""
    """Names what reads the pages that lie there: they are fetched, and nothing is sent."""
    token: str = ""
    """Names the token that is sent as `Authorization` in the place of a signature, to an API that
    knows us by one; not stored either."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something to do outside, at least once, always under the same id and with the same bytes."""

    id: str
    purpose: Purpose
    endpoint: str
    """What shares a concurrency limit and a breaker."""
    request: Request
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
    def unknown(what: str, name: str) -> "Refused":
        """The command names something that does not exist: what it would be, and its id."""
        return Refused(f"{what}_unknown", f"there is no {what} {name!r}")


Labels = tuple[tuple[str, str], ...]


class Count(NamedTuple):
    """One of something, such as of `lead_outcomes`, by labels with few values: nothing personal,
    no id of a lead. All counts of a name have the same labels."""

    name: str
    labels: Labels = ()


class Took(NamedTuple):
    """How long a fact has taken to a stage, such as an upload until it was sent."""

    stage: str
    span: timedelta


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
    count: Sequence[Count] = ()
    """What a metric counts once this is committed."""
    took: Sequence[Took] = ()
    """What stages have ended with it, for a histogram."""
