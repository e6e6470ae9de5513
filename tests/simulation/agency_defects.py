"""Mistakes of who judges meetings and orders."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from services.appointments.decisions import orders as ordering
from services.appointments.meetings import chains, charges, course, dossier, reports, verdicts
from services.appointments.meetings.charges import Charge
from services.appointments.meetings.course import Course
from services.appointments.meetings.facts import Cancelled, Fact, OfMeeting
from services.appointments.meetings.verdicts import Verdict
from services.appointments.orders.accounts import Account
from services.appointments.orders.months import Months
from shared.local_days import first_instant, local_day, months_later
from shared.loop.decision import Decision
from shared.loop.precedence import Precedence
from shared.testing.simulator import EPOCH
from tests.simulation.planting import Plant, plant


def charged_per_slot() -> None:
    """What moves connect is not one meeting."""
    plant(chains, "_heads", lambda _moves: {})


def window_by_time_of_processing() -> None:
    plant(reports.Case, "at", property(lambda self: self.context.now))


def judged_in_order_of_arrival() -> None:
    def course_of(facts: Iterable[Fact]) -> list[OfMeeting]:
        return [fact for fact in dict.fromkeys(facts) if isinstance(fact, OfMeeting)]

    right = verdicts.verdicts

    def judge(facts: Iterable[Fact], now: datetime, follow_up: timedelta) -> Sequence[Verdict]:
        with patch.object(verdicts, "set", list, create=True):
            return right(facts, now, follow_up)

    plant(course, "course_of", course_of)
    plant(dossier, "verdicts", judge)


def offset_stored() -> None:
    """The zone's offset of one day is taken for all others."""

    def zone(self: Account) -> tzinfo:
        offset = EPOCH.astimezone(ZoneInfo(self.time_zone)).utcoffset()
        return timezone(offset or timedelta())

    plant(Account, "zone", property(zone))


def months_from_the_last_one() -> None:
    """After 31 March and 30 April comes 30 May."""

    def start(self: Months, number: int) -> datetime:
        day = local_day(self.first_email, self.zone)
        for _ in range(number):
            day = months_later(day, 1)
        return first_instant(day, self.zone)

    plant(Months, "start", start)


def deadline_before_records() -> None:
    async def free_until(
        _self: Precedence, shards: Mapping[int, Any], now: datetime, _monotonic: float
    ) -> dict[int, datetime]:
        return dict.fromkeys(shards, now)

    plant(Precedence, "free_until", free_until)


def judged_by_the_clock() -> None:
    """All meetings of a person as of now, whenever anything is told of one."""
    right = dossier.decide

    def decide(before: Any, after: Any, beside: Any, context: Any, answer: Any = None) -> Decision:
        return right(before, after.until(context.now), beside, context, answer)

    for module in (dossier, reports):
        plant(module, "decide", decide)


def merged_and_charged_twice() -> None:
    """The charge of a meeting that has become part of another stays."""
    right = charges.changes

    def changes(
        published: Mapping[str, Charge], found: Sequence[Verdict]
    ) -> Iterator[tuple[str, Charge]]:
        there = {each.chain.id for each in found}
        return (each for each in right(published, found) if each[0] in there)

    plant(dossier, "changes", changes)


def nobody_judged_again() -> None:
    """An exclusion or an interruption that comes after the bookings is not looked at."""
    plant(ordering, "recheck", lambda *_: Decision())


def platforms_cancellation_taken_for_the_prospects() -> None:
    """The echo of what an off-target report has cancelled."""
    right = Course._cancel

    def cancel(self: Course, fact: Cancelled) -> tuple[str, str]:
        with patch.object(self, "off_target", []):
            return right(self, fact)

    plant(Course, "_cancel", cancel)


def follow_up_charged() -> None:
    plant(verdicts, "_charge_once", lambda found, _follow_up: found)


PLANTS: Sequence[Plant] = (
    charged_per_slot,
    window_by_time_of_processing,
    judged_in_order_of_arrival,
    offset_stored,
    months_from_the_last_one,
    deadline_before_records,
    judged_by_the_clock,
    merged_and_charged_twice,
    nobody_judged_again,
    platforms_cancellation_taken_for_the_prospects,
    follow_up_charged,
)
