"""A calendar's door, as a service would have one: signed deliveries about booked meetings."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.event import Command
from shared.contracts.values import Name
from shared.doors import Delivery, Door, NotNeeded, Opened, TurnedAway, is_signature

SECRET = b"shared with the calendar"
AGE_MAX = timedelta(minutes=3)


class BookMeeting(
    Command, type="routing.meeting.book.v1", key="{meeting}", roles={"calendar"}, accepted=("ok",)
):
    meeting: Name
    note: str = ""


def open_door(delivery: Delivery) -> Opened | NotNeeded | TurnedAway:
    signed = hmac.new(SECRET, delivery.body, hashlib.sha256).hexdigest()
    if not is_signature(delivery.headers.get("x-signature", ""), signed):
        return TurnedAway("signature_wrong", 401)
    try:
        event = json.loads(delivery.body)
        sent, kind = datetime.fromtimestamp(event["sent"], UTC), event["kind"]
        command = BookMeeting(meeting=event["meeting"], note=event.get("note", ""))
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return TurnedAway("unreadable")
    if delivery.at - sent > AGE_MAX:
        return TurnedAway("too_old")
    if kind != "booked":
        return NotNeeded("other_kind")
    return Opened(command, event["id"], sent, "calendar", delivery.path["tenant"])


CALENDAR = Door("calendar", "/calendar/{tenant}", "calendar", open_door)


def body_of(number: int, at: datetime, **changed: Any) -> bytes:
    event = {"id": f"e-{number}", "kind": "booked", "sent": at.timestamp()}
    return json.dumps({**event, "meeting": f"m-{number}", **changed}).encode()


def signature_of(body: bytes) -> dict[str, str]:
    return {"x-signature": hmac.new(SECRET, body, hashlib.sha256).hexdigest()}
