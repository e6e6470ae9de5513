"""Reads what is committed, as a transaction would, for questions that are answered by deciding.

A store has one session: a transaction begun beside the loop would end the step that is under way,
half of it written. Without a snapshot a change of a catalogue that comes in between is applied
again with the next question, which changes nothing.
"""

from collections.abc import Sequence

from shared.store import Document, Filter, Sort, Store, Write


class Committed:
    """A transaction that nothing can be written in."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        return await self._store.find(collection, where, sort=sort, limit=limit, fields=fields)

    async def write(self, collection: str, writes: Sequence[Write]) -> None:
        raise AssertionError("a question changes nothing")
