"""What is told of a meeting for people: who did what, when and why, and what was decided."""

from datetime import UTC, datetime, timedelta

import pytest

from services.appointments.meetings.dossier import Beside, Dossier, Known, judge
from services.appointments.meetings.facts import Booked, Moved, ReportedAbsent
from services.appointments.meetings.history import Entry, history
from shared.contracts.appointments import SlotAttended

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOOKED = datetime(2027, 3, 2, 9, tzinfo=UTC)
START = BOOKED + DAY
NOBODY = Beside(None, ())


def dossier(*known: Known, until: datetime) -> Dossier:
    booked = Known(Booked(slot="a", at=BOOKED, start=START, order="o"), "calendar")
    return Dossier("d", 1, "main", "acme", "p", known=(booked, *known), judged_until=until)


def entries(told: Dossier) -> list[Entry]:
    (verdict,) = judge(told, NOBODY)
    return [*history(told, NOBODY, verdict)]


def codes(told: Dossier) -> list[tuple[str, str]]:
    return [(entry.code, entry.by) for entry in entries(told)]


@pytest.mark.parametrize(
    ("until", "end"), [(START, []), (START + 2 * DAY, [("billable", "rules")])]
)
def test_the_decision_comes_last_once_there_is_one(
    until: datetime, end: list[tuple[str, str]]
) -> None:
    assert [("booked", "calendar"), *end] == codes(dossier(until=until))


def test_a_report_is_told_with_its_declaration_and_what_came_of_it() -> None:
    report = ReportedAbsent(id="a", slot="a", at=START + HOUR)
    told = dossier(Known(report, "robin", "not on the link"), until=START + 20 * DAY)
    assert [("booked", "calendar"), ("accepted", "robin"), ("no_show", "rules")] == codes(told)
    assert "not on the link" == entries(told)[1].why


def test_a_move_of_which_both_sides_told_is_one() -> None:
    at = BOOKED + HOUR
    new = Known(Booked(slot="b", at=at, start=START + DAY, order="o"), "calendar")
    halves = [Known(Moved(slot="a", to="b", at=at, by=by), by) for by in ("unknown", "prospect")]
    told = dossier(new, *halves, until=START)  # type: ignore[arg-type]
    assert ["booked", "booked", "moved"] == [entry.code for entry in entries(told)]
    assert ("b", "prospect") == (entries(told)[-1].to, entries(told)[-1].side)


def test_who_came_is_told_as_evidence() -> None:
    seen = SlotAttended(
        slot="a",
        account="acme",
        person="p",
        at=START + HOUR,
        prospect="present",
        customer="absent",
        evidence="the link",
        by="calendar",
    )
    told = dossier(until=START).with_evidence(seen)
    assert ("noted", "prospect present, customer absent: the link") == (
        entries(told)[-1].code,
        entries(told)[-1].why,
    )
