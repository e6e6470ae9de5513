"""What a step publishes to its own process is decided in the same step, and only once."""

import asyncio
from typing import Any

import pytest

from shared.loop.decision import Decision
from shared.loop.table import Table, on
from shared.loop.ticker import TICK_SECONDS
from shared.topics import shard_of
from tests.component.test_loop_edges import MINE
from tests.component.world import BROKEN, ORDERED, PARTITIONS, Later, Speak, Town


def key_beside(key: str) -> str:
    """Another key of the same shard."""
    mine = shard_of(key.encode(), PARTITIONS)
    names = (f"beside{number}" for number in range(100))
    return next(name for name in names if shard_of(name.encode(), PARTITIONS) == mine)


def hold_back(town: Town) -> None:
    """Nothing is read any more of what is handed on."""
    town.loop.log.pause([(ORDERED, number) for number in range(PARTITIONS)])


@pytest.mark.parametrize("to", ["ann", "elsewhere"])
async def test_it_is_decided_before_it_is_read(town: Town, to: str) -> None:
    """In the shard that publishes it, or in another one of the process."""
    receiver = town.key_elsewhere("ann") if to == "elsewhere" else to
    hold_back(town)
    town.ask("hello", mood="handed on", to=receiver)
    await town.for_seconds(1)
    assert ["hello"] == town.words()


@pytest.mark.parametrize("kind", [Speak, Later])
def test_only_what_has_dense_numbers_may_be_early(kind: type[Any]) -> None:
    """Neither a command, which anybody may write, nor a deadline."""
    with pytest.raises(AssertionError, match="can't be early"):
        Table([on(kind, lambda *_: Decision(), early=True)])


async def test_its_way_through_the_log_is_an_echo(town: Town) -> None:
    """Counted as such: it is no duplicate that anybody would look into."""
    town.ask("hello", mood="handed on")
    await town.rest()
    counters = town.loop.counters
    assert ["hello"] == town.words()
    assert (1, 1, 0) == tuple(counters[f"inputs_{what}"] for what in ("early", "echo", "duplicate"))
    assert [] == list(town.loop.duplicates)
    assert not any(shard.echoes for shard in town.loop.shards.values())


async def test_an_echo_is_no_step(town: Town) -> None:
    """What it moves is written by the next step, or by the one that a resting shard gets."""
    before = town.loop.counters["steps"]
    for number in range(30):
        town.ask(f"w{number}", mood="handed on", to=town.key_elsewhere("ann"))
        await asyncio.sleep(TICK_SECONDS)
    await town.rest()
    assert 30 == len(town.words())
    assert town.loop.counters["steps"] - before < 30 + 30


async def test_after_a_crash_it_is_known(town: Town) -> None:
    """Its number was taken in the transaction of its effect."""
    hold_back(town)
    town.ask("hello", mood="handed on")
    await town.for_seconds(1)
    await town.restart()
    assert (["hello"], 1) == (town.words(), town.loop.counters["inputs_duplicate"])


async def test_what_is_poison_is_left_to_be_read(town: Town) -> None:
    """It is dead-lettered with its place in the log, and its key waits behind it."""
    BROKEN.add("unsayable")
    hold_back(town)
    town.ask("unsayable", mood="handed on")
    await town.for_seconds(1)
    assert [] == town.stored("dead_letters")
    await town.restart()
    town.ask("behind", mood="handed on")
    await town.rest()
    dead, waiting = town.stored("dead_letters")
    assert (0, 1) == (dead["record"]["offset"], waiting["record"]["offset"])
    assert ("dead", "waiting", []) == (dead["state"], waiting["state"], town.words())
    BROKEN.clear()
    town.operate("replay", id=dead["_id"])
    await town.rest()
    assert ["unsayable", "behind"] == town.words()


async def test_nothing_that_was_published_before_is_overtaken(town: Town) -> None:
    """Behind one that is still to be read, others of its stream are read too, whatever their key;
    then the next are early again."""
    BROKEN.add("first")
    hold_back(town)
    beside = key_beside("ann")
    town.ask("first", mood="handed on")
    town.ask("second", mood="handed on", to=beside)
    await town.for_seconds(1)
    assert [] == town.words()
    BROKEN.clear()
    await town.restart()
    assert ["first", "second"] == town.words()
    town.ask("third", mood="handed on", to=beside)
    await town.rest()
    assert (3, 1) == (len(town.words()), town.loop.counters["inputs_early"])


async def test_whoever_published_what_fails_is_not_blamed(town: Town) -> None:
    """An error that nobody expected is of the record alone: the command has its answer."""
    BROKEN.add("crash boom")
    town.ask("boom", mood="handed on", to=town.key_elsewhere("ann"))
    await town.rest()
    (dead,) = town.stored("dead_letters")
    assert (ORDERED, "unexpected") == (dead["record"]["topic"], dead["code"])
    assert [("c1", "accepted")] == town.answer_codes()


async def test_what_another_replica_holds_is_left_to_it(town: Town) -> None:
    """It alone may write that shard's row."""
    town.world.groups[0].replicas = 2
    await town.rest()
    town.ask("hello", mood="handed on", to=town.key_elsewhere("ann"))
    await town.rest()
    early = [member.loop.counters["inputs_early"] for member in town.world.groups[0].members]
    assert (["hello"], [0, 0]) == (town.words(), early)


async def test_what_retention_took_after_it_was_decided_is_not_decided_again(town: Town) -> None:
    """A person moves the position over it; the stream goes on where it is."""
    hold_back(town)
    for word in ("early", "early too"):
        town.ask(word, mood="handed on")
        await town.for_seconds(1)
    town.world.broker.begins[ORDERED, MINE] = 1
    await town.for_seconds(5)
    assert "retention overtook the reader" in (town.loop.shards[MINE].error or "")
    await town.resolve(MINE)
    await town.rest()
    town.ask("later", mood="handed on")
    await town.rest()
    assert ["early", "early too", "later"] == town.words()


async def test_what_would_publish_too_much_is_left_to_be_read(town: Town) -> None:
    """Nothing of its decision is kept early, neither what it saves nor its number."""
    town.ask("endless", mood="handed on")
    town.ask("said", mood="handed on", to=town.key_elsewhere("ann"))
    await town.rest()
    (dead,) = town.stored("dead_letters")
    assert (ORDERED, "event_too_large") == (dead["record"]["topic"], dead["code"])
    assert (["said"], [1]) == (town.words(), [row["count"] for row in town.stored("speakers")])


async def test_more_than_a_step_may_take_is_read_in_turn(town: Town) -> None:
    """What is early and what is read are decided in the order in which they were published."""
    words = [f"w{number}" for number in range(40)]
    for word in words:
        town.ask(word, mood="handed on")
    town.loop._bisection.batch_size_max = town.loop._bisection.limit = 7
    await town.rest()
    counters = town.loop.counters
    assert words == town.words()
    assert 40 == counters["inputs_echo"] + counters["inputs_handled"] - 40
    assert 0 == counters["inputs_duplicate"]


async def test_while_a_lane_is_released_nothing_passes_it(town: Town) -> None:
    """What waits there comes first, though nothing holds it any more."""
    BROKEN.add("head")
    for word in ("head", *(f"w{number}" for number in range(250))):
        town.follow(word)
    await town.rest()
    town.operate("skip", id=town.stored("dead_letters")[0]["_id"], reason="not needed")
    town.ask("last", mood="handed on")
    await town.rest()
    assert [*(f"w{number}" for number in range(250)), "last"] == town.words()
