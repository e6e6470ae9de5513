"""One input and what becomes of it: decided once, answered, refused, or stopping the service."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.answers import accepted_type
from shared.contracts.trace_context import trace_id
from shared.loop.loop import CONFLICTS_BEFORE_SUSPICION
from shared.store import Replace
from shared.testing.log import MemoryLog
from tests.component.world import BROKEN, ORDERED, Speak, Town


async def test_a_stop_while_it_publishes_loses_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed is published by the next owner, also if what effects came to is decided
    on the way out."""
    (process,) = town.world.groups[0].members
    town.takes_seconds = 9
    town.ask("call", mood="outside")
    await town.for_seconds(1)
    monkeypatch.setattr(MemoryLog, "publish", never)
    town.ask("kept")
    await town.for_seconds(1)
    assert "kept" not in town.words()
    for task in process._tasks:
        task.cancel()
    await asyncio.sleep(9)
    await process.loop.stop(12)
    process.crash()
    monkeypatch.undo()
    await town.rest()
    assert {"call", "kept"} <= {*town.words()}
    numbers = [int(record.headers["ce_number"]) for record in town.records()]
    assert set(range(1, max(numbers) + 1)) == set(numbers)


async def never(*_: Any) -> None:
    await asyncio.Event().wait()


async def test_a_former_owner_is_cut_off_from_the_store(town: Town) -> None:
    """What it had under way must not land behind the back of the new one."""
    town.ask("hello")
    await town.rest()
    former = town.loop.store.session
    await town.restart()
    assert former in town.world.databases["routing"].dead


async def test_a_command_has_its_effect_and_is_answered(town: Town) -> None:
    """Saved, published and answered, each once."""
    town.ask("hello")
    await town.rest()
    assert ["hello"] == town.words()
    assert [("c1", "accepted")] == town.answer_codes()
    assert [1] == [row["count"] for row in town.stored("speakers")]


@pytest.mark.rule("OPS-06")
async def test_a_command_said_twice_is_answered_twice_and_done_once(town: Town) -> None:
    """The second answer is the first one's."""
    town.ask("hello", id="same")
    town.ask("hello", id="same")
    await town.rest()
    town.ask("hello", id="same")
    await town.rest()
    assert ["hello"] == town.words()
    assert [("same", "accepted")] * 3 == town.answer_codes()
    assert [accepted_type("routing")] * 3 == [
        record.type for record in town.records() if ".command." in record.type
    ]


@pytest.mark.rule("OPS-07")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"role": "stranger"}, "not_permitted"),
        ({"role": ""}, "not_permitted"),
        ({"type": "leadops.routing.shout.v1"}, "unknown_command"),
        ({"type": "leadops.routing.speak.v2"}, "unknown_command"),
    ],
)
async def test_what_may_not_be_asked_is_refused(
    town: Town, changed: dict[str, str], code: str
) -> None:
    """A refusal names its code and has no effect; the same from an operator has."""
    town.ask("hello", **changed)
    town.ask("allowed")
    await town.rest()
    assert ["allowed"] == town.words()
    assert ("c1", code) in town.answer_codes()


async def test_a_command_from_the_future_is_refused(town: Town) -> None:
    """Five minutes ahead are borne, more are not."""
    town.world.clock.set_by = timedelta(minutes=4)
    town.ask("bearable")
    town.world.clock.set_by = timedelta(minutes=6)
    town.ask("too far")
    town.world.clock.set_by = timedelta()
    await town.rest()
    assert ["bearable"] == town.words()
    assert {("c1", "accepted"), ("c2", "time_ahead")} == set(town.answer_codes())


async def test_unknown_events_are_ignored_and_counted(town: Town) -> None:
    """An event of a type that nobody here handles is not an error."""
    town.publish(ORDERED, "leadops.elsewhere.happened.v1", "ann", b"{}")
    await town.rest()
    assert [] == town.stored("dead_letters")
    assert 1 == town.loop.counters["inputs_ignored"]


@pytest.mark.rule("OPS-02")
async def test_a_handler_may_say_that_a_record_can_never_succeed(town: Town) -> None:
    """It is dead-lettered with its bytes and told so; the records around it go on."""
    town.ask("before")
    town.ask("never", mood="poison")
    town.ask("after")
    await town.rest()
    (kept,) = town.stored("dead_letters")
    assert ["before", "after"] == town.words()
    assert ("unspeakable", "dead") == (kept["code"], kept["state"])
    assert Speak(word="never", mood="poison").model_dump_json().encode() == kept["record"]["value"]
    assert ("c2", "dead_letter") in town.answer_codes()


async def test_a_decision_on_what_was_not_loaded_is_none(town: Town) -> None:
    """It fails its batch, of which nothing is kept, and its input is found like that of any bug."""
    town.ask("before")
    town.ask("never", mood="unprepared")
    town.ask("after")
    await town.rest()
    (kept,) = town.stored("dead_letters")
    assert ({"before", "after"}, [2]) == (
        set(town.words()),
        [row["count"] for row in town.stored("speakers")],
    )
    assert ("unexpected", True) == (kept["code"], "NotLoaded" in kept["text"])


async def test_the_same_unexpected_error_three_times_in_a_row_stops_the_service(town: Town) -> None:
    """That is a bad deployment, not bad data: nothing more is dead-lettered, and readiness says
    why."""
    words = [f"w{number}" for number in range(20)]
    BROKEN.update(words)
    for word in words:
        town.ask(word)
    await town.for_seconds(60)
    assert "ZeroDivisionError" in (town.loop.stopped or "")
    assert 2 == len(town.stored("dead_letters"))
    assert not town.loop.currently_open()
    BROKEN.clear()
    await town.restart()
    assert len(words) - 2 == len(town.words())


async def test_a_guard_that_always_fires_is_hunted_like_any_other_mistake(town: Town) -> None:
    """Once another writer was first; an input that meets one for ever holds up nobody."""
    town.ask("clash", mood="clash")
    town.ask("calm", key="bob")
    await town.rest()
    (kept,) = town.stored("dead_letters")
    assert ("unexpected", b"c1") == (kept["code"], dict(kept["record"]["headers"])["ce_id"])
    assert ["calm"] == town.words()
    assert CONFLICTS_BEFORE_SUSPICION <= town.loop.counters["guards_fired"]


async def test_what_is_published_carries_the_trace_of_its_cause(town: Town) -> None:
    """Through commands, deadlines and effects alike."""
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    town.ask("hello", mood="later", trace=trace)
    town.ask("call", mood="outside", trace=trace)
    await town.rest()
    town.world.clock.ahead += timedelta(days=2)
    await town.for_seconds(5)
    assert {"a" * 32} == {trace_id(row.text("traceparent")) for row in town.records()}
    assert {"hello", "it is time", "call", "done"} == set(town.words())


async def test_a_step_before_which_another_transaction_was_is_decided_again(town: Town) -> None:
    """With what it has in hand: nobody opens the shard anew, or reads again."""
    town.ask("first")
    await town.rest()
    (speaker,) = town.stored("speakers")
    epochs = [row["epoch"] for row in town.stored("shards")]
    async with town.store().transaction() as other:
        changed = {**speaker, "count": 41, "version": speaker["version"] + 1}
        await other.write("speakers", [Replace(changed)])
        town.ask("second")
        while not town.loop.counters["steps_contended"]:
            await asyncio.sleep(0.001)
    await town.rest()
    assert (["first", "second"], 42) == (town.words(), town.stored("speakers")[0]["count"])
    assert epochs == [row["epoch"] for row in town.stored("shards")]
