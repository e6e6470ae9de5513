"""Deadlines are rows, not sleeping tasks: they fire through a step, once, whatever is killed.

The row is deleted in the transaction of its effect, so it can neither be lost nor fire twice.
"""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from itertools import count

from shared.loop.decision import Cause, Due
from shared.loop.effects import cause_document
from shared.loop.sort_out import Lane
from shared.store import Delete, Document, Index, Insert, Replace, Store, Transaction, Write

COLLECTION = "due"
PAGE = 200
INDEXES = [Index(COLLECTION, ("due_at",)), Index(COLLECTION, ("shard", "due_at"))]


def row_of(due: Due, shard: int, cause: Cause) -> Document:
    return {
        "_id": due.id,
        "schema": 1,
        "shard": shard,
        "kind": due.kind,
        "key": due.key,
        "due_at": due.at,
        "data": dict(due.data),
        "cause": cause_document(cause),
    }


async def reached(
    store: Store, shards: Sequence[int], now: datetime, parked: Container[Lane], limit: int
) -> list[Document]:
    """The rows to decide now, oldest first. A parked key's deadlines wait with its records.

    Mostly there are none. That is asked first, by the time alone, since any store answers it from
    an index, and this is asked at every turn. However many keys are parked, the question is small.
    """
    if not await store.find(COLLECTION, {"due_at": {"$lte": now}}, limit=1):
        return []
    where = {"shard": {"$in": list(shards)}, "due_at": {"$lte": now}}
    found: list[Document] = []
    size = max(limit, PAGE)
    for page in count():
        rows = await store.find(
            COLLECTION, where, sort=[("due_at", 1), ("_id", 1)], limit=size, skip=page * size
        )
        found += [row for row in rows if (row["cause"]["tenant"], row["key"]) not in parked]
        if len(rows) < size or len(found) >= limit:
            return found[:limit]
    return found


async def changes(transaction: Transaction, wanted: Mapping[str, Document | None]) -> list[Write]:
    """The writes that leave each id as wanted: set, moved, or (None) gone."""
    if not wanted:
        return []
    known = {
        row["_id"] for row in await transaction.find(COLLECTION, {"_id": {"$in": list(wanted)}})
    }
    writes: list[Write] = []
    for id, row in wanted.items():
        if row is not None:
            writes.append(Replace(row) if id in known else Insert(row))
        elif id in known:
            writes.append(Delete(id))
    return writes
