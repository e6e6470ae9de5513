"""Resolving dead letters while others of their key come in, in one and the same batch."""

import json
from collections.abc import Callable, Set
from typing import Any
from unittest.mock import patch

import pytest

from shared.dead_letters_api import routes
from shared.errors import ShardRefuses
from shared.loop import migrations
from shared.loop.log import RawRecord
from shared.loop.resolve import check_in_log
from shared.mongo import encode
from shared.store import Document
from shared.testing.log import MemoryLog
from shared.topics import shard_of
from tests.apis import app_of, client, found
from tests.component.world import BROKEN, COMMANDS, ORDERED, PARTITIONS, Speak, Town

Fetch = Callable[[MemoryLog, int], list[RawRecord]]


@pytest.fixture(autouse=True)
def _heals() -> None:
    BROKEN.clear()


async def blocked_town(town: Town) -> str:
    """One record is dead-lettered, another waits behind it; the first one's id."""
    BROKEN.add("first")
    town.follow("first")
    town.follow("second")
    await town.rest()
    (head,) = [row["_id"] for row in town.stored("dead_letters") if row["state"] == "dead"]
    return head


async def test_a_record_is_skipped_once_however_often_it_is_asked(town: Town) -> None:
    """Two operators ask the same within one batch: the second is told that nothing is left."""
    head = await blocked_town(town)
    town.operate("skip", id=head, reason="one")
    town.operate("skip", id=head, reason="two")
    await town.rest()
    assert ["second"] == town.words()
    codes = [code for _, code in town.answer_codes()]
    assert ["accepted", "dead_letter_unknown"] == codes
    assert 0 == town.loop.counters["guards_fired"]


async def test_a_replay_that_fails_twice_in_a_batch_leaves_the_record_dead_lettered(
    town: Town,
) -> None:
    head = await blocked_town(town)
    town.operate("replay", id=head)
    town.operate("replay", id=head)
    await town.rest()
    assert ["still_fails"] * 2 == [code for _, code in town.answer_codes()]
    assert 0 == town.loop.counters["guards_fired"]


@pytest.mark.parametrize("first", [ORDERED, COMMANDS])
async def test_what_waits_in_the_batch_that_resolves_its_key_is_decided_too(
    town: Town, first: str
) -> None:
    """Whichever topic comes first in the batch, no record is left waiting behind a resolved one."""
    head = await blocked_town(town)
    town.follow("third")
    town.follow("fourth")
    town.operate("skip", id=head, reason="given up")
    await town.loop.on_records(unread(town, first))
    await town.rest()
    assert ["second", "third", "fourth"] == town.words()
    assert "waiting" not in {row["state"] for row in town.stored("dead_letters")}


def unread(town: Town, first: str) -> list[RawRecord]:
    """All records that were not read yet as one batch, those of one topic first."""
    positions = town.loop.positions()
    rows = [
        row
        for place, records in town.world.broker.records.items()
        for row in records[positions.get(place, len(records)) :]
    ]
    return sorted(rows, key=lambda row: (row.topic != first, row.offset))


@pytest.mark.parametrize("how", ["skip", "replay"])
async def test_only_the_shard_that_keeps_a_record_resolves_it(town: Town, how: str) -> None:
    """Asked in another one nothing is done, and the right one still frees what waits behind it."""
    head = await blocked_town(town)
    BROKEN.clear()
    kind = f"leadops.routing.dead-letter.{how}.v1"
    data = json.dumps({"id": head, "reason": "given up"}).encode()
    town.publish(COMMANDS, kind, town.key_elsewhere("ann"), data)
    await town.rest()
    assert ["dead_letter_unknown"] == [code for _, code in town.answer_codes()]
    town.publish(COMMANDS, kind, "ann", data)
    await town.rest()
    town.follow("third")
    await town.rest()
    assert ["second", "third"] == [word for word in town.words() if word != "first"]


@pytest.mark.parametrize("behind", [0, 3, 150])
@pytest.mark.parametrize("how", ["skip", "replay"])
async def test_a_bug_that_only_a_replay_shows_stops_nobody(
    town: Town, how: str, behind: int
) -> None:
    """Whatever waits behind it: it is dead-lettered with the reason, and no input is taken for
    it."""
    head = await blocked_town(town)
    words = [f"w{number:03}" for number in range(behind)]
    for word in (*words, "bad", "after"):
        town.follow(word)
    await town.rest()
    BROKEN.add("crash bad")
    if how == "replay":
        BROKEN.discard("first")
    town.operate(how, id=head, reason="given up")
    town.ask("meanwhile", key="bob")
    await town.rest()
    first = ["first"] if how == "replay" else []
    done = [*first, "second", *words]
    assert {*done, "meanwhile"} == set(town.words())
    (bad,) = [row for row in town.stored("dead_letters") if row["state"] == "dead"]
    assert ("unexpected", ORDERED) == (bad["code"], bad["record"]["topic"])
    for _ in range(3):
        town.operate("replay", id=bad["_id"])
        await town.rest()
    assert (["still_fails"] * 3, None) == (
        [code for _, code in town.answer_codes()][-3:],
        town.loop.stopped,
    )
    BROKEN.clear()
    town.operate("replay", id=bad["_id"])
    await town.rest()
    # What was published before a shard was opened anew may stand twice, under one number.
    once = dict.fromkeys(word for word in town.words() if word != "meanwhile")
    assert [*done, "bad", "after"] == list(once)


@pytest.mark.parametrize("at", [0, 1, 40, 200])
@pytest.mark.parametrize("how", ["skip", "replay"])
async def test_what_waited_and_can_not_be_loaded_is_found(town: Town, how: str, at: int) -> None:
    """It is dead-lettered as what is decided is, though a lane is let go on without any other
    input; a head can be skipped all the same."""
    head = await blocked_town(town)
    words = [f"w{number:03}" for number in range(250)]
    for word in words:
        town.follow(word)
    await town.rest()
    BROKEN.add(f"load {words[at]}")
    if how == "replay":
        BROKEN.discard("first")
    town.operate(how, id=head, reason="given up")
    await town.rest()
    (bad,) = [row for row in town.stored("dead_letters") if row["state"] == "dead"]
    expected = ["first", "second"][how == "skip" :] + words[:at]
    assert ("unexpected", expected) == (bad["code"], list(dict.fromkeys(town.words())))
    town.operate("skip", id=bad["_id"], reason="given up")
    await town.rest()
    left = list(dict.fromkeys(town.words()))
    assert ([*expected, *words[at + 1 :]], None) == (left, town.loop.stopped)


def whole(fetch: Fetch) -> Fetch:
    """All that waits comes at once."""
    return lambda log, _size: fetch(log, 500)


async def test_a_bug_that_one_of_two_values_shows_stops_nobody(town: Town) -> None:
    """Both replays come in one batch; neither is asked again and again."""
    head = await blocked_town(town)
    BROKEN.update({"poison", "crash worse"})
    for word in ("poison", "worse"):
        town.operate("replay", id=head, value=json.dumps({"word": word}))
    with patch.object(MemoryLog, "fetch", whole(MemoryLog.fetch)):
        await town.rest()
    assert ["still_fails"] * 2 == [code for _, code in town.answer_codes()]
    BROKEN.clear()
    town.operate("replay", id=head)
    await town.rest()
    assert ["first", "second"] == town.words()


SET_ASIDE = {"dead": "set_aside", "waiting": "parked"}
NEW_SINCE = frozenset({"tenant", "holds_key", "gaps"})
"""Fields that documents of the first version do not have."""


def written_by_an_earlier_version(town: Town, missing: Set[str]) -> None:
    """What is stored, under the names and in the form of then."""
    committed = town.world.databases["routing"].committed
    rows = {row["_id"]: row for row in town.stored("shards")}
    for row in rows.values():
        row["said"], row["marks"] = row.pop("published"), row.pop("fingerprints")
    committed["shards"] = encoded(rows, missing)
    rows = {row["_id"]: row for row in town.stored("dead_letters")}
    for row in rows.values():
        row["state"] = SET_ASIDE[row["state"]]
        row["holds_key"] = row.pop("blocks_key")
        if row.get("record") and missing:
            del row["record"]["cut"]
    committed["dead_letters"], committed["set_aside"] = {}, encoded(rows, missing)


def encoded(rows: dict[Any, Document], missing: Set[str]) -> dict[Any, bytes]:
    return {
        id: encode({name: row[name] for name in row if name not in missing})
        for id, row in rows.items()
    }


@pytest.mark.parametrize("missing", [NEW_SINCE, frozenset()], ids=["the first", "a later"])
@pytest.mark.parametrize("how", ["skip", "replay"])
async def test_what_an_earlier_version_set_aside_still_blocks_its_key(
    town: Town, how: str, missing: Set[str]
) -> None:
    """It is listed, what comes goes on waiting behind it, and resolving it frees all in order."""
    head = await blocked_town(town)
    town.ask("bad", key="bob", mood="poison")
    await town.rest()
    written_by_an_earlier_version(town, missing)
    await migrations.migrate(town.loop.store)
    await town.restart()
    town.follow("third")
    await town.rest()
    assert [] == town.words()
    listed = await found(client(app_of(routes(town.loop.store))), "/dead-letters")
    assert {("main", "ann", True), ("main", "bob", False)} == {
        (row["tenant"], row["key"], row["blocks_key"])
        for row in listed["items"]
        if row["state"] == "dead"
    }
    BROKEN.clear()
    town.operate(how, id=head, reason="given up")
    await town.rest()
    assert ["second", "third"] == [word for word in town.words() if word != "first"]
    assert [{}, {}] == [shard.blocked for shard in town.loop.shards.values()]


@pytest.mark.parametrize("offset", [-1, 2, 3, 9_999])
async def test_only_a_record_that_there_is_can_be_read_over(town: Town, offset: int) -> None:
    """Else the shard would stand behind the end of its log, and refuse."""
    town.ask("one")
    town.ask("two")
    await town.rest()
    place, log = (COMMANDS, shard_of(b"ann", PARTITIONS)), town.world.groups[0].members[0].log
    with pytest.raises(ShardRefuses, match=f"holds no record at offset {offset}, only 0 to 2"):
        await check_in_log(log, place, offset)
    await check_in_log(log, place, 1)


@pytest.mark.parametrize("how", ["skip", "replay"])
async def test_a_dead_letter_that_was_resolved_blocks_nothing_when_its_topic_is_read_again(
    town: Town,
    how: str,
) -> None:
    """It is known, whatever became of it."""
    head = await blocked_town(town)
    if how == "replay":
        BROKEN.clear()
    town.operate(how, id=head, reason="given up")
    await town.rest()
    BROKEN.add("first")
    await town.read_again(shard_of(b"ann", PARTITIONS))
    town.follow("third")
    await town.rest()
    assert "third" == town.words()[-1]
    assert [{}, {}] == [shard.blocked for shard in town.loop.shards.values()]


async def test_a_command_that_can_not_be_read_is_answered_once_however_often_it_is_read(
    town: Town,
) -> None:
    town.publish(COMMANDS, Speak.TYPE, "ann", b"\xff", id="unreadable")
    await town.rest()
    await town.read_again(shard_of(b"ann", PARTITIONS))
    town.ask("hello", id="after it")
    await town.rest()
    assert [("unreadable", "dead_letter"), ("after it", "accepted")] == town.answer_codes()
    assert 1 == len(town.stored("dead_letters"))
