"""The ticker: how often it looks, what it tells the broker, how long what fails is left alone."""

import asyncio
from collections import Counter

from shared.loop.decision import Verdict
from shared.loop.shard import State
from shared.loop.ticker import CHECK_SECONDS, SEEK_AGAIN_SECONDS, TICK_SECONDS
from shared.testing.memory import MemoryStore
from shared.topics import shard_of
from tests.component.world import COMMANDS, PARTITIONS, Town

ANN = shard_of(b"ann", PARTITIONS)


def counted(town: Town) -> Counter[str]:
    """How often the store is asked from now on, by what."""
    asked: Counter[str] = Counter()
    store = town.loop.store
    assert isinstance(store, MemoryStore)
    gate = store.gate

    async def count(point: str) -> None:
        asked[point] += 1
        await gate(point)

    store.gate = count
    return asked


async def test_a_ticker_that_nobody_wakes_looks_a_few_times_a_second(town: Town) -> None:
    """It is in time for what is due, and asks a store that rests no more often than that."""
    asked = counted(town)
    await town.for_seconds(10)
    turns = 10 / TICK_SECONDS
    assert turns <= asked["store.find"] <= 3 * turns


async def test_a_ticker_that_is_woken_looks_at_once(town: Town) -> None:
    asked = counted(town)
    for _ in range(20):
        town.loop.wake()
        await asyncio.sleep(TICK_SECONDS / 4)
    assert asked["store.find"] >= 20


async def test_the_broker_is_told_how_far_each_open_shard_has_read(town: Town) -> None:
    """Positions are our own; what the broker is told is for whoever watches its lag."""
    town.ask("hello")
    await town.rest()
    await town.for_seconds(2 * CHECK_SECONDS)
    (process,) = town.world.groups[0].members
    assert 1 in process.loop.positions().values()
    assert process.loop.positions() == process.log.reported


async def test_what_fails_again_and_again_waits_twice_as_long_each_time(town: Town) -> None:
    """A tenth of a second at first, fifteen seconds at last, and less by up to a half, so that
    replicas do not come back together; what was done in between begins anew."""

    def waited() -> float:
        town.loop.back_off(())
        return town.loop.retry_at - town.loop.monotonic()

    most = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0]
    waits = [waited() for _ in most]
    town.ask("hello")
    await town.rest()
    waits.append(waited())
    pairs = zip(waits, [*most, 0.1], strict=True)
    assert [] == [pair for pair in pairs if not pair[1] / 2 <= pair[0] <= pair[1]]


async def test_a_closed_shard_is_left_alone_until_its_wait_is_over(town: Town) -> None:
    """What failed is not tried at each turn."""
    for _ in range(7):
        town.loop.back_off(town.loop.shards)
    left = town.loop.retry_at - town.loop.monotonic()
    await asyncio.sleep(left - 0.1)
    assert {} == town.loop.currently_open()
    await asyncio.sleep(1)
    assert {0, 1} == town.loop.currently_open().keys()


async def test_records_that_wait_for_a_shard_that_refuses_are_not_sought(town: Town) -> None:
    """Nothing is fetched that nobody may take."""
    town.ask("read")
    await town.rest()
    town.world.broker.records[COMMANDS, ANN].clear()
    town.ask("another")
    town.ask("again")
    town.world.broker.begins[COMMANDS, ANN] = 2
    await town.for_seconds(CHECK_SECONDS)
    assert State.REFUSED is town.loop.shards[ANN].state
    await town.for_seconds(3 * SEEK_AGAIN_SECONDS)
    (process,) = town.world.groups[0].members
    assert 0 == town.loop.counters["places_sought_again"]
    assert (COMMANDS, ANN) in process.log.paused


async def test_an_endpoint_that_failed_is_asked_once_before_the_others_follow(town: Town) -> None:
    """However many retries come due in one step, here after a shard was closed for a while."""
    town.answers, town.takes_seconds = [(Verdict.UNKNOWN, "answered 500")] * 6, 1
    for number in range(6):
        town.ask(f"w{number}", mood="outside")
    await town.for_seconds(5)
    assert (6, 6) == (len(town.requests), len(town.stored("effects")))
    town.takes_seconds = 30
    for _ in range(9):
        town.loop.back_off(town.loop.shards)
    await town.for_seconds(20)
    assert 6 + 1 == len(town.requests)
    await town.rest()
    assert 6 + 6 == len(town.requests)


async def test_a_busy_shard_takes_no_step_only_to_forget_what_was_published(town: Town) -> None:
    """The next batch does that along; a shard that rests gets a step for it."""
    before = town.world.steps
    for number in range(30):
        town.ask(f"w{number}")
        await asyncio.sleep(TICK_SECONDS / 2)
    assert town.world.steps - before <= 30
    await town.for_seconds(2)
    assert [] == town.stored("outbox")
