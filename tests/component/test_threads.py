"""Threads between a customer and the house: what becomes part of one, and what a notice in it
does (APT-17)."""

from datetime import timedelta
from typing import Any

import pytest

from services.appointments.meetings.dossier import meeting_id
from shared.contracts.threads import MESSAGES_MAX
from tests.component.agency import Agency
from tests.component.test_meetings import EMAIL, open_order
from tests.component.test_orders import DAY, answer, book, order, put_account

THEIRS = {"role": "representative", "actor": "acme/robin"}


async def write(agency: Agency, changed: dict[str, Any] | None = None, **who: Any) -> Any:
    said = {"account": "acme", "thread": "t", "message": "m1", "channel": "chat"}
    said |= {"direction": "from_customer", "text": "When is it?"} | (changed or {})
    return await agency.ask("appointments.thread.message.record", said, **who)


async def test_a_message_is_recorded_once(agency: Agency) -> None:
    await put_account(agency)
    assert "recorded" == (await write(agency, {}, **THEIRS))["code"]
    assert "unchanged" == (await write(agency, {}, **THEIRS))["code"]
    assert "message_exists" == (await write(agency, {"text": "Never mind."}))["code"]
    reply = {"message": "m2", "direction": "to_customer", "text": "On Monday."}
    assert "recorded" == (await write(agency, reply))["code"]
    (thread,) = agency.stored("appointments", "threads")
    told = [(each["id"], each["by"], each["direction"]) for each in thread["messages"]]
    assert [("m1", "acme/robin", "from_customer"), ("m2", "ops", "to_customer")] == told


async def test_a_thread_is_about_an_order_and_a_meeting_of_its_account(agency: Agency) -> None:
    await open_order(agency)
    await book(agency, "a")
    await put_account(agency, account="other")
    mine = {"order": "o", "meeting": meeting_id("main", "a")}
    assert "account_unknown" == (await write(agency, {"account": "nobody"}))["code"]
    assert "order_unknown" == (await write(agency, {"order": "none"}))["code"]
    assert "meeting_unknown" == (await write(agency, {"meeting": "none"}))["code"]
    for name, of in mine.items():
        theirs = {"account": "other", name: of}
        assert f"{name}_unknown" == (await write(agency, theirs))["code"]
    assert [] == agency.stored("appointments", "threads")
    assert "recorded" == (await write(agency, mine))["code"]
    await agency.ask("appointments.order.put", order(order="second"))
    other = {"message": "m2", "order": "second"}
    assert "about_another" == (await write(agency, other))["code"]
    assert "recorded" == (await write(agency, {"message": "m2"}))["code"]


async def test_a_customer_writes_in_its_own_threads_and_as_itself_alone(agency: Agency) -> None:
    await put_account(agency)
    stranger = {"role": "representative", "actor": "other/robin"}
    assert "not_permitted" == (await write(agency, {}, **stranger))["code"]
    assert "not_permitted" == (await write(agency, {"direction": "to_customer"}, **THEIRS))["code"]
    assert [] == agency.stored("appointments", "threads")


async def test_a_thread_has_room_for_so_many_messages(agency: Agency) -> None:
    await put_account(agency)
    for number in range(MESSAGES_MAX - 1):
        data = {"account": "acme", "thread": "t", "message": f"n{number}", "channel": "email"}
        data |= {"direction": "to_customer", "text": "again"}
        agency.publish("appointments.thread.message.record", data)
    assert "recorded" == (await write(agency))["code"]
    assert "thread_full" == (await write(agency, {"message": "more"}))["code"]
    assert "unchanged" == (await write(agency))["code"]
    assert "recorded" == (await write(agency, {"thread": "t2", "message": "more"}))["code"]


@pytest.mark.parametrize("is_told_before", [False, True])
async def test_a_notice_in_a_thread_interrupts_the_order_from_when_it_was_written(
    agency: Agency, is_told_before: bool
) -> None:
    """Not from when it was recorded; a notice that came before it stands."""
    await open_order(agency)
    await answer(agency, "email.request", EMAIL)
    await agency.advance(10 * DAY)
    written_at = agency.now - 2 * DAY
    if is_told_before:
        notice = {"order": "o", "account": "acme", "received_at": agency.now.isoformat()}
        await answer(agency, "order.interrupt", notice | {"reason": "by phone"})
    said = {"order": "o", "gives_notice": True, "text": "We stop."}
    assert "recorded" == (await write(agency, said, at=written_at))["code"]
    (stored,) = agency.stored("appointments", "orders")
    assert is_told_before == (stored["notice"]["thread"] is None)
    assert is_told_before == (stored["notice"]["received_at"] > written_at)
    assert "allowed" == await answer(agency, "email.request", EMAIL)
    await agency.advance(25 * DAY)
    assert "interrupted" == await answer(agency, "email.request", EMAIL)


async def test_a_notice_names_its_order_in_the_message_or_in_the_thread_before(
    agency: Agency,
) -> None:
    await open_order(agency)
    assert "order_missing" == (await write(agency, {"gives_notice": True}))["code"]
    assert "recorded" == (await write(agency, {"order": "o"}))["code"]
    assert "recorded" == (await write(agency, {"message": "m2", "gives_notice": True}))["code"]
    (stored,) = agency.stored("appointments", "orders")
    assert ("t", "m2") == (stored["notice"]["thread"], stored["notice"]["message"])


async def test_what_is_written_of_a_meeting_reports_nothing(agency: Agency) -> None:
    """A report counts as a command of its own only."""
    await open_order(agency)
    await book(agency, "a")
    said = {"meeting": meeting_id("main", "a"), "text": "Off target! Nobody came. No-show!"}
    assert "recorded" == (await write(agency, said, **THEIRS))["code"]
    await agency.advance(8 * DAY + timedelta(hours=25))
    told = agency.events("appointments.events.v1")
    assert "billable" == [each["state"] for each in told if "state" in each][-1]
