"""Threads: each message once, about one order and one meeting of the account (APT-17).

A message that gives notice interrupts its order; no message reports anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.appointments.orders.parties import is_customer, not_theirs
from shared.contracts.threads import MESSAGES_MAX, Channel, Direction, NoticeGiven, RecordMessage
from shared.loop.decision import Accepted, Cause, Context, Decision, Publish, Refused
from shared.loop.working_set import Ref, ref_by_name


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    id: str
    at: datetime
    by: str
    channel: Channel
    direction: Direction
    text: str
    gives_notice: bool = False

    def is_again(self, other: "ThreadMessage") -> bool:
        return replace(self, at=other.at, by=other.by) == other


@dataclass(frozen=True, slots=True)
class Thread:
    id: str
    version: int
    tenant: str
    account: str
    thread: str
    order: str | None = None
    meeting: str | None = None
    messages: tuple[ThreadMessage, ...] = ()
    """In the order in which they were recorded."""

    def message(self, id_: str) -> ThreadMessage | None:
        return next((each for each in self.messages if each.id == id_), None)

    def in_order(self) -> Sequence[ThreadMessage]:
        """As they were written."""
        return sorted(self.messages, key=lambda each: (each.at, each.id))


def thread_of(command: RecordMessage, context: Context) -> Ref[Thread]:
    return ref_by_name(Thread, context.tenant, command.account, command.thread)


def may_write(cause: Cause, command: RecordMessage) -> Refused | None:
    if refused := not_theirs(cause, command.account):
        return refused
    if is_customer(cause) and command.direction != "from_customer":
        text = "a customer writes from_customer"
        return Refused("not_permitted", text, {"field": "direction"})
    return None


def record(command: RecordMessage, before: Thread | None, context: Context) -> Decision:
    """Of an account, an order and a meeting that are known to be the account's."""
    new, ref = _message(command, context), thread_of(command, context)
    known = before or Thread(ref.id, 0, context.tenant, command.account, command.thread)
    order, meeting = known.order or command.order, known.meeting or command.meeting
    if refused := _why_not(command, known, new, order):
        return Decision(answer=refused)
    after = replace(known, order=order, meeting=meeting)
    if known.message(new.id) is None:
        after = replace(after, messages=(*known.messages, new))
    if after == before:
        return Decision(answer=Accepted("unchanged"))
    publish = [_notice(command, order, new, context)] if command.gives_notice and order else []
    return Decision(save=[after], publish=publish, answer=Accepted("recorded"))


def _message(command: RecordMessage, context: Context) -> ThreadMessage:
    return ThreadMessage(
        command.message,
        context.cause.time,
        context.cause.actor,
        command.channel,
        command.direction,
        command.text,
        command.gives_notice,
    )


def _why_not(
    command: RecordMessage, known: Thread, new: ThreadMessage, order: str | None
) -> Refused | None:
    for field, has, wanted in (
        ("order", known.order, command.order),
        ("meeting", known.meeting, command.meeting),
    ):
        if has is not None and wanted not in (None, has):
            return Refused(
                "about_another", f"the thread is about another {field}", {"field": field}
            )
    said = known.message(new.id)
    if said is not None and not new.is_again(said):
        return Refused("message_exists", "another message has this id", {"field": "message"})
    if command.gives_notice and order is None:
        return Refused("order_missing", "a notice names its order", {"field": "order"})
    if said is None and len(known.messages) >= MESSAGES_MAX:
        text = f"a thread has up to {MESSAGES_MAX} messages; begin another"
        return Refused("thread_full", text, {"field": "thread"})
    return None


def _notice(command: RecordMessage, order: str, new: ThreadMessage, context: Context) -> Publish:
    event = NoticeGiven(
        order=order,
        account=command.account,
        thread=command.thread,
        message=new.id,
        received_at=new.at,
        by=new.by,
    )
    return Publish(event, f"{context.tenant}/{order}")
