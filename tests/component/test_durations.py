"""How long steps, stages and attempts take, and what the store has, as Prometheus is told."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from shared import stored_gauges
from shared.durations import Durations
from shared.errors import Infrastructure
from shared.loop import dead_letters, deadlines, effects, outbox
from shared.loop.decision import Verdict
from shared.loop.pulse import Pulse
from shared.store import Insert
from shared.stored_gauges import EVERY_SECONDS, StoredGauges
from shared.testing.memory import MemoryStore
from tests.component.leads import Platform
from tests.component.test_readiness import silent
from tests.component.world import Town

TRACE = "0af7651916cd43dd8448eb211c80319c"
SECOND = 1_000_000_000
HOUR = timedelta(hours=1)


def registry_of(*collectors: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return registry


def lines(*collectors: Collector) -> Iterator[str]:
    """Without what tells when a series began."""
    for line in generate_latest(registry_of(*collectors)).decode().splitlines():
        if not line.startswith("#") and "_created" not in line:
            yield line


async def test_uploads_are_timed_until_they_are_decided_and_sent(platform: Platform) -> None:
    """Each once, from the time of the upload; what is refused is sent nowhere."""
    durations = {group.service: Durations(group.service) for group in platform.world.groups}
    for group in platform.world.groups:
        group.members[0].loop.observe = durations[group.service].step
    await platform.campaign(caps={"total": 1})
    await platform.upload(1, 2)
    old = platform.now - timedelta(hours=2)
    await platform.submit("R-3", at=old)
    told = {line for each in durations.values() for line in lines(each)}
    decided, sent = (
        'service="intake",stage="upload_decided"',
        'service="routing",stage="upload_sent"',
    )
    assert {
        f"leadops_stage_seconds_count{{{decided}}} 3.0",
        f'leadops_stage_seconds_bucket{{le="3600.0",{decided}}} 2.0',
        f"leadops_stage_seconds_count{{{sent}}} 1.0",
    } <= told


async def test_a_step_is_timed_with_one_of_its_traces(town: Town) -> None:
    """Which only the format of OpenMetrics can tell; a trace that is not kept is none to look
    at."""
    durations = Durations("routing")
    town.loop.observe = durations.step
    town.ask("hello", trace=f"00-{'1' * 32}-{'2' * 16}-00")
    await town.rest()
    registry = registry_of(durations)
    assert "trace_id" not in openmetrics.generate_latest(registry).decode()
    town.ask("again", trace=f"00-{TRACE}-{'2' * 16}-01")
    await town.rest()
    assert f'{{trace_id="{TRACE}"}}' in openmetrics.generate_latest(registry).decode()
    assert TRACE not in generate_latest(registry).decode()
    steps = town.loop.counters["steps"]
    counts = [line for line in lines(durations) if "_count" in line]
    assert {
        f'leadops_step_{what}_count{{service="routing"}} {steps}.0'
        for what in ("seconds", "inputs")
    } == set(counts)


def test_attempts_are_timed_by_verdict() -> None:
    durations = Durations("routing")
    row: Any = {"cause": {"trace": f"00-{TRACE}-{'2' * 16}-01"}}
    durations.attempt(row, Verdict.DONE, 0, 2 * SECOND)
    durations.attempt(row, Verdict.UNKNOWN, 0, 10 * SECOND)
    attempt = 'leadops_attempt_seconds_sum{service="routing",verdict="%s"} %s'
    expected = {attempt % ("done", "2.0"), attempt % ("unknown", "10.0")}
    assert expected <= set(lines(durations))


async def gauges_of(town: Town) -> StoredGauges:
    """Of a replica that has stopped, so that what lies there is not worked off."""
    (process,) = town.world.groups[0].members
    process.crash()
    process.loop.store = MemoryStore(town.world.databases["routing"])
    return StoredGauges(process.loop, Pulse(process.loop))


async def put(town: Town, collection: str, *rows: dict[str, Any]) -> None:
    documents = [{"_id": f"{collection}{number}", **row} for number, row in enumerate(rows)]
    async with town.loop.store.transaction() as transaction:
        await transaction.write(collection, [Insert(each) for each in documents])


@patch("shared.stored_gauges.COUNTED_MAX", 2)
async def test_what_is_due_elsewhere_hides_no_deadline_of_this_process(town: Town) -> None:
    """However much older it is, and however much of it there is."""
    gauges, now = await gauges_of(town), town.world.clock.now()
    others = [{"shard": 99, "due_at": now - 3 * HOUR}] * 5
    await put(town, deadlines.COLLECTION, *others, {"shard": 0, "due_at": now - HOUR})
    await gauges.take()
    assert {'leadops_due_rows{service="routing"} 1.0'} <= set(lines(gauges))


async def test_figures_of_the_store_are_those_of_the_shards_of_this_process(town: Town) -> None:
    """Dead letters by code, what was dealt with left out; deadlines only once they are due."""
    gauges, now = await gauges_of(town), town.world.clock.now()
    ago, later, of_others = now - 2 * HOUR, now + HOUR, 99
    await put(town, outbox.COLLECTION, {"shard": 0, "step": [1, 0]}, {"shard": of_others})
    due = ({"shard": 0, "due_at": ago}, {"shard": 0, "due_at": later})
    await put(town, deadlines.COLLECTION, *due, {"shard": of_others, "due_at": ago})
    waiting = {"state": effects.WAITING, "due_at": later}
    await put(town, effects.COLLECTION, {"shard": 0} | waiting, {"shard": of_others} | waiting)
    letter = {"shard": 0, "state": dead_letters.DEAD, "code": "not_json"}
    others = [{"code": "id_reused"}, {"state": dead_letters.SKIPPED}, {"shard": of_others}]
    await put(town, dead_letters.COLLECTION, letter, letter, *({**letter, **one} for one in others))
    assert ['leadops_stored_age_seconds{service="routing"} 0.0'] == list(lines(gauges))
    await gauges.take()
    await asyncio.sleep(60)
    await gauges.take()
    of = 'service="routing"'
    assert {
        f"leadops_stored_age_seconds{{{of}}} 0.0",
        f"leadops_outbox_documents{{{of}}} 1.0",
        f"leadops_outbox_seconds{{{of}}} 60.0",
        f"leadops_due_rows{{{of}}} 1.0",
        f"leadops_due_seconds{{{of}}} 7260.0",
        f'leadops_effects{{{of},state="in_flight"}} 0.0',
        f'leadops_effects{{{of},state="waiting"}} 1.0',
        f'leadops_dead_letters{{code="id_reused",{of}}} 1.0',
        f'leadops_dead_letters{{code="not_json",{of}}} 2.0',
    } == set(lines(gauges))


async def test_of_what_has_no_end_no_more_is_counted_than_is_said(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: effects, letters of a code, and codes, of which the last are one."""
    monkeypatch.setattr(stored_gauges, "COUNTED_MAX", 3)
    monkeypatch.setattr(stored_gauges, "CODES_MAX", 2)
    gauges = await gauges_of(town)
    effect = {"shard": 0, "state": effects.WAITING, "due_at": town.world.clock.now() + HOUR}
    await put(town, effects.COLLECTION, *([effect] * 5))
    letters = [{"shard": 0, "state": dead_letters.DEAD, "code": code} for code in "aaaabcd"]
    await put(town, dead_letters.COLLECTION, *letters)
    await gauges.take()
    of = 'service="routing"'
    assert {
        f'leadops_effects{{{of},state="waiting"}} 3.0',
        f'leadops_dead_letters{{code="a",{of}}} 3.0',
        f'leadops_dead_letters{{code="b",{of}}} 1.0',
        f'leadops_dead_letters{{code="other",{of}}} 2.0',
    } <= set(lines(gauges))


async def test_what_lies_in_a_row_to_be_published_is_of_the_outbox(town: Town) -> None:
    """Whether it was published, only the step after tells; for how long it lies there is told."""
    town.ask("hello")
    while not any(row["outbox"] for row in town.stored("shards")):
        await asyncio.sleep(0.001)
    gauges = await gauges_of(town)
    await gauges.take()
    await asyncio.sleep(60)
    await gauges.take()
    of = 'service="routing"'
    told = set(lines(gauges))
    assert {f"leadops_outbox_documents{{{of}}} 1.0", f"leadops_outbox_seconds{{{of}}} 60.0"} <= told


async def test_what_can_not_be_published_grows_older_however_often_its_shard_is_opened(
    town: Town,
) -> None:
    """With the broker away, which takes nothing of what was decided before; then it is gone."""
    (process,) = town.world.groups[0].members
    gauges, gate = StoredGauges(process.loop, Pulse(process.loop)), process.log.gate

    async def away(_point: str) -> None:
        await asyncio.sleep(1)
        raise Infrastructure("the broker is away")

    process.log.gate = away
    town.ask("hello")
    await town.for_seconds(2)
    epochs = [row["epoch"] for row in town.stored("shards")]
    await gauges.take()
    await town.for_seconds(400)
    await gauges.take()
    assert epochs < [row["epoch"] for row in town.stored("shards")]
    assert seconds_in_outbox(gauges) >= 400
    process.log.gate = gate
    await town.rest()
    await gauges.take()
    assert (["hello"], 0) == (town.words(), seconds_in_outbox(gauges))


def seconds_in_outbox(gauges: StoredGauges) -> float:
    (line,) = [line for line in lines(gauges) if "outbox_seconds" in line]
    return float(line.split()[-1])


async def test_figures_stay_while_the_store_is_silent_and_tell_their_age(town: Town) -> None:
    """And are taken again once it answers."""
    (process,) = town.world.groups[0].members
    pulse = Pulse(process.loop)
    gauges = StoredGauges(process.loop, pulse)
    running = [asyncio.create_task(each.run()) for each in (pulse, gauges)]
    await asyncio.sleep(EVERY_SECONDS)
    async with silent(town, "store"):
        await asyncio.sleep(10 * EVERY_SECONDS)
        assert 9 * EVERY_SECONDS < age(gauges) and len(list(lines(gauges))) > 1
    await asyncio.sleep(2 * EVERY_SECONDS)
    assert age(gauges) <= EVERY_SECONDS + 1
    for task in running:
        task.cancel()


def age(gauges: StoredGauges) -> float:
    (line,) = [line for line in lines(gauges) if "stored_age" in line]
    return float(line.split()[-1])
