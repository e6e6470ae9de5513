"""XLSX: the active sheet of a workbook as rows of text.

Nothing is evaluated: of a formula only the value counts that was saved with it. A workbook that
can't be read whole is refused whole, since nobody could say which rows are missing.
"""

import re
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from functools import cache
from io import BytesIO
from lzma import LZMAError
from typing import Any, BinaryIO, TypeVar
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from cli import workbook_parts
from cli.bounds import SHEET_ROWS_MAX
from cli.cells import ERROR, Cells, Flaw, Line, strip_mark
from cli.columns import ExpectedColumns, header_at
from cli.output import CliError, unreadable
from cli.table import Table
from cli.workbook_parts import Scanned

# What the libraries raise at broken archives, broken XML, and XML that is no sheet.
BROKEN = (
    *(BadZipFile, LZMAError, zlib.error, EOFError, OSError, RuntimeError, SyntaxError),
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
)
BROKEN_TEXT = "this is no XLSX workbook, or it is broken or protected by a password"
NO_VALUE = Flaw("formula", "a cell holds a formula that was saved without its value")
HIDDEN = Flaw("row_hidden", "the row is hidden, perhaps by a filter; show it, or delete it")
DIGITS_LOST = Flaw("digits_lost", "a number of more than 15 digits has lost some; save it as text")
WHOLE_MAX = 10**15
"""Spreadsheets keep 15 digits of a number."""
STRUCK = Flaw(
    "struck_out", "a cell is struck out; delete what is not meant, or show that it counts"
)
AS_FORMULA = Flaw("formula", "a cell holds a text that begins as a formula")

# When the library opens a book it looks in each sheet for its size, and where none is told it keeps
# all of the sheet. It may be wrong besides (`rows_of`).
ReadOnlyWorksheet._get_size = lambda _sheet: None

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

T = TypeVar("T")


def read(file: BinaryIO, expected: ExpectedColumns, name: str | None = None) -> Table:
    book, archive = whole(lambda: open_book(file))
    sheet = sheet_of(book, name)
    rows, hidden = whole(lambda: rows_of(sheet, archive))
    upper = iter(rows)
    try:
        header = header_at(upper, expected)
        # Cells that a sheet leaves out are blank, wherever they are.
        width = len(header.names)
        seen = ((line, HIDDEN if line in hidden else pad(cells, width)) for line, cells in upper)
        return Table(header, seen, () if name else left_out(book, sheet))
    except CliError as error:
        raise CliError(
            error.code, f"{error.text}{sheet_hint(book, sheet)}", error.exit_code
        ) from error


def pad(cells: Cells | Flaw, width: int) -> Cells | Flaw:
    return cells if isinstance(cells, Flaw) else [*cells, *[""] * (width - len(cells))]


def rows(content: bytes, name: str | None = None) -> list[Line]:
    """All rows of the sheet, the hidden ones too, with no idea of a header: a list that lacks some
    would let leads pass."""
    book, archive = whole(lambda: open_book(BytesIO(content)))
    return whole(lambda: rows_of(sheet_of(book, name), archive))[0]


def whole(work: Callable[[], T]) -> T:
    with warnings.catch_warnings():
        # The library warns of what it leaves out, such as styles; cells are never among it.
        warnings.simplefilter("ignore")
        try:
            return work()
        except BROKEN as error:
            raise unreadable(BROKEN_TEXT) from error


def open_book(file: BinaryIO) -> tuple[Any, ZipFile]:
    archive = workbook_parts.open_archive(file)
    workbook_parts.check(archive)
    book = openpyxl.load_workbook(
        archive.fp, read_only=True, data_only=True, keep_links=False, rich_text=True
    )
    return book, archive


def sheet_of(book: Any, name: str | None) -> ReadOnlyWorksheet:
    """The one that is named; or that which a person sees who opens the workbook."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name is not None and name not in sheets:
        raise unreadable(f"there is no sheet {name!r}; there are: {names_of(book)}")
    if name is not None:
        return sheets[name]
    visible = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
    if not visible:
        raise unreadable(f"no sheet is visible; name one with --sheet: {names_of(book)}")
    active = book._sheets[book._active_sheet_index : book._active_sheet_index + 1]
    return next((sheet for sheet in active if sheet in visible), visible[0])


def left_out(book: Any, sheet: ReadOnlyWorksheet) -> tuple[str, ...]:
    """Whoever names a sheet knows that there are others."""
    visible = (each.title for each in book.worksheets if each.sheet_state == "visible")
    return tuple(title for title in visible if title != sheet.title)


def names_of(book: Any) -> str:
    return ", ".join(
        repr(sheet.title) + ("" if sheet.sheet_state == "visible" else " (hidden)")
        for sheet in book.worksheets
    )


def sheet_hint(book: Any, sheet: ReadOnlyWorksheet) -> str:
    """Where else the header may be."""
    if len(book.worksheets) < 2:
        return ""
    return f"; this is sheet {sheet.title!r} of {names_of(book)}; --sheet names another"


def rows_of(sheet: Any, archive: ZipFile) -> tuple[list[Line], set[int]]:
    """And which of them are hidden, by hand or by a filter."""
    scanned = workbook_parts.scan_sheet(archive, sheet._worksheet_path.lstrip("/"))
    # Some programs write a wrong size, and rows beyond it would be left out.
    sheet.reset_dimensions()
    struck = struck_styles(sheet.parent)
    return list(fill_merged(sheet.iter_rows(), scanned, struck)), scanned.hidden


def struck_styles(book: Any) -> frozenset[int]:
    """With which a cell is struck out as a whole."""
    styles = enumerate(book._cell_styles)
    return frozenset(at for at, style in styles if book._fonts[style.fontId].strike)


def fill_merged(
    rows: Iterator[Sequence[Any]], scanned: Scanned, struck: frozenset[int]
) -> Iterator[Line]:
    carried: dict[int, tuple[int, str | Flaw]] = {}
    number = scanned.cells
    for line, cells in enumerate(rows, start=1):
        if line > SHEET_ROWS_MAX:
            raise ValueError("more rows than a sheet can have")
        row = [
            STRUCK
            if struck and cell.value is not None and cell._style_id in struck
            else text_in(cell, (line, at), scanned)
            for at, cell in enumerate(cells, start=1)
        ]
        while row and not row[-1]:
            row.pop()
        if row:
            number += len(carried)
            workbook_parts.check_cells(number)
            carry(row, line, carried)
            yield line, row
        for column, last in scanned.merged.get(line, {}).items():
            carried[column] = (last, row[column - 1] if column <= len(row) else "")


def carry(row: list[str | Flaw], line: int, carried: dict[int, tuple[int, str | Flaw]]) -> None:
    """A merged cell is shown once, and stands for all the rows that it reaches."""
    for column, (last, text) in list(carried.items()):
        if line > last:
            del carried[column]
        elif text:
            row += [""] * (column - len(row))
            row[column - 1] = row[column - 1] or text


def text_in(cell: Any, at: tuple[int, int], scanned: Scanned) -> str | Flaw:
    value = cell.value
    if value is None:
        formula = scanned.formulas.get(at)
        return "" if formula is None else literal(formula)
    if cell.data_type == "e":
        return ERROR
    if isinstance(value, int | float) and abs(value) >= WHOLE_MAX:
        return DIGITS_LOST
    text = text_of(value)
    return AS_FORMULA if text.startswith("=") and text == strip_mark(text) else text


def literal(formula: str) -> str | Flaw:
    """Programs write ="0101" as a formula to keep the zero, and its value is plain."""
    text = strip_mark(f"={formula}")
    return NO_VALUE if text.startswith("=") else text


def text_of(value: object) -> str:
    if isinstance(value, CellRichText):
        value = "".join(part for part in map(unstruck, value))
    if isinstance(value, str):
        return unescape(value) if "_x" in value else value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return (value if value.time() != time() else value.date()).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def unstruck(part: TextBlock | str) -> str:
    """Of a text in several fonts what is not struck out."""
    if isinstance(part, str):
        return part
    return "" if part.font and part.font.strike else part.text


@cache
def unescape(text: str) -> str:
    """The format writes characters that XML can't hold as _x000D_, and a text that looks so as
    _x005F_x000D_. Those beyond 16 bits come in two halves. One text may stand in a million cells,
    so each is read once."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
