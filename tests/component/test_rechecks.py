"""Who is judged again when something beside the meetings has changed, and whose deadlines stay."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.appointments.decisions import orders as ordering
from tests.component.agency import Agency
from tests.component.test_meetings import EMAIL, open_order

EVENTS = "appointments.events.v1"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def book(agency: Agency, slot: str, who: str, **changed: Any) -> Any:
    start = agency.now + DAY
    data = {"slot": slot, "order": "o", "start": start, "end": start + HOUR}
    data |= {"prospect": {"email": f"{who}@prospect.example"}}
    return await agency.ask("appointments.meeting.book", data, **changed)


def last_states(agency: Agency) -> dict[str, str]:
    """By slot, why its meeting is or is not billed."""
    records = agency.world.broker.records
    rows = [row for (topic, _), rows in records.items() if topic == EVENTS for row in rows]
    told = [json.loads(row.value or b"{}") for row in rows]
    return {each["slot"]: each["code"] for each in told if "state" in each}


def kinds(agency: Agency, topic: str) -> list[str]:
    return [each["type"].removeprefix("leadops.appointments.") for each in agency.events(topic)]


async def exclude(agency: Agency, at: datetime, *entries: str, **changed: Any) -> str:
    data = {"account": "acme", "entries": entries}
    answer = await agency.ask("appointments.exclusions.add", data, at=at, **changed)
    return str(answer["code"])


async def test_an_exclusion_that_is_told_late_takes_back_what_was_charged(agency: Agency) -> None:
    """Of all people whom it names, a page a step; nobody else is looked at."""
    await open_order(agency)
    before = agency.now
    for number in range(5):
        await book(agency, f"s{number}", f"kim{number}")
    await agency.ask("appointments.meeting.book", {**_of_another_company(agency)})
    await agency.advance(3 * DAY)
    assert {"due"} == {*last_states(agency).values()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "PEOPLE_AT_ONCE", 2)
        await exclude(agency, before, "prospect.example")
    assert dict.fromkeys((f"s{number}" for number in range(5)), "excluded") | {
        "other": "due"
    } == last_states(agency)
    judged = kinds(agency, "appointments.rechecks.v1").count("person.to_judge.v1")
    assert 5 == judged


def _of_another_company(agency: Agency) -> dict[str, Any]:
    start = agency.now + DAY
    data = {"slot": "other", "order": "o", "start": start, "end": start + HOUR}
    return {**data, "prospect": {"email": "kim@other.example"}}


async def test_an_interruption_that_is_told_late_takes_back_what_was_charged(
    agency: Agency,
) -> None:
    await open_order(agency)
    await agency.ask("appointments.email.request", EMAIL)
    notice = agency.now + HOUR
    await agency.advance(90 * DAY)
    await book(agency, "late", "kim")
    await agency.advance(3 * DAY)
    assert {"late": "due"} == last_states(agency)
    data = {"order": "o", "account": "acme", "received_at": notice, "reason": "they wrote"}
    await agency.ask("appointments.order.interrupt", data)
    assert {"late": "interrupted"} == last_states(agency)


async def test_of_one_entry_told_twice_the_earlier_counts(agency: Agency) -> None:
    await open_order(agency)
    at = agency.now - HOUR
    answers = [await exclude(agency, each, "prospect.example") for each in (at, at, at + HOUR)]
    answers.append(await exclude(agency, at - HOUR, "prospect.example"))
    assert ["added", "unchanged", "unchanged", "added"] == answers


async def test_whom_a_new_mailbox_concerns_is_looked_at_again(agency: Agency) -> None:
    """People with an open meeting; what is decided is decided."""
    await open_order(agency)
    await book(agency, "done", "kim")
    await agency.advance(3 * DAY)
    await book(agency, "open", "robin")
    await agency.ask("appointments.mailbox.put", {"email": "meetings@house.example"})
    found = kinds(agency, "appointments.rechecks.v1")
    assert ["mailbox.changed.v1", "person.to_judge.v1"] == found


async def test_who_is_new_is_looked_at_again_after_a_minute(agency: Agency) -> None:
    """Whoever looked for people in that moment may not have found this one."""
    await open_order(agency)
    await book(agency, "first", "kim")
    (row,) = agency.stored("appointments", "due")
    assert agency.now < row["due_at"] <= agency.now + timedelta(minutes=1)
    await agency.advance(2 * HOUR)
    await book(agency, "second", "kim")
    (row,) = agency.stored("appointments", "due")
    assert row["due_at"] > agency.now + HOUR


async def test_nothing_is_due_when_all_is_decided(agency: Agency) -> None:
    await open_order(agency)
    await book(agency, "first", "kim")
    await agency.advance(HOUR)
    await agency.ask("appointments.meeting.cancel", {"slot": "first", "by": "prospect"})
    assert {"first": "cancelled"} == last_states(agency)
    assert [] == agency.stored("appointments", "due")
