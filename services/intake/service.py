"""Intake as the loop knows it: its topics, its handlers and its store."""

from services.intake.handlers import handlers
from services.intake.store import INDEXES, IntakeStore
from shared.loop.decision import Service


def intake(secret: str) -> Service:
    """`secret` keys the pseudonyms of persons."""
    store = IntakeStore(secret)
    return Service("intake", (), handlers(store.index, secret), store, INDEXES)
