"""Slots of calendars, in a shard of their own each: whose meeting a slot is of, and what is known
of it, whoever told it first.

The two halves of a reschedule name two slots, may come in any order, and may name two addresses of
one person. So what a calendar says of a slot is kept here, and is told to the person whose meeting
it is as soon as that is known. Slots that moves connect tell each other whose they are: of two
persons the one with the earlier booking has the meeting, so in the end all of them say the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.appointments.orders.orders import Order
from shared.contracts.appointments import (
    BookMeeting,
    CancelMeeting,
    MoveMeeting,
    Presence,
    RecordAttendance,
    Side,
    SlotAttended,
    SlotBooked,
    SlotCancelled,
    SlotGone,
    SlotLinked,
    SlotMoved,
    SlotMovedFrom,
    SlotOwner,
    SlotReported,
    SlotStated,
    Statement,
)
from shared.contracts.event import Event
from shared.emails import email_address
from shared.ids import pseudonym
from shared.loop.decision import Accepted, Context, Decision, Publish, Refused
from shared.loop.working_set import Ref, ref_by_name

OfSlot = (
    BookMeeting
    | MoveMeeting
    | CancelMeeting
    | RecordAttendance
    | SlotLinked
    | SlotMovedFrom
    | SlotStated
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a calendar said of a slot beside its booking. Said again, the first time counts."""

    what: Literal["moved", "cancelled", "attended"]
    at: datetime
    by: str
    side: Side = "unknown"
    to: str = ""
    prospect: Presence = "unknown"
    customer: Presence = "unknown"
    evidence: str = ""

    def is_again(self, other: "Told") -> bool:
        return replace(self, at=other.at, by=other.by) == other


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """Whose meeting it is of; the lowest of several that are connected."""

    since: datetime
    """When the earliest slot of the meeting was booked, as far as it is known here."""
    person: str
    account: str


@dataclass(frozen=True, slots=True)
class Slot:
    id: str
    version: int
    tenant: str
    slot: str
    booking: BookMeeting | None = None
    booked_at: datetime | None = None
    booked: SlotBooked | None = None
    """With what was frozen then; None of what is booked for no order that is known."""
    told: tuple[Told, ...] = ()
    statements: tuple[Statement, ...] = ()
    """Decided by the person who had the meeting then."""
    neighbours: tuple[str, ...] = ()
    """The slots that a move connects with it."""
    owner: Owner | None = None


def slot_of(event: OfSlot, context: Context) -> Ref[Slot]:
    return ref_by_name(Slot, context.tenant, event.slot)


def book(
    command: BookMeeting, before: Slot | None, order: Order | None, secret: str, context: Context
) -> Decision:
    """`secret` keys the pseudonym of the person."""
    slot, address = _slot(before, command, context), email_address(command.prospect.email)
    if refused := _why_not(command, slot, address):
        return Decision(answer=refused)
    if slot.booked is not None or (slot.booking is not None and order is None):
        return Decision(answer=Accepted("unchanged"))
    at = slot.booked_at or context.cause.time
    after = replace(slot, booking=command, booked_at=at)
    if order is None:
        return Decision(save=[after], answer=Accepted("unassigned"))
    person = pseudonym(secret, context.tenant, address or "")
    booked = _freeze(command, order, person, at, context)
    after = replace(after, booked=booked, owner=_earlier(slot, Owner(at, person, booked.account)))
    publish = [*_news(slot, after)]
    if command.moves is not None:
        half = SlotMovedFrom(
            slot=command.moves, to=command.slot, at=at, side=command.moved_by, by=booked.by
        )
        publish.append(Publish(half, _key(context.tenant, command.moves)))
    return Decision(save=[after], publish=publish, answer=Accepted("booked", details=_of(after)))


def _slot(before: Slot | None, event: OfSlot, context: Context) -> Slot:
    return before or Slot(slot_of(event, context).id, 0, context.tenant, event.slot)


def _why_not(command: BookMeeting, slot: Slot, address: str | None) -> Refused | None:
    if command.end <= command.start:
        text = "a slot ends after it starts"
        return Refused("ends_before_start", text, {"field": "end"})
    if address is None:
        text = "this is no address of a person"
        return Refused("email_invalid", text, {"field": "prospect.email"})
    if command.representative and email_address(command.representative.email) is None:
        text = "this is no address of a person"
        return Refused("email_invalid", text, {"field": "representative.email"})
    before = slot.booking
    if before is not None and (
        (before.start, before.end, email_address(before.prospect.email))
        != (command.start, command.end, address)
        or (slot.booked is not None and before.order != command.order)
    ):
        text = "the slot is booked for another time, person or order"
        return Refused("slot_taken", text, {"field": "slot"})
    return None


def _freeze(
    command: BookMeeting, order: Order, person: str, at: datetime, context: Context
) -> SlotBooked:
    """What was ordered when it was booked holds for it, whatever is ordered later."""
    definition, price = order.definition, order.price_at(at)
    return SlotBooked(
        slot=command.slot,
        account=definition.account,
        person=person,
        order=definition.order,
        order_version=price.number if price else order.number,
        price_minor=price.minor if price else None,
        currency=definition.currency,
        follow_up_days=definition.follow_up_days,
        booked_at=at,
        start=command.start,
        end=command.end,
        prospect=command.prospect,
        representative=command.representative,
        title=command.title,
        location=command.location,
        profile=command.profile,
        criteria=definition.criteria,
        moves=command.moves,
        moved_by=command.moved_by,
        by=context.cause.actor,
    )


def move(command: MoveMeeting, before: Slot | None, context: Context) -> Decision:
    if command.to == command.slot:
        text = "a meeting moves to another slot"
        return Decision(answer=Refused("same_slot", text, {"field": "to"}))
    told = Told("moved", context.cause.time, context.cause.actor, side=command.by, to=command.to)
    return _note(_slot(before, command, context), told, "moved")


def moved_from(event: SlotMovedFrom, before: Slot | None, context: Context) -> Decision:
    """The other slot's booking says so."""
    told = Told("moved", event.at, event.by, side=event.side, to=event.to)
    return replace(_note(_slot(before, event, context), told, "moved"), answer=None)


def cancel(command: CancelMeeting, before: Slot | None, context: Context) -> Decision:
    told = Told("cancelled", context.cause.time, context.cause.actor, side=command.by)
    return _note(_slot(before, command, context), told, "cancelled")


def attend(command: RecordAttendance, before: Slot | None, context: Context) -> Decision:
    told = Told(
        "attended",
        context.cause.time,
        context.cause.actor,
        prospect=command.prospect,
        customer=command.customer,
        evidence=command.evidence,
    )
    return _note(_slot(before, command, context), told, "noted")


def _note(slot: Slot, told: Told, code: str) -> Decision:
    again = [each for each in slot.told if each.is_again(told)]
    if any(each.at <= told.at for each in again):
        return Decision(answer=Accepted("unchanged"))
    others = tuple(each for each in slot.told if each not in again)
    after = replace(slot, told=(*others, told))
    if told.to:
        after = replace(after, neighbours=_with(after.neighbours, told.to))
    answer = Accepted(code, details=_of(after)) if after.owner else Accepted("kept")
    return Decision(save=[after], publish=[*_news(slot, after)], answer=answer)


def keep(event: SlotStated, before: Slot | None, context: Context) -> Decision:
    """Also told to whom it came from: meanwhile the slot may have gone, and come back."""
    slot = _slot(before, event, context)
    if event.statement in slot.statements:
        return Decision()
    after = replace(slot, statements=(*slot.statements, event.statement))
    return Decision(save=[after], publish=[*_news(slot, after)])


def link(event: SlotLinked, before: Slot | None, context: Context) -> Decision:
    """A neighbour says whose meeting it is of; who knows better says so."""
    slot, told = _slot(before, event, context), event.owner
    other = Owner(told.since, told.person, told.account) if told else None
    after = replace(
        slot,
        neighbours=_with(slot.neighbours, event.neighbour),
        owner=_earlier(slot, other) if other else slot.owner,
    )
    publish = [*_news(slot, after)]
    was_told = slot.owner != after.owner or event.neighbour not in slot.neighbours
    if not was_told and after.owner is not None and _is_better(after.owner, other):
        publish.append(_link(after, event.neighbour))
    return Decision(save=[after] if after != before else [], publish=publish)


def _is_better(own: Owner, other: Owner | None) -> bool:
    """Two customers never agree, and do not have to."""
    return other is None or (own.account == other.account and own < other)


def _earlier(slot: Slot, other: Owner) -> Owner:
    """Where two customers share a calendar, the meetings of one are never the other's."""
    if slot.owner is None:
        return other
    if slot.owner.account == other.account:
        return min(slot.owner, other)
    is_own = slot.booked is not None and slot.booked.account == slot.owner.account
    return slot.owner if is_own else other


def _news(before: Slot, after: Slot) -> Iterator[Publish]:
    """What its owner, its neighbours, and who has it no more have to learn."""
    owner, had = after.owner, before.owner
    for name in after.neighbours:
        if owner != had or name not in before.neighbours:
            yield _link(after, name)
    if owner is None:
        return
    has_changed = had is None or had.person != owner.person or had.account != owner.account
    known = () if has_changed else tuple(_facts(before, owner))
    for event in _facts(after, owner):
        if event not in known:
            yield Publish(event, owner.person)
    if had is not None and has_changed:
        gone = SlotGone(slot=after.slot, account=had.account, person=had.person)
        yield Publish(gone, had.person)


def _link(slot: Slot, name: str) -> Publish:
    had = slot.owner
    owner = SlotOwner(account=had.account, person=had.person, since=had.since) if had else None
    event = SlotLinked(slot=name, neighbour=slot.slot, owner=owner)
    return Publish(event, _key(slot.tenant, name))


def _facts(slot: Slot, owner: Owner) -> Iterator[Event]:
    whose = {"slot": slot.slot, "account": owner.account, "person": owner.person}
    if slot.booked is not None:
        yield slot.booked.model_copy(update=whose)
    for told in slot.told:
        said = {**whose, "at": told.at, "by": told.by}
        match told.what:
            case "moved":
                yield SlotMoved(**said, to=told.to, side=told.side)
            case "cancelled":
                yield SlotCancelled(**said, side=told.side)
            case "attended":
                yield SlotAttended(
                    **said,
                    prospect=told.prospect,
                    customer=told.customer,
                    evidence=told.evidence,
                )
    for statement in slot.statements:
        yield SlotReported(**whose, statement=statement)


def _of(slot: Slot) -> dict[str, str]:
    return {"person": slot.owner.person, "account": slot.owner.account} if slot.owner else {}


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


def _key(tenant: str, slot: str) -> str:
    return f"{tenant}/{slot}"
