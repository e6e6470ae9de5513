"""The loop where an input is late, was lost, or is taken for another one."""

import asyncio
import random
from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest

from shared.clock import SystemClock
from shared.errors import Infrastructure
from shared.loop import outbox, step
from shared.loop.batch import Batch
from shared.loop.decision import Verdict
from shared.loop.effects import Result
from shared.loop.loop import Loop
from shared.loop.ticker import Ticker
from shared.loop.worker import FAILURES_TO_OPEN, OPEN_SECONDS
from shared.store import Transaction
from shared.testing.log import Faults, MemoryBroker, MemoryLog
from shared.testing.memory import MemoryDatabase, MemoryStore
from shared.topics import manifest, shard_of
from tests.component.world import BROKEN, COMMANDS, ORDERED, PARTITIONS, Follow, Town, service

MINE = shard_of(b"ann", PARTITIONS)


async def test_the_same_payload_of_another_type_is_another_command(town: Town) -> None:
    """An id that stands for a command can't be used for one of another kind."""
    town.ask("hello", id="same")
    await town.rest()
    town.ask("hello", id="same", type="leadops.routing.shout.v1")
    await town.rest()
    assert [("same", "accepted"), ("same", "id_reused")] == town.answer_codes()
    assert ["id_reused"] == [row["code"] for row in town.stored("dead_letters")]


@pytest.mark.parametrize("late", [Verdict.DONE, Verdict.REFUSED, Verdict.UNKNOWN])
async def test_a_result_of_an_earlier_attempt_ends_nothing(town: Town, late: Verdict) -> None:
    """The attempt that is under way decides; what an earlier one came to is history."""
    town.takes_seconds = 8
    town.answers = [(Verdict.UNKNOWN, "no answer"), (Verdict.REFUSED, "answered 422")]
    town.ask("call", mood="outside")
    await town.for_seconds(24)
    (row,) = town.stored("effects")
    assert ("in_flight", 2) == (row["state"], row["attempt"])
    town.loop.worker.results.append(Result(row["_id"], row["shard"], 1, late, "late"))
    await town.for_seconds(1)
    assert [row] == town.stored("effects")
    assert 1 == town.loop.counters["results_late"]
    await town.rest()
    assert ["call", "refused"] == town.words()


@pytest.mark.parametrize("taken", [1, 2])
async def test_what_retention_took_before_it_was_read_stops_the_shard(
    town: Town, taken: int
) -> None:
    """However little it is: nothing is skipped in silence, and the other shard goes on."""
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


async def test_what_retention_took_after_it_was_read_stops_nothing(town: Town) -> None:
    """The position may stand exactly where the log begins."""
    town.ask("read")
    await town.rest()
    town.world.broker.begins[COMMANDS, MINE] = 1
    await town.restart()
    town.ask("goes on")
    await town.rest()
    assert ["read", "goes on"] == town.words()


async def test_a_stream_whose_beginning_is_gone_goes_on_where_it_is(town: Town) -> None:
    """A person has said that what retention took is lost; what follows in its stream is not."""
    town.follow("first")
    await town.rest()
    assert ["first"] == town.words()
    rows = town.world.broker.records[ORDERED, MINE]
    position = len(rows)
    town.world.groups[0].members[0].loop.log.pause([(ORDERED, MINE)])
    for word in ("lost", "kept", "kept too"):
        town.follow(word)
        await town.for_seconds(2)
    assert position + 3 == len(rows)
    town.world.broker.begins[ORDERED, MINE] = position + 1
    await town.for_seconds(5)
    assert "retention overtook the reader" in (town.loop.shards[MINE].error or "")
    await town.resolve(MINE)
    await town.rest()
    assert ["first", "kept", "kept too"] == town.words()


async def test_an_end_that_could_not_be_decided_is_decided_by_its_replay(town: Town) -> None:
    """What is no record is kept whole too, so that a mended program can take it up."""
    town.ask("call", mood="outside", id="c-end")
    BROKEN.add("c-end")
    await town.rest()
    (kept,) = town.stored("dead_letters")
    assert "unexpected" == kept["code"]
    BROKEN.clear()
    town.operate("replay", id=kept["_id"])
    await town.rest()
    assert ["call", "done"] == list(dict.fromkeys(town.words()))
    assert ["replayed"] == [row["state"] for row in town.stored("dead_letters")]


async def test_no_two_tenants_events_share_an_id(town: Town) -> None:
    """Though their commands do: whoever drops events by source and id would lose one of them."""
    town.ask("one", id="same")
    town.ask("another", id="same", tenant="other")
    await town.rest()
    assert {"one", "another"} == set(town.words())
    assert 4 == len({row.text("ce_id") for row in town.records()})


async def test_records_that_come_while_a_process_stops_are_left_to_the_next(town: Town) -> None:
    """Also those that were handed over just before, and wait for a step to end."""
    town.ask("late")
    records = town.world.broker.records[COMMANDS, MINE][-1:]
    async with town.loop.lock:
        taking = asyncio.create_task(town.loop.on_records(records))
        await asyncio.sleep(0)
        stopping = asyncio.create_task(town.loop.stop(1))
        await asyncio.sleep(0)
    await asyncio.gather(taking, stopping)
    await town.for_seconds(2)
    assert [] == town.words()
    await town.restart()
    assert ["late"] == town.words()


def bare_loop(**options: Any) -> Loop:
    broker = MemoryBroker([COMMANDS], PARTITIONS)

    async def gate(_point: str) -> None: ...

    async def fails(_row: dict[str, Any]) -> tuple[Verdict, str]:
        return Verdict.UNKNOWN, "no answer"

    log = MemoryLog(broker, gate, random.Random(1), Faults())
    return Loop(service(), MemoryStore(MemoryDatabase()), log, SystemClock(), fails, **options)


@pytest.mark.parametrize(
    ("full", "short", "steps", "is_busy"),
    [
        (5, 9, False, True),
        (5, 10, False, False),
        (3, 10, False, False),
        (3, 9, False, False),
        (3, 9, True, True),
        (5, 10, True, False),
    ],
)
async def test_a_client_is_busy_whose_batches_are_all_full_or_are_not_taken(
    full: int, short: int, steps: bool, is_busy: bool
) -> None:
    """Since the last look, at which three had been full and nine had not."""
    loop = bare_loop()
    ticker = Ticker(loop)
    loop.counters.update(batches_full=3, batches_short=9)
    ticker._was_busy()
    loop.counters.update(batches_full=full - 3, batches_short=short - 9)
    if steps:
        await loop.lock.acquire()
    assert is_busy == ticker._was_busy()


def test_a_loop_has_as_many_partitions_as_the_topics_are_made_with() -> None:
    """A service does not say how many: keys go where all others look for them."""
    assert manifest().partitions == bare_loop().reader.partitions
    assert PARTITIONS == bare_loop(partitions=PARTITIONS).reader.partitions


async def test_a_result_outlives_the_step_that_fails_with_it(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the endpoint has answered is decided later, and it is not called again."""
    right, failed = step._save, list[int]()

    async def fail_once(batch: Batch, transaction: Transaction) -> None:
        if batch.inputs.results and not failed:
            failed.append(len(batch.inputs.results))
            raise Infrastructure("the store is away")
        await right(batch, transaction)

    monkeypatch.setattr(step, "_save", fail_once)
    town.ask("call", mood="outside")
    await town.rest()
    assert ([1], 1) == (failed, len(town.requests))
    assert 1 == town.loop.counters["retries"]
    assert [] == town.stored("effects")


@patch("shared.loop.worker.QUEUED_PER_ENDPOINT_MAX", 3)
async def test_a_step_begins_no_more_at_an_endpoint_than_it_may_queue(town: Town) -> None:
    """Beside those that it begins itself; the others wait, and have their turn."""
    town.takes_seconds = 20
    for number in range(9):
        town.ask(f"call {number}", mood="outside")
    await town.for_seconds(2)
    states = Counter(row["state"] for row in town.stored("effects"))
    assert {"in_flight": 3, "waiting": 6} == states
    await town.rest()
    assert 9 == len(town.requests)
    assert [] == town.stored("effects")


async def test_who_has_the_commands_of_a_shard_owns_it() -> None:
    """While replicas come and go one may hold a part of another's places."""
    loop = bare_loop(partitions=PARTITIONS)
    loop.assign([(ORDERED, 0), (COMMANDS, 1), (ORDERED, 1)])
    assert {1: [(ORDERED, 1), (COMMANDS, 1)]} == {
        number: sorted(shard.places) for number, shard in loop.shards.items()
    }


async def test_a_breaker_waits_on_the_clock_that_it_is_given() -> None:
    """On a stack whose clock is moved, an endpoint is asked again when that clock says so."""
    now = 0.0
    loop = bare_loop(endpoints_time=lambda: now)
    rows = [
        {"_id": f"e{number}", "attempt": 1, "shard": 0, "endpoint": "x.example"}
        for number in range(FAILURES_TO_OPEN)
    ]
    loop.worker.start(rows)
    await asyncio.sleep(0.01)
    assert not loop.worker.has_room("x.example")
    now += OPEN_SECONDS
    assert loop.worker.has_room("x.example")


async def test_an_unreadable_record_waits_behind_the_head_of_its_key_and_takes_no_place_of_it(
    town: Town,
) -> None:
    """It is told why only when its turn has come; until then its key waits for the first."""
    BROKEN.add("first")
    town.follow("first")
    await town.rest()
    town.publish(ORDERED, Follow.TYPE, "ann", b'{"words": []}')
    await town.rest()
    rows = {row["state"]: row for row in town.stored("dead_letters")}
    assert {"dead", "waiting"} == rows.keys()
    (head,) = {lane for shard in town.loop.shards.values() for lane in shard.blocked.values()}
    assert rows["dead"]["_id"] == head == rows["waiting"]["behind"]
    BROKEN.clear()
    town.operate("replay", id=head)
    await town.rest()
    states = {row["code"]: row["state"] for row in town.stored("dead_letters")}
    assert {"unspeakable": "replayed", "invalid": "dead"} == states


async def test_what_a_row_has_no_room_for_is_published_too(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a document bears well lies beside the row, until it is published."""
    monkeypatch.setattr(outbox, "BYTES_MAX", 500)
    words = [str(number) * 400 for number in range(9)]
    for word in words:
        town.ask(word)
    beside = 0
    while len(town.words()) < len(words):
        beside = max(beside, len(town.stored("outbox")))
        await asyncio.sleep(0.001)
    await town.rest()
    assert (words, []) == (town.words(), town.stored("outbox"))
    assert beside > 0
