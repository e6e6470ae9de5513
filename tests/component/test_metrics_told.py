"""The document of operators lists the metrics that there are, and alerts ask for no others."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.core import Metric
from ruamel.yaml import YAML

from shared.door_server import Doors
from shared.durations import Durations
from shared.loop.decision import Verdict
from shared.loop.loop import Loop
from shared.loop.pulse import Pulse
from shared.loop.ticker import Ticker
from shared.scraping import collectors
from shared.stored_gauges import StoredGauges
from shared.testing.simulator import Process
from shared.tracing import Tracing
from tests.component.leads import Platform, email_of
from tests.component.world import Town
from tests.doors import CALENDAR

ROOT = Path(__file__).parents[2]
BY = re.compile(r"by \(([^)]*)\)")
SUFFIXES = {"counter": "_total"}
OF_SERIES = {"le"}
"""What a histogram adds to each of its series."""


@dataclass
class Parts:
    """Of a simulated process, as a real one has them; each has something to tell."""

    loop: Loop
    ticker: Ticker
    pulse: Pulse
    doors: Doors
    durations: Durations
    stored_gauges: StoredGauges
    tracing: Tracing | None = None

    @classmethod
    def of(cls, process: Process) -> "Parts":
        loop, pulse, durations = process.loop, Pulse(process.loop), Durations(process.service)
        loop.observe = durations.step
        row: Any = {"cause": {"trace": None}}
        durations.attempt(row, Verdict.DONE, 0, 1)
        doors = Doors([CALENDAR], process.log.publish, loop.clock, loop.monotonic)
        doors.outcomes["calendar", "accepted"] += 1
        return cls(loop, process.ticker, pulse, doors, durations, StoredGauges(loop, pulse))


async def course(platform: Platform) -> list[Parts]:
    """In which all metrics have something to tell."""
    every = [Parts.of(group.members[0]) for group in platform.world.groups]
    await platform.campaign(caps={"total": 1})
    await platform.upload(1, 2)
    platform.publish("intake.lead.submit", "acme:R-9", ["no object"])
    await platform.rest()
    for parts in every:
        await parts.stored_gauges.take()
    return every


def families(every: Iterable[Parts]) -> Iterator[Metric]:
    for parts in every:
        for collector in collectors(parts):
            yield from collector.collect()


async def metrics(platform: Platform) -> dict[str, set[str]]:
    """By name, their labels."""
    found: dict[str, set[str]] = defaultdict(set)
    for family in families(await course(platform)):
        name = family.name + SUFFIXES.get(family.type, "")
        found[name] |= {label for sample in family.samples for label in sample.labels}
    return {name: labels - OF_SERIES for name, labels in found.items()}


async def test_no_metric_names_a_person_or_a_lead(platform: Platform) -> None:
    """OPS-05: in no label and in no exemplar, which has the id of a trace and nothing else."""
    samples = [sample for family in families(await course(platform)) for sample in family.samples]
    told = " ".join(value for sample in samples for value in sample.labels.values())
    exemplars = [sample.exemplar.labels for sample in samples if sample.exemplar]
    assert {("trace_id",)} == {tuple(labels) for labels in exemplars}
    leads = [platform.routed(f"R-{number}") for number in (1, 2)]
    people = [*(email_of(number) for number in (1, 2)), "firm1.example", "Okafor", "Dana"]
    ids = [lead[name] for lead in leads for name in ("_id", "person_id")]
    assert "acme" in told
    assert [] == [each for each in (*people, *ids) if each in told]


def listed() -> Iterator[tuple[str, set[str]]]:
    text = (ROOT / "docs/operating.md").read_text().split("\n## Metrics\n")[1].split("\n## ")[0]
    for names, labels in re.findall(r"^\| (`leadops_[^|]+) \| ([\w, ]+) \|", text, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            yield name, set(labels.split(", "))


async def test_the_document_lists_every_metric_with_its_labels(platform: Platform) -> None:
    """Those that have nothing to tell in this course are named all the same."""
    there, told = await metrics(platform), dict(listed())
    assert there.keys() == told.keys()
    assert {} == {
        name: (labels, told[name])
        for name, labels in there.items()
        if labels and labels != told[name]
    }


def test_alerts_ask_for_metrics_and_labels_that_there_are() -> None:
    """Also where they sum up and where they speak to people; each says what helps."""
    told = dict(listed())
    for rule in rules():
        asked = re.findall(r"(leadops_\w+?)(?:_bucket)?\b(?:{([^}]*)})?", rule["expr"])
        known = OF_SERIES.union(*(told[name] for name, _ in asked))
        chosen = {label for _, some in asked for label in re.findall(r"(\w+)=", some)}
        summed = {each for some in BY.findall(rule["expr"]) for each in some.split(", ")}
        summary, _help = (rule["annotations"][name] for name in ("summary", "help"))
        named = set(re.findall(r"\$labels\.(\w+)", summary))
        assert asked and chosen | summed <= known, rule["alert"]
        assert named <= (summed or known), rule["alert"]


async def test_counters_that_alerts_wait_for_are_told_before_they_rise(town: Town) -> None:
    """One that begins with its first event has not risen by it."""
    parts = Parts.of(town.world.groups[0].members[0])
    samples = [sample for family in families([parts]) for sample in family.samples]
    awaited = re.compile(r"(leadops_\w+_total)(?:{(\w+)=\"(\w+)\"})?")
    counters = [found for rule in rules() for found in awaited.findall(rule["expr"])]
    assert len(counters) >= 2
    assert [] == [
        (name, value)
        for name, label, value in counters
        if not any(
            sample.name == name and sample.labels.get(label, "") == value for sample in samples
        )
    ]


def rules() -> list[Mapping[str, Any]]:
    (group,) = YAML(typ="safe").load(ROOT / "deploy/alerts.yaml")["groups"]
    found: list[Mapping[str, Any]] = group["rules"]
    return found
