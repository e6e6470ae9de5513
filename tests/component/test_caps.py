"""How many leads a campaign gets, of whom, and how often one person."""

from datetime import timedelta
from typing import Any

import pytest

from shared.loop.decision import Verdict
from shared.store import Replace
from shared.testing.memory import MemoryStore
from tests.builders import put_affiliate
from tests.component.leads import DAY, LEAD_CODE, Platform, person, resolve


@pytest.mark.parametrize(("period", "later"), [("day", 0), ("week", 0), ("month", 30)])
async def test_a_period_ends_at_midnight_where_the_campaign_is(
    platform: Platform, period: str, later: int
) -> None:
    """RTE-12: a story begins at 22:00 of a Sunday, 1 March, in Honolulu."""
    await platform.campaign(caps={period: 1}, time_zone="Pacific/Honolulu")
    await platform.advance(later * DAY)
    await platform.upload(1)
    await platform.advance(timedelta(hours=1, minutes=50))
    await platform.upload(2)
    await platform.advance(timedelta(minutes=20))
    await platform.upload(3)
    assert ["R-1", "R-3"] == platform.got()
    assert ["cap_reached"] == platform.against("R-2")


async def test_no_more_of_a_category_than_was_ordered(platform: Platform) -> None:
    """RTE-12: the amount of one category says nothing about another."""
    await platform.campaign(categories=[{"id": "101", "amount": 1}, {"id": "205"}])
    await platform.upload(1, 2)
    await platform.upload(3, 4, Cat="205")
    assert 1 == len({"R-1", "R-2"} & set(platform.got()))
    assert {"R-3", "R-4"} <= set(platform.got())


async def test_leads_of_one_company_are_limited(platform: Platform) -> None:
    """RTE-08: over all time, by domain; those of no known domain are not."""
    await platform.campaign(caps={"per_domain": 2})
    await platform.upload(1, 2, 3, 4, Site="northgrid.example")
    await platform.upload(5, Site="helvion.example")
    await platform.upload(6, 7, 8, Site="", Firm="Nobody")
    await platform.advance(40 * DAY)
    await platform.upload(9, Site="northgrid.example")
    got = set(platform.got())
    assert 2 == len({"R-1", "R-2", "R-3", "R-4"} & got)
    assert {"R-5", "R-6", "R-7", "R-8"} <= got
    assert ["domain_cap"] == platform.against("R-9")


@pytest.mark.parametrize("kept", ["northgrid.example", ["northgrid.example"]])
async def test_sends_of_an_earlier_version_count_for_their_company(
    platform: Platform, kept: str | list[str]
) -> None:
    """RTE-08: their rows have one domain, where there are several now."""
    await platform.campaign(caps={"per_domain": 1})
    await platform.upload(1, Site="northgrid.example")
    (row,) = platform.stored("sends", "routing")
    store = MemoryStore(platform.world.databases["routing"])
    async with store.transaction() as transaction:
        await transaction.write("sends", [Replace(row | {"schema": 2, "domain": kept})])
    await platform.upload(2, Site="northgrid.example")
    assert ["R-1"] == platform.got()
    assert ["domain_cap"] == platform.against("R-2")


async def test_the_same_person_is_never_sent_twice(platform: Platform) -> None:
    """RTE-08: another lead code, another day; another campaign may."""
    codes = {"lead_codes": [LEAD_CODE, "INT-AAA-BBB-2"]}
    await platform.ask("intake.affiliate.put", "acme", put_affiliate(**codes).model_dump())
    await platform.campaign(**codes)
    await platform.campaign("second", lead_codes=["INT-AAA-BBB-2"])
    await platform.upload(1)
    await platform.submit("R-2", record=person(1, Code="INT-AAA-BBB-2"))
    assert (["R-1"], ["R-2"]) == (platform.got(), platform.got("second"))
    assert ["already_sent"] == platform.against("R-2")


async def test_a_definite_refusal_frees_every_slot(platform: Platform) -> None:
    """RTE-12, RTE-08: of each period, of the category and of the company."""
    caps = {"total": 1, "day": 1, "week": 1, "month": 1, "per_domain": 1}
    await platform.campaign(caps=caps, categories=[{"id": "101", "amount": 1}])
    platform.verdict = (Verdict.REFUSED, "answered 410")
    await platform.upload(1, Site="northgrid.example")
    assert {"reserved": 0, "used": 0, "uncertain": 0} == platform.capacity()
    platform.verdict = (Verdict.DONE, "answered 200")
    await platform.upload(2, Site="northgrid.example")
    assert ["R-1", "R-2"] == platform.got()
    assert 1 == len(platform.events("routing.lead.not_sent"))


@pytest.mark.parametrize(
    ("outcome", "got", "how"),
    [("sent", False, "resolve"), ("refused", True, "resolve"), ("sent", False, "settle")],
)
async def test_an_uncertain_send_keeps_its_slot_until_it_is_resolved(
    platform: Platform, outcome: str, got: bool, how: str
) -> None:
    """RTE-12: then it is used, or free for another; also by the command's former name."""
    await platform.campaign(caps={"total": 1, "per_domain": 1}, categories=[amount(1)])
    platform.verdict = (Verdict.UNKNOWN, "no answer")
    await platform.upload(1, Site="northgrid.example")
    platform.verdict = (Verdict.DONE, "answered 200")
    assert {"reserved": 0, "used": 0, "uncertain": 1} == platform.capacity()
    await platform.upload(2, Site="northgrid.example")
    assert ["domain_cap", "cap_reached", "cap_reached"] == platform.against("R-2")
    assert (await resolve(platform, "north", outcome, how))["accepted"]
    await platform.upload(3, Site="northgrid.example")
    assert ("R-3" in platform.got()) == got
    ended = {"sent": "routing.lead.sent", "refused": "routing.lead.not_sent"}[outcome]
    assert platform.routed()["_id"] in [one["lead"] for one in platform.events(ended)]
    assert {"north": {"sent": "sent", "refused": "not_sent"}[outcome]} == platform.states()


def amount(number: int) -> dict[str, Any]:
    return {"id": "101", "amount": number}


@pytest.mark.parametrize(
    ("changes", "cause", "code"),
    [
        ({"send": "none"}, {}, "send_unknown"),
        ({"campaign": "other"}, {}, "send_unknown"),
        ({}, {}, "not_uncertain"),
        ({}, {"role": "customer"}, "not_permitted"),
        ({}, {"role": "customer_success"}, "not_permitted"),
    ],
)
async def test_only_what_is_uncertain_is_resolved(
    platform: Platform, changes: dict[str, Any], cause: dict[str, Any], code: str
) -> None:
    """RTE-12, OPS-07: by those who send by hand."""
    await platform.campaign()
    await platform.campaign("other")
    await platform.upload(1)
    (send,) = [row for row in platform.stored("sends", "routing") if row["campaign"] == "north"]
    data = {"campaign": "north", "send": send["_id"], "outcome": "sent", "reason": "why"}
    answer = await platform.ask("routing.send.resolve", "north", data | changes, **cause)
    assert (False, code) == (answer["accepted"], answer["code"])
