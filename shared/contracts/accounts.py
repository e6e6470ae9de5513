"""Customers' accounts: in which currency, by which clock and on which terms a customer is billed,
and whether it is suspended."""

from typing import Annotated

from pydantic import Field

from shared.contracts.answers import PUT
from shared.contracts.event import Command, Event
from shared.contracts.lead_fields import Currency
from shared.contracts.values import WHOLE, Instant, Name, Text, TimeZone

ACCOUNTS = "billing.accounts.v1"

Days = Annotated[int, Field(ge=0, le=365), WHOLE]
"""Whole days."""


class PutAccount(
    Command,
    type="billing.account.put.v1",
    key="{tenant}/{account}",
    roles={"operator", "customer_success"},
    accepted=PUT,
    refused=("currency_mismatch",),
):
    """A customer's account, whole. Its time zone says when a day and a month end for it: of what
    ended before a change, the zone of then has decided.

    `currency_mismatch` if the account has another currency already, which it keeps for ever
    (BIL-02)."""

    account: Name
    """The customer, as campaigns and orders name it."""
    currency: Currency
    time_zone: TimeZone = "UTC"
    terms_days: Days = 0
    """So long after its issue an invoice is collected; 0 is at once (BIL-10)."""
    company: Text | None = None
    """What the customer's company is called, by whoever calls in its name (APT-09)."""


class AccountState(Event, type="billing.account.state.v1", topic=ACCOUNTS):
    """An account as it is now. The topic is compacted: of each account the last of these is kept,
    and the highest `version` holds, whatever comes after it."""

    account: Name
    version: int
    currency: Currency
    time_zone: TimeZone
    terms_days: Days
    suspended_by: tuple[str, ...] = ()
    """Who suspends it; nobody, and it is not suspended."""
    company: Text | None = None
    changed_at: Instant
