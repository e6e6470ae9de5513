"""Reads an affiliate's file into submissions, and tells bad rows by line and reason (INT-12).

Total: a file is refused as a whole, or each of its rows becomes a submission or a bad row. A
submission's id follows from what it holds, so the same file again asks nothing new.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cli import delimited
from cli.command import Command
from cli.table import Flaw, Table, unreadable
from shared.contracts.intake import SubmitLead
from shared.contracts.values import Id
from shared.ids import derived

CELL_BYTES_MAX = 64 * 1024
ROW_BYTES_MAX = 1024 * 1024
"""Written as JSON a byte becomes six at most, and a record may have 8 MiB."""
FIELDS_NAMED = 3

ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
FOREIGN_SIGNATURES = {
    b"\xd0\xcf\x11\xe0": "an old XLS workbook or one with a password; save it as XLSX without one",
    b"%PDF": "a PDF",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\x1f\x8b": "a gzip archive",
    b"<": "HTML or XML",
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


def rows_of(
    content: bytes, reference_field: str, own_fields: Collection[str] = ()
) -> list[Row | BadRow]:
    """Raises only if this is no table, or its header is not the affiliate's."""
    table = table_of(content, reference_field)
    check_header(table.header, reference_field, own_fields)
    return [
        read_row(table, reference_field, line, cells)
        for line, cells in table.rows
        if isinstance(cells, Flaw) or any(cells)
    ]


def table_of(content: bytes, reference_field: str) -> Table:
    if content.startswith(ARCHIVES):
        # Imported late: every command would wait for the library.
        from cli import workbook

        return workbook.read(content)
    if kind := foreign_kind(content):
        raise unreadable(f"this is neither CSV nor XLSX: it is {kind}")
    return delimited.read(content, reference_field)


def foreign_kind(content: bytes) -> str | None:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    kinds = FOREIGN_SIGNATURES.items()
    return next((kind for signature, kind in kinds if start.startswith(signature)), None)


def check_header(
    header: Sequence[str], reference_field: str, own_fields: Collection[str] = ()
) -> None:
    named = [name for name in header if name]
    if own_fields and not set(named) & set(own_fields):
        some = ", ".join(list(own_fields)[:FIELDS_NAMED])
        raise unreadable(f"the first line names none of the affiliate's fields, such as {some}")
    if reference_field not in named:
        text = f"the first line names no field {reference_field!r}, which holds the reference"
        raise unreadable(text)
    if flaw := flaw_of(header):
        raise unreadable(f"the first line can't be used: {flaw.text}")
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise unreadable(f"the first line names a field twice: {', '.join(twice)}")


def read_row(
    table: Table, reference_field: str, line: int, cells: Sequence[str] | Flaw
) -> Row | BadRow:
    if isinstance(cells, Flaw):
        return bad_row(line, cells)
    if flaw := wrong_number(cells, table.width) or flaw_of(cells):
        return bad_row(line, flaw)
    record = {name: cell for name, cell in zip(table.header, cells, strict=False) if name}
    reference = record[reference_field].strip()
    if not reference:
        return BadRow(line, "reference_missing", f"the field {reference_field!r} is empty")
    try:
        return Row(line, _reference.validate_python(reference), record)
    except ValidationError:
        return BadRow(line, "reference_invalid", "the reference is too long or not printable")


def bad_row(line: int, flaw: Flaw) -> BadRow:
    return BadRow(line, flaw.reason, flaw.text)


def wrong_number(cells: Sequence[str], width: int) -> Flaw | None:
    """Empty cells behind the last column do no harm; spreadsheets leave them."""
    if len(cells) < width:
        return Flaw("cells_missing", f"{len(cells)} cells, the header has {width}")
    if any(cells[width:]):
        return Flaw("cells_too_many", f"{len(cells)} cells, the header has {width}")
    return None


def flaw_of(cells: Sequence[str]) -> Flaw | None:
    """What begins as a formula is a text as any other, since nothing here evaluates it."""
    total = 0
    for cell in cells:
        if not cell.isascii() and not is_text(cell):
            return Flaw("not_utf8", "a cell is not UTF-8 text")
        if "\0" in cell:
            return Flaw("nul", "a cell holds a NUL character")
        size = len(cell) if cell.isascii() else len(cell.encode())
        if size > CELL_BYTES_MAX:
            return Flaw("cell_too_long", f"a cell has more than {CELL_BYTES_MAX} bytes")
        total += size
    if total > ROW_BYTES_MAX:
        return Flaw("row_too_long", f"the row has more than {ROW_BYTES_MAX} bytes")
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
        raise unreadable(f"the mapping of {affiliate['id']} names no field for the reference")
    return str(field)


def own_fields(affiliate: Mapping[str, Any]) -> list[str]:
    mapping = affiliate["mapping"]
    return [*mapping["fields"].values(), *mapping.get("answers", {}).values()]
