"""Deadlines, and what keeps them back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from shared.loop.deadlines import Horizon
from shared.loop.precedence import LAG_SECONDS_MAX
from shared.loop.ticker import Ticker
from shared.store import Document
from shared.testing.log import MemoryLog
from tests.component.world import BROKEN, Town


async def test_a_blocked_key_blocks_its_deadlines_too(town: Town) -> None:
    """A deadline of a blocked key fires only when its records were dealt with."""
    town.ask("hello", mood="later")
    await town.rest()
    BROKEN.add("second")
    town.follow("second")
    await town.rest()
    town.world.clock.ahead += timedelta(days=2)
    await town.for_seconds(5)
    assert "it is time" not in town.words()
    (head,) = town.stored("dead_letters")
    town.operate("skip", id=head["_id"], reason="given up")
    await town.for_seconds(5)
    assert "it is time" in town.words()


async def test_a_deadline_fires_once_at_its_time(town: Town) -> None:
    """Not before, and not again."""
    town.ask("hello", mood="later")
    await town.rest()
    assert ["hello"] == town.words()
    town.world.clock.ahead += timedelta(days=1)
    await town.for_seconds(5)
    await town.restart()
    assert ["hello", "it is time"] == town.words()
    assert [] == town.stored("due")


async def test_what_came_due_in_a_long_pause_is_worked_off_in_bounded_steps(town: Town) -> None:
    """Each once, however much of it there is."""
    for number in range(40):
        town.ask("hello", mood="later", key=f"k{number}")
    await town.rest()
    sizes: list[int] = []
    town.loop.observe = lambda items, _started, _ended: sizes.append(len(items))
    town.world.clock.ahead += timedelta(days=100)
    await town.for_seconds(60)
    assert (40, []) == (town.words().count("it is time"), town.stored("due"))
    assert 40 == sum(sizes) and max(sizes) <= town.loop.limit < 40


def reading_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client hands over nothing, until that is undone."""
    monkeypatch.setattr(MemoryLog, "fetch", lambda _self, _size: [])


async def a_deadline_is_set(town: Town) -> None:
    """For the day after."""
    town.ask("hello", mood="later")
    await town.rest()


async def came_late(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline was set; when its time comes, a record from before lies there unread."""
    await a_deadline_is_set(town)
    reading_stops(monkeypatch)
    town.ask("in time")
    town.world.clock.ahead += timedelta(days=1)


async def test_what_came_in_time_is_decided_before_the_deadline(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await came_late(town, monkeypatch)
    await town.for_seconds(LAG_SECONDS_MAX / 3)
    assert ["hello"] == town.words()
    monkeypatch.undo()
    await town.rest()
    assert ["hello", "in time", "it is time"] == town.words()
    assert 0 == town.loop.counters["deadlines_before_records"]


async def test_no_deadline_waits_longer_for_a_shard_that_lags(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await came_late(town, monkeypatch)
    await town.for_seconds(LAG_SECONDS_MAX + 3)
    assert ["hello", "it is time"] == town.words()
    assert 1 == town.loop.counters["deadlines_before_records"]
    monkeypatch.undo()
    await town.rest()
    assert ["hello", "it is time", "in time"] == town.words()


async def test_the_deadlines_of_all_shards_that_are_free_are_asked_for_together(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question to the store costs the more, the more has come due. How far one has come says
    nothing of the other: of shards that were held up, or of those that were not."""
    for key in ("ann", town.key_elsewhere("ann")):
        town.ask("hello", mood="later", key=key)
    await town.rest()
    reading_stops(monkeypatch)
    for key in ("ann", town.key_elsewhere("ann")):
        town.ask("in time", key=key)
    town.world.clock.ahead += timedelta(days=1)
    await town.for_seconds(5)
    asked: list[datetime] = []
    horizons: dict[bool, set[int]] = {True: set(), False: set()}
    right = Ticker._rows

    async def noted(
        self: Ticker, shards: Sequence[int], until: datetime, horizon: Horizon
    ) -> list[Document]:
        asked.extend([until] if shards else [])
        was_held_up = until < self._loop.clock.now()
        horizons[was_held_up].add(id(horizon))
        return await right(self, shards, until, horizon)

    monkeypatch.undo()
    monkeypatch.setattr(Ticker, "_rows", noted)
    await town.rest()
    assert 2 == town.words().count("it is time")
    assert len(asked) == len({*asked})
    assert horizons[True] and not horizons[True] & horizons[False]


async def test_what_comes_after_a_deadline_holds_it_up_no_more(town: Town) -> None:
    """However much goes on coming: only what lay there when it came due is taken first."""
    await a_deadline_is_set(town)
    town.world.clock.ahead += timedelta(days=1)
    for number in range(20):
        town.ask(f"more {number}")
        await town.for_seconds(0.5)
    before = town.words().index("it is time")
    assert before < 12


async def test_another_shard_that_lags_holds_up_no_deadline(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_deadline_is_set(town)
    reading_stops(monkeypatch)
    town.ask("elsewhere", key=town.key_elsewhere("ann"))
    town.world.clock.ahead += timedelta(days=1)
    await town.for_seconds(5)
    assert ["hello", "it is time"] == town.words()
    monkeypatch.undo()


async def test_a_shard_that_lags_without_a_deadline_waits_for_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither told nor counted, however long another's deadlines go on coming."""
    await a_deadline_is_set(town)
    reading_stops(monkeypatch)
    town.ask("elsewhere", key=town.key_elsewhere("ann"))
    for _ in range(4):
        town.world.clock.ahead += timedelta(days=1)
        await town.for_seconds(LAG_SECONDS_MAX / 3)
    process = town.world.groups[0].members[0]
    assert set() == process.ticker.precedence.waiting(town.loop.shards)
    assert 0 == town.loop.counters["deadlines_before_records"]
    monkeypatch.undo()
