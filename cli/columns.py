"""Which column of a file is which field of the affiliate's mapping.

A header is matched without case, marks, accents and blanks, but never by guessing: what is only
near is told. The record calls a matched column what the mapping calls it.
"""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from rapidfuzz import fuzz, process

from cli.bounds import COLUMNS_MAX, LINES_ABOVE_HEADER_MAX
from cli.cells import Cells, Flaw, Line, flaw_of, strip_mark
from cli.output import CliError, unreadable

FIELDS_NAMED = 3
NEAR = 60
"""Of 100: below it a header is no misspelling of the field."""
ESSENTIAL = ("email", "category")
NO_LETTERS = frozenset(("Mn", "Cf", "Cc", "Zs", "Zl", "Zp", "Pc"))
DECORATION = " *:"


def reference_field(affiliate: Mapping[str, Any]) -> str:
    """From the affiliate's mapping, the own field that holds its reference."""
    if field := affiliate["mapping"]["fields"].get("reference"):
        return str(field)
    raise unreadable(f"the mapping of {affiliate['id']} names no field for the reference")


@dataclass(frozen=True, slots=True)
class ExpectedColumns:
    """The affiliate's own fields with what each is; of answers nothing more is known."""

    reference: str
    own: Mapping[str, str] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    """Own fields without which no row could be used."""

    @classmethod
    def of(cls, affiliate: Mapping[str, Any], lead_code: str | None = None) -> "ExpectedColumns":
        """`lead_code` stands for the rows that name none, so that no column has to."""
        mapping = affiliate["mapping"]
        fields: Mapping[str, str] = mapping["fields"]
        needed = {*ESSENTIAL, "lead_code", *mapping.get("mandatory", ())}
        if lead_code:
            needed.discard("lead_code")
        own = {own: canonical for canonical, own in fields.items()}
        answers = dict.fromkeys(mapping.get("answers", {}).values(), "")
        return cls(
            reference_field(affiliate),
            answers | own,
            frozenset(fields[one] for one in needed & {*fields}),
        )

    def field_of(self, kind: str) -> str | None:
        return next((own for own, canonical in self.own.items() if canonical == kind), None)

    @property
    def names(self) -> dict[str, str]:
        return {**self.own, self.reference: "reference"}


@dataclass(frozen=True, slots=True)
class Missing:
    """A field of the mapping that the file has no column for."""

    field: str
    nearest: str | None = None

    @property
    def text(self) -> str:
        near = f"; the nearest header is {self.nearest!r}" if self.nearest else ""
        return f"no column {self.field!r}{near}"


@dataclass(frozen=True, slots=True)
class Header:
    """By column the name in the record; blank where the file names none."""

    names: tuple[str, ...]
    kinds: Mapping[int, str]
    """What the columns of the mapping's fields are; no other column is read by anybody."""
    missing: tuple[Missing, ...] = ()

    @property
    def width(self) -> int:
        """Up to the last column that has a name."""
        return max((at + 1 for at, name in enumerate(self.names) if name), default=0)


@lru_cache(maxsize=10_000)
def fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    kept = "".join(each for each in plain if unicodedata.category(each) not in NO_LETTERS)
    return kept.strip(DECORATION) or name.strip()


def places(cells: Sequence[str], expected: Iterable[str]) -> dict[str, int]:
    """Where the expected fields stand: written so, or else the only ones that are so but for case,
    marks and blanks."""
    names = list(expected)
    found = {name: cells.index(name) for name in names if name in cells}
    taken = set(found.values())
    columns = by_key((at, cell) for at, cell in enumerate(cells) if cell and at not in taken)
    for key, (name, *others) in by_key((name, name) for name in names).items():
        at = [] if others or name in found else columns.get(key, [])
        if len(at) > 1:
            both = ", ".join(repr(cells[each]) for each in at)
            raise unreadable(f"which column is the field {name!r}? It may be {both}")
        if at:
            found[name] = at[0]
    return found


def by_key(items: Iterable[tuple[Any, str]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item, name in items:
        found.setdefault(fold(name), []).append(item)
    return found


def header_at(rows: Iterable[Line], expected: ExpectedColumns) -> Header:
    """The first of the upper rows that names the reference. What stands above it may be a title,
    but never rows, since those would be lost."""
    above: list[tuple[int, list[str]]] = []
    quote_open = False
    for (number, cells), _ in zip(rows, range(LINES_ABOVE_HEADER_MAX + 1), strict=False):
        quote_open |= isinstance(cells, Flaw)
        texts = [] if isinstance(cells, Flaw) else texts_of(cells)
        if expected.reference in places(texts, [expected.reference]):
            header = header_of(texts, expected)
            check_above(above, header)
            return header
        above += [(number, texts)] if any(texts) else []
    if not above and not quote_open:
        raise unreadable("there is no header: the first rows are blank")
    best = max((texts for _, texts in above), key=lambda each: fit_of(each, expected), default=[])
    if quote_open and not places(best, expected.names):
        raise unreadable("a quote in the first lines is not closed, or a field name has two lines")
    return header_of(best, expected)


def fit_of(texts: Sequence[str], expected: ExpectedColumns) -> tuple[int, int]:
    """How many of the fields a row names, if it is clear which, and how many cells it has."""
    try:
        return len(places(texts, expected.names)), len(texts)
    except CliError:
        return 0, len(texts)


def texts_of(cells: Cells) -> list[str]:
    """A header cell without its value still has a place."""
    return [
        f"column {at}"
        if isinstance(cell, Flaw)
        else strip_mark(cell.strip().strip("\ufeff")).strip()
        for at, cell in enumerate(cells, start=1)
    ]


def check_above(above: Iterable[tuple[int, Sequence[str]]], header: Header) -> None:
    named = sum(map(bool, header.names))
    for number, texts in above:
        if sum(map(bool, texts)) > max(1, named // 2):
            raise unreadable(f"line {number} stands above the header and looks like a row")


def header_of(cells: Sequence[str], expected: ExpectedColumns) -> Header:
    """Raises if the affiliate's fields are not there, or it is not clear which they are."""
    fields = expected.names
    at = places(cells, fields)
    check_named(cells, expected, at)
    if flaw := flaw_of(cells):
        raise unreadable(f"the header can't be used: {flaw.text}")
    names = list(cells)
    for name, place in at.items():
        names[place] = name
    names = number_repeated(names, fields) if expected.own else names
    check_once(names)
    free = [cell for place, cell in enumerate(cells) if cell and place not in at.values()]
    missing = tuple(missing_of(name, free) for name in fields if name not in at)
    check_needed(missing, expected.needed)
    known = {place: fields[name] for name, place in at.items()}
    # Where nothing is known of the mapping, any column may be read.
    return Header(
        tuple(names), known if expected.own else dict.fromkeys(range(len(names)), ""), missing
    )


def check_needed(missing: Iterable[Missing], needed: Collection[str]) -> None:
    """All that has no column is told with it, so that a mapping is mended at once."""
    texts: dict[bool, list[str]] = {True: [], False: []}
    for each in missing:
        texts[each.field in needed].append(each.text)
    if texts[True]:
        others = f"; also, though not needed: {'; '.join(texts[False])}" if texts[False] else ""
        raise unreadable(f"the file can't be used: {'; '.join(texts[True])}{others}")


def check_named(cells: Sequence[str], expected: ExpectedColumns, at: Mapping[str, int]) -> None:
    if expected.own and not at:
        some = ", ".join(list(expected.own)[:FIELDS_NAMED])
        raise unreadable(f"no line names any of the affiliate's fields, such as {some}")
    if expected.reference not in at:
        near = missing_of(expected.reference, [cell for cell in cells if cell]).nearest
        hint = f"; the nearest header is {near!r}" if near else ""
        name = expected.reference
        raise unreadable(f"no line names the field {name!r}, which holds the reference{hint}")
    if len(cells) > COLUMNS_MAX:
        raise unreadable(f"the header has more than {COLUMNS_MAX:,} columns")


def number_repeated(names: Iterable[str], fields: Collection[str]) -> list[str]:
    """Columns that nobody reads may be called alike: the record has Note and Note (2)."""
    found: set[str] = set()
    numbers: dict[str, Iterator[int]] = {}
    result = []
    for name in names:
        if name in found and name and name not in fields:
            following = numbers.setdefault(name, count(2))
            name = next(each for at in following if (each := f"{name} ({at})") not in found)
        found.add(name)
        result.append(name)
    return result


def check_once(names: Collection[str]) -> None:
    named = [name for name in names if name]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise unreadable(f"the header names a field twice: {', '.join(twice)}")


def missing_of(name: str, headers: Sequence[str]) -> Missing:
    """A header is near that is spelt alike, or else the only one that says more: a work email."""
    keys = {header: fold(header) for header in headers}
    near = process.extractOne(fold(name), keys, scorer=fuzz.ratio, score_cutoff=NEAR)
    longer = [header for header, key in keys.items() if fold(name) in key]
    return Missing(name, near[2] if near else longer[0] if len(longer) == 1 else None)
