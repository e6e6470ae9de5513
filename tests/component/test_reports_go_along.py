"""What is reported to one person's shard is not lost when the slot turns out to be another's."""

from datetime import datetime, timedelta
from typing import Any

from shared.ids import pseudonym
from shared.testing.simulator import SECRET
from tests.component.agency import Agency
from tests.component.test_meetings import open_order

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def book(agency: Agency, slot: str, who: str, at: datetime, start: datetime) -> None:
    data = {"slot": slot, "order": "o", "start": start, "end": start + HOUR}
    prospect = {"prospect": {"email": f"{who}@prospect.example"}}
    await agency.ask("appointments.meeting.book", data | prospect, at=at)


def about(slot: str, who: str) -> dict[str, Any]:
    person = pseudonym(SECRET, "main", f"{who}@prospect.example")
    return {"slot": slot, "account": "acme", "person": person}


def absent(slot: str, who: str) -> dict[str, Any]:
    return about(slot, who) | {"not_on_link": True, "not_reached_by_phone": True}


async def connect(agency: Agency, first: str, other: str, at: datetime) -> None:
    move = {"slot": first, "to": other, "by": "prospect"}
    await agency.ask("appointments.meeting.move", move, at=at)


def states(agency: Agency) -> dict[str, tuple[str, str]]:
    """By the slot whose clock runs, what was told of it last."""
    told = [each for each in agency.events("appointments.events.v1") if "state" in each]
    return {each["slot"]: (each["state"], each["code"]) for each in told}


async def test_a_report_goes_along_with_its_slot(agency: Agency) -> None:
    """The other half of a reschedule is told after the report, and names an earlier booking of
    another address."""
    await open_order(agency)
    begin = agency.now - 3 * HOUR
    await book(agency, "new", "robin", begin + HOUR, begin + DAY)
    await agency.advance(DAY + HOUR)
    answer = await agency.ask("appointments.meeting.report_no_show", absent("new", "robin"))
    assert "accepted" == answer["code"]
    await book(agency, "old", "kim", begin, begin + 2 * DAY)
    await connect(agency, "old", "new", begin + HOUR)
    await agency.advance(20 * DAY)
    assert ("not_billable", "no_show") == states(agency)["new"]
    answer = await agency.ask("appointments.meeting.report_no_show", absent("new", "kim"))
    assert "already_reported" == answer["code"]


async def test_what_was_declared_is_kept_with_it(agency: Agency) -> None:
    await open_order(agency)
    begin = agency.now - 3 * HOUR
    await book(agency, "a", "robin", begin, begin + 2 * HOUR)
    await agency.ask("appointments.meeting.report_no_show", absent("a", "robin"))
    (dossier,) = agency.stored("appointments", "dossiers")
    (declared,) = (each for each in dossier["known"] if each["fact"]["kind"] == "absent")
    assert ("ops", "not on the link; not reached by phone") == (declared["by"], declared["text"])


async def test_it_comes_back_with_a_slot_that_comes_back(agency: Agency) -> None:
    """First the second half is known, then the first, which is the reporting person's own."""
    await open_order(agency)
    begin = agency.now - 3 * HOUR
    await book(agency, "third", "robin", begin + 2 * HOUR, begin + DAY)
    await agency.advance(DAY + HOUR)
    await agency.ask("appointments.meeting.report_no_show", absent("third", "robin"))
    await book(agency, "second", "kim", begin + HOUR, begin + 2 * DAY)
    await connect(agency, "second", "third", begin + 2 * HOUR)
    await book(agency, "first", "robin", begin, begin + 2 * DAY)
    await connect(agency, "first", "second", begin + HOUR)
    await agency.advance(20 * DAY)
    assert ("not_billable", "no_show") == states(agency)["third"]


async def test_who_has_it_now_is_reminded_of_a_report_that_waits(agency: Agency) -> None:
    await open_order(agency)
    begin = agency.now - 3 * HOUR
    await book(agency, "new", "robin", begin + HOUR, begin + 5 * DAY)
    grounds = {"grounds": ["company_size"], "email": "Not for us.", "no_prior_contact": True}
    report = about("new", "robin") | grounds
    await agency.ask("appointments.meeting.report_off_target", report)
    await book(agency, "old", "kim", begin, begin + 2 * DAY)
    await connect(agency, "old", "new", begin + HOUR)
    await agency.advance(4 * DAY)
    events = agency.events("appointments.events.v1")
    waiting = [each["person"] for each in events if each["type"].endswith("review.waits.v1")]
    assert [about("new", "kim")["person"]] == waiting
