"""The tenant's mailbox for meetings: who invites to them (APT-06)."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared import definitions
from shared.contracts.orders import MailboxChanged, PutMailbox
from shared.emails import email_address
from shared.loop.decision import Context, Decision, Publish, Refused
from shared.loop.working_set import Ref, ref_by_name


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`number` counts the versions of the definition."""

    id: str
    version: int
    tenant: str
    number: int
    definition: PutMailbox
    changed_at: datetime
    changed_by: str


def mailbox_of(context: Context) -> Ref[Mailbox]:
    return ref_by_name(Mailbox, context.tenant, "house")


def put_of(_command: PutMailbox, context: Context) -> Ref[Mailbox]:
    return mailbox_of(context)


def put(command: PutMailbox, before: Mailbox | None, context: Context) -> Decision:
    address = email_address(command.email)
    if address is None:
        text = "this is no address that mail can arrive at"
        return Decision(answer=Refused("email_invalid", text, {"field": "email"}))
    command = command.model_copy(update={"email": address})
    if before is None:
        id_, who = mailbox_of(context).id, context.cause.actor
        proposed = Mailbox(id_, 0, context.tenant, 1, command, context.now, who)
    else:
        proposed = replace(before, definition=command)
    made = definitions.put(before, proposed, context)
    return made.decision(
        keep=[definitions.version_of("mailbox", made.entity, command)],
        publish=[Publish(MailboxChanged(), context.cause.key)],
    )
