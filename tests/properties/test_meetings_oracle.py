"""Two judges of meetings, of which neither knows the other's code, say the same of whatever was
told: the service, which goes through it in the order of time, and the oracle, which asks.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cli.oracle import meetings
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
from services.appointments.meetings.verdicts import Verdict, verdicts
from tests.told import document

MILLISECOND = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
DAY = 24 * HOUR
FIRST = datetime(2027, 3, 1, tzinfo=UTC)
AT_REST = FIRST + 600 * DAY

SIDES = st.sampled_from(["prospect", "customer", "team", "unknown"])
ORDERS = st.sampled_from("op")
BOOKED = st.sampled_from([0, 0, 0, 1, 2, 8, 30, 90, 91]).map(lambda days: FIRST + days * DAY)
AHEAD = st.sampled_from([-HOUR, HOUR, DAY, 8 * DAY])
EDGES = st.sampled_from(
    [
        *(timedelta(0), HOUR, DAY - MILLISECOND, DAY, 2 * DAY, 14 * DAY, 15 * DAY),
        *(timedelta(0), HOUR, 2 * HOUR, -HOUR, -MILLISECOND, -2 * DAY, 30 * DAY),
    ]
)


@st.composite
def told(draw: st.DrawFn) -> list[Fact]:
    """Of up to four slots, each booked once at most. A report has an id of its own, and what is
    said of it names its slot; whatever else there is, of whichever slot. Much happens at the edges
    of windows, and at once."""
    names = "wxyz"[: draw(st.integers(1, 4))]
    slots = [draw(booked(name)) for name in names]
    slot = st.sampled_from(names)
    since = st.sampled_from([each.start for each in slots] + [each.at for each in slots])
    at = st.builds(lambda since, edge: since + edge, since, EDGES)
    facts: list[Fact] = [*slots]
    facts += draw(st.lists(moves(slots, at), max_size=4, unique_by=lambda move: move.at))
    for number in range(draw(st.integers(0, 3))):
        facts += draw(reports(f"r{number}", slot, at))
    facts += draw(st.lists(st.builds(Cancelled, slot=slot, at=at, by=SIDES), max_size=2))
    for number in draw(st.lists(st.integers(1, 4), max_size=5)):
        gave_up = draw(st.integers(0, 3)) == 0
        facts.append(Called(id=f"c{number}", slot=draw(slot), at=draw(at), gave_up=gave_up))
    if draw(st.integers(0, 4)) == 0:
        facts.append(Excluded(at=draw(at)))
    if draw(st.integers(0, 4)) == 0:
        facts.append(Interrupted(order=draw(ORDERS), at=draw(at) - 30 * DAY))
    return [fact for fact in facts if draw(st.integers(0, 19))]


def moments(facts: Sequence[Fact]) -> st.SearchStrategy[datetime]:
    starts = [fact.start for fact in facts if isinstance(fact, Booked)] or [FIRST]
    after = st.sampled_from([DAY + timedelta(minutes=minutes) for minutes in (0, 4, 5)])
    soon = st.builds(lambda start, after: start + after, st.sampled_from(starts), after | EDGES)
    return st.just(AT_REST) | soon


@st.composite
def booked(draw: st.DrawFn, slot: str) -> Booked:
    at = draw(BOOKED)
    return Booked(slot=slot, at=at, start=at + draw(AHEAD), order=draw(ORDERS))


@st.composite
def moves(draw: st.DrawFn, slots: Sequence[Booked], at: st.SearchStrategy[datetime]) -> Moved:
    """Mostly made when the new slot was booked."""
    old, new = draw(st.sampled_from(slots)), draw(st.sampled_from(slots))
    moved_at = new.at if draw(st.booleans()) else draw(at)
    return Moved(slot=old.slot, to=new.slot, at=moved_at, by=draw(SIDES))


@st.composite
def reports(
    draw: st.DrawFn, report: str, slots: st.SearchStrategy[str], at: st.SearchStrategy[datetime]
) -> Sequence[Fact]:
    slot, filed_at = draw(slots), draw(at)
    later = draw(st.lists(at, max_size=2, unique=True))
    if draw(st.booleans()):
        until = filed_at + 7 * DAY
        filed = ReportedOffTarget(id=report, slot=slot, at=filed_at, decided_until=until)
        upheld = st.booleans()
        return filed, *(
            Reviewed(report=report, slot=slot, at=at, is_upheld=draw(upheld)) for at in later
        )
    absent = ReportedAbsent(id=report, slot=slot, at=filed_at)
    return absent, *(WithdrewReport(report=report, slot=slot, at=at) for at in later)


@given(told(), st.data())
def test_the_oracle_judges_as_the_service_does(facts: Sequence[Fact], data: st.DataObject) -> None:
    now = data.draw(moments(facts))
    known = [fact for fact in facts if fact.at <= now]
    expected = {each.id: each for each in meetings.judge_all(map(document, known), now)}
    found = {each.chain.id: each for each in verdicts(known, now)}
    assert expected.keys() == found.keys()
    for id, verdict in found.items():
        assert as_judged(verdict, expected[id]) == expected[id]


def as_judged(verdict: Verdict, expected: meetings.Judged) -> meetings.Judged:
    """Of several reasons that hold a verdict names one, which has to be among them."""
    judgement = verdict.judgement
    return replace(
        expected,
        slots=frozenset(verdict.chain.slots),
        current=verdict.current,
        first_booked=verdict.chain.first.at,
        state=judgement.state,
        reasons=dict(expected.reasons) | {judgement.code: judgement.at},
        charged_instead=verdict.charged_instead,
    )
