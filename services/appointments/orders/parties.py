"""Who speaks for whom: a customer and its representatives for their account, all others for the
house."""

from shared.contracts.orders import REPRESENTS
from shared.loop.decision import Cause, Refused


def is_customer(cause: Cause) -> bool:
    return cause.role in REPRESENTS


def not_theirs(cause: Cause, account: str) -> Refused | None:
    """A customer asks about its own account only: its actor is `account` or `account/person`."""
    if is_customer(cause) and cause.actor.partition("/")[0] != account:
        return Refused("not_permitted", "this is another customer's")
    return None
