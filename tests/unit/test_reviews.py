"""What the profile of the booking says of each ground of an off-target report."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.appointments.meetings.reviews import Finding, findings, verdict
from shared.contracts.appointments import Ground, Profile
from shared.contracts.orders import Criteria

CAPTURED = datetime(2027, 3, 1, tzinfo=UTC)
OPEN_ENDED = {"company_size": {"intervals": [{"min": 11, "max": 50}, {"min": 200}]}}
SENIOR = {"seniorities": {"allowed": ["director"]}, "functions": {"allowed": ["sales"]}}
CONTACT = {"role_grounds": "contact"}


def finding(ground: Ground, criteria: Any, **profile: Any) -> Finding:
    captured = Profile.model_validate({"captured_at": CAPTURED, **profile})
    return findings(captured, Criteria.model_validate(criteria), [ground])[ground]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ({"min": 200}, "inside"),
        ({"min": 10001}, "inside"),
        ({"min": 11, "max": 50}, "inside"),
        ({"min": 51, "max": 199}, "outside"),
        ({"min": 51, "max": 200}, "unclear"),
        (None, "unclear"),
    ],
)
def test_a_size_lies_inside_of_an_interval_or_of_none(size: Any, expected: Finding) -> None:
    assert expected == finding("company_size", OPEN_ENDED, company_size=size)


@pytest.mark.parametrize("ground", ["company_size", "sector", "location", "seniority", "function"])
def test_of_what_is_not_wanted_nobody_lies_outside(ground: Ground) -> None:
    assert "inside" == finding(ground, {})


@pytest.mark.parametrize(
    ("ground", "contact", "expected"),
    [
        ("seniority", {"seniority": "director", "function": "finance"}, "inside"),
        ("seniority", {"seniority": "intern", "function": "sales"}, "outside"),
        ("function", {"seniority": "director", "function": "finance"}, "outside"),
        ("function", {"seniority": "intern", "function": "sales"}, "inside"),
        ("seniority", {"function": "sales"}, "unclear"),
    ],
)
def test_seniority_and_function_are_each_their_own(
    ground: Ground, contact: Any, expected: Finding
) -> None:
    assert expected == finding(ground, SENIOR | CONTACT, contact=contact)
    assert expected == finding(ground, SENIOR, roster=[contact])


def test_without_a_roster_a_person_decides_of_the_company() -> None:
    assert "unclear" == finding("seniority", SENIOR)


def test_one_ground_that_holds_is_enough() -> None:
    assert "upheld" == verdict({"sector": "inside", "location": "outside", "seniority": "unclear"})
    assert "review" == verdict({"sector": "inside", "seniority": "unclear"})
    assert "rejected" == verdict({"sector": "inside"})
