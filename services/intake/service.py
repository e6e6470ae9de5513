"""Intake as the loop knows it: its topics, its decisions, its collections and its memory."""

from services.intake.catalogue.affiliates import AffiliateIndex
from services.intake.catalogue.questions import QuestionIndex
from services.intake.decisions.leads import Leads
from services.intake.decisions.lookup import Lookup
from services.intake.handlers import rows
from services.intake.store import COLLECTIONS, ROWS, TALLIES, memory
from shared.contracts.event import events_topic
from shared.contracts.intake import RECHECKS
from shared.contracts.routing import WITHDRAWALS
from shared.loop.service import Service

TOPICS = (RECHECKS, events_topic("routing"), WITHDRAWALS)


def intake(secret: str) -> Service:
    """`secret` keys the pseudonyms of persons."""
    return service_with(Leads(Lookup(AffiliateIndex(), QuestionIndex()), secret))


def service_with(leads: Leads) -> Service:
    return Service(
        "intake",
        TOPICS,
        rows(leads),
        COLLECTIONS,
        views=[ROWS],
        memory=memory(leads.lookup),
        tallies=TALLIES,
    )
