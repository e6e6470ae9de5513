"""Runs the main job: a stack, all that happens on it in three days, and then the judging.

The stack is tied to this process by a lease: however this process ends, nothing stays behind.
"""

import time
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from cli import publishing
from cli.api import Api
from cli.columns import reference_field
from cli.demo import holdings, steps
from cli.demo.checks import violations
from cli.demo.evidence import Run, Story, by_trace, pending_of
from cli.demo.summary import summary
from cli.oracle.claims import Pair
from cli.oracle.evidence import Evidence, Received
from cli.output import progress
from cli.roots import close_roots
from cli.stack_records import all_records, read_lines, received_requests
from deploy.files import var_dir, write_json
from deploy.local import stack
from deploy.sample import generate
from shared.topics import manifest

TRACES_SAMPLED, OF_THE_SEND_DAY = 25, 10
PERSONAL = ("@",)
"""What every address of the sample has, and nothing else that may be seen."""


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
            done = gather(api, references_by_affiliate(rows, seed), story)
        close_roots()
    finally:
        stack.down()
    # Services tell their last spans when they stop.
    done = replace(
        done,
        spans=by_trace(read_lines(var_dir() / "spans.jsonl")),
        outputs={**done.outputs, **logs(found["http"])},
    )
    report = summary(done, violations(done), found["backend"], time.monotonic() - began)
    write_json(path, report)
    return report


def references_by_affiliate(rows: int, seed: int) -> dict[str, list[str]]:
    """By affiliate, the references of all rows that were generated, the mended one too."""
    each = rows // len(steps.AFFILIATES)
    return {
        affiliate: references(affiliate, each + (affiliate == steps.AFFILIATE), seed)
        for affiliate in steps.AFFILIATES
    }


def references(affiliate: str, count: int, seed: int) -> list[str]:
    field = reference_field(generate.affiliate_definition(affiliate))
    return [row[field] for row in generate.rows(count, seed, affiliate)]


def gather(api: Api, uploads: Mapping[str, Sequence[str]], story: Story) -> Run:
    evidence = evidence_of(api)
    weekly = {campaign.name for campaign in evidence.campaigns if campaign.now["weekly"]}
    return Run(
        evidence=evidence,
        story=story,
        uploaded=uploads,
        affiliate_counts=api.get("intake", "/counts")["affiliates"],
        campaign_counts=steps.campaign_counts(api),
        lists=lists_put(story),
        deliveries=api.get("intake", "/deliveries")["deliveries"],
        never_come=steps.NEVER_COME,
        traces=traces(api, sample(evidence.received, story, weekly)),
        spans={},
        outputs={f"metrics of {name}": api.text(name, "/metrics") for name in api.stack["http"]},
    )


def logs(services: Iterable[str]) -> dict[str, str]:
    """Of all their processes."""
    files = [file for name in services for file in (var_dir() / "log").glob(f"{name}*.log")]
    return {f"log of {file.stem}": file.read_text() for file in files}


def evidence_of(api: Api) -> Evidence:
    services = list(api.stack["http"])
    topics = [name for name in manifest().topics if name.split(".")[0] in services]
    campaigns = holdings.campaigns(api)
    [rules] = steps.contents("rules.yaml")
    return Evidence(
        services=services,
        records=publishing.run(all_records(api.stack["kafka"], topics)),
        received=received_requests(var_dir() / "received.jsonl"),
        leads=holdings.leads(api),
        questions=holdings.questions(api),
        sends=holdings.sends(api, [campaign.name for campaign in campaigns]),
        campaigns=campaigns,
        policy=holdings.policy(rules),
        dead_letters=holdings.dead_letters(api),
        pending=pending_of(stack.status()),
        personal=PERSONAL,
    )


def lists_put(story: Story) -> dict[str, list[str]]:
    """As they stand in the files, with the company that came on one of them."""
    lists = {each["id"]: list(each["entries"]) for each in steps.contents("lists.yaml")}
    for change in story.freed:
        lists.get(change.get("list", ""), []).append(change.get("company"))
    return lists


def sample(got: Sequence[Received], story: Story, weekly: Set[str]) -> list[Received]:
    """Some requests of the import, and some of the send day, when one run sends many leads; mails
    and files carry no trace."""
    requests = [one for one in got[: story.lines_of_the_import] if one.traceparent is not None]
    later = got[story.lines_before_the_send_day :]
    of_the_day = [one for one in later if one.campaign in weekly]
    return [*some_of(requests, TRACES_SAMPLED), *some_of(of_the_day, OF_THE_SEND_DAY)]


def some_of(got: Sequence[Received], count: int) -> Sequence[Received]:
    """Evenly spread over them."""
    return got[:: max(1, len(got) // count)]


def traces(api: Api, got: Sequence[Received]) -> dict[Pair, str | None]:
    """As each lead was submitted with it."""
    pairs = {(one.campaign, one.lead) for one in got}
    return {pair: api.get("intake", f"/leads/{pair[1]}")["trace"] for pair in pairs}
