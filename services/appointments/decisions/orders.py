"""What the shards of orders and slots read before they decide, and how what changed there reaches
the people whose meetings it concerns."""

from collections.abc import Callable
from typing import TypeVar

from services.appointments.meetings.dossier import Dossier
from services.appointments.orders import orders
from services.appointments.orders.accounts import Account
from services.appointments.orders.counts import Counted, booked_in
from services.appointments.orders.orders import Order
from services.appointments.orders.parties import not_theirs
from services.appointments.orders.preparation import (
    OfPreparation,
    Preparation,
    preparation_of,
)
from services.appointments.slots import slots
from shared.contracts.appointments import BookMeeting, PersonToJudge
from shared.contracts.orders import (
    AcceptOrder,
    ExclusionsChanged,
    InterruptOrder,
    MailboxChanged,
    MoveStep,
    OrderInterrupted,
    PutOrder,
    PutPreparation,
    RecordCost,
    SendEmail,
    TickDomain,
)
from shared.contracts.threads import NoticeGiven
from shared.loop.decision import Context, Decision, Publish, Refused
from shared.loop.working_set import Page, Reads, Ref, WorkingSet, ref_by_name

PEOPLE_AT_ONCE = 200
OfOrder = PutOrder | AcceptOrder | InterruptOrder | OfPreparation


def order_of(event: OfOrder | BookMeeting | NoticeGiven, context: Context) -> Ref[Order]:
    return ref_by_name(Order, context.tenant, event.order or "")


def put_reads(_state: WorkingSet, command: PutOrder, context: Context) -> Reads:
    account = ref_by_name(Account, context.tenant, command.account)
    yield [order_of(command, context), account]


def put(state: WorkingSet, command: PutOrder, context: Context) -> Decision:
    account = state.get(ref_by_name(Account, context.tenant, command.account))
    return orders.put(command, state.get(order_of(command, context)), account, context)


P = TypeVar("P", bound=PutPreparation | MoveStep | TickDomain | RecordCost)


def prepare_reads(_state: WorkingSet, command: OfPreparation, context: Context) -> Reads:
    yield [order_of(command, context), preparation_of(command, context)]


def prepare(
    decide: Callable[[P, Preparation | None, Context], Decision],
) -> Callable[[WorkingSet, P, Context], Decision]:
    """Only an order that is there is prepared."""

    def decide_with(state: WorkingSet, command: P, context: Context) -> Decision:
        if state.get(order_of(command, context)) is None:
            return Decision(answer=Refused.unknown("order", command.order))
        return decide(command, state.get(preparation_of(command, context)), context)

    return decide_with


def accept(command: AcceptOrder, before: Order | None, context: Context) -> Decision:
    if refused := not_theirs(context.cause, command.account):
        return Decision(answer=refused)
    return orders.accept(command, before, context)


OfAccount = InterruptOrder | SendEmail | NoticeGiven
"""What is decided by the account that the order is of."""


def reads(state: WorkingSet, command: OfAccount, context: Context) -> Reads:
    yield [order_of(command, context)]
    yield [ref for ref in [_account_of(state, command, context)] if ref]


def _account_of(state: WorkingSet, command: OfAccount, context: Context) -> Ref[Account] | None:
    order = state.get(order_of(command, context))
    return ref_by_name(Account, context.tenant, order.definition.account) if order else None


def email_reads(state: WorkingSet, command: SendEmail, context: Context) -> Reads:
    yield from reads(state, command, context)
    yield [preparation_of(command, context)]
    if (page := _bookings_of_month(state, command, context)) is not None:
        yield [page]


def _bookings_of_month(
    state: WorkingSet, command: SendEmail, context: Context
) -> Page[Counted] | None:
    """In this month of the order; None while no email was sent."""
    order, account = state.get(order_of(command, context)), _account_of(state, command, context)
    known = state.get(account) if account else None
    months = order.months(known.zone) if order and known else None
    return booked_in(context.tenant, command.order, months, context.cause.time) if months else None


def interrupt(state: WorkingSet, command: InterruptOrder, context: Context) -> Decision:
    if refused := not_theirs(context.cause, command.account):
        return Decision(answer=refused)
    account = _account_of(state, command, context)
    order = state.get(order_of(command, context))
    return orders.interrupt(command, order, state.get(account) if account else None, context)


def note_notice(state: WorkingSet, event: NoticeGiven, context: Context) -> Decision:
    account = _account_of(state, event, context)
    order = state.get(order_of(event, context))
    return orders.note_notice(event, order, state.get(account) if account else None, context)


def send_email(state: WorkingSet, command: SendEmail, context: Context) -> Decision:
    account, page = (
        _account_of(state, command, context),
        _bookings_of_month(state, command, context),
    )
    return orders.send_email(
        command,
        state.get(order_of(command, context)),
        state.get(account) if account else None,
        state.get(preparation_of(command, context)),
        len(state.page(page).rows) if page else 0,
        context,
    )


def book_reads(_state: WorkingSet, command: BookMeeting, context: Context) -> Reads:
    order = [order_of(command, context)] if command.order else []
    yield [slots.slot_of(command, context), *order]


class Booking:
    def __init__(self, secret: str) -> None:
        """`secret` keys the pseudonyms of persons."""
        self._secret = secret

    def book(self, state: WorkingSet, command: BookMeeting, context: Context) -> Decision:
        slot = state.get(slots.slot_of(command, context))
        order = state.get(order_of(command, context)) if command.order else None
        return slots.book(command, slot, order, self._secret, context)


Recheck = ExclusionsChanged | OrderInterrupted | MailboxChanged


def _page(event: Recheck, context: Context) -> Page[Dossier]:
    """Of the people whom it concerns, so many in the order of their ids."""
    where: dict[str, object] = {"tenant": context.tenant}
    match event:
        case ExclusionsChanged(account=account, terms=terms):
            where |= {"account": account, "terms": {"$in": [*terms]}}
        case OrderInterrupted(account=account, order=order):
            where |= {"account": account, "orders": order}
        case MailboxChanged():
            where["states"] = "open"
    where["_id"] = {"$gt": event.after}
    return Page(Dossier, where, (("_id", 1),), PEOPLE_AT_ONCE)


def recheck_reads(_state: WorkingSet, event: Recheck, context: Context) -> Reads:
    yield [_page(event, context)]


def recheck(state: WorkingSet, event: Recheck, context: Context) -> Decision:
    found = state.page(_page(event, context))
    publish: list[Publish] = [
        Publish(PersonToJudge(account=each.account, person=each.person), each.person)
        for each in found.rows
    ]
    if not found.is_last:
        after = found.rows[-1].id if found.rows else event.after
        publish.append(Publish(event.model_copy(update={"after": after}), context.cause.key))
    return Decision(publish=publish)
