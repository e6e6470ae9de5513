"""What a change frees: the leads that it kept away until then, and no others."""

from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest

from services.routing.rematch import widening
from tests.component.leads import DAY, HOUR, LEAD_CODE, MONDAY, STRICT, Platform, opened, person

OPENED = "routing.campaign.widened"


async def test_opening_a_category_frees_exactly_its_leads(platform: Platform) -> None:
    """RTE-14: unsent ones of that category that nothing else keeps away, each once."""
    wanted = {"categories": [{"id": "101"}, {"id": "205"}], "places": [{"country": "US"}]}
    await platform.campaign(open_categories=["101"], **wanted)
    await platform.upload(1)
    await platform.upload(2, 3, Cat="205")
    await platform.upload(4, Cat="205", Land="DE", State="")
    await platform.upload(5, Land="DE", State="")
    assert ["R-1"] == platform.got()
    await platform.campaign(open_categories=["101", "205"], **wanted)
    assert {"R-1": 1, "R-2": 1, "R-3": 1} == Counter(platform.got())
    (opened,) = platform.events("routing.campaign.widened")
    assert ("code:" + LEAD_CODE, "205") == (opened["route"], opened["category"])
    rerouted = [one["lead"] for one in platform.events("routing.lead.to_rematch")]
    assert {platform.routed(f"R-{n}")["_id"] for n in (2, 3)} == set(rerouted)


@pytest.mark.parametrize(
    "change",
    [
        {"priority": 7},
        {"caps": {"total": 1}},
        {"categories": [{"id": "101", "amount": 1}]},
        {"open_categories": []},
        {"weekly": MONDAY},
        {"shares": {"US": 50}},
        {"status": "paused"},
        {"time_zone": "Asia/Tokyo"},
        {"status": "paused", "open_categories": None, "categories": [{"id": "205"}]},
    ],
)
async def test_what_frees_nothing_opens_nothing(platform: Platform, change: dict[str, Any]) -> None:
    """RTE-14: no lead is looked at."""
    whole = {"categories": [{"id": "101", "amount": 2}], "caps": {"total": 2}}
    await platform.campaign(**whole)
    await platform.upload(1)
    await platform.upload(2, Cat="205")
    await platform.campaign(**(whole | change))
    assert (0, ["R-1"]) == (opened(platform), platform.got())


@pytest.mark.parametrize(
    "roomier",
    [
        {"caps": {"total": 3}, "categories": [{"id": "101", "amount": 9}]},
        {"caps": {"total": 9}, "categories": [{"id": "101", "amount": 3}]},
        {"caps": {"day": 3, "total": 9}, "categories": [{"id": "101"}]},
        {"caps": {}, "categories": [{"id": "101", "amount": 3}]},
    ],
)
async def test_more_room_is_given_out_once(platform: Platform, roomier: dict[str, Any]) -> None:
    """RTE-12, RTE-14: of those that were over, as many as fit now."""
    tight = {"caps": {"total": 2, "day": 2}, "categories": [{"id": "101", "amount": 2}]}
    await platform.campaign(**tight)
    await platform.upload(1, 2, 3, 4, 5)
    assert 2 == len(platform.got())
    await platform.campaign(**(tight | roomier))
    counted = Counter(platform.got())
    assert (3, 1) == (len(counted), max(counted.values()))
    assert 2 == sum("refused" in platform.states(f"R-{n}").values() for n in range(1, 6))


async def test_an_amount_without_limit_frees_all_of_its_category(platform: Platform) -> None:
    """RTE-14: of one that is raised; another's leads stay over theirs."""
    tight = [{"id": "101", "amount": 0}, {"id": "205", "amount": 0}]
    await platform.campaign(categories=tight)
    await platform.upload(1, 2)
    await platform.upload(3, Cat="205")
    await platform.campaign(categories=[{"id": "101"}, tight[1]])
    assert {"R-1", "R-2"} == set(platform.got())
    assert [["101"]] == [[one["category"]] for one in platform.events("routing.campaign.widened")]


async def test_what_organic_leads_are_freed_by(platform: Platform) -> None:
    """RTE-14, INT-15: a campaign that opens to them, and a category of theirs."""
    await platform.campaign(categories=[{"id": "101"}])
    await platform.convert(1, "101")
    await platform.convert(2, "310", "205")
    await platform.campaign(categories=[{"id": "101"}], organic=True)
    assert ["O-1"] == platform.got()
    await platform.campaign(categories=[{"id": "101"}, {"id": "205"}], organic=True)
    assert ["O-1", "O-2"] == platform.got()


async def test_a_change_frees_more_leads_than_are_looked_at_in_one_step(platform: Platform) -> None:
    """RTE-14: page after page, each lead once."""
    await platform.campaign(open_categories=[])
    await platform.upload(*range(1, 231))
    await platform.campaign()
    counted = Counter(platform.got())
    assert (230, 1) == (len(counted), max(counted.values()))
    assert 2 == opened(platform)


async def test_what_the_policy_suppresses_frees_those_who_keep_to_it(platform: Platform) -> None:
    """RTE-14, RTE-09: not those with titles of their own."""
    await platform.rules(suppressed_titles={"phrases": ["head of it"]})
    await platform.campaign("house")
    await platform.campaign("own", suppressed_titles={"phrases": ["head of it"]})
    await platform.upload(1)
    assert [] == platform.requests
    await platform.rules(suppressed_titles={"phrases": ["sales"]})
    assert (["R-1"], []) == (platform.got("house"), platform.got("own"))


async def test_an_entry_that_leaves_a_suppression_list_frees_its_company(
    platform: Platform,
) -> None:
    """RTE-14, RTE-06: with its subdomains and under its name; nobody else, each once."""
    await platform.company_list("bad", "northgrid.example", "Helvion Ltd", "third.example")
    await platform.campaign(suppressed=[{"list": "bad", **STRICT}])
    await platform.upload(1, Site="it.northgrid.example", Firm="Northgrid")
    await platform.upload(2, Site="", Firm="HELVION GmbH")
    await platform.upload(3, Site="third.example")
    assert [] == platform.got()
    answer = await platform.edit("bad", remove=["northgrid.example", "Helvion"])
    assert ("changed", 1) == (answer["code"], answer["details"]["entries"])
    assert {"R-1": 1, "R-2": 1} == Counter(platform.got())
    await platform.edit("bad", add=["fourth.example"])
    assert 1 == opened(platform)
    await platform.upload(4, Site="fourth.example")
    assert "R-4" not in platform.got()


async def test_an_entry_that_comes_on_an_approved_list_frees_its_company(
    platform: Platform,
) -> None:
    """RTE-14, RTE-06: one that leaves it frees nobody."""
    await platform.company_list("good", "first.example")
    await platform.campaign(approved=[{"list": "good", **STRICT}])
    await platform.upload(1, Site="eu.northgrid.example")
    await platform.upload(2, Site="notnorthgrid.example")
    await platform.upload(3, Site="first.example")
    await platform.edit("good", add=["northgrid.example"], remove=["first.example"])
    assert {"R-1": 1, "R-3": 1} == Counter(platform.got())
    await platform.edit("good", remove=["northgrid.example"])
    assert 1 == opened(platform)
    await platform.upload(4, Site="first.example")
    assert "R-4" not in platform.got()


async def test_a_list_that_is_only_preferred_frees_nobody(platform: Platform) -> None:
    """RTE-03, RTE-14: it keeps nobody away."""
    await platform.company_list("liked", "northgrid.example")
    liked = [{"list": "liked", "strictness": "preferred"}]
    await platform.campaign("a", suppressed=liked)
    await platform.campaign("b", approved=liked)
    await platform.upload(1)
    await platform.edit("liked", remove=["northgrid.example"], add=["firm1.example"])
    assert (0, 2) == (opened(platform), len(platform.requests))


async def test_what_many_campaigns_share_opens_them_page_by_page(platform: Platform) -> None:
    """RTE-14: those that are active and refuse by it; a list that only grows opens nobody."""
    await platform.company_list("bad", "firm1.example")
    names = [f"c{number}" for number in range(7)]
    for name in names:
        await platform.campaign(name, suppressed=[{"list": "bad", **STRICT}])
    paused = {"suppressed": [{"list": "bad", **STRICT}], "status": "paused"}
    await platform.campaign("paused", **paused)
    await platform.campaign("other")
    await platform.upload(1)
    await platform.edit("bad", add=["firm2.example"])
    assert 0 == opened(platform)
    with patch.object(widening, "CAMPAIGNS_PER_PAGE", 3):
        await platform.edit("bad", remove=["firm1.example"])
    assert names == sorted(row["campaign"] for row in platform.events(OPENED))
    pages = [row["after"] for row in platform.events("routing.scope.widened")]
    assert ["", "", "", "c2", "c5"] == sorted(pages)
    assert all(["R-1"] == platform.got(name) for name in [*names, "other"])


@pytest.mark.parametrize(
    ("use", "change", "whole"),
    [
        ("suppressed", "remove", True),
        ("suppressed", "add", False),
        ("approved", "add", True),
        ("approved", "remove", False),
    ],
)
async def test_many_entries_open_a_campaign_as_a_whole_if_they_free(
    platform: Platform, use: str, change: str, *, whole: bool
) -> None:
    """RTE-14: with too many to name them, its leads are looked through; the other way round none
    are."""
    await platform.company_list("long", "firm1.example", "firm2.example", "firm3.example")
    await platform.campaign(**{use: [{"list": "long", **STRICT}]})
    entries = [f"firm{n}.example" for n in (range(1, 4) if change == "remove" else range(4, 7))]
    with patch.object(widening, "COMPANIES_MAX", 2):
        await platform.edit("long", **{change: entries})
    opened = [(row["route"], row["companies"]) for row in platform.events(OPENED)]
    assert ([(f"code:{LEAD_CODE}", None)] if whole else []) == opened


async def test_titles_that_the_policy_lets_pass_free_their_leads(platform: Platform) -> None:
    """RTE-05, RTE-14: of campaigns without a choice of their own; to suppress more frees nobody."""
    await platform.rules(suppressed_titles={"phrases": ["head"]})
    await platform.campaign()
    await platform.campaign("own", suppressed_titles={"phrases": ["head of"]})
    await platform.upload(1)
    await platform.rules(suppressed_titles={"phrases": ["head", "of"]})
    assert (0, []) == (opened(platform), platform.got())
    await platform.rules(suppressed_titles={"phrases": ["vp"]})
    assert (1, ["R-1"], []) == (opened(platform), platform.got(), platform.got("own"))


@pytest.mark.parametrize("use", ["suppressed", "approved"])
async def test_a_list_takes_effect_on_its_date(platform: Platform, use: str) -> None:
    """RTE-06, RTE-14: until then the version before holds; then the leads are decided anew."""
    before, after = ("firm1.example", "firm2.example")
    if use == "approved":
        before, after = after, before
    await platform.company_list("dated", before)
    await platform.campaign(**{use: [{"list": "dated", **STRICT}]})
    tomorrow = (platform.now + DAY).isoformat()
    answer = await platform.company_list("dated", after, effective_from=tomorrow)
    assert ("coming", 1) == (answer["code"], answer["details"]["version"])
    await platform.upload(1, 2)
    assert ["R-2"] == platform.got()
    await platform.advance(DAY + HOUR)
    assert ["R-2", "R-1"] == platform.got()
    assert [1, 2] == [one["list_version"] for one in platform.events("routing.list.changed")]
    await platform.upload(3, Site="firm2.example")
    assert "R-3" not in platform.got()


async def test_an_alias_frees_leads_for_the_campaigns_that_want_the_answer(
    platform: Platform,
) -> None:
    """RTE-14, INT-07: held until then, each sent once, and only where the answer is wanted."""
    await platform.question()
    await platform.campaign("wants", smarter={"allowed": {"q_budget": ["under 10k"]}})
    await platform.campaign("other", smarter={"allowed": {"q_budget": ["over 50k"]}})
    await platform.upload(1, 2, Budget="undr 10k")
    alias = {"question": "q_budget", "given": "undr 10k", "answer": "under 10k"}
    await platform.ask("intake.question.alias", "q_budget", alias)
    assert {"R-1": 1, "R-2": 1} == Counter(platform.got("wants"))
    assert [] == platform.got("other")


async def test_a_lead_that_was_given_back_is_freed_by_nothing(platform: Platform) -> None:
    """RTE-14, INT-08."""
    await platform.campaign(open_categories=[])
    await platform.upload(1)
    await platform.submit("R-2", replaces="R-1", record=person(2))
    await platform.campaign()
    assert ["R-2"] == platform.got()


async def test_a_list_of_which_a_version_comes_is_put_whole(platform: Platform) -> None:
    """RTE-06: an edit could mean the one that holds or the one that comes."""
    at = (platform.now + DAY).isoformat()
    await platform.company_list("dated", "northgrid.example")
    await platform.company_list("dated", "other.example", effective_from=at)
    edited = await platform.edit("dated", add=["fine.example"])
    assert (False, "list_change_coming") == (edited["accepted"], edited["code"])
    await platform.advance(DAY)
    assert "changed" == (await platform.edit("dated", add=["fine.example"]))["code"]


async def test_what_is_widened_is_rescanned_once(platform: Platform) -> None:
    """RTE-14: for leads that were just being matched, and then no more."""
    await platform.campaign(open_categories=["310"])
    await platform.upload(1)
    await platform.campaign(open_categories=["101", "310"])
    for _ in range(3):
        await platform.advance(2 * widening.RESCAN_AFTER)
    again = [one["is_rescan"] for one in platform.events("routing.campaign.widened")]
    assert {False: 1, True: 1} == Counter(again)
    kinds = {row["kind"] for row in platform.stored("due", "routing")}
    assert widening.Rescan.KIND not in kinds
