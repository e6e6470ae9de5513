"""The figures of a run, as they stand in `var/summary.json`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from cli.demo.checks import OUTCOMES
from cli.demo.evidence import NO_ANSWER, TAKEN, Row, Run
from cli.oracle.claims import Claims, Pair, claims_of
from cli.oracle.evidence import Received
from shared.contracts.routing import DeliveryUnsent, LeadSent

SCHEMA = 1
WHY_NOT = 3
TRACES_OF_THE_SEND_DAY = 5


def summary(
    run: Run,
    violations: Sequence[str],
    backend: Mapping[str, str],
    wall_seconds: float,
) -> dict[str, Any]:
    claims = claims_of(run.evidence)
    done = {
        "schema": SCHEMA,
        "ok": not violations,
        "violations": list(violations),
        "backend": dict(backend),
        "affiliates": [affiliate_row(run, name) for name in run.uploaded],
        "campaigns": [campaign_row(counts) for counts in run.campaign_counts],
        "deliveries": deliveries(run),
        "announced": [announced_row(row) for row in run.deliveries],
        "alias": run.story.alias,
        "organic": organic(run),
        "exclusive": exclusive(run, claims),
        "by_hand": list(run.story.by_hand),
        "preview": freed_rows(run),
        "watch": watch(run),
        "weekly": weekly(run, claims),
        "traces": traces(run),
        "pending": dict(run.evidence.pending),
        "why_not": list(run.story.why_not),
        "reasons": reasons(run),
        "leads_per_second": leads_per_second(run),
        "latency_ms": latency(run),
        "wall_seconds": round(wall_seconds, 1),
    }
    return done | {"not_shown": not_shown(done)}


def not_shown(done: Mapping[str, Any]) -> list[str]:
    """What the run is there to show and did not, as happens with few rows: no sum is wrong then."""
    codes = [row["code"] for row in done["by_hand"]]
    is_shown = {
        "a failing customer": done["deliveries"]["failed"],
        "a customer that does not answer": done["deliveries"]["unanswered"],
        "sold to the second in line": all(row["sent"] for row in done["exclusive"]),
        "three answers why not": len(done["why_not"]) == WHY_NOT,
        "sent by hand": "claimed" in codes,
        "refused by hand": "not_overridable" in codes,
        "freed by a change": all(row["previewed"] for row in done["preview"]),
        "a send day": all(row["sent"] for row in done["weekly"]),
        "traces of a send day": done["traces"]["of_the_send_day"] >= TRACES_OF_THE_SEND_DAY,
        "raised after a day": done["watch"],
    }
    return [what for what, shown in is_shown.items() if not shown]


def affiliate_row(run: Run, name: str) -> Row:
    counts = Counter(lead.outcome for lead in run.evidence.leads if lead.affiliate == name)
    submitted = len(set(run.uploaded[name]))
    return {"id": name, "submitted": submitted} | {each: counts[each] for each in OUTCOMES}


def campaign_row(counts: Row) -> Row:
    unsent = Counter[str](counts["unsent"])
    named = {name: counts[name] for name in ("id", "version", "sent")}
    return named | {"unsent": dict(unsent.most_common())}


def announced_row(delivery: Row) -> Row:
    names = ("affiliate", "id", "declared", "received", *OUTCOMES, "sent", "adds_up")
    return {name: delivery[name] for name in names}


def deliveries(run: Run) -> dict[str, int]:
    """By key, what was published as sent and what customers got; how often they got something
    again. Of all that they got, what they answered with a failure or not at all, and the mails and
    files.
    """
    got = run.evidence.received
    statuses = Counter(one.status for one in got)
    distinct = len({one.key for one in got})
    modes = {campaign["id"]: campaign["send"]["mode"] for campaign in run.campaigns}
    ways = Counter(modes.get(one.campaign) for one in got)
    return {
        "sent": len({data["key"] for data in run.evidence.of_type(LeadSent.TYPE)}),
        "distinct": distinct,
        "repeats": len(got) - distinct,
        "failed": len(got) - statuses[TAKEN] - statuses[NO_ANSWER],
        "unanswered": statuses[NO_ANSWER],
        "mails": ways["email"],
        "files": ways["file"],
    }


def organic(run: Run) -> dict[str, int]:
    mine = [lead for lead in run.evidence.leads if lead.source == "organic"]
    accepted = sum(lead.outcome == "accepted" for lead in mine)
    sent = sum(bool(lead.sent_to) for lead in mine)
    return {"converted": len(mine), "accepted": accepted, "sent": sent}


def weekly(run: Run, claims: Claims) -> list[Row]:
    """Who waited for the send day, and where the leads come from that were sent then."""
    return [weekly_row(name, claims) for name in names(run, "weekly")]


def traces(run: Run) -> dict[str, int]:
    """Of how many leads at a campaign the trace was followed, among how many spans."""
    campaigns = names(run, "weekly")
    of_the_send_day = sum(campaign in campaigns for campaign, _ in run.traces)
    spans = sum(len(each) for each in run.spans.values())
    return {"sampled": len(run.traces), "of_the_send_day": of_the_send_day, "spans": spans}


def names(run: Run, has: str) -> list[str]:
    return [campaign["id"] for campaign in run.campaigns if campaign[has]]


def weekly_row(name: str, claims: Claims) -> Row:
    waited = [pair for pair in claims.waiting if pair[0] == name]
    sent = [lead for campaign, lead in waited if (campaign, lead) in claims.sent]
    countries = Counter(claims.leads[lead]["place"]["country"] for lead in sent)
    head = {"campaign": name, "waited": len(waited), "sent": len(sent)}
    return head | {"left": len(waited) - len(sent), "countries": dict(countries.most_common())}


def exclusive(run: Run, claims: Claims) -> list[Row]:
    """Who was asked for leads that are sold to one only, and who got them."""
    codes = set(run.policy.exclusive_lead_codes)
    rows = []
    for campaign in run.campaigns:
        if codes & set(campaign["lead_codes"]):
            head = {"campaign": campaign["id"], "priority": campaign["priority"]}
            claimed = count_pairs(claims, claims.claimed, campaign["id"], codes)
            sent = count_pairs(claims, claims.sent, campaign["id"], codes)
            rows.append(head | {"claimed": claimed, "sent": sent})
    return sorted(rows, key=lambda row: int(row["priority"]))


def count_pairs(claims: Claims, pairs: Iterable[Pair], campaign: str, codes: Set[str]) -> int:
    return sum(to == campaign and claims.leads[lead]["lead_code"] in codes for to, lead in pairs)


def watch(run: Run) -> list[Row]:
    """What was raised after a day: lead codes and deliveries of which leads were unsent."""
    fields = ("affiliate", "lead_code", "delivery", "codes")
    published = run.evidence.of_type(DeliveryUnsent.TYPE)
    return [{name: data[name] for name in fields} for data in published]


def freed_rows(run: Run) -> list[Row]:
    return [
        {
            "change": change["what"],
            "campaign": change["campaign"],
            "previewed": change["previewed"],
            "sent": change["taken_after"] - change["taken_before"],
        }
        for change in run.story.freed
    ]


def reasons(run: Run) -> dict[str, int]:
    """Why leads are not accepted, or what of their answers is reported: each reason of each."""
    counts = Counter(code for lead in run.evidence.leads for code in lead.reasons)
    return dict(counts.most_common())


def latency(run: Run) -> dict[str, float]:
    """From the submission's own time to the first receipt of each send."""
    uploaded = {lead.id: lead.uploaded_at for lead in run.evidence.leads}
    first: dict[str, float] = {}
    for one in of_the_import(run):
        waited = (received_at(one, run) - uploaded[one.lead]).total_seconds() * 1000
        first[one.key] = min(waited, first.get(one.key, waited))
    return {name: percentile(first.values(), share) for name, share in (("p50", 50), ("p99", 99))}


def received_at(one: Received, run: Run) -> datetime:
    """On the stack's clock, of which customers know nothing."""
    return datetime.fromisoformat(one.at) + timedelta(seconds=run.story.ahead_seconds)


def of_the_import(run: Run) -> Sequence[Received]:
    """What was received before the first import had drained; the rest came much later."""
    return run.evidence.received[: run.story.lines_of_the_import]


def percentile(values: Iterable[float], share: int) -> float:
    ordered = sorted(values)
    return round(ordered[ceil(len(ordered) * share / 100) - 1], 1) if ordered else 0


def leads_per_second(run: Run) -> float:
    """Of the whole way, from the first submission of the import to its last receipt."""
    received = of_the_import(run)
    if not received:
        return 0
    began = min(lead.uploaded_at for lead in run.evidence.leads)
    ended = max(received_at(one, run) for one in received)
    counts = run.story.before["intake"]["affiliates"]
    submitted = sum(affiliate["submitted"] for affiliate in counts)
    return round(float(submitted) / (ended - began).total_seconds(), 1)
