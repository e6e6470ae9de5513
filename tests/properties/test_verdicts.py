"""Verdicts on meetings: whatever is known of them, in whatever order it came, and however often."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.appointments.meetings.charges import Charge, changes
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
    WithdrewReport,
)
from services.appointments.meetings.verdicts import verdicts

HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)
FIRST = datetime(2027, 3, 1, tzinfo=UTC)
AT_REST = FIRST + 400 * timedelta(days=1)

SLOTS = st.sampled_from("abcd")
REPORTS = st.sampled_from(["r1", "r2"])
SIDES = st.sampled_from(["prospect", "customer", "team", "unknown"])
# A coarse grid, so that windows are met at their very edges, and much happens at once.
INSTANTS = st.one_of(
    st.integers(0, 12).map(lambda n: FIRST + n * 12 * HOUR),
    st.integers(0, 40).map(lambda n: FIRST + n * 24 * HOUR),
)


def facts() -> st.SearchStrategy[Fact]:
    return st.one_of(
        st.builds(Booked, slot=SLOTS, at=INSTANTS, start=INSTANTS, order=st.sampled_from("op")),
        st.builds(Moved, slot=SLOTS, to=SLOTS, at=INSTANTS, by=SIDES),
        st.builds(Cancelled, slot=SLOTS, at=INSTANTS, by=SIDES),
        st.builds(
            lambda report, slot, at: ReportedOffTarget(
                id=report, slot=slot, at=at, decided_until=at + 7 * 24 * HOUR
            ),
            REPORTS,
            SLOTS,
            INSTANTS,
        ),
        st.builds(Reviewed, report=REPORTS, slot=SLOTS, at=INSTANTS, is_upheld=st.booleans()),
        st.builds(ReportedAbsent, id=REPORTS, slot=SLOTS, at=INSTANTS),
        st.builds(WithdrewReport, report=REPORTS, slot=SLOTS, at=INSTANTS),
        st.builds(Called, id=st.sampled_from("12345"), slot=SLOTS, at=INSTANTS),
        st.builds(Excluded, at=INSTANTS),
        st.builds(Interrupted, order=st.sampled_from("op"), at=INSTANTS),
    )


COURSES = st.lists(facts(), max_size=14)


@given(COURSES, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(known: list[Fact], chance: random.Random) -> None:
    shuffled = [*known, *(chance.choices(known, k=3) if known else [])]
    chance.shuffle(shuffled)
    assert verdicts(known, AT_REST) == verdicts(shuffled, AT_REST)


@given(COURSES)
def test_in_the_end_everything_is_decided(known: list[Fact]) -> None:
    """Each booked slot is of one meeting, and each meeting is billed or is not."""
    found = verdicts(known, AT_REST)
    slots = Counter(slot for each in found for slot in each.chain.slots)
    assert {fact.slot for fact in known if isinstance(fact, Booked)} == set(slots)
    assert set(slots.values()) <= {1}
    assert "open" not in {each.judgement.state for each in found}


@given(COURSES, st.integers(0, 60))
def test_of_meetings_that_were_booked_close_together_one_is_billed(
    known: list[Fact], days: int
) -> None:
    window = days * 24 * HOUR
    billed = [
        each.chain.first.at
        for each in verdicts(known, AT_REST, window)
        if each.judgement.state == "billable"
    ]
    assert all(
        abs(one - other) > window
        for number, one in enumerate(billed)
        for other in billed[number + 1 :]
    )


@given(COURSES, st.lists(INSTANTS, max_size=20), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_what_was_published_adds_up_to_what_is_known(
    known: list[Fact], moments: Sequence[datetime], chance: random.Random
) -> None:
    """Whatever was published meanwhile of parts of it, each known late: at no moment are there two
    charges for one meeting, and the end is that of somebody who knew all at once."""
    published: dict[str, Charge] = {}
    came: list[Fact] = []
    left = [*known]
    chance.shuffle(left)
    for now in (*sorted(moments), AT_REST):
        came += left if now is AT_REST else [left.pop() for _ in range(min(len(left), 2))]
        for chain, charge in changes(published, verdicts(came, now)):
            before = published.get(chain, Charge(0, None))
            assert charge.revision == before.revision + 1
            assert (before.at is None) != (charge.at is None)
            published[chain] = charge
    billable = {
        each.chain.id: each.judgement.at
        for each in verdicts(known, AT_REST)
        if each.judgement.state == "billable"
    }
    assert billable == {id: each.at for id, each in published.items() if each.at is not None}


def code_of(report: Fact, known: Sequence[Fact]) -> str:
    """What a report does, told beside what is known."""
    steps = (step for each in verdicts([*known, report], AT_REST) for step in each.steps)
    return next(step.code for step in steps if step.fact == report)


@given(COURSES, INSTANTS)
def test_the_clock_shows_the_windows_in_which_a_report_is_accepted(
    known: list[Fact], now: datetime
) -> None:
    """To the millisecond; and where it shows none, no report is accepted any more."""
    known = [fact for fact in known if fact.at <= now]
    shown = clocks_of(known, now)
    for verdict in verdicts(known, now):
        clock, slot = shown[verdict.chain.id], verdict.current
        soon = now + MILLISECOND
        expected = {"off_target": clock.off_target_until, "absent": clock.no_show_until}
        for kind, until in expected.items():
            if until is None:
                assert "accepted" != code_of(report_of(kind, slot, soon), known)
            else:
                assert "accepted" == code_of(report_of(kind, slot, until - MILLISECOND), known)
                assert "too_late" == code_of(report_of(kind, slot, until), known)
        opens_at = clock.no_show_from
        if opens_at is not None and opens_at > now:
            assert "accepted" == code_of(report_of("absent", slot, opens_at), known)
            before = report_of("absent", slot, opens_at - MILLISECOND)
            assert "too_early" == code_of(before, known)


def report_of(kind: str, slot: str, at: datetime) -> Fact:
    if kind == "absent":
        return ReportedAbsent(id="new", slot=slot, at=at)
    return ReportedOffTarget(id="new", slot=slot, at=at, decided_until=at + 7 * 24 * HOUR)


@given(COURSES, INSTANTS)
def test_the_clock_shows_what_becomes_of_a_meeting(known: list[Fact], now: datetime) -> None:
    """At any time the same, as long as nothing else comes."""
    shown = clocks_of(known, now)
    in_the_end = {each.chain.id: each.judgement for each in verdicts(known, AT_REST)}
    assert in_the_end == {id: clock.then for id, clock in shown.items()}


@given(INSTANTS, INSTANTS)
def test_a_meeting_that_nothing_disturbs_is_billed_when_its_clock_says(
    at: datetime, start: datetime
) -> None:
    known = [Booked(slot="a", at=at, start=start, order="o")]
    then = clocks_of(known, at)["a"].then
    decided = then.at + timedelta(minutes=5)
    before, after = (verdicts(known, now)[0] for now in (decided - MILLISECOND, decided))
    assert ("open", then.at) == (before.judgement.state, before.judgement.at)
    assert after.judgement == then
    billable = dict(changes({}, [after]))
    assert {"a": then.at} == {slot: charge.at for slot, charge in billable.items()}
