"""Reads an affiliate's CSV file into submissions, and tells bad rows by line and reason (INT-12).

Total: whatever the bytes are, each row becomes a submission or a bad row. A submission's id follows
from what it holds, so the same file again asks nothing new.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cli.command import Command
from cli.output import WRONG_USAGE, CliError
from shared.contracts.intake import SubmitLead
from shared.contracts.values import Id
from shared.ids import derived

CELL_BYTES_MAX = 64 * 1024
WINDOW_LINES = 200
END = "end of the lines"
DELIMITERS = (",", ";")
FOREIGN_SIGNATURES = {
    b"PK\x03\x04": "an XLSX workbook",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}

_reference = TypeAdapter(Id)


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    reference: str
    record: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of a file below its header, and how they are cut into cells."""

    header: tuple[str, ...]
    lines: Sequence[str]
    first: int
    delimiter: str

    @property
    def width(self) -> int:
        return len(self.header)


def rows_of(content: bytes, reference_field: str) -> list[Row | BadRow]:
    """Raises only if there is no header that names the reference."""
    table = read_header(lines_of(content), reference_field)
    return [
        read_row(table, reference_field, line, cells)
        for line, cells in cut(table)
        if cells is None or any(cells)
    ]


def lines_of(content: bytes) -> list[str]:
    """Bytes that are no UTF-8 stay recognizable, so that they cost their own row only."""
    for signature, kind in FOREIGN_SIGNATURES.items():
        if content.startswith(signature):
            raise no_table(f"this is {kind}; save it as CSV in UTF-8")
    # Set for the whole process, as the module has it; our own, smaller limit is told by line.
    csv.field_size_limit(max(len(content), csv.field_size_limit()))
    text = content.decode("utf-8-sig", errors="surrogateescape")
    return list(io.StringIO(text, newline=""))


def no_table(text: str) -> CliError:
    return CliError("unreadable", text, WRONG_USAGE)


def read_header(lines: Sequence[str], reference_field: str) -> Table:
    """The delimiter is the one that makes the affiliate's field for the reference appear."""
    for delimiter in DELIMITERS:
        reader = csv.reader(lines, delimiter=delimiter)
        header = tuple(cell.strip() for cell in next(reader, []))
        if reference_field in header:
            check_header(header)
            return Table(header, lines, reader.line_num, delimiter)
    raise no_table(f"the first line names no field {reference_field!r}, which holds the reference")


def check_header(header: Sequence[str]) -> None:
    named = [name for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise no_table(f"the first line names a field twice: {', '.join(twice)}")


def cut(table: Table) -> Iterator[tuple[int, list[str] | None]]:
    """The cells of each row with its first line; no cells where a quote is not closed rightly.

    Such a quote would swallow the rows behind it, so only its own line is given up. Working in
    windows bounds what that costs, and how many lines a row may have.
    """
    at = table.first
    while at < len(table.lines):
        window = table.lines[at : at + WINDOW_LINES]
        is_last = at + len(window) == len(table.lines)
        done = 0
        for start, end, cells in spans(window, table.delimiter):
            if end == len(window) and start and not is_last:
                break
            doubtful = end - start > 1 or end == len(window)
            if doubtful and not is_whole(window[start:end], table):
                yield at + start + 1, None
                done = start + 1
                break
            done = end
            yield at + start + 1, cells
        at += done


def spans(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    reader, start = csv.reader(lines, delimiter=delimiter), 0
    for cells in reader:
        yield start, reader.line_num, cells
        start = reader.line_num


def is_whole(lines: Sequence[str], table: Table) -> bool:
    """Of a row over several lines more is asked: only a right one is believed."""
    rows = list(csv.reader([*lines, END], delimiter=table.delimiter))
    if rows[-1] != [END]:
        return False
    return len(lines) == 1 or (len(rows[0]) == table.width and is_strict(lines, table.delimiter))


def is_strict(lines: Sequence[str], delimiter: str) -> bool:
    try:
        return bool(list(csv.reader(lines, delimiter=delimiter, strict=True)))
    except csv.Error:
        return False


def read_row(
    table: Table, reference_field: str, line: int, cells: Sequence[str] | None
) -> Row | BadRow:
    if cells is None:
        return BadRow(line, "quote_open", "a quote is not closed")
    if bad := wrong_cells(line, cells, table.width):
        return bad
    record = {name: cell for name, cell in zip(table.header, cells, strict=False) if name}
    reference = record[reference_field].strip()
    if not reference:
        return BadRow(line, "reference_missing", f"the field {reference_field!r} is empty")
    try:
        return Row(line, _reference.validate_python(reference), record)
    except ValidationError:
        return BadRow(line, "reference_invalid", "the reference is too long or not printable")


def wrong_cells(line: int, cells: Sequence[str], width: int) -> BadRow | None:
    """Empty cells behind the last column do no harm; spreadsheets leave them."""
    if len(cells) < width:
        return BadRow(line, "cells_missing", f"{len(cells)} cells, the header has {width}")
    if any(cells[width:]):
        return BadRow(line, "cells_too_many", f"{len(cells)} cells, the header has {width}")
    for cell in cells:
        if not cell.isascii() and not is_text(cell):
            return BadRow(line, "not_utf8", "a cell is not UTF-8 text")
        if len(cell) > CELL_BYTES_MAX or len(cell.encode()) > CELL_BYTES_MAX:
            return BadRow(line, "cell_too_long", f"a cell has more than {CELL_BYTES_MAX} bytes")
    return None


def is_text(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload says beside its rows."""

    affiliate: str
    lead_code: str | None = None
    delivery: str | None = None

    def command(self, row: Row) -> Command:
        data = {
            "affiliate": self.affiliate,
            "lead_code": self.lead_code,
            "reference": row.reference,
            "delivery": self.delivery,
            "replaces": None,
            "record": row.record,
        }
        # Sorted, so that a file whose columns were moved says the same.
        value = json.dumps(data, sort_keys=True, ensure_ascii=False).encode()
        return Command(
            SubmitLead.TYPE,
            value,
            f"{self.affiliate}:{row.reference}",
            derived("import", self.affiliate, row.reference, hashlib.sha256(value).hexdigest()),
            f"import/{self.affiliate}",
        )


def reference_field(affiliate: Mapping[str, Any]) -> str:
    """From the affiliate's mapping, the own field that holds its reference."""
    field = affiliate["mapping"]["fields"].get("reference")
    if not field:
        raise no_table(f"the mapping of {affiliate['id']} names no field for the reference")
    return str(field)
