"""Routing as the loop knows it: its topics, its decisions, its collections and its memory."""

from services.routing.handlers import rows
from services.routing.store import COLLECTIONS, FORMER, TALLIES, Memory
from shared.contracts.event import events_topic
from shared.contracts.routing import ANSWERS, CLAIMS, RECHECKS
from shared.loop.service import Service


def routing() -> Service:
    memory = Memory()
    return Service(
        "routing",
        (events_topic("intake"), CLAIMS, ANSWERS, RECHECKS),
        rows(memory.catalogues, memory.revision),
        COLLECTIONS,
        memory=memory,
        former=FORMER,
        tallies=TALLIES,
    )
