"""Calendly's webhooks as commands: pure, from the bytes that came to what is asked because of them.

A reschedule is two of them, a new invitee that names the old one and a cancellation of the old one
that may name the new; either tells it whole. A host is the customer. The order is what the link was
tagged with, as its `utm_campaign`.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from pydantic import AliasPath, BaseModel, Field, TypeAdapter, ValidationError

from shared.contracts.appointments import (
    BookMeeting,
    CancelMeeting,
    MoveMeeting,
    Prospect,
    RecordAttendance,
    Side,
)
from shared.contracts.event import Command
from shared.contracts.values import Id, Instant, Name, Text
from shared.doors import Delivery, Door, NotNeeded, Opened, TurnedAway, is_signature
from shared.ids import derived_id

AGE_MAX = timedelta(minutes=3)
SIGNATURE = "calendly-webhook-signature"
_SIGNED = re.compile(r"t=(\d{1,11}),v1=([0-9a-f]{64})")
_BY: Mapping[str, Side] = {"host": "customer", "invitee": "prospect"}
_ORDER = TypeAdapter(Name)


class Webhook(BaseModel):
    """What of it is read."""

    event: str
    created_at: Instant
    payload: dict[str, Any]


class Invitee(BaseModel):
    uri: Id
    email: Text
    name: Text | None = None
    phone: Text | None = Field(None, alias="text_reminder_number")
    created_at: Instant
    old_invitee: Id | None = None
    start: Instant = Field(validation_alias=AliasPath("scheduled_event", "start_time"))
    end: Instant = Field(validation_alias=AliasPath("scheduled_event", "end_time"))
    campaign: str | None = Field(None, validation_alias=AliasPath("tracking", "utm_campaign"))


class Cancelled(BaseModel):
    uri: Id
    rescheduled: bool = False
    new_invitee: Id | None = None
    canceler: str | None = Field(None, validation_alias=AliasPath("cancellation", "canceler_type"))
    cancelled_at: Instant | None = Field(
        None, validation_alias=AliasPath("cancellation", "created_at")
    )


class NoShow(BaseModel):
    invitee: Id
    created_at: Instant


class _Asked(NamedTuple):
    command: Command
    slot: str
    at: datetime


def calendly(keys: Mapping[str, str]) -> Door:
    """`keys` has each tenant's signing key."""

    def open_(delivery: Delivery) -> Opened | NotNeeded | TurnedAway:
        return _open(delivery, keys)

    return Door("calendly", "/calendly/{tenant}", "calendar", open_)


def _open(delivery: Delivery, keys: Mapping[str, str]) -> Opened | NotNeeded | TurnedAway:
    tenant = delivery.path["tenant"]
    if refused := _not_genuine(delivery, keys.get(tenant)):
        return refused
    try:
        webhook = Webhook.model_validate_json(delivery.body)
        asked = _read(webhook)
    except ValidationError:
        # The sender tries for a day: time to learn the shape, and the comparison finds it as well.
        return TurnedAway("shape_unknown", 422)
    if isinstance(asked, NotNeeded):
        return asked
    id_ = derived_id("calendly", webhook.event, asked.slot, asked.at.isoformat())
    return Opened(asked.command, id_, asked.at, "calendly", tenant)


def _not_genuine(delivery: Delivery, key: str | None) -> TurnedAway | None:
    """Signed over the time and the body; what is old may be one that somebody has kept."""
    found = _SIGNED.fullmatch(delivery.headers.get(SIGNATURE, ""))
    if found is None or key is None:
        return TurnedAway("signature_wrong", 401)
    message = f"{found[1]}.".encode() + delivery.body
    expected = hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
    if not is_signature(found[2], expected):
        return TurnedAway("signature_wrong", 401)
    age = delivery.at - datetime.fromtimestamp(int(found[1]), UTC)
    if abs(age) > AGE_MAX:
        return TurnedAway("too_old")
    return None


def _read(webhook: Webhook) -> _Asked | NotNeeded:
    match webhook.event:
        case "invitee.created":
            return _book(Invitee.model_validate(webhook.payload))
        case "invitee.canceled":
            return _cancel(Cancelled.model_validate(webhook.payload), webhook.created_at)
        case "invitee_no_show.created":
            return _no_show(NoShow.model_validate(webhook.payload), "absent", "marked as a no-show")
        case "invitee_no_show.deleted":
            no_show = NoShow.model_validate(webhook.payload)
            undone = no_show.model_copy(update={"created_at": webhook.created_at})
            return _no_show(undone, "unknown", "the mark was taken back")
    return NotNeeded("other_event")


def _book(invitee: Invitee) -> _Asked:
    slot = _slot(invitee.uri)
    command = BookMeeting(
        slot=slot,
        order=_order(invitee.campaign),
        start=invitee.start,
        end=invitee.end,
        prospect=Prospect(email=invitee.email, name=invitee.name, phone=invitee.phone),
        moves=_slot(invitee.old_invitee) if invitee.old_invitee else None,
    )
    return _Asked(command, slot, invitee.created_at)


def _cancel(cancelled: Cancelled, told_at: datetime) -> _Asked | NotNeeded:
    slot, by = _slot(cancelled.uri), _BY.get(cancelled.canceler or "", "unknown")
    at = cancelled.cancelled_at or told_at
    if cancelled.new_invitee is not None:
        return _Asked(MoveMeeting(slot=slot, to=_slot(cancelled.new_invitee), by=by), slot, at)
    if cancelled.rescheduled:
        return NotNeeded("other_half_tells")
    return _Asked(CancelMeeting(slot=slot, by=by), slot, at)


def _no_show(no_show: NoShow, prospect: Literal["absent", "unknown"], evidence: str) -> _Asked:
    slot = _slot(no_show.invitee)
    command = RecordAttendance(slot=slot, prospect=prospect, evidence=f"Calendly: {evidence}")
    return _Asked(command, slot, no_show.created_at)


def _slot(uri: str) -> str:
    return f"calendly:{uri}"


def _order(campaign: str | None) -> str | None:
    """A link without an order's name, or with what can be none, books a meeting of no order."""
    try:
        return _ORDER.validate_python(campaign)
    except ValidationError:
        return None
