"""The sums of the main job: where they hold none is told to be wrong, and each that is wrong is.

What the oracle asks of every run is tried in test_oracle.py.
"""

from dataclasses import replace
from typing import Any

import pytest

from cli.demo import operators
from cli.demo.checks import violations
from cli.demo.summary import summary
from cli.oracle.evidence import Held
from cli.oracle.wants import Judge
from shared.contracts.intake import DeliveryReconciled, LeadOmitted, LeadUnusable
from shared.contracts.lead_fields import Company, Person, Place, Revenue, TitleClass
from shared.contracts.routing import Claim, ClaimRefused, DeliveryUnsent, LeadNotSent, LeadSent
from shared.contracts.values import OpenQuestion
from tests.judged import (
    BY_HAND,
    DELIVERY,
    FREED,
    LISTS,
    POLICY,
    SPANS,
    STORY,
    TUESDAY,
    UNSENT,
    Row,
    Spoil,
    accepted,
    answered,
    campaign,
    changed,
    claim,
    ended,
    event,
    failed,
    lead,
    received,
    run,
    with_campaign,
    with_changed,
    with_events,
    with_leads,
    with_lines,
    without,
    without_lines,
)

OTHER_TRACE = "00-" + "c" * 32 + "-" + "b" * 16 + "-01"


def with_story(**changes: Any) -> Spoil:
    return lambda run: replace(run, story=replace(run.story, **changes))


def with_counts(**changes: Any) -> Spoil:
    return lambda run: replace(
        run, campaign_counts=[run.campaign_counts[0] | changes, *run.campaign_counts[1:]]
    )


def with_span(number: int, **changes: Any) -> Spoil:
    spans = [row | changes if at == number else row for at, row in enumerate(SPANS)]
    return lambda run: replace(run, spans={"a" * 32: spans})


def test_a_run_that_holds_has_no_violation() -> None:
    assert [] == violations(run())


def test_what_the_oracle_finds_is_told_with_its_invariant() -> None:
    found = violations(changed(pending={"lag": 1})(run()))
    assert ["I6 pending: lag 1"] == found


SPOILT: list[tuple[Spoil, str]] = [
    (lambda run: changed(leads=run.evidence.leads[1:])(run), "1 are missing, such as R-1"),
    (lambda run: replace(run, uploaded={"acme": ["R-1"]}), "too many, such as R-10"),
    (with_story(converted=["W-1"]), "organic leads: 1 are missing, such as W-1"),
    (
        lambda run: replace(run, affiliate_counts=[run.affiliate_counts[0] | {"held": 1}]),
        "by hand",
    ),
    (with_counts(sent=2), "north: routing counts 2"),
    (
        with_leads(lead(1, outcome="held", held=[Held("q", "smal")])),
        "which is an alias",
    ),
    (with_story(alias=STORY.alias | {"leads": 2}), "2 were held for 'smal', 1 are free"),
    (without(DeliveryReconciled), "reconciled deliveries: 1 are missing"),
    (lambda run: replace(run, never_come=[]), "acme: missing rows: 1 are too many"),
    (
        lambda run: replace(run, deliveries=[DELIVERY | {"sent": 2}]),
        "11 came, 2 sent, not (11, 6)",
    ),
    (with_story(after={}), "again: before"),
    (with_events(event(LeadUnusable, lead="lead-3", again=1)), "published again as unusable: 1"),
    (with_events(event(LeadOmitted, lead="lead-3")), "leads that are omitted, by their events"),
    (lambda run: replace(run, spans={}), "lead lead-1 to north: trace"),
    (lambda run: replace(run, spans={"a" * 32: SPANS[:2]}), "lead lead-1 to north: trace"),
    (lambda run: replace(run, spans={"a" * 32: SPANS[1:]}), "'process x' of intake was not told"),
    (with_span(1, attributes={}), "lead lead-1: its id finds no trace, not its own"),
    (with_span(1, attributes={"leadops.lead": "lead-4"}), "lead lead-1: its id finds no trace"),
    (with_span(2, attributes={"x": "Ann Canaryson"}), "span 'send http' of routing names"),
    (lambda run: replace(run, outputs={"log x": "y\nof CANARYSON"}), "log x: 1 of 2 lines name"),
    (lambda run: replace(run, outputs={"log x": ""}), "log x: 0 of 0 lines name"),
    (changed(received=[received(traceparent=None)]), "lead lead-1 to north: trace"),
    (with_lines(received(4, traceparent=OTHER_TRACE)), "lead lead-4 to week: trace"),
    # Who gets what, and when.
    (with_changed(LeadSent, "lead-4", sent_at=TUESDAY), "sent before the send day: 1"),
    (with_story(lines_before_the_send_day=8), "received before the send day: 1"),
    (with_story(by_hand=[]), "claims by hand, with who and why: 1 are too many"),
    (
        with_story(by_hand=[BY_HAND | {"code": "claimed", "reason": "else"}]),
        "claims by hand, with who and why: 1 are missing",
    ),
    (without(LeadSent, lead="lead-5"), "leads sent by hand: 1 are missing"),
    (
        with_story(by_hand=[BY_HAND | {"code": "claimed"}, BY_HAND | {"code": "lead_unknown"}]),
        "by hand to week: lead_unknown",
    ),
    (with_story(freed=[FREED | {"previewed": 2}]), "a company: previewed 2, freed 1"),
    (
        with_story(freed=[FREED | {"leads": ["lead-1"]}]),
        "a company: previewed leads freed: 1 are missing, such as lead-1",
    ),
    (with_story(freed=[FREED | {"taken_after": 0}]), "0 had no slot, sent 0"),
    (
        with_events(answered(ClaimRefused, 6, "listed", failing=[{"code": "filter.place"}])),
        "a company: freed and refused: lead-6",
    ),
    # Reasons.
    (
        without(Claim, campaign="north"),
        "wanted and not claimed: 2, such as ('north', 'lead-1'), ('north', 'lead-2')",
    ),
    (
        without(Claim, campaign="first"),
        "not claimed: 2, such as ('first', 'lead-7'), ('second', 'lead-7')",
    ),
    (with_events(claim(8, "north")), "claimed and not wanted: 1, such as ('north', 'lead-8')"),
    (
        with_campaign("listed", status="paused"),
        "claimed and not wanted: 2, such as ('listed', 'lead-11')",
    ),
    (with_counts(unsent={}), "north: unsent by check {}, counted {'cap_reached': 1}"),
    (
        with_changed(ClaimRefused, "lead-2", failing=[{"code": "bad_mood"}]),
        "codes that nobody knows: bad_mood",
    ),
    (with_story(why_not=[{"failing": [{"code": "moon"}]}]), "codes that nobody knows: moon"),
    (without(DeliveryUnsent), "deliveries raised: 1 are missing, such as ('acme', 'U', 'march')"),
    (
        with_events(event(DeliveryUnsent, **UNSENT | {"lead_code": "W"})),
        "deliveries raised: 1 are too many, such as ('acme', 'W', 'march')",
    ),
    (with_events(event(DeliveryUnsent, **UNSENT, again=1)), "deliveries raised twice: 1"),
    # Customers that fail.
    (
        with_events(ended(LeadNotSent, 2, "north")),
        "sends that ended otherwise: 1 are too many",
    ),
    (with_lines(failed(2)), "keys that failed and were sent: 1 are missing"),
    (without_lines(5), "keys answered: 1 are missing, such as k-11"),
]


@pytest.mark.parametrize(("spoil", "told"), SPOILT, ids=[told for _, told in SPOILT])
def test_what_does_not_hold_is_told(spoil: Spoil, told: str) -> None:
    found = violations(spoil(run()))
    assert any(told in text for text in found), found


WANTS: list[tuple[Row, Row, set[str]]] = [
    ({}, {}, set()),
    ({"status": "paused"}, {}, {"campaign_inactive"}),
    ({"lead_codes": ["else"]}, {}, {"lead_code_other"}),
    ({}, {"source": "organic"}, {"lead_code_other"}),
    ({"organic": True}, {"source": "organic"}, set()),
    ({"places": [{"country": "DE"}]}, {}, {"filter.place"}),
    ({"places": [{"country": "US", "subdivisions": ["US-NY"]}]}, {}, set()),
    ({"places": [{"country": "US", "subdivisions": ["US-CA"]}]}, {}, {"filter.place"}),
    ({"excluded_places": [{"country": "US"}]}, {}, {"filter.place"}),
    ({"places": [{"country": "DE"}], "places_strictness": "preferred"}, {}, set()),
    ({"company_size": {"intervals": [{"min": 51, "max": 500}]}}, {}, set()),
    ({"company_size": {"intervals": [{"min": 100}]}}, {}, {"filter.company_size"}),
    ({"company_size": {"intervals": [{"min": 100}], "unknown": "accept"}}, {}, set()),
    (
        {"company_size": {"intervals": [{"min": 500}], "unknown": "accept"}},
        {},
        {"filter.company_size"},
    ),
    (
        {"company_size": {"intervals": [{"min": 1}]}},
        {"company": Company("Northgrid")},
        {"filter.company_size"},
    ),
    (
        {"company_revenue": {"currency": "EUR", "intervals": [{"min": 10}]}},
        {"company": Company("Northgrid", revenue=Revenue("EUR", 10, 20))},
        set(),
    ),
    (
        {"company_revenue": {"currency": "EUR", "intervals": [{"min": 10}]}},
        {"company": Company("Northgrid", revenue=Revenue("USD", 10, 20))},
        {"filter.company_revenue"},
    ),
    ({"industries": {"allowed": ["1594"], "strictness": "strict"}}, {}, {"filter.industry"}),
    ({"industries": {"allowed": ["4"], "strictness": "strict"}}, {}, set()),
    ({"seniorities": {"allowed": ["cxo"]}}, {}, {"filter.seniority"}),
    ({"seniorities": {"excluded": ["cxo"]}}, {"title_class": TitleClass()}, set()),
    ({"functions": {"excluded": ["information_technology"]}}, {}, {"filter.function"}),
    ({"titles": {"allowed": ["head of IT"]}}, {}, set()),
    ({"titles": {"excluded": ["head"]}}, {}, {"filter.title"}),
    ({"titles": {"allowed": ["it head"]}}, {}, {"filter.title"}),
    ({"open_categories": ["102"]}, {}, {"category_closed"}),
    ({"categories": [{"id": "102"}]}, {}, {"category_not_as_ordered"}),
    ({"categories": [{"id": "102"}]}, {"categories": ["101", "102"]}, set()),
    ({"smarter": {}}, {"unanswered": [OpenQuestion("101", "q_budget")]}, {"smarter_missing"}),
    ({"smarter": {"allowed": {"q_budget": ["10K"]}}}, {"answers": {"q_budget": "10k"}}, set()),
    ({"smarter": {"allowed": {"q_budget": ["10k"]}}}, {}, {"smarter_answer_not_wanted"}),
    ({}, {"person": Person("x@y.example", job_title="IT Intern")}, {"title_suppressed"}),
    (
        {"suppressed_titles": {"functions": ["information_technology"]}},
        {},
        {"title_suppressed"},
    ),
    ({"suppressed": [{"list": "rivals", "strictness": "strict"}]}, {}, {"company_suppressed"}),
    ({"suppressed": [{"list": "rivals", "strictness": "preferred"}]}, {}, set()),
    ({"approved": [{"list": "rivals", "strictness": "strict"}]}, {}, set()),
    ({"approved": [{"list": "accounts", "strictness": "strict"}]}, {}, {"domain_not_approved"}),
    ({"approved": [{"list": "accounts", "strictness": "preferred"}]}, {}, set()),
    ({"places": [{"country": "US"}]}, {"place": Place()}, {"filter.place"}),
]


@pytest.mark.parametrize(("wanted", "has", "codes"), WANTS)
def test_the_judge_of_its_own(wanted: Row, has: Row, codes: set[str]) -> None:
    """It says of a lead what a campaign has against it, without asking the services' code."""
    judge = Judge(POLICY, {**LISTS, "rivals": ["Northgrid"]})
    assert codes == judge.codes(campaign("north", **wanted), accepted(1, **has))


def miss(*codes: str, state: str = "not_claimed", text: str = "") -> Row:
    return {
        "campaign": "north",
        "state": state,
        "failing": [{"code": code, "text": text} for code in codes],
    }


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"campaigns": [], "closest": [miss("filter.place")]}, "closest miss"),
        (
            {"campaigns": [miss("x", text="the wrong category was ordered")], "closest": []},
            "wrong category",
        ),
        ({"campaigns": [miss("cap_reached")], "closest": []}, "waiting or capped"),
        ({"campaigns": [miss("awaiting_send_day")], "closest": []}, "waiting or capped"),
        ({"campaigns": [miss("filter.place")], "closest": []}, None),
        ({"campaigns": [miss("cap_reached", "title_suppressed")], "closest": []}, None),
        ({"campaigns": [], "closest": [miss("domain_not_approved")]}, None),
    ],
)
def test_answers_why_not_are_told_by_kind(answer: Row, kind: str | None) -> None:
    found = operators.kinds_of_answer(operators.KINDS, answer)
    assert [kind] * bool(kind) == [kind for kind, _ in found]


def test_the_summary_has_its_outer_shape() -> None:
    """Names that scripts of others rely on."""
    done = summary(run(), [], {"kafka": "k", "mongo": "m"}, 12.34)
    assert done["schema"] == 1 and done["ok"] is True
    assert [
        {"id": "acme", "submitted": 11, "accepted": 10, "held": 0, "unusable": 1, "omitted": 0}
    ] == done["affiliates"]
    assert {"id": "north", "version": 1, "sent": 1, "unsent": {"cap_reached": 1}} == done[
        "campaigns"
    ][0]
    counted = {name: done["deliveries"][name] for name in ("sent", "distinct", "repeats")}
    assert {"sent": 6, "distinct": 6, "repeats": 2} == counted
    assert {"p50": 2000.0, "p99": 2000.0} == done["latency_ms"]
    assert (1.5, 12.3) == (done["leads_per_second"], done["wall_seconds"])


def test_the_summary_tells_the_story() -> None:
    """What was sold once, opened, sent on its day, failed, and came as a file."""
    done = summary(run(), [], {}, 1)
    assert [("first", 1), ("second", 0)] == [
        (row["campaign"], row["sent"]) for row in done["exclusive"]
    ]
    assert [1, 1] == [done["preview"][0][name] for name in ("previewed", "sent")]
    assert [
        {"campaign": "week", "waited": 2, "sent": 2, "left": 0, "countries": {"US": 2}}
    ] == done["weekly"]
    assert ["U"] == [row["lead_code"] for row in done["watch"]]
    assert {"sampled": 2, "of_the_send_day": 1, "spans": 3} == done["traces"]
    names = ("failed", "unanswered", "mails", "files")
    assert [1, 1, 0, 1] == [done["deliveries"][name] for name in names]


def test_what_a_run_did_not_show_is_told() -> None:
    """A run of a few rows may hold and still lack what it is there for."""
    missing = summary(run(), [], {}, 1)["not_shown"]
    assert [
        "sold to the second in line",
        "three answers why not",
        "refused by hand",
        "traces of a send day",
    ] == missing


def test_times_of_the_customers_are_set_to_the_stack_s_clock() -> None:
    """A stack whose clock is an hour ahead took no hour to send."""
    ahead = with_story(ahead_seconds=3600)(run())
    assert 3602000.0 == summary(ahead, [], {}, 1)["latency_ms"]["p50"]


def test_a_violation_makes_the_run_fail() -> None:
    done = summary(run(), ["something"], {}, 1)
    assert (False, ["something"]) == (done["ok"], done["violations"])


@pytest.mark.parametrize(
    ("has", "codes"),
    [
        ({"coin": "EUR", "min": 10, "max": 20}, set()),
        ({"coin": "EUR", "min": 10, "max": None}, {"filter.company_worth"}),
        ({"coin": "EUR", "min": 1, "max": 9}, {"filter.company_worth"}),
        ({"coin": "USD", "min": 10, "max": 20}, {"filter.company_worth"}),
        (None, {"filter.company_worth"}),
    ],
)
@pytest.mark.parametrize("unknown", ["refuse", "accept"])
def test_the_judge_knows_any_number_of_a_company(
    has: Row | None, codes: set[str], unknown: str
) -> None:
    """RTE-02: one that there is not yet, and that is counted in a unit."""
    wanted = {"intervals": [{"min": 10, "max": 20}], "coin": "EUR"}
    known = campaign("north") | {
        "company_worth": wanted | {"unknown": unknown, "strictness": "strict"}
    }
    lead = accepted(1)
    lead["company"]["worth"] = has
    is_outside = has is not None and has["coin"] == "EUR" and has["max"] == 9
    expected = codes if unknown == "refuse" or is_outside else set()
    assert expected == Judge(POLICY, LISTS).codes(known, lead)
