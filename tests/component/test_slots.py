"""Slots: what is frozen when one is booked, what calendars say of it, and whose it is."""

from datetime import timedelta
from typing import Any

import pytest

from tests.component.agency import Agency, codes
from tests.component.test_meetings import open_order, put_order

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def booking(agency: Agency, slot: str, **changed: Any) -> dict[str, Any]:
    start = agency.now + DAY
    data = {"slot": slot, "order": "o", "start": start, "end": start + HOUR}
    return {**data, "prospect": {"email": "kim@prospect.example"}, **changed}


async def book(agency: Agency, slot: str, **changed: Any) -> Any:
    return await agency.ask("appointments.meeting.book", booking(agency, slot, **changed))


def facts(agency: Agency, kind: str) -> list[Any]:
    found = agency.events("appointments.facts.v1")
    return [each for each in found if each["type"] == f"leadops.appointments.slot.{kind}.v1"]


async def test_what_a_calendar_says_twice_changes_nothing(agency: Agency) -> None:
    await open_order(agency)
    await book(agency, "a")
    told = ("meeting.cancel", {"slot": "a", "by": "customer"})
    moved = ("meeting.move", {"slot": "a", "to": "b"})
    came = ("meeting.attendance", {"slot": "a", "prospect": "present", "evidence": "the link"})
    asked = [told, told, moved, moved, came, came]
    answers = [await agency.ask(f"appointments.{kind}", data) for kind, data in asked]
    expected = ["cancelled", "unchanged", "moved", "unchanged", "noted", "unchanged"]
    assert expected == codes(answers)


async def test_who_came_is_kept_with_where_it_is_known_from(agency: Agency) -> None:
    await open_order(agency)
    await book(agency, "a")
    data = {"slot": "a", "prospect": "present", "customer": "absent", "evidence": "the link"}
    await agency.ask("appointments.meeting.attendance", data)
    (fact,) = facts(agency, "attended")
    assert ("present", "absent", "the link", "ops") == tuple(
        fact[name] for name in ("prospect", "customer", "evidence", "by")
    )


async def test_a_booking_that_moves_another_says_by_whom(agency: Agency) -> None:
    await open_order(agency)
    await book(agency, "a")
    await book(agency, "b", moves="a", moved_by="team")
    (fact,) = facts(agency, "moved")
    assert ("a", "b", "team") == (fact["slot"], fact["to"], fact["side"])


async def test_a_booking_has_the_version_that_was_in_force(agency: Agency) -> None:
    """Not the one that waits to be accepted."""
    await open_order(agency)
    wanted = {"order": "o", "account": "acme", "wanted_per_month": 7, "currency": "USD"}
    await agency.ask("appointments.order.put", wanted | {"price_minor": 9000})
    await book(agency, "a")
    (fact,) = facts(agency, "booked")
    assert (1, 4000) == (fact["order_version"], fact["price_minor"])
    await put_order(agency, 5000)
    await book(agency, "b")
    fact = facts(agency, "booked")[-1]
    assert (3, 5000) == (fact["order_version"], fact["price_minor"])


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"end": "2020-01-01T00:00:00Z"}, "ends_before_start", "end"),
        ({"prospect": {"email": "nobody"}}, "email_invalid", "prospect.email"),
        ({"representative": {"email": "nobody"}}, "email_invalid", "representative.email"),
    ],
)
async def test_a_booking_is_refused_by_its_field(
    agency: Agency, changed: dict[str, Any], code: str, field: str
) -> None:
    await open_order(agency)
    answer = await book(agency, "a", **changed)
    assert (code, field) == (answer["code"], answer["details"]["field"])


async def test_a_slot_is_booked_once(agency: Agency) -> None:
    await open_order(agency)
    await book(agency, "a")
    answer = await book(agency, "a", prospect={"email": "robin@prospect.example"})
    assert ("slot_taken", "slot") == (answer["code"], answer["details"]["field"])


async def test_customers_who_share_a_calendar_keep_their_own(agency: Agency) -> None:
    """A slot that both are connected with is whose booking it is."""
    await open_order(agency)
    await agency.ask("billing.account.put", {"account": "other", "currency": "USD"})
    order = {"order": "p", "account": "other", "wanted_per_month": 7, "currency": "USD"}
    await agency.ask("appointments.order.put", order | {"price_minor": 100})
    await book(agency, "ours")
    await agency.advance(HOUR)
    await book(agency, "theirs", order="p")
    for slot in ("ours", "theirs"):
        await agency.ask("appointments.meeting.move", {"slot": slot, "to": "between"})
    answer = await book(agency, "between", order="p")
    assert ("booked", "other") == (answer["code"], answer["details"]["account"])
    assert [] == agency.stored("appointments", "dead_letters")
