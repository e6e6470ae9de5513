"""Campaigns that send on a day of the week: what waits, and who goes."""

from collections import Counter
from datetime import timedelta

import pytest

from shared.store import Replace
from shared.testing.memory import MemoryStore
from tests.component.leads import DAY, HOUR, MONDAY, STRICT, Platform, block, pause, person


async def test_a_weekly_campaign_sends_on_its_day(platform: Platform) -> None:
    """RTE-13, RTE-09: until then leads wait, with the date, and take no slot; it sends once."""
    await platform.campaign(weekly=MONDAY, time_zone="Europe/London")
    await platform.campaign("daily")
    await platform.upload(1, 2)
    (first, _) = platform.events("routing.claim.waiting")
    assert ("north", "2026-03-02T09:00:00Z") == (first["campaign"], first["until"])
    assert {"north": "waiting", "daily": "sent"} == platform.states()
    assert [] == platform.got()
    await platform.advance(HOUR)
    await platform.upload(3)
    assert {"R-1", "R-2"} == set(platform.got())
    await platform.advance(7 * DAY)
    assert {"R-1": 1, "R-2": 1, "R-3": 1} == Counter(platform.got())


async def test_on_the_day_all_is_decided_anew(platform: Platform) -> None:
    """RTE-13: who was blocked, a list, a category; what fails by then is dropped and says so."""
    await platform.company_list("bad", "else.example")
    listed = {"suppressed": [{"list": "bad", **STRICT}]}
    await platform.campaign(weekly=MONDAY, **listed)
    await platform.upload(1, 2, 3)
    await block(platform, 1)
    await platform.edit("bad", add=["firm2.example"])
    await platform.advance(HOUR)
    assert ["R-3"] == platform.got()
    assert ["person_blocked"] == platform.against("R-1")
    assert ["company_suppressed"] == platform.against("R-2")
    dropped = [row for row in platform.stored("sends", "routing") if row["status"] == "dropped"]
    assert 2 == len(dropped)


async def test_what_was_dropped_is_asked_for_again(platform: Platform) -> None:
    """RTE-13, RTE-14: on a later send day, if what kept it away is gone by then."""
    await platform.campaign(weekly=MONDAY, caps={"total": 1})
    await platform.upload(1, 2)
    await platform.advance(HOUR)
    [sent] = platform.got()
    [dropped] = {"R-1", "R-2"} - {sent}
    assert {"north": "refused"} == platform.states(dropped)
    await platform.campaign(weekly=MONDAY, caps={"total": 2})
    assert {"north": "waiting"} == platform.states(dropped)
    await platform.advance(7 * DAY)
    assert [sent, dropped] == platform.got()


async def test_a_pause_on_the_send_day_is_waited_out(platform: Platform) -> None:
    """RTE-13: pausing before and resuming in between changes nothing; what waits goes on the first
    send day on which the campaign runs, and not before."""
    await platform.campaign(weekly=MONDAY)
    await platform.upload(1)
    await platform.ask("routing.campaign.pause", "north", pause("north"))
    await platform.ask("routing.campaign.resume", "north", pause("north"))
    await platform.advance(HOUR)
    await platform.upload(2)
    await platform.ask("routing.campaign.pause", "north", pause("north"))
    await platform.advance(7 * DAY)
    assert ["R-1"] == platform.got()
    await platform.ask("routing.campaign.resume", "north", pause("north"))
    assert ["R-1"] == platform.got()
    await platform.advance(7 * DAY)
    assert ["R-1", "R-2"] == platform.got()


async def test_a_cap_holds_on_the_send_day(platform: Platform) -> None:
    """RTE-12, RTE-13: whoever likes the campaign better goes first, then the oldest."""
    liked = {"seniorities": {"allowed": ["vp"], "strictness": "preferred"}}
    await platform.campaign(weekly=MONDAY, caps={"day": 2, "per_domain": 1}, **liked)
    await platform.upload(1)
    await platform.advance(timedelta(minutes=1))
    await platform.upload(2)
    await platform.upload(3, 4, Title="VP of IT", Site="one.example")
    await platform.advance(HOUR)
    assert 1 == len({"R-3", "R-4"} & set(platform.got()))
    assert 1 == len({"R-1"} & set(platform.got()))
    assert "cap_reached" in platform.against("R-2")


async def test_leads_from_countries_behind_their_share_go_first(platform: Platform) -> None:
    """RTE-05, RTE-13: steered toward, where leads wait; never promised."""
    shares = {"US": 50, "DE": 50}
    await platform.campaign(weekly=MONDAY, caps={"total": 3}, shares=shares)
    await platform.upload(1, 2, 3)
    await platform.upload(4, 5, Land="DE", State="")
    await platform.advance(HOUR)
    german = {"R-4", "R-5"} & set(platform.got())
    assert (3, True) == (len(platform.got()), len(german) >= 1)


@pytest.mark.parametrize("arrives", [False, True])
async def test_a_day_that_nothing_ran_on_is_made_up_for_once(
    platform: Platform, arrives: bool
) -> None:
    """RTE-13, OPS-03: late; a lead that comes meanwhile neither puts it off nor goes along."""
    await platform.campaign(weekly=MONDAY)
    await platform.upload(1)
    for group in platform.world.groups:
        group.members[0].crash()
    platform.world.clock.ahead += DAY
    if arrives:
        await platform.upload(2)
    await platform.advance(timedelta(minutes=1))
    assert ["R-1"] == platform.got()
    await platform.advance(7 * DAY)
    assert ["R-1", "R-2"][: 1 + arrives] == platform.got()


async def test_more_leads_wait_than_are_decided_in_one_step(platform: Platform) -> None:
    """RTE-13: page after page, also while further ones arrive; each once, and the cap holds."""
    await platform.campaign(weekly=MONDAY, caps={"total": 130})
    await platform.upload(*range(1, 141))
    platform.world.clock.ahead += HOUR
    await platform.upload(*range(141, 146))
    await platform.advance(timedelta(minutes=1))
    counted = Counter(platform.got())
    assert (130, 1) == (len(counted), max(counted.values()))
    refused = [row for row in platform.stored("sends", "routing") if row["status"] == "dropped"]
    assert 10 == len(refused)
    assert {"reserved": 0, "used": 130, "uncertain": 0} == platform.capacity()


async def test_a_campaign_that_is_no_longer_weekly_sends_what_waits(platform: Platform) -> None:
    """RTE-13: at once."""
    await platform.campaign(weekly={"weekday": "friday"})
    await platform.upload(1)
    await platform.campaign()
    await platform.advance(timedelta(minutes=1))
    assert ["R-1"] == platform.got()
    await platform.upload(2)
    assert ["R-1", "R-2"] == platform.got()


async def test_a_campaign_that_is_paused_and_no_longer_weekly_gives_back_what_waits(
    platform: Platform,
) -> None:
    """RTE-13: there is no next day to wait for."""
    await platform.campaign(weekly={"weekday": "friday"})
    await platform.upload(1)
    await platform.campaign(status="paused")
    await platform.advance(timedelta(minutes=1))
    assert ({"north": "refused"}, []) == (platform.states(), platform.got())


@pytest.mark.parametrize(
    ("weekday", "days", "sooner"), [("wednesday", 2, True), ("saturday", 5, False)]
)
async def test_a_send_day_is_moved(
    platform: Platform, weekday: str, days: int, sooner: bool
) -> None:
    """RTE-13: what waits goes on the new day, once, and not on the old one."""
    await platform.campaign(weekly={"weekday": "friday"})
    await platform.upload(1)
    await platform.campaign(weekly={"weekday": weekday})
    await platform.advance((days if sooner else 4) * DAY)
    await platform.advance(2 * HOUR)
    assert (["R-1"] if sooner else []) == platform.got()
    await platform.advance(3 * DAY)
    assert ["R-1"] == platform.got()


async def test_a_campaign_that_stays_weekly_keeps_its_day(platform: Platform) -> None:
    """RTE-13: another change moves nothing; a day taken away and given back is still one."""
    await platform.campaign(weekly=MONDAY)
    await platform.upload(1)
    await platform.campaign(weekly=MONDAY, priority=5)
    await platform.advance(HOUR)
    assert ["R-1"] == platform.got()
    assert [] == platform.stored("due", "routing")


@pytest.mark.parametrize("when", ["waits", "on its way"])
async def test_a_lead_that_waits_for_its_day_is_given_back(platform: Platform, when: str) -> None:
    """INT-08, RTE-13: to an upload that replaces it, though it was claimed already."""
    await platform.campaign(weekly=MONDAY)
    data = {"affiliate": "acme", "reference": "R-1", "record": person(1)}
    again = {**data, "reference": "R-2", "replaces": "R-1", "record": person(2)}
    platform.publish("intake.lead.submit", "acme:R-1", data)
    if when == "waits":
        await platform.rest()
    platform.publish("intake.lead.submit", "acme:R-2", again)
    await platform.rest()
    assert ("omitted", "accepted") == (platform.outcome("R-1"), platform.outcome("R-2"))
    await platform.advance(HOUR)
    assert ["R-2"] == platform.got()


async def test_what_an_earlier_version_has_waiting_is_sent_within_its_company(
    platform: Platform,
) -> None:
    """RTE-08, RTE-13: their rows have one domain, and their leads are known by several."""
    await platform.campaign(weekly=MONDAY, caps={"per_domain": 1})
    for number in (1, 2):
        await platform.upload(number, Site="northgrid.example")
    store = MemoryStore(platform.world.databases["routing"])
    rows = platform.stored("sends", "routing")
    assert {2} == {len(row["domain"]) for row in rows}
    async with store.transaction() as transaction:
        then = [Replace(row | {"schema": 2, "domain": "northgrid.example"}) for row in rows]
        await transaction.write("sends", then)
    await platform.advance(2 * HOUR)
    assert 1 == len(platform.got())
    assert [] == platform.stored("dead_letters", "routing")
