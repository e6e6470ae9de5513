"""Threads: what a customer and the house wrote to each other about an order or a meeting."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from shared.contracts.appointments import RECHECKS
from shared.contracts.event import Command, Event
from shared.contracts.orders import REPRESENTS
from shared.contracts.roles import OPERATES
from shared.contracts.values import Flag, Id, Instant, Name

MESSAGES_MAX, MESSAGE_LENGTH_MAX = 200, 10_000
"""Of a thread, and of a message: a whole thread is one document of a store."""

Channel = Literal["chat", "email"]
Direction = Literal["from_customer", "to_customer"]
MessageText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MESSAGE_LENGTH_MAX),
]


class RecordMessage(
    Command,
    type="appointments.thread.message.record.v1",
    key="{tenant}/{account}",
    roles=OPERATES | REPRESENTS | {"customer_success"},
    accepted=("recorded", "unchanged"),
    refused=(
        "account_unknown",
        "order_unknown",
        "meeting_unknown",
        "order_missing",
        "about_another",
        "message_exists",
        "thread_full",
    ),
):
    """Something that was written between a customer and the house, in a chat or an email, becomes
    part of a thread (APT-17); the time of the command is when it was written. The first message
    begins the thread. Whatever it says, it reports nothing: a report is a command of its own.

    A thread is about one order and one meeting: the first message that names one says which, and
    what names another is `about_another`. It has room for 200 messages (`thread_full`)."""

    account: Name
    """Whose thread it is: a customer writes in its own."""
    thread: Name
    message: Id
    """Its own id: recorded twice it is one; with other words it is `message_exists`."""
    channel: Channel
    direction: Direction
    """A customer or a representative only writes `from_customer`."""
    text: MessageText
    """Up to 10,000 characters."""
    order: Name | None = None
    """The account's own, else `order_unknown`."""
    meeting: Id | None = None
    """By its id; one of the account's, else `meeting_unknown`."""
    gives_notice: Flag = False
    """The customer interrupts the order (APT-14), which has to be named here or in the thread
    before (`order_missing`). The notice counts from the time of the command."""


class NoticeGiven(Event, type="appointments.notice.given.v1", topic=RECHECKS):
    """Between shards, from the account's to the order's: a message interrupts the order."""

    order: Name
    account: Name
    thread: Name
    message: Id
    received_at: Instant
    by: str
