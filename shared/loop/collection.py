"""A kind of entity and how it is kept, declared once: its document follows from its fields.

A document carries `schema`, since two versions of a service run side by side during an upgrade.
What an earlier schema did not have reads as the field's default; what it called otherwise is
renamed by `upgrade`, for documents of earlier schemas alone. What a newer version has added beside
the fields of today stays in the document when it is saved; one of a newer schema is not read at all
([decision 0051](../../docs/decisions/0051-an-older-version-loses-nothing-of-a-newer-one.md)).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, Protocol, TypeVar, get_type_hints

from pydantic import TypeAdapter

from shared.errors import TooNew
from shared.store import Document, Index


class Entity(Protocol):
    """Frozen; changed with `dataclasses.replace`; `version` 0 means not yet stored."""

    @property
    def id(self) -> str: ...

    @property
    def version(self) -> int: ...


E = TypeVar("E", bound=Entity)
R = TypeVar("R")
NOTHING: Mapping[str, Any] = {}
SET_BY_SAVING = ("_id", "version", "revision")


def nothing_in(_row: Document) -> Document:
    return {}


@dataclass(frozen=True, slots=True)
class Collection(Generic[E]):
    """How one kind of entity is kept. The document's `_id` and `version` are set by saving."""

    name: str
    kind: type[E]
    to_document: Callable[[E], Document]
    from_document: Callable[[Document], E]
    indexes: Sequence[Index] = ()
    is_written_once: bool = False
    """Its ids follow from what is in the documents: one that exists already is left as it is."""
    added_in: Callable[[Document], Document] = nothing_in
    """What a newer version has added to a document: saving the entity must not lose it."""


@dataclass(frozen=True, slots=True)
class View(Generic[R]):
    """Some fields of a collection's documents, for what needs no more of many of them."""

    name: str
    kind: type[R]
    fields: Sequence[str]
    from_document: Callable[[Document], R]


def collection(
    name: str,
    kind: type[E],
    *,
    schema: int,
    text: Sequence[str] = (),
    pairs: Sequence[str] = (),
    names: Mapping[str, str] = NOTHING,
    queried: Mapping[str, Callable[[E], Any]] = NOTHING,
    indexes: Sequence[Sequence[str]] = (),
    upgrade: Callable[[Document], Document] | None = None,
    is_written_once: bool = False,
) -> Collection[E]:
    """Every field is kept as it is, but for those that are named: `text` as JSON text, since it has
    dates, or keys that no store takes, and is only read whole; `pairs` are mappings with such keys;
    `names` says under which other name a field lies. `queried` are values that only queries use.
    """
    adapter = TypeAdapter(kind)
    hints = get_type_hints(kind)
    texts = {field: TypeAdapter(hints[field]) for field in text}
    derived = {field.name for field in fields(kind) if not field.init}  # type: ignore[arg-type]
    left_out = {"id", "version", *texts, *derived}
    known = {names.get(field, field) for field in hints}.union(queried, SET_BY_SAVING, ["schema"])

    def to_document(entity: E) -> Document:
        document: Document = {"schema": schema}
        document |= adapter.dump_python(entity, exclude=left_out)
        for field, kept in texts.items():
            value = getattr(entity, field)
            document[field] = None if value is None else kept.dump_json(value).decode()
        for field in pairs:
            document[field] = [[key, value] for key, value in document[field].items()]
        for field, stored in names.items():
            document[stored] = document.pop(field)
        return document | {field: value(entity) for field, value in queried.items()}

    def from_document(row: Document) -> E:
        if row["schema"] > schema:
            text = f"a document of {name} is of schema {row['schema']}, which a newer version wrote"
            raise TooNew(text)
        if upgrade is not None and row["schema"] < schema:
            row = upgrade(row)
        read = {**row, "id": row["_id"]}
        for field, stored in names.items():
            read[field] = row[stored]
        for field, kept in texts.items():
            if read.get(field) is not None:
                read[field] = kept.validate_json(read[field])
        for field in pairs:
            if field in read:
                read[field] = dict(read[field])
        return adapter.validate_python(read)

    def added_in(row: Document) -> Document:
        # What is unknown in one of an earlier schema is what was renamed since.
        added = row.keys() - known if row["schema"] == schema else ()
        return {field: row[field] for field in added}

    where = [Index(name, tuple(fields)) for fields in indexes]
    return Collection(name, kind, to_document, from_document, where, is_written_once, added_in)
