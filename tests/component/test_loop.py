"""The loop's promises, one at a time, on a small service in virtual time."""

import asyncio
from collections import Counter
from datetime import timedelta
from unittest.mock import patch

import pytest

from cli.oracle.evidence import Seen
from shared.contracts.answers import accepted_type
from shared.loop.effects import Verdict
from shared.loop.log import Outgoing
from shared.loop.loop import CONFLICTS_BEFORE_SUSPICION
from shared.testing.log import MemoryLog
from shared.topics import shard_of
from tests.component.world import BROKEN, COMMANDS, ORDERED, PARTITIONS, Speak, Town


def other_partition(key: str) -> int:
    return 1 - shard_of(key.encode(), 2)


def at_home_last(town: Town) -> list[Seen]:
    """The command's records, the one in its key's own partition last."""
    home = shard_of(b"ann", PARTITIONS)
    return sorted(town.records(COMMANDS), key=lambda row: row.partition == home)


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


async def test_an_id_used_for_another_payload_is_refused_and_dead_lettered(town: Town) -> None:
    """Nothing is silently dropped: the second payload is kept."""
    town.ask("hello", id="same")
    town.ask("other", id="same")
    await town.rest()
    assert ["hello"] == town.words()
    assert [("same", "accepted"), ("same", "id_reused")] == town.answer_codes()
    assert ["id_reused"] == [row["code"] for row in town.stored("dead_letters")]


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


@pytest.mark.rule("OPS-02")
async def test_a_dead_letter_is_replayed_with_a_corrected_value(town: Town) -> None:
    """Replaying decides it inside the service; a replay that fails again leaves it where it is."""
    town.ask("never", mood="poison")
    await town.rest()
    (kept,) = town.stored("dead_letters")
    town.operate("replay", id=kept["_id"])
    await town.rest()
    assert ("c2", "still_fails") in town.answer_codes()
    town.operate("replay", id=kept["_id"], value=Speak(word="mended").model_dump_json())
    await town.rest()
    assert ["mended"] == town.words()
    assert ["replayed"] == [row["state"] for row in town.stored("dead_letters")]


@pytest.mark.rule("OPS-02")
async def test_later_records_of_a_key_wait_in_order_behind_one_dead_lettered(town: Town) -> None:
    """Where order matters its key is blocked, other keys go on; replaying frees them in order."""
    BROKEN.add("second")
    for word in ("first", "second", "third", "fourth"):
        town.follow(word)
    town.follow("elsewhere", key="bob")
    await town.rest()
    assert {"first", "elsewhere"} == set(town.words())
    await town.restart()
    town.follow("fifth")
    await town.rest()
    assert ["dead"] + ["waiting"] * 3 == sorted(row["state"] for row in town.stored("dead_letters"))
    BROKEN.clear()
    (head,) = [row for row in town.stored("dead_letters") if row["state"] == "dead"]
    town.operate("replay", id=head["_id"])
    town.follow("sixth")
    await town.rest()
    ann = [word for word in town.words() if word != "elsewhere"]
    assert ["first", "second", "third", "fourth", "fifth", "sixth"] == ann


@pytest.mark.parametrize("how", ["skip", "replay"])
async def test_much_that_waits_behind_a_record_is_decided_in_order_bit_by_bit(
    town: Town, how: str
) -> None:
    """Also across restarts; what comes meanwhile waits its turn, and a new head stops it again."""
    words = [f"w{number:03}" for number in range(350)]
    BROKEN.update({words[0], words[230]})
    for word in words:
        town.follow(word)
    await town.rest()
    if how == "replay":
        BROKEN.discard(words[0])
    (head,) = [row for row in town.stored("dead_letters") if row["state"] == "dead"]
    town.operate(how, id=head["_id"], reason="given up")
    await town.for_seconds(1)
    await town.restart()
    town.follow("later")
    await town.rest()
    first = words[1:] if how == "skip" else words
    # What was published before the restart may stand twice, under one number.
    assert first[: first.index(words[230])] == list(dict.fromkeys(town.words()))
    BROKEN.clear()
    (head,) = [row for row in town.stored("dead_letters") if row["state"] == "dead"]
    town.operate("replay", id=head["_id"])
    town.follow("last")
    await town.rest()
    assert [*first, "later", "last"] == list(dict.fromkeys(town.words()))
    assert [{}, {}] == [shard.blocked for shard in town.loop.shards.values()]


async def test_tenants_do_not_wait_behind_each_other(town: Town) -> None:
    """The same key of another tenant is another key."""
    BROKEN.add("second")
    town.follow("second")
    town.follow("third")
    town.follow("theirs", tenant="other")
    await town.rest()
    assert ["theirs"] == town.words()
    await town.restart()
    town.follow("theirs too", tenant="other")
    await town.rest()
    assert ["theirs", "theirs too"] == town.words()


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


async def test_what_no_message_can_hold_becomes_a_dead_letter_and_not_tried_for_ever(
    town: Town,
) -> None:
    """Once committed it could never be published, and its shard would never open again."""
    town.ask("oh", mood="endless")
    town.ask("hello")
    await town.rest()
    assert ["hello"] == town.words()
    assert ["event_too_large"] == [row["code"] for row in town.stored("dead_letters")]
    (speaker,) = town.stored("speakers")
    assert len(str(speaker)) < 1000


async def test_one_bad_record_is_found_by_halving(town: Town) -> None:
    """An error that nobody expected costs that record alone."""
    BROKEN.add("w7")
    for number in range(20):
        town.ask(f"w{number}")
    await town.rest()
    assert {f"w{number}" for number in range(20)} - {"w7"} == set(town.words())
    (kept,) = town.stored("dead_letters")
    assert "unexpected" == kept["code"]
    assert "ZeroDivisionError" in kept["text"]
    assert "w7" not in kept["text"]


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
    assert not town.loop.open()
    BROKEN.clear()
    await town.restart()
    assert len(words) - 2 == len(town.words())


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


async def test_an_effect_is_tried_again_with_the_same_request_until_it_is_done(town: Town) -> None:
    """Unknown results are retried; the endpoint sees one id and one body."""
    town.answers = [(Verdict.UNKNOWN, "no answer"), (Verdict.NOT_TRIED, "unreachable")]
    town.ask("call", mood="outside")
    await town.rest()
    assert ["call", "done"] == town.words()
    assert 3 == len(town.requests)
    assert 1 == len({(row["_id"], row["request"]["body"]) for row in town.requests})


@pytest.mark.parametrize(
    ("verdict", "outcome"), [(Verdict.UNKNOWN, "uncertain"), (Verdict.NOT_TRIED, "refused")]
)
async def test_an_effect_is_given_up_after_a_day(
    town: Town, verdict: Verdict, outcome: str
) -> None:
    """Without a clear result it stays uncertain; if it certainly never happened it is refused."""
    town.answers = [(verdict, "failing")] * 500
    town.ask("call", mood="outside")
    await town.rest()
    assert ["call", outcome] == town.words()


async def test_an_effect_begins_once_the_events_of_its_step_are_published(town: Town) -> None:
    """Nobody hears of a send before the claim that it follows from."""
    for number in range(3):
        town.ask(f"w{number}", mood="outside")
        await town.rest()
    assert [1, 3, 5] == town.published_at_requests


def ask_of_a_dead_endpoint(town: Town, times: int) -> None:
    """It takes half a minute to give no answer."""
    town.answers, town.takes_seconds = [(Verdict.UNKNOWN, "no answer")] * 1_000, 30
    for number in range(times):
        town.ask(f"w{number}", mood="outside")


async def test_what_stands_behind_a_dead_endpoint_is_given_up_too(town: Town) -> None:
    """One attempt at a time is made there, so most rows would never get another one: they end with
    the day all the same, and only those that were tried may have happened."""
    ask_of_a_dead_endpoint(town, 60)
    await town.for_seconds(120)
    town.world.clock.set_by += timedelta(hours=24)
    await town.for_seconds(60)
    assert town.stored("effects"), "it may come round yet"
    town.world.clock.ahead += timedelta(minutes=15)
    await town.for_seconds(60)
    tried = {row["_id"] for row in town.requests}
    ends = Counter(word for word in town.words() if not word.startswith("w"))
    assert {"uncertain": len(tried), "refused": 60 - len(tried)} == ends
    assert ends["refused"]
    assert not town.stored("effects")


async def test_a_guard_that_always_fires_is_hunted_like_any_other_mistake(town: Town) -> None:
    """Once another writer was first; an input that meets one for ever holds up nobody."""
    town.ask("clash", mood="clash")
    town.ask("calm", key="bob")
    await town.rest()
    (kept,) = town.stored("dead_letters")
    assert ("unexpected", b"c1") == (kept["code"], dict(kept["record"]["headers"])["ce_id"])
    assert ["calm"] == town.words()
    assert CONFLICTS_BEFORE_SUSPICION <= town.loop.counters["guards_fired"]


async def test_many_ends_at_once_do_not_hide_one_that_fails(town: Town) -> None:
    """Halving the batch halves what is given up too, until one input is left to blame."""
    ask_of_a_dead_endpoint(town, 60)
    await town.for_seconds(120)
    waiting = [row["_id"] for row in town.stored("effects") if row["state"] == "waiting"]
    BROKEN.add(waiting[-1])
    town.world.clock.ahead += timedelta(hours=24)
    await town.for_seconds(300)
    (kept,) = town.stored("dead_letters")
    assert ("unexpected", f"effect/{waiting[-1]}") == (kept["code"], kept["_id"])
    assert not town.stored("effects")


async def test_a_definite_refusal_ends_an_effect_at_once(town: Town) -> None:
    """It is not tried again."""
    town.answers = [(Verdict.REFUSED, "answered 422")]
    town.ask("call", mood="outside")
    await town.rest()
    assert ["call", "refused"] == town.words()
    assert 1 == len(town.requests)


async def test_what_is_said_carries_the_trace_of_its_cause(town: Town) -> None:
    """Through saying, deadlines and effects alike."""
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    town.ask("hello", mood="later", traceparent=trace)
    town.ask("call", mood="outside", traceparent=trace)
    await town.rest()
    town.world.clock.ahead += timedelta(days=2)
    await town.for_seconds(5)
    assert {trace} == {row.text("traceparent") for row in town.records()}
    assert {"hello", "it is time", "call", "done"} == set(town.words())
