"""What an account's shard reads before a message becomes part of a thread: what it says that it is
about has to be the account's."""

from collections.abc import Iterator

from services.appointments.meetings.dossier import Dossier
from services.appointments.orders.accounts import Account
from services.appointments.orders.orders import Order
from services.appointments.threads import threads
from services.appointments.threads.threads import thread_of
from shared.contracts.threads import RecordMessage
from shared.loop.decision import Context, Decision, Refused
from shared.loop.working_set import Page, Reads, Ref, WorkingSet, ref_by_name


def reads(_state: WorkingSet, command: RecordMessage, context: Context) -> Reads:
    yield [
        thread_of(command, context),
        ref_by_name(Account, context.tenant, command.account),
        *_orders(command, context),
        *_meetings(command, context),
    ]


def _orders(command: RecordMessage, context: Context) -> Iterator[Ref[Order]]:
    if command.order is not None:
        yield ref_by_name(Order, context.tenant, command.order)


def _meetings(command: RecordMessage, context: Context) -> Iterator[Page[Dossier]]:
    """Whose meeting it is."""
    if command.meeting is not None:
        where = {"tenant": context.tenant, "account": command.account, "meetings": command.meeting}
        yield Page(Dossier, where, limit=1)


def record(state: WorkingSet, command: RecordMessage, context: Context) -> Decision:
    if refused := _why_not(state, command, context):
        return Decision(answer=refused)
    return threads.record(command, state.get(thread_of(command, context)), context)


def _why_not(state: WorkingSet, command: RecordMessage, context: Context) -> Refused | None:
    """Nobody learns of an order or a meeting that is another's."""
    if refused := threads.may_write(context.cause, command):
        return refused
    if state.get(ref_by_name(Account, context.tenant, command.account)) is None:
        return Refused.unknown("account", command.account)
    for ref in _orders(command, context):
        order = state.get(ref)
        if order is None or order.definition.account != command.account:
            return Refused.unknown("order", command.order or "")
    for page in _meetings(command, context):
        if not state.page(page).rows:
            return Refused.unknown("meeting", command.meeting or "")
    return None
