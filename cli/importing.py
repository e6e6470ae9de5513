"""Reads an affiliate's file into submissions, and tells bad rows by line and reason (INT-12).

Total: a file is refused as a whole, or each of its rows becomes a submission or a bad row. A
submission's id follows from what it holds, so the same file again asks nothing new.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, TypeGuard, cast

from pydantic import TypeAdapter, ValidationError

from cli import delimited
from cli.bounds import ROW_LINES_MAX
from cli.cells import (
    CELL_START,
    ERROR,
    ERRORS,
    FLAWED,
    LETTERS_MISREAD,
    Cells,
    Flaw,
    Line,
    flaw_of,
    is_misread,
    join_cells,
    strip_mark,
)
from cli.columns import ExpectedColumns, Header
from cli.command import Command
from cli.encodings import Encoding
from cli.foreign import ARCHIVES, START_BYTES, foreign_kind
from cli.joined import AnotherHeader
from cli.opted_out import Refusals, refusal_in, refusals
from cli.output import unreadable
from cli.table import Table
from shared.contracts.intake import SubmitLead
from shared.contracts.values import Id
from shared.emails import email_address
from shared.folding import one_line, without_entities
from shared.ids import derived_id
from shared.wording import quantity

_reference = TypeAdapter(Id)
BROKEN = Flaw(
    "row_broken", "a line break inside a text has broken this row; put the text in quotes"
)
_MARKED = re.compile(rf"{CELL_START}[='#{FLAWED}]")
"""Where a cell may be other than it is written."""
DRAWN = re.compile(rf"[{CELL_START} \t\r\n\v\f\xa0=+|_~:.\x1a…–—-]*")  # noqa: RUF001
"""A blank row, the line that a console or Markdown draws below a header, and the sign with which
files of DOS end."""


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    reference: str
    record: Mapping[str, Any]
    """Texts, but for what was JSON."""


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the operator says of a file that does not say it itself."""

    encoding: Encoding | None = None
    sheet: str | None = None


def rows_of(
    content: bytes, reference_field: str, own_fields: Collection[str] = ()
) -> list[Row | BadRow]:
    """Of a file in memory whose fields are known by name only."""
    expected = ExpectedColumns(reference_field, dict.fromkeys(own_fields, ""))
    return list(rows_in(table_of(BytesIO(content), expected), expected))


def table_of(file: BinaryIO, expected: ExpectedColumns, chosen: Chosen | None = None) -> Table:
    """Raises if this is no table, or its header is not the affiliate's."""
    chosen = chosen or Chosen()
    start = file.read(START_BYTES)
    file.seek(0)
    if start.startswith(ARCHIVES):
        # Imported late: every command would wait for the library.
        from cli import workbook

        return workbook.read(file, expected, chosen.sheet)
    if kind := foreign_kind(start):
        raise unreadable(f"this is neither CSV nor XLSX: it is {kind}")
    return delimited.read(file, expected, chosen.encoding)


def rows_in(table: Table, expected: ExpectedColumns) -> Iterator[Row | BadRow]:
    """One row at a time, in the order of the file; blank and drawn ones are none."""
    reader, another = RowReader.of(table.header, expected), AnotherHeader(table.header, expected)
    for line, cells in tell_broken_rows(table.rows, reader):
        whole = "" if isinstance(cells, Flaw) else join_cells(cells)
        if not isinstance(cells, Flaw) and DRAWN.fullmatch(whole):
            continue
        if flaw := another.flaw_of(line, cells, whole):
            yield bad_row(line, flaw)
        else:
            yield reader.read(line, cells, whole)


def tell_broken_rows(rows: Iterable[Line], reader: "RowReader") -> Iterator[Line]:
    """A line break that was not quoted breaks a row: its first part looks as if its last cells were
    left out, and ends with half a text. It shows by the parts behind it, which have no address, and
    with it as many cells as the header."""
    parts: list[Line] = []
    number = 0
    for line, cells in rows:
        # As nearly all rows are.
        if not parts and not isinstance(cells, Flaw) and len(cells) >= reader.width:
            yield line, cells
            continue
        if parts and len(parts) < ROW_LINES_MAX and reader.may_be_rest(cells):
            parts.append((line, cells))
            number += len(cells) - 1
            if number >= reader.width:
                is_broken = number == reader.width
                yield from ((at, BROKEN) for at, _ in parts) if is_broken else parts
                parts = []
            continue
        yield from parts
        parts = []
        if reader.may_be_begin(cells):
            parts, number = [(line, cells)], len(cells)
        else:
            yield line, cells
    yield from parts


@dataclass(frozen=True, slots=True)
class RowReader:
    """Puts each cell under its header, or tells why it can't."""

    header: Header
    expected: ExpectedColumns
    width: int
    shortest: int
    """A row that ends before has lost more than blanks: it names no person."""
    is_named: bool
    """Whether all columns have names."""
    email: int | None
    """Its column."""
    refusals: Refusals
    """Columns that nobody reads, and that may say of a person not to be asked."""

    @classmethod
    def of(cls, header: Header, expected: ExpectedColumns) -> "RowReader":
        at = {kind: place for place, kind in header.kinds.items()}
        email, reference = at.get("email"), at.get("reference")
        shortest = 2 if email is None or reference is None else max(email, reference) + 1
        width = header.width
        return cls(
            header,
            expected,
            width,
            min(shortest, width),
            all(header.names),
            email,
            refusals(header.names, header.kinds),
        )

    def read(self, line: int, cells: Cells | Flaw, whole: str) -> Row | BadRow:
        if isinstance(cells, Flaw):
            return bad_row(line, cells)
        texts = self.texts_of(cells) if _MARKED.search(whole) else [*cast(Sequence[str], cells)]
        if isinstance(texts, Flaw):
            return bad_row(line, texts)
        if (
            flaw := self.wrong_number(cells)
            or flaw_of(texts, whole)
            or self.shift_flaw(texts, whole)
        ):
            return bad_row(line, flaw)
        if self.refusals and (refusal := refusal_in(texts, self.refusals)):
            return bad_row(line, refusal)
        if not whole.isascii() and self.is_misread(texts):
            return bad_row(line, LETTERS_MISREAD)
        names = self.header.names
        texts += [""] * (len(names) - len(texts))
        record = dict(zip(names, texts, strict=True))
        if not self.is_named:
            record.pop("", None)
        return self.row(line, record)

    def may_be_begin(self, cells: Cells | Flaw) -> TypeGuard[Cells]:
        """Of a row that goes on in the next line."""
        return not isinstance(cells, Flaw) and self.shortest <= len(cells) < self.width

    def may_be_rest(self, cells: Cells | Flaw) -> TypeGuard[Cells]:
        if isinstance(cells, Flaw) or self.email is None or len(cells) >= self.width:
            return False
        address = cells[self.email] if self.email < len(cells) else ""
        return any(cells) and "@" not in str(address)

    def row(self, line: int, record: Mapping[str, str]) -> Row | BadRow:
        name = self.expected.reference
        if not (reference := record[name].strip()):
            return BadRow(line, "reference_missing", f"the field {name!r} is empty")
        try:
            return Row(line, _reference.validate_python(reference), record)
        except ValidationError:
            return BadRow(line, "reference_invalid", "the reference is too long or not printable")

    def texts_of(self, cells: Cells) -> list[str] | Flaw:
        """A cell without a value matters only where somebody reads its column."""
        kinds, texts = self.header.kinds, []
        for at, cell in enumerate(cells):
            if isinstance(cell, str) and cell[:1] not in "='#":
                texts.append(cell)
            elif flaw := flaw_in(cell):
                if at in kinds:
                    return flaw
                texts.append("")
            else:
                texts.append(strip_mark(str(cell), kinds.get(at, "")))
        return texts

    def is_misread(self, texts: Sequence[str]) -> bool:
        """Where somebody reads it."""
        return is_misread([texts[at] for at in self.header.kinds if at < len(texts)])

    def shift_flaw(self, texts: Sequence[str], whole: str) -> Flaw | None:
        """A row that was cut inside a text and lacks as many blank cells has the right number: its
        address stands one column on, and a cell before begins with the blank behind the comma."""
        at = self.email
        if at is None or f"{CELL_START} " not in whole or at + 1 >= len(texts):
            return None
        cut = any(text.startswith(" ") for text in texts[1 : at + 1])
        if cut and texts[at].strip() and "@" not in texts[at] and "@" in texts[at + 1]:
            return Flaw("cells_moved", "the email address stands in the next column")
        return None

    def wrong_number(self, cells: Cells) -> Flaw | None:
        """Blank cells at the end may be left out. One too many, even a blank one, shows that a
        delimiter inside a text has cut it, and moved all that is behind."""
        width, number = self.width, len(cells)
        if number < self.shortest:
            return Flaw("cells_missing", f"{quantity(number, 'cell')}, the header has {width}")
        if number > len(self.header.names) or any(cells[width:]):
            return Flaw("cells_too_many", f"{quantity(number, 'cell')}, the header has {width}")
        return None


def flaw_in(cell: str | Flaw) -> Flaw | None:
    if isinstance(cell, Flaw):
        return cell
    return ERROR if cell in ERRORS else None


def bad_row(line: int, flaw: Flaw) -> BadRow:
    return BadRow(line, flaw.reason, flaw.text)


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload says beside its rows."""

    affiliate: str
    lead_code: str | None = None
    delivery: str | None = None
    lead_code_field: str | None = None
    """The affiliate's own field for it: a row that names a lead code keeps it."""
    email_field: str = ""

    def group(self, row: Row) -> str | None:
        """Whom and what programme the row is about, if that can be read: of such rows in a file
        the first one wins."""
        email = email_address(text_of(row, self.email_field))
        code = text_of(row, self.lead_code_field or "") or self.lead_code
        return f"{email} {code or ''}" if email else None

    def command(self, row: Row) -> Command:
        names_one = self.lead_code_field and cell_of(row, self.lead_code_field).strip()
        data = {
            "affiliate": self.affiliate,
            "lead_code": None if names_one else self.lead_code,
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
            derived_id("import", self.affiliate, row.reference, hashlib.sha256(value).hexdigest()),
            f"import/{self.affiliate}",
        )


def text_of(row: Row, field: str) -> str:
    """As it will be read."""
    return one_line(without_entities(cell_of(row, field)))


def cell_of(row: Row, field: str) -> str:
    value = row.record.get(field)
    return "" if value is None else str(value)
