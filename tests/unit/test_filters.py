"""The registry of a campaign's filters: whole, in order, and what everything derives from it."""

from typing import Any, get_args

import pytest

from services.routing.filters.registry import ATTRIBUTES, CHECKS, attribute_of, requirements
from services.routing.filters.rows import Check, Order
from services.routing.fit.criteria import subjects
from services.routing.orders.checklist import confirmations, strict_filters
from services.routing.queries.remedies import REMEDIES
from services.routing.rematch.widening import FREES_NOTHING
from shared.contracts.campaigns import CHECK_CODES, Item, PutCampaign, SuppressedTitles
from shared.contracts.lead_fields import Company, Revenue, Size
from tests.builders import lead, put_campaign

STRICT = {"strictness": "strict"}
EVERY_FILTER: dict[str, Any] = {
    "organic": True,
    "places": [{"country": "US"}],
    "excluded_places": [{"country": "DE"}],
    "company_size": {"intervals": [{"min": 1}]},
    "company_revenue": {"currency": "EUR", "intervals": [{"min": 1}]},
    "industries": {"allowed": ["6"], **STRICT},
    "seniorities": {"allowed": ["director"]},
    "functions": {"allowed": ["finance"]},
    "titles": {"allowed": ["buyer"]},
    "open_categories": ["101"],
    "categories": [{"id": "101"}],
    "smarter": {"allowed": {"q_size": ["big"]}},
    "suppressed_titles": {"phrases": ["intern"], "functions": ["sales"]},
    "suppressed": [{"list": "no", **STRICT}],
    "approved": [{"list": "yes", **STRICT}],
}
CHANGED: dict[str, Any] = {
    "lead_codes": ["ANOTHER"],
    "organic": False,
    "places": [],
    "excluded_places": [],
    "places_strictness": "preferred",
    **dict.fromkeys(
        ["company_size", "company_revenue", "industries", "seniorities", "functions", "titles"]
    ),
    "open_categories": None,
    "categories": [],
    "smarter": None,
    "suppressed_titles": None,
    "suppressed": [],
    "approved": [],
}
"""Each field that a check is judged by, with something else than in `EVERY_FILTER`."""


def order(**changes: Any) -> Order:
    definition = put_campaign(**EVERY_FILTER | changes)
    return Order(definition, "main", SuppressedTitles())


def test_every_field_of_a_campaign_is_judged_by_or_frees_nothing() -> None:
    """A new one has to be in a row, or be named with the reason why nothing depends on it."""
    judged = {field for check in CHECKS for field in check.fields}
    assert set(PutCampaign.model_fields) == {*judged, *FREES_NOTHING, "caps"}
    assert not judged & FREES_NOTHING.keys()


@pytest.mark.parametrize("field", CHANGED)
def test_a_check_names_every_field_that_it_goes_by(field: str) -> None:
    """What a change of the field changes is named by that field, and by no other check."""
    before, after = order(), order(**{field: CHANGED[field]})
    differing = {
        check.code
        for check in CHECKS
        if list(check.requirements(before)) != list(check.requirements(after))
    }
    naming = {check.code for check in CHECKS if field in check.fields}
    assert differing and naming == differing


def test_every_field_of_a_row_is_changed_here() -> None:
    assert {field for check in CHECKS for field in check.fields} == {*CHANGED}


def test_checks_are_told_under_their_own_code_and_in_their_order() -> None:
    """RTE-09: what a row requires fails under the row's code, and the contract lists the same."""
    told = [criterion.check for _, criterion in requirements(order())]
    codes = [check.code for check in CHECKS]
    assert codes == list(dict.fromkeys(told)) == [code for code in CHECK_CODES if code in codes]


def test_the_contract_has_every_code_that_people_are_told() -> None:
    """RTE-10: and each has its remedy."""
    assert {*CHECK_CODES} == {*REMEDIES} - {"campaign_unknown", "withdrawn"}


def test_criteria_look_at_attributes_that_leads_have() -> None:
    """An attribute that no lead has would refuse everybody; one that nothing looks at costs."""
    whole = lead(
        company=Company("Acme", "acme.example", Size(1, 10), "6", ("6",), Revenue("EUR", 1))
    )
    names = {criterion.attribute for _, criterion in requirements(order())}
    (subject,) = subjects(whole).values()
    assert names == subject.terms.keys() | subject.spans.keys()
    assert {attribute_of(name).name for name in names} == {each.name for each in ATTRIBUTES}


def test_each_item_of_the_checklist_is_a_row_of_its_own() -> None:
    """RTE-04: with the one who confirms it."""
    named = [check.confirmation.item for check in CHECKS if check.confirmation]
    assert sorted(get_args(Item)) == sorted(named) == sorted(confirmations())


@pytest.mark.parametrize("check", [each for each in CHECKS if each.is_filter], ids=lambda c: c.code)
def test_a_filter_counts_for_how_narrow_a_campaign_is(check: Check) -> None:
    """RTE-04: under its field's name, and only where it is set and strict."""
    field = check.fields[0]
    unset = put_campaign(**{field: CHANGED[field]})
    strict = put_campaign(**{field: EVERY_FILTER[field]})
    assert [] == strict_filters(unset)
    assert [field] == strict_filters(strict)
