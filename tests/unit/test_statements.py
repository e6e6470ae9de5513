"""What is stated of a meeting goes to the slot's shard and comes back as the same fact."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from services.appointments.meetings.dossier import Known
from services.appointments.meetings.facts import (
    Booked,
    Called,
    Fact,
    ReportedAbsent,
    ReportedOffTarget,
    Reviewed,
    WithdrewReport,
)
from services.appointments.meetings.statements import Stated, known_of, statement_event
from shared.contracts.appointments import SlotStated
from tests.builders import context

AT = datetime(2027, 3, 2, 9, tzinfo=UTC)
FACTS: list[Fact] = [
    ReportedOffTarget(id="a", slot="a", at=AT, decided_until=AT + timedelta(days=7)),
    ReportedAbsent(id="a", slot="a", at=AT),
    WithdrewReport(report="a", slot="a", at=AT),
    Reviewed(report="a", slot="a", at=AT, is_upheld=True),
    Reviewed(report="a", slot="a", at=AT, is_upheld=False),
    Called(id="c", slot="a", at=AT, gave_up=True),
    Called(id="c", slot="a", at=AT),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.kind)
def test_each_fact_comes_back_as_it_was(fact: Fact) -> None:
    """With who said it, why, and what the profile says of its grounds, also through a topic."""
    known = Known(fact, "robin", "not on the link", {"sector": "outside"})
    published = statement_event(known, context())
    assert published is not None and "main/a" == published.key
    event = SlotStated.model_validate_json(published.event.model_dump_json())
    assert known == known_of(event.slot, event.statement)


def test_all_that_is_stated_is_tried() -> None:
    assert {*get_args(Stated)} == {type(fact) for fact in FACTS}


def test_what_calendars_say_the_slot_knows_itself() -> None:
    booked = Booked(slot="a", at=AT, start=AT, order="o")
    assert statement_event(Known(booked, "calendar"), context()) is None
