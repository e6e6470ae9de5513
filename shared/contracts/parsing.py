"""Reads the data of events and commands: what it is, or what in it is not as its type asks for.

Reading is total. What is wrong is told field by field, by the form that is wanted and never by the
value, and stays small however much is wrong: it goes into answers, and a shard whose answer no
broker takes could never go on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from shared.contracts import forms
from shared.contracts.event import Command, Event
from shared.errors import Poison
from shared.wording import quantity

E = TypeVar("E", bound=Event)

PATH_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 500
IN_TEXT_MAX = 5
LISTED_MAX = 10_000
"""A value has room for half a million faults, which take seconds and half a gigabyte to list."""


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    """One of `forms.CODES`, or one that its field declares."""
    field: str
    """Its place, with names of fields and numbers of items; of a mapping the keys are the sender's
    own, and each is a star. Empty: the data as a whole."""
    text: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """Data that is a JSON object, and not what its type asks for."""

    kind: type[Event]
    code: str
    """The one that its fields declare, if nothing else is wrong; else `invalid`."""
    faults: Sequence[Fault]
    more: int
    """How many faults there are beside those."""

    @property
    def text(self) -> str:
        texts = [fault.text for fault in self.faults[:IN_TEXT_MAX]]
        if left := self.more + len(self.faults) - len(texts):
            texts.append(
                f"and {quantity(left, 'fault')} more" if texts else quantity(left, "fault")
            )
        return "; ".join(texts)

    @property
    def details(self) -> dict[str, Any]:
        rows = [{"code": one.code, "field": one.field, "text": one.text} for one in self.faults]
        first = {"field": rows[0]["field"]} if rows else {}
        more = {"more": self.more} if self.more else {}
        return {**first, "faults": rows, **more}


def parse(kind: type[E], data: bytes) -> E:
    """The event that some data is; raises `Poison` for what is none."""
    found = read(kind, data)
    if isinstance(found, Invalid):
        raise Poison("invalid", found.text)
    return found


def read(kind: type[E], data: bytes) -> E | Invalid:
    """Raises `Poison` only for what is no JSON object, and so has no fields to tell of."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        return _invalid(kind, data, error)


def _invalid(kind: type[Event], data: bytes, error: ValidationError) -> Invalid:
    rows, count = _rows(kind, data, error), error.error_count()
    if count == 1 and _is_no_object(rows[0]):
        raise Poison("not_json", "the data is no JSON object")
    true = forms.without_lists_of_faults(rows)
    count -= len(rows) - len(true)
    faults = [_fault(kind, row) for row in true]
    codes = {fault.code for fault in faults}
    is_declared = len(codes) == 1 and len(true) == count and codes <= _declared_codes(kind)
    code = codes.pop() if is_declared else "invalid"
    return Invalid(kind, code, faults[: forms.FAULTS_MAX], count - len(faults[: forms.FAULTS_MAX]))


def _is_no_object(row: ErrorDetails) -> bool:
    return row["type"] == "json_invalid" or (row["type"] == "model_type" and not row["loc"])


def _rows(kind: type[Event], data: bytes, error: ValidationError) -> list[ErrorDetails]:
    """What is wrong; where that is too much to list, what is wrong in the beginning of it."""
    if error.error_count() > LISTED_MAX:
        try:
            kind.model_validate_json(to_json(_beginning(from_json(data), _names(kind))))
        except ValidationError as of_beginning:
            error = of_beginning
    if error.error_count() > LISTED_MAX:
        return []
    return error.errors(include_input=False, include_url=False)


def _beginning(part: Any, names: frozenset[str]) -> Any:
    """The first entries of lists and mappings; all fields, so that none seems to be missing."""
    if isinstance(part, list):
        return [_beginning(one, names) for one in part[: forms.FAULTS_MAX]]
    if isinstance(part, dict):
        others = [name for name in part if name not in names][: forms.FAULTS_MAX]
        kept = [*names.intersection(part), *others]
        return {name: _beginning(part[name], names) for name in kept}
    return part


def _fault(kind: type[Event], row: ErrorDetails) -> Fault:
    path = ".".join(_path(kind, row["loc"]))[:PATH_LENGTH_MAX]
    text = forms.problem(row)[:TEXT_LENGTH_MAX]
    code = row["type"] if row["type"] in _declared_codes(kind) else forms.code_of(row)
    return Fault(code, path, f"{path}: {text}" if path else text)


def _declared_codes(kind: type[Event]) -> frozenset[str]:
    """A field declares a code by raising `PydanticCustomError` with one of its command's."""
    return frozenset(kind.REFUSED) if issubclass(kind, Command) else frozenset()


def _path(kind: type[Event], place: Sequence[int | str]) -> Iterator[str]:
    """Without what the validator adds to it: which of several forms was meant, and that the fault
    is the key's."""
    names, tags, field = _names(kind), _tags(kind), ""
    for part in place:
        if isinstance(part, int):
            yield str(part)
        elif part != forms.IN_KEY and part not in tags.get(field, ()):
            field = part if part in names else ""
            yield field or "*"


@cache
def _names(kind: type[Event]) -> frozenset[str]:
    """All fields of a type and of its parts, by each name under which they are read."""
    schemas = [kind.model_json_schema(by_alias=by_alias) for by_alias in (True, False)]
    return frozenset(name for schema in schemas for name, _ in _properties(schema))


@cache
def _tags(kind: type[Event]) -> Mapping[str, frozenset[str]]:
    """By field, the words that tell which of several forms is meant."""
    fields = _properties(kind.model_json_schema())
    return {name: tags for name, schema in fields if (tags := frozenset(_discriminators(schema)))}


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {}).items()


def _discriminators(schema: Any) -> Iterator[str]:
    """What the discriminators of a schema tell apart, however deep it has them."""
    if isinstance(schema, list):
        for part in schema:
            yield from _discriminators(part)
    elif isinstance(schema, Mapping):
        yield from schema.get("discriminator", {}).get("mapping", {})
        for part in schema.values():
            yield from _discriminators(part)
