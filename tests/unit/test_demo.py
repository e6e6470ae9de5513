"""The main job's judge: it is content with a run that holds, and sees each thing that does not."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from cli.demo import operators
from cli.demo.checks import violations
from cli.demo.evidence import Event, Evidence, Story
from cli.demo.summary import summary
from cli.oracle.wants import Judge
from shared.contracts.intake import DeliveryReconciled, LeadAccepted, LeadHeld, LeadUnusable
from shared.contracts.lead_fields import Company, Person, Place, Size, TitleClass
from shared.contracts.routing import (
    Claim,
    ClaimGranted,
    ClaimRefused,
    ClaimWaiting,
    DeliveryUnsent,
    LeadNotSent,
    LeadSent,
)
from shared.contracts.values import OpenQuestion
from tests.builders import lead as accepted_lead
from tests.builders import put_campaign

Row = dict[str, Any]

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
OTHER_TRACE = "00-" + "c" * 32 + "-" + "b" * 16 + "-01"
AT = "2026-03-02T12:00:0{}.000000+00:00"
TUESDAY, THURSDAY = "2026-03-03T12:00:00Z", "2026-03-05T16:00:00Z"
SEND_DAY = "2026-03-05T09:00:00Z"

CODES = {"north": "INT-AAA-BBB-1", "week": "W", "listed": "L", "first": "X", "second": "X"}
LEAD_CODES = {1: "north", 2: "north", 4: "week", 5: "week", 6: "listed", 7: "first", 11: "listed"}
"""By a lead's number, the campaign whose code it has; the others come under a code of nobody."""
NUMBERS = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
UNUSABLE = 3
SENT = {1: "north", 4: "week", 5: "week", 6: "listed", 7: "first", 11: "listed"}
BY_HAND = {"lead": "lead-5", "campaign": "week", "by": "mira", "reason": "asked for"}


def event(kind: Any, **data: Any) -> Event:
    return Event("topic", kind.TYPE, f"{kind.TYPE}/{data}", data)


def accepted(number: int, **changes: Any) -> Row:
    facts = {
        "lead": f"lead-{number}",
        "reference": f"R-{number}",
        "person_id": f"p-{number}",
        "delivery": "march",
        "lead_code": CODES[LEAD_CODES[number]] if number in LEAD_CODES else "U",
        "company": Company("Northgrid Ltd", f"firm-{number}.example", Size(51, 200), "4", ("4",)),
    }
    return accepted_lead(**facts | changes).model_dump(mode="json")


def stored(number: int) -> Row:
    outcome = "unusable" if number == UNUSABLE else "accepted"
    return {
        "id": f"lead-{number}",
        "affiliate": "acme",
        "reference": f"R-{number}",
        "lead_code": None if number == UNUSABLE else accepted(number)["lead_code"],
        "source": "affiliate",
        "outcome": outcome,
        "reasons": [] if outcome == "accepted" else [{"code": "email_invalid"}],
        "sent_to": [SENT[number]] if number in SENT else [],
        "uploaded_at": AT.format(0),
    }


def claim(number: int, campaign: str, by_hand: Row | None = None, **changes: Any) -> Event:
    data = {"campaign": campaign, "campaign_version": 1, "lead": accepted(number)}
    return event(Claim, **data, by_hand=by_hand, **changes)


def sent(number: int, campaign: str, **changes: Any) -> Event:
    data = {"campaign": campaign, "lead": f"lead-{number}", "person_id": f"p-{number}"}
    data |= {"key": f"k-{number}", "category": "101", "lead_code": None, "sent_at": TUESDAY}
    return event(LeadSent, **data | changes)


def answered(kind: Any, number: int, campaign: str, **data: Any) -> Event:
    return event(kind, campaign=campaign, lead=f"lead-{number}", **data)


def received(number: int = 1, **changes: Any) -> Row:
    line = {"key": f"k-{number}", "lead": f"lead-{number}", "campaign": SENT.get(number, "north")}
    line |= {"body_sha256": "x", "person_sha256": f"person {number}", "at": AT.format(2)}
    return line | {"status": 200, "traceparent": TRACE} | changes


def as_file(number: int, **changes: Any) -> Row:
    line = received(number, **changes)
    del line["traceparent"]
    return line


def campaign(name: str, **changes: Any) -> Row:
    definition = put_campaign(**{"id": name, "lead_codes": [CODES[name]], **changes})
    return definition.model_dump(mode="json") | {"version": 1}


CAMPAIGNS = [
    campaign("north", caps={"total": 1}),
    campaign("week", weekly={"weekday": "thursday"}),
    campaign("listed", approved=[{"list": "accounts", "strictness": "strict"}]),
    campaign("first", send={"mode": "file", "folder": "first"}),
    campaign("second"),
]
RULES: Row = {"suppressed_titles": {"phrases": ["intern"], "functions": []}}
RULES |= {"exclusive_lead_codes": ["X"]}
LISTS = {"accounts": ["firm-11.example", "firm-6.example"]}

COUNTED = {"intake": {"affiliates": [{"submitted": 3}]}}
SPANS = [
    {"name": "process x", "service": "intake"},
    {"name": "deliver send", "service": "routing"},
]
ANSWERS = [{"question": "q", "given": "Smal"}]
RECONCILED = {"affiliate": "acme", "missing": ["R-99"], "adds_up": False}
DELIVERY = {"affiliate": "acme", "id": "march", "declared": 12, "received": 11, "accepted": 10}
DELIVERY |= {"held": 0, "unusable": 1, "omitted": 0, "sent": 6, "adds_up": False}
UNSENT = {"affiliate": "acme", "lead_code": "U", "delivery": "march", "codes": ["filter.place"]}
FREED = {"what": "a company", "campaign": "listed", "company": "firm-6.example", "previewed": 1}
FREED |= {"leads": ["lead-6"], "taken_before": 0, "taken_after": 1}

STORY = Story(
    before=COUNTED,
    after=COUNTED,
    alias={"question": "q", "given": "smal", "answer": "small", "leads": 1},
    ahead_seconds=0,
    lines_of_the_import=1,
    converted=[],
    why_not=[],
    by_hand=[BY_HAND | {"code": "claimed"}],
    watched_at=TUESDAY,
    freed=[FREED],
    lines_before_the_send_day=7,
)


def events() -> list[Event]:
    mine = {"by": BY_HAND["by"], "reason": BY_HAND["reason"]}
    return [
        event(LeadHeld, lead="lead-1", answers=ANSWERS),
        event(DeliveryReconciled, **RECONCILED),
        *(event(LeadAccepted, **accepted(number)) for number in NUMBERS),
        event(LeadUnusable, lead=f"lead-{UNUSABLE}"),
        *(claim(number, LEAD_CODES[number]) for number in LEAD_CODES),
        claim(5, "week", mine),
        answered(ClaimRefused, 2, "north", failing=[{"code": "cap_reached"}]),
        *(answered(ClaimWaiting, number, "week", until=SEND_DAY) for number in (4, 5)),
        *(answered(ClaimGranted, number, to) for number, to in SENT.items()),
        sent(1, "north"),
        sent(4, "week", sent_at=THURSDAY),
        *(sent(number, SENT[number]) for number in (5, 6, 7, 11)),
        event(DeliveryUnsent, **UNSENT),
    ]


def evidence() -> Evidence:
    """One is sent; one too many; one waits and one goes by hand; one is freed, its first request
    failed; one is taken without an answer; one is sold exclusively, as a file; three of a code are
    wanted by none."""
    unsent: Mapping[str, Row] = {"north": {"cap_reached": 1}}
    return Evidence(
        uploaded={"acme": [f"R-{number}" for number in range(1, 12)]},
        story=STORY,
        leads=[stored(number) for number in range(1, 12)],
        affiliate_counts=[{"id": "acme", "accepted": 10, "held": 0, "unusable": 1, "omitted": 0}],
        campaign_counts=[
            {
                "id": each["id"],
                "version": 1,
                "sent": list(SENT.values()).count(each["id"]),
                "unsent": unsent.get(each["id"], {}),
            }
            for each in CAMPAIGNS
        ],
        campaigns=CAMPAIGNS,
        rules=RULES,
        lists=LISTS,
        deliveries=[DELIVERY],
        never_come=["R-99"],
        held=[],
        events=events(),
        received=[
            received(1),
            received(5),
            received(6, status=503),
            received(6),
            received(11, status=0),
            received(11),
            as_file(7),
            received(4),
        ],
        traces={("north", "lead-1"): TRACE, ("week", "lead-4"): TRACE},
        spans={"a" * 32: SPANS},
        pending={"lag": 0, "outbox": 0, "set_aside": 0, "parked": 0, "sends": 0},
    )


def test_a_run_that_holds_has_no_violation() -> None:
    assert [] == violations(evidence())


def test_a_request_may_come_again_with_the_same_key_and_body() -> None:
    assert [] == violations(with_lines(received(4))(evidence()))


Spoil = Callable[[Evidence], Evidence]


def without(kind: Any, **named: Any) -> Spoil:
    def is_meant(each: Event) -> bool:
        return each.type == kind.TYPE and named.items() <= each.data.items()

    return lambda e: replace(e, events=[each for each in e.events if not is_meant(each)])


def with_lines(*lines: Row) -> Spoil:
    return lambda e: replace(e, received=[*e.received, *lines])


def with_events(*more: Event) -> Spoil:
    return lambda e: replace(e, events=[*e.events, *more])


def with_changed(kind: Any, lead: str, **changes: Any) -> Spoil:
    """One event says something else."""

    def changed(each: Event) -> Event:
        is_meant = each.type == kind.TYPE and each.data.get("lead") == lead
        return each._replace(data=each.data | changes) if is_meant else each

    return lambda e: replace(e, events=list(map(changed, e.events)))


def with_campaign(name: str, **changes: Any) -> Spoil:
    def changed(each: Row) -> Row:
        return each | changes if each["id"] == name else each

    return lambda e: replace(e, campaigns=list(map(changed, e.campaigns)))


def with_story(**changes: Any) -> Spoil:
    return lambda e: replace(e, story=replace(e.story, **changes))


def with_counts(**changes: Any) -> Spoil:
    return lambda e: replace(
        e, campaign_counts=[e.campaign_counts[0] | changes, *e.campaign_counts[1:]]
    )


def caps(**limits: int) -> Row:
    return {"total": None, "day": None, "week": None, "month": None, "per_domain": None} | limits


def sold_twice(e: Evidence) -> Evidence:
    return with_lines(as_file(7, campaign="second", key="k-8"))(e)


SPOILT: list[tuple[Spoil, str]] = [
    (lambda e: replace(e, leads=e.leads[1:]), "1 are missing, such as R-1"),
    (lambda e: replace(e, uploaded={"acme": ["R-1"]}), "too many, such as R-10"),
    (with_story(converted=["W-1"]), "organic leads: 1 are missing, such as W-1"),
    (without(LeadUnusable), "leads published as unusable: 1 are missing"),
    (with_events(event(LeadAccepted, **accepted(1), again=1)), "published twice as accepted"),
    (lambda e: replace(e, affiliate_counts=[e.affiliate_counts[0] | {"held": 1}]), "by hand"),
    (with_counts(sent=2), "north: routing counts 2"),
    (lambda e: replace(e, pending={"lag": 1}), "pending: lag 1"),
    (lambda e: replace(e, held=[{"id": "lead-1", "held": ANSWERS}]), "which is an alias"),
    (with_story(alias=STORY.alias | {"leads": 2}), "2 were held for 'smal', 1 are free"),
    (without(DeliveryReconciled), "reconciled deliveries: 1 are missing"),
    (lambda e: replace(e, never_come=[]), "acme: missing rows: 1 are too many"),
    (lambda e: replace(e, deliveries=[DELIVERY | {"sent": 2}]), "11 came, 2 sent, not (11, 6)"),
    (with_story(after={}), "again: before"),
    (lambda e: replace(e, spans={}), "lead lead-1 to north: trace"),
    (lambda e: replace(e, spans={"a" * 32: SPANS[:1]}), "lead lead-1 to north: trace"),
    (lambda e: replace(e, received=[received(traceparent=None)]), "lead lead-1 to north: trace"),
    (with_lines(received(4, traceparent=OTHER_TRACE)), "lead lead-4 to week: trace"),
    # Sending.
    (with_lines(received(key="k-2")), "under several keys: 1"),
    (with_lines(received(body_sha256="y")), "several bodies: 1"),
    (lambda e: replace(e, received=e.received[1:]), "keys received: 1 are missing, such as k-1"),
    (
        lambda e: replace(e, received=[line for line in e.received if line["key"] != "k-7"]),
        "keys received: 1 are missing, such as k-7",
    ),
    (with_lines(received(8, status=503)), "keys received: 1 are too many, such as k-8"),
    (
        lambda e: replace(e, received=[*e.received[:5], *e.received[6:]]),
        "keys taken: 1 are missing, such as k-11",
    ),
    (with_lines(received(4, key="k-40", lead="lead-40")), "keys received: 1 are too many"),
    (with_events(sent(1, "north", again=1)), "keys published twice as sent: 1"),
    (with_events(sent(2, "north", person_id="p-1")), "sent to a campaign twice: 1"),
    (
        with_lines(received(2, person_sha256="person 1")),
        "people whom a customer got twice: 1, such as ('north', 'person 1')",
    ),
    (without(ClaimRefused), "claims answered: 1 are missing"),
    (without(ClaimGranted, lead="lead-4"), "waiting claims decided: 1 are missing"),
    (without(LeadSent, lead="lead-1"), "granted claims that ended: 1 are missing"),
    # Caps.
    (with_lines(received(2)), "north: cap 1, received 2"),
    (with_events(sent(2, "north")), "north: 1 caps exceeded, such as total 2 of 1"),
    (
        lambda e: with_campaign("week", caps=caps(day=1))(
            with_changed(LeadSent, "lead-5", sent_at=THURSDAY)(e)
        ),
        "week: 1 caps exceeded, such as day 2026-03-05 2 of 1",
    ),
    (with_campaign("week", caps=caps(week=1)), "such as week 2026-10 2 of 1"),
    (with_campaign("week", caps=caps(month=1)), "such as month 2026-03 2 of 1"),
    (
        with_campaign("week", categories=[{"id": "101", "amount": 1}]),
        "such as category 101 2 of 1",
    ),
    (
        with_campaign("listed", caps=caps(per_domain=0)),
        "such as domain firm-11.example 1 of 0, domain firm-6.example 1 of 0",
    ),
    # Who gets what, and when.
    (with_events(sent(7, "second", key="k-8")), "exclusive leads sold twice: 1"),
    (sold_twice, "exclusive leads sold twice: 1, such as lead-7"),
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
        with_events(answered(LeadNotSent, 2, "north", key="k-2")),
        "sends that ended otherwise: 1 are too many",
    ),
    (with_lines(received(2, status=503)), "keys that failed and were sent: 1 are missing"),
]


@pytest.mark.parametrize(("spoil", "told"), SPOILT, ids=[told for _, told in SPOILT])
def test_what_does_not_hold_is_told(spoil: Spoil, told: str) -> None:
    found = violations(spoil(evidence()))
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
    judge = Judge(RULES, {**LISTS, "rivals": ["Northgrid"]}, {})
    assert codes == judge.codes(campaign("north", **wanted), accepted(1, **has))


def told(*codes: str, state: str = "not_claimed", text: str = "") -> Row:
    return {
        "campaign": "north",
        "state": state,
        "failing": [{"code": code, "text": text} for code in codes],
    }


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"campaigns": [], "closest": [told("filter.place")]}, "closest miss"),
        (
            {"campaigns": [told("x", text="the wrong category was ordered")], "closest": []},
            "wrong category",
        ),
        ({"campaigns": [told("cap_reached")], "closest": []}, "waiting or capped"),
        ({"campaigns": [told("awaiting_send_day")], "closest": []}, "waiting or capped"),
        ({"campaigns": [told("filter.place")], "closest": []}, None),
        ({"campaigns": [told("cap_reached", "title_suppressed")], "closest": []}, None),
        ({"campaigns": [], "closest": [told("domain_not_approved")]}, None),
    ],
)
def test_answers_why_not_are_told_by_kind(answer: Row, kind: str | None) -> None:
    found = operators.answered(operators.KINDS, answer)
    assert [kind] * bool(kind) == [kind for kind, _ in found]


def test_the_summary_has_its_outer_shape() -> None:
    """Names that scripts of others rely on."""
    done = summary(evidence(), [], {"kafka": "k", "mongo": "m"}, 12.34)
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
    done = summary(evidence(), [], {}, 1)
    assert [("first", 1), ("second", 0)] == [
        (row["campaign"], row["sent"]) for row in done["exclusive"]
    ]
    assert [1, 1] == [done["preview"][0][name] for name in ("previewed", "sent")]
    assert [
        {"campaign": "week", "waited": 2, "sent": 2, "left": 0, "countries": {"US": 2}}
    ] == done["weekly"]
    assert ["U"] == [row["lead_code"] for row in done["watch"]]
    assert {"sampled": 2, "of_the_send_day": 1} == done["traces"]
    names = ("failed", "unanswered", "mails", "files")
    assert [1, 1, 0, 1] == [done["deliveries"][name] for name in names]


def test_what_a_run_did_not_show_is_told() -> None:
    """A run of a few rows may hold and still lack what it is there for."""
    missing = summary(evidence(), [], {}, 1)["not_shown"]
    assert [
        "sold to the second in line",
        "three answers why not",
        "refused by hand",
        "traces of a send day",
    ] == missing


def test_times_of_the_customers_are_set_to_the_stack_s_clock() -> None:
    """A stack whose clock is an hour ahead took no hour to send."""
    ahead = with_story(ahead_seconds=3600)(evidence())
    assert 3602000.0 == summary(ahead, [], {}, 1)["latency_ms"]["p50"]


def test_a_violation_makes_the_run_fail() -> None:
    done = summary(evidence(), ["something"], {}, 1)
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
    assert expected == Judge(RULES, LISTS, {}).codes(known, lead)
