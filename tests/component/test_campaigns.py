"""Campaigns as they are put: versions, dates, checklists, and what can't hold."""

from typing import Any

import pytest

from shared.contracts.forms import FAULTS_MAX
from tests.builders import put_campaign
from tests.component.leads import DAY, HOUR, STRICT, Platform, pause

CONTRADICTIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"customer": "helvion"}, "customer_changed", "customer: a campaign stays its customer's"),
    (
        {"active": {"from": "2026-03-02", "to": "2026-03-01"}},
        "dates_contradict",
        "active.to: the campaign would end before it starts",
    ),
    (
        {"weekly": {"weekday": "monday", "at": "09:00+05:00"}},
        "dates_contradict",
        "weekly.at: the send day begins in the campaign's time zone: its time has no offset",
    ),
    (
        {"time_zone": "Mars/Olympus"},
        "time_zone_unknown",
        "time_zone: must be an IANA name, such as Europe/Berlin",
    ),
    (
        {"time_zone": "../etc/passwd"},
        "time_zone_unknown",
        "time_zone: must be an IANA name, such as Europe/Berlin",
    ),
    (
        {"categories": [{"id": "101"}, {"id": "0101"}]},
        "category_twice",
        "categories: a category is ordered twice",
    ),
    ({"categories": [{"id": "999"}]}, "category_unknown", "categories: there is no category 999"),
    (
        {"open_categories": ["101", "999"]},
        "category_unknown",
        "open_categories: there is no category 999",
    ),
    (
        {"places": [{"country": "US", "subdivisions": ["DE-BY"]}]},
        "places_contradict",
        "places: a subdivision lies in another country",
    ),
    (
        {"follow_up": [{"country": "US", "subdivisions": ["DE-BY"]}]},
        "places_contradict",
        "follow_up: a subdivision lies in another country",
    ),
    (
        {"places": [{"country": "US"}], "excluded_places": [{"country": "US"}]},
        "places_contradict",
        "excluded_places: US is both allowed and excluded",
    ),
    (
        {
            "places": [{"country": "US", "subdivisions": ["US-CA"]}],
            "excluded_places": [{"country": "US"}],
        },
        "places_contradict",
        "excluded_places: US-CA is both allowed and excluded",
    ),
    (
        {"shares": {"US": 60, "DE": 50}},
        "shares_contradict",
        "shares: the shares are more than 100 in all",
    ),
    (
        {"company_size": {"intervals": [{"min": 50, "max": 10}]}},
        "sizes_contradict",
        "company_size.intervals: 50 to 10 is no interval",
    ),
    (
        {"company_revenue": {"currency": "EUR", "intervals": [{"min": 2, "max": 1}]}},
        "sizes_contradict",
        "company_revenue.intervals: 2 to 1 is no interval",
    ),
    (
        {"industries": {"allowed": ["4"], "excluded": ["4"], **STRICT}},
        "filter_contradicts",
        "industries: 4 is both allowed and excluded",
    ),
    (
        {"seniorities": {"allowed": ["vp"], "excluded": ["vp"]}},
        "filter_contradicts",
        "seniorities: vp is both allowed and excluded",
    ),
    (
        {"functions": {"allowed": ["sales"], "excluded": ["sales"]}},
        "filter_contradicts",
        "functions: sales is both allowed and excluded",
    ),
    (
        {"functions": {"allowed": ["hr"]}},
        "filter_value_unknown",
        "functions: there is no such value as hr",
    ),
    (
        {"seniorities": {"allowed": ["boss"]}},
        "filter_value_unknown",
        "seniorities: there is no such value as boss",
    ),
    (
        {"industries": {"allowed": ["3130", "41"], "excluded": ["6"], **STRICT}},
        "filter_contradicts",
        "industries: 3130 is both allowed and excluded",
    ),
    (
        {"industries": {"allowed": ["banking"], **STRICT}},
        "filter_value_unknown",
        "industries: there is no such value as banking",
    ),
    (
        {"industries": {"allowed": ["0041"], **STRICT}},
        "filter_value_unknown",
        "industries: there is no such value as 0041",
    ),
    (
        {"titles": {"allowed": ["Head of IT"], "excluded": ["head of it"]}},
        "filter_contradicts",
        "titles: head of it is both allowed and excluded",
    ),
    (
        {"titles": {"allowed": ["one two three four five"]}},
        "phrase_invalid",
        "titles: a phrase has one to 4 words",
    ),
    (
        {"suppressed_titles": {"phrases": ["!!"]}},
        "phrase_invalid",
        "suppressed_titles.phrases: a phrase has one to 4 words",
    ),
    (
        {"suppressed": [{"list": "x", **STRICT}], "approved": [{"list": "x", **STRICT}]},
        "lists_contradict",
        "suppressed: x is both approved and suppressed",
    ),
    (
        {"places": [{"country": "UK"}]},
        "filter_value_unknown",
        "places: there is no such place as UK",
    ),
    ({"shares": {"XX": 10}}, "filter_value_unknown", "shares: there is no such place as XX"),
    ({"caps": {"total": 0}}, "cap_below_sent", "caps.total: 1 slots are taken already"),
    ({"caps": {"day": 0}}, "cap_below_sent", "caps.day: 1 slots are taken already"),
    ({"caps": {"day": 1, "month": 0}}, "cap_below_sent", "caps.month: 1 slots are taken already"),
    (
        {"categories": [{"id": "101", "amount": 0}]},
        "cap_below_sent",
        "categories: 1 slots are taken already in category 101",
    ),
    (
        {"send": {"mode": "webhook", "url": "http://h:99999/", "secret": "s"}},
        "url_invalid",
        "send.url: the address to send to is not usable",
    ),
]


async def test_an_industry_may_be_wanted_without_one_below_it(platform: Platform) -> None:
    """RTE-02: only the other way round nothing is left of what is wanted."""
    industries = {"allowed": ["6"], "excluded": ["4"], **STRICT}
    answer = await put(platform, industries=industries)
    assert (True, "created") == (answer["accepted"], answer["code"])


@pytest.mark.parametrize(("changes", "code", "text"), CONTRADICTIONS)
async def test_a_campaign_that_contradicts_itself_is_refused(
    platform: Platform, changes: dict[str, Any], code: str, text: str
) -> None:
    """RTE-01, OPS-06: with the field and its fault; the version before stays in force."""
    await platform.rules(categories=["101", "205"])
    await platform.campaign()
    await platform.upload(1)
    answer = await put(platform, **changes)
    assert (False, code, text) == (answer["accepted"], answer["code"], answer["text"])
    assert text.partition(":")[0] == answer["details"]["field"]
    await platform.upload(2)
    sent = platform.events("routing.lead.sent")
    assert [1, 1] == [one["campaign_version"] for one in sent]


async def test_a_single_contradiction_is_told_without_a_list(platform: Platform) -> None:
    """OPS-06: the answer's own code and text say it."""
    answer = await put(platform, shares={"US": 60, "DE": 50})
    assert {"field": "shares"} == answer["details"]


BACKWARDS = {"min": 2, "max": 1}
MANY: list[dict[str, Any]] = [
    {"company_size": {"intervals": [BACKWARDS] * 20_000}},
    {"company_revenue": {"currency": "EUR", "intervals": [BACKWARDS] * 20_000}},
    {"titles": {"allowed": [f"one two three four {number}" for number in range(20_000)]}},
    {"places": [{"country": "US", "subdivisions": ["DE-BE"]}] * 10_000},
]


@pytest.mark.parametrize("changes", MANY, ids=lambda changes: next(iter(changes)))
async def test_of_very_many_contradictions_some_are_told(
    platform: Platform, changes: dict[str, Any]
) -> None:
    """OPS-06: with how many there are beside; otherwise the answer would be too large for its
    topic, and tell none of them."""
    answer = await put(platform, **changes)
    details = answer["details"]
    assert FAULTS_MAX == len(details["faults"])
    assert details["more"] >= 9_000
    kept = platform.stored("inbox", "routing")
    assert max(len(row["text"]) for row in kept) < 10_000


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
async def test_a_campaign_of_another_shape_is_refused(
    platform: Platform, changes: dict[str, Any]
) -> None:
    """RTE-01, RTE-03: strict or preferred is a choice that lists and industries need."""
    await platform.campaign()
    answer = await put(platform, **changes)
    assert (False, "invalid") == (answer["accepted"], answer["code"])
    assert {*changes} == {fault["field"].split(".")[0] for fault in answer["details"]["faults"]}
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
            {
                "programme": "intent",
                "confirmed": ["titles", "lists", "industries"],
                "places": [{"country": "US"}],
                "company_size": {"intervals": [{"min": 1}]},
            },
            [],
        ),
        (INTENT | {"categories": [{"id": str(number)} for number in range(1, 6)]}, []),
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


async def test_of_many_lists_that_are_not_there_fifty_are_warned_of(platform: Platform) -> None:
    """Twenty thousand made an answer of a megabyte."""
    lists = [{"list": f"list-{number}", "strictness": "strict"} for number in range(60)]
    answer = await put(platform, suppressed=lists)
    assert (50, 10) == (len(answer["details"]["warnings"]), answer["details"]["more"])


@pytest.mark.parametrize("phrase", ["!!", "one two three four five"])
async def test_the_policy_suppresses_no_phrase_that_cannot_hit(
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
