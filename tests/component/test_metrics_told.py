"""The document of operators lists the metrics that there are, and alerts ask for no others."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prometheus_client.registry import Collector
from ruamel.yaml import YAML

from shared.decision_metrics import DecisionMetrics
from shared.door_server import DoorMetrics, Doors
from shared.durations import Durations
from shared.loop.effects import Verdict
from shared.loop.pulse import Pulse
from shared.stored_gauges import StoredGauges
from shared.telemetry import LoopMetrics
from shared.testing.simulator import Process
from tests.component.leads import Platform
from tests.doors import CALENDAR

ROOT = Path(__file__).parents[2]
BY = re.compile(r"by \(([^)]*)\)")
SUFFIXES = {"counter": "_total"}
OF_SERIES = {"le"}
"""What a histogram adds to each of its series."""


async def collectors(process: Process) -> list[Collector]:
    """As `serve` has them, each with something to tell."""
    loop, service = process.loop, process.service
    pulse, durations = Pulse(loop), Durations(service)
    loop.observe = durations.step
    stored = StoredGauges(loop, pulse)
    row: Any = {"cause": {"trace": None}}
    durations.attempt(row, Verdict.DONE, 0, 1)
    doors = Doors([CALENDAR], loop.log.publish, loop.clock, loop.monotonic)
    doors.outcomes["calendar", "accepted"] += 1
    metrics = LoopMetrics(loop, process.ticker, pulse)
    return [metrics, DecisionMetrics(loop), DoorMetrics(service, doors), durations, stored]


async def metrics(platform: Platform) -> dict[str, set[str]]:
    """By name, their labels, after a course in which all of them have something to tell."""
    processes = [group.members[0] for group in platform.world.groups]
    every = [await collectors(process) for process in processes]
    await platform.campaign(caps={"total": 1})
    await platform.upload(1, 2)
    platform.publish("intake.lead.submit", "acme:R-9", ["no object"])
    await platform.rest()
    found: dict[str, set[str]] = defaultdict(set)
    for each in (each for some in every for each in some):
        if isinstance(each, StoredGauges):
            await each.take()
        for family in each.collect():
            name = family.name + SUFFIXES.get(family.type, "")
            found[name] |= {label for sample in family.samples for label in sample.labels}
    return {name: labels - OF_SERIES for name, labels in found.items()}


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


def rules() -> list[Mapping[str, Any]]:
    (group,) = YAML(typ="safe").load(ROOT / "deploy/alerts.yaml")["groups"]
    found: list[Mapping[str, Any]] = group["rules"]
    return found
