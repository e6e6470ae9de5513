"""A run that holds, small enough to be seen whole, and words that spoil single parts of it."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cli.demo.evidence import Run, Story
from cli.oracle.evidence import (
    Campaign,
    DeadLetter,
    Entry,
    Evidence,
    Inside,
    Lead,
    Policy,
    Received,
    Routed,
    Seen,
    Send,
)
from shared.contracts.answers import accepted_type
from shared.contracts.event import events_topic
from shared.contracts.intake import DeliveryReconciled, LeadAccepted, LeadHeld, LeadUnusable
from shared.contracts.lead_fields import Company, Size
from shared.contracts.routing import (
    Claim,
    ClaimGranted,
    ClaimRefused,
    ClaimWaiting,
    DeliveryUnsent,
    LeadSent,
    SendEnded,
)
from tests.builders import lead as accepted_lead
from tests.builders import put_campaign

Row = dict[str, Any]
Spoil = Callable[[Run], Run]

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
AT = "2026-03-02T12:00:0{}.000000+00:00"
AT_NOON = datetime.fromisoformat(AT.format(0))
TUESDAY, THURSDAY = "2026-03-03T12:00:00Z", "2026-03-05T16:00:00Z"
SEND_DAY = "2026-03-05T09:00:00+00:00"

CODES = {"north": "INT-AAA-BBB-1", "week": "W", "listed": "L", "first": "X", "second": "X"}
LEAD_CODES = {1: "north", 2: "north", 4: "week", 5: "week", 6: "listed", 7: "first", 11: "listed"}
"""By a lead's number, the campaign whose code it has; the others come under a code of nobody."""
NUMBERS = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
UNUSABLE = 3
SENT = {1: "north", 4: "week", 5: "week", 6: "listed", 7: "first", 11: "listed"}
BY_HAND = {"lead": "lead-5", "campaign": "week", "by": "mira", "reason": "asked for"}


def published(topic: str, kind: str, data: Row) -> Seen:
    """By whom, and its number, follow from its place among the others."""
    value = json.dumps(data).encode()
    headers = {"ce_type": kind.encode(), "ce_id": f"{kind}/{data}".encode()}
    return Seen(topic, 0, 0, b"key", value, headers)


def event(kind: Any, **data: Any) -> Seen:
    return published(kind.TOPIC, kind.TYPE, data)


def numbered(records: Iterable[Seen]) -> list[Seen]:
    """As the services would publish them, one after the other."""
    count: Counter[str] = Counter()
    found = []
    for record in records:
        service, number = record.topic.split(".")[0], count[record.topic] + 1
        source = {"ce_source": f"leadops/{service}", "ce_stream": f"{service}/0"}
        headers = {**record.headers, **{name: text.encode() for name, text in source.items()}}
        headers["ce_number"] = str(number).encode()
        found.append(replace(record, offset=count[record.topic], headers=headers))
        count[record.topic] = number
    return found


def command(id: str, key: str = "acme:R-1") -> Seen:  # noqa: A002
    headers: Mapping[str, bytes] = {
        "ce_id": id.encode(),
        "ce_type": b"leadops.intake.lead.submit.v1",
    }
    return Seen("intake.commands.v1", 0, 0, key.encode(), b"{}", headers)


def answer(
    command: str, code: str = "accepted", source: str = "leadops/intake", **details: Any
) -> Seen:
    data = {
        "command": command,
        "source": source,
        "code": code,
        "details": details or {"lead": "lead-1"},
    }
    return published(events_topic("intake"), accepted_type("intake"), data)


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


def lead(number: int, **changes: Any) -> Lead:
    is_accepted = number != UNUSABLE
    facts: Row = {
        "id": f"lead-{number}",
        "affiliate": "acme",
        "reference": f"R-{number}",
        "lead_code": accepted(number)["lead_code"] if is_accepted else None,
        "source": "affiliate",
        "outcome": "accepted" if is_accepted else "unusable",
        "reasons": [] if is_accepted else ["email_invalid"],
        "sent_to": [SENT[number]] if number in SENT else [],
        "person": f"p-{number}" if is_accepted else None,
        "uploaded_at": AT_NOON,
    }
    return Lead(**facts | changes)


def claim(number: int, campaign: str, by_hand: Row | None = None, **changes: Any) -> Seen:
    data = {"campaign": campaign, "campaign_version": 1, "lead": accepted(number)}
    return event(Claim, **data, by_hand=by_hand, **changes)


def sent(number: int, campaign: str, **changes: Any) -> Seen:
    return ended(LeadSent, number, campaign, **{"sent_at": TUESDAY} | changes)


def ended(kind: type[SendEnded], number: int, campaign: str, **changes: Any) -> Seen:
    """The end of a send, as it tells the lead."""
    data: Row = {"campaign": campaign, "campaign_version": 1, "customer": "northgrid"}
    data |= {"lead": f"lead-{number}", "key": f"k-{number}"}
    told = ("person_id", "affiliate", "lead_code", "category")
    data |= {name: accepted(number)[name] for name in told}
    return event(kind, **data | changes)


def answered(kind: Any, number: int, campaign: str, **data: Any) -> Seen:
    return event(kind, campaign=campaign, lead=f"lead-{number}", **data)


def entry(what: str, at: str = TUESDAY, text: str = "") -> Entry:
    return Entry(datetime.fromisoformat(at), what, text)


WAITED = (entry("waiting", text=f"until {SEND_DAY}"), entry("reserved", THURSDAY))
AT_ONCE = (WAITED[0], entry("reserved", text="by hand, mira: asked for"))


def send(number: int, campaign: str = "", status: str = "sent", **changes: Any) -> Send:
    history = {4: WAITED, 5: AT_ONCE}.get(number, (entry("reserved"),))
    facts: Row = {"key": f"k-{number}", "lead": f"lead-{number}", "history": history}
    campaign = campaign or SENT[number]
    return Send(**{**facts, "campaign": campaign, "status": status, **changes})


def received(number: int = 1, **changes: Any) -> Received:
    facts: Row = {"key": f"k-{number}", "lead": f"lead-{number}"}
    facts |= {"campaign": SENT.get(number, "north"), "body_sha256": "x", "taken": True}
    facts |= {"person": f"person {number}", "at": AT.format(2), "traceparent": TRACE}
    return Received(**facts | changes)


def as_file(number: int, **changes: Any) -> Received:
    return received(number, traceparent=None, **changes)


def failed(number: int, status: int = 503) -> Received:
    """A server's error tells nothing, so nothing was taken."""
    return received(number, status=status, taken=False)


def campaign(name: str, **changes: Any) -> Row:
    definition = put_campaign(**{"id": name, "lead_codes": [CODES[name]], **changes})
    return definition.model_dump(mode="json") | {"version": 1}


def held_by_routing(definition: Row) -> Campaign:
    used = list(SENT.values()).count(definition["id"])
    return Campaign(name=definition["id"], versions={1: definition}, used=used)


CAMPAIGNS = [
    campaign("north", caps={"total": 1}),
    campaign("week", weekly={"weekday": "thursday"}),
    campaign("listed", approved=[{"list": "accounts", "strictness": "strict"}]),
    campaign("first", send={"mode": "file", "folder": "first"}),
    campaign("second"),
]
POLICY = Policy(
    exclusive_lead_codes=["X"],
    suppressed_titles={"phrases": ["intern"], "functions": []},
    since=datetime(2026, 1, 1, tzinfo=UTC),
)
LISTS = {"accounts": ["firm-11.example", "firm-6.example"]}

COUNTED = {"intake": {"affiliates": [{"submitted": 3}]}}
SPANS = [
    {"name": "send x", "service": "leadops-cli", "kind": "producer"},
    {"name": "process x", "service": "intake", "kind": "consumer"},
    {"name": "send http", "service": "routing", "kind": "client"},
]
SPANS = [
    row
    | {"span_id": str(number), "parent_id": str(number - 1) if number else None}
    | {"attributes": {"leadops.lead": ["lead-1", "lead-4"]} if number == 1 else {}}
    for number, row in enumerate(SPANS)
]
ANSWERS = [{"question": "q", "given": "Smal"}]
RECONCILED = {"affiliate": "acme", "missing": ["R-99"], "adds_up": False}
DELIVERY = {"affiliate": "acme", "id": "march", "declared": 12, "received": 11, "accepted": 10}
DELIVERY |= {"held": 0, "unusable": 1, "omitted": 0, "sent": 6, "adds_up": False}
UNSENT = {"affiliate": "acme", "lead_code": "U", "delivery": "march", "codes": ["filter.place"]}
FREED = {"what": "a company", "campaign": "listed", "company": "firm-6.example", "previewed": 1}
FREED |= {"leads": ["lead-6"], "taken_before": 0, "taken_after": 1}
DEAD = DeadLetter(
    service="intake",
    id="dead",
    code="not_json",
    text="the data is no JSON object",
    state="skipped",
    blocks_key=False,
    place=("intake.commands.v1", 0, 7),
)

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


def events() -> list[Seen]:
    mine = {"by": BY_HAND["by"], "reason": BY_HAND["reason"]}
    return [
        command("c1"),
        answer("c1"),
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
    return Evidence(
        services=["intake", "routing"],
        records=numbered(events()),
        received=[
            received(1),
            received(5),
            failed(6),
            received(6),
            received(11, status=0),
            received(11),
            as_file(7),
            received(4),
        ],
        leads=[lead(number) for number in range(1, 12)],
        questions={"main/q": {"small", "smal"}},
        sends=[send(number) for number in SENT],
        campaigns=list(map(held_by_routing, CAMPAIGNS)),
        policy=POLICY,
        dead_letters=[DEAD],
        pending={"lag": 0, "outbox": 0, "set_aside": 0, "parked": 0, "sends": 0},
        personal=["Canaryson"],
    )


def inside() -> Inside:
    """What the stores of that run would tell."""
    claims = {number: [(campaign, "sent")] for number, campaign in SENT.items()}
    return Inside(
        positions={("intake", "intake.commands.v1", 0): 1},
        contacts=[("main", f"p{number}@firm.example") for number in NUMBERS],
        routed=[
            Routed(
                id=f"lead-{number}",
                accepted_at=AT_NOON,
                state="sent" if number in SENT else "unsent",
                withdrawn=False,
                claims=claims.get(number, ()),
            )
            for number in NUMBERS
        ],
        watched={f"lead-{number}" for number in NUMBERS if number not in SENT},
    )


def run() -> Run:
    """The main job's, of which that is the evidence."""
    unsent: Mapping[str, Row] = {"north": {"cap_reached": 1}}
    return Run(
        evidence=evidence(),
        story=STORY,
        uploaded={"acme": [f"R-{number}" for number in range(1, 12)]},
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
        lists=LISTS,
        deliveries=[DELIVERY],
        never_come=["R-99"],
        traces={("north", "lead-1"): TRACE, ("week", "lead-4"): TRACE},
        spans={"a" * 32: SPANS},
        outputs={"log intake-0": '{"event": "shards opened"}', "metrics of routing": "x 1"},
    )


def changed(**changes: Any) -> Spoil:
    """Other evidence, by its parts."""
    return lambda run: replace(run, evidence=replace(run.evidence, **changes))


def with_records(of: Callable[[list[Seen]], Iterable[Seen]]) -> Spoil:
    return lambda run: changed(records=numbered(of(list(run.evidence.records))))(run)


def without(kind: Any, **named: Any) -> Spoil:
    def is_meant(record: Seen) -> bool:
        return record.type == kind.TYPE and named.items() <= record.data().items()

    return with_records(lambda records: [each for each in records if not is_meant(each)])


def with_events(*more: Seen) -> Spoil:
    return with_records(lambda records: [*records, *more])


def with_changed(kind: Any, lead: str, **changes: Any) -> Spoil:
    """One event says something else."""

    def other(record: Seen) -> Seen:
        if record.type != kind.TYPE or record.data().get("lead") != lead:
            return record
        return replace(record, value=json.dumps(record.data() | changes).encode())

    return with_records(lambda records: map(other, records))


def with_lines(*lines: Received) -> Spoil:
    return lambda run: changed(received=[*run.evidence.received, *lines])(run)


def without_lines(*indexes: int) -> Spoil:
    def spoil(run: Run) -> Run:
        left = [one for n, one in enumerate(run.evidence.received) if n not in indexes]
        return changed(received=left)(run)

    return spoil


def with_leads(*leads: Lead) -> Spoil:
    """In the place of those with the same ids, or beside the others."""

    def spoil(run: Run) -> Run:
        found = {one.id: one for one in (*run.evidence.leads, *leads)}
        return changed(leads=list(found.values()))(run)

    return spoil


def with_sends(*sends: Send) -> Spoil:
    def spoil(run: Run) -> Run:
        found = {one.key: one for one in (*run.evidence.sends, *sends)}
        return changed(sends=list(found.values()))(run)

    return spoil


def with_campaign(name: str, **changes: Any) -> Spoil:
    def other(each: Campaign) -> Campaign:
        return replace(each, versions={1: each.now | changes}) if each.name == name else each

    return lambda run: changed(campaigns=list(map(other, run.evidence.campaigns)))(run)


def with_dead_letter(**changes: Any) -> Spoil:
    return changed(dead_letters=[replace(DEAD, **changes)])


def from_inside(**changes: Any) -> Spoil:
    """As the stores tell it."""
    return changed(inside=replace(inside(), **changes))


def together(*spoils: Spoil) -> Spoil:
    def spoil(run: Run) -> Run:
        for each in spoils:
            run = each(run)
        return run

    return spoil


def caps(**limits: int) -> Row:
    return {"total": None, "day": None, "week": None, "month": None, "per_domain": None} | limits
