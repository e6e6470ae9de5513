"""What a change would free, told before, and then seen: with the slots that there are."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from services.routing.orders import lists
from services.routing.person.leads import RoutedLead
from services.routing.queries import why_not
from services.routing.queries.preview import Previewing
from services.routing.queries.why_not import WhyNot
from services.routing.store import LEADS
from shared.contracts.lists import EditList
from shared.testing.memory import MemoryStore
from tests.builders import put_campaign
from tests.component.leads import Platform

LEAD_CODE = "INT-AAA-BBB-1"
STRICT = {"strictness": "strict"}
RESUME = {"campaign": "north", "reason": "the holiday is over"}
MONDAY = {"weekday": "monday", "at": "09:00"}
ABROAD = {"places": [{"country": "DE"}]}
"""Wants none of the leads, which are all of the United States."""


class Questions:
    """Questions to routing's committed state, as its own process would answer them."""

    def __init__(self, platform: Platform) -> None:
        store = MemoryStore(platform.world.databases["routing"])
        self._platform = platform
        self.why_not = WhyNot(store, platform.world.clock)
        self.previewing = Previewing(store, platform.world.clock, self.why_not)

    async def campaign(self, **changes: Any) -> Mapping[str, Any]:
        told = await self.previewing.campaign(put_campaign(id="north", **changes), "main")
        (only,) = told["campaigns"]
        return dict(only)

    async def edited(self, name: str, **changes: Any) -> list[tuple[str, int]]:
        command = EditList.model_validate({"list": name, "reason": "asked", **changes})
        told = await self.previewing.list(command, "main")
        return [(each["campaign"], each["frees"]) for each in told["campaigns"]]

    async def against_all(self, routed: RoutedLead) -> list[tuple[Any, list[str]]]:
        told = await self.why_not.why_not(routed, None)
        return [
            (each["campaign"], [failing["code"] for failing in each["failing"]])
            for each in told["campaigns"]
        ]

    async def failing(self, reference: str) -> tuple[str, Any, Any]:
        """The one check that keeps a lead from the only campaign, as it is told."""
        routed = LEADS.from_document(self._platform.routed(reference))
        (told,) = (await self.why_not.why_not(routed, "north"))["campaigns"]
        (only,) = told["failing"]
        return only["code"], only["value"], only["expected"]


def room(freed: int, **staying: int) -> tuple[int, dict[str, int]]:
    return freed, staying


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, room(4)),
        ({"caps": {"total": 3}}, room(3, cap_reached=1)),
        ({"caps": {"week": 1, "total": 2}}, room(1, cap_reached=3)),
        ({"categories": [{"id": "101", "amount": 2}]}, room(2, cap_reached=2)),
        ({"caps": {"per_domain": 1}}, room(3, domain_cap=1)),
    ],
)
async def test_a_preview_counts_the_slots(
    platform: Platform, limits: dict[str, Any], expected: tuple[int, dict[str, int]]
) -> None:
    """RTE-14: as many are free as have room, and as many are sent then."""
    await platform.campaign(**ABROAD)
    await platform.upload(1, 2, 3)
    await platform.upload(4, Site="firm1.example")
    told = await Questions(platform).campaign(**limits)
    assert expected == (told["frees"], told["stay_unsent"])
    assert [] == platform.got()
    await platform.campaign(**limits)
    assert told["frees"] == len(platform.got())


async def test_a_preview_knows_who_is_blocked_and_who_was_sent(platform: Platform) -> None:
    """RTE-08, RTE-22: a person is sent to a campaign once, and not at all if that is so."""
    ordered = {"categories": [{"id": "101"}, {"id": "205"}], "organic": True}
    await platform.campaign(open_categories=["101"], **ordered)
    await platform.upload(1)
    await platform.convert(1, "205")
    await platform.upload(2, 3, Cat="205")
    person = platform.routed("R-3")["person_id"]
    block = {"person_id": person, "customer": None, "reason": "they asked"}
    await platform.ask("routing.person.block", person, block)
    told = await Questions(platform).campaign(open_categories=["101", "205"], **ordered)
    assert (1, {"already_sent": 1, "person_blocked": 1}) == (
        told["frees"],
        told["stay_unsent"],
    )
    await platform.campaign(open_categories=["101", "205"], **ordered)
    assert ["R-1", "R-2"] == platform.got()


async def test_a_lead_of_two_categories_is_counted_once(platform: Platform) -> None:
    """It is found under each of them."""
    await platform.campaign(organic=True, open_categories=["310"])
    await platform.convert(1, "101", "205")
    wider = {"organic": True, "open_categories": ["101", "205", "310"]}
    told = await Questions(platform).campaign(**wider)
    assert (1, {}) == (told["frees"], told["stay_unsent"])


async def test_a_lead_that_was_sent_is_found_by_no_other_of_its_categories(
    platform: Platform,
) -> None:
    ordered = {"categories": [{"id": "101"}, {"id": "205"}], "organic": True}
    await platform.campaign(**ordered, open_categories=["101"])
    await platform.convert(1, "101", "205")
    await platform.convert(2, "205")
    assert 1 == len(platform.got())
    answer = await Questions(platform).campaign(**ordered)
    assert (1, 1) == (answer["frees"], answer["looked_at"])


async def test_a_person_is_counted_once(platform: Platform) -> None:
    """RTE-08: two leads of one person are one send."""
    await platform.campaign(**ABROAD, organic=True)
    await platform.upload(1)
    await platform.convert(1)
    told = await Questions(platform).campaign(organic=True)
    assert (1, {"already_sent": 1}) == (told["frees"], told["stay_unsent"])
    await platform.campaign(organic=True)
    assert 1 == len(platform.got())


async def test_what_waits_for_its_day_will_take_a_slot(platform: Platform) -> None:
    """RTE-13: the slots of the next send day are counted, with what waits for it already."""
    wanted = {"weekly": MONDAY, "caps": {"week": 3}}
    await platform.campaign(**wanted, excluded_places=[{"country": "US"}])
    await platform.upload(1, 2, 3)
    await platform.upload(4, Land="DE", State="")
    assert {"north": "waiting"} == platform.states("R-4")
    told = await Questions(platform).campaign(**wanted)
    assert (2, {"cap_reached": 1}) == (told["frees"], told["stay_unsent"])
    await platform.campaign(**wanted)
    await platform.advance(timedelta(hours=2))
    assert 3 == len(platform.got())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"caps": {"total": 9}}, {"caps": {"total": 10}}),
        ({"places": [{"country": "US"}]}, {}),
        ({"categories": [{"id": "101", "amount": 5}]}, {"categories": [{"id": "101"}]}),
    ],
)
async def test_what_the_change_did_not_keep_away_is_not_freed(
    platform: Platform, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """RTE-14: what came during a pause stays, whatever else is loosened later."""
    await platform.campaign(**before, status="paused")
    await platform.upload(1)
    await platform.ask("routing.campaign.resume", "north", RESUME)
    await platform.upload(2)
    told = await Questions(platform).campaign(**after)
    await platform.campaign(**after)
    assert (0, ["R-2"]) == (told["frees"], platform.got())


async def test_a_lead_of_two_categories_is_freed_by_the_one_that_opens(platform: Platform) -> None:
    """RTE-14: the other had no room for it, and has none now."""
    ordered = {"categories": [{"id": "101", "amount": 1}, {"id": "205"}], "organic": True}
    await platform.campaign(**ordered, open_categories=["101"])
    await platform.convert(1, "101")
    await platform.convert(2, "101", "205")
    assert ["cap_reached"] == platform.against("O-2")
    told = await Questions(platform).campaign(**ordered)
    await platform.campaign(**ordered)
    assert (1, 2) == (told["frees"], len(platform.got()))


async def test_titles_free_only_whom_they_kept_away(platform: Platform) -> None:
    """RTE-14: a phrase that nobody has frees nobody."""
    await platform.rules(suppressed_titles={"phrases": ["zebra tamer", "head"]})
    await platform.campaign(status="paused")
    await platform.upload(1)
    await platform.upload(2, Title="Buyer")
    await platform.ask("routing.campaign.resume", "north", RESUME)
    await platform.rules(suppressed_titles={"phrases": ["head"]})
    assert [] == platform.got()
    await platform.rules(suppressed_titles={})
    assert ["R-1"] == platform.got()


async def test_an_exclusive_lead_that_another_holds_would_be_queued_for(platform: Platform) -> None:
    """RTE-11: it is not free, but the campaign takes its place behind."""
    await platform.rules(exclusive_lead_codes=[LEAD_CODE])
    await platform.campaign(**ABROAD)
    await platform.campaign("other", weekly=MONDAY)
    await platform.upload(1)
    told = await Questions(platform).campaign()
    assert (0, 1) == (told["frees"], told["queues"])


async def test_a_list_is_previewed_for_all_that_use_it(platform: Platform) -> None:
    """RTE-14: with its other entries and all other lists as they are."""
    await platform.company_list("rivals", "firm1.example", "firm2.example")
    await platform.company_list("others", "firm2.example")
    await platform.campaign(suppressed=[{"list": "rivals", **STRICT}])
    both = [{"list": name, **STRICT} for name in ("rivals", "others")]
    await platform.campaign("both", suppressed=both, caps={"total": 1})
    await platform.upload(1, 2)
    told = await Questions(platform).edited("rivals", remove=["firm1.example", "firm2.example"])
    assert [("both", 1), ("north", 2)] == told
    assert [] == platform.got()
    await platform.edit("rivals", remove=["firm1.example", "firm2.example"])
    assert {"both": ["R-1"], "north": ["R-1", "R-2"]} == {
        name: sorted(platform.got(name)) for name in ("both", "north")
    }


async def test_what_could_not_be_sent_by_hand_says_so_while_it_waits(platform: Platform) -> None:
    """RTE-10, RTE-14: the operator sees what came of it where the lead is explained."""
    await platform.campaign(weekly=MONDAY, caps={"week": 1})
    await platform.upload(1, 2)
    await platform.by_hand(1)
    await platform.by_hand(2)
    routed = LEADS.from_document(platform.routed("R-2"))
    (told,) = (await Questions(platform).why_not.why_not(routed, "north"))["campaigns"]
    assert ("waiting", "ops: cap_reached") == (told["state"], told["refused_by_hand"]["text"])


async def test_what_was_sent_is_not_judged_anew(platform: Platform) -> None:
    """RTE-10: though the campaign would not want it any more; of what was kept away, both what the
    version of then says and what the one of now does."""
    await platform.campaign()
    await platform.campaign("far", **ABROAD)
    await platform.upload(1)
    await platform.campaign(**ABROAD)
    await platform.campaign("far", **ABROAD, status="paused")
    routed = LEADS.from_document(platform.routed("R-1"))
    told = (await Questions(platform).why_not.why_not(routed, None))["campaigns"]
    shown = {row["campaign"]: (row["state"], row.get("now", {}).get("state")) for row in told}
    assert {"far": ("not_claimed", "not_claimed"), "north": ("sent", None)} == shown


async def test_unsent_leads_are_counted_as_they_are_explained(platform: Platform) -> None:
    """RTE-10: by the version that was in force when the lead came, or none."""
    await platform.upload(1)
    await platform.campaign(status="paused")
    await platform.upload(2, 3)
    await platform.ask("routing.campaign.resume", "north", RESUME)
    await platform.upload(4, Cat="205")
    asked = Questions(platform).why_not
    campaign = (await asked.catalogues()).campaigns.get("main/north")
    assert campaign is not None
    counts = {"campaign_unknown": 1, "campaign_inactive": 2, "category_not_as_ordered": 1}
    assert counts == (await asked.unsent(campaign, 100)).by_check


async def test_what_was_sent_by_hand_before_any_version_knew_it_is_not_unsent(
    platform: Platform,
) -> None:
    """RTE-14: it came before the campaign was there."""
    await platform.upload(1, 2)
    await platform.campaign()
    await platform.by_hand(1)
    asked = Questions(platform).why_not
    campaign = (await asked.catalogues()).campaigns.get("main/north")
    assert campaign is not None
    assert {"campaign_unknown": 1} == (await asked.unsent(campaign, 100)).by_check


async def test_why_not_is_told_for_any_number_of_campaigns(platform: Platform) -> None:
    """RTE-10: each with its own reasons, however many are looked up at once."""
    await platform.campaign("capped", caps={"total": 0})
    await platform.campaign("far", **ABROAD)
    await platform.campaign("late")
    await platform.campaign("sent")
    await platform.upload(1)
    await platform.campaign("late", **ABROAD)
    await platform.campaign("new")
    routed = LEADS.from_document(platform.routed())
    expected = [
        ("capped", ["cap_reached"]),
        ("far", ["filter.place"]),
        ("late", []),
        ("new", ["campaign_unknown"]),
        ("sent", []),
    ]
    assert expected == await Questions(platform).against_all(routed)
    with patch.object(why_not, "CAMPAIGNS_AT_ONCE", 2):
        assert expected == await Questions(platform).against_all(routed)


async def test_an_edit_of_a_list_that_is_not_there_is_refused_as_it_would_be(
    platform: Platform,
) -> None:
    command = EditList(list="none", reason="asked", add=["a.example"])
    told = await Questions(platform).previewing.list(command, "main")
    assert "list_unknown" == told["refused"].code


async def test_a_long_list_is_edited_part_by_part(platform: Platform) -> None:
    """RTE-06: an edit and its way back, in one batch; a part that was there before is kept once."""
    await platform.company_list("rivals", "a.example", "b.example")
    for changes in ({"add": ["c.example"]}, {"remove": ["c.example"]}) * 2:
        data = {"list": "rivals", "reason": "they asked"} | changes
        platform.publish("routing.list.edit", "rivals", data)
    await platform.rest()
    assert [] == platform.stored("dead_letters", "routing")
    (kept,) = platform.stored("lists", "routing")
    assert (5, 2) == (kept["number"], kept["content"]["entries"])
    digests = Counter(row["_id"] for row in platform.stored("list_parts", "routing"))
    assert {1} == set(digests.values())
    assert lists.part_of("main/rivals", kept["content"]["parts"][0]).id in digests
