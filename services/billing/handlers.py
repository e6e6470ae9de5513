"""What billing does with each event: what is read for it, and what decides it."""

from collections.abc import Sequence

from services.billing.accounts import accounts
from shared.contracts.accounts import PutAccount
from shared.loop.table import Row, one

ROWS: Sequence[Row] = (one(PutAccount, accounts.account_of, accounts.put),)
