"""Orders: what was ordered, which price both sides have accepted, whether an email may go, and when
an interruption takes effect (APT-01, APT-14)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.appointments.orders.accounts import Account
from services.appointments.orders.months import Months, interruption_takes_effect
from services.appointments.orders.preparation import Preparation, why_not_ready
from shared import definitions
from shared.contracts.orders import (
    REPRESENTS,
    AcceptOrder,
    InterruptOrder,
    OrderChanged,
    OrderInterrupted,
    PutOrder,
    SendEmail,
)
from shared.contracts.threads import NoticeGiven
from shared.loop.decision import Accepted, Context, Decision, Publish, Refused

Party = Literal["customer", "house"]


@dataclass(frozen=True, slots=True)
class Acceptance:
    party: Party
    number: int
    """Of the version that was accepted."""
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Price:
    """In force since both sides had accepted the version."""

    number: int
    minor: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    received_at: datetime
    recorded_at: datetime
    by: str
    reason: str
    at_once: bool
    thread: str | None = None
    message: str | None = None
    """With which it came, if not by a command of its own."""


@dataclass(frozen=True, slots=True)
class Order:
    """`number` counts the versions of the definition."""

    id: str
    version: int
    tenant: str
    number: int
    definition: PutOrder
    changed_at: datetime
    changed_by: str
    acceptances: tuple[Acceptance, ...] = ()
    prices: tuple[Price, ...] = ()
    first_email_at: datetime | None = None
    notice: Notice | None = None
    interrupted_at: datetime | None = None
    """From when on nobody is written to, as far as it is known."""

    def months(self, zone: ZoneInfo) -> Months | None:
        """None while no email was sent."""
        return Months(self.first_email_at, zone) if self.first_email_at is not None else None

    def price_at(self, at: datetime) -> Price | None:
        """What both sides had accepted by then."""
        known = [price for price in self.prices if price.since <= at]
        return max(known, key=lambda price: (price.since, price.number), default=None)


def put(
    command: PutOrder, before: Order | None, account: Account | None, context: Context
) -> Decision:
    if account is None:
        return Decision(answer=Refused.unknown("account", command.account))
    if before is not None and before.definition.account != command.account:
        text = f"the order is {before.definition.account}'s, and stays so"
        return Decision(answer=Refused("account_changed", text, {"field": "account"}))
    if command.currency != account.currency:
        text = f"the account is in {account.currency}"
        return Decision(answer=Refused("currency_mismatch", text, {"field": "currency"}))
    proposed = _proposal(command, before, context)
    made = definitions.put(before, proposed, context)
    version = definitions.version_of("order", made.entity, command)
    return made.decision(keep=[version], publish=[_change_event(made.entity, context)])


def _proposal(command: PutOrder, before: Order | None, context: Context) -> Order:
    if before is not None:
        return replace(before, definition=command)
    id_ = f"{context.tenant}/{command.order}"
    return Order(id_, 0, context.tenant, 1, command, context.now, context.cause.actor)


def accept(command: AcceptOrder, before: Order | None, context: Context) -> Decision:
    order = _of_account(before, command.account)
    if order is None:
        return Decision(answer=Refused.unknown("order", command.order))
    if command.version != order.number:
        text = f"version {order.number} is the one to accept"
        details = {"field": "version", "version": order.number}
        return Decision(answer=Refused("version_outdated", text, details))
    party: Party = "customer" if context.cause.role in REPRESENTS else "house"
    others = [each for each in order.acceptances if each.number == order.number]
    if any(each.party == party for each in others):
        return Decision(answer=Accepted("unchanged"))
    at, by = context.cause.time, context.cause.actor
    after = replace(
        order, acceptances=(*order.acceptances, Acceptance(party, order.number, at, by))
    )
    if not others:
        return _save(after, Accepted("accepted"), context)
    since = max(at, *(each.at for each in others))
    price = Price(order.number, order.definition.price_minor, since)
    after = replace(after, prices=(*order.prices, price))
    return _save(after, Accepted("in_force", details={"version": order.number}), context)


def interrupt(
    command: InterruptOrder, before: Order | None, account: Account | None, context: Context
) -> Decision:
    order = _of_account(before, command.account)
    if order is None or account is None:
        return Decision(answer=Refused.unknown("order", command.order))
    cause = context.cause
    if command.received_at > cause.time:
        text = "a notice is received before it is recorded"
        return Decision(answer=Refused("received_later", text, {"field": "received_at"}))
    if command.at_once and cause.role in REPRESENTS:
        text = "only the house ends an order at once"
        return Decision(answer=Refused("not_permitted", text, {"field": "at_once"}))
    if command.at_once and order.first_email_at is not None:
        text = f"emails were sent since {order.first_email_at.isoformat()}"
        return Decision(answer=Refused("emails_sent", text, {"field": "at_once"}))
    if order.notice is not None and not (command.at_once and not order.notice.at_once):
        return Decision(answer=Accepted("unchanged", details=_effect(order)))
    # Who could choose the time of its own notice would choose which meetings are billed.
    received_at = cause.time if cause.role in REPRESENTS else command.received_at
    notice = Notice(received_at, cause.time, cause.actor, command.reason, command.at_once)
    after = _with_effect(replace(order, notice=notice), account)
    return _interruption(after, Accepted("recorded", details=_effect(after)), context)


def note_notice(
    event: NoticeGiven, before: Order | None, account: Account | None, context: Context
) -> Decision:
    """A message of a thread interrupts the order, unless it is interrupted already."""
    order = _of_account(before, event.account)
    if order is None or account is None or order.notice is not None:
        return Decision()
    notice = Notice(
        event.received_at,
        context.now,
        event.by,
        f"message {event.message} of thread {event.thread}",
        at_once=False,
        thread=event.thread,
        message=event.message,
    )
    return _interruption(_with_effect(replace(order, notice=notice), account), None, context)


def send_email(
    command: SendEmail,
    order: Order | None,
    account: Account | None,
    preparation: Preparation | None,
    booked: int,
    context: Context,
) -> Decision:
    """The gate of every prospecting email; so many meetings were booked in this month already."""
    if order is None or account is None:
        return Decision(answer=Refused.unknown("order", command.order))
    at = context.cause.time
    why_not = _why_not(command, order, account, booked, at)
    if refused := why_not or why_not_ready(command, preparation):
        return Decision(answer=refused)
    if order.first_email_at is not None:
        return Decision(answer=Accepted("allowed"))
    after = _with_effect(replace(order, first_email_at=at), account)
    answer = Accepted("allowed", details={"first": True})
    if after.interrupted_at is not None:
        return _interruption(after, answer, context)
    return _save(after, answer, context)


def _why_not(
    command: SendEmail, order: Order, account: Account, booked: int, at: datetime
) -> Refused | None:
    if order.price_at(at) is None:
        return Refused("not_in_force", "both sides have to accept the order first")
    if order.interrupted_at is not None and order.interrupted_at <= at:
        return Refused("interrupted", f"since {order.interrupted_at.isoformat()}")
    if account.suspended_by:
        who = ", ".join(account.suspended_by)
        return Refused("account_suspended", f"the account is suspended by {who}")
    wanted = order.definition.wanted_per_month
    if booked >= wanted:
        return Refused("enough_booked", f"{booked} meetings of {wanted} are booked this month")
    if not command.has_scheduling_link:
        return Refused("link_missing", "an email needs a link to book a time")
    return None


def _of_account(order: Order | None, account: str) -> Order | None:
    """Nobody learns of an order that is another's."""
    return order if order is not None and order.definition.account == account else None


def _with_effect(order: Order, account: Account) -> Order:
    notice = order.notice
    if notice is None:
        return order
    at = (
        notice.received_at
        if notice.at_once
        else interruption_takes_effect(
            notice.received_at,
            order.first_email_at,
            account.zone,
            order.definition.interruption_month,
        )
    )
    return replace(order, interrupted_at=at)


def _effect(order: Order) -> dict[str, str]:
    at = order.interrupted_at
    return {"effective_at": at.isoformat()} if at is not None else {}


def _interruption(order: Order, answer: Accepted | None, context: Context) -> Decision:
    event = OrderInterrupted(order=order.definition.order, account=order.definition.account)
    return _save(order, answer, context, [Publish(event, order.id)])


def _save(
    order: Order, answer: Accepted | None, context: Context, publish: Sequence[Publish] = ()
) -> Decision:
    return Decision(save=[order], publish=[_change_event(order, context), *publish], answer=answer)


def _change_event(order: Order, context: Context) -> Publish:
    definition = order.definition
    price = order.prices[-1] if order.prices else None
    event = OrderChanged(
        order=definition.order,
        account=definition.account,
        version=order.number,
        in_force=price.number if price else None,
        price_minor=price.minor if price else None,
        currency=definition.currency,
        first_email_at=order.first_email_at,
        interrupted_at=order.interrupted_at,
        changed_at=context.now,
        changed_by=context.cause.actor,
    )
    return Publish(event, order.id)
