"""Billing's read-only API: accounts."""

from datetime import datetime

from fastapi import APIRouter

from services.billing.accounts.accounts import Account
from services.billing.store import ACCOUNTS
from shared.contracts.accounts import PutAccount
from shared.entities import Entities
from shared.loop.working_set import ref_by_name
from shared.read_api import listing, route
from shared.read_params import Tenant
from shared.store import Store


class AccountView(PutAccount):
    """An account as it was put."""

    version: int
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        return cls(
            **vars(account.definition),
            version=account.number,
            changed_at=account.changed_at,
            changed_by=account.changed_by,
        )


def routes(store: Store) -> APIRouter:
    router, entities = APIRouter(), Entities(store)

    async def account(id: str, query: Tenant) -> AccountView:
        where = {"_id": ref_by_name(Account, query.tenant, id).id}
        return AccountView.of(await entities.one(ACCOUNTS, where, "account", id))

    listing(router, "/accounts", entities, ACCOUNTS, AccountView)
    route(router, "/accounts/{id}", account)
    return router
