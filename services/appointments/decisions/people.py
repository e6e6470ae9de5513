"""What a person's shard reads before it decides: the dossier, and what meetings are judged by that
others keep."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from services.appointments.meetings import dossier as dossiers
from services.appointments.meetings import reports
from services.appointments.meetings.business_days import business_days
from services.appointments.meetings.dossier import Beside, Dossier, JudgeMeetings
from services.appointments.meetings.facts import Cancelled, Moved
from services.appointments.meetings.reports import About, Case, ReviewIsDue
from services.appointments.meetings.statements import known_of
from services.appointments.orders.exclusions import Exclusions
from services.appointments.orders.orders import Order
from services.appointments.orders.policy import policy_of
from shared.contracts.appointments import (
    PersonToJudge,
    SlotAttended,
    SlotBooked,
    SlotCancelled,
    SlotGone,
    SlotMoved,
    SlotReported,
)
from shared.loop.decision import Context, Decision
from shared.loop.working_set import Reads, Ref, WorkingSet, ref_by_name

OfSlot = SlotBooked | SlotMoved | SlotCancelled | SlotAttended | SlotReported | SlotGone
OfPerson = OfSlot | PersonToJudge | About | JudgeMeetings | ReviewIsDue
"""What names the customer and the person."""


def dossier_of(event: OfPerson, context: Context) -> Ref[Dossier]:
    return ref_by_name(Dossier, context.tenant, event.account, event.person)


def reads(state: WorkingSet, event: OfPerson, context: Context) -> Reads:
    yield [
        dossier_of(event, context),
        ref_by_name(Exclusions, context.tenant, event.account),
        policy_of(context),
    ]
    known = state.get(dossier_of(event, context))
    booked = [event.order] if isinstance(event, SlotBooked) else []
    names = [*(known.orders if known else []), *booked]
    yield [ref_by_name(Order, context.tenant, name) for name in names]


def _beside(state: WorkingSet, dossier: Dossier) -> Beside:
    orders = (state.peek(ref_by_name(Order, dossier.tenant, name)) for name in dossier.orders)
    exclusions = state.get(ref_by_name(Exclusions, dossier.tenant, dossier.account))
    return Beside(exclusions, [order for order in orders if order is not None])


def _or_new(event: OfSlot, before: Dossier | None, context: Context) -> Dossier:
    ref = dossier_of(event, context)
    return before or Dossier(ref.id, 0, context.tenant, event.account, event.person)


def note(state: WorkingSet, event: OfSlot, context: Context) -> Decision:
    """What a calendar said of a slot becomes a fact of the person's meetings."""
    before = state.get(dossier_of(event, context))
    after = _with_news(event, _or_new(event, before, context))
    if after == before:
        return Decision()
    decision = dossiers.decide(before, after, _beside(state, after), context)
    if isinstance(event, SlotReported) and event.statement.what == "off_target":
        days = business_days(state.get(policy_of(context)))
        due = reports.alert_of(event, event.statement.at, days, context)
        return replace(decision, due=[*decision.due, due])
    return decision


def _with_news(event: OfSlot, dossier: Dossier) -> Dossier:
    match event:
        case SlotBooked():
            return dossier.with_booking(event)
        case SlotMoved():
            moved = Moved(slot=event.slot, to=event.to, at=event.at, by=event.side)
            return dossier.with_fact(moved, event.by)
        case SlotCancelled():
            cancelled = Cancelled(slot=event.slot, at=event.at, by=event.side)
            return dossier.with_fact(cancelled, event.by)
        case SlotAttended():
            return dossier.with_evidence(event)
        case SlotReported():
            return dossier.with_known(known_of(event.slot, event.statement))
        case SlotGone():
            return dossier.without_slot(event.slot)


def judge(state: WorkingSet, event: PersonToJudge | JudgeMeetings, context: Context) -> Decision:
    """Its time has come, or something beside the meetings has changed."""
    dossier = state.get(dossier_of(event, context))
    if dossier is None:
        return Decision()
    after = dossier.until(event.until) if isinstance(event, JudgeMeetings) else dossier
    return dossiers.decide(dossier, after, _beside(state, dossier), context)


A = TypeVar("A", bound=About | ReviewIsDue)


def about_meeting(
    decide: Callable[[A, Case], Decision],
) -> Callable[[WorkingSet, A, Context], Decision]:
    """A command about a meeting, decided with all that is known of the person."""

    def decide_with(state: WorkingSet, command: A, context: Context) -> Decision:
        dossier = state.get(dossier_of(command, context))
        beside = _beside(state, dossier) if dossier else Beside(None, ())
        days = business_days(state.get(policy_of(context)))
        return decide(command, Case(dossier, beside, days, context))

    return decide_with
