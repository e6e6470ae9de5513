"""Counts over a collection that are kept, since to count a million documents takes too long to be
asked for.

A step counts what it changes, as differences, in its own transaction: what it takes away from one
count and adds to another. It does so in the documents of one of its own shards, which nobody else
writes, so that steps of two replicas never wait for each other here. What is counted is the sum
over all shards; a single document may well be negative, since one shard takes away what another
has added.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from shared.loop.collection import Collection, Entity
from shared.store import Delete, Document, Filter, Finder, Index, Insert, Replace, Write

E = TypeVar("E", bound=Entity)

MARKS = "tallies"
"""Which tallies have counted what was there before them, and in which schema."""
BEFORE = -1
"""The shard of what was counted then."""
PAGE = 20_000
"""Some stores sort anew for each page."""


class Counted(NamedTuple):
    """One count: of a tenant, of a subject such as an affiliate, and of what."""

    tenant: str
    subject: str
    what: str


@dataclass(frozen=True, slots=True)
class Tally(Generic[E]):
    """What is counted of one kind of entity; `of_row` has to tell of a document what `of_entity`
    tells of its entity. A number that is raised, `schema`, has everything counted anew."""

    name: str
    collection: Collection[E]
    schema: int
    of_entity: Callable[[E], Iterable[Counted]]
    fields: Sequence[str]
    """Of a document, what `of_row` needs."""
    of_row: Callable[[Document], Iterable[Counted]]

    @property
    def indexes(self) -> Sequence[Index]:
        return [Index(self.name, ("tenant", "subject")), Index(MARKS, ())]

    def differences(self, changes: Iterable[tuple[E | None, E]]) -> Counter[Counted]:
        """What the changes take away and add."""
        found: Counter[Counted] = Counter()
        for before, after in changes:
            if before is not None:
                found.subtract(self.of_entity(before))
            found.update(self.of_entity(after))
        return Counter({counted: number for counted, number in found.items() if number})


async def writes(
    found: Finder, tally: Tally[Any], shard: int, differences: Mapping[Counted, int]
) -> list[Write]:
    """What raises the counts of this shard by so much."""
    by_id: dict[str, Counter[str]] = defaultdict(Counter)
    subjects: dict[str, tuple[str, str]] = {}
    for (tenant, subject, what), number in differences.items():
        id = f"{shard}/{tenant}/{subject}"  # noqa: A001
        subjects[id] = tenant, subject
        by_id[id][what] += number
    rows = await found.find(tally.name, {"_id": {"$in": list(by_id)}}) if by_id else []
    stored = {row["_id"]: row for row in rows}
    return [_increase(stored.get(id), id, subjects[id], more) for id, more in by_id.items()]


def _increase(
    stored: Document | None,
    id: str,  # noqa: A002
    subject: tuple[str, str],
    more: Mapping[str, int],
) -> Write:
    if stored is None:
        return Insert(_document(id, subject, more) | {"version": 1})
    counts = Counter(dict(stored["counts"]))
    counts.update(more)
    document = _document(id, subject, counts) | {"version": stored["version"] + 1}
    return Replace(document, {"version": stored["version"]})


def _document(id: str, subject: tuple[str, str], counts: Mapping[str, int]) -> Document:  # noqa: A002
    """In pairs, since a code may have a dot, which no key of a store may have."""
    tenant, name = subject
    pairs = sorted([what, number] for what, number in counts.items() if number)
    return {"_id": id, "tenant": tenant, "subject": name, "counts": pairs}


async def read(
    found: Finder, tally: Tally[Any], tenant: str, subject: str | None = None
) -> dict[str, Counter[str]]:
    """By subject, how many there are of what."""
    where = {"tenant": tenant} | ({} if subject is None else {"subject": subject})
    kept: dict[str, Counter[str]] = defaultdict(Counter)
    for row in await found.find(tally.name, where):
        kept[row["subject"]].update(dict(row["counts"]))
    return kept


async def count_anew(found: Finder, tally: Tally[Any]) -> Counter[Counted]:
    """By the documents themselves, a page at a time: this takes its time."""
    counts: Counter[Counted] = Counter()
    where: Filter = {}
    while True:
        rows = await found.find(
            tally.collection.name,
            where,
            sort=[("_id", 1)],
            limit=PAGE,
            fields=tally.fields,
        )
        for row in rows:
            counts.update(tally.of_row(row))
        if len(rows) < PAGE:
            return counts
        where = {"_id": {"$gt": rows[-1]["_id"]}}


async def begin(found: Finder, tally: Tally[Any]) -> list[tuple[str, list[Write]]]:
    """The writes, each with its collection, with which a tally begins where there are documents
    already; nothing if it has begun. To be written in this order in one transaction: what is
    counted anew may have the id of what goes."""
    marks = await found.find(MARKS, {"_id": tally.name})
    if marks and marks[0]["schema"] == tally.schema:
        return []
    counts = await count_anew(found, tally)
    former = await found.find(tally.name, {}, fields=["_id"])
    mark = {"_id": tally.name, "schema": tally.schema}
    guarded = Replace(mark, {"schema": marks[0]["schema"]}) if marks else Insert(mark)
    added = await writes(_Nothing(), tally, BEFORE, counts)
    gone: list[Write] = [Delete(row["_id"]) for row in former]
    return [(MARKS, [guarded]), (tally.name, gone), (tally.name, added)]


class _Nothing:
    async def find(self, *_place: Any, **_how: Any) -> list[Document]:
        return []
