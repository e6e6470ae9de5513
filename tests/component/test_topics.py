"""Places in topics: misrouted records, topics cut or made anew, a reader that stands still."""

import asyncio
from collections.abc import Sequence
from unittest.mock import patch

from cli.oracle.evidence import Seen
from shared.loop.log import Outgoing, Place
from shared.loop.shard import State
from shared.testing.log import MemoryLog
from shared.topics import shard_of
from tests.component.world import COMMANDS, ORDERED, PARTITIONS, Speak, Town


def other_partition(key: str) -> int:
    return 1 - shard_of(key.encode(), 2)


def at_home_last(town: Town) -> list[Seen]:
    """The command's records, the one in its key's own partition last."""
    home = shard_of(b"ann", PARTITIONS)
    return sorted(town.records(COMMANDS), key=lambda row: row.partition == home)


async def test_a_reader_that_stands_still_before_waiting_records_is_noticed(town: Town) -> None:
    """A broker client that hands over nothing looks alive; what waits tells it."""
    ticker = town.world.groups[0].members[0].ticker
    with patch.object(MemoryLog, "fetch", lambda _self, _limit: []):
        await town.for_seconds(60)
        assert {} == ticker.waiting
        town.ask("hello")
        await town.for_seconds(40)
        assert [(COMMANDS, shard_of(b"ann", PARTITIONS))] == list(ticker.stuck())
    await town.rest()
    await town.for_seconds(5)
    assert ["hello"] == town.words()
    assert {} == ticker.waiting


async def test_a_misrouted_record_is_published_again_to_the_right_one(town: Town) -> None:
    """A record in another partition than its key's is decided once, by the key's own shard."""
    town.ask("lost")
    place = shard_of(b"ann", 2)
    record = town.world.broker.records[COMMANDS, place].pop()
    wrong = Outgoing(COMMANDS, other_partition("ann"), record.key, record.value, record.headers)
    town.world.publish(wrong)
    await town.rest()
    assert ["lost"] == town.words()
    assert [other_partition("ann"), place] == [row.partition for row in at_home_last(town)]
    assert [("c1", "accepted")] == town.answer_codes()


async def test_a_topic_cut_below_the_position_stops_that_shard_alone(town: Town) -> None:
    """The shard says what is wrong and what resolves it; the other goes on."""
    for number in range(5):
        town.ask(f"w{number}", key="ann")
        town.ask(f"v{number}", key=town.key_elsewhere("ann"))
    await town.rest()
    mine = shard_of(b"ann", 2)
    del town.world.broker.records[COMMANDS, mine][3:]
    await town.for_seconds(10)
    for _ in range(40):
        await asyncio.sleep(0.17)
        assert "refused" == town.loop.shards[mine].state
    assert f"leadops shards resolve routing {mine}" in (town.loop.shards[mine].error or "")
    town.ask("goes on", key=town.key_elsewhere("ann"))
    await town.for_seconds(5)
    assert "goes on" in town.words()


async def test_a_shard_that_reads_on_while_the_log_is_asked_is_not_refused(town: Town) -> None:
    """The answer, when it comes, is of before: it knows nothing of what was taken since."""
    bounds = MemoryLog.bounds

    async def late(log: MemoryLog, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        found = await bounds(log, places)
        await asyncio.sleep(1)
        return found

    with patch.object(MemoryLog, "bounds", late):
        for number in range(60):
            town.ask(f"w{number}")
            await asyncio.sleep(0.2)
            assert {State.OPEN} == {shard.state for shard in town.loop.shards.values()}
    await town.rest()


async def test_a_topic_made_anew_is_noticed_by_its_last_record(town: Town) -> None:
    """Another record where the last one was read: refused on opening, then resolved."""
    town.ask("old")
    await town.rest()
    mine = shard_of(b"ann", 2)
    town.world.broker.records[COMMANDS, mine].clear()
    town.ask("new")
    await town.restart(rest=False)
    await town.for_seconds(5)
    assert "another record stands" in (town.loop.shards[mine].error or "")
    await town.resolve(mine)
    await town.for_seconds(10)
    assert ["old", "new"] == town.words()


async def test_reading_a_topic_again_changes_nothing(town: Town) -> None:
    """Commands, poison and skipped records that are read a second time have no second effect."""
    town.ask("hello")
    town.ask("never", mood="poison")
    town.publish(COMMANDS, Speak.TYPE, "ann", b"no json")
    town.publish(ORDERED, "leadops.routing.follow.v1", "ann", b"no json")
    await town.rest()
    for row in town.stored("dead_letters"):
        town.operate("skip", id=row["_id"], reason="test")
    await town.rest()
    await town.read_again(shard_of(b"ann", 2))
    await town.for_seconds(10)
    town.follow("goes on")
    await town.rest()
    assert ["hello", "goes on"] == town.words()
    assert ["skipped"] * 3 == [row["state"] for row in town.stored("dead_letters")]
