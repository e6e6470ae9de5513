"""Leads that are sold to one campaign only: who is asked first, and who is next."""

import json

import pytest

from shared.loop.decision import Verdict
from shared.mongo import encode
from tests.component.leads import EXCLUSIVE, HOUR, MONDAY, Platform, opened, pause, resolve


async def test_shared_or_sold_to_one(platform: Platform) -> None:
    """RTE-11: each campaign that wants a lead gets it, unless it is sold once."""
    for name in ("a", "b"):
        await platform.campaign(name)
    await platform.upload(1)
    await platform.rules(**EXCLUSIVE)
    await platform.upload(2)
    assert (["R-1", "R-2"], ["R-1"]) == (platform.got("a"), platform.got("b"))
    (queued,) = platform.routed("R-2")["queue"]
    assert "b" == queued["campaign"]


async def test_an_exclusive_lead_goes_by_priority_amount_likes_and_age(platform: Platform) -> None:
    """RTE-11: in that order, and what it was decided on is kept."""
    await platform.rules(**EXCLUSIVE)
    liking = {"seniorities": {"allowed": ["vp"], "strictness": "preferred"}}
    await platform.campaign("young", priority=2)
    await platform.campaign("first", priority=1, caps={"total": 0})
    await platform.campaign("disliking", priority=2, **liking)
    await platform.campaign("behind", priority=2, categories=[{"id": "101", "amount": 5}])
    await platform.advance(HOUR)
    await platform.campaign("a-youngest", priority=2)
    await platform.upload(1)
    assert {"first": "refused", "behind": "sent"} == platform.states()
    queue = platform.routed()["queue"]
    assert ["young", "a-youngest", "disliking"] == [one["campaign"] for one in queue]
    assert [(2, 0, 0), (2, 0, 0), (2, 0, 1)] == [
        (one["priority"], one["behind"], one["rank"]) for one in queue
    ]


async def test_exclusive_leads_go_to_who_is_furthest_behind(platform: Platform) -> None:
    """RTE-11: so they are shared out by what is missing."""
    await platform.rules(**EXCLUSIVE)
    await platform.campaign("small", categories=[{"id": "101", "amount": 2}])
    await platform.campaign("large", categories=[{"id": "101", "amount": 4}])
    for number in range(1, 8):
        await platform.upload(number)
    assert (2, 4) == (len(platform.got("small")), len(platform.got("large")))
    assert ["R-1", "R-2"] == platform.got("large")[:2]
    assert {"large": "refused", "small": "refused"} == platform.states("R-7")


@pytest.mark.parametrize(
    ("verdict", "state", "then"),
    [
        (Verdict.REFUSED, "not_sent", ["R-1"]),
        (Verdict.UNKNOWN, "uncertain", []),
        (Verdict.DONE, "sent", []),
    ],
)
async def test_the_next_is_asked_after_a_definite_refusal_only(
    platform: Platform, verdict: Verdict, state: str, then: list[str]
) -> None:
    """RTE-11: never while the first may have it."""
    await platform.rules(**EXCLUSIVE)
    await platform.campaign("a")
    await platform.campaign("b", priority=1)
    platform.verdicts["a"] = verdict
    await platform.upload(1)
    assert (state, then) == (platform.states()["a"], platform.got("b"))


async def test_resolved_as_refused_an_exclusive_lead_goes_on(platform: Platform) -> None:
    """RTE-11, RTE-12: a person found out that the first did not get it."""
    await platform.rules(**EXCLUSIVE)
    await platform.campaign("a")
    await platform.campaign("b", priority=1)
    platform.verdicts["a"] = Verdict.UNKNOWN
    await platform.upload(1)
    assert [] == platform.got("b")
    assert (await resolve(platform, "a", "refused"))["accepted"]
    assert {"a": "not_sent", "b": "sent"} == platform.states()
    again = await resolve(platform, "a", "sent")
    assert (False, "not_uncertain") == (again["accepted"], again["code"])


async def test_a_campaign_that_opens_stands_behind_the_one_that_has_an_exclusive_lead(
    platform: Platform,
) -> None:
    """RTE-11, RTE-14: and is asked if that one can't take it after all, once."""
    await platform.rules(**EXCLUSIVE)
    await platform.campaign("waits", weekly=MONDAY)
    await platform.campaign("opens", open_categories=[])
    await platform.upload(1)
    await platform.campaign("opens")
    assert {"waits": "waiting"} == platform.states()
    await platform.ask("routing.campaign.pause", "waits", pause("waits"))
    await platform.advance(HOUR)
    assert {"waits": "refused", "opens": "sent"} == platform.states()
    assert ([], ["R-1"]) == (platform.got("waits"), platform.got("opens"))


async def test_a_lead_stays_exclusive_whatever_the_rules_say_later(platform: Platform) -> None:
    """RTE-11, RTE-13: a paused campaign does not put off what another stands behind for."""
    await platform.rules(**EXCLUSIVE)
    await platform.campaign(weekly=MONDAY, priority=1)
    await platform.campaign("other", priority=2)
    await platform.upload(1)
    await platform.rules()
    await platform.ask("routing.campaign.pause", "north", pause("north"))
    await platform.advance(2 * HOUR)
    assert ([], ["R-1"]) == (platform.got(), platform.got("other"))


async def test_what_an_earlier_version_asked_for_is_exclusive_if_the_rules_are(
    platform: Platform,
) -> None:
    """It did not say so in what it kept of a lead that waits."""
    await platform.rules(**EXCLUSIVE)
    await platform.campaign(weekly=MONDAY, priority=1)
    await platform.campaign("other", priority=2)
    await platform.upload(1)
    (row,) = platform.stored("sends", "routing")
    claim = json.loads(row["claim"])
    del claim["is_exclusive"]
    row["claim"] = json.dumps(claim)
    platform.world.databases["routing"].committed["sends"] = {row["_id"]: encode(row)}
    await platform.ask("routing.campaign.pause", "north", pause("north"))
    await platform.advance(2 * HOUR)
    assert ([], ["R-1"]) == (platform.got(), platform.got("other"))


async def test_who_refused_an_exclusive_lead_is_not_asked_again(platform: Platform) -> None:
    """RTE-08, RTE-14: a campaign that changes may not have what its endpoint refused; another
    may."""
    await platform.rules(**EXCLUSIVE)
    await platform.campaign("a")
    platform.verdicts["a"] = Verdict.REFUSED
    await platform.upload(1)
    platform.verdicts.clear()
    await platform.campaign("a", places=[{"country": "US"}])
    assert 1 == opened(platform)
    assert {"a": "not_sent"} == platform.states()
    await platform.campaign("b", open_categories=[])
    await platform.campaign("b")
    assert {"a": "not_sent", "b": "sent"} == platform.states()


async def test_organic_leads_can_be_sold_once_too(platform: Platform) -> None:
    """RTE-11: by a rule of their own."""
    for name in ("a", "b"):
        await platform.campaign(name, organic=True)
    await platform.rules(exclusive_organic=True)
    await platform.convert(1)
    await platform.upload(2)
    assert (["O-1", "R-2"], ["R-2"]) == (platform.got("a"), platform.got("b"))


@pytest.mark.parametrize(
    ("caps", "over"),
    [
        ({"total": 2}, "total"),
        ({"day": 2}, "day/"),
        ({"week": 2}, "week/"),
        ({"month": 2}, "month/"),
    ],
)
async def test_what_is_over_a_cap_stays_unsent_and_says_so(
    platform: Platform, caps: dict[str, int], over: str
) -> None:
    """RTE-12: however many come at once."""
    await platform.campaign(caps=caps)
    await platform.upload(1, 2, 3, 4, 5)
    assert 2 == len(platform.got())
    assert {"reserved": 0, "used": 2, "uncertain": 0} == platform.capacity()
    refused = platform.events("routing.claim.refused")
    assert [["cap_reached"]] * 3 == [[f["code"] for f in one["failing"]] for one in refused]
    assert all(one["failing"][0]["rule"].startswith(over) for one in refused)
