"""Accounts: what a customer is billed in, by which clock, and on which terms."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared import definitions
from shared.contracts.accounts import AccountState, PutAccount
from shared.loop.decision import Context, Decision, Publish, Refused
from shared.loop.working_set import Ref, ref_by_name


@dataclass(frozen=True, slots=True)
class Account:
    """`number` counts the versions of the definition."""

    id: str
    version: int
    tenant: str
    number: int
    definition: PutAccount
    changed_at: datetime
    changed_by: str


def account_of(command: PutAccount, context: Context) -> Ref[Account]:
    return ref_by_name(Account, context.tenant, command.account)


def put(command: PutAccount, before: Account | None, context: Context) -> Decision:
    if before is None:
        ref = account_of(command, context)
        proposed = Account(ref.id, 0, context.tenant, 1, command, context.now, context.cause.actor)
    elif before.definition.currency != command.currency:
        text = f"the account is in {before.definition.currency}, and stays so"
        return Decision(answer=Refused("currency_mismatch", text, {"field": "currency"}))
    else:
        proposed = replace(before, definition=command)
    made = definitions.put(before, proposed, context)
    version = definitions.version_of("account", made.entity, command)
    return made.decision(keep=[version], publish=[_state(made.entity)])


def _state(account: Account) -> Publish:
    definition = account.definition
    event = AccountState(
        account=definition.account,
        version=account.number,
        currency=definition.currency,
        time_zone=definition.time_zone,
        terms_days=definition.terms_days,
        company=definition.company,
        changed_at=account.changed_at,
    )
    return Publish(event, account.id)
