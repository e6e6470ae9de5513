"""The figures of a run, as they stand in `var/summary.json`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from cli.demo.checks import OUTCOMES
from cli.demo.claims import Claims, Pair, claims_of
from cli.demo.evidence import NO_ANSWER, TAKEN, Evidence, Row
from shared.contracts.routing import DeliveryUnsent, LeadSent

SCHEMA = 1
WHY_NOT = 3
TRACES_OF_THE_SEND_DAY = 5


def summary(
    evidence: Evidence,
    violations: Sequence[str],
    backend: Mapping[str, str],
    wall_seconds: float,
) -> dict[str, Any]:
    claims = claims_of(evidence)
    done = {
        "schema": SCHEMA,
        "ok": not violations,
        "violations": list(violations),
        "backend": dict(backend),
        "affiliates": [affiliate_row(evidence, name) for name in evidence.uploaded],
        "campaigns": [campaign_row(told) for told in evidence.campaign_counts],
        "deliveries": deliveries(evidence),
        "announced": [announced_row(row) for row in evidence.deliveries],
        "alias": evidence.story.alias,
        "organic": organic(evidence),
        "exclusive": exclusive(evidence, claims),
        "by_hand": list(evidence.story.by_hand),
        "preview": freed(evidence),
        "watch": watch(evidence),
        "weekly": weekly(evidence, claims),
        "traces": traces(evidence),
        "pending": dict(evidence.pending),
        "why_not": list(evidence.story.why_not),
        "reasons": reasons(evidence),
        "leads_per_second": leads_per_second(evidence),
        "latency_ms": latency(evidence),
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


def affiliate_row(evidence: Evidence, name: str) -> Row:
    counts = Counter(lead["outcome"] for lead in evidence.leads if lead["affiliate"] == name)
    submitted = len(set(evidence.uploaded[name]))
    return {"id": name, "submitted": submitted} | {each: counts[each] for each in OUTCOMES}


def campaign_row(told: Row) -> Row:
    unsent = Counter[str](told["unsent"])
    named = {name: told[name] for name in ("id", "version", "sent")}
    return named | {"unsent": dict(unsent.most_common())}


def announced_row(told: Row) -> Row:
    names = ("affiliate", "id", "declared", "received", *OUTCOMES, "sent", "adds_up")
    return {name: told[name] for name in names}


def deliveries(evidence: Evidence) -> dict[str, int]:
    """By key, what was published as sent and what customers got; how often they got something
    again. Of all that they got, what they answered with a failure or not at all, and the mails and
    files.
    """
    lines = evidence.received
    statuses = Counter(line["status"] for line in lines)
    distinct = len({line["key"] for line in lines})
    modes = {campaign["id"]: campaign["send"]["mode"] for campaign in evidence.campaigns}
    ways = Counter(modes.get(line["campaign"]) for line in lines)
    return {
        "sent": len({data["key"] for data in evidence.of_type(LeadSent.TYPE)}),
        "distinct": distinct,
        "repeats": len(lines) - distinct,
        "failed": len(lines) - statuses[TAKEN] - statuses[NO_ANSWER],
        "unanswered": statuses[NO_ANSWER],
        "mails": ways["email"],
        "files": ways["file"],
    }


def organic(evidence: Evidence) -> dict[str, int]:
    mine = [lead for lead in evidence.leads if lead["source"] == "organic"]
    accepted = sum(lead["outcome"] == "accepted" for lead in mine)
    sent = sum(bool(lead["sent_to"]) for lead in mine)
    return {"converted": len(mine), "accepted": accepted, "sent": sent}


def weekly(evidence: Evidence, claims: Claims) -> list[Row]:
    """Who waited for the send day, and where the leads come from that were sent then."""
    return [weekly_row(name, claims) for name in names(evidence, "weekly")]


def traces(evidence: Evidence) -> dict[str, int]:
    """Of how many leads at a campaign the trace was followed."""
    campaigns = names(evidence, "weekly")
    of_the_send_day = sum(campaign in campaigns for campaign, _ in evidence.traces)
    return {"sampled": len(evidence.traces), "of_the_send_day": of_the_send_day}


def names(evidence: Evidence, has: str) -> list[str]:
    return [campaign["id"] for campaign in evidence.campaigns if campaign[has]]


def weekly_row(name: str, claims: Claims) -> Row:
    waited = [pair for pair in claims.waiting if pair[0] == name]
    sent = [lead for campaign, lead in waited if (campaign, lead) in claims.sent]
    countries = Counter(claims.leads[lead]["place"]["country"] for lead in sent)
    told = {"campaign": name, "waited": len(waited), "sent": len(sent)}
    return told | {"left": len(waited) - len(sent), "countries": dict(countries.most_common())}


def exclusive(evidence: Evidence, claims: Claims) -> list[Row]:
    """Who was asked for leads that are sold to one only, and who got them."""
    codes = set(evidence.rules["exclusive_lead_codes"])
    rows = []
    for campaign in evidence.campaigns:
        if codes & set(campaign["lead_codes"]):
            told = {"campaign": campaign["id"], "priority": campaign["priority"]}
            claimed = counted(claims, claims.claimed, campaign["id"], codes)
            sent = counted(claims, claims.sent, campaign["id"], codes)
            rows.append(told | {"claimed": claimed, "sent": sent})
    return sorted(rows, key=lambda row: int(row["priority"]))


def counted(claims: Claims, pairs: Iterable[Pair], campaign: str, codes: Set[str]) -> int:
    return sum(to == campaign and claims.leads[lead]["lead_code"] in codes for to, lead in pairs)


def watch(evidence: Evidence) -> list[Row]:
    """What was raised after a day: lead codes and deliveries of which leads were unsent."""
    fields = ("affiliate", "lead_code", "delivery", "codes")
    published = evidence.of_type(DeliveryUnsent.TYPE)
    return [{name: data[name] for name in fields} for data in published]


def freed(evidence: Evidence) -> list[Row]:
    return [
        {
            "change": change["what"],
            "campaign": change["campaign"],
            "previewed": change["previewed"],
            "sent": change["taken_after"] - change["taken_before"],
        }
        for change in evidence.story.freed
    ]


def reasons(evidence: Evidence) -> dict[str, int]:
    """Why leads are not accepted, or what of their answers is reported: each reason of each."""
    counts = Counter(reason["code"] for lead in evidence.leads for reason in lead["reasons"])
    return dict(counts.most_common())


def latency(evidence: Evidence) -> dict[str, float]:
    """From the submission's own time to the first receipt of each send."""
    uploaded = {lead["id"]: instant(lead["uploaded_at"]) for lead in evidence.leads}
    first: dict[str, float] = {}
    for line in of_the_import(evidence):
        waited = (received_at(line, evidence) - uploaded[line["lead"]]).total_seconds() * 1000
        first[line["key"]] = min(waited, first.get(line["key"], waited))
    return {name: percentile(first.values(), share) for name, share in (("p50", 50), ("p99", 99))}


def received_at(line: Row, evidence: Evidence) -> datetime:
    """On the stack's clock, of which customers know nothing."""
    return instant(line["at"]) + timedelta(seconds=evidence.story.ahead_seconds)


def of_the_import(evidence: Evidence) -> Sequence[Row]:
    """What was received before the first import had drained; the rest came much later."""
    return evidence.received[: evidence.story.lines_of_the_import]


def percentile(values: Iterable[float], share: int) -> float:
    ordered = sorted(values)
    return round(ordered[ceil(len(ordered) * share / 100) - 1], 1) if ordered else 0


def leads_per_second(evidence: Evidence) -> float:
    """Of the whole way, from the first submission of the import to its last receipt."""
    received = of_the_import(evidence)
    if not received:
        return 0
    began = min(instant(lead["uploaded_at"]) for lead in evidence.leads)
    ended = max(received_at(line, evidence) for line in received)
    counts = evidence.story.before["intake"]["affiliates"]
    submitted = sum(affiliate["submitted"] for affiliate in counts)
    return round(float(submitted) / (ended - began).total_seconds(), 1)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
