"""Runs the main job: up, apply, import, the same again, broken records, and then the judging.

The stack is tied to this process by a lease: however this process ends, nothing stays behind.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cli import publishing
from cli.api import Api
from cli.demo import steps
from cli.demo.checks import violations
from cli.demo.evidence import Evidence, Row, by_trace, pending_of, read_events, read_lines
from cli.demo.summary import summary
from cli.importing import reference_field
from cli.lead_commands import pages
from cli.output import progress
from deploy import stack
from deploy.files import var_dir, write_json
from deploy.sample import generate
from shared.topics import manifest

TRACES_SAMPLED = 25
WHY_NOT = 3
LEADS_EXPLAINED_MAX = 20


def run(rows: int, seed: int) -> dict[str, Any]:
    """The summary, which is also written to `var/summary.json`."""
    began = time.monotonic()
    path = var_dir() / "summary.json"
    path.unlink(missing_ok=True)
    try:
        found = stack.up({"routing": 2}, fresh=True, lease=True)
        told = steps.operate(rows, seed)
        progress("reading everything back")
        with Api() as api:
            evidence = gather(api, uploaded(rows, seed), told)
            reasons = why_not(api, evidence)
    finally:
        stack.down()
    # Services tell their last spans when they stop.
    evidence = replace(evidence, spans=by_trace(read_lines(var_dir() / "spans.jsonl")))
    wrong = violations(evidence)
    done = summary(evidence, wrong, found["backend"], reasons, time.monotonic() - began)
    write_json(path, done)
    return done


def uploaded(rows: int, seed: int) -> dict[str, list[str]]:
    """By affiliate, the references of all rows that were generated, the mended one too."""
    each = rows // len(steps.AFFILIATES)
    return {
        affiliate: references(affiliate, each + (affiliate == steps.AFFILIATE), seed)
        for affiliate in steps.AFFILIATES
    }


def references(affiliate: str, count: int, seed: int) -> list[str]:
    field = reference_field(generate.affiliate_definition(affiliate))
    return [row[field] for row in generate.rows(count, seed, affiliate)]


def gather(api: Api, uploads: Mapping[str, Sequence[str]], told: steps.Told) -> Evidence:
    topics = [name for name in manifest().topics if not name.endswith(".commands.v1")]
    received = read_lines(var_dir() / "received.jsonl")
    sampled = [line["lead"] for line in received[:: max(1, len(received) // TRACES_SAMPLED)]]
    return Evidence(
        uploaded=uploads,
        leads=pages(api, "/leads", {}, limit=10 * sum(map(len, uploads.values()))),
        affiliate_counts=api.get("intake", "/counts")["affiliates"],
        campaign_counts=api.get("routing", "/counts")["campaigns"],
        campaigns=api.get("routing", "/campaigns")["campaigns"],
        deliveries=api.get("intake", "/deliveries")["deliveries"],
        never_come=steps.NEVER_COME,
        held=steps.held_leads(api),
        alias=told.alias,
        events=publishing.run(read_events(api.stack["kafka"], topics)),
        received=received,
        traces={lead: api.get("intake", f"/leads/{lead}")["trace"] for lead in sampled},
        spans={},
        pending=pending_of(stack.status()),
        before_again=told.before,
        after_again=told.after,
    )


def why_not(api: Api, evidence: Evidence) -> list[Row]:
    """A few leads that were sent to nobody, each kept away by other checks than the others."""
    sent = {line["lead"] for line in evidence.received}
    accepted = [lead["id"] for lead in evidence.leads if lead["outcome"] == "accepted"]
    unsent = [lead for lead in accepted if lead not in sent]
    chosen: dict[tuple[str, ...], Row] = {}
    for lead in unsent[:LEADS_EXPLAINED_MAX]:
        for told in api.get("routing", f"/explain/{lead}")["campaigns"]:
            codes = tuple(each["code"] for each in told["failing"])
            chosen.setdefault(codes, {"lead": lead, **told})
    by_length = sorted(chosen.values(), key=lambda told: len(told["failing"]))
    return by_length[:WHY_NOT]
