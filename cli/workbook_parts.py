"""The parts of a workbook, looked through before the library reads them.

A small archive may unpack to more than there is memory, and a small sheet may claim cells that
nobody wrote. Parsing only to count costs little, and what passes is read in seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO
from xml.parsers import expat
from zipfile import ZIP_STORED, ZipFile

from cli.bounds import (
    COLUMNS_MAX,
    PART_ELEMENTS_MAX,
    SHEET_CELLS_MAX,
    SHEET_ROWS_MAX,
    TAG_BYTES_MAX,
    UNPACKED_BYTES_MAX,
)
from cli.foreign import foreign_archive
from cli.output import unreadable

CHUNK_BYTES = 1 << 16
ELEMENTS_OF_A_CELL = 4
"""Itself, and its value, formula or text; what is beyond counts as elements of another part do."""
SHEETS = "xl/worksheets/"
TEXTS = "sharedStrings.xml"
TEXTS_ELEMENTS_MAX = 2 * SHEET_CELLS_MAX
"""A text has two elements, or some more where it is formatted."""

TRUE = ("1", "true")
STRICT = b"http://purl.oclc.org/ooxml/"
TRANSITIONAL = b"http://schemas.openxmlformats.org/"
STRICT_NAMES = {
    b"spreadsheetml/main": b"spreadsheetml/2006/main",
    b"drawingml/main": b"drawingml/2006/main",
    b"officeDocument/relationships": b"officeDocument/2006/relationships",
    b"officeDocument/extendedProperties": b"officeDocument/2006/extended-properties",
    b"officeDocument/customProperties": b"officeDocument/2006/custom-properties",
    b"officeDocument/docPropsVTypes": b"officeDocument/2006/docPropsVTypes",
}
"""A workbook in Strict Open XML differs in these names, and in how it writes dates, which the
library reads."""

Start = Callable[[str, dict[str, str]], None]


def open_archive(file: BinaryIO) -> ZipFile:
    """Not read further if it is too large; rewritten if it is strict."""
    archive = ZipFile(file)
    if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_BYTES_MAX:
        raise unreadable(f"unpacked this workbook has more than {UNPACKED_BYTES_MAX:,} bytes")
    parts = archive.namelist()
    if kind := foreign_archive(parts):
        raise unreadable(f"this is neither CSV nor XLSX: it is {kind}")
    workbook = archive.read("xl/workbook.xml") if "xl/workbook.xml" in parts else b""
    return as_transitional(archive) if STRICT in workbook else archive


def as_transitional(archive: ZipFile) -> ZipFile:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as new:
        for name in archive.namelist():
            part = archive.read(name)
            if name.endswith((".xml", ".rels")):
                for strict, usual in STRICT_NAMES.items():
                    part = part.replace(STRICT + strict, TRANSITIONAL + usual)
            new.writestr(name, part)
    return ZipFile(file)


def check(archive: ZipFile) -> None:
    """All parts but the sheets, of which only one will be read."""
    for name in archive.namelist():
        if name.endswith((".xml", ".rels")) and not name.startswith(SHEETS):
            limit = TEXTS_ELEMENTS_MAX if name.endswith(TEXTS) else PART_ELEMENTS_MAX
            parse(archive, name, Counted(name, limit).start)


@dataclass(slots=True)
class Counted:
    part: str
    limit: int
    elements: int = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > self.limit:
            raise unreadable(f"{self.part} has more than {self.limit:,} elements")


@dataclass(slots=True)
class Scanned:
    """Of a sheet: how much there is, the formulas of cells that have no value, which rows nobody
    sees, and which cells are joined below each other."""

    row: int = 0
    column: int = 0
    cells: int = 0
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    merged: dict[int, dict[int, int]] = field(default_factory=dict)
    """By the row in which they begin and the first column, the last row."""
    merges: int = 0
    beside: int = 0
    """How many elements are neither rows nor what cells have."""
    inside: bool = False
    kind: str = "n"
    """Of the cell; a text that came out empty is told apart by it."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        self.count_element(kind)
        if kind == "c":
            self.kind = attributes.get("t", "n")
            self.cell(attributes.get("r", ""))
        elif kind == "row":
            self.begin_row(attributes.get("r", ""))
            if attributes.get("hidden") in TRUE:
                self.hidden.add(self.row)
        elif kind == "f" and self.kind == "n":
            self.formulas[self.row, self.column] = ""
            self.inside = True
        elif kind == "mergeCell":
            self.merge(attributes.get("ref", ""))

    def count_element(self, kind: str) -> None:
        """Few bytes hold millions that are nothing, and the library keeps each."""
        self.beside += {"c": 1 - ELEMENTS_OF_A_CELL, "row": 0}.get(kind, 1)
        if self.beside > PART_ELEMENTS_MAX:
            text = f"the sheet has more than {PART_ELEMENTS_MAX:,} elements beside its cells"
            raise unreadable(text)

    def merge(self, ref: str) -> None:
        self.merges += 1
        if self.merges > PART_ELEMENTS_MAX:
            raise unreadable(f"the sheet has more than {PART_ELEMENTS_MAX:,} merged cells")
        first, _, last = ref.partition(":")
        top, bottom = row_of(first), row_of(last)
        if bottom > top:
            self.merged.setdefault(top, {})[column_of(first)] = bottom

    def end(self, tag: str) -> None:
        if self.inside and tag.rpartition(":")[2] == "f":
            self.inside = False

    def text(self, text: str) -> None:
        if self.inside:
            self.formulas[self.row, self.column] += text

    def begin_row(self, number: str) -> None:
        at = int(number) if number.isdecimal() else self.row + 1
        if at <= self.row:
            raise unreadable("the rows of this workbook are not in order")
        if at > SHEET_ROWS_MAX:
            raise ValueError("more rows than a sheet can have")
        self.row, self.column = at, 0

    def cell(self, place: str) -> None:
        """A gap counts as the cells that are not there, since it is read as blank ones."""
        column = column_of(place) or self.column + 1
        if column > COLUMNS_MAX:
            raise unreadable(f"row {self.row} has a cell beyond column {COLUMNS_MAX:,}")
        self.cells += max(1, column - self.column)
        self.column = max(column, self.column)
        check_cells(self.cells)


def check_cells(number: int) -> None:
    """Also of those that a merged cell stands for: in all rows of a thousand columns they are a
    thousand million, and its place is a few bytes."""
    if number > SHEET_CELLS_MAX:
        text = f"the sheet has more than {SHEET_CELLS_MAX:,} cells, blank and merged ones too"
        raise unreadable(text)


def column_of(place: str) -> int:
    column = 0
    for letter in place.rstrip("0123456789")[:8]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def row_of(place: str) -> int:
    digits = place.lstrip("$ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return int(digits) if digits.isdecimal() else 0


def scan_sheet(archive: ZipFile, name: str) -> Scanned:
    scanned = Scanned()
    parse(archive, name, scanned.start, scanned.end, scanned.text)
    return scanned


def parse(
    archive: ZipFile,
    name: str,
    start: Start,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = start, no_doctype
    parser.EndElementHandler, parser.CharacterDataHandler = end, text
    with archive.open(name) as part:
        try:
            read = 0
            for chunk in iter(lambda: part.read(CHUNK_BYTES), b""):
                parser.Parse(chunk)
                read += len(chunk)
                if read - parser.CurrentByteIndex > TAG_BYTES_MAX:
                    raise unreadable(f"{name} has a tag of more than {TAG_BYTES_MAX:,} bytes")
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise ValueError(f"{name} is no XML") from error


def no_doctype(*_: object) -> None:
    """Entities can grow without end, and no workbook needs them."""
    raise unreadable("a part of this workbook declares a document type")
