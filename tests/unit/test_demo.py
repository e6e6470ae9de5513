"""The main job's judge: it is content with a run that holds, and sees each thing that does not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cli.demo.checks import violations
from cli.demo.evidence import Event, Evidence
from cli.demo.summary import summary
from shared.contracts.intake import (
    DeliveryReconciled,
    LeadAccepted,
    LeadHeld,
    LeadUnusable,
)
from shared.contracts.routing import Claim, ClaimGranted, ClaimRefused, LeadSent

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
AT = "2026-03-02T12:00:0{}.000000+00:00"


def event(kind: Any, **data: Any) -> Event:
    return Event("topic", kind.TYPE, f"{kind.TYPE}/{data}", data)


def lead(number: int, outcome: str) -> dict[str, Any]:
    reasons = [] if outcome == "accepted" else [{"code": "email_invalid"}]
    return {
        "id": f"lead-{number}",
        "affiliate": "acme",
        "reference": f"R-{number}",
        "outcome": outcome,
        "reasons": reasons,
        "sent_to": ["north"] if number == 1 else [],
        "uploaded_at": AT.format(0),
    }


def received(**changes: Any) -> dict[str, Any]:
    line = {"key": "k-1", "lead": "lead-1", "campaign": "north", "body_sha256": "x"}
    return line | {"at": AT.format(2), "status": 200, "traceparent": TRACE} | changes


COUNTED = {"intake": {"affiliates": [{"submitted": 3}]}, "received": 1}
SPANS = [
    {"name": "process x", "service": "intake"},
    {"name": "deliver send", "service": "routing"},
]


ANSWERS = [{"question": "q", "given": "Smal"}]
RECONCILED = {"affiliate": "acme", "missing": ["R-9"], "adds_up": False}
DELIVERY = {"affiliate": "acme", "id": "march", "declared": 4, "received": 3, "accepted": 2}
DELIVERY |= {"held": 0, "unusable": 1, "omitted": 0, "sent": 1, "adds_up": False}


def evidence() -> Evidence:
    return Evidence(
        uploaded={"acme": ["R-1", "R-2", "R-3"]},
        leads=[lead(1, "accepted"), lead(2, "accepted"), lead(3, "unusable")],
        affiliate_counts=[{"id": "acme", "accepted": 2, "held": 0, "unusable": 1, "omitted": 0}],
        campaign_counts=[{"id": "north", "version": 1, "sent": 1, "unsent": {"cap_reached": 1}}],
        campaigns=[{"id": "north", "caps": {"total": 1}}],
        deliveries=[DELIVERY],
        never_come=["R-9"],
        held=[],
        alias={"question": "q", "given": "smal", "answer": "small", "leads": 1},
        events=[
            event(LeadHeld, lead="lead-1", answers=ANSWERS),
            event(DeliveryReconciled, **RECONCILED),
            event(LeadAccepted, lead="lead-1"),
            event(LeadAccepted, lead="lead-2"),
            event(LeadUnusable, lead="lead-3"),
            event(Claim, campaign="north", lead={"lead": "lead-1"}),
            event(Claim, campaign="north", lead={"lead": "lead-2"}),
            event(ClaimGranted, campaign="north", lead="lead-1"),
            event(ClaimRefused, campaign="north", lead="lead-2"),
            event(LeadSent, campaign="north", lead="lead-1", person_id="p-1", key="k-1"),
        ],
        received=[received()],
        traces={"lead-1": TRACE},
        spans={"a" * 32: SPANS},
        pending={"lag": 0, "outbox": 0, "set_aside": 0, "parked": 0, "sends": 0},
        before_again=COUNTED,
        after_again=COUNTED,
    )


def test_a_run_that_holds_has_no_violation() -> None:
    assert [] == violations(evidence())


def test_a_request_may_come_again_with_the_same_key_and_body() -> None:
    again = evidence().received[0]
    assert [] == violations(replace(evidence(), received=[again, again]))


def without(kind: Any) -> Callable[[Evidence], Evidence]:
    return lambda e: replace(e, events=[each for each in e.events if each.type != kind.TYPE])


def with_lines(*lines: dict[str, Any]) -> Callable[[Evidence], Evidence]:
    return lambda e: replace(e, received=[*e.received, *lines])


def with_event(kind: Any, **data: Any) -> Callable[[Evidence], Evidence]:
    return lambda e: replace(e, events=[*e.events, event(kind, **data)])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda e: replace(e, leads=e.leads[1:]), "1 are missing, such as R-1"),
        (lambda e: replace(e, uploaded={"acme": ["R-1", "R-2"]}), "too many, such as R-3"),
        (without(LeadUnusable), "leads said to be unusable: 1 are missing"),
        (with_event(LeadAccepted, lead="lead-1", again=1), "said twice to be accepted"),
        (lambda e: replace(e, affiliate_counts=[e.affiliate_counts[0] | {"held": 1}]), "by hand"),
        (lambda e: replace(e, campaign_counts=[e.campaign_counts[0] | {"sent": 2}]), "counts 2"),
        (with_lines(received(key="k-2")), "under several keys: 1"),
        (with_lines(received(body_sha256="y")), "several bodies: 1"),
        (lambda e: replace(e, received=[]), "keys received: 1 are missing"),
        (lambda e: replace(e, received=[received(status=500)]), "keys received: 1 are missing"),
        (
            with_event(LeadSent, campaign="north", lead="lead-2", person_id="p-1", key="k-2"),
            "sent to a campaign twice: 1",
        ),
        (with_lines(received(key="k-2", lead="lead-2")), "north: cap 1, received 2"),
        (without(ClaimRefused), "claims answered: 1 are missing"),
        (without(LeadSent), "granted claims that ended: 1 are missing"),
        (lambda e: replace(e, pending={"lag": 1}), "pending: lag 1"),
        (lambda e: replace(e, held=[{"id": "lead-1", "held": ANSWERS}]), "which is an alias"),
        (lambda e: replace(e, alias=e.alias | {"leads": 2}), "2 were held for 'smal', 1 are free"),
        (without(DeliveryReconciled), "reconciled deliveries: 1 are missing"),
        (lambda e: replace(e, never_come=[]), "acme: missing rows: 1 are too many"),
        (lambda e: replace(e, deliveries=[DELIVERY | {"sent": 2}]), "3 came, 2 sent, not (3, 1)"),
        (lambda e: replace(e, after_again={}), "again: before"),
        (lambda e: replace(e, spans={}), "lead lead-1: trace"),
        (lambda e: replace(e, spans={"a" * 32: SPANS[:1]}), "lead lead-1: trace"),
        (lambda e: replace(e, received=[received(traceparent=None)]), "lead lead-1: trace"),
    ],
)
def test_what_does_not_hold_is_told(spoil: Callable[[Evidence], Evidence], told: str) -> None:
    found = violations(spoil(evidence()))
    assert any(told in text for text in found), found


def test_the_summary_has_its_outer_shape() -> None:
    """Names that scripts of others rely on."""
    done = summary(evidence(), [], {"kafka": "k", "mongo": "m"}, [], 12.34)
    assert done["schema"] == 1 and done["ok"] is True
    assert [
        {"id": "acme", "submitted": 3, "accepted": 2, "held": 0, "unusable": 1, "omitted": 0}
    ] == done["affiliates"]
    assert [{"id": "north", "version": 1, "sent": 1, "unsent": {"cap_reached": 1}}] == done[
        "campaigns"
    ]
    assert {"sent": 1, "distinct": 1, "repeats": 0} == done["deliveries"]
    assert {"p50": 2000.0, "p99": 2000.0} == done["latency_ms"]
    assert (1.5, 12.3) == (done["leads_per_second"], done["wall_seconds"])


def test_a_violation_makes_the_run_fail() -> None:
    done = summary(evidence(), ["something"], {}, [], 1)
    assert (False, ["something"]) == (done["ok"], done["violations"])
