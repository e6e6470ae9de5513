"""When a person's lead is a duplicate of another (INT-05)."""

from datetime import timedelta

import pytest

from services.intake.leads.contacts import AcceptedAs, Contact
from shared.contracts.lead_fields import Person
from tests.builders import NOW

DAYS, INSTANT = timedelta(days=90), timedelta(milliseconds=1)
KNOWN = Contact(
    "main/person-1",
    1,
    "main",
    Person("dana@northgrid.example"),
    "lead-1",
    NOW,
    (AcceptedAs("lead-1", "INT-A", NOW), AcceptedAs("lead-2", "", NOW)),
)


@pytest.mark.parametrize(
    ("lead_code", "lead", "after", "expected"),
    [
        ("INT-A", "lead-9", timedelta(), True),
        ("INT-A", "lead-9", DAYS - INSTANT, True),
        ("INT-A", "lead-9", DAYS, False),
        ("INT-A", "lead-9", INSTANT - DAYS, True),
        ("INT-A", "lead-9", -DAYS, False),
        ("INT-B", "lead-9", timedelta(), False),
        ("INT-A", "lead-1", timedelta(), False),
        ("", "lead-9", timedelta(), False),
    ],
)
def test_a_person_is_taken_once_under_a_lead_code_within_ninety_days(
    lead_code: str, lead: str, after: timedelta, expected: bool
) -> None:
    """Whichever was captured first; a lead is no duplicate of itself, and no code is none."""
    assert expected == KNOWN.has_duplicate(lead_code, lead, NOW + after)
