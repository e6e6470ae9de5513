"""Which campaigns are told to want a lead that nobody has routed, and which then get it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.intake.queries.trial import Submissions, Tried
from services.routing.queries.trial import Leads, Trial
from services.routing.queries.why_not import WhyNot
from shared.store import Document
from shared.testing.memory import MemoryStore
from tests.builders import put_affiliate
from tests.component.leads import Platform, person
from tests.component.test_trying import everything, trying

ABROAD = {"places": [{"country": "DE"}]}
MONDAY = {"weekday": "monday", "at": "09:00"}


async def taken_in(platform: Platform, number: int, **written: Any) -> Tried:
    reference = written.pop("reference", f"R-{number}")
    data = {"affiliate": "acme", "reference": reference, "record": person(number, **written)}
    submissions = {"source": "test", "submissions": [{"id": f"t-{reference}", "data": data}]}
    (one,) = await trying(platform).submissions(Submissions.model_validate(submissions), "main")
    return one


async def tried(platform: Platform, number: int = 1, others: int = 20, **written: Any) -> Document:
    """R-1 of the first person, R-2 of the second: through intake, and then through routing."""
    one = await taken_in(platform, number, **written)
    assert one.accepted is not None
    leads = Leads(leads=(one.accepted,), others=others)
    store, clock = MemoryStore(platform.world.databases["routing"]), platform.world.clock
    (found,) = await Trial(store, clock, WhyNot(store, clock)).leads(leads, "main")
    return dict(found)


def candidates(tried: Mapping[str, Any]) -> list[str]:
    return [each["campaign"] for each in tried["candidates"]]


def others(tried: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        each["campaign"]: [failing["code"] for failing in each["failing"]]
        for each in tried["others"]
    }


CAMPAIGNS: Mapping[str, Mapping[str, Any]] = {
    "all": {},
    "abroad": {**ABROAD},
    "paused": {"status": "paused"},
    "closed": {"open_categories": ["205"]},
    "small": {"caps": {"total": 1}},
    "one a company": {"caps": {"per_domain": 1}},
    "unpaid": {"customer": "unpaid"},
    "weekly": {"weekly": MONDAY},
}


def put(name: str) -> dict[str, Any]:
    return {"name": name.replace(" ", "-")} | dict(CAMPAIGNS[name])


@pytest.mark.parametrize("before", [(), (1,), (1, 3)])
async def test_who_would_want_a_lead_gets_it(platform: Platform, before: Sequence[int]) -> None:
    """RTE-09, RTE-10: whoever is told to want it has it or keeps it for the send day, and nobody
    else, also behind another lead that took what there was."""
    for name in CAMPAIGNS:
        await platform.campaign(**put(name))
    account = {"customer": "unpaid", "reason": "unpaid"}
    await platform.ask("routing.account.suspend", "unpaid", account)
    await platform.upload(*before, Site="firm2.example")
    told = await tried(platform, 2)
    await platform.upload(2)
    got = {name for name, state in platform.states("R-2").items() if state != "refused"}
    assert len(candidates(told)) == (2 if before else 4)
    assert got == {*candidates(told)}
    assert {name.replace(" ", "-") for name in CAMPAIGNS} == got | {*others(told)}


@pytest.mark.parametrize(
    ("campaign", "codes"),
    [
        ({**ABROAD}, ["filter.place"]),
        ({"status": "paused"}, ["campaign_inactive"]),
        ({"caps": {"total": 1}}, ["cap_reached"]),
        ({"customer": "unpaid"}, ["account_suspended"]),
        ({"customer": "blocked"}, ["person_blocked"]),
        ({"open_categories": ["205"], **ABROAD}, ["filter.place", "category_closed"]),
    ],
)
async def test_what_keeps_a_lead_from_others_is_told(
    platform: Platform, campaign: Mapping[str, Any], codes: list[str]
) -> None:
    """RTE-10: with who can mend it, and how."""
    await platform.campaign(**campaign)
    await platform.upload(2)
    account = {"customer": "unpaid", "reason": "unpaid"}
    await platform.ask("routing.account.suspend", "unpaid", account)
    lead = (await taken_in(platform, 1)).lead
    assert lead is not None
    block = {"person_id": lead.person_id, "customer": "blocked", "reason": "asked"}
    await platform.ask("routing.person.block", str(lead.person_id), block)
    told = await tried(platform)
    assert lead.id == told["lead"]
    assert {"north": codes} == others(told)
    assert all(failing["how"] for failing in told["others"][0]["failing"])


async def test_a_campaign_that_does_not_run_yet_is_told_as_of_now(platform: Platform) -> None:
    await platform.campaign(active={"from": "2026-04-01"}, open_categories=["205"])
    codes = {"campaign_inactive", "category_closed"}
    assert codes == set(others(await tried(platform))["north"])


async def test_who_was_sent_before_is_told(platform: Platform) -> None:
    """RTE-08: a campaign gets a person once, under whichever of its lead codes."""
    both = ["INT-AAA-BBB-1", "INT-AAA-BBB-2"]
    known = put_affiliate(lead_codes=both).model_dump(mode="json")
    await platform.ask("intake.affiliate.put", "acme", known)
    await platform.campaign(lead_codes=both)
    await platform.upload(1)
    told = await tried(platform, reference="R-9", Code="INT-AAA-BBB-2")
    assert ([], {"north": ["already_sent"]}) == (candidates(told), others(told))


async def test_an_exclusive_lead_is_told_with_its_order(platform: Platform) -> None:
    """RTE-11: the first of them gets it."""
    await platform.rules(categories=["101", "205"], exclusive_lead_codes=["INT-AAA-BBB-1"])
    await platform.campaign("second", priority=2)
    await platform.campaign("first", priority=1)
    await platform.campaign("abroad", priority=0, **ABROAD)
    told = await tried(platform)
    assert (True, ["first", "second"]) == (told["is_exclusive"], candidates(told))
    await platform.upload(1)
    assert {"first": "sent"} == platform.states()


async def test_a_weekly_is_told(platform: Platform) -> None:
    """RTE-13: when the campaign would send, if that is not at once."""
    await platform.campaign("weekly", weekly=MONDAY)
    await platform.campaign("daily")
    told = await tried(platform)
    days = {each["campaign"]: each["sends_at"] for each in told["candidates"]}
    assert days["daily"] is None
    assert "Monday" == f"{days['weekly']:%A}"
    assert timedelta(0) < days["weekly"] - platform.now <= timedelta(days=7)


async def test_others_are_told_up_to_a_number(platform: Platform) -> None:
    """The nearest ones; how many there are besides is told."""
    for number in range(4):
        await platform.campaign(f"abroad-{number}", **ABROAD)
    await platform.campaign("far", **ABROAD, open_categories=["205"])
    told = await tried(platform, others=3)
    assert ["abroad-0", "abroad-1", "abroad-2"] == list(others(told))
    assert 2 == told["others_left_out"]
    nobody = await tried(platform, others=0)
    assert ([], 0) == (nobody["others"], nobody["others_left_out"])


async def test_trying_leads_changes_nothing(platform: Platform) -> None:
    """All documents stay byte for byte, and no record is published."""
    await platform.campaign("small", caps={"total": 1})
    await platform.upload(2)
    before = everything(platform)
    for number in (1, 3, 4):
        await tried(platform, number)
    await platform.rest()
    assert before == everything(platform)
