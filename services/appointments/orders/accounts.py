"""Customers' accounts as billing tells them: by which clock an order goes, and whether it may go
on."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from shared.contracts.accounts import AccountState
from shared.loop.decision import Context, Decision
from shared.loop.working_set import Ref, ref_by_name


@dataclass(frozen=True, slots=True)
class Account:
    """`number` is billing's version of it: what is older changes nothing."""

    id: str
    version: int
    tenant: str
    account: str
    number: int
    currency: str
    time_zone: str
    suspended_by: tuple[str, ...] = ()
    company: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def account_of(event: AccountState, context: Context) -> Ref[Account]:
    return ref_by_name(Account, context.tenant, event.account)


def note(event: AccountState, before: Account | None, context: Context) -> Decision:
    if before is not None and before.number >= event.version:
        return Decision()
    account = Account(
        account_of(event, context).id,
        before.version if before else 0,
        context.tenant,
        event.account,
        event.version,
        event.currency,
        event.time_zone,
        event.suspended_by,
        event.company,
    )
    return Decision(save=[account])
