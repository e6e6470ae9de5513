"""A person gets a shard going that the log stops: which positions are moved, and which are not."""

from collections.abc import Callable
from datetime import UTC, datetime
from unittest.mock import patch

import pytest

from shared.errors import ShardRefuses
from shared.loop.log import Place
from shared.loop.resolve import skip
from shared.topics import shard_of
from tests.component.test_readiness import without
from tests.component.world import COMMANDS, ORDERED, PARTITIONS, Town

MINE = shard_of(b"ann", PARTITIONS)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def cut(town: Town) -> None:
    del town.world.broker.records[COMMANDS, MINE][1:]


def made_anew(town: Town) -> None:
    """As long as before, so that only the last record tells."""
    rows = town.world.broker.records[COMMANDS, MINE]
    count = len(rows)
    rows.clear()
    for number in range(count):
        town.ask(f"new{number}")


def overtaken(town: Town) -> None:
    for number in range(4):
        town.ask(f"lost{number}")
    town.world.broker.begins[COMMANDS, MINE] = 6


def never_read_and_begins_late(town: Town) -> None:
    for number in range(3):
        town.follow(f"old{number}")
    town.world.broker.begins[ORDERED, MINE] = 2


CASES: dict[Callable[[Town], None], dict[str, tuple[int, int]]] = {
    cut: {COMMANDS: (3, 0)},
    made_anew: {COMMANDS: (3, 0)},
    overtaken: {COMMANDS: (3, 6)},
    never_read_and_begins_late: {ORDERED: (0, 2)},
}


@pytest.mark.parametrize("what", CASES, ids=lambda what: what.__name__)
async def test_a_shard_that_refuses_is_resolved_whatever_state_it_is_caught_in(
    town: Town,
    what: Callable[[Town], None],
) -> None:
    """Only what does not fit is moved; the shard opens by itself and reads on; a second time there
    is nothing to do, and nothing is done."""
    for number in range(3):
        town.ask(f"w{number}")
    await town.rest()
    town.world.groups[0].members[0].crash()
    what(town)
    await town.for_seconds(8)
    assert "refused" == town.loop.shards[MINE].state
    assert CASES[what] == (await town.resolve(MINE)).topics
    town.ask("goes on")
    town.follow("so does the other topic")
    await town.rest()
    assert {"goes on", "so does the other topic"} <= set(town.words())
    before = town.stored("shards")
    assert not await town.resolve(MINE)
    assert before == town.stored("shards")


async def test_a_shard_that_was_never_opened_is_told(town: Town) -> None:
    with pytest.raises(ShardRefuses, match="never opened"):
        await town.resolve(PARTITIONS)


async def test_one_record_is_skipped_and_listed_and_what_follows_is_decided(town: Town) -> None:
    """Though its owner has the shard open, and no step tells it that the row was changed."""
    place: Place = (COMMANDS, MINE)
    for word in ("unreadable", "behind it"):
        town.ask(word)
    with patch("shared.testing.log.MemoryLog.fetch", without(place)):
        await town.for_seconds(10)
        await skip(town.store(), place, 0, "dana", "it holds nothing", NOW)
        await town.for_seconds(15)
    await town.rest()
    assert ["behind it"] == town.words()
    (row,) = town.stored("dead_letters")
    assert ("skipped", "unread", 0) == (row["state"], row["code"], row["record"]["offset"])
    assert ("dana", "it holds nothing") == (row["resolved"]["by"], row["resolved"]["reason"])


async def test_a_record_is_skipped_once_more_when_its_topic_is_read_again(town: Town) -> None:
    """It is listed once, with who skipped it first."""
    place: Place = (COMMANDS, MINE)
    town.ask("unreadable")
    town.ask("behind it")
    with patch("shared.testing.log.MemoryLog.fetch", without(place)):
        for by in ("dana", "eli"):
            await town.for_seconds(10)
            await town.read_again(MINE)
            await skip(town.store(), place, 0, by, "it holds nothing", NOW)
        await town.for_seconds(15)
    await town.rest()
    assert ["behind it"] == town.words()
    assert ["dana"] == [row["resolved"]["by"] for row in town.stored("dead_letters")]


@pytest.mark.parametrize("offset", [0, 2])
async def test_a_record_that_is_not_the_next_is_not_skipped(town: Town, offset: int) -> None:
    town.ask("taken")
    await town.rest()
    with pytest.raises(ShardRefuses, match="stands at offset 1"):
        await skip(town.store(), (COMMANDS, MINE), offset, "dana", "a mistake", NOW)
    assert [] == town.stored("dead_letters")
