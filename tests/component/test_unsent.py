"""Leads that nobody gets are raised, with what stood in their way."""

from datetime import timedelta

from services.routing.person.unsent import watch_id
from tests.component.leads import DAY, HOUR, LEAD_CODE, Platform, block, pause, person


async def test_three_unsent_leads_of_a_delivery_are_raised_once(platform: Platform) -> None:
    """RTE-16: a day after their upload, with what stood in their way, at the third."""
    await platform.campaign(places=[{"country": "DE"}], caps={"total": 0})
    await platform.upload(1, 2)
    await platform.upload(3, Land="DE", State="")
    await platform.advance(timedelta(hours=23))
    assert [] == platform.events("routing.delivery.unsent")
    await platform.advance(2 * HOUR)
    (raised,) = platform.events("routing.delivery.unsent")
    assert ("acme", LEAD_CODE, "D-1") == (
        raised["affiliate"],
        raised["lead_code"],
        raised["delivery"],
    )
    assert {platform.routed(f"R-{n}")["_id"] for n in (1, 2, 3)} == set(raised["leads"])
    assert {"filter.place", "cap_reached"} >= set(raised["codes"])
    await platform.upload(4, 5)
    await platform.advance(2 * DAY)
    assert 1 == len(platform.events("routing.delivery.unsent"))


async def test_sent_waiting_and_organic_leads_do_not_count(platform: Platform) -> None:
    """RTE-16: two unsent ones of one delivery are no matter, nor are those of two deliveries."""
    await platform.campaign("daily", organic=True, categories=[{"id": "101"}])
    await platform.campaign("weekly", weekly={"weekday": "friday"}, categories=[{"id": "205"}])
    await platform.upload(1, 2, Land="DE")
    await platform.upload(3, 4, Cat="205")
    for number in (5, 6):
        await platform.convert(number, "205")
    await platform.ask("routing.campaign.pause", "daily", pause("daily"))
    await platform.upload(7, 8)
    await platform.submit("R-9", record=person(9), delivery="D-2")
    await platform.advance(DAY + HOUR)
    assert [] == platform.events("routing.delivery.unsent")
    (kept,) = [
        row for row in platform.stored("unsent_deliveries", "routing") if row["delivery"] == "D-1"
    ]
    assert {platform.routed(f"R-{n}")["_id"] for n in (7, 8)} == set(kept["leads"])


async def test_a_lead_that_nobody_gets_for_a_week_is_raised_once(platform: Platform) -> None:
    """RTE-16: also one that no campaign was asked for; one that was sent is not."""
    await platform.campaign(places=[{"country": "US"}])
    await platform.campaign("full", caps={"total": 0})
    await platform.upload(1)
    await platform.upload(2, Land="DE", State="")
    await platform.upload(3, Code="", Cat="205")
    await platform.advance(7 * DAY - HOUR)
    assert [] == platform.events("routing.lead.unsent")
    await platform.advance(2 * HOUR)
    told = {one["lead"]: one for one in platform.events("routing.lead.unsent")}
    second = told[platform.routed("R-2")["_id"]]
    assert (["full"], ["cap_reached", "filter.place"]) == (second["claimed"], second["codes"])
    assert platform.routed("R-1")["_id"] not in told
    await platform.advance(30 * DAY)
    assert len(told) == len(platform.events("routing.lead.unsent"))


async def test_a_lead_that_only_a_block_keeps_away_is_raised_with_it(platform: Platform) -> None:
    """RTE-16, RTE-09: its campaigns were not even asked."""
    await platform.upload(1)
    await platform.campaign()
    await block(platform, 1)
    await platform.submit("R-2", record=person(1, Code="INT-AAA-BBB-1"), at=platform.now)
    await platform.advance(7 * DAY)
    (told, *_) = platform.events("routing.lead.unsent")
    assert ([], ["person_blocked"]) == (told["claimed"], told["codes"])


async def test_a_lead_is_raised_with_what_its_campaigns_answered(platform: Platform) -> None:
    """RTE-16: and not with what would keep it from them by now."""
    full = {"caps": {"total": 1}}
    await platform.campaign(**full)
    await platform.upload(1, 2)
    await platform.campaign(**full, functions={"allowed": ["finance"]})
    await platform.advance(7 * DAY)
    (told,) = platform.events("routing.lead.unsent")
    assert (["north"], ["cap_reached"]) == (told["claimed"], told["codes"])


async def test_who_was_sent_or_given_back_is_watched_no_longer(platform: Platform) -> None:
    """RTE-16: otherwise millions of deadlines would come due for nothing."""
    await platform.campaign(places=[{"country": "US"}])
    await platform.upload(1)
    await platform.upload(2, 3, Land="DE", State="")
    await platform.submit("R-4", record=person(4), replaces="R-2")
    assert platform.routed("R-2")["withdrawn"]
    watched = {row["_id"] for row in platform.stored("due", "routing")}
    assert {watch_id(platform.routed("R-3")["_id"])} == watched
