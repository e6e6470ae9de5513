"""Whether a meeting is billed, and why: a pure function of all that is known of a person's meetings
with a customer, and of the time (APT-13).

Whoever learns a fact adds it, asks here again, and publishes what differs from what was published.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from services.appointments.meetings.chains import Chain
from services.appointments.meetings.course import Course, Step, courses
from services.appointments.meetings.facts import Excluded, Fact, Interrupted
from services.appointments.meetings.windows import (
    AFTER_INTERRUPTION,
    DECIDED_AFTER,
    FOLLOW_UP,
    no_show_until,
)

State = Literal["open", "billable", "not_billable"]


class Judgement(NamedTuple):
    state: State
    code: str
    rule: str
    at: datetime
    """Of what is billable: since when. Of what is open: when it is decided if nothing comes before.
    Of what is not billed: since when that stands."""


@dataclass(frozen=True, slots=True)
class Verdict:
    course: Course
    judgement: Judgement
    charged_instead: str | None = None
    """The meeting of which this one is a follow-up."""

    @property
    def chain(self) -> Chain:
        return self.course.chain

    @property
    def current(self) -> str:
        """The slot whose clock runs."""
        return self.course.current.slot

    @property
    def steps(self) -> Sequence[Step]:
        return self.course.steps


class Circumstances(NamedTuple):
    """What is known beside a meeting itself."""

    excluded_at: datetime | None
    interrupted: Mapping[str, datetime]
    """By order, when its interruption took effect."""
    now: datetime


def verdicts(
    facts: Iterable[Fact], now: datetime, follow_up: timedelta = FOLLOW_UP
) -> Sequence[Verdict]:
    """Of each meeting, in the order in which they were first booked."""
    known = set(facts)
    beside = Circumstances(_excluded_at(known), _interruptions(known), now)
    found = [_alone(course, beside) for course in courses(known)]
    found.sort(key=lambda each: (each.chain.first.at, each.chain.id))
    return _charge_once(found, follow_up)


def _excluded_at(known: Collection[Fact]) -> datetime | None:
    return min((fact.at for fact in known if isinstance(fact, Excluded)), default=None)


def _interruptions(known: Collection[Fact]) -> Mapping[str, datetime]:
    told = sorted((fact.at, fact.order) for fact in known if isinstance(fact, Interrupted))
    return {order: at for at, order in reversed(told)}


def _alone(course: Course, beside: Circumstances) -> Verdict:
    """As if the person had no other meeting with the customer."""
    return Verdict(course, next(_judgements(course, beside)))


def _judgements(course: Course, beside: Circumstances) -> Iterator[Judgement]:
    """The first counts."""
    first, now = course.chain.first, beside.now
    if beside.excluded_at is not None and beside.excluded_at <= first.at:
        yield Judgement("not_billable", "excluded", "APT-11", first.at)
    effective = beside.interrupted.get(first.order)
    if effective is not None and first.at > effective + AFTER_INTERRUPTION:
        yield Judgement("not_billable", "interrupted", "APT-14", first.at)
    for each in course.off_target:
        if each.is_upheld(now):
            yield Judgement("not_billable", "off_target", "APT-07", each.decided_at)
    if course.absent is not None and course.absent.final_at <= now:
        yield Judgement("not_billable", "no_show", "APT-09", course.absent.final_at)
    if course.cancelled_at is not None:
        yield Judgement("not_billable", "cancelled", "APT-12", course.cancelled_at)
    for each in course.off_target:
        if each.review is None:
            yield Judgement("open", "under_review", "APT-07", each.decided_at)
    if course.absent is not None:
        yield Judgement("open", "reported_absent", "APT-09", course.absent.final_at)
    billable_at = max([no_show_until(course.current), *course.billable_from])
    is_due = max(billable_at, no_show_until(course.current) + DECIDED_AFTER) <= now
    yield Judgement("billable" if is_due else "open", "due", "APT-13", billable_at)


def _charge_once(found: Sequence[Verdict], follow_up: timedelta) -> Sequence[Verdict]:
    """Of meetings that were first booked close together one is charged: the earliest billable, then
    the earliest booked."""
    billable = [each for each in found if each.judgement.state == "billable"]
    charged: list[Verdict] = []
    instead: dict[str, Verdict] = {}
    for each in sorted(billable, key=lambda each: each.judgement.at):
        booked = each.chain.first.at
        near = [one for one in charged if abs(one.chain.first.at - booked) <= follow_up]
        if near:
            instead[each.chain.id] = near[0]
        else:
            charged.append(each)
    return [_follow_up(each, instead.get(each.chain.id)) for each in found]


def _follow_up(verdict: Verdict, charged: Verdict | None) -> Verdict:
    if charged is None:
        return verdict
    judgement = Judgement("not_billable", "follow_up", "APT-13", verdict.judgement.at)
    return Verdict(verdict.course, judgement, charged_instead=charged.chain.id)


def decided_at(verdict: Verdict) -> datetime:
    """Of what is open: when it has to be judged again, if nothing comes before."""
    at = verdict.judgement.at
    if verdict.judgement.code != "due":
        return at
    return max(at, no_show_until(verdict.course.current) + DECIDED_AFTER)
