"""The appointments as the loop knows them: their topics, their decisions and their collections."""

from services.appointments.handlers import rows
from services.appointments.store import COLLECTIONS
from shared.contracts.accounts import ACCOUNTS
from shared.contracts.appointments import COUNTS, FACTS, RECHECKS, SLOTS
from shared.loop.service import Service


def appointments(secret: str) -> Service:
    """`secret` keys the pseudonyms of persons."""
    topics = (ACCOUNTS, COUNTS, FACTS, RECHECKS, SLOTS)
    return Service("appointments", topics, rows(secret), COLLECTIONS)
