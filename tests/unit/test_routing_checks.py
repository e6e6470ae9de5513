"""Every check that can keep a lead from a campaign: what it says, and what passes it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.routing.campaign import claims
from services.routing.fit.catalogue import Match
from services.routing.fit.checks import (
    EXPECTED_MAX,
    CampaignView,
    evaluate_in_view,
    failing_codes,
    failing_in_view,
)
from services.routing.fit.criteria import subjects
from services.routing.orders.capacity import Capacity
from services.routing.orders.checklist import warnings
from services.routing.orders.policy import Block
from services.routing.person import leads
from services.routing.queries import remedies
from services.routing.queries.explanation import Explanation, of_claim, of_version
from services.routing.queries.remedies import REMEDIES
from shared.companies.domains import mail_providers
from shared.contracts.intake import WithdrawalRequested
from shared.contracts.lead_fields import Company, Person, Place, Revenue, Size, TitleClass
from shared.contracts.routing import ClaimWithdrawn, Failing, WithdrawalAnswered
from shared.contracts.values import OpenQuestion, Reason
from shared.loop.decision import Decision
from tests.builders import NOW, campaign, catalogues, cause, context, lead, put_campaign, rules

ORDER = [
    "campaign_inactive",
    "account_suspended",
    "lead_code_other",
    "filter.place",
    "filter.company_size",
    "filter.company_revenue",
    "filter.industry",
    "filter.seniority",
    "filter.function",
    "filter.title",
    "category_closed",
    "category_not_as_ordered",
    "smarter_missing",
    "smarter_unknown_symbol",
    "smarter_question_not_in_category",
    "smarter_answer_invalid",
    "smarter_answer_not_wanted",
    "title_suppressed",
    "company_suppressed",
    "domain_not_approved",
    "person_blocked",
    "already_sent",
    "domain_cap",
    "cap_reached",
]
STRICT = {"strictness": "strict"}
OPEN = OpenQuestion("101", "q_size")
PREFERRED = {"strictness": "preferred"}
EVERYTHING: dict[str, Any] = {
    "status": "paused",
    "lead_codes": ["OTHER"],
    "places": [{"country": "DE"}],
    "company_size": {"intervals": [{"min": 1, "max": 10}]},
    "company_revenue": {"currency": "EUR", "intervals": [{"max": 10_000}]},
    "industries": {"allowed": ["41"], **STRICT},
    "seniorities": {"allowed": ["vp"]},
    "functions": {"allowed": ["finance"]},
    "titles": {"allowed": ["chief"]},
    "open_categories": ["9"],
    "categories": [{"id": "8"}],
    "smarter": {"allowed": {"q_budget": ["over 50k"]}},
    "suppressed_titles": {"phrases": ["head of it"]},
    "suppressed": [{"list": "bad", **STRICT}],
    "approved": [{"list": "good", **STRICT}],
    "caps": {"per_domain": 1, "total": 3},
}
FAULTS = ["smarter_unknown_symbol", "smarter_question_not_in_category", "smarter_answer_invalid"]
REPORTED = tuple(Reason(code, "why", f"q_{number}") for number, code in enumerate(FAULTS))
LISTS = {"bad": ["northgrid.example"], "good": ["helvion.example"]}


def codes(failing: list[Failing]) -> list[str]:
    return [each.code for each in failing]


def against(changes: dict[str, Any], wanted: dict[str, Any], **known: Any) -> list[Failing]:
    """What keeps the lead with these changes from the campaign with those."""
    one = campaign(**wanted)
    return catalogues(one, **known).evaluate(one, lead(**changes), known.pop("at", NOW))[1]


def test_all_checks_at_once_in_order() -> None:
    """RTE-09: none cuts the others short; `awaiting_send_day` is a wait and stands alone."""
    asked = campaign(**EVERYTHING)
    known = catalogues(asked, entries=LISTS, suspended=["northgrid"])
    partly_full = Capacity(asked.id, 1, "main", reserved=1, used=1, uncertain=1)
    slot = CampaignView(
        partly_full, "sent", 1, Block("main/person-1", 1, "main", (("*", "asked us"),))
    )
    given = lead(unanswered=[OPEN], reported=REPORTED)
    _, failing = evaluate_in_view(asked, given, NOW, known.context_of(asked), slot, NOW)
    assert codes(failing) == ORDER
    assert {*ORDER, "awaiting_send_day"} <= REMEDIES.keys()


MANY: list[tuple[str, dict[str, Any]]] = [
    ("filter.company_size", {"company_size": {"intervals": [{"min": 9_000}] * 200}}),
    (
        "filter.company_revenue",
        {"company_revenue": {"currency": "EUR", "intervals": [{}] * 200}},
    ),
    (
        "domain_not_approved",
        {"approved": [{"list": f"list-{number}", **STRICT} for number in range(200)]},
    ),
    ("filter.title", {"titles": {"allowed": [f"chief {number}" for number in range(200)]}}),
]


@pytest.mark.parametrize(("code", "wanted"), MANY)
def test_of_very_much_that_is_wanted_some_is_told(code: str, wanted: dict[str, Any]) -> None:
    """A campaign has room for more than fits into the event that tells of a refusal, which then
    nobody could publish, and the lead's person would be blocked."""
    (failing,) = against({}, wanted)
    assert (code, EXPECTED_MAX) == (failing.code, len(failing.expected))


CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], Failing]] = [
    (
        {},
        {},
        {"lead_code": "OTHER"},
        Failing(code="lead_code_other", value="OTHER", expected=("INT-AAA-BBB-1",)),
    ),
    (
        {"places": [{"country": "US"}], "excluded_places": [{"country": "CA"}]},
        {},
        {"place": Place("DE", "DE-BY")},
        Failing(code="filter.place", value="DE-BY", expected=("US",)),
    ),
    (
        {
            "places": [{"country": "US"}],
            "excluded_places": [{"country": "US", "subdivisions": ["US-CA"]}],
        },
        {},
        {"place": Place("US", "US-CA")},
        Failing(code="filter.place", value="US-CA", expected=("US",), rule="US-CA"),
    ),
    (
        {"company_size": {"intervals": [{"min": 51, "max": 200}, {"min": 5000}]}},
        {},
        {"company": Company("Northgrid", None, Size(201, 500))},
        Failing(code="filter.company_size", value="201-500", expected=("51-200", "5000+")),
    ),
    (
        {
            "company_revenue": {
                "currency": "EUR",
                "intervals": [{"max": 999_999}, {"min": 50_000_000}],
            }
        },
        {"company": Company("Northgrid", revenue=Revenue("EUR", 50_000_000))},
        {"company": Company("Northgrid", revenue=Revenue("USD", 1_000_000, 5_000_000))},
        Failing(
            code="filter.company_revenue",
            value="1,000,000-5,000,000 USD",
            expected=("0-999,999 EUR", "50,000,000+ EUR"),
        ),
    ),
    (
        {"industries": {"allowed": ["1594"], **STRICT}},
        {"company": Company("Northgrid", None, None, "4", ("4", "6", "1594"))},
        {"company": Company("Northgrid", None, None, "41", ("41",))},
        Failing(code="filter.industry", value="41", expected=("1594",)),
    ),
    (
        {"industries": {"allowed": ["1594"], "excluded": ["6"], **STRICT}},
        {"company": Company("Northgrid", None, None, "96", ("96", "1594"))},
        {"company": Company("Northgrid", None, None, "4", ("4", "6", "1594"))},
        Failing(code="filter.industry", value="4", expected=("1594",), rule="6"),
    ),
    (
        {"seniorities": {"allowed": ["director", "vp"]}},
        {},
        {"title_class": TitleClass("manager", "information_technology")},
        Failing(code="filter.seniority", value="manager", expected=("director", "vp")),
    ),
    (
        {"functions": {"excluded": ["finance"]}},
        {"title_class": TitleClass(None, None)},
        {"title_class": TitleClass(None, "finance")},
        Failing(code="filter.function", value="finance", rule="finance"),
    ),
    (
        {"titles": {"allowed": ["Head of IT", "CTO"]}},
        {"person": Person("a@x.example", job_title="Global HEAD OF  IT & Security")},
        {"person": Person("a@x.example", job_title="Head of Italy")},
        Failing(code="filter.title", expected=("cto", "head of it")),
    ),
    (
        {"open_categories": ["101", "205"], "categories": []},
        {},
        {"category": "310"},
        Failing(code="category_closed", value="310", expected=("101", "205")),
    ),
    (
        {},
        {},
        {"category": "205"},
        Failing(code="category_not_as_ordered", value="205", expected=("101",)),
    ),
    (
        {"smarter": {}},
        {"answers": {"q_budget": "over 50k"}},
        {"unanswered": [OpenQuestion("101", "q_budget"), OPEN]},
        Failing(code="smarter_missing", value="q_budget, q_size"),
    ),
    (
        {"smarter": {}, "categories": [{"id": "101"}, {"id": "205"}]},
        {"category": "205", "unanswered": [OPEN]},
        {"category": "205", "unanswered": [OPEN, OpenQuestion("205", "q_cloud")]},
        Failing(code="smarter_missing", value="q_cloud"),
    ),
    (
        {"smarter": {}},
        {},
        {"reported": (Reason("smarter_unknown_symbol", "why", "q_shoe"),)},
        Failing(code="smarter_unknown_symbol", value="q_shoe"),
    ),
    (
        {"smarter": {}},
        {},
        {"reported": (Reason("smarter_question_not_in_category", "why", "q_size"),)},
        Failing(code="smarter_question_not_in_category", value="q_size"),
    ),
    (
        {"smarter": {}},
        {},
        {"reported": (Reason("smarter_answer_invalid", "why", "q_budget"),)},
        Failing(code="smarter_answer_invalid", value="q_budget"),
    ),
    (
        {"smarter": {"allowed": {"q_budget": ["Over 50k"]}}},
        {"answers": {"q_budget": "over 50K"}},
        {"answers": {"q_budget": "under 10k"}},
        Failing(
            code="smarter_answer_not_wanted",
            value="under 10k",
            expected=("over 50k",),
            rule="q_budget",
        ),
    ),
    (
        {"suppressed_titles": {"phrases": ["sales"]}},
        {"person": Person("a@x.example", job_title="Salesforce Lead")},
        {"person": Person("a@x.example", job_title="VP, Sales/EMEA")},
        Failing(code="title_suppressed", rule="sales"),
    ),
    (
        {"suppressed_titles": {"functions": ["marketing"]}},
        {"title_class": TitleClass("director", None)},
        {"title_class": TitleClass("director", "marketing")},
        Failing(code="title_suppressed", value="marketing", rule="marketing"),
    ),
    (
        {"suppressed": [{"list": "good", **STRICT}, {"list": "bad", **STRICT}]},
        {"company": Company("Other", "other.example"), "person": Person("jo@other.example")},
        {"company": Company("Other", "it.northgrid.example")},
        Failing(
            code="company_suppressed",
            value="northgrid.example",
            expected=("good", "bad"),
            rule="bad",
        ),
    ),
    (
        {"approved": [{"list": "good", **STRICT}, {"list": "bad", **STRICT}]},
        {"company": Company("Northgrid", "northgrid.example")},
        {"company": Company("Other", "other.example"), "person": Person("jo@other.example")},
        Failing(code="domain_not_approved", value="other.example", expected=("good", "bad")),
    ),
]


@pytest.mark.parametrize(("wanted", "passing", "failing", "told"), CASES)
def test_each_check_alone(
    wanted: dict[str, Any], passing: dict[str, Any], failing: dict[str, Any], told: Failing
) -> None:
    """RTE-02, RTE-06, RTE-07, RTE-09: with the lead's value and the wanted one; never a title."""
    assert against(passing, wanted, entries=LISTS) == []
    assert against(failing, wanted, entries=LISTS) == [told]


@pytest.mark.parametrize(
    ("wanted", "known", "told"),
    [
        (
            {"status": "paused"},
            {},
            Failing(code="campaign_inactive", value="paused", expected=("active",)),
        ),
        (
            {"active": {"from": "2026-03-03"}},
            {},
            Failing(code="campaign_inactive", value="2026-03-02", expected=("2026-03-03/",)),
        ),
        (
            {"active": {"to": "2026-03-01"}},
            {},
            Failing(code="campaign_inactive", value="2026-03-02", expected=("/2026-03-01",)),
        ),
        (
            {},
            {"suspended": ["northgrid"]},
            Failing(code="account_suspended", value="northgrid", rule="unpaid"),
        ),
    ],
)
def test_what_stands_against_every_lead(
    wanted: dict[str, Any], known: dict[str, Any], told: Failing
) -> None:
    """RTE-09: and another customer's suspension stands against nobody."""
    assert against({}, wanted, **known) == [told]
    assert against({}, {}, suspended=["helvion"]) == []


@pytest.mark.parametrize(
    ("slot", "caps", "told"),
    [
        (
            CampaignView(None, block=Block("b", 1, "main", (("northgrid", "knows them"),))),
            {},
            [Failing(code="person_blocked", rule="northgrid")],
        ),
        (CampaignView(None, block=Block("b", 1, "main", (("helvion", "knows them"),))), {}, []),
        (CampaignView(None, "sent"), {}, [Failing(code="already_sent", value="sent")]),
        (
            CampaignView(None, None, 2),
            {"per_domain": 2},
            [Failing(code="domain_cap", value="2", expected=("2",), rule="northgrid.example")],
        ),
        (CampaignView(None, None, 1), {"per_domain": 2}, []),
        (
            CampaignView(Capacity("main/north", 1, "main", used=2)),
            {"total": 2},
            [Failing(code="cap_reached", value="2", expected=("2",), rule="total")],
        ),
        (CampaignView(Capacity("main/north", 1, "main", used=1)), {"total": 2}, []),
        (
            CampaignView(None),
            {"total": 0},
            [Failing(code="cap_reached", value="0", expected=("0",), rule="total")],
        ),
    ],
)
def test_what_only_the_campaigns_shard_knows(
    slot: CampaignView, caps: dict[str, Any], told: list[Failing]
) -> None:
    """RTE-08, RTE-09, RTE-12."""
    assert failing_in_view(campaign(caps=caps), lead(), "101", slot, NOW) == told


def test_leads_without_a_domain_are_not_counted_by_it() -> None:
    """RTE-08."""
    unknown = lead(company=Company("Northgrid"), person=Person(f"dana@{min(mail_providers())}"))
    assert (
        failing_in_view(campaign(caps={"per_domain": 0}), unknown, "101", CampaignView(None), NOW)
        == []
    )


@pytest.mark.parametrize(
    ("size", "unknown", "passes"),
    [
        (Size(1, 50), "refuse", True),
        (Size(30, 80), "refuse", True),
        (Size(20, 100), "refuse", True),
        (Size(51, 51), "refuse", True),
        (Size(101, 150), "accept", False),
        (Size(1000), "accept", True),
        (Size(100, 200), "refuse", False),
        (Size(100, 200), "accept", True),
        (Size(90), "refuse", False),
        (Size(90), "accept", True),
        (None, "refuse", False),
        (None, "accept", True),
    ],
)
def test_company_size(size: Size | None, unknown: str, passes: bool) -> None:
    """RTE-02: inside the union of 1 to 50, 51 to 100 and 500 upwards, outside all, or unknown."""
    intervals = [{"min": 51, "max": 100}, {"min": 1, "max": 50}, {"min": 500}]
    wanted = {"company_size": {"intervals": intervals, "unknown": unknown}}
    found = against({"company": Company("Northgrid", None, size)}, wanted)
    assert codes(found) == ([] if passes else ["filter.company_size"])


@pytest.mark.parametrize(
    ("revenue", "unknown", "passes"),
    [
        (Revenue("EUR", 10, 20), "refuse", True),
        (Revenue("EUR", 0, 9), "accept", False),
        (Revenue("EUR", 0, 10), "refuse", False),
        (Revenue("EUR", 0, 10), "accept", True),
        (Revenue("EUR", 10), "refuse", False),
        (Revenue("USD", 10, 20), "refuse", False),
        (Revenue("USD", 10, 20), "accept", True),
        (Revenue("USD", 0, 9), "accept", True),
        (None, "refuse", False),
        (None, "accept", True),
    ],
)
def test_company_revenue(revenue: Revenue | None, unknown: str, passes: bool) -> None:
    """RTE-02: as a size; in another currency it is unknown, since nothing is converted."""
    intervals = [{"min": 10, "max": 20}]
    wanted = {"currency": "EUR", "intervals": intervals, "unknown": unknown}
    found = against({"company": Company("Northgrid", revenue=revenue)}, {"company_revenue": wanted})
    assert codes(found) == ([] if passes else ["filter.company_revenue"])


@pytest.mark.parametrize(
    ("wanted", "place", "passes"),
    [
        ({"excluded_places": [{"country": "US"}]}, Place("DE"), True),
        ({"excluded_places": [{"country": "US"}]}, Place("US", "US-NY"), False),
        ({"excluded_places": [{"country": "US"}]}, Place(), True),
        ({"places": [{"country": "US", "subdivisions": []}]}, Place("US", "US-NY"), True),
        ({"places": [{"country": "US", "subdivisions": []}]}, Place("DE"), False),
        ({"places": [{"country": "US"}], "places_strictness": "preferred"}, Place("DE"), True),
    ],
)
def test_places(wanted: dict[str, Any], place: Place, passes: bool) -> None:
    """RTE-02: exclusion alone leaves the rest of the world, and what is not known, in."""
    assert codes(against({"place": place}, wanted)) == ([] if passes else ["filter.place"])


def test_an_industry_without_its_parents_is_known_by_itself() -> None:
    """RTE-02: of a lead that came before intake told what lies above."""
    of_before = {"company": Company("Northgrid", None, None, "4")}
    assert against(of_before, {"industries": {"allowed": ["4"], **STRICT}}) == []
    assert codes(against(of_before, {"industries": {"allowed": ["6"], **STRICT}})) == [
        "filter.industry"
    ]


def test_what_is_preferred_only_ranks() -> None:
    """RTE-03: the lead that misses more stands further back, and is refused by nothing."""
    liked: dict[str, Any] = {
        "places": [{"country": "DE"}],
        "places_strictness": "preferred",
        "company_size": {"intervals": [{"min": 1, "max": 10}], **PREFERRED},
        "industries": {"allowed": ["41"], **PREFERRED},
        "seniorities": {"allowed": ["vp"], **PREFERRED},
        "functions": {"allowed": ["finance"], **PREFERRED},
        "titles": {"allowed": ["chief"], **PREFERRED},
        "suppressed": [{"list": "bad", **PREFERRED}],
        "approved": [{"list": "good", **PREFERRED}],
    }
    asked = campaign(**liked)
    known = catalogues(asked, entries=LISTS)
    assert known.evaluate(asked, lead(), NOW) == ("101", [])
    (wanting,) = known.matches("main", lead(), NOW)
    assert wanting.rank == len(liked) - 1
    company, person = Company("Helvion", "helvion.example", Size(5, 5)), Person("a@helvion.example")
    german = lead(place=Place("DE"), company=company, person=person)
    assert known.matches("main", german, NOW)[0].rank == wanting.rank - 4


@pytest.mark.parametrize(
    ("of_campaign", "expected"),
    [
        (None, ["title_suppressed"]),
        ({"phrases": ["sales"]}, []),
        ({}, []),
        ({"phrases": ["head"]}, ["title_suppressed"]),
    ],
)
def test_a_campaign_suppresses_other_titles_than_the_policy(
    of_campaign: dict[str, Any] | None, expected: list[str]
) -> None:
    """RTE-09: its own instead of the policy's, also none at all."""
    policy_rules = rules(suppressed_titles={"phrases": ["Head of IT"]})
    found = against({}, {"suppressed_titles": of_campaign}, policy_rules=policy_rules)
    assert codes(found) == expected


def test_a_phrase_and_a_function_are_two_rules_that_hit() -> None:
    """RTE-09: each is named."""
    titles = {"phrases": ["of it"], "functions": ["information_technology"]}
    found = against({}, {"suppressed_titles": titles})
    assert [each.rule for each in found] == ["of it", "information_technology"]


@pytest.mark.parametrize("code", ["filter.title", "title_suppressed"])
def test_who_may_read_the_lead_is_shown_the_title(code: str) -> None:
    """RTE-10: it is kept out of what is published."""
    explained = of_version(campaign(), [Failing(code=code)])
    (shown,) = explained.view(lead())["failing"]  # type: ignore[misc]
    assert lead().person.job_title == shown["value"]


def test_no_title_stands_in_what_is_told() -> None:
    """RTE-09: what is told goes into events, and a title is personal."""
    titled = {"person": Person("a@x.example", job_title="Verysecret Chief of Sales")}
    wanted = {"titles": {"allowed": ["cto"], "excluded": ["chief of sales"]}}
    wanted |= {"suppressed_titles": {"phrases": ["sales"]}}
    told = [each.model_dump_json() for each in against(titled, wanted)]
    assert len(told) == 2
    assert not any("verysecret" in each.casefold() for each in told)


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        (("310", "101"), ("101", [])),
        (("205", "310"), ("205", ["category_not_as_ordered"])),
        (("999", "310"), ("310", ["category_closed"])),
    ],
)
def test_of_several_categories_the_closest_counts(
    categories: tuple[str, ...], expected: tuple[str, list[str]]
) -> None:
    """INT-15, RTE-09: open and ordered has to be one and the same."""
    wanted = {"categories": [{"id": "101"}, {"id": "310"}], "open_categories": ["101", "205"]}
    asked = campaign(organic=True, lead_codes=[], **wanted)
    organic = lead(
        source="organic",
        affiliate=None,
        lead_code=None,
        category=categories[0],
        categories=categories,
    )
    category, failing = catalogues(asked).evaluate(asked, organic, NOW)
    assert (category, codes(failing)) == expected


def test_of_several_categories_one_with_room_is_taken() -> None:
    """INT-15, RTE-12: what is ordered of the first is full, of the second it is not."""
    amounts = [{"id": "101", "amount": 1}, {"id": "205", "amount": 1}]
    asked = campaign(organic=True, categories=amounts)
    match_context = catalogues(asked).context_of(asked)
    given = lead(source="organic", lead_code=None, categories=("101", "205"))
    partly_full = Capacity(asked.id, 1, "main", used=1, counted={"category/101": 1})
    assert evaluate_in_view(asked, given, NOW, match_context, CampaignView(partly_full), NOW) == (
        "205",
        [],
    )
    full = Capacity(asked.id, 1, "main", counted={"category/101": 1, "category/205": 1})
    _, failing = evaluate_in_view(asked, given, NOW, match_context, CampaignView(full), NOW)
    assert codes(failing) == ["cap_reached"]


def test_of_several_categories_one_that_is_wanted_counts_before_one_with_room() -> None:
    """INT-15, RTE-09: what keeps the lead away is told of the category that comes closest."""
    asked = campaign(organic=True, open_categories=["205"], categories=[{"id": "205", "amount": 1}])
    match_context = catalogues(asked).context_of(asked)
    given = lead(source="organic", lead_code=None, categories=("101", "205"))
    full = Capacity(asked.id, 1, "main", counted={"category/205": 1})
    category, failing = evaluate_in_view(asked, given, NOW, match_context, CampaignView(full), NOW)
    assert ("205", ["cap_reached"]) == (category, codes(failing))


def test_what_is_overridden_keeps_nobody_away() -> None:
    """RTE-14: by hand two checks are passed over, and no others."""
    asked = campaign(places=[{"country": "DE"}], status="paused")
    match_context = catalogues(asked).context_of(asked)
    found = [
        codes(
            evaluate_in_view(
                asked, lead(), NOW, match_context, CampaignView(None), NOW, overridden
            )[1]
        )
        for overridden in ((), ("filter.place",), ("filter.place", "campaign_inactive"))
    ]
    assert [["campaign_inactive", "filter.place"], ["campaign_inactive"], []] == found


def test_an_organic_lead_is_for_campaigns_open_to_them_only() -> None:
    """RTE-09: and an affiliate's for those with its lead code only."""
    closed, opened = campaign(), campaign(id="open", organic=True, lead_codes=[])
    known = catalogues(closed, opened)
    organic = lead(source="organic", affiliate=None, lead_code=None, categories=("101",))
    assert [each.campaign.name for each in known.matches("main", organic, NOW)] == ["open"]
    assert [each.campaign.name for each in known.matches("main", lead(), NOW)] == ["north"]
    assert codes(known.evaluate(closed, organic, NOW)[1]) == ["lead_code_other"]
    assert codes(known.evaluate(opened, lead(), NOW)[1]) == ["lead_code_other"]


LEADS: list[dict[str, Any]] = [
    {},
    {"place": Place("DE", "DE-BY")},
    {"category": "205"},
    {"lead_code": "OTHER"},
    {"source": "organic", "lead_code": None, "categories": ("205", "101")},
    {"company": Company("Helvion GmbH", None, Size(5000))},
    {"company": Company(None, "eu.helvion.example", None, "41")},
    {"person": Person("a@x.example", job_title="Sales Manager"), "title_class": TitleClass()},
    {"unanswered": [OPEN], "reported": REPORTED, "answers": {"q_budget": "over 50k"}},
]


def test_who_is_found_is_who_has_nothing_against_it() -> None:
    """RTE-09: matching in memory and explaining are of one mind, whatever is wanted."""
    single: list[dict[str, Any]] = [
        {name: value} for name, value in EVERYTHING.items() if name != "caps"
    ]
    wanted: list[dict[str, Any]] = [{}, *single, *(case[0] for case in CASES)]
    wanted += [each | {"organic": True} for each in wanted]
    asked = [campaign(id=f"c{number}", **each) for number, each in enumerate(wanted)]
    known = catalogues(*asked, entries=LISTS, policy_rules=rules(suppressed_titles={}))
    for changes in LEADS:
        given = lead(**changes)
        clear = {each.name for each in asked if not known.evaluate(each, given, NOW)[1]}
        found = {each.campaign.name for each in known.matches("main", given, NOW)}
        assert (changes, found) == (changes, clear)


def test_the_codes_that_are_counted_are_those_that_are_explained() -> None:
    """RTE-09: whatever is wanted, of whatever lead; of several categories the one that is told."""
    several = [{name: value} for name, value in EVERYTHING.items()] + [{}, EVERYTHING]
    campaigns = [campaign(id=f"c{n}", **each) for n, each in enumerate(several)]
    known = catalogues(*campaigns, entries=LISTS, suspended=["northgrid"])
    seen: Counter[str] = Counter()
    for changes in LEADS:
        one = lead(**changes)
        for each in campaigns:
            explained = {failing.code for failing in known.evaluate(each, one, NOW)[1]}
            assert explained == failing_codes(each, NOW, known.context_of(each), subjects(one))
            seen.update(explained)
    assert len(seen) > 15


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("America/New_York", datetime(2026, 3, 2, 14, 0, tzinfo=UTC), "2026-03-09T13:00:00+00:00"),
        ("America/New_York", datetime(2026, 3, 2, 13, 59, tzinfo=UTC), "2026-03-02T14:00:00+00:00"),
        ("Asia/Tokyo", datetime(2026, 3, 1, 23, 59, tzinfo=UTC), "2026-03-02T00:00:00+00:00"),
        ("Asia/Tokyo", datetime(2026, 3, 2, 0, 0, tzinfo=UTC), "2026-03-09T00:00:00+00:00"),
    ],
)
def test_the_send_day_is_one_of_the_campaigns_time_zone(
    zone: str, at: datetime, expected: str
) -> None:
    """RTE-13: nine in the morning there, on both sides of a clock change; its own instant is
    over."""
    weekly = campaign(weekly={"weekday": "monday"}, time_zone=zone)
    next_send = weekly.next_send(at)
    assert next_send is not None and next_send.isoformat() == expected
    assert campaign().next_send(at) is None


@pytest.mark.case("lead-files", "P10")
@pytest.mark.parametrize(
    ("zone", "day", "hour", "gap", "ends"),
    [
        ("America/New_York", "sunday", "02:30", "2026-03-08T07:30", "2026-03-15T06:30"),
        ("America/Santiago", "sunday", "00:00", "2026-09-06T04:00", "2026-09-13T03:00"),
        ("America/Nuuk", "saturday", "23:30", "2026-03-29T01:30", "2026-04-05T00:30"),
        ("America/New_York", "sunday", "01:30", "2026-11-01T05:30", "2026-11-08T06:30"),
    ],
)
def test_an_hour_that_there_is_not_is_no_week_without_a_send_day(
    zone: str, day: str, hour: str, gap: str, ends: str
) -> None:
    """RTE-13: when clocks are put forward it is as much later; of an hour that there is twice the
    first counts, once."""
    weekly = campaign(weekly={"weekday": day, "at": hour}, time_zone=zone)
    first = weekly.next_send(datetime.fromisoformat(f"{gap}Z") - timedelta(days=3))
    second = weekly.next_send(datetime.fromisoformat(f"{gap}Z"))
    assert [f"{each}:00+00:00" for each in (gap, ends)] == [
        each.isoformat() for each in (first, second) if each
    ]


def test_each_send_day_has_a_deadline_of_its_own() -> None:
    """RTE-13: a claim after a day that was missed does not move that day's by a week."""
    weekly = campaign(weekly={"weekday": "monday"})
    days = [weekly.next_send(NOW + timedelta(days=later)) for later in (0, 6, 7)]
    first, same, second = [claims.weekly_due(weekly, day).id for day in days if day]
    assert first == same != second


def test_a_lead_that_begins_to_wait_after_it_was_asked_back_is_given_back() -> None:
    """INT-08, RTE-13: else whoever wants it back waited until the send day, and it was sent."""
    asked = WithdrawalRequested(
        lead="lead-1", person_id="person-1", replacement="r", reply_key="acme:r"
    )
    shared = leads.share(leads.new_lead(lead(), 1, cause()), [Match(campaign(), "101", 0)])
    wanted_back = leads.withdraw(asked, shared.save[0], None, cause())
    assert not wanted_back.publish
    noted = leads.note(wanted_back.save[0], leads.ClaimRecord("north", 1, "waiting", until=NOW))
    assert [type(event.event) for event in noted.publish] == [ClaimWithdrawn]
    given_back = leads.note(noted.save[0], leads.ClaimRecord("north", 1, "refused"))
    (told,) = given_back.publish
    assert isinstance(told.event, WithdrawalAnswered) and told.event.outcome == "withdrawn"


@pytest.mark.parametrize("code", [*ORDER, "awaiting_send_day", "campaign_unknown", "withdrawn"])
def test_each_check_has_who_mends_it_and_how(code: str) -> None:
    """RTE-10: also where the category alone tells who was wrong."""
    remedy = remedies.remedy(code, [code])
    assert remedy.text and remedy.who and remedy.how


@pytest.mark.parametrize(("is_open", "who"), [(True, "project_manager"), (False, "affiliate")])
def test_without_open_categories_a_wrong_one_was_uploaded(is_open: bool, who: str) -> None:
    """RTE-10: a campaign that has none is open to what it ordered, and to nothing else."""
    failing = (Failing(code="category_not_as_ordered", value="310"),)
    told = Explanation("north", 1, "refused", failing, is_open).view(lead())
    assert [who] == [row["who"] for row in told["failing"]]  # type: ignore[attr-defined]


def test_a_lead_that_waits_is_told_its_day() -> None:
    """RTE-10, RTE-13: what it failed before is over."""
    asked = leads.ClaimRecord("north", 1, "waiting", (Failing(code="cap_reached"),), NOW)
    told = of_claim(asked, campaign())
    assert [("awaiting_send_day", NOW.isoformat())] == [
        (failing.code, failing.value) for failing in told.failing
    ]


def test_what_does_not_wait_is_not_given_back() -> None:
    """INT-08: the campaign has nothing of the lead."""
    back = ClaimWithdrawn(lead="lead-1", person_id="person-1", campaign="north")
    assert Decision() == claims.withdraw(back, None, context())


@pytest.mark.parametrize(("filters", "warned"), [(3, False), (4, True)])
def test_a_standard_campaign_with_four_strict_filters_is_narrow(filters: int, warned: bool) -> None:
    """RTE-04: it is said, and nothing is refused."""
    strict = {
        "industries": {"allowed": ["6"], **STRICT},
        "seniorities": {"allowed": ["director"]},
        "functions": {"allowed": ["finance"]},
        "titles": {"allowed": ["buyer"]},
    }
    some = dict(list(strict.items())[:filters])
    assert warned == any(text.startswith("narrow") for text in warnings(put_campaign(**some)))
