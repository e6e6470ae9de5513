"""What a read API reads: committed entities of a store's collections, never their documents."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from shared.loop.collection import Collection, E
from shared.read_errors import NotFound
from shared.read_params import Page
from shared.store import Filter, Sort, Store

BY_ID: Sort = [("_id", 1)]
AT_ONCE = 1000


class Entities:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def one(self, collection: Collection[E], where: Filter, what: str, name: str) -> E:
        rows = await self._store.find(collection.name, where, limit=1)
        if not rows:
            raise NotFound(what, name)
        return collection.from_document(rows[0])

    async def some(
        self, collection: Collection[E], where: Filter, sort: Sort = BY_ID, limit: int = 0
    ) -> list[E]:
        rows = await self._store.find(collection.name, where, sort=sort, limit=limit)
        return [collection.from_document(row) for row in rows]

    async def page(
        self, collection: Collection[E], where: Filter, page: Page
    ) -> tuple[list[E], str | None]:
        """In the order of the ids, with the id after which the next one starts."""
        following = {"_id": {"$gt": page.after}} if page.after else {}
        found = await self.some(collection, {**where, **following}, limit=page.limit)
        return found, found[-1].id if len(found) == page.limit else None

    async def every(self, collection: Collection[E], where: Filter) -> AsyncIterator[E]:
        """All of them, so many at a time: a collection may be larger than memory."""
        after: Mapping[str, Any] = {}
        while True:
            found = await self.some(collection, {**where, **after}, limit=AT_ONCE)
            for entity in found:
                yield entity
            if len(found) < AT_ONCE:
                return
            after = {"_id": {"$gt": found[-1].id}}
