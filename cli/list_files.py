"""Reads a file of companies into a list's entries, each with its line.

A table's columns are found by their header, since a list of ids or of owners would keep nobody out
and nobody would see it. What can't be read costs its own line. Whether an entry is a company is the
service's matter: it refuses what is none.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cli import delimited
from cli.cells import LETTERS_MISREAD, Cells, Flaw, is_misread, is_text, strip_mark
from cli.cells import Line as Row
from cli.foreign import ARCHIVES, foreign_kind
from cli.list_headers import columns_of, is_flag, is_other, is_refusal
from cli.output import WRONG_USAGE, CliError, unreadable
from shared.companies.domains import NO_HOST, is_known_ending, other_domains, website
from shared.companies.terms import NAME, is_address, is_site
from shared.contracts.lists import LIST_ENTRIES_MAX
from shared.wording import quantity

ENTRY_LENGTH_MAX = 253
COMMENT = "#"
TABLES = (".csv", ".tsv", ".tab")
MARKED = "company_name"
NUMBERED_MIN = 3
_NUMBERED = re.compile(r"\s*(\d{1,6})[.)]\s+")
HEADER_WITHIN_ROWS = 10
"""Above a header of several columns there may be a title."""
BLANKS = frozenset(("-", "--", "n/a", "na", "none", "null", "nil", "#n/a", "unknown"))
"""What is written into a cell that would else be blank."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    entry: str


@dataclass(frozen=True, slots=True)
class BadLine:
    number: int
    entry: str
    why: str

    def as_json(self) -> dict[str, object]:
        return {"line": self.number, "entry": self.entry, "why": self.why}


@dataclass(frozen=True, slots=True)
class Header:
    """Which of the rows it is, how wide, and in which columns names and domains stand."""

    place: int
    width: int
    names: Sequence[int]
    domains: Sequence[int]


def read(name: str, content: bytes) -> list[Line | BadLine]:
    """A workbook or a CSV has its companies in the columns whose header says so, or is one column;
    any other file has one a line."""
    if content.startswith(ARCHIVES):
        # Imported late: every command would wait for the library.
        from cli import workbook

        return list(entries_of_table(name, workbook.rows(content)))
    if kind := foreign_kind(content):
        raise unreadable(f"{name}: this is neither text, CSV nor XLSX: it is {kind}")
    text = delimited.text_of(content)
    if name.lower().endswith(TABLES):
        return list(entries_of_table(name, list(rows_of(text))))
    lines = enumerate(io.StringIO(text, newline=None), start=1)
    return list(entries_of(without_numbers([line for line in lines if is_meant([line[1]])])))


def rows_of(text: str) -> Iterator[Row]:
    lines = list(io.StringIO(text, newline=""))
    hint = delimited.hinted_delimiter(delimited.Lines(lines))
    start = [line for line in lines if line.strip() and not line.startswith(COMMENT)]
    delimiter = hint or max(delimited.DELIMITERS, key=lambda sign: _columns(start, sign))
    first = 1 if hint else 0
    yield from delimited.Rows(delimited.Lines(lines[first:], first), delimiter)


def _columns(lines: Sequence[str], delimiter: str) -> int:
    """In the upper lines, how many columns it divides."""
    return max((line.count(delimiter) for line in lines[:HEADER_WITHIN_ROWS]), default=0)


def entries_of_table(name: str, rows: Sequence[Row]) -> Iterator[Line | BadLine]:
    meant = [row for row in rows if isinstance(row[1], Flaw) or is_meant(row[1])]
    header = header_of(meant)
    if header is None:
        check_one_column(name, meant)
        yield from entries_of((number, only_cell(cells)) for number, cells in meant)
        return
    below = meant[header.place + 1 :]
    check_flags(name, texts_of(meant[header.place][1]), below)
    for number, cells in without_counts(below, header):
        yield from entries_of_row(number, cells, header)


def check_flags(name: str, header: Sequence[str], rows: Sequence[Row]) -> None:
    """A column that says no of some companies: whoever keeps them in the file does not mean them,
    and a list holds no more than whom it is meant for."""
    for at in (at for at, cell in enumerate(header) if is_flag(cell)):
        for number, cells in rows:
            texts = texts_of(cells)
            if at < len(texts) and is_refusal(texts[at]):
                why = f"line {number} says {texts[at]!r} in the column {header[at]!r}"
                raise unreadable(f"{name}: {why}; leave only the rows that are to be on the list")


def without_counts(rows: Sequence[Row], header: Header) -> Sequence[Row]:
    """Of names that are counted one by one, what stands behind the numbers."""
    if not header.names:
        return rows
    at = header.names[0]
    counted = [(number, "".join(texts_of(cells)[at : at + 1])) for number, cells in rows]
    plain = without_numbers(counted)
    if plain is counted:
        return rows
    return [
        (number, [*row[:at], bare, *row[at + 1 :]])
        for (number, row), (_, bare) in zip(rows, plain, strict=True)
        if not isinstance(row, Flaw)
    ]


def check_one_column(name: str, rows: Sequence[Row]) -> None:
    """Without a header that says it, nobody knows which of several columns is meant."""
    odd = [cells for _, cells in rows if width_of(cells) > 1]
    odd += [cells for _, cells in rows[:1] if is_other(only_cell(cells))]
    if odd:
        found = ", ".join(repr(cell) for cell in texts_of(odd[0]) if cell)
        why = f"no column is called as a company's name or domain is; found: {found}"
        raise unreadable(f"{name}: {why}. Call them Company and Domain, or leave one column only")


def is_meant(cells: Cells) -> bool:
    texts = texts_of(cells)
    return first_flaw(cells) is not None or (any(texts) and not texts[0].startswith(COMMENT))


def first_flaw(cells: Cells | Flaw) -> Flaw | None:
    if isinstance(cells, Flaw):
        return cells
    return next((cell for cell in cells if isinstance(cell, Flaw)), None)


def header_of(rows: Sequence[Row]) -> Header | None:
    """Below the first row it has more than one column, since a company may be called Domain."""
    for place, (_, cells) in enumerate(rows[:HEADER_WITHIN_ROWS]):
        names, domains = columns_of(texts_of(cells))
        if (names or domains) and (place == 0 or width_of(cells) > 1):
            return Header(place, len(cells) if not isinstance(cells, Flaw) else 0, names, domains)
        if width_of(cells) > 1:
            return None
    return None


def entries_of_row(number: int, cells: Cells | Flaw, header: Header) -> Iterator[Line | BadLine]:
    texts = texts_of(cells)
    if isinstance(cells, Flaw):
        yield BadLine(number, "", cells.text)
    elif any(texts[header.width :]):
        # A delimiter inside a text has cut it, and moved all that is behind.
        yield BadLine(number, "", f"{quantity(len(texts), 'cell')}, the header has {header.width}")
    else:
        for place in (*header.names, *header.domains):
            cell = texts[place] if place < len(texts) else ""
            if place < len(cells) and isinstance(flaw := cells[place], Flaw):
                yield BadLine(number, "", flaw.text)
            elif cell and cell.casefold() not in BLANKS:
                yield from entries_of_cell(number, cell, is_name=place in header.names)


def entries_of_cell(number: int, cell: str, *, is_name: bool) -> Iterator[Line | BadLine]:
    if why := flaw_of(cell):
        yield BadLine(number, cell, why)
    elif is_name:
        yield from (Line(number, entry) for entry in entries_of_name(cell))
    elif found := domains_in(cell):
        yield from (Line(number, domain) for domain in found)
    else:
        yield BadLine(number, cell, website(cell).why)


def entries_of_name(cell: str) -> Iterator[str]:
    """A company may be called like its domain, and goes by both then: Booking.com. An address is
    nobody's name."""
    if not is_site(cell) or is_address(cell):
        yield cell
        return
    yield NAME + cell
    domain = website(cell).domain
    if domain and is_known_ending(domain):
        yield domain


def domains_in(cell: str) -> list[str]:
    """All of a company's domains, of which the first is as `website` reads it. What is no domain
    and no address between them makes the cell a bad one."""
    first, why = website(cell)
    if why == NO_HOST:
        return []
    return [*([first] if first else []), *other_domains(cell)]


def texts_of(cells: Cells | Flaw) -> list[str]:
    if isinstance(cells, Flaw):
        return []
    return ["" if isinstance(cell, Flaw) else strip_mark(cell.strip(), MARKED) for cell in cells]


def width_of(cells: Cells | Flaw) -> int:
    """How many columns are filled."""
    return sum(map(bool, texts_of(cells)))


def only_cell(cells: Cells | Flaw) -> str | Flaw:
    return first_flaw(cells) or "".join(texts_of(cells))


def without_numbers(lines: Sequence[tuple[int, str]]) -> Sequence[tuple[int, str]]:
    """Of lines that are numbered one by one, what stands behind; 1. FC Larkspur alone keeps it."""
    found = [_NUMBERED.match(line) for _, line in lines]
    counted = [int(each[1]) for each in found if each]
    if len(lines) < NUMBERED_MIN or counted != list(range(1, len(lines) + 1)):
        return lines
    return [(number, _NUMBERED.sub("", line, count=1)) for number, line in lines]


def entries_of(lines: Iterable[tuple[int, str | Flaw]]) -> Iterator[Line | BadLine]:
    for number, cell in lines:
        if isinstance(cell, Flaw):
            yield BadLine(number, "", cell.text)
        elif (entry := cell.strip()) and not entry.startswith(COMMENT):
            why = flaw_of(entry)
            yield BadLine(number, entry, why) if why else Line(number, entry)


def flaw_of(entry: str) -> str | None:
    if not is_text(entry):
        return "not UTF-8 text"
    if is_misread([entry]):
        return LETTERS_MISREAD.text
    if len(entry) > ENTRY_LENGTH_MAX:
        return f"longer than {ENTRY_LENGTH_MAX} characters"
    return None


def check_number(name: str, entries: int) -> None:
    """An empty file would free everybody whom the list keeps out, and is hardly meant."""
    if not entries:
        raise unreadable(f"{name}: no entry in it")
    if entries > LIST_ENTRIES_MAX:
        text = f"{name}: {quantity(entries, 'entry')}, {LIST_ENTRIES_MAX:,} are allowed"
        raise CliError("list_too_long", text, WRONG_USAGE)
