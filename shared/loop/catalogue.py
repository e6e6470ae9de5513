"""What every replica needs in memory for speed, kept fresh by a revision that each batch reads.

A change raises the revision in the same transaction. Reading the revision at the head of every
batch refreshes the copy; exactness is the home shard's, which decides on the stored entity.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from shared.loop.collection import Collection, Entity
from shared.loop.working_set import WorkingSet
from shared.store import Document, Insert, Replace, Transaction, Write

E = TypeVar("E", bound=Entity)

REVISIONS = "revisions"
APPLIED_IN_LINE_MAX = 200


class Catalogue(Generic[E]):
    def __init__(self, collection: Collection[E], apply: Callable[[Sequence[E]], None]) -> None:
        """`apply` is told the entities that are new or changed, oldest change first."""
        self._collection = collection
        self._apply = apply
        self.revision = 0

    @property
    def kind(self) -> type[E]:
        return self._collection.kind

    async def _follow(self, transaction: Transaction, stored: int) -> None:
        """Applies what other shards and replicas changed since the last batch."""
        if stored == self.revision:
            return
        since = self.revision if stored > self.revision else 0
        rows = await transaction.find(
            self._collection.name, {"revision": {"$gt": since}}, sort=[("revision", 1)]
        )
        await apply_change(lambda: self._take(rows), len(rows) > APPLIED_IN_LINE_MAX)
        self.revision = stored

    def _take(self, rows: Sequence[Document]) -> None:
        self._apply([self._collection.from_document(row) for row in rows])

    async def save(self, transaction: Transaction, working_set: WorkingSet) -> int:
        """Writes the changed entities under the next revision, which is returned; 0 if none did."""
        changed = working_set.changes_of(self._collection.kind)
        if not changed:
            return 0
        before = await self._stored_revision(transaction)
        await transaction.write(REVISIONS, [self._next_revision(before)])
        writes = [
            working_set.write_of(self._collection, entity, revision=before + 1)
            for entity in changed
        ]
        await transaction.write(self._collection.name, writes)
        return before + 1

    async def _stored_revision(self, transaction: Transaction) -> int:
        rows = await transaction.find(REVISIONS, {"_id": self._collection.name})
        return int(rows[0]["revision"]) if rows else 0

    def _next_revision(self, before: int) -> Write:
        row: Document = {"_id": self._collection.name, "revision": before + 1}
        return Replace(row, {"revision": before}) if before else Insert(row)


async def apply_change(change: Callable[[], None], is_long: bool) -> None:
    """A long change would keep the event loop from its heartbeats: it is made beside it."""
    if is_long:
        await asyncio.to_thread(change)
    else:
        change()


async def refresh(transaction: Transaction, *catalogues: Catalogue[Any]) -> None:
    """Brings all of them up to date, at the price of one query as long as nothing has changed."""
    names = [catalogue._collection.name for catalogue in catalogues]
    rows = await transaction.find(REVISIONS, {"_id": {"$in": names}})
    stored = {row["_id"]: int(row["revision"]) for row in rows}
    for name, catalogue in zip(names, catalogues, strict=True):
        await catalogue._follow(transaction, stored.get(name, 0))


class Catalogues:
    """All that a service has in memory, where nothing but their entities follows from them."""

    def __init__(self, *catalogues: Catalogue[Any]) -> None:
        self._catalogues = catalogues

    async def refresh(self, transaction: Transaction) -> None:
        await refresh(transaction, *self._catalogues)

    async def save(self, transaction: Transaction, changed: WorkingSet) -> Sequence[type[Any]]:
        for catalogue in self._catalogues:
            await catalogue.save(transaction, changed)
        return [catalogue.kind for catalogue in self._catalogues]
