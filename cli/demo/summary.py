"""The figures of a run: `var/summary.json`, and the tables that people see."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from cli.demo.checks import OUTCOMES
from cli.demo.evidence import Evidence, Row
from cli.output import show_table
from shared.contracts.routing import LeadSent

SCHEMA = 1


def summary(
    evidence: Evidence,
    violations: Sequence[str],
    backend: Mapping[str, str],
    why_not: Sequence[Row],
    wall_seconds: float,
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "ok": not violations,
        "violations": list(violations),
        "backend": dict(backend),
        "affiliates": [affiliate_row(evidence, name) for name in evidence.uploaded],
        "campaigns": [campaign_row(told) for told in evidence.campaign_counts],
        "deliveries": deliveries(evidence),
        "announced": [announced_row(row) for row in evidence.deliveries],
        "alias": evidence.alias,
        "pending": dict(evidence.pending),
        "why_not": list(why_not),
        "reasons": reasons(evidence),
        "leads_per_second": leads_per_second(evidence),
        "latency_ms": latency(evidence),
        "wall_seconds": round(wall_seconds, 1),
    }


def affiliate_row(evidence: Evidence, name: str) -> Row:
    counts = Counter(lead["outcome"] for lead in evidence.leads if lead["affiliate"] == name)
    submitted = len(set(evidence.uploaded[name]))
    return {"id": name, "submitted": submitted} | {each: counts[each] for each in OUTCOMES}


def campaign_row(told: Row) -> Row:
    return {name: told[name] for name in ("id", "version", "sent", "unsent")}


def announced_row(told: Row) -> Row:
    names = ("affiliate", "id", "declared", "received", *OUTCOMES, "sent", "adds_up")
    return {name: told[name] for name in names}


def deliveries(evidence: Evidence) -> dict[str, int]:
    distinct = len({line["key"] for line in evidence.received})
    return {
        "sent": len({data["key"] for data in evidence.of_type(LeadSent.TYPE)}),
        "distinct": distinct,
        "repeats": len(evidence.received) - distinct,
    }


def reasons(evidence: Evidence) -> dict[str, int]:
    """Why leads are not accepted, or what of their answers is reported: each reason of each."""
    counts = Counter(reason["code"] for lead in evidence.leads for reason in lead["reasons"])
    return dict(counts.most_common())


def latency(evidence: Evidence) -> dict[str, float]:
    """From the submission's own time to the first receipt of each send."""
    uploaded = {lead["id"]: instant(lead["uploaded_at"]) for lead in evidence.leads}
    first: dict[str, float] = {}
    for line in of_the_import(evidence):
        waited = (instant(line["at"]) - uploaded[line["lead"]]).total_seconds() * 1000
        first[line["key"]] = min(waited, first.get(line["key"], waited))
    return {name: percentile(first.values(), share) for name, share in (("p50", 50), ("p99", 99))}


def of_the_import(evidence: Evidence) -> Sequence[Row]:
    """What was received before the first import had drained; what was mended came much later."""
    return evidence.received[: evidence.before_again["received"]]


def percentile(values: Iterable[float], share: int) -> float:
    ordered = sorted(values)
    return round(ordered[ceil(len(ordered) * share / 100) - 1], 1) if ordered else 0


def leads_per_second(evidence: Evidence) -> float:
    """Of the whole way, from the first submission of the import to its last receipt."""
    received = of_the_import(evidence)
    if not received:
        return 0
    began = min(instant(lead["uploaded_at"]) for lead in evidence.leads)
    ended = max(instant(line["at"]) for line in received)
    counts = evidence.before_again["intake"]["affiliates"]
    submitted = sum(affiliate["submitted"] for affiliate in counts)
    return round(float(submitted) / (ended - began).total_seconds(), 1)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def show_tables(done: Mapping[str, Any]) -> None:
    backend = done["backend"]
    print(f"kafka {backend['kafka']}, mongo {backend['mongo']}\n")
    show_table("affiliates", ["id", "submitted", *OUTCOMES], done["affiliates"])
    counted = [{"reason": code, "leads": count} for code, count in done["reasons"].items()]
    show_table("\nreasons", ["reason", "leads"], counted)
    show_table("\ndeliveries as announced", list(done["announced"][0]), done["announced"])
    show_table("\nalias added", list(done["alias"]), [done["alias"]])
    campaigns = [row | {"unsent": listed(row["unsent"])} for row in done["campaigns"]]
    show_table("\ncampaigns", ["id", "version", "sent", "unsent"], campaigns)
    show_table("\ndeliveries", ["sent", "distinct", "repeats"], [done["deliveries"]])
    why_not = [row | {"failing": codes(row["failing"])} for row in done["why_not"]]
    show_table("\nwhy not sent", ["lead", "campaign", "version", "failing"], why_not)
    show_table("\npending", list(done["pending"]), [done["pending"]])
    speed = {"leads per second": done["leads_per_second"], "wall seconds": done["wall_seconds"]}
    speed |= {f"{name} ms": value for name, value in done["latency_ms"].items()}
    show_table("\nupload to receipt", list(speed), [speed])
    print("\nthe sums hold" if done["ok"] else "\nthe sums DON'T hold:")
    for text in done["violations"]:
        print(f"  {text}")


def listed(unsent: Mapping[str, int]) -> str:
    return ", ".join(f"{code} {count}" for code, count in unsent.items())


def codes(failing: Iterable[Row]) -> str:
    return "; ".join(
        f"{each['code']} ({each['value']}, wanted {' '.join(each['wanted'])})" for each in failing
    )
