"""Calendly's webhooks become commands, each of them once, and nobody else's do."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.appointments.doors.calendly import SIGNATURE, calendly
from shared.contracts.appointments import (
    BookMeeting,
    CancelMeeting,
    MoveMeeting,
    RecordAttendance,
)
from shared.doors import Delivery, NotNeeded, Opened, TurnedAway, command_record

KEY = "the tenant's signing key"
NOW = datetime(2027, 3, 2, 9, 0, 30, tzinfo=UTC)
DOOR = calendly({"main": KEY})
API = "https://api.calendly.com/scheduled_events"
OLD, NEW = f"{API}/AAAA/invitees/OLD", f"{API}/BBBB/invitees/NEW"
INVITEE = {
    "uri": NEW,
    "email": "kim@prospect.example",
    "name": "Kim Prospect",
    "first_name": None,
    "text_reminder_number": None,
    "created_at": "2027-03-02T09:00:00.123456Z",
    "updated_at": "2027-03-02T09:00:00.123456Z",
    "old_invitee": None,
    "new_invitee": None,
    "rescheduled": False,
    "no_show": None,
    "cancellation": None,
    "timezone": "Nowhere/Atlantis",
    "tracking": {"utm_campaign": "o", "utm_source": None},
    "scheduled_event": {
        "uri": f"{API}/BBBB",
        "start_time": "2027-03-10T14:00:00.000000Z",
        "end_time": "2027-03-10T14:30:00.000000Z",
    },
}
CANCELLATION = {
    "canceler_type": "host",
    "created_at": "2027-03-02T08:59:59.000000Z",
    "reason": None,
}


def brought(event: str, payload: Mapping[str, Any], *, age: float = 0, key: str = KEY) -> Delivery:
    whole = {"event": event, "created_at": "2027-03-02T09:00:01.000000Z", "payload": payload}
    return signed(json.dumps(whole).encode(), age=age, key=key)


def signed(body: bytes, *, age: float = 0, key: str = KEY) -> Delivery:
    at = str(int((NOW - timedelta(seconds=age)).timestamp()))
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {SIGNATURE: f"t={at},v1={digest}"}
    return Delivery(headers, {}, {"tenant": "main"}, body, NOW)


def asked(event: str, payload: Mapping[str, Any]) -> Opened:
    found = DOOR.open(brought(event, payload))
    assert isinstance(found, Opened)
    command_record(DOOR.source, DOOR.role, found)
    return found


def test_a_booking_is_asked_with_what_the_calendar_knows() -> None:
    found = asked("invitee.created", INVITEE)
    assert found.time == datetime(2027, 3, 2, 9, 0, 0, 123000, UTC)
    command = found.command
    assert isinstance(command, BookMeeting)
    assert (f"calendly:{NEW}", "o", None) == (command.slot, command.order, command.moves)
    assert timedelta(minutes=30) == command.end - command.start
    assert ("kim@prospect.example", None) == (command.prospect.email, command.prospect.phone)


def test_either_half_of_a_reschedule_tells_it_whole() -> None:
    booked = asked("invitee.created", INVITEE | {"old_invitee": OLD}).command
    assert isinstance(booked, BookMeeting) and booked.moves == f"calendly:{OLD}"
    gone = {"uri": OLD, "rescheduled": True, "new_invitee": NEW, "cancellation": CANCELLATION}
    moved = asked("invitee.canceled", gone).command
    assert MoveMeeting(slot=f"calendly:{OLD}", to=f"calendly:{NEW}", by="customer") == moved


@pytest.mark.parametrize(
    ("canceler", "by"),
    [("host", "customer"), ("invitee", "prospect"), ("robot", "unknown"), (None, "unknown")],
)
def test_who_cancelled_is_told(canceler: str | None, by: str) -> None:
    cancellation = CANCELLATION | {"canceler_type": canceler}
    gone = {"uri": OLD, "rescheduled": False, "new_invitee": None, "cancellation": cancellation}
    found = asked("invitee.canceled", gone)
    assert CancelMeeting(slot=f"calendly:{OLD}", by=by) == found.command
    assert datetime(2027, 3, 2, 8, 59, 59, tzinfo=UTC) == found.time


def test_a_cancellation_without_a_word_of_who_and_when_is_one_all_the_same() -> None:
    found = asked("invitee.canceled", {"uri": OLD, "cancellation": None})
    assert CancelMeeting(slot=f"calendly:{OLD}") == found.command
    assert datetime(2027, 3, 2, 9, 0, 1, tzinfo=UTC) == found.time


def test_a_mark_and_its_taking_back_are_evidence() -> None:
    mark = {"uri": "https://x.example/1", "invitee": NEW, "created_at": "2027-03-02T09:00:00Z"}
    found = [asked(f"invitee_no_show.{what}", mark) for what in ("created", "deleted")]
    told = [each.command for each in found]
    assert all(isinstance(each, RecordAttendance) for each in told)
    assert ["absent", "unknown"] == [getattr(each, "prospect", None) for each in told]
    assert found[0].id != found[1].id


def test_the_same_again_is_the_same_command() -> None:
    """Whatever the time at which it was signed."""
    first, second = (
        DOOR.open(brought("invitee.created", INVITEE, age=age)) for age in (0.0, 120.0)
    )
    assert first == second


@pytest.mark.parametrize("campaign", [None, "", "two words", "a/b", "x" * 201])
def test_a_link_without_an_order_books_all_the_same(campaign: str | None) -> None:
    command = asked("invitee.created", INVITEE | {"tracking": {"utm_campaign": campaign}}).command
    assert isinstance(command, BookMeeting) and command.order is None


@pytest.mark.parametrize("missing", ["tracking", "text_reminder_number", "old_invitee", "name"])
def test_what_calendly_leaves_out_or_null_is_nothing(missing: str) -> None:
    for payload in (INVITEE | {missing: None}, {k: v for k, v in INVITEE.items() if k != missing}):
        assert isinstance(asked("invitee.created", payload).command, BookMeeting)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SIGNATURE: ""},
        {SIGNATURE: "v1=00"},
        {SIGNATURE: "t=1,v1=" + "0" * 64},
        {SIGNATURE: "t=é,v1=" + "0" * 64},
        {SIGNATURE: "t=99999999999,v1=" + "0" * 64},
    ],
)
def test_what_is_not_signed_with_the_key_is_nobodys(headers: dict[str, str]) -> None:
    delivery = brought("invitee.created", INVITEE)
    forged = Delivery(headers, {}, delivery.path, delivery.body, NOW)
    assert TurnedAway("signature_wrong", 401) == DOOR.open(forged)


def test_another_key_another_tenant_or_another_body_is_nobodys() -> None:
    wrong = TurnedAway("signature_wrong", 401)
    assert wrong == DOOR.open(brought("invitee.created", INVITEE, key="another"))
    good = brought("invitee.created", INVITEE)
    assert wrong == DOOR.open(Delivery(good.headers, {}, {"tenant": "x"}, good.body, NOW))
    assert wrong == DOOR.open(Delivery(good.headers, {}, good.path, good.body + b" ", NOW))


@pytest.mark.parametrize(("age", "is_old"), [(180, False), (181, True), (-181, True)])
def test_what_is_older_than_three_minutes_is_turned_away(age: float, is_old: bool) -> None:
    delivery = brought("invitee.created", INVITEE, age=age)
    late = Delivery(delivery.headers, {}, delivery.path, delivery.body, NOW.replace(microsecond=0))
    assert is_old == (TurnedAway("too_old") == DOOR.open(late))


CREATED = {"event": "invitee.created", "created_at": "2027-03-02T09:00:01Z"}
OF_ANOTHER_VERSION = INVITEE | {"scheduled_event": f"{API}/BBBB"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"\xff\xfe",
        b"[]",
        json.dumps({"event": "invitee.created"}).encode(),
        json.dumps(CREATED | {"created_at": "soon", "payload": INVITEE}).encode(),
        json.dumps(CREATED | {"payload": {"uri": NEW}}).encode(),
        json.dumps(CREATED | {"payload": OF_ANOTHER_VERSION}).encode(),
    ],
)
def test_another_shape_is_told_and_comes_again(body: bytes) -> None:
    assert TurnedAway("shape_unknown", 422) == DOOR.open(signed(body))


def test_what_nobody_asked_for_is_taken_and_counted() -> None:
    assert NotNeeded("other_event") == DOOR.open(brought("routing_form_submission.created", {}))
    gone = {"uri": OLD, "rescheduled": True, "new_invitee": None}
    assert NotNeeded("other_half_tells") == DOOR.open(brought("invitee.canceled", gone))
