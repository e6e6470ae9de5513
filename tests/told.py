"""What was told of meetings, as the oracle takes it: a fact's fields."""

from dataclasses import asdict

from cli.oracle.evidence import Document
from services.appointments.meetings.facts import Fact


def document(fact: Fact) -> Document:
    return asdict(fact)
