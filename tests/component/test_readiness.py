"""What a replica tells of itself while its store, its broker, or one of its partitions is stuck."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from shared.loop.log import Place, RawRecord
from shared.loop.pulse import Pulse
from shared.operating_api import routes
from shared.telemetry import LoopMetrics
from shared.testing.log import MemoryLog
from shared.testing.memory import MemoryStore
from shared.topics import shard_of
from tests.apis import app_of, client, found
from tests.component.world import COMMANDS, ORDERED, PARTITIONS, Town

TOLD_WITHIN_SECONDS = 10
ANN: Place = (COMMANDS, shard_of(b"ann", PARTITIONS))


class Operators:
    """Who asks the one replica of a town."""

    def __init__(self, town: Town, pulse: Pulse) -> None:
        (process,) = town.world.groups[0].members
        self.api = client(app_of(routes(process.loop, process.ticker, pulse, 0)))
        self.registry = CollectorRegistry()
        self.registry.register(LoopMetrics(process.loop, process.ticker, pulse))

    async def not_ready(self) -> list[str]:
        answer = await self.api.get("/health/ready")
        ready, not_ready = answer.json().values()
        assert (answer.status_code == 200) is ready is not bool(not_ready)
        return list(not_ready)

    async def status(self) -> Any:
        return await found(self.api, "/status")

    def metrics(self) -> str:
        return generate_latest(self.registry).decode()


@asynccontextmanager
async def operators(town: Town) -> AsyncIterator[Operators]:
    (process,) = town.world.groups[0].members
    pulse = Pulse(process.loop)
    beating = asyncio.create_task(pulse.run())
    yield Operators(town, pulse)
    beating.cancel()


@asynccontextmanager
async def silent(town: Town, part: str) -> AsyncIterator[None]:
    """What is asked of this part is answered only after the block."""
    (process,) = town.world.groups[0].members
    answers, gate = asyncio.Event(), process.gate

    async def wait(point: str) -> None:
        if point.startswith(f"{part}."):
            await answers.wait()
        await gate(point)

    asked = process.log if part == "log" else process.loop.store
    assert isinstance(asked, MemoryLog | MemoryStore)
    asked.gate = wait
    try:
        yield
    finally:
        answers.set()
        asked.gate = gate


@pytest.fixture
async def asking(town: Town) -> AsyncIterator[Operators]:
    async with operators(town) as found:
        yield found


@pytest.mark.parametrize("beyond", [[], [(COMMANDS, PARTITIONS)]])
async def test_readiness_tells_which_topic_is_not_there(
    town: Town, asking: Operators, beyond: list[Place]
) -> None:
    """The broker gives out what it has: after somebody deleted a topic, shards without it. One
    that has more partitions than the others is in nobody's way."""
    (process,) = town.world.groups[0].members
    everything = [place for shard in process.loop.shards.values() for place in shard.places]
    process.loop.assign([place for place in everything if place[0] != ORDERED] + beyond)
    assert f"the broker has no topic {ORDERED}" in await asking.not_ready()
    process.loop.assign(everything + beyond)
    assert "the broker has no topic" not in " ".join(await asking.not_ready())
    process.loop.assign(everything)
    await town.for_seconds(3)
    assert [] == await asking.not_ready()


@pytest.mark.parametrize(("part", "name"), [("store", "store"), ("log", "broker")])
async def test_readiness_tells_what_is_silent_and_when_it_is_back(
    town: Town, asking: Operators, part: str, name: str
) -> None:
    assert [] == await asking.not_ready()
    async with silent(town, part):
        town.ask("waits")
        await town.for_seconds(TOLD_WITHIN_SECONDS)
        assert f"the {name} has not answered" in " ".join(await asking.not_ready())
    await town.rest()
    await town.for_seconds(3)
    assert [] == await asking.not_ready()
    assert ["waits"] == town.words()


@pytest.mark.parametrize(
    ("part", "unknown"), [("store", ["outbox", "dead_letters", "blocked"]), ("log", ["lag"])]
)
async def test_status_answers_without_the_figures_of_what_is_silent(
    town: Town, asking: Operators, part: str, unknown: list[str]
) -> None:
    async with silent(town, part):
        await town.for_seconds(TOLD_WITHIN_SECONDS)
        told = await asking.status()
        assert unknown == [
            name for name in ("outbox", "dead_letters", "blocked", "lag") if told[name] is None
        ]
        assert told["ready"] is False


def told(metrics: str, name: str, topic: str) -> float:
    """By a scrape."""
    pattern = rf'^{name}{{service="routing",topic="{topic}"}} (.*)$'
    (number,) = re.findall(pattern, metrics, re.MULTILINE)
    return float(number)


async def test_what_waits_for_a_store_that_is_silent_is_told(town: Town, asking: Operators) -> None:
    """How much, and for how long: this is what alerts look at. That it could not be read is not
    said, since nobody could take it."""
    async with silent(town, "store"):
        for number in range(200):
            town.ask(f"w{number}")
        await town.for_seconds(120)
        metrics = asking.metrics()
        assert 200 == told(metrics, "leadops_lag_records", COMMANDS)
        assert 110 < told(metrics, "leadops_oldest_record_seconds", COMMANDS)
        assert "stands at offset" not in " ".join(await asking.not_ready())
    await town.rest()
    await town.for_seconds(5)
    assert 0 == told(asking.metrics(), "leadops_lag_records", COMMANDS)


def without(place: Place) -> Callable[[MemoryLog, int], list[RawRecord]]:
    """A client that hands over nothing of this place."""
    fetch = MemoryLog.fetch

    def some(log: MemoryLog, size_max: int) -> list[RawRecord]:
        log.paused.add(place)
        return fetch(log, size_max)

    return some


async def others_go_on(town: Town, seconds: int) -> None:
    for number in range(seconds):
        town.ask(f"w{number}", key=town.key_elsewhere("ann"))
        await town.for_seconds(1)


async def test_one_place_that_stands_still_among_others_that_move_is_told(
    town: Town, asking: Operators
) -> None:
    """Where, since when, how much waits there, and what to do; so do status and the metrics."""
    with patch.object(MemoryLog, "fetch", without(ANN)):
        town.ask("stands still")
        await others_go_on(town, 20)
        assert [] == await asking.not_ready()
        await others_go_on(town, 20)
        (reason,) = await asking.not_ready()
        assert reason.startswith(f"{COMMANDS}/{ANN[1]} stands at offset 0 for ")
        assert f"leadops shards skip routing {COMMANDS} {ANN[1]} 0" in reason
        told = await asking.status()
        (row,) = told["waiting"]
        assert (*ANN, 0, 1) == (row["topic"], row["partition"], row["offset"], row["records"])
        assert 30 < row["seconds"] == told["oldest_seconds"]
        labels = f'partition="{ANN[1]}",service="routing",topic="{COMMANDS}"'
        assert f"leadops_record_waiting_seconds{{{labels}}} 3" in asking.metrics()
    await town.rest()
    await town.for_seconds(5)
    assert [] == await asking.not_ready()
    assert "stands still" in town.words()
    assert town.loop.counters["places_sought_again"] > 0


async def test_a_place_that_stands_still_is_told_however_slow_the_store_is(
    town: Town, asking: Operators
) -> None:
    """Nearly whenever it is looked at, some turn asks the store; that keeps no record from coming,
    since each turn ends."""
    (process,) = town.world.groups[0].members
    gate, store = process.gate, process.loop.store
    assert isinstance(store, MemoryStore)

    async def slowly(point: str) -> None:
        await asyncio.sleep(0.5)
        await gate(point)

    store.gate = slowly
    with patch.object(MemoryLog, "fetch", lambda _self, _limit: []):
        await town.for_seconds(60)
        town.ask("hello")
        await town.for_seconds(45)
        assert [f"{COMMANDS}/{ANN[1]} stands at"] == [
            reason.partition(" offset")[0] for reason in await asking.not_ready()
        ]


async def test_a_turn_that_hangs_is_told(town: Town, asking: Operators) -> None:
    """Though nothing fails, and store and broker answer."""
    async with town.loop.lock:
        await town.for_seconds(40)
        assert "the loop has been busy with one turn" in " ".join(await asking.not_ready())
    await town.for_seconds(5)
    assert [] == await asking.not_ready()
