"""Runs the main job: a stack, all that happens on it in three days, and then the judging.

The stack is tied to this process by a lease: however this process ends, nothing stays behind.
"""

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from cli import publishing
from cli.api import Api
from cli.columns import reference_field
from cli.demo import steps
from cli.demo.checks import violations
from cli.demo.claims import Pair
from cli.demo.evidence import (
    Evidence,
    Row,
    Story,
    by_trace,
    pending_of,
    read_events,
    read_lines,
)
from cli.demo.summary import summary
from cli.lead_commands import pages
from cli.output import progress
from deploy.files import var_dir, write_json
from deploy.local import stack
from deploy.sample import generate
from shared.topics import manifest

TRACES_SAMPLED, OF_THE_SEND_DAY = 25, 10


def run(rows: int, seed: int) -> dict[str, Any]:
    """The summary, which is also written to `var/summary.json`."""
    began = time.monotonic()
    path = var_dir() / "summary.json"
    path.unlink(missing_ok=True)
    try:
        found = stack.up({"routing": 2}, fresh=True, lease=True)
        story = steps.operate(rows, seed)
        progress("reading everything back")
        with Api() as api:
            evidence = gather(api, uploaded(rows, seed), story)
    finally:
        stack.down()
    # Services tell their last spans when they stop.
    evidence = replace(evidence, spans=by_trace(read_lines(var_dir() / "spans.jsonl")))
    wrong = violations(evidence)
    done = summary(evidence, wrong, found["backend"], time.monotonic() - began)
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


def gather(api: Api, uploads: Mapping[str, Sequence[str]], story: Story) -> Evidence:
    topics = [name for name in manifest().topics if not name.endswith(".commands.v1")]
    received = read_lines(var_dir() / "received.jsonl")
    campaigns = api.get("routing", "/campaigns")["campaigns"]
    weekly = {campaign["id"] for campaign in campaigns if campaign["weekly"]}
    [rules] = steps.contents("rules.yaml")
    return Evidence(
        uploaded=uploads,
        story=story,
        leads=pages(api, "/leads", {}, limit=10 * sum(map(len, uploads.values()))),
        affiliate_counts=api.get("intake", "/counts")["affiliates"],
        campaign_counts=api.get("routing", "/counts")["campaigns"],
        campaigns=campaigns,
        rules=rules,
        lists=lists_put(story),
        deliveries=api.get("intake", "/deliveries")["deliveries"],
        never_come=steps.NEVER_COME,
        held=steps.held_leads(api),
        events=publishing.run(read_events(api.stack["kafka"], topics)),
        received=received,
        traces=traces(api, sampled(received, story, weekly)),
        spans={},
        pending=pending_of(stack.status()),
    )


def lists_put(story: Story) -> dict[str, list[str]]:
    """As they stand in the files, with the company that came on one of them."""
    lists = {each["id"]: list(each["entries"]) for each in steps.contents("lists.yaml")}
    for change in story.freed:
        lists.get(change.get("list", ""), []).append(change.get("company"))
    return lists


def sampled(received: Sequence[Row], story: Story, weekly: Set[str]) -> list[Row]:
    """Some requests of the import, and some of the send day, when one run sends many leads; mails
    and files carry no trace."""
    requests = [line for line in received[: story.lines_of_the_import] if "traceparent" in line]
    later = received[story.lines_before_the_send_day :]
    of_the_day = [line for line in later if line["campaign"] in weekly]
    return [*some_of(requests, TRACES_SAMPLED), *some_of(of_the_day, OF_THE_SEND_DAY)]


def some_of(lines: Sequence[Row], count: int) -> Sequence[Row]:
    """Evenly spread over them."""
    return lines[:: max(1, len(lines) // count)]


def traces(api: Api, lines: Sequence[Row]) -> dict[Pair, str | None]:
    """As each lead was submitted with it."""
    pairs = {(line["campaign"], line["lead"]) for line in lines}
    return {pair: api.get("intake", f"/leads/{pair[1]}")["trace"] for pair in pairs}
