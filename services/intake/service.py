"""Intake as the loop knows it: its topics, its handlers and its store."""

from services.intake.handlers import Intake
from services.intake.store import INDEXES, IntakeStore
from shared.contracts.event import events_topic
from shared.contracts.intake import RECHECKS
from shared.contracts.routing import WITHDRAWALS
from shared.loop.decision import Service

TOPICS = (RECHECKS, events_topic("routing"), WITHDRAWALS)


def intake(secret: str) -> Service:
    """`secret` keys the pseudonyms of persons."""
    store = IntakeStore(secret)
    handlers = Intake(store.affiliates, store.questions, secret).handlers()
    return Service("intake", TOPICS, handlers, store, INDEXES)
