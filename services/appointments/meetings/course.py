"""What became of one meeting: its facts are gone through in the order in which they happened, and
each is judged by what was then.

So it does not matter when, how often and in which order they came. What is judged as too late or
too early changes nothing, and is kept: should a fact of before come later, it is judged anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.appointments.meetings.chains import Chain, chains, course_of
from services.appointments.meetings.facts import (
    Booked,
    Called,
    Cancelled,
    Fact,
    Moved,
    OfMeeting,
    ReportedAbsent,
    ReportedOffTarget,
    Reviewed,
    WithdrewReport,
)
from services.appointments.meetings.windows import (
    no_show_from,
    no_show_until,
    off_target_until,
    rebooking_until,
)

CALLS_MAX = 3


class Step(NamedTuple):
    """What a fact did, or why it did nothing."""

    fact: OfMeeting
    rule: str
    code: str


@dataclass(slots=True)
class OffTarget:
    report: ReportedOffTarget
    review: Reviewed | None = None

    @property
    def decided_at(self) -> datetime:
        """When it was, or will be if nobody does."""
        return self.review.at if self.review is not None else self.report.decided_until

    def is_upheld(self, now: datetime) -> bool:
        if self.review is not None:
            return self.review.is_upheld
        return self.report.decided_until <= now


@dataclass(slots=True)
class Absent:
    report: ReportedAbsent
    calls: set[str] = field(default_factory=set)
    given_up_at: datetime | None = None

    @property
    def final_at(self) -> datetime:
        """When it is final, if no new time is booked before."""
        return self.given_up_at or rebooking_until(self.report.at)


@dataclass(slots=True)
class Course:
    """Of a meeting, as far as its facts go."""

    chain: Chain
    current: Booked = field(init=False)
    """The slot whose clock runs."""
    off_target: list[OffTarget] = field(default_factory=list)
    absent: Absent | None = None
    """The report of the current slot, unless it was withdrawn."""
    cancelled_at: datetime | None = None
    """By the prospect in time, without a new time."""
    billable_from: list[datetime] = field(default_factory=list)
    """When reports that kept it from being billed were rejected or withdrawn."""
    steps: list[Step] = field(default_factory=list)
    _reported: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.current = self.chain.first
        for fact in self.chain.course:
            rule, code = self._take(fact)
            self.steps.append(Step(fact, rule, code))

    @property
    def is_reported(self) -> bool:
        """Of its current slot there is a report, and will be no other."""
        return self.current.slot in self._reported

    def is_over(self, at: datetime) -> bool:
        """Whether before that instant it was final that nobody came and no new time was made."""
        return self.absent is not None and self.absent.final_at < at

    def _take(self, fact: OfMeeting) -> tuple[str, str]:
        match fact:
            case Booked():
                return "APT-02", "booked"
            case Moved():
                return self._move(fact)
            case Cancelled():
                return self._cancel(fact)
            case ReportedOffTarget():
                return self._report_off_target(fact)
            case Reviewed():
                return self._review(fact)
            case ReportedAbsent():
                return self._report_absent(fact)
            case WithdrewReport():
                return self._withdraw(fact)
            case Called():
                return self._call(fact)

    def _move(self, move: Moved) -> tuple[str, str]:
        if self.is_over(move.at):
            return "APT-09", "new_meeting"
        rule = self._rule_that_moves(move)
        is_new = move.to in self.chain.slots and move.to != self.current.slot
        if rule is None or not is_new:
            return "APT-10", "linked"
        self.current = self.chain.slots[move.to]
        self.absent = self.cancelled_at = None
        return rule, "moved"

    def _rule_that_moves(self, move: Moved) -> str | None:
        """By which rule the clock runs for the new time from now on; None if for the old one."""
        if self.absent is not None:
            return "APT-09" if move.by != "customer" else None
        if move.at < self.current.start:
            return "APT-02"
        by_prospect = move.by in ("prospect", "unknown")
        return "APT-10" if by_prospect and move.at < no_show_until(self.current) else None

    def _cancel(self, fact: Cancelled) -> tuple[str, str]:
        if any(each.report.slot == fact.slot for each in self.off_target):
            return "APT-12", "cancelled_by_us"
        is_current = fact.slot == self.current.slot
        if fact.by == "prospect" and is_current and fact.at < self.current.start:
            self.cancelled_at = self.cancelled_at or fact.at
            return "APT-12", "cancelled"
        return "APT-12", "noted"

    def _report_off_target(self, fact: ReportedOffTarget) -> tuple[str, str]:
        rule = "APT-03"
        if fact.slot in self._reported:
            return rule, "already_reported"
        if fact.slot != self.current.slot:
            return rule, "moved_before"
        if fact.at >= off_target_until(self.current):
            return rule, "too_late"
        self._reported.add(fact.slot)
        self.off_target.append(OffTarget(fact))
        return rule, "accepted"

    def _review(self, fact: Reviewed) -> tuple[str, str]:
        rule = "APT-07"
        found = [each for each in self.off_target if each.report.id == fact.report]
        if not found or found[0].review is not None or fact.at >= found[0].report.decided_until:
            return rule, "not_pending"
        found[0].review = fact
        if fact.is_upheld:
            return rule, "upheld"
        self.billable_from.append(fact.at)
        return rule, "rejected"

    def _report_absent(self, fact: ReportedAbsent) -> tuple[str, str]:
        rule = "APT-08"
        if fact.slot in self._reported:
            return rule, "already_reported"
        if fact.slot != self.current.slot:
            return rule, "moved_before"
        if fact.at < no_show_from(self.current):
            return rule, "too_early"
        if fact.at >= no_show_until(self.current):
            return rule, "too_late"
        self._reported.add(fact.slot)
        self.absent = Absent(fact)
        return rule, "accepted"

    def _withdraw(self, fact: WithdrewReport) -> tuple[str, str]:
        absent = self.absent
        if absent is None or absent.report.id != fact.report or fact.at >= absent.final_at:
            return "APT-08", "not_pending"
        self.absent = None
        self.billable_from.append(fact.at)
        return "APT-08", "withdrawn"

    def _call(self, fact: Called) -> tuple[str, str]:
        absent = self.absent
        if absent is None or fact.slot != self.current.slot or fact.at >= absent.final_at:
            return "APT-09", "not_pending"
        absent.calls.add(fact.id)
        if fact.gave_up or len(absent.calls) == CALLS_MAX:
            absent.given_up_at = fact.at
            return "APT-09", "given_up"
        return "APT-09", "not_reached"


def courses(facts: Iterable[Fact]) -> list[Course]:
    """Of each meeting of which a booking is known. What was booked after the last one was over is a
    meeting of its own, also if it was made by a link of the other (APT-09)."""
    told = course_of(facts)
    joining: list[Moved] = []
    for move in told:
        if isinstance(move, Moved):
            left = chains(told, joining)[move.slot]
            if not (left.slots and Course(left).is_over(move.at)):
                joining.append(move)
    found = {chain.id: chain for chain in chains(told, joining).values() if chain.slots}
    return [Course(chain) for chain in found.values()]
