"""Reads a file of companies into a list's entries, one a line, each with its line.

What can't be read costs its own line. Whether an entry is a domain or a name is the service's
matter: it refuses what is neither.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cli import delimited
from cli.cells import is_text
from cli.importing import ARCHIVES, foreign_kind
from cli.output import WRONG_USAGE, CliError
from cli.table import Flaw, unreadable
from shared.contracts.lists import LIST_ENTRIES_MAX

ENTRY_LENGTH_MAX = 253
COMMENT = "#"
HEADERS = frozenset(
    f"{of}{what}"
    for of in ("", "company ", "account ")
    for what in ("company", "companies", "account", "name", "domain", "domains", "website", "url")
)
"""First cells of a CSV that name the column, and are no company."""


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


def read(name: str, content: bytes) -> list[Line | BadLine]:
    """A file whose name ends in .csv has the entries in its first column, any other one a line."""
    kind = "a workbook" if content.startswith(ARCHIVES) else foreign_kind(content)
    if kind:
        raise unreadable(f"{name}: this is neither text nor CSV: it is {kind}")
    text = delimited.text_of(content)
    if not name.lower().endswith(".csv"):
        return list(entries_of(enumerate(io.StringIO(text, newline=None), start=1)))
    csv.field_size_limit(max(len(content), csv.field_size_limit()))
    found = list(entries_of(first_cells(text)))
    is_header = found and found[0].entry.casefold() in HEADERS
    return found[1:] if is_header else found


def first_cells(text: str) -> Iterator[tuple[int, str | Flaw]]:
    lines = list(io.StringIO(text, newline=""))
    meant = (line for line in lines if line.strip() and not line.startswith(COMMENT))
    first = next(meant, "")
    delimiter = max(delimited.DELIMITERS, key=first.count)
    width = len(next(csv.reader([first], delimiter=delimiter), []))
    for number, cells in delimited.cut(lines, 0, delimiter, width):
        yield number, cells if isinstance(cells, Flaw) else "".join(cells[:1])


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
    if len(entry) > ENTRY_LENGTH_MAX:
        return f"longer than {ENTRY_LENGTH_MAX} characters"
    return None


def check_number(name: str, entries: int) -> None:
    """An empty file would free everybody whom the list keeps out, and is hardly meant."""
    if not entries:
        raise unreadable(f"{name}: no entry in it")
    if entries > LIST_ENTRIES_MAX:
        text = f"{name}: {entries} entries, {LIST_ENTRIES_MAX} are allowed"
        raise CliError("list_too_long", text, WRONG_USAGE)
