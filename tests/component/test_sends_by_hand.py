"""Leads that an operator sends through, past the send day and suppressed titles."""

from typing import Any

import pytest

from tests.component.leads import DAY, EXCLUSIVE, HOUR, MONDAY, Platform, block


async def test_a_waiting_lead_is_sent_by_hand_before_its_day(platform: Platform) -> None:
    """RTE-14: who, and why, stands in its history; on the day it is not sent again."""
    await platform.campaign(weekly=MONDAY)
    await platform.upload(1, 2)
    answer = await platform.by_hand(1, actor="ann")
    assert (True, "claimed") == (answer["accepted"], answer["code"])
    assert ["R-1"] == platform.got()
    (send,) = [row for row in platform.stored("sends", "routing") if row["status"] == "sent"]
    assert "by hand, ann: they called" in [entry["text"] for entry in send["history"]]
    await platform.advance(HOUR)
    assert ["R-1", "R-2"] == platform.got()
    again = await platform.by_hand(1)
    assert (False, "already_sent") == (again["accepted"], again["code"])


async def test_a_waiting_lead_that_could_not_be_sent_by_hand_waits_on(platform: Platform) -> None:
    """RTE-14: the cap of today is no reason to lose it; that it was tried is kept."""
    await platform.campaign(weekly={"weekday": "tuesday"}, caps={"day": 1})
    await platform.upload(1, 2)
    await platform.by_hand(1)
    await platform.by_hand(2, actor="ann")
    assert (["R-1"], {"north": "waiting"}) == (platform.got(), platform.states("R-2"))
    (send,) = [row for row in platform.stored("sends", "routing") if row["status"] == "waiting"]
    assert "ann: cap_reached" == send["history"][-1]["text"]
    await platform.advance(2 * DAY)
    assert ["R-1", "R-2"] == platform.got()


async def test_a_suppressed_title_is_sent_by_hand(platform: Platform) -> None:
    """RTE-14: to the campaign that suppressed it, and to no other."""
    await platform.rules(suppressed_titles={"functions": ["sales"], "phrases": ["vp"]})
    await platform.campaign()
    await platform.campaign("other")
    await platform.upload(1, Title="VP, Sales")
    assert {} == platform.states()
    assert (await platform.by_hand(1))["accepted"]
    assert (["R-1"], []) == (platform.got(), platform.got("other"))


@pytest.mark.parametrize(
    ("record", "campaign", "cause", "code", "failing"),
    [
        ({"Land": "DE"}, "north", {}, "not_overridable", ["filter.place"]),
        ({"Cat": "205"}, "north", {}, "not_overridable", ["category_not_as_ordered"]),
        ({}, "paused", {}, "not_overridable", ["campaign_inactive"]),
        ({}, "nothing", {}, "campaign_unknown", None),
        ({}, "north", {"role": "customer"}, "not_permitted", None),
        ({}, "north", {"role": "affiliate"}, "not_permitted", None),
        ({}, "north", {"role": "customer_success"}, "not_permitted", None),
    ],
)
async def test_nothing_else_is_overridden_by_hand(
    platform: Platform,
    record: dict[str, str],
    campaign: str,
    cause: dict[str, str],
    code: str,
    failing: Any,
) -> None:
    """RTE-14, OPS-07."""
    await platform.campaign("paused", status="paused")
    wanted = {"places": [{"country": "US"}], "suppressed_titles": {"phrases": ["head"]}}
    await platform.campaign(**wanted)
    await platform.upload(1, **record)
    answer = await platform.by_hand(1, campaign, **cause)
    assert (False, code) == (answer["accepted"], answer["code"])
    assert failing == answer["details"].get("failing")
    assert [] == platform.requests


async def test_by_hand_goes_no_lead_that_is_another_persons(platform: Platform) -> None:
    """RTE-14: the key is the person; another's would be decided in another shard."""
    await platform.campaign(suppressed_titles={"phrases": ["head"]})
    await platform.upload(1, 2)
    lead, other = platform.routed("R-1"), platform.routed("R-2")
    data = {"lead": lead["_id"], "person_id": other["person_id"], "campaign": "north"}
    answer = await platform.ask(
        "routing.lead.send", other["person_id"], data | {"reason": "they called"}
    )
    assert (False, "lead_unknown") == (answer["accepted"], answer["code"])


async def test_a_blocked_person_is_not_sent_by_hand(platform: Platform) -> None:
    """RTE-14, RTE-09: and not an exclusive lead that another campaign has."""
    await platform.campaign(weekly=MONDAY)
    await platform.upload(1)
    await block(platform, 1)
    answer = await platform.by_hand(1)
    assert ["person_blocked"] == answer["details"]["failing"]
    await platform.rules(**EXCLUSIVE)
    await platform.campaign("other", priority=1)
    await platform.upload(2)
    answer = await platform.by_hand(2, "other")
    assert "sold_exclusively" == answer["code"]
    assert [] == platform.got("other")
