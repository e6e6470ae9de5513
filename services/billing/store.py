"""Billing's own collections, the only file that knows their shape."""

from collections.abc import Sequence
from typing import Any

from services.billing.accounts.accounts import Account
from shared.definitions import Version
from shared.loop.collection import Collection, collection

SCHEMA = 1
ACCOUNTS = collection(
    "accounts", Account, schema=SCHEMA, text=["definition"], indexes=[["tenant", "_id"]]
)
VERSIONS = collection("versions", Version, schema=SCHEMA, indexes=[["of", "number"]])
COLLECTIONS: Sequence[Collection[Any]] = (ACCOUNTS, VERSIONS)
