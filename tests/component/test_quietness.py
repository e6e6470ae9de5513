"""Whether a process has anything under way, as it tells whoever advances the clock."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.loop import deadlines
from shared.loop.decision import Verdict
from shared.loop.effects import Result
from shared.loop.pulse import Pulse
from shared.loop.quietness import Quietness, Standing
from shared.loop.ticker import TICK_SECONDS
from shared.operating_api import routes
from shared.testing.log import MemoryLog
from shared.testing.memory import MemoryStore
from shared.testing.simulator import Process
from tests.apis import app_of, client, found
from tests.component.world import BROKEN, PARTITIONS, Town

A_STEP = "a step is under way"


def process_of(town: Town) -> Process:
    (process,) = town.world.groups[0].members
    return process


@pytest.fixture
async def quietness(town: Town) -> Quietness:
    await town.rest()
    return Quietness(process_of(town).loop)


async def now(quietness: Quietness) -> Standing:
    """At the first moment at which no turn of the ticker is under way: one comes every 200 ms."""
    while A_STEP in (standing := await quietness.standing(0)).under_way:
        await asyncio.sleep(0.001)
    return standing


async def test_a_process_at_rest_has_read_all_that_there_is(
    town: Town, quietness: Quietness
) -> None:
    town.ask("word")
    await town.rest()
    standing = await now(quietness)
    ends = {place: len(records) for place, records in town.world.broker.records.items()}
    assert ([], None) == (standing.under_way, standing.next_at)
    assert {place: ends[place] for place in standing.positions} == standing.positions
    assert any(standing.positions.values())


async def test_it_is_told_over_the_network(town: Town) -> None:
    town.ask("word", mood="later")
    await town.rest()
    process = process_of(town)
    api = client(app_of(routes(process.loop, process.ticker, Pulse(process.loop), 0)))
    answer = await found(api, "/quiet")
    assert ([], [0, 1]) == (answer["under_way"], answer["shards"])
    assert {"routing.commands.v1/0", "routing.commands.v1/1"} <= answer["positions"].keys()
    assert answer["next_at"] is not None


async def test_a_deadline_is_told_and_decided_as_soon_as_the_clock_reaches_it(
    town: Town, quietness: Quietness
) -> None:
    """Not at the ticker's next turn: whoever asks would wait for that at every stop."""
    for number in range(5):
        town.ask(f"word {number}", mood="later")
        await town.for_seconds(1.03)
    for left in reversed(range(5)):
        due = (await now(quietness)).next_at
        assert due is not None
        town.world.clock.ahead += due - process_of(town).loop.clock.now()
        assert ["something has just become due"] == (await now(quietness)).under_way
        began = asyncio.get_running_loop().time()
        standing = await quietness.standing(TICK_SECONDS)
        assert [] == standing.under_way
        assert left == len(town.stored("due"))
        assert asyncio.get_running_loop().time() - began < TICK_SECONDS / 2


async def test_the_store_is_asked_once_after_each_step(town: Town, quietness: Quietness) -> None:
    """However often somebody asks."""
    asked: list[str] = []
    count_finds(process_of(town), asked)
    town.ask("word", mood="later")
    await town.rest()
    await now(quietness)
    asked.clear()
    first = await now(quietness)
    assert ([], []) == (first.under_way, asked)
    town.ask("word", mood="later")
    await town.rest()
    asked.clear()
    await now(quietness)
    assert asked


def count_finds(process: Process, asked: list[str]) -> None:
    gate, store = process.gate, process.loop.store
    assert isinstance(store, MemoryStore)

    async def noted(point: str) -> None:
        if point.startswith("store."):
            asked.append(point)
        await gate(point)

    store.gate = noted


async def test_a_step_that_is_taken_while_the_store_is_asked_is_not_overlooked(
    town: Town, quietness: Quietness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has set may be due sooner than what was found before."""
    ask = deadlines.next_at

    async def slow(*arguments: Any) -> Any:
        answer = await ask(*arguments)
        town.ask("word", mood="later")
        await town.rest()
        return answer

    monkeypatch.setattr(deadlines, "next_at", slow)
    assert ["a step was taken meanwhile"] == (await now(quietness)).under_way
    monkeypatch.undo()
    assert (await now(quietness)).next_at is not None


async def test_what_waited_behind_a_dead_letter_is_under_way_until_it_is_decided(
    town: Town, quietness: Quietness
) -> None:
    """Though nothing lies unread any more."""
    BROKEN.add("head")
    for word in ("head", *(f"w{number}" for number in range(250))):
        town.follow(word)
    await town.rest()
    assert [] == (await now(quietness)).under_way
    town.operate("skip", id=town.stored("dead_letters")[0]["_id"], reason="not needed")
    found: set[str] = set()
    while len(town.words()) < 250:
        await town.for_seconds(1)
        found.update((await now(quietness)).under_way)
    assert "what waited behind a dead letter is released" in found
    await town.rest()
    assert [] == (await now(quietness)).under_way


class Answers(list[tuple[Verdict, str]]):
    """Notes when the latest was given, which is when its attempt ended."""

    def __bool__(self) -> bool:
        self.given_at = asyncio.get_running_loop().time()
        return False


async def test_an_attempt_and_its_result_are_under_way_until_they_are_decided(
    town: Town, quietness: Quietness
) -> None:
    """A result is decided at once: nobody waits for the ticker."""
    town.answers, town.takes_seconds = Answers(), 3
    for number in range(5):
        town.ask(f"call {number}", mood="outside")
        await town.for_seconds(1)
        assert ["attempts under way 1"] == (await now(quietness)).under_way
        assert [] == (await quietness.standing(5)).under_way
        assert asyncio.get_running_loop().time() - town.answers.given_at < TICK_SECONDS / 2
        assert [] == town.stored("effects")


async def test_at_no_moment_is_an_attempt_neither_under_way_nor_ended(
    town: Town, quietness: Quietness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that fails as nobody expected."""
    worker, goes_on = process_of(town).loop.worker, asyncio.Event()

    async def raises(_row: Any) -> Any:
        await goes_on.wait()
        raise KeyError("a defect of ours")

    monkeypatch.setattr(worker, "_transport", raises)
    town.ask("call", mood="outside")
    await town.for_seconds(1)
    goes_on.set()
    while worker.running:
        await asyncio.sleep(0)
        assert worker.running or worker.results


async def test_a_result_of_a_shard_that_went_to_another_process_is_nobodys(
    town: Town, quietness: Quietness
) -> None:
    loop = process_of(town).loop
    loop.worker.results.append(Result("e1", PARTITIONS, 1, Verdict.DONE, "answered 200"))
    assert [] == (await now(quietness)).under_way
    loop.assign([place for shard in loop.shards.values() for place in shard.places])
    assert [] == loop.worker.results


async def test_a_retry_is_told_while_its_endpoint_takes_more(
    town: Town, quietness: Quietness
) -> None:
    town.answers = [(Verdict.UNKNOWN, "answered 429")]
    town.ask("call", mood="outside")
    await town.for_seconds(1)
    due = (await now(quietness)).next_at
    assert due is not None
    assert timedelta(0) < due - process_of(town).loop.clock.now() < timedelta(seconds=12)


async def test_what_is_due_at_an_endpoint_that_only_fails_comes_to_nothing(
    town: Town, quietness: Quietness
) -> None:
    """Until its breaker lets one attempt through."""
    town.answers = [(Verdict.UNKNOWN, "answered 429")] * 16
    for number in range(16):
        town.ask(f"w{number}", mood="outside")
    await town.for_seconds(5)
    standing = await now(quietness)
    assert ([], None) == (standing.under_way, standing.next_at)
    assert {"waiting"} == {row["state"] for row in town.stored("effects")}


async def test_a_shard_that_is_closed_is_not_quiet(town: Town, quietness: Quietness) -> None:
    process_of(town).loop.close([1])
    assert ["shards 1 not open"] == (await now(quietness)).under_way


async def test_what_was_published_and_is_not_read_shows_in_the_positions(
    town: Town, quietness: Quietness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not under way here: only the log knows of it."""
    before = await now(quietness)
    monkeypatch.setattr(MemoryLog, "fetch", lambda _self, _size: [])
    town.ask("word")
    await town.for_seconds(1)
    after = await now(quietness)
    ends = sum(len(town.world.broker.records[place]) for place in after.positions)
    assert ([], before.positions) == (after.under_way, after.positions)
    assert sum(after.positions.values()) == ends - 1
