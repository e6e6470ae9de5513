"""Routing as the loop knows it: its topics, its handlers and its store."""

from services.routing.handlers import handlers
from services.routing.store import INDEXES, RoutingStore
from shared.contracts.answers import events_topic
from shared.contracts.routing import ANSWERS, CLAIMS
from shared.loop.decision import Service


def routing() -> Service:
    store = RoutingStore()
    topics = (events_topic("intake"), CLAIMS, ANSWERS)
    return Service("routing", topics, handlers(store.index, store.revision), store, INDEXES)
