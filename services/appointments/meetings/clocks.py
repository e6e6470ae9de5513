"""The clock of a meeting, for both sides: until when it may be reported, and what becomes of it if
nothing else comes (APT-15).

It is no second truth: the windows are those that judge a report, and what becomes of it is the
verdict on the same facts, at a time when all deadlines are over.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.appointments.meetings.facts import Fact
from services.appointments.meetings.verdicts import Judgement, Verdict, verdicts
from services.appointments.meetings.windows import (
    FOLLOW_UP,
    no_show_from,
    no_show_until,
    off_target_until,
)

AT_REST = datetime(9999, 1, 1, tzinfo=UTC)


class Clock(NamedTuple):
    off_target_until: datetime | None
    """From this instant on it is too late; None if it is, or if there is a report."""
    no_show_from: datetime | None
    """The first instant at which it may be reported; None as above."""
    no_show_until: datetime | None
    then: Judgement
    """What becomes of it if nothing else comes, and since when."""


def clocks_of(
    facts: Iterable[Fact], now: datetime, follow_up: timedelta = FOLLOW_UP
) -> Mapping[str, Clock]:
    """By the first slot of each meeting."""
    found = verdicts(facts, AT_REST, follow_up)
    return {verdict.chain.id: _clock(verdict, now) for verdict in found}


def _clock(verdict: Verdict, now: datetime) -> Clock:
    slot = verdict.course.current
    may_come = not verdict.course.is_reported
    off_target, no_show = off_target_until(slot), no_show_until(slot)
    is_open = may_come and now < no_show
    return Clock(
        off_target_until=off_target if may_come and now < off_target else None,
        no_show_from=no_show_from(slot) if is_open else None,
        no_show_until=no_show if is_open else None,
        then=verdict.judgement,
    )
