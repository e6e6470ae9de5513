"""How a person gets a shard going that the log stops: positions are moved on the shard's row.

Which positions do not fit is found out here, from the row and the log, so it does not depend on
what a service that tries again and again is doing just then. A place is read again from where it
begins now: reading again is harmless, since commands and streams are known by their ids and
numbers; what the log has lost is lost, which is why a person has to say so. All of it happens under
a new epoch, so whoever has the shard must open it again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from shared.errors import Infrastructure, ShardRefuses
from shared.loop import dead_letters
from shared.loop.kafka import KafkaLog
from shared.loop.log import Log, Place, Record
from shared.loop.open import check_position, last_taken
from shared.loop.shard import ShardRow, from_document
from shared.loop.within import BROKER_SECONDS_MAX, within
from shared.mongo import MongoStore
from shared.store import Insert, Store, Write

T = TypeVar("T")
Bounds = Mapping[Place, tuple[int, int]]

TRIES = 5
"""Whoever has the shard writes its row too, every few seconds while it refuses."""
AGAIN_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Moved:
    """What was done about a shard."""

    topics: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By topic: up to where it was read, and where reading goes on."""
    new_stream: bool = False
    gaps: Sequence[str] = ()
    """The streams that go on without what is missing in them."""

    def __bool__(self) -> bool:
        return bool(self.topics or self.new_stream or self.gaps)


async def on_store(mongo: str, database: str, act: Callable[[Store], Awaitable[T]]) -> T:
    """Acts on a service's store, and again if somebody else wrote the shard at that moment."""
    store = await MongoStore.connect(mongo, database)
    try:
        for _ in range(TRIES - 1):
            with suppress(Infrastructure):
                return await act(store)
            await asyncio.sleep(AGAIN_SECONDS)
        return await act(store)
    finally:
        await store.close()


@asynccontextmanager
async def on_log(kafka: str) -> AsyncIterator[Log]:
    log = KafkaLog(kafka)
    try:
        yield log
    finally:
        await log.close()


async def resolve(
    store: Store, log: Log, shard: int, topics: Iterable[str], *, new_stream: bool = False
) -> Moved:
    """Moves the positions of one shard that do not fit the log, of all topics that it reads."""
    row = await row_of(store, shard)
    # A topic that does not exist gives no answer, ever.
    async with within(BROKER_SECONDS_MAX, "the broker"):
        bounds = await log.bounds([(topic, shard) for topic in topics])
    last = await log.records_at(last_taken(row, bounds))
    begins = {place[0]: bounds[place][0] for place in misfits(row, bounds, last)}
    return await move(store, row, begins, new_stream=new_stream)


async def accept_gaps(store: Store, shard: int) -> Moved:
    """Gives up what is missing in the streams of a shard, and takes what was left behind it."""
    before = await row_of(store, shard)
    row = before.copy()
    for (topic, stream), gap in before.gaps.items():
        row.seen.setdefault(topic, {})[stream] = gap.number - 1
        row.next[topic] = min(row.next[topic], gap.offset)
        row.fingerprints.pop(topic, None)
    row.gaps = {}
    topics = {topic: (before.next[topic], row.next[topic]) for topic, _ in before.gaps}
    moved = Moved(topics, gaps=[stream for _, stream in before.gaps])
    if moved:
        await _put(store, before, row, [])
    return moved


async def row_of(store: Store, shard: int) -> ShardRow:
    rows = await store.find("shards", {"_id": shard})
    if not rows:
        raise ShardRefuses(f"shard {shard} was never opened")
    return from_document(rows[0])


def misfits(row: ShardRow, bounds: Bounds, last: Mapping[Place, Record]) -> list[Place]:
    """The places at which a shard with this row would refuse to be opened."""
    return [place for place in bounds if not _fits(row, place, bounds[place], last.get(place))]


def _fits(row: ShardRow, place: Place, bounds: tuple[int, int], last: Record | None) -> bool:
    try:
        check_position(row, place, bounds, last)
    except ShardRefuses:
        return False
    return True


async def move(
    store: Store, before: ShardRow, begins: Mapping[str, int], *, new_stream: bool = False
) -> Moved:
    """Reads these topics from there on; if the store was restored behind what had been published,
    the shard's own stream begins anew besides."""
    row = before.copy()
    moved = Moved(new_stream=new_stream)
    for topic, begin in begins.items():
        was = row.next.get(topic, 0)
        if begin > was:
            # What retention took won't come any more: its streams go on where they are now, or
            # their next record would be waiting for a predecessor for ever.
            row.overtaken |= {(topic, stream) for stream in row.seen.get(topic, ())}
        moved.topics[topic] = (was, begin)
        row.next[topic] = begin
        row.fingerprints.pop(topic, None)
    if new_stream:
        row.generation += 1
        row.published = {}
    if moved:
        await _put(store, before, row, [])
    return moved


async def check_in_log(log: Log, place: Place, offset: int) -> None:
    """Reading on behind the end of the log would make the shard refuse."""
    async with within(BROKER_SECONDS_MAX, "the broker"):
        begin, end = (await log.bounds([place]))[place]
    if not begin <= offset < end:
        topic, shard = place
        raise ShardRefuses(
            f"{topic}/{shard} holds no record at offset {offset}, only {begin} to {end}"
        )


async def skip(store: Store, place: Place, offset: int, by: str, reason: str, at: datetime) -> None:
    """Reads on behind one record that can't be read. It is listed among what was dead-lettered, so
    that somebody can look for it in the log while the log has it."""
    topic, shard = place
    before = await row_of(store, shard)
    if before.next.get(topic, 0) != offset:
        where = before.next.get(topic, 0)
        raise ShardRefuses(f"{topic}/{shard} stands at offset {where}, not at {offset}")
    row = before.copy()
    row.next[topic] = offset + 1
    row.fingerprints.pop(topic, None)
    listed = dead_letters.skipped_document(place, offset, by, reason, at)
    # A topic that is read again may come to the same record a second time.
    known = await store.find(dead_letters.COLLECTION, {"_id": listed["_id"]}, limit=1)
    await _put(store, before, row, [] if known else [Insert(listed)])


async def _put(store: Store, before: ShardRow, row: ShardRow, letters: Sequence[Write]) -> None:
    """Over the row as it was read, under a new epoch; a `Conflict` if it changed meanwhile."""
    row.epoch = before.epoch + 1
    async with store.transaction() as transaction:
        await transaction.write(
            "shards", [row.guarded_write(epoch=before.epoch, steps=before.steps)]
        )
        await transaction.write(dead_letters.COLLECTION, letters)
