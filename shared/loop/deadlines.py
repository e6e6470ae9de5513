"""Deadlines are rows, not sleeping tasks: they fire through a step, once, whatever is killed.

The row is deleted in the transaction of its effect, so it can neither be lost nor fire twice.
"""

from asyncio import gather
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import count, islice

from shared.loop.decision import Cause, Due
from shared.loop.item import Lane
from shared.store import Document, Filter, Index, Put, Remove, Store, Write

COLLECTION = "due"
PAGE = 200
INDEXES = [
    Index(COLLECTION, ("due_at",)),
    # In the order in which they are asked for: of a million that have come due, 500 are read.
    Index(COLLECTION, ("shard", "due_at", "_id")),
    Index(COLLECTION, ("shard", "due_at"), is_former=True),
]


def row_of(due: Due, shard: int, cause: Cause) -> Document:
    return {
        "_id": due.id,
        "schema": 1,
        "shard": shard,
        "kind": due.deadline.KIND,
        "key": due.key,
        "due_at": due.at,
        "data": due.deadline.model_dump(),
        "cause": cause.document(),
    }


class Horizon:
    """Up to when deadlines are asked for, so that each question finds few however many are due.

    A store may sort all that it finds before it gives 500 (SecantusDB: 3 s for a million). So where
    a page was full the next question ends a page's time behind it, and the first one long ago; what
    follows comes nearer, by a quarter of what is left at most. While no page is full all is asked.
    """

    LONG_AGO, ALWAYS = datetime(2000, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    def __init__(self) -> None:
        self._until, self._step = self.LONG_AGO, timedelta(days=36500)

    def instants(self, now: datetime) -> Iterator[datetime]:
        until, step = self._until, self._step
        while until < now - timedelta(seconds=1):
            yield until
            step = max(min(2 * step, (now - until) / 4), timedelta(milliseconds=1))
            until += step
        yield now

    def note(self, found: Sequence[Document], *, full: bool) -> None:
        self._until = self.ALWAYS
        if full:
            first, last = found[0]["due_at"], found[-1]["due_at"]
            self._until, self._step = last + (last - first), last - first


async def due_rows(
    store: Store,
    shards: Sequence[int],
    now: datetime,
    blocked: Collection[Lane],
    limit: int,
    horizon: Horizon,
) -> list[Document]:
    """The rows of these shards up to now, oldest first."""
    found: list[Document] = []
    for until in horizon.instants(now):
        found = await _oldest(store, shards, until, blocked, limit)
        if len(found) >= limit:
            break
    horizon.note(found, full=len(found) >= limit)
    return found


async def _oldest(
    store: Store, shards: Sequence[int], until: datetime, blocked: Collection[Lane], limit: int
) -> list[Document]:
    """Mostly there are none. That is asked first, by the time alone, since any store answers it
    from an index, and this is asked at every turn. However many keys are blocked, the question is
    small. Each shard is asked for by itself: not every store keeps to the time where it is given
    several."""
    if not await store.find(COLLECTION, {"due_at": {"$lte": until}}, limit=1):
        return []
    of_shards = (_of_shard(store, shard, until, blocked, limit) for shard in shards)
    oldest_first = merge(*await gather(*of_shards), key=lambda row: (row["due_at"], row["_id"]))
    return list(islice(oldest_first, limit))


async def _of_shard(
    store: Store, shard: int, until: datetime, blocked: Collection[Lane], limit: int
) -> list[Document]:
    found: list[Document] = []
    where = {"shard": shard, "due_at": {"$lte": until}}
    async for row in _not_blocked(store, where, blocked, max(limit, PAGE)):
        found.append(row)
        if len(found) >= limit:
            break
    return found


async def summary(
    store: Store, shards: Sequence[int], now: datetime, blocked: Collection[Lane]
) -> Document:
    """Of these shards: how many can be decided now, and when the next can. What waits behind a
    record that was dead-lettered waits for a person, and is counted there."""
    mine = {"shard": {"$in": list(shards)}}
    reached = mine | {"due_at": {"$lte": now}}
    found = await store.count(COLLECTION, reached)
    if blocked and found:
        found = len([row async for row in _not_blocked(store, reached, blocked, PAGE)])
    return {"now": found, "next_at": await next_at(store, shards, blocked)}


async def next_at(
    store: Store, shards: Sequence[int], blocked: Collection[Lane]
) -> datetime | None:
    """When the next of these shards can be decided."""
    mine = {"shard": {"$in": list(shards)}}
    following = await anext(_not_blocked(store, mine, blocked, PAGE if blocked else 1), None)
    return following["due_at"] if following else None


async def _not_blocked(
    store: Store, where: Filter, blocked: Collection[Lane], size: int
) -> AsyncIterator[Document]:
    """Oldest first, so many read at once. A blocked key's deadlines wait with its records."""
    for page in count():
        rows = await store.find(
            COLLECTION, where, sort=[("due_at", 1), ("_id", 1)], limit=size, skip=page * size
        )
        for row in rows:
            if (row["cause"]["tenant"], row["key"]) not in blocked:
                yield row
        if len(rows) < size:
            return


def changes(batch: Mapping[str, Document | None]) -> list[Write]:
    """The writes that leave each id as a batch wants it: set, moved, or (None) gone."""
    return [Remove(id) if row is None else Put(row) for id, row in batch.items()]
