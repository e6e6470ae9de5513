"""What becomes of leads on their way to campaigns: filters, lists, caps, send days, by hand."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from services.routing.rematch import widening
from shared.loop.effects import Verdict
from shared.mongo import encode
from shared.store import Replace
from shared.testing.memory import MemoryStore
from tests.builders import put_affiliate, put_campaign
from tests.component.leads import Platform, person

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = {"weekday": "monday", "at": "09:00"}
"""In an hour: stories begin on a Monday at eight."""
STRICT = {"strictness": "strict"}
LEAD_CODE = "INT-AAA-BBB-1"


async def test_every_filter_lets_a_lead_pass_and_keeps_another_out(platform: Platform) -> None:
    """RTE-02, RTE-09: from the affiliate's words to the codes, all of them in their order."""
    await platform.campaign(
        places=[{"country": "US"}],
        excluded_places=[{"country": "US", "subdivisions": ["US-CA"]}],
        company_size={"intervals": [{"min": 1, "max": 200}]},
        industries={"allowed": ["1594"], **STRICT},
        seniorities={"allowed": ["director"]},
        functions={"allowed": ["information_technology"]},
        titles={"allowed": ["head of"]},
    )
    await platform.upload(1)
    off = {"State": "CA", "Staff": "201-500", "Branch": "41", "Title": "VP, Sales"}
    await platform.upload(2, **off)
    assert ["R-1"] == platform.got()
    await platform.advance(7 * DAY)
    (unsent,) = platform.events("routing.lead.unsent")
    assert ([], sorted(unsent["codes"])) == (unsent["claimed"], unsent["codes"])
    assert {
        "filter.place",
        "filter.company_size",
        "filter.industry",
        "filter.seniority",
        "filter.function",
        "filter.title",
    } == set(unsent["codes"])


async def test_a_refusal_holds_no_job_title(platform: Platform) -> None:
    """RTE-09: what a campaign's shard answers is read by everybody, and a title is personal."""
    await platform.campaign(titles={"allowed": ["head of"]}, weekly=MONDAY)
    await platform.upload(1, Title="Head of Verysecret")
    await platform.campaign(
        titles={"allowed": ["cto"]}, suppressed_titles={"phrases": ["of"]}, weekly=MONDAY
    )
    await platform.advance(HOUR)
    (refused,) = platform.events("routing.claim.refused")
    assert ["filter.title", "title_suppressed"] == [one["code"] for one in refused["failing"]]
    assert [None, None] == [one["value"] for one in refused["failing"]]
    assert "erysecret" not in str(refused)


async def test_a_smarter_campaign_wants_answers(platform: Platform) -> None:
    """RTE-07: all of the category's, and of one question particular ones."""
    await platform.question()
    await platform.campaign(smarter={"allowed": {"q_budget": ["Over 50k"]}})
    await platform.upload(1, Budget=" OVER 50k ")
    await platform.upload(2, Budget="under 10k")
    await platform.upload(3, Budget="")
    await platform.upload(4, Budget="over 50k", q_shoe_size="44")
    assert ["R-1"] == platform.got()
    await platform.advance(7 * DAY)
    told = {one["lead"]: one["codes"] for one in platform.events("routing.lead.unsent")}
    assert [
        ["smarter_answer_not_wanted"],
        ["smarter_answer_not_wanted", "smarter_missing"],
        ["smarter_unknown_symbol"],
    ] == [told[platform.routed(f"R-{number}")["_id"]] for number in (2, 3, 4)]


async def test_an_answer_to_another_categorys_question_keeps_from_smarter_campaigns_only(
    platform: Platform,
) -> None:
    """RTE-07, INT-09."""
    await platform.question(categories=["205"])
    await platform.campaign("smart", smarter={})
    await platform.campaign("plain")
    await platform.upload(1, Budget="over 50k")
    assert (["R-1"], []) == (platform.got("plain"), platform.got("smart"))


async def test_an_organic_lead_goes_where_one_of_its_categories_is_wanted(
    platform: Platform,
) -> None:
    """INT-15, RTE-09: to campaigns open to organic leads, whatever lead codes they carry."""
    await platform.campaign("closed")
    await platform.campaign("open", organic=True, categories=[{"id": "205", "amount": 1}])
    await platform.campaign("other", organic=True, categories=[{"id": "310"}])
    await platform.convert(1, "101", "205")
    assert {"open": "sent"} == platform.states("O-1")
    (sent,) = platform.events("routing.lead.sent")
    assert (None, "205") == (sent["lead_code"], sent["category"])
    await platform.convert(2, "101", "205")
    assert ["cap_reached"] == platform.against("O-2", "open")


async def test_an_organic_lead_is_sent_for_the_category_that_has_room(platform: Platform) -> None:
    """RTE-12, INT-15: and counted under it."""
    amounts = [{"id": "101", "amount": 1}, {"id": "205", "amount": 1}]
    await platform.campaign(organic=True, categories=amounts)
    for number in (1, 2, 3):
        await platform.convert(number, "101", "205")
    sent = [one["category"] for one in platform.events("routing.lead.sent")]
    assert ["101", "205"] == sorted(sent)
    assert ["cap_reached"] == platform.against("O-3")


EXCLUSIVE = {"exclusive_lead_codes": [LEAD_CODE]}


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


async def resolve(
    platform: Platform, campaign: str, outcome: str, how: str = "resolve", **changes: Any
) -> Any:
    (send,) = [row for row in platform.stored("sends", "routing") if row["campaign"] == campaign]
    data = {"campaign": campaign, "send": send["_id"], "outcome": outcome, "reason": "asked them"}
    return await platform.ask(f"routing.send.{how}", campaign, data | changes)


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


def pause(campaign: str) -> dict[str, str]:
    return {"campaign": campaign, "reason": "budget"}


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
    assert {"reserved": 0, "used": 2, "uncertain": 0} == platform.book()
    refused = platform.events("routing.claim.refused")
    assert [["cap_reached"]] * 3 == [[f["code"] for f in one["failing"]] for one in refused]
    assert all(one["failing"][0]["rule"].startswith(over) for one in refused)


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
    assert {"reserved": 0, "used": 0, "uncertain": 0} == platform.book()
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
    assert {"reserved": 0, "used": 0, "uncertain": 1} == platform.book()
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


async def block(platform: Platform, number: int, *, undo: bool = False, **changes: Any) -> Any:
    """Blocks the person of a lead that is there."""
    of = platform.routed(f"R-{number}")["person_id"]
    kind = "routing.person.unblock" if undo else "routing.person.block"
    return await platform.ask(kind, of, {"person_id": of, "reason": "asked us"} | changes)


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
    assert {"reserved": 0, "used": 130, "uncertain": 0} == platform.book()


async def test_a_campaign_that_is_no_longer_weekly_sends_what_waits(platform: Platform) -> None:
    """RTE-13: at once."""
    await platform.campaign(weekly={"weekday": "friday"})
    await platform.upload(1)
    await platform.campaign()
    await platform.advance(timedelta(minutes=1))
    assert ["R-1"] == platform.got()
    await platform.upload(2)
    assert ["R-1", "R-2"] == platform.got()


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


OPENED = "routing.campaign.widened"


def opened(platform: Platform) -> int:
    """How many times a campaign said that it may want more."""
    return len(platform.events(OPENED))


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


async def test_what_the_house_suppresses_frees_those_who_keep_to_it(platform: Platform) -> None:
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


async def test_titles_that_the_house_lets_pass_free_their_leads(platform: Platform) -> None:
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


async def test_a_list_is_put_in_parts(platform: Platform) -> None:
    """RTE-06: each part once, under its digest; the list names them, and versions share them."""
    digests = [await part(platform, f"part{number}.example") for number in (1, 2, 3)]
    assert 3 == len(set(digests))
    again = await platform.ask(
        "routing.list.part", "big", {"list": "big", "entries": ["www.PART1.example"]}
    )
    assert ("unchanged", digests[0]) == (again["code"], again["details"]["digest"])
    answer = await platform.company_list("big", parts=digests[:2])
    assert ("created", 2) == (answer["code"], answer["details"]["entries"])
    await platform.campaign(suppressed=[{"list": "big", **STRICT}])
    await platform.upload(1, Site="part3.example")
    await platform.company_list("big", parts=digests[1:])
    await platform.upload(2, Site="part1.example")
    await platform.upload(3, Site="part2.example")
    await platform.upload(4, Site="part3.example")
    assert ["R-1", "R-2"] == platform.got()
    same = await platform.company_list("big", parts=digests[1:])
    assert ("unchanged", 2) == (same["code"], same["details"]["version"])
    await platform.edit("big", add=["part9.example"])
    assert 4 == len(platform.stored("list_parts", "routing"))


async def part(platform: Platform, *entries: str) -> str:
    data = {"list": "big", "entries": entries}
    return str((await platform.ask("routing.list.part", "big", data))["details"]["digest"])


async def test_a_list_that_cannot_be_is_refused_and_the_one_before_holds(
    platform: Platform,
) -> None:
    """RTE-06, OPS-06: missing parts by digest, bad entries by their place, and nothing quoted."""
    await platform.company_list("bad", "northgrid.example")
    unknown = "0" * 64
    missing = await platform.company_list("bad", parts=[unknown])
    assert ("list_parts_missing", [unknown]) == (missing["code"], missing["details"]["missing"])
    invalid = await platform.company_list("bad", "fine.example", "a..secret", "  ")
    assert ("entries_invalid", "entries") == (invalid["code"], invalid["details"]["field"])
    assert [1, 2] == invalid["details"]["places"]
    assert "secret" not in str(invalid)
    edited = await platform.edit("bad", add=["fine.example"], remove=["-bad.-"])
    assert (False, "entries_invalid") == (edited["accepted"], edited["code"])
    assert "list_unknown" == (await platform.edit("nothing", add=["x.example"]))["code"]
    (list_,) = platform.stored("lists", "routing")
    assert (1, 1) == (list_["number"], list_["content"]["entries"])
    refused = await platform.ask(
        "routing.list.put", "bad", {"id": "bad", "entries": []}, role="customer"
    )
    assert "not_permitted" == refused["code"]


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


async def test_nothing_is_sent_to_a_suspended_account(platform: Platform) -> None:
    """BIL-10, RTE-09: until it is restored; other customers get theirs."""
    await platform.campaign()
    await platform.campaign("other", customer="helvion")
    answer = await account(platform, "suspend")
    assert (True, "suspended") == (answer["accepted"], answer["code"])
    assert "unchanged" == (await account(platform, "suspend"))["code"]
    await platform.upload(1)
    assert ([], ["R-1"]) == (platform.got(), platform.got("other"))
    assert "restored" == (await account(platform, "restore"))["code"]
    await platform.upload(2)
    assert ["R-2"] == platform.got()
    refused = await account(platform, "suspend", role="customer")
    assert (False, "not_permitted") == (refused["accepted"], refused["code"])


async def account(platform: Platform, what: str, **cause: Any) -> Any:
    data = {"customer": "northgrid", "reason": "unpaid"}
    return await platform.ask(f"routing.account.{what}", "northgrid", data, **cause)


async def test_an_account_that_is_suspended_on_the_send_day_gets_nothing(
    platform: Platform,
) -> None:
    """RTE-09, RTE-13: what waits goes on the first send day after the account is restored."""
    await platform.campaign(weekly=MONDAY)
    await platform.upload(1)
    await account(platform, "suspend")
    await platform.advance(HOUR)
    assert [] == platform.got()
    await account(platform, "restore")
    await platform.advance(7 * DAY)
    assert ["R-1"] == platform.got()


@pytest.mark.parametrize(
    ("customer", "got"), [(None, []), ("northgrid", ["other"]), ("nobody", ["north", "other"])]
)
async def test_a_blocked_person_is_not_sent(
    platform: Platform, customer: str | None, got: list[str]
) -> None:
    """RTE-09: to nobody, or to one customer; from the entry on, and until it is lifted."""
    codes = [f"INT-AAA-BBB-{number}" for number in (1, 2, 3)]
    known = put_affiliate(lead_codes=codes).model_dump()
    await platform.ask("intake.affiliate.put", "acme", known)
    await platform.upload(1)
    for name, whose in (("north", "northgrid"), ("other", "helvion")):
        await platform.campaign(name, customer=whose, lead_codes=codes[1:])
    assert "blocked" == (await block(platform, 1, customer=customer))["code"]
    assert "unchanged" == (await block(platform, 1, customer=customer))["code"]
    await platform.submit("R-2", record=person(1, Code=codes[1]))
    assert got == sorted(platform.states("R-2"))
    lifted = await block(platform, 1, customer=customer, undo=True)
    assert (True, "unblocked") == (lifted["accepted"], lifted["code"])
    again = await block(platform, 1, customer=customer, undo=True)
    assert (False, "not_blocked") == (again["accepted"], again["code"])
    await platform.submit("R-3", record=person(1, Code=codes[2]))
    assert {"north", "other"} == set(platform.states("R-3"))


CONTRADICTIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"customer": "helvion"}, "customer_changed", "customer"),
    ({"active": {"from": "2026-03-02", "to": "2026-03-01"}}, "dates_contradict", "active.to"),
    ({"time_zone": "Mars/Olympus"}, "time_zone_unknown", "time_zone"),
    ({"time_zone": "../etc/passwd"}, "time_zone_unknown", "time_zone"),
    ({"categories": [{"id": "101"}, {"id": "0101"}]}, "category_twice", "categories"),
    ({"categories": [{"id": "999"}]}, "category_unknown", "categories"),
    ({"open_categories": ["101", "999"]}, "category_unknown", "open_categories"),
    (
        {"places": [{"country": "US", "subdivisions": ["DE-BY"]}]},
        "places_contradict",
        "places",
    ),
    (
        {"follow_up": [{"country": "US", "subdivisions": ["DE-BY"]}]},
        "places_contradict",
        "follow_up",
    ),
    (
        {"places": [{"country": "US"}], "excluded_places": [{"country": "US"}]},
        "places_contradict",
        "excluded_places",
    ),
    (
        {
            "places": [{"country": "US", "subdivisions": ["US-CA"]}],
            "excluded_places": [{"country": "US"}],
        },
        "places_contradict",
        "excluded_places",
    ),
    ({"shares": {"US": 60, "DE": 50}}, "shares_contradict", "shares"),
    (
        {"company_size": {"intervals": [{"min": 50, "max": 10}]}},
        "sizes_contradict",
        "company_size.intervals",
    ),
    (
        {"industries": {"allowed": ["4"], "excluded": ["4"], **STRICT}},
        "filter_contradicts",
        "industries",
    ),
    ({"seniorities": {"allowed": ["vp"], "excluded": ["vp"]}}, "filter_contradicts", "seniorities"),
    (
        {"functions": {"allowed": ["sales"], "excluded": ["sales"]}},
        "filter_contradicts",
        "functions",
    ),
    ({"functions": {"allowed": ["hr"]}}, "filter_value_unknown", "functions"),
    ({"seniorities": {"allowed": ["boss"]}}, "filter_value_unknown", "seniorities"),
    (
        {"industries": {"allowed": ["3130", "41"], "excluded": ["6"], **STRICT}},
        "filter_contradicts",
        "industries",
    ),
    ({"industries": {"allowed": ["banking"], **STRICT}}, "filter_value_unknown", "industries"),
    ({"industries": {"allowed": ["0041"], **STRICT}}, "filter_value_unknown", "industries"),
    (
        {"titles": {"allowed": ["Head of IT"], "excluded": ["head of it"]}},
        "filter_contradicts",
        "titles",
    ),
    ({"titles": {"allowed": ["one two three four five"]}}, "phrase_invalid", "titles"),
    ({"suppressed_titles": {"phrases": ["!!"]}}, "phrase_invalid", "suppressed_titles.phrases"),
    (
        {"suppressed": [{"list": "x", **STRICT}], "approved": [{"list": "x", **STRICT}]},
        "lists_contradict",
        "suppressed",
    ),
    ({"places": [{"country": "UK"}]}, "filter_value_unknown", "places"),
    ({"shares": {"XX": 10}}, "filter_value_unknown", "shares"),
    ({"caps": {"total": 0}}, "cap_below_sent", "caps.total"),
    ({"caps": {"day": 0}}, "cap_below_sent", "caps.day"),
    ({"caps": {"day": 1, "month": 0}}, "cap_below_sent", "caps.month"),
    ({"categories": [{"id": "101", "amount": 0}]}, "cap_below_sent", "categories"),
    (
        {"send": {"mode": "webhook", "url": "http://h:99999/", "secret": "s"}},
        "url_invalid",
        "send.url",
    ),
]


async def test_an_industry_may_be_wanted_without_one_below_it(platform: Platform) -> None:
    """RTE-02: only the other way round nothing is left of what is wanted."""
    industries = {"allowed": ["6"], "excluded": ["4"], **STRICT}
    answer = await put(platform, industries=industries)
    assert (True, "created") == (answer["accepted"], answer["code"])


@pytest.mark.parametrize(("changes", "code", "field"), CONTRADICTIONS)
async def test_a_campaign_that_contradicts_itself_is_refused(
    platform: Platform, changes: dict[str, Any], code: str, field: str
) -> None:
    """RTE-01, OPS-06: with the field; the version before stays in force."""
    await platform.rules(categories=["101", "205"])
    await platform.campaign()
    await platform.upload(1)
    answer = await put(platform, **changes)
    assert (False, code) == (answer["accepted"], answer["code"])
    assert field == answer["details"]["field"]
    await platform.upload(2)
    sent = platform.events("routing.lead.sent")
    assert [1, 1] == [one["campaign_version"] for one in sent]


async def put(platform: Platform, name: str = "north", **changes: Any) -> Any:
    """A campaign as people write it, whatever becomes of it."""
    whole = put_campaign().model_dump(mode="json") | {"id": name} | changes
    return await platform.ask("routing.campaign.put", name, whole)


@pytest.mark.parametrize(
    "changes",
    [
        {"industries": {"allowed": ["4"]}},
        {"approved": [{"list": "x"}]},
        {"suppressed": [{"list": "x"}]},
        {"caps": {"total": -1}},
        {"weekly": {"weekday": "someday"}},
        {"send": {"mode": "pigeon"}},
        {"send": {"mode": "file", "folder": "../up"}},
        {"send": {"mode": "email", "to": "a@x.example, b@x.example"}},
        {"company_size": {"intervals": []}},
        {"shares": {"US": 101}},
        {"programme": "other"},
    ],
)
async def test_a_campaign_of_another_shape_is_dead_lettered(
    platform: Platform, changes: dict[str, Any]
) -> None:
    """RTE-01, RTE-03: strict or preferred is a choice that lists and industries need."""
    await platform.campaign()
    answer = await put(platform, **changes)
    assert (False, "dead_letter") == (answer["accepted"], answer["code"])
    await platform.upload(1)
    assert ["R-1"] == platform.got()


async def test_every_change_is_a_version_and_every_decision_names_its(platform: Platform) -> None:
    """RTE-01: the same again is none; a pause is one."""
    answers = [await put(platform, priority=number) for number in (0, 0, 1)]
    assert [("created", 1), ("unchanged", 1), ("changed", 2)] == [
        (answer["code"], answer["details"]["version"]) for answer in answers
    ]
    await platform.upload(1)
    await platform.ask("routing.campaign.pause", "north", pause("north"))
    await platform.ask("routing.campaign.resume", "north", pause("north"))
    await platform.upload(2)
    sent = {one["lead"]: one["campaign_version"] for one in platform.events("routing.lead.sent")}
    assert {2, 4} == set(sent.values())
    assert 4 == len(platform.stored("campaign_versions", "routing"))


async def test_a_campaign_runs_on_its_dates_only(platform: Platform) -> None:
    """RTE-01: whole days in its time zone."""
    dates = {"from": "2026-03-03", "to": "2026-03-03"}
    await platform.campaign(active=dates, time_zone="Asia/Tokyo")
    await platform.upload(1)
    await platform.advance(8 * HOUR)
    await platform.upload(2)
    await platform.advance(DAY)
    await platform.upload(3)
    assert ["R-2"] == platform.got()


INTENT: dict[str, Any] = {
    "programme": "intent",
    "titles": {"allowed": ["head of it"]},
    "company_size": {"intervals": [{"min": 1}]},
    "places": [{"country": "US"}],
    "follow_up": [{"country": "US"}],
    "industries": {"allowed": ["1594"], **STRICT},
    "confirmed": ["lists"],
}
ITEMS = {
    "titles": "customer_success",
    "company_size": "customer_success",
    "places": "customer_success",
    "lists": "delivery",
    "industries": "customer_success",
}


async def test_an_intent_campaign_starts_when_all_is_confirmed(platform: Platform) -> None:
    """RTE-04: it may be there paused; what is open has its owner, also when it is resumed."""
    refused = await put(platform, programme="intent")
    assert (False, "checklist_open") == (refused["accepted"], refused["code"])
    told = {one["item"]: one["owner"] for one in refused["details"]["checklist"]}
    assert (ITEMS, "titles") == (told, refused["details"]["field"])
    assert (await put(platform, programme="intent", status="paused"))["accepted"]
    resumed = await platform.ask("routing.campaign.resume", "north", pause("north"))
    assert (False, "checklist_open") == (resumed["accepted"], resumed["code"])
    assert (await put(platform, **INTENT))["accepted"]
    await platform.upload(1)
    assert ["R-1"] == platform.got()


@pytest.mark.parametrize(
    ("changes", "item"),
    [
        ({"titles": None}, "titles"),
        ({"titles": {}}, "titles"),
        ({"categories": []}, "categories"),
        ({"company_size": None}, "company_size"),
        ({"places": []}, "places"),
        ({"places": [{"country": "US"}, {"country": "DE"}]}, "places"),
        ({"follow_up": [{"country": "US", "subdivisions": ["US-CA"]}]}, "places"),
        ({"places": [], "confirmed": ["lists", "places"]}, "places"),
        ({"confirmed": []}, "lists"),
        ({"industries": None}, "industries"),
        ({"industries": STRICT}, "industries"),
    ],
)
async def test_each_item_of_the_checklist_is_wanted(
    platform: Platform, changes: dict[str, Any], item: str
) -> None:
    """RTE-04: also places where the customer can't follow up; what is left open on purpose is
    confirmed."""
    answer = await put(platform, **(INTENT | changes))
    assert ["checklist_open", item] == [answer["code"], answer["details"]["field"]]
    purpose = {"confirmed": ["lists", item], "follow_up": [], "places": [{"country": "US"}]}
    assert (await put(platform, **(INTENT | changes | purpose)))["accepted"]
    assert (await put(platform, "standard", **(changes | {"programme": "standard"})))["accepted"]


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({}, []),
        ({"suppressed": [{"list": "later", **STRICT}]}, ["no list later yet"]),
        ({"exact_split": True, "shares": {"US": 50}}, ["can't be promised"]),
        (
            {**INTENT, "programme": "standard", "seniorities": {"allowed": ["vp"]}},
            ["narrow for a standard campaign"],
        ),
        (
            {
                **INTENT,
                "programme": "standard",
                "functions": {},
                "titles": {"allowed": ["cto"], "strictness": "preferred"},
            },
            [],
        ),
        (INTENT, []),
        (
            {
                "programme": "intent",
                "confirmed": ["titles", "company_size", "places", "lists", "industries"],
                "places": [{"country": "US"}],
                "follow_up": [],
            },
            ["wide for an intent campaign"],
        ),
        (
            INTENT | {"categories": [{"id": str(number)} for number in range(1, 7)]},
            ["more than 5 categories"],
        ),
    ],
)
async def test_what_should_be_looked_at_is_warned_of(
    platform: Platform, changes: dict[str, Any], warned: list[str]
) -> None:
    """RTE-02, RTE-04, RTE-05: and done all the same."""
    answer = await put(platform, **changes)
    assert answer["accepted"]
    told = answer["details"].get("warnings", [])
    assert len(warned) == len(told)
    assert all(part in text for part, text in zip(warned, told, strict=True))


@pytest.mark.parametrize("phrase", ["!!", "one two three four five"])
async def test_the_house_suppresses_no_phrase_that_cannot_hit(
    platform: Platform, phrase: str
) -> None:
    """RTE-09, OPS-06: it would be suppressed nowhere, and nobody would know."""
    await platform.rules(suppressed_titles={"phrases": ["head of"]})
    answer = await platform.rules(suppressed_titles={"phrases": [phrase]})
    assert (False, "phrase_invalid") == (answer["accepted"], answer["code"])
    assert "suppressed_titles.phrases" == answer["details"]["field"]
    await platform.campaign()
    await platform.upload(1)
    assert [] == platform.got()
    kept = await platform.rules(suppressed_titles={"phrases": ["head of"]})
    assert ("unchanged", 1) == (kept["code"], kept["details"]["version"])


@pytest.mark.parametrize(
    ("kind", "key", "data", "role"),
    [
        ("campaign.put", "north", put_campaign().model_dump(mode="json"), "customer"),
        ("campaign.pause", "north", pause("north"), "affiliate"),
        ("list.edit", "bad", {"list": "bad", "reason": "why"}, "affiliate"),
        ("list.part", "bad", {"list": "bad", "entries": ["a.example"]}, "customer"),
        ("rules.put", "house", {}, "delivery"),
        ("account.restore", "northgrid", {"customer": "northgrid", "reason": "x"}, "customer"),
        ("person.block", "p", {"person_id": "p", "reason": "why"}, "customer"),
    ],
)
async def test_who_may_not_ask_is_refused(
    platform: Platform, kind: str, key: str, data: Any, role: str
) -> None:
    """OPS-07: and nothing is kept of it; an operator may."""
    await platform.campaign()
    await platform.company_list("bad", "b.example")
    refused = await platform.ask(f"routing.{kind}", key, data, role=role)
    assert (False, "not_permitted") == (refused["accepted"], refused["code"])
    allowed = await platform.ask(f"routing.{kind}", key, data)
    assert allowed["accepted"]
