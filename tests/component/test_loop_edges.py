"""The loop where an input is late, was lost, or is taken for another one."""

import pytest

from shared.loop.effects import Result, Verdict
from shared.topics import shard_of
from tests.component.world import BROKEN, COMMANDS, ORDERED, PARTITIONS, Town, in_town

MINE = shard_of(b"ann", PARTITIONS)


def test_the_same_payload_of_another_type_is_another_command() -> None:
    """An id that stands for a command can't be used for one of another kind."""

    async def story(town: Town) -> None:
        town.ask("hello", id="same")
        await town.rest()
        town.ask("hello", id="same", type="leadops.routing.shout.v1")
        await town.rest()
        assert [("same", "accepted"), ("same", "id_reused")] == town.answer_codes()
        assert ["id_reused"] == [row["code"] for row in town.stored("set_aside")]

    in_town(story)


@pytest.mark.parametrize("late", [Verdict.DONE, Verdict.REFUSED, Verdict.UNKNOWN])
def test_a_result_of_an_earlier_attempt_ends_nothing(late: Verdict) -> None:
    """The attempt that is under way decides; what an earlier one came to is history."""

    async def story(town: Town) -> None:
        town.takes_seconds = 8
        town.answers = [(Verdict.UNKNOWN, "no answer"), (Verdict.REFUSED, "answered 422")]
        town.ask("call", mood="outside")
        await town.for_seconds(24)
        (row,) = town.stored("effects")
        assert ("begun", 2) == (row["state"], row["attempt"])
        town.loop.worker.results.append(Result(row["_id"], row["shard"], 1, late, "late"))
        await town.for_seconds(1)
        assert [row] == town.stored("effects")
        await town.rest()
        assert ["call", "refused"] == town.words()

    in_town(story)


@pytest.mark.parametrize("taken", [1, 2])
def test_what_retention_took_before_it_was_read_stops_the_shard(taken: int) -> None:
    """However little it is: nothing is skipped in silence, and the other shard goes on."""

    async def story(town: Town) -> None:
        town.ask("read")
        await town.rest()
        town.world.groups[0].members[0].loop.close([MINE])
        for _ in range(2):
            town.ask("lost")
        town.world.broker.begins[COMMANDS, MINE] = 1 + taken
        await town.for_seconds(5)
        assert "retention overtook the reader" in (town.loop.shards[MINE].error or "")
        town.ask("elsewhere", key=town.key_elsewhere("ann"))
        await town.for_seconds(2)
        assert {"read", "elsewhere"} == set(town.words())

    in_town(story)


def test_what_retention_took_after_it_was_read_stops_nothing() -> None:
    """The position may stand exactly where the log begins."""

    async def story(town: Town) -> None:
        town.ask("read")
        await town.rest()
        town.world.broker.begins[COMMANDS, MINE] = 1
        await town.restart()
        town.ask("goes on")
        await town.rest()
        assert ["read", "goes on"] == town.words()

    in_town(story)


def test_a_stream_whose_beginning_is_gone_goes_on_where_it_is() -> None:
    """A person has said that what retention took is lost; what follows in its stream is not."""

    async def story(town: Town) -> None:
        town.ask("first", mood="handed on")
        await town.rest()
        assert ["first"] == town.words()
        rows = town.world.broker.records[ORDERED, MINE]
        position = len(rows)
        town.world.groups[0].members[0].loop.log.pause([(ORDERED, MINE)])
        for word in ("lost", "kept", "kept too"):
            town.ask(word, mood="handed on")
            await town.for_seconds(2)
        assert position + 3 == len(rows)
        town.world.broker.begins[ORDERED, MINE] = position + 1
        await town.for_seconds(5)
        assert "retention overtook the reader" in (town.loop.shards[MINE].error or "")
        await town.resolve(MINE)
        await town.rest()
        assert ["first", "kept", "kept too"] == town.words()

    in_town(story)


def test_an_end_that_could_not_be_decided_is_decided_by_its_replay() -> None:
    """What is no record is kept whole too, so that a mended program can take it up."""

    async def story(town: Town) -> None:
        town.ask("call", mood="outside", id="c-end")
        BROKEN.add("c-end")
        await town.rest()
        (kept,) = town.stored("set_aside")
        assert "unexpected" == kept["code"]
        BROKEN.clear()
        town.operate("replay", id=kept["_id"])
        await town.rest()
        assert ["call", "done"] == list(dict.fromkeys(town.words()))
        assert ["replayed"] == [row["state"] for row in town.stored("set_aside")]

    in_town(story)


def test_no_two_tenants_events_share_an_id() -> None:
    """Though their commands do: whoever drops events by source and id would lose one of them."""

    async def story(town: Town) -> None:
        town.ask("one", id="same")
        town.ask("another", id="same", tenant="other")
        await town.rest()
        assert {"one", "another"} == set(town.words())
        assert 4 == len({row.text("ce_id") for row in town.records()})

    in_town(story)
