"""Deadlines are rows, not sleeping tasks: they fire through a step, once, whatever is killed.

The row is deleted in the transaction of its effect, so it can neither be lost nor fire twice.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from itertools import count

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


async def due_rows(
    store: Store, shards: Sequence[int], until: datetime, blocked: Collection[Lane], limit: int
) -> list[Document]:
    """The rows of these shards up to then, oldest first.

    Mostly there are none. That is asked first, by the time alone, since any store answers it from
    an index, and this is asked at every turn. However many keys are blocked, the question is small.
    """
    if not await store.find(COLLECTION, {"due_at": {"$lte": until}}, limit=1):
        return []
    where = {"shard": {"$in": list(shards)}, "due_at": {"$lte": until}}
    found: list[Document] = []
    async for row in _not_blocked(store, where, blocked, max(limit, PAGE)):
        found.append(row)
        if len(found) >= limit:
            break
    return found[:limit]


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
