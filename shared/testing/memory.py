"""An honest fake of the document store: snapshot reads, first writer wins, unique indexes.

It passes the same contract suite as a real server. Documents are kept as BSON, and filters are
written as such, so whatever the server could not keep, or be asked for, or would give back changed,
shows up here too.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from itertools import count
from typing import Any

from shared.errors import Conflict, Contended, Infrastructure, UnknownOutcome
from shared.mongo import decode, encode
from shared.store import (
    ONE_AT_A_TIME,
    Delete,
    Document,
    Filter,
    Index,
    Insert,
    Put,
    Remove,
    Replace,
    Sort,
    Write,
    by_kind,
)

ONE_WRITE_EACH = "writes of one call touch different documents, since they are taken by kind"

Rows = dict[Any, bytes]
Place = tuple[str, Any]


class Crashed(BaseException):
    """The process is gone: nothing that it would still do happens, its locks stay."""


async def _at_once(_point: str) -> None:
    """The default gate: no simulated latency and no simulated failure."""


class MemoryDatabase:
    """What survives a crash: the committed documents, and the locks of transactions not ended."""

    def __init__(self) -> None:
        self.committed: dict[str, Rows] = {}
        self.unique: dict[str, list[tuple[str, ...]]] = {}
        self.owners: dict[Place, int] = {}
        self.dead: set[int] = set()
        self.undecided: list[MemoryTransaction] = []
        self.sessions = count(1)

    def end(self, session: int) -> None:
        """Kills a session: what it has open can't be committed, what it holds is free."""
        self.dead.add(session)
        self.release(session)

    def release(self, session: int) -> None:
        self.owners = {place: owner for place, owner in self.owners.items() if owner != session}

    def end_transaction(self, transaction: "MemoryTransaction", *, commit: bool) -> None:
        """Ends a transaction whose owner never learnt its outcome; a killed one stays undone."""
        self.undecided.remove(transaction)
        if commit and transaction.session not in self.dead:
            transaction.commit()
        self.release(transaction.session)

    def documents(self, collection: str) -> list[Document]:
        return [decode(raw) for raw in self.committed.get(collection, {}).values()]


class MemoryTransaction:
    def __init__(self, store: "MemoryStore") -> None:
        self._store = store
        self._database = store.database
        self.session = store.session
        self._snapshot = dict(store.database.committed)
        self._mine: dict[str, dict[Any, bytes | None]] = {}

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        await self._store.gate("store.find")
        rows = self._rows(collection)
        return _select(rows, where, sort, limit, 0, fields)

    async def write(self, collection: str, writes: Sequence[Write]) -> None:
        await self._store.gate("store.write")
        assert len({_key_of(write) for write in writes}) == len(writes), ONE_WRITE_EACH
        for write in by_kind(writes):
            self._apply(collection, write)

    def _apply(self, collection: str, write: Write) -> None:
        key = _key_of(write)
        self._lock(collection, key)
        current = self._rows(collection).get(key)
        match write:
            case Insert(document):
                if current is not None:
                    raise Conflict("a unique key exists already")
                self._put(collection, key, document)
            case Replace(document, guard):
                if current is None or not _matches(decode(current), guard):
                    raise Conflict(f"a guarded write in {collection} found another version")
                self._put(collection, key, document)
            case Put(document):
                self._put(collection, key, document)
            case Delete() | Remove():
                if current is None and isinstance(write, Delete):
                    raise Conflict(f"a guarded write in {collection} found another version")
                self._mine.setdefault(collection, {})[key] = None

    def _put(self, collection: str, key: Any, document: Document) -> None:
        for fields in self._database.unique.get(collection, []):
            self._check_unique(collection, key, fields, document)
        self._mine.setdefault(collection, {})[key] = encode(document)

    def _check_unique(
        self, collection: str, key: Any, fields: tuple[str, ...], document: Document
    ) -> None:
        value = tuple(_value(document, name) for name in fields)
        self._lock(f"{collection}:{','.join(fields)}", value)
        for other, raw in self._rows(collection, latest=True).items():
            if other != key and tuple(_value(decode(raw), name) for name in fields) == value:
                raise Conflict("a unique key exists already")

    def _lock(self, collection: str, key: Any) -> None:
        """First writer wins: a document that another transaction holds, or that was committed
        after our snapshot, is a conflict at once."""
        owner = self._database.owners.setdefault((collection, key), self.session)
        latest = self._database.committed.get(collection, {}).get(key)
        seen = self._snapshot.get(collection, {}).get(key)
        if owner != self.session or latest is not seen:
            raise Contended("write conflict")

    def _rows(self, collection: str, *, latest: bool = False) -> Rows:
        base = (self._database.committed if latest else self._snapshot).get(collection, {})
        mine = self._mine.get(collection)
        if not mine:
            return base
        merged = {**base, **mine}
        return {key: raw for key, raw in merged.items() if raw is not None}

    def commit(self) -> None:
        if self.session in self._database.dead:
            raise Infrastructure("the session was killed")
        for collection, rows in self._mine.items():
            kept = {**self._database.committed.get(collection, {}), **rows}
            self._database.committed[collection] = {
                key: raw for key, raw in kept.items() if raw is not None
            }


class MemoryStore:
    """One owner's connection. `gate` is where a simulation adds latency, faults and crashes."""

    def __init__(
        self, database: MemoryDatabase, gate: Callable[[str], Awaitable[None]] = _at_once
    ) -> None:
        self.database = database
        self.gate = gate
        self.session = next(database.sessions)
        self.in_transaction = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        if self.session in self.database.dead:
            self.session = next(self.database.sessions)
        assert not self.in_transaction, ONE_AT_A_TIME
        self.in_transaction = True
        transaction = MemoryTransaction(self)
        try:
            yield transaction
            await self.gate("store.commit")
            transaction.commit()
            await self.gate("store.committed")
        except Crashed:
            raise
        except UnknownOutcome:
            self.database.undecided.append(transaction)
            self.session = next(self.database.sessions)
            raise
        except BaseException:
            self.database.release(self.session)
            raise
        finally:
            self.in_transaction = False
        self.database.release(self.session)

    async def kill(self, session: Any) -> None:
        await self.gate("store.kill")
        self.database.end(session)

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
        await self.gate("store.find")
        rows = self.database.committed.get(collection, {})
        return _select(rows, where, sort, limit, skip, fields)

    async def count(self, collection: str, where: Filter, *, limit: int = 0) -> int:
        return len(await self.find(collection, where, limit=limit))

    async def migrate(self, indexes: Sequence[Index]) -> None:
        for index in indexes:
            known = self.database.unique.setdefault(index.collection, [])
            if index.is_former and index.fields in known:
                known.remove(index.fields)
            elif index.unique and not index.is_former and index.fields not in known:
                known.append(index.fields)


def _key_of(write: Write) -> Any:
    return write.id if isinstance(write, Delete | Remove) else write.document["_id"]


def _select(
    rows: Rows, where: Filter, sort: Sort, limit: int, skip: int, fields: Sequence[str]
) -> list[Document]:
    where = decode(encode({**where}))
    found = [
        decode(raw) for raw in _candidates(rows, where) if _matches(_decode_shared(raw), where)
    ]
    for name, direction in reversed(sort):
        found.sort(key=partial(_value, path=name), reverse=direction < 0)
    some = found[skip : skip + limit] if limit else found[skip:]
    return [_only(row, fields) for row in some] if fields else some


def _only(row: Document, fields: Sequence[str]) -> Document:
    """The fields that are named, as deep as they are, and the id."""
    kept: Document = {"_id": row["_id"]}
    for path in fields:
        *above, last = path.split(".")
        source, target = row, kept
        for name in above:
            source, target = source.get(name) or {}, target.setdefault(name, {})
        if last in source:
            target[last] = source[last]
    return kept


@lru_cache(maxsize=20_000)
def _decode_shared(raw: bytes) -> Document:
    """A document only to be looked at: scans see the same ones again and again."""
    return decode(raw)


def _candidates(rows: Rows, where: Filter) -> Iterable[bytes]:
    condition = where.get("_id")
    if isinstance(condition, Mapping) and "$in" in condition:
        return [rows[key] for key in dict.fromkeys(condition["$in"]) if key in rows]
    if condition is not None and not isinstance(condition, Mapping):
        return [rows[condition]] if condition in rows else []
    return rows.values()


def _matches(document: Document, where: Filter) -> bool:
    return all(_accepts(_value(document, name), condition) for name, condition in where.items())


def _accepts(value: Any, condition: Any) -> bool:
    if not isinstance(condition, Mapping):
        return bool(value == condition) or (isinstance(value, list) and condition in value)
    return all(_COMPARE[operator](value, operand) for operator, operand in condition.items())


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$in": lambda value, operand: (
        any(each in operand for each in value) if isinstance(value, list) else value in operand
    ),
    "$nin": lambda value, operand: value not in operand,
    "$gt": lambda value, operand: value is not None and value > operand,
    "$gte": lambda value, operand: value is not None and value >= operand,
    "$lt": lambda value, operand: value is not None and value < operand,
    "$lte": lambda value, operand: value is not None and value <= operand,
    "$ne": lambda value, operand: value != operand,
}


def _value(document: Document, path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
