"""What is known of a person's meetings with a customer. A fact has an id of its own and the time at
which it happened: known twice it is one, and when it came says nothing. In a store `kind` tells
what it is.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Side = Literal["prospect", "customer", "team", "unknown"]
"""Who booked, moved or cancelled; `team` is the operator's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A slot that somebody took. What was ordered then is frozen with it."""

    slot: str
    at: datetime
    start: datetime
    order: str
    order_version: int = 0
    has_phone: bool = True
    kind: Literal["booked"] = field(default="booked", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Two slots are one meeting, at another time. Either side of a reschedule tells it, in any
    order, and one of them may not know who moved it."""

    slot: str
    to: str
    at: datetime
    by: Side = "unknown"
    kind: Literal["moved"] = field(default="moved", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    slot: str
    at: datetime
    by: Side = "unknown"
    kind: Literal["cancelled"] = field(default="cancelled", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedOffTarget:
    """Whole, as APT-04 and APT-05 want it; whether it came in time follows from the other facts."""

    id: str
    slot: str
    at: datetime
    decided_until: datetime
    """The end of the fifth business day: without a decision before, it is upheld then."""
    kind: Literal["off_target"] = field(default="off_target", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    report: str
    slot: str
    at: datetime
    is_upheld: bool
    kind: Literal["reviewed"] = field(default="reviewed", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedAbsent:
    """With the declaration that APT-08 wants."""

    id: str
    slot: str
    at: datetime
    kind: Literal["absent"] = field(default="absent", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrewReport:
    report: str
    slot: str
    at: datetime
    kind: Literal["withdrew"] = field(default="withdrew", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """An attempt to find a new time with who was reported absent."""

    id: str
    slot: str
    at: datetime
    gave_up: bool = False
    kind: Literal["called"] = field(default="called", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """The person, or its company, is on the customer's exclusion list since then; of several
    entries the first counts."""

    at: datetime
    kind: Literal["excluded"] = field(default="excluded", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """An order takes no more meetings from then on, but those of the following thirty days."""

    order: str
    at: datetime
    kind: Literal["interrupted"] = field(default="interrupted", repr=False)


OfMeeting = (
    Booked
    | Moved
    | Cancelled
    | ReportedOffTarget
    | Reviewed
    | ReportedAbsent
    | WithdrewReport
    | Called
)
"""What names the slot that it is about."""
Fact = OfMeeting | Excluded | Interrupted
