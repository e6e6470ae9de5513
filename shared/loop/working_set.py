"""The state that one batch of decisions works on: loaded once, changed in memory, saved once.

An entity's `version` is what it had when it was loaded; saving is guarded by it. Two shards that
touch the same entity are thereby found out, and the later transaction is read again.

What is known not to exist is told from what nobody loaded: a decision on the second would be one on
nothing, so asking for it is an error.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

from shared.errors import NotLoaded
from shared.loop.collection import Collection, Entity
from shared.store import Filter, Insert, Replace, Sort, Transaction, Write

E = TypeVar("E", bound=Entity)


class ById(Generic[E]):
    """The entities of a catalogue in memory, found by their ids."""

    def __init__(self) -> None:
        self._known: dict[str, E] = {}

    def apply(self, changed: Sequence[E]) -> None:
        self._known |= {entity.id: entity for entity in changed}

    def get(self, id: str) -> E | None:
        return self._known.get(id)


class WorkingSet:
    def __init__(self) -> None:
        self._known: dict[type[Any], dict[str, Any]] = {}
        """By kind and id; None is known not to exist."""
        self._changed: dict[type[Any], dict[str, Any]] = {}

    def get(self, kind: type[E], id: str) -> E | None:
        """None if there is none; raises `NotLoaded` if nobody looked."""
        known = self._known.get(kind, {})
        if id not in known:
            raise NotLoaded(f"a {kind.__name__} was asked for that was not loaded")
        found: E | None = known[id]
        return found

    def peek(self, kind: type[E], id: str) -> E | None:
        """What this batch has loaded or put, for those who know where to look otherwise."""
        found: E | None = self._known.get(kind, {}).get(id)
        return found

    def all(self, kind: type[E]) -> Sequence[E]:
        return [entity for entity in self._known.get(kind, {}).values() if entity is not None]

    def put(self, entities: Iterable[Entity]) -> None:
        """Later decisions of the batch see these."""
        for entity in entities:
            self._known.setdefault(type(entity), {})[entity.id] = entity
            self._changed.setdefault(type(entity), {})[entity.id] = entity

    def branch(self) -> "WorkingSet":
        """For one decision that is made of several: what is put there is seen by the next of them,
        and is saved only if the decision, being whole, says so."""
        branch = WorkingSet()
        branch._known = {kind: dict(known) for kind, known in self._known.items()}
        return branch

    def know(self, entity: Entity) -> None:
        """Something that was found out for deciding, and is not stored as it is."""
        self._known.setdefault(type(entity), {})[entity.id] = entity

    def changed(self, kind: type[E]) -> list[E]:
        return list(self._changed.get(kind, {}).values())

    async def load(
        self, transaction: Transaction, collection: Collection[E], ids: Iterable[str]
    ) -> None:
        """Loads those of the ids that are not loaded yet, and notes which do not exist."""
        known = self._known.setdefault(collection.kind, {})
        wanted = [id for id in dict.fromkeys(ids) if id not in known]
        if wanted:
            known |= dict.fromkeys(wanted)
            for row in await transaction.find(collection.name, {"_id": {"$in": wanted}}):
                known[row["_id"]] = collection.from_document(row)

    async def find(
        self,
        transaction: Transaction,
        collection: Collection[E],
        where: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
    ) -> list[str]:
        """Loads what is found by something else than its id; the ids of all that was found."""
        known = self._known.setdefault(collection.kind, {})
        rows = await transaction.find(collection.name, where, sort=sort, limit=limit)
        for row in rows:
            known.setdefault(row["_id"], collection.from_document(row))
        return [row["_id"] for row in rows]

    async def save(self, transaction: Transaction, collection: Collection[E]) -> None:
        """Writes what changed, guarded by the version it was loaded with."""
        writes = [_guarded(collection, entity) for entity in self.changed(collection.kind)]
        await transaction.write(collection.name, writes)


def _guarded(collection: Collection[E], entity: E) -> Write:
    document = collection.to_document(entity)
    document["_id"], document["version"] = entity.id, entity.version + 1
    if entity.version == 0:
        return Insert(document)
    return Replace(document, {"version": entity.version})
