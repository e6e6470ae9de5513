"""Billing as the loop knows it: its decisions and its collections."""

from services.billing.handlers import ROWS
from services.billing.store import COLLECTIONS
from shared.loop.service import Service


def billing() -> Service:
    return Service("billing", (), ROWS, COLLECTIONS)
