"""The port to the document store: transactions with snapshot reads and guarded writes.

Two implementations, one contract suite: `shared.mongo` and `shared.testing.memory`. Filters are the
small part of MongoDB's language that both speak: equality and `$in`, which an array has with each
of its elements, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

Document = dict[str, Any]
Filter = Mapping[str, Any]
Sort = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Insert:
    """Adds a document; a second one with the same unique key is a `Conflict`."""

    document: Document


@dataclass(frozen=True, slots=True)
class Replace:
    """Replaces the document with this `_id`, if it still looks as `guard` says; else `Conflict`."""

    document: Document
    guard: Filter = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delete:
    """Removes the document with this id; one that is gone already is a `Conflict`."""

    id: Any


@dataclass(frozen=True, slots=True)
class Put:
    """Adds a document, or replaces the one with its `_id`, whatever it is by now."""

    document: Document


@dataclass(frozen=True, slots=True)
class Remove:
    """Removes the document with this id, if there is one. Not in one call with a `Delete`: a server
    tells how many it deleted, not which."""

    id: Any


Write = Insert | Replace | Delete | Put | Remove
KINDS = (Delete, Remove, Replace, Put, Insert)


def by_kind(writes: Sequence[Write]) -> list[Write]:
    """Deletions, then replacements, then insertions: a server takes each kind in one round trip."""
    return sorted(writes, key=lambda write: KINDS.index(type(write)))


@dataclass(frozen=True, slots=True)
class Index:
    collection: str
    fields: tuple[str, ...]
    unique: bool = False
    expires_days: int | None = None
    """Documents go so long after the instant in the one field."""
    is_former: bool = False
    """An earlier version made it, and nothing asks by it any more: it goes."""


ONE_AT_A_TIME = "a store has one transaction at a time: whoever asks beside the loop reads without"
"""A second one would end the first, and what the first wrote after that would stand by itself."""


class Finder(Protocol):
    """A transaction, or a store beside it."""

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        """Whole documents, or of each at least these fields."""


class Transaction(Finder, Protocol):
    async def write(self, collection: str, writes: Sequence[Write]) -> None:
        """Writes of one call touch different documents, since they are taken `by_kind`."""


class Store(Protocol):
    @property
    def session(self) -> Any:
        """Names the server-side session that this store's transactions run in."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits when the block ends, aborts when it raises.

        Raises `Conflict` and `Infrastructure` when nothing was written, `UnknownOutcome` when the
        commit may have happened.
        """

    async def kill(self, session: Any) -> None:
        """Ends another owner's session, so that its open transaction holds nothing any longer."""

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
        skip: int = 0,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        """Reads committed documents outside any transaction; what is decided on them is read again
        inside one."""

    async def count(self, collection: str, where: Filter, *, limit: int = 0) -> int:
        """How many there are; with a limit, so many at most."""

    async def migrate(self, indexes: Sequence[Index]) -> None:
        """Makes the collections and indexes exist before the first transaction needs them, and
        drops the former ones."""
