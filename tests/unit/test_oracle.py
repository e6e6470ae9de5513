"""The oracle is content with a run that holds, and names the invariant of each thing that does not.

What the simulator breaks by planted defects is broken here piece by piece, where one can see it.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from cli.oracle import oracle
from cli.oracle.evidence import Campaign, Held, Routed, Seen, Unresolved
from shared.contracts.intake import LeadAccepted, LeadOmitted, LeadUnusable
from shared.contracts.routing import (
    CLAIMS,
    ClaimGranted,
    ClaimRefused,
    LeadNotSent,
    LeadSent,
    LeadUncertain,
    LeadUnsent,
)
from tests.judged import (
    AT_NOON,
    DEAD,
    POLICY,
    SEND_DAY,
    THURSDAY,
    WAITED,
    Spoil,
    accepted,
    answer,
    as_file,
    caps,
    changed,
    claim,
    command,
    ended,
    entry,
    event,
    evidence,
    failed,
    from_inside,
    inside,
    lead,
    published,
    received,
    run,
    send,
    sent,
    together,
    with_campaign,
    with_dead_letter,
    with_events,
    with_leads,
    with_lines,
    with_sends,
    without,
    without_lines,
)


def misnumbered(which: int, number: int) -> Spoil:
    """One record has another's number, or leaves a gap."""
    records = list(evidence().records)
    headers = {**records[which].headers, "ce_number": str(number).encode()}
    records[which] = replace(records[which], headers=headers)
    return changed(records=records)


def published_again(which: int) -> Spoil:
    """Under a number of its own, as if it were another record."""
    return with_events(evidence().records[which])


def of_tenant(tenant: str, record: Seen) -> Seen:
    return replace(record, headers={**record.headers, "ce_tenant": tenant.encode()})


def overtaken() -> Spoil:
    """A record of the key of a dead letter that nobody resolved, which was not set aside."""
    head, *_ = [each for each in evidence().records if each.topic == CLAIMS]
    letter = replace(DEAD, blocks_key=True, state="dead", place=head.place)
    return changed(unresolved=Unresolved([letter], {(CLAIMS, 0): 9}, {letter.id: 1}))


SPOILT: list[tuple[Spoil, str, str]] = [
    # Streams.
    (misnumbered(2, 90), "I6", "has a gap after 1, of 90"),
    (misnumbered(3, 2), "I6", "was published with two contents"),
    (published_again(4), "I6", "was published under"),
    (changed(pending={"lag": 1}), "I6", "pending: lag 1"),
    (
        from_inside(positions={("routing", "intake.events.v1", 0): 3}),
        "I8",
        "routing read intake.events.v1/0 up to 3 of ",
    ),
    (with_events(command("c2")), "I5", "('intake.commands.v1', 0, 1) has no outcome"),
    (
        together(with_events(command("c2")), with_events(answer("c2", source="elsewhere"))),
        "I5",
        "('intake.commands.v1', 0, 1) has no outcome",
    ),
    (with_events(answer("c1", "held")), "I5", "command c1 was answered [('accepted', 'accepted')"),
    (with_events(answer("c1", lead="lead-50")), "I5", "command c1: its lead is nowhere"),
    (
        with_events(answer("c1", lead="lead-2")),
        "I5",
        "command c1: 2 answers accepted",
    ),
    (overtaken(), "I5", "2 of routing/0 overtook routing.claims.v1/0/0"),
    (with_dead_letter(code="unexpected"), "I5", "intake: dead failed: the data is no JSON object"),
    (with_dead_letter(code="invalid"), "I5", "was dead-lettered for its data"),
    (with_dead_letter(text="of Canaryson"), "I10", "intake: dead-letter text of dead"),
    (with_events(replace(published("routing.events.v1", "x", {}), key=b"Canaryson")), "I10", "/0"),
    # Leads.
    (without(LeadUnusable), "I7", "leads published as unusable: 1 are missing"),
    (with_events(event(LeadUnusable, lead="lead-1")), "I7", "unusable: 1 are too many"),
    (with_events(event(LeadOmitted, lead="lead-1")), "I7", "leads published as omitted: 1 are too"),
    (with_events(event(LeadUnusable, lead="lead-3", again=1)), "I7", "published twice as unusable"),
    (with_events(event(LeadAccepted, **accepted(1), again=1)), "I5", "published twice as accepted"),
    (with_leads(lead(1, outcome="held")), "I5", "leads published as accepted: 1 are too many"),
    (without(LeadAccepted, lead="lead-9"), "I5", "leads published as accepted: 1 are missing"),
    (without(LeadAccepted, lead="lead-1"), "I5", "leads published as accepted: 1 are missing"),
    (
        from_inside(routed=inside().routed[1:]),
        "I8",
        "lead lead-1 was accepted and never routed",
    ),
    (with_leads(lead(1, reasons=["replaced"])), "I3", "lead lead-1 was replaced and sent"),
    (with_leads(lead(12, outcome="waiting")), "I8", "lead lead-12 still waits"),
    (with_leads(lead(2, person="p-1")), "I5", "accepted 2 times under one lead code"),
    (with_leads(lead(1, sent_to=[])), "I7", "sends that intake knows: 1 are missing"),
    (with_leads(lead(1, sent_to=["north", "week"])), "I7", "sends that intake knows: 1 are too"),
    (
        with_leads(lead(12, outcome="held", held=[Held("q", "smal")])),
        "I8",
        "lead-12 is held though all its answers pass",
    ),
    (
        with_events(*(event(LeadUnsent, lead="lead-8", again=n) for n in (1, 2))),
        "I5",
        "leads raised twice: 1",
    ),
    (
        together(from_inside(), with_events(event(LeadUnsent, lead="lead-50"))),
        "I5",
        "raised as unsent: 1 are too many",
    ),
    (from_inside(watched=set()), "I5", "lead lead-10 is unsent, not raised and not watched"),
    (from_inside(contacts=[("main", "p1@x.example")] * 2), "I5", "one person is 2 contacts"),
    # Claims.
    (
        with_events(event(ClaimRefused, lead="lead-2", campaign="north", failing=[])),
        "I7",
        "refusals without a reason: 1 are too many",
    ),
    (without(ClaimRefused), "I8", "claims answered: 1 are missing"),
    (without(ClaimGranted, lead="lead-4"), "I8", "waiting claims decided: 1 are missing"),
    (without(LeadSent, lead="lead-1"), "I8", "granted claims that ended: 1 are missing"),
    (
        from_inside(routed=[Routed("lead-1", AT_NOON, "x", False, [("north", "granted")])]),
        "I8",
        "lead lead-1, north: still granted",
    ),
    (with_events(claim(8, "north")), "I3", "lead-8 was claimed by north, though lead_code_other"),
    (changed(campaigns=evidence().campaigns[1:]), "I3", "of which there is no version 1"),
    (
        with_campaign("north", places=[{"country": "DE", "subdivisions": None}]),
        "I3",
        "filter.place",
    ),
    # Sends.
    (with_lines(received(key="k-2")), "I3", "under several keys: 1"),
    (with_lines(received(body_sha256="y")), "I3", "several bodies: 1"),
    (with_events(sent(2, "north", person_id="p-1")), "I3", "sent to a campaign twice: 1"),
    (
        with_lines(received(2, person="person 1")),
        "I3",
        "people whom a customer got twice: 1, such as ('north', 'person 1')",
    ),
    *(
        (
            together(without(LeadSent, lead="lead-1"), with_events(sent(1, "north", **told))),
            "I7",
            f"send k-1 tells another {name}",
        )
        for name, told in {
            "person_id": {"person_id": "p-2"},
            "affiliate": {"affiliate": "other"},
            "lead_code": {"lead_code": "W"},
            "category": {"category": "999"},
            "customer": {"customer": "somebody-else"},
        }.items()
    ),
    (
        together(without_lines(0), with_lines(received(1, lead="lead-2"))),
        "I7",
        "north got lead lead-2 under the key of another",
    ),
    (with_events(sent(1, "north", again=1)), "I7", "keys published twice as sent: 1"),
    (
        with_events(ended(LeadNotSent, 1, "north")),
        "I7",
        "ended in two ways: 1 are too many",
    ),
    (with_sends(send(1, status="refused")), "I7", "sends by their events: 1 are missing"),
    (with_events(ended(LeadUncertain, 2, "north")), "I7", "by their events: 1 are"),
    (without_lines(0), "I7", "keys received: 1 are missing, such as k-1"),
    (without_lines(6), "I7", "keys received: 1 are missing, such as k-7"),
    (with_lines(failed(8)), "I7", "keys received: 1 are too many, such as k-8"),
    (with_lines(received(4, key="k-40", lead="lead-40")), "I7", "keys received: 1 are too many"),
    (without_lines(3), "I7", "keys taken: 1 are missing, such as k-6"),
    (with_sends(send(1, status="refused")), "I7", "keys refused and taken: 1 are too many"),
    (with_sends(send(2, "north", "reserved")), "I7", "north: its slots are not its sends"),
    # Caps.
    (with_lines(received(2)), "I3", "north: cap 1, received 2"),
    (with_sends(send(2, "north")), "I3", "north: 1 caps exceeded, such as total 2 of 1"),
    (with_sends(send(2, "north", "uncertain")), "I3", "such as total 2 of 1"),
    (with_sends(send(2, "north", "reserved")), "I3", "such as total 2 of 1"),
    (
        together(
            with_campaign("week", caps=caps(day=1)),
            with_sends(send(5, history=(entry("reserved", THURSDAY),))),
        ),
        "I3",
        "week: 1 caps exceeded, such as day 2026-03-05 2 of 1",
    ),
    (with_campaign("week", caps=caps(week=1)), "I3", "such as week 2026-10 2 of 1"),
    (with_campaign("week", caps=caps(month=1)), "I3", "such as month 2026-03 2 of 1"),
    (
        with_campaign("week", categories=[{"id": "101", "amount": 1}]),
        "I3",
        "such as category 101 2 of 1",
    ),
    (
        with_campaign("listed", caps=caps(per_domain=0)),
        "I3",
        "such as domain firm-11.example 1 of 0, domain firm-6.example 1 of 0",
    ),
    # Who gets what, and when.
    (with_events(sent(7, "second", key="k-8")), "I3", "exclusive leads sold twice: 1"),
    (
        with_lines(as_file(7, campaign="second", key="k-8")),
        "I3",
        "exclusive leads sold twice: 1, such as lead-7",
    ),
    (
        with_sends(send(4, history=(WAITED[0], entry("reserved")))),
        "I8",
        "send k-4 did not wait for its day",
    ),
    (changed(drained="shards opening"), "I11", "did not come to rest: shards opening"),
]


def with_one_left(campaign: Campaign) -> Campaign:
    return replace(campaign, used=1) if campaign.name == "week" else campaign


HOLDS: list[Spoil] = [
    lambda run: run,
    changed(inside=inside()),
    # A request comes again with its key and body.
    with_lines(received(4)),
    # A category and a company are counted apart from each other.
    with_campaign("week", categories=[{"id": "101", "amount": 2}]),
    with_campaign("listed", caps=caps(per_domain=2)),
    # On one day in London, on two where the campaign is.
    together(
        with_campaign("week", caps=caps(day=1), time_zone="Asia/Tokyo"),
        with_sends(send(5, history=(entry("reserved", SEND_DAY),))),
    ),
    # What waits goes later, on a day that is still to come.
    together(
        changed(sending_later={"week"}),
        without(ClaimGranted, lead="lead-4"),
        without(LeadSent, lead="lead-4"),
        with_sends(send(4, status="waiting", history=WAITED[:1])),
        without_lines(7),
        with_leads(lead(4, sent_to=[])),
        changed(campaigns=[with_one_left(each) for each in evidence().campaigns]),
    ),
    # The same id of another source, or of another tenant, is another command.
    with_events(answer("c1", "held", source="elsewhere")),
    with_events(of_tenant("other", answer("c1", again=1))),
    # One that was given back before anybody had it.
    together(
        with_leads(lead(8, outcome="omitted", reasons=["replaced"])),
        with_events(event(LeadOmitted, lead="lead-8")),
    ),
]


@pytest.mark.parametrize("spoil", HOLDS)
def test_what_holds_is_left_alone(spoil: Spoil) -> None:
    assert [] == oracle.violations(spoil(run()).evidence)


@pytest.mark.parametrize(("spoil", "invariant", "told"), SPOILT, ids=[row[2] for row in SPOILT])
def test_what_does_not_hold_is_told(spoil: Spoil, invariant: str, told: str) -> None:
    """By the invariant that it breaks."""
    found = oracle.violations(spoil(run()).evidence)
    assert [each for each in found if each.invariant == invariant and told in each.text], found


SOLD_TWICE = with_lines(as_file(7, campaign="second", key="k-8"))
TO_COME = changed(policy=replace(POLICY, since=AT_NOON + timedelta(hours=1)))
"""The policy was put after all leads had been uploaded."""


def is_found(spoil: Spoil) -> bool:
    found = oracle.violations(spoil(run()).evidence)
    return any("exclusive leads sold twice" in each.text for each in found)


def test_what_came_before_the_policy_may_be_sold_to_many() -> None:
    assert not is_found(together(TO_COME, SOLD_TWICE))


def test_a_lead_comes_when_it_is_accepted_and_not_when_it_is_uploaded() -> None:
    """It may have been held meanwhile, as the stores tell."""
    routed = [lead._replace(accepted_at=AT_NOON + timedelta(hours=2)) for lead in inside().routed]
    assert is_found(together(TO_COME, from_inside(routed=routed), SOLD_TWICE))
