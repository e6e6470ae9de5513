"""The state that one batch of decisions works on: loaded once, changed in memory, saved once.

An entity's `version` is what it had when it was loaded; saving is guarded by it. Two shards that
touch the same entity are thereby found out, and the later transaction is read again.

What is known not to exist is told from what nobody loaded: a decision on the second would be one on
nothing, so asking for it is an error.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared.errors import NotLoaded
from shared.loop.collection import NOTHING, Collection, Entity, View
from shared.store import Document, Filter, Insert, Replace, Sort, Transaction, Write

E = TypeVar("E", bound=Entity)
R = TypeVar("R")

PAGED_ROWS_MAX = 500
"""So many rows of pages one step takes; every change of them is written in its one transaction."""
PAGE_COUNTS_AS = 10
"""Rows at least: an empty page is a query too."""


@dataclass(frozen=True, slots=True)
class Ref(Generic[E]):
    """An entity, whether it exists or not."""

    kind: type[E]
    id: str


def ref_by_name(kind: type[E], tenant: str, *names: str) -> Ref[E]:
    """The entity that people call so, in their tenant."""
    return Ref(kind, "/".join((tenant, *names)))


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """What is found by something else than its id. One with a limit may have to wait for another
    step: then it is found empty, and is not the last."""

    kind: type[R]
    where: Filter = field(compare=False)
    sort: Sort = ()
    limit: int = 0
    also: Callable[[R], bool] | None = field(default=None, compare=False)
    """Whether an entity that this batch has changed belongs to it, though the store may not know
    yet."""
    _key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", repr(self.where))


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """What is on a page, as it is by now."""

    rows: Sequence[R]
    is_last: bool


Reads = Iterator[Sequence[Ref[Any] | Page[Any]]]
"""What a decision needs, in rounds: what one round asks for may depend on what those before it
found. All inputs of a batch are read together, so a round is one query for each collection."""

Collections = Mapping[type[Any], Collection[Any] | View[Any]]


class ById(Generic[E]):
    """The entities of a catalogue in memory."""

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
        self._before: dict[type[Any], dict[str, Any]] = {}
        """What is changed, as it was loaded; None where it did not exist."""
        self._added: dict[tuple[type[Any], str], Document] = {}
        """What a newer version has added to documents that were loaded."""
        self.shard: int | None = None
        """One of those whose inputs have changed something."""
        self._pages: dict[Page[Any], Found[Any]] = {}
        self._paged_rows_left = PAGED_ROWS_MAX

    def get(self, ref: Ref[E]) -> E | None:
        """None if there is none; raises `NotLoaded` if nobody looked."""
        known = self._known.get(ref.kind, {})
        if ref.id not in known:
            raise NotLoaded(f"a {ref.kind.__name__} was asked for that no row's reads name")
        found: E | None = known[ref.id]
        return found

    def peek(self, ref: Ref[E]) -> E | None:
        """What this batch has loaded or put, for those who know where to look otherwise."""
        found: E | None = self._known.get(ref.kind, {}).get(ref.id)
        return found

    def page(self, page: Page[R]) -> Found[R]:
        """Its entities as this batch has changed them; raises `NotLoaded` if nobody looked."""
        found = self._pages.get(page)
        if found is None:
            raise NotLoaded(
                f"a page of {page.kind.__name__} was asked for that no row's reads name"
            )
        known = self._known.get(page.kind)
        if known is None:
            return found
        ids = dict.fromkeys(row.id for row in found.rows)
        if page.also is not None:
            changed = self._changed.get(page.kind, {}).values()
            ids |= {row.id: None for row in changed if page.also(row)}
        return Found([known[id] for id in ids], found.is_last)

    def put(self, entities: Iterable[Entity], shard: int = 0) -> None:
        """Later decisions of the batch see these; `shard` is that of the input."""
        for entity in entities:
            self.shard = shard if self.shard is None else min(self.shard, shard)
            known = self._known.setdefault(type(entity), {})
            self._before.setdefault(type(entity), {}).setdefault(entity.id, known.get(entity.id))
            known[entity.id] = entity
            self._changed.setdefault(type(entity), {})[entity.id] = entity

    def branch(self) -> "WorkingSet":
        """For one decision that is made of several: what is put there is seen by the next of them,
        and is saved only if the decision, being whole, says so."""
        branch = WorkingSet()
        branch._known = {kind: dict(known) for kind, known in self._known.items()}
        branch._changed = {kind: dict(changed) for kind, changed in self._changed.items()}
        branch._pages = self._pages
        return branch

    def changes_of(self, kind: type[E]) -> list[E]:
        return list(self._changed.get(kind, {}).values())

    def changes_since(self, kind: type[E]) -> list[tuple[E | None, E]]:
        """What has changed, each with what it was before this batch."""
        before = self._before.get(kind, {})
        return [(before[entity.id], entity) for entity in self.changes_of(kind)]

    async def read(
        self, transaction: Transaction, collections: Collections, every: Iterable[Reads]
    ) -> None:
        """Reads all rounds of all inputs, the first of each together, then the second …"""
        going = list(every)
        while going:
            rounds = [(reads, found) for reads in going if (found := next(reads, None)) is not None]
            requested = [one for _, some in rounds for one in some]
            await self._read_entities(transaction, collections, requested)
            for one in requested:
                if isinstance(one, Page) and one not in self._pages:
                    await self._read_page(transaction, collections[one.kind], one)
            going = [reads for reads, _ in rounds]

    async def _read_entities(
        self,
        transaction: Transaction,
        collections: Collections,
        requested: Iterable[Ref[Any] | Page[Any]],
    ) -> None:
        missing: dict[type[Any], dict[str, None]] = {}
        for ref in requested:
            if isinstance(ref, Ref) and ref.id not in self._known.get(ref.kind, {}):
                missing.setdefault(ref.kind, {})[ref.id] = None
        for kind, ids in missing.items():
            where = {"_id": {"$in": list(ids)}}
            rows = await transaction.find(collections[kind].name, where)
            self._known.setdefault(kind, {}).update(ids)
            self._know(collections[kind], rows)

    async def _read_page(
        self, transaction: Transaction, kept: Collection[Any] | View[Any], page: Page[Any]
    ) -> None:
        if page.limit and self._paged_rows_left <= 0:
            self._pages[page] = Found((), is_last=False)
            return
        fields = kept.fields if isinstance(kept, View) else ()
        rows = await transaction.find(
            kept.name, page.where, sort=page.sort, limit=page.limit, fields=fields
        )
        if page.limit:
            self._paged_rows_left -= max(len(rows), PAGE_COUNTS_AS)
        is_last = not page.limit or len(rows) < page.limit
        self._pages[page] = Found(self._know(kept, rows), is_last)

    def _know(self, kept: Collection[Any] | View[Any], rows: Sequence[Document]) -> list[Any]:
        """What was read, or what the batch has made of it since."""
        if isinstance(kept, View):
            return [kept.from_document(row) for row in rows]
        known = self._known.setdefault(kept.kind, {})
        for row in rows:
            if known.get(row["_id"]) is None:
                known[row["_id"]] = kept.from_document(row)
                if added := kept.added_in(row):
                    self._added[kept.kind, row["_id"]] = added
        return [known[row["_id"]] for row in rows]

    async def save(self, transaction: Transaction, kept: Collection[E]) -> None:
        """Writes what changed, guarded by the version it was loaded with."""
        changed = self.changes_of(kept.kind)
        if kept.is_written_once and changed:
            where = {"_id": {"$in": [entity.id for entity in changed]}}
            rows = await transaction.find(kept.name, where, fields=["_id"])
            stored = {row["_id"] for row in rows}
            changed = [entity for entity in changed if entity.id not in stored]
        if changed:
            await transaction.write(kept.name, [self.write_of(kept, entity) for entity in changed])

    def write_of(self, kept: Collection[E], entity: E, **also: Any) -> Write:
        """Guarded by the version that was loaded; `also` are fields that no entity has."""
        added = self._added.get((kept.kind, entity.id), NOTHING)
        document = {**added, **kept.to_document(entity), **also}
        document["_id"], document["version"] = entity.id, entity.version + 1
        if entity.version == 0:
            return Insert(document)
        return Replace(document, {"version": entity.version})
