"""Routing as the loop knows it: its topics, its handlers and its store."""

from services.routing.handlers import Routing
from services.routing.store import FORMER, INDEXES, RoutingStore
from shared.contracts.event import events_topic
from shared.contracts.routing import ANSWERS, CLAIMS, RECHECKS
from shared.loop.decision import Service


def routing() -> Service:
    store = RoutingStore()
    handlers = Routing(store.catalogues, store.revision).handlers()
    topics = (events_topic("intake"), CLAIMS, ANSWERS, RECHECKS)
    return Service("routing", topics, handlers, store, INDEXES, FORMER)
