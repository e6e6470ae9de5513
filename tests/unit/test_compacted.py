"""On a compacted topic records are missing for good, and everything that is left is taken."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.loop.classify import Classified, Reader, classify
from shared.loop.decide import message_of
from shared.loop.decision import Cause, Publish
from shared.loop.log import RawRecord
from shared.loop.outbox import EnvelopeWriter
from shared.loop.seal import key_of
from shared.loop.shard import Shard, ShardRow
from shared.topics import Topic
from tests.manifests import topics_beside
from tests.simulation import states
from tests.simulation.states import STATES, DialState

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SEAL = key_of("secret")
READER = Reader({DialState.TYPE: DialState}, "desk.commands.v1", 1, SEAL)
CAUSE = Cause("c1", "test", "d0", NOW, tenant="main")


@pytest.fixture(autouse=True)
def manifest() -> Iterator[None]:
    with topics_beside(states.MANIFEST):
        yield


def records(offsets: Sequence[int]) -> list[RawRecord]:
    """Those that are left of one stream; each has the number of its offset, from 1 on."""
    writer, row = EnvelopeWriter("dials", 1, SEAL), ShardRow(0)
    data, found = DialState(dial="d0", version=1).model_dump_json().encode(), []
    for offset in range(max(offsets) + 1):
        cause = replace(CAUSE, id=f"c{offset}")
        one = writer.event(row, cause, cause.id, DialState.TYPE, STATES, "main/d0", data)
        found.append(RawRecord(STATES, 0, offset, one.key, one.value, one.headers))
    return [found[offset] for offset in offsets]


def read(shard: Shard, *offsets: int) -> Classified:
    """As the loop does when the step is committed."""
    found = classify(READER, {0: shard}, records(offsets), 100, NOW)
    shard.row = found.rows[0]
    shard.missing_offsets |= {topic: offset for (topic, _), offset in found.missing.items()}
    return found


def shard() -> Shard:
    return Shard(0, [(STATES, 0)], row=ShardRow(0))


def test_holes_inside_a_batch_are_the_logs() -> None:
    found = read(shard(), 0, 3, 4, 9)
    assert ["handled"] * 4 == [item.disposition for item in found.items]
    assert ({}, 10, {}) == (found.seek_to, found.rows[0].next[STATES], found.rows[0].gaps)


def test_a_hole_in_front_of_a_batch_is_believed_when_it_comes_again() -> None:
    """A client may have passed over some, which come when it reads again."""
    known = shard()
    passed_over = read(known, 5, 6)
    assert ([], {(STATES, 0): 0}) == (passed_over.items, passed_over.seek_to)
    assert [] == read(known, 2, 5).items
    assert 2 == len(read(known, 2, 5).items)


def test_what_was_taken_before_is_taken_again() -> None:
    """Published a second time: the reader compares versions."""
    known = shard()
    first, again = records([0]), replace(records([0])[0], offset=1)
    found = classify(READER, {0: known}, [*first, again], 100, NOW)
    assert ["handled", "handled"] == [item.disposition for item in found.items]


def test_a_tombstone_is_a_dead_letter_and_what_follows_is_read() -> None:
    """No service writes one, so somebody has to see it: a state that is gone is none of ours."""
    first, tombstone, last = (
        *records([0]),
        RawRecord(STATES, 0, 1, b"main/d0", None, []),
        *records([2]),
    )
    found = classify(READER, {0: shard()}, [first, tombstone, last], 100, NOW)
    dispositions = [(item.disposition, item.poison and item.poison.code) for item in found.items]
    assert [("handled", None), ("dead_lettered", "empty_value"), ("handled", None)] == dispositions


def test_its_keys_begin_with_the_tenant() -> None:
    state = DialState(dial="d0", version=1)
    assert "main/d0" == message_of(CAUSE, 0, Publish(state, "main/d0")).key
    with pytest.raises(ValueError, match="must begin with the tenant"):
        message_of(CAUSE, 0, Publish(state, "d0"))


@pytest.mark.parametrize("other", ["ordered", "open"])
def test_it_is_neither_ordered_nor_open(other: str) -> None:
    with pytest.raises(ValueError, match="neither ordered nor open"):
        Topic("x.states.v1", "x", "tenant/x", compacted=True, **{other: True})
