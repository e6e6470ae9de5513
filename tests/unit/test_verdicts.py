"""Whether a meeting is billed: each boundary of each rule, from both sides."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from services.appointments.meetings.clocks import clocks_of
from services.appointments.meetings.facts import (
    Booked,
    Called,
    Cancelled,
    Excluded,
    Fact,
    Interrupted,
    Moved,
    ReportedAbsent,
    ReportedOffTarget,
    Reviewed,
    Side,
    WithdrewReport,
)
from services.appointments.meetings.verdicts import Verdict, decided_at, verdicts

MILLISECOND = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
BOOKED = datetime(2027, 3, 2, 9, tzinfo=UTC)
START = datetime(2027, 3, 10, 14, tzinfo=UTC)
MONTHS_LATER = START + 400 * DAY


def booked(
    slot: str = "a", *, start: datetime = START, at: datetime = BOOKED, order: str = "o"
) -> Booked:
    return Booked(slot=slot, at=at, start=start, order=order)


def moved(at: datetime, to: str = "b", slot: str = "a", by: Side = "prospect") -> Moved:
    return Moved(slot=slot, to=to, at=at, by=by)


def off_target(at: datetime, slot: str = "a", report: str = "r") -> ReportedOffTarget:
    return ReportedOffTarget(id=report, slot=slot, at=at, decided_until=at + 7 * DAY)


def reviewed(at: datetime, *, upheld: bool, slot: str = "a", report: str = "r") -> Reviewed:
    return Reviewed(report=report, slot=slot, at=at, is_upheld=upheld)


def absent(at: datetime, slot: str = "a", report: str = "n") -> ReportedAbsent:
    return ReportedAbsent(id=report, slot=slot, at=at)


def withdrawn(at: datetime, slot: str = "a", report: str = "n") -> WithdrewReport:
    return WithdrewReport(report=report, slot=slot, at=at)


def called(at: datetime, number: int = 1, slot: str = "a", *, gave_up: bool = False) -> Called:
    return Called(id=f"call-{number}", slot=slot, at=at, gave_up=gave_up)


def cancelled(at: datetime, by: Side, slot: str = "a") -> Cancelled:
    return Cancelled(slot=slot, at=at, by=by)


def only(facts: Sequence[Fact], now: datetime = MONTHS_LATER) -> Verdict:
    (found,) = verdicts(facts, now)
    return found


def judged(facts: Sequence[Fact], now: datetime = MONTHS_LATER) -> tuple[str, str, datetime]:
    found = only(facts, now).judgement
    return found.state, found.code, found.at


def codes(facts: Sequence[Fact]) -> list[str]:
    """What became of each fact, in the order in which they happened."""
    return [step.code for step in only(facts).steps]


def is_billed(facts: Sequence[Fact]) -> datetime | None:
    """Since when, if at all."""
    found = only(facts).judgement
    return found.at if found.state == "billable" else None


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (START + DAY + timedelta(minutes=5) - MILLISECOND, "open"),
        (START + DAY + timedelta(minutes=5), "billable"),
    ],
)
def test_a_meeting_is_billed_a_day_after_its_start_and_decided_a_little_later(
    now: datetime, state: str
) -> None:
    assert (state, "due", START + DAY) == judged([booked()], now)


@pytest.mark.parametrize(
    ("at", "code", "billed"),
    [
        (START - MILLISECOND, "accepted", None),
        (START, "too_late", START + DAY),
    ],
)
def test_a_report_off_target_comes_before_the_start(
    at: datetime, code: str, billed: datetime | None
) -> None:
    facts: list[Fact] = [booked(), off_target(at), reviewed(at, upheld=True)]
    assert (code, billed) == (codes(facts)[1], is_billed(facts))


def test_the_start_that_counts_for_a_report_is_the_one_of_then() -> None:
    """Moved to later before it: after the first start it is in time still."""
    later = START + 2 * DAY
    facts: list[Fact] = [
        booked(),
        booked("b", start=later, at=START - 2 * HOUR),
        moved(START - 2 * HOUR),
    ]
    report = off_target(START + HOUR, "b")
    assert is_billed([*facts, report, reviewed(START + DAY, upheld=True, slot="b")]) is None
    assert ["moved_before"] == codes([*facts, off_target(START - HOUR, "a")])[-1:]


@pytest.mark.parametrize(
    ("upheld", "at", "billed"),
    [
        (True, START + 2 * HOUR, None),
        (False, START - 2 * HOUR, START + DAY),
        (False, START + DAY, START + DAY),
        (False, START + DAY + MILLISECOND, START + DAY + MILLISECOND),
    ],
)
def test_a_review_decides_and_a_rejection_bills_at_the_later_of_both(
    upheld: bool, at: datetime, billed: datetime | None
) -> None:
    facts: list[Fact] = [booked(), off_target(START - DAY), reviewed(at, upheld=upheld)]
    assert billed == is_billed(facts)


@pytest.mark.parametrize(
    ("now", "state"),
    [(START + 2 * DAY - MILLISECOND, "open"), (START + 2 * DAY, "billable")],
)
def test_a_rejection_after_that_day_decides_at_once(now: datetime, state: str) -> None:
    """A meeting is decided late for the sake of reports about who did not come."""
    rejected = reviewed(START + 2 * DAY, upheld=False)
    facts: list[Fact] = [booked(), off_target(START - DAY)]
    assert state == only([*facts, *([rejected] if rejected.at <= now else [])], now).judgement.state


@pytest.mark.parametrize(
    ("decided_after", "end"),
    [
        (7 * DAY - MILLISECOND, ("billable", "due", START + 6 * DAY - MILLISECOND)),
        (7 * DAY, ("not_billable", "off_target", START + 6 * DAY)),
    ],
)
def test_without_a_decision_in_time_a_report_is_upheld(
    decided_after: timedelta, end: tuple[str, str, datetime]
) -> None:
    filed = START - DAY
    facts: list[Fact] = [booked(), off_target(filed), reviewed(filed + decided_after, upheld=False)]
    assert end == judged(facts)
    assert ("open", "under_review", filed + 7 * DAY) == judged(facts[:2], START + 2 * DAY)


@pytest.mark.parametrize(
    ("at", "code", "billed"),
    [
        (START - MILLISECOND, "too_early", START + DAY),
        (START, "accepted", None),
        (START + DAY - MILLISECOND, "accepted", None),
        (START + DAY, "too_late", START + DAY),
    ],
)
def test_who_did_not_come_is_reported_within_a_day_from_the_start(
    at: datetime, code: str, billed: datetime | None
) -> None:
    facts: list[Fact] = [booked(), absent(at)]
    assert (code, billed) == (codes(facts)[1], is_billed(facts))


def test_a_slot_is_reported_once() -> None:
    """Neither again as off target nor as absent, whatever was decided."""
    facts: list[Fact] = [
        booked(),
        off_target(START - 3 * HOUR),
        off_target(START - 2 * HOUR, report="r2"),
        reviewed(START - HOUR, upheld=False),
        absent(START + HOUR),
    ]
    assert ["already_reported", "rejected", "already_reported"] == codes(facts)[2:]
    assert START + DAY == is_billed(facts)


@pytest.mark.parametrize(
    ("after", "billed"), [(2 * DAY, START + 2 * DAY + HOUR), (HOUR, START + DAY), (14 * DAY, None)]
)
def test_a_report_of_absence_is_withdrawn_until_it_is_final(
    after: timedelta, billed: datetime | None
) -> None:
    """Billed at the later of a day after the start and the withdrawal."""
    reported = START + HOUR
    assert billed == is_billed([booked(), absent(reported), withdrawn(reported + after)])


def test_what_a_call_makes_final_is_not_withdrawn_in_that_instant() -> None:
    at = START + 2 * DAY
    facts: list[Fact] = [booked(), absent(START + HOUR), called(at, gave_up=True), withdrawn(at)]
    assert ("not_billable", "no_show", at) == judged(facts)


def test_nobody_is_reached_for_fourteen_days() -> None:
    reported = START + DAY - MILLISECOND
    end = ("not_billable", "no_show", reported + 14 * DAY)
    assert end == judged([booked(), absent(reported)])
    open_ = ("open", "reported_absent", reported + 14 * DAY)
    assert open_ == judged([booked(), absent(reported)], reported + 14 * DAY - MILLISECOND)


def test_an_open_meeting_is_judged_again_when_it_is_decided() -> None:
    """Of what nobody reports the five minutes are waited for; of a review they are not."""
    assert START + DAY + timedelta(minutes=5) == decided_at(only([booked()], START))
    report = off_target(START - HOUR)
    assert report.decided_until == decided_at(only([booked(), report], START))


@pytest.mark.parametrize(
    ("now", "opens"), [(BOOKED, START), (START + DAY - MILLISECOND, START), (START + DAY, None)]
)
def test_the_clock_says_from_when_a_no_show_is_reported_as_long_as_it_may_be(
    now: datetime, opens: datetime | None
) -> None:
    clock = clocks_of([booked()], now)["a"]
    assert (opens, opens and START + DAY) == (clock.no_show_from, clock.no_show_until)


@pytest.mark.parametrize("gave_up", [False, True])
def test_the_third_call_in_vain_is_final_and_so_is_giving_up(gave_up: bool) -> None:
    calls = [called(START + n * DAY, n, gave_up=gave_up and n == 2) for n in (2, 3, 4)]
    at = START + (2 if gave_up else 4) * DAY
    facts: list[Fact] = [booked(), absent(START + HOUR), *calls]
    assert ("not_billable", "no_show", at) == judged(facts)


def test_a_call_that_is_told_twice_with_another_time_is_one() -> None:
    calls = [called(START + n * DAY, number) for n, number in ((2, 1), (3, 1), (4, 2))]
    facts: list[Fact] = [booked(), absent(START + HOUR), *calls]
    assert ("not_billable", "no_show", START + HOUR + 14 * DAY) == judged(facts)


@pytest.mark.parametrize("by", ["prospect", "customer", "team"])
@pytest.mark.parametrize("given_up_after", [2 * HOUR, 14 * DAY + HOUR])
def test_what_is_booked_after_the_last_attempt_is_a_meeting_of_its_own(
    by: Side, given_up_after: timedelta
) -> None:
    """Also by a link of the one to which nobody came, and within a day of its start."""
    over, again = START + given_up_after, START + 30 * DAY
    at = over + MILLISECOND
    known: list[Fact] = [
        booked(),
        absent(START + HOUR),
        called(START + 2 * HOUR, gave_up=given_up_after == 2 * HOUR),
    ]
    new: list[Fact] = [booked("b", start=again, at=at), moved(at, by=by)]
    first, second = verdicts([*known, *new], MONTHS_LATER)
    assert ("no_show", over) == (first.judgement.code, first.judgement.at)
    assert "new_meeting" == first.steps[-1].code
    assert ("billable", again + DAY) == (second.judgement.state, second.judgement.at)
    assert (["a"], ["b"]) == (list(first.chain.slots), list(second.chain.slots))


@pytest.mark.parametrize(
    ("booked_after", "by", "billed"),
    [
        (2 * DAY, "team", START + 31 * DAY),
        (14 * DAY, "prospect", START + 31 * DAY),
        (2 * DAY, "customer", None),
    ],
)
def test_a_new_time_within_fourteen_days_of_a_report_is_judged_anew(
    booked_after: timedelta, by: Side, billed: datetime | None
) -> None:
    """Whenever it is held; what the customer makes moves nothing."""
    reported = START + HOUR
    at = reported + booked_after
    again: list[Fact] = [booked("b", start=START + 30 * DAY, at=at), moved(at, by=by)]
    assert billed == is_billed([booked(), absent(reported), *again])


@pytest.mark.parametrize(
    ("at", "by", "billed"),
    [
        (START - MILLISECOND, "customer", START + 4 * DAY),
        (START, "customer", START + DAY),
        (START + 20 * HOUR, "prospect", START + 4 * DAY),
        (START + 20 * HOUR, "unknown", START + 4 * DAY),
        (START + DAY - MILLISECOND, "prospect", START + 4 * DAY),
        (START + DAY, "prospect", START + DAY),
        (START + HOUR, "team", START + DAY),
    ],
)
def test_who_may_move_the_clock_and_until_when(at: datetime, by: Side, billed: datetime) -> None:
    facts: list[Fact] = [booked(), booked("b", start=START + 3 * DAY, at=at), moved(at, by=by)]
    assert billed == is_billed(facts)
    assert ("a", "b") == tuple(sorted(only(facts).chain.slots))


@pytest.mark.parametrize(
    "between",
    [
        [booked("b", start=START + 3 * DAY, at=START + HOUR), moved(START + HOUR, by="customer")],
        [moved(START - HOUR)],
    ],
)
def test_a_move_is_made_by_the_link_of_any_slot(between: Sequence[Fact]) -> None:
    """Of one that is linked only, or of one of which no booking is known."""
    at = START + 2 * HOUR
    again: list[Fact] = [booked("c", start=START + 5 * DAY, at=at), moved(at, "c", "b")]
    assert START + 6 * DAY == is_billed([booked(), *between, *again])


@pytest.mark.parametrize(
    ("ended_by", "moved_at", "end"),
    [
        (absent(START + HOUR), START + DAY, ("no_show", START + HOUR + 14 * DAY)),
        (cancelled(START - 2 * HOUR, "prospect"), START - HOUR, ("cancelled", START - 2 * HOUR)),
    ],
)
def test_that_another_slot_is_the_meeting_that_stands_is_no_new_time(
    ended_by: Fact, moved_at: datetime, end: tuple[str, datetime]
) -> None:
    facts: list[Fact] = [booked(), booked("z", at=BOOKED + HOUR), ended_by]
    assert ("not_billable", *end) == judged([*facts, moved(moved_at, "a", "z", by="team")])


@pytest.mark.parametrize("halves", [("unknown", "customer"), ("customer", "unknown")])
def test_both_sides_of_a_move_are_one_and_either_may_know_by_whom(
    halves: tuple[Side, Side],
) -> None:
    at = START + HOUR
    new = booked("b", start=START + 3 * DAY, at=at)
    first, second = (moved(at + n * MILLISECOND, by=by) for n, by in enumerate(halves))
    assert START + DAY == is_billed([booked(), second, new, first])


@pytest.mark.parametrize(
    ("at", "by", "billed"),
    [
        (START - MILLISECOND, "prospect", None),
        (START, "prospect", START + DAY),
        (START - HOUR, "customer", START + DAY),
        (START - HOUR, "unknown", START + DAY),
    ],
)
def test_a_cancellation_settles_nothing_but_the_prospects_in_time(
    at: datetime, by: Side, billed: datetime | None
) -> None:
    assert billed == is_billed([booked(), cancelled(at, by)])


def test_who_cancels_twice_has_cancelled_since_the_first_time() -> None:
    times = [cancelled(START - hours * HOUR, "prospect") for hours in (3, 2)]
    assert ("not_billable", "cancelled", START - 3 * HOUR) == judged([booked(), *times])


def test_who_cancels_and_makes_a_new_time_has_not_cancelled() -> None:
    again: list[Fact] = [booked("b", start=START + DAY, at=START - HOUR), moved(START - HOUR)]
    facts: list[Fact] = [booked(), cancelled(START - 2 * HOUR, "prospect"), *again]
    assert START + 2 * DAY == is_billed(facts)
    assert is_billed([*facts, cancelled(START, "prospect", "b")]) is None


def test_a_cancellation_that_we_asked_for_is_nobodys() -> None:
    """The calendar says that the prospect cancelled; a report has brought it about."""
    at = START - HOUR
    facts: list[Fact] = [
        booked(),
        off_target(at),
        cancelled(at, "prospect"),
        reviewed(at + HOUR, upheld=False),
    ]
    assert "cancelled_by_us" in codes(facts)
    assert START + DAY == is_billed(facts)


@pytest.mark.parametrize(
    ("at", "billed"), [(BOOKED, None), (BOOKED + MILLISECOND, START + 3 * DAY)]
)
def test_who_was_excluded_at_the_first_booking_is_not_billed(
    at: datetime, billed: datetime | None
) -> None:
    """An entry after the first booking and before a later one comes too late."""
    again: list[Fact] = [booked("b", start=START + 2 * DAY, at=START - DAY), moved(START - DAY)]
    facts: list[Fact] = [booked(), *again, Excluded(at=at), Excluded(at=START)]
    assert billed == is_billed(facts)


@pytest.mark.parametrize(
    ("first_booked", "billed"),
    [(BOOKED + 30 * DAY, True), (BOOKED + 30 * DAY + MILLISECOND, False)],
)
def test_what_is_first_booked_within_thirty_days_of_an_interruption_is_billed(
    first_booked: datetime, billed: bool
) -> None:
    """However late it is moved, and only of that order."""
    start = first_booked + 5 * DAY
    again: list[Fact] = [booked("b", start=start + 5 * DAY, at=start - HOUR), moved(start - HOUR)]
    facts: list[Fact] = [booked(at=first_booked, start=start), *again]
    assert billed == bool(is_billed([*facts, Interrupted(order="o", at=BOOKED)]))
    assert is_billed([*facts, Interrupted(order="another", at=BOOKED)])


def charged(facts: Sequence[Fact]) -> list[str]:
    found = verdicts(facts, MONTHS_LATER)
    return [each.chain.id for each in found if each.judgement.state == "billable"]


@pytest.mark.parametrize(
    ("between", "expected"), [(90 * DAY, ["a"]), (90 * DAY + MILLISECOND, ["a", "z"])]
)
def test_a_follow_up_is_not_charged(between: timedelta, expected: list[str]) -> None:
    at = BOOKED + between
    facts: list[Fact] = [booked(), booked("z", at=at, start=at + 8 * DAY)]
    assert expected == charged(facts)


def test_of_two_the_earliest_billable_is_charged_and_if_it_goes_the_other() -> None:
    facts: list[Fact] = [booked(), booked("z", at=BOOKED + HOUR, start=START - DAY)]
    assert ["z"] == charged(facts)
    follow_up, _ = verdicts(facts, MONTHS_LATER)
    assert ("follow_up", "z") == (follow_up.judgement.code, follow_up.charged_instead)
    assert ["a"] == charged([*facts, absent(START - DAY, "z")])


def test_two_meetings_that_turn_out_to_be_one_are_charged_once() -> None:
    far = booked("z", at=BOOKED + 200 * DAY, start=START + 200 * DAY)
    assert ["a", "z"] == charged([booked(), far])
    assert ["a"] == charged([booked(), far, moved(START + 100 * DAY, to="z", by="customer")])


def test_what_names_a_slot_that_nobody_booked_waits() -> None:
    facts: list[Fact] = [
        absent(START, "x"),
        moved(START - DAY, slot="x", to="a"),
        cancelled(START, "team", "y"),
    ]
    assert [] == verdicts(facts, MONTHS_LATER)
    assert START + DAY == is_billed([*facts, booked()])
