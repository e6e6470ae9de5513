"""Which campaigns are found for a lead in memory, and what a change of the policy compiles anew."""

from typing import Any

import pytest

from services.routing.orders.policy import Rules
from services.routing.rematch import widening
from services.routing.rematch.widening import Rescan
from shared.contracts.campaigns import SuppressedTitles
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import CampaignWidened
from tests.builders import NOW, campaign, catalogues, lead, put_campaign, rules

ORGANIC: dict[str, Any] = {"organic": True, "lead_codes": []}


def organic(*categories: str) -> LeadAccepted:
    return lead(source="organic", affiliate=None, lead_code=None, categories=categories)


def test_a_campaign_for_two_of_a_leads_categories_hides_nobody_behind_it() -> None:
    """Each is found once, for the first of the categories that it wants."""
    both = campaign(id="a", categories=[{"id": "101"}, {"id": "205"}], **ORGANIC)
    one = campaign(id="b", categories=[{"id": "205"}], **ORGANIC)
    found = catalogues(both, one).matches("main", organic("101", "205"), NOW)
    assert [("a", "101"), ("b", "205")] == [(each.campaign.name, each.category) for each in found]


def test_a_campaign_that_does_not_stand_hides_nobody_behind_it() -> None:
    paused, active = campaign(id="a", status="paused"), campaign(id="b")
    found = catalogues(paused, active).matches("main", lead(), NOW)
    assert ["b"] == [each.campaign.name for each in found]


def test_a_tenant_without_campaigns_has_none_that_come_near() -> None:
    known = catalogues(campaign())
    assert [] == known.one_away("other", lead(), NOW)
    assert [] == known.matches("other", lead(), NOW)


def test_whom_one_check_keeps_away_is_told_with_it() -> None:
    """But not a campaign that takes nobody, nor one that wants the lead."""
    elsewhere: dict[str, Any] = {"places": [{"country": "DE"}]}
    known = catalogues(
        campaign(id="a", **elsewhere), campaign(id="b"), campaign(id="c", status="paused")
    )
    near = known.one_away("main", lead(), NOW)
    assert [("a", "filter.place")] == [(each.name, failing.code) for each, failing in near]


def test_only_other_titles_have_campaigns_bound_anew() -> None:
    """With thousands of campaigns that takes a while."""
    suppressed = {"suppressed_titles": SuppressedTitles(phrases=["intern"])}
    known = catalogues(campaign(), policy_rules=rules())
    outdated = []
    changes: list[Rules] = [rules(categories=("101",)), rules(**suppressed), rules(**suppressed)]
    for changed in changes:
        known.apply_rules([changed])
        outdated.append([tenant for tenant, _ in known.outdated_campaigns()])
        known.recompile("main", [])
    assert [[], ["main"], []] == outdated


def test_a_list_that_is_not_there_yet_is_named() -> None:
    """RTE-06: of whatever kind, and only that."""
    known = catalogues(entries={"banks": [], "partners": []})
    uses: dict[str, Any] = {
        kind: [{"list": name, "strictness": "strict"} for name in names]
        for kind, names in (("suppressed", ("banks", "rivals")), ("approved", ("partners", "gone")))
    }
    missing = list(known.missing_lists("main", put_campaign(**uses)))
    assert ["rivals", "gone"] == [text.split()[4] for text in missing]


def test_a_rescan_that_an_earlier_version_planned_is_made() -> None:
    data = {"opened": '{"campaign": "north", "is_second_look": true}'}
    (published,) = widening.rescan(Rescan.model_validate(data)).publish
    assert CampaignWidened(campaign="north", is_rescan=True) == published.event


@pytest.mark.parametrize(
    ("categories", "expected"), [(None, [None]), (["205", "101"], ["101", "205"])]
)
def test_a_campaign_is_widened_as_a_whole_by_category(
    categories: list[str] | None, expected: list[str | None]
) -> None:
    """RTE-14: each of those that it accepts, or whatever the category, if it accepts all."""
    put = put_campaign(open_categories=categories, categories=[])
    assert expected == [one.category for one in widening.as_a_whole(put)]
