"""XLSX: the first sheet of a workbook as rows of text, with a header in its first row.

Nothing is evaluated: of a formula only the value counts that was saved with it. A workbook that
can't be read whole is refused whole, since nobody could say which rows are missing.
"""

import re
import warnings
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from io import BytesIO
from itertools import pairwise, zip_longest
from lzma import LZMAError
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import TranslatorError

from cli.table import Flaw, Table, unreadable

UNPACKED_BYTES_MAX = 200_000_000
ROWS_MAX = 1_048_576
"""As many as a sheet can have; a file may claim more, and blank rows cost nothing to claim."""

# What the libraries raise at broken archives, broken XML, and XML that is no sheet.
BROKEN = (
    *(BadZipFile, LZMAError, zlib.error, EOFError, OSError, RuntimeError, SyntaxError),
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(TokenizerError, TranslatorError),
)
ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br=[\"'](\d{1,9})[\"']")
Numbered = tuple[int, list[str] | Flaw]

BROKEN_TEXT = "this is no XLSX workbook, or it is broken or protected by a password"


def read(content: bytes) -> Table:
    check_size(content)
    with warnings.catch_warnings():
        # The library warns of what it leaves out, such as styles; cells are never among it.
        warnings.simplefilter("ignore")
        try:
            rows = list(rows_of(content))
        except BROKEN as error:
            raise unreadable(BROKEN_TEXT) from error
    return table_of(rows)


def check_size(content: bytes) -> None:
    """What is packed small may unpack to more than there is memory."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except BROKEN as error:
        raise unreadable(BROKEN_TEXT) from error
    if size > UNPACKED_BYTES_MAX:
        raise unreadable(f"unpacked this workbook has more than {UNPACKED_BYTES_MAX:,} bytes")


def table_of(rows: Sequence[Numbered]) -> Table:
    """Cells that a sheet leaves out are blank."""
    line, header = rows[0] if rows else (0, [])
    if isinstance(header, Flaw):
        raise unreadable(f"the first row can't be read: {header.text}")
    if line != 1:
        raise unreadable("the first row of the first sheet is empty")
    width = len(header)
    return Table(
        tuple(name.strip() for name in header),
        [(line, padded(cells, width)) for line, cells in rows[1:]],
    )


def padded(cells: list[str] | Flaw, width: int) -> list[str] | Flaw:
    return cells if isinstance(cells, Flaw) else cells + [""] * (width - len(cells))


def rows_of(content: bytes) -> Iterator[Numbered]:
    """The sheet is read twice: once for the values, once for where the formulas are."""
    sheets = [sheet_of(content, data_only=only) for only in (True, False)]
    check_order(content, sheets[0]._worksheet_path)
    values, sources = (sheet.iter_rows() for sheet in sheets)
    for line, (cells, formulas) in enumerate(zip(values, sources, strict=True), start=1):
        if line > ROWS_MAX:
            raise ValueError("more rows than a sheet can have")
        row = row_of(cells, formulas)
        if isinstance(row, Flaw) or any(row):
            yield line, row


def check_order(content: bytes, path: str) -> None:
    """Rows whose numbers do not rise would be passed over in silence."""
    with ZipFile(BytesIO(content)) as archive:
        numbers = [int(number) for number in ROW.findall(archive.read(path.lstrip("/")))]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise unreadable("the rows of this workbook are not in order")


def sheet_of(content: bytes, *, data_only: bool) -> Any:
    book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=data_only)
    sheet = book.worksheets[0]
    # Some programs write a wrong size, and rows beyond it would be left out.
    sheet.reset_dimensions()
    return sheet


def row_of(cells: Sequence[Any], sources: Sequence[Any]) -> list[str] | Flaw:
    for cell, source in zip_longest(cells, sources):
        if text := formula_trouble(cell, source):
            return Flaw("formula", text)
    return [text_of(cell.value) for cell in cells]


def formula_trouble(cell: Any, source: Any) -> str | None:
    if cell.data_type == "e":
        return "a cell holds an error"
    if isinstance(cell.value, str) and cell.value.startswith("="):
        return "a cell holds a text that begins as a formula"
    # Text that came out empty is told apart by its type.
    if source.data_type == "f" and cell.value is None and cell.data_type == "n":
        return "a cell holds a formula that was saved without its value"
    return None


def text_of(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return (value if value.time() != time() else value.date()).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
