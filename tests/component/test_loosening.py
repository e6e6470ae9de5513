"""Each part of a campaign that keeps leads away frees them when it is loosened (RTE-14)."""

from collections import Counter
from typing import Any

import pytest

from services.routing.rematch.widening import FREES_NOTHING, JUDGED_BY
from shared.contracts.campaigns import PutCampaign
from tests.component.leads import Platform

STRICT = {"strictness": "strict"}
PREFERRED = {"strictness": "preferred"}
ON_A_LIST = [{"list": "others", **STRICT}]

LOOSENED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "lead_codes": ({"lead_codes": ["OTHER"]}, {}),
    "organic": ({"lead_codes": ["OTHER"]}, {"lead_codes": ["OTHER"], "organic": True}),
    "places": ({"places": [{"country": "DE"}]}, {}),
    "excluded_places": ({"excluded_places": [{"country": "US"}]}, {}),
    "places_strictness": (
        {"places": [{"country": "DE"}]},
        {"places": [{"country": "DE"}], "places_strictness": "preferred"},
    ),
    "company_size": ({"company_size": {"intervals": [{"min": 1, "max": 9}]}}, {}),
    "company_revenue": (
        {"company_revenue": {"currency": "EUR", "intervals": [{"min": 1}]}},
        {"company_revenue": {"currency": "EUR", "intervals": [{"min": 1}], "unknown": "accept"}},
    ),
    "industries": ({"industries": {"allowed": ["41"], **STRICT}}, {}),
    "seniorities": (
        {"seniorities": {"allowed": ["vp"]}},
        {"seniorities": {"allowed": ["vp"], **PREFERRED}},
    ),
    "functions": ({"functions": {"allowed": ["sales"]}}, {}),
    "titles": ({"titles": {"allowed": ["cto"]}}, {"titles": {"allowed": ["head of it", "cto"]}}),
    "smarter": ({"smarter": {}}, {}),
    "suppressed_titles": ({"suppressed_titles": {"phrases": ["head"]}}, {}),
    "suppressed": ({"suppressed": [{"list": "firms", **STRICT}]}, {}),
    "approved": ({"approved": ON_A_LIST}, {}),
    "categories": ({"categories": [{"id": "205"}]}, {}),
    "open_categories": ({"open_categories": []}, {}),
    "caps": ({"caps": {"total": 0}}, {}),
}
"""By the field that is loosened: the campaign that keeps all leads away, and the one that wants
them. Nothing else changes between the two."""


@pytest.mark.parametrize("field", LOOSENED)
async def test_what_is_loosened_frees_whom_it_kept_away(platform: Platform, field: str) -> None:
    """Each once; who was sent is not sent again by the next change."""
    before, after = LOOSENED[field]
    freed = ["O-1"] if field == "organic" else ["R-1", "R-2"]
    await platform.question()
    await platform.company_list("firms", "firm1.example", "firm2.example")
    await platform.company_list("others", "firm9.example")
    await platform.campaign(**before)
    await platform.upload(1, 2, Budget="")
    await platform.convert(1)
    assert [] == platform.got()
    await platform.campaign(**after)
    await platform.campaign(priority=1, **after)
    assert dict.fromkeys(freed, 1) == Counter(platform.got())


def test_whatever_a_campaign_judges_by_is_loosened_here() -> None:
    """A new field is judged by and freed by, or it is named as one that frees nothing."""
    assert set(PutCampaign.model_fields) == {*LOOSENED, *FREES_NOTHING}
    assert {*LOOSENED} - {"categories", "open_categories", "caps"} == set(JUDGED_BY)
    assert not FREES_NOTHING.keys() & {*LOOSENED}
