"""Text with delimiters: bytes to lines to rows of cells, whatever saved them, one row at a time.

A row is believed only if it can be cut in one way. A quote that is not closed costs its own line,
never those behind it.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from cli.bounds import LINES_ABOVE_HEADER_MAX, ROW_LINES_MAX
from cli.cells import Flaw, Line
from cli.columns import ExpectedColumns, fit_of, header_at, texts_of
from cli.cut_off import CUT_OFF, RowsAbove
from cli.encodings import Encoding, encoding_of
from cli.output import unreadable
from cli.table import Table

DELIMITERS = (",", ";", "\t", "|")
QUOTE_OPEN = Flaw("quote_open", "a quote is not closed, or stands inside a cell")
QUOTE_DOUBTFUL = Flaw("quote_doubtful", "the quotes of this row can be read in two ways")

NARROW = 4
"""With fewer columns lines of a text may have as many delimiters as a row."""
_HINT = re.compile(r'"?sep=(.|\\t)"?[\s,;|]*', re.IGNORECASE)
_BLANKS_BEHIND_QUOTE = re.compile(r'"[ \t]+(?=$|[\r\n,;|])')
_ESCAPED = re.compile(r"\\[^\r\n]")
_OTHER_BREAK = re.compile("[\x85\u2028\u2029]")
"""What ends lines for some programs, and for a file of rows does not."""
_FIELD_BYTES_MAX = 2**31 - 1


def read(file: BinaryIO, expected: ExpectedColumns, encoding: Encoding | None = None) -> Table:
    encoding = encoding or encoding_of(file)
    file.seek(0)
    # Set for the whole process, as the module has it; our own, smaller limit is told by line.
    csv.field_size_limit(_FIELD_BYTES_MAX)
    lines = Lines(text_lines(file, encoding))
    hint = hinted_delimiter(lines)
    start = lines.ahead(LINES_ABOVE_HEADER_MAX + ROW_LINES_MAX)
    if not any(line.strip() for line in start):
        raise unreadable("the file is empty")
    if len(start) == 1 and (mark := _OTHER_BREAK.search(start[0])):
        code = f"U+{ord(mark[0]):04X}"
        raise unreadable(f"its lines end with {code}: save it with line feeds (U+000A)")
    delimiter = delimiter_of(start, expected, (hint,) if hint else ())
    rows = Rows(lines, delimiter)
    header = header_at(rows, expected)
    rows.width = header.width
    return Table(header, rows)


def text_lines(file: BinaryIO, encoding: Encoding) -> Iterator[str]:
    """A mark of the encoding may stand twice, and again where files were put together."""
    text = io.TextIOWrapper(file, encoding.name, encoding.errors, newline="")
    try:
        for line in text:
            yield line.lstrip("\ufeff") if line.startswith("\ufeff") else line
    except UnicodeDecodeError as error:
        raise unreadable(f"the file is no {encoding.name} text") from error
    finally:
        if not file.closed:
            text.detach()  # It would close the file, which is not ours.


def text_of(content: bytes) -> str:
    file = io.BytesIO(content)
    encoding = encoding_of(file)
    return content.decode(encoding.name, encoding.errors).lstrip("\ufeff")


class Lines:
    """The lines of a text with the number of the last one taken; some can be given back."""

    def __init__(self, lines: Iterable[str], first: int = 0) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self.number = first

    def take(self) -> str | None:
        line = self._ahead.popleft() if self._ahead else next(self._lines, None)
        self.number += line is not None
        return line

    def give_back(self, lines: Sequence[str]) -> None:
        self._ahead.extendleft(reversed(lines))
        self.number -= len(lines)

    def ahead(self, count: int) -> list[str]:
        taken = [line for _ in range(count) if (line := self.take()) is not None]
        self.give_back(taken)
        return taken


def hinted_delimiter(lines: Lines) -> str | None:
    """Spreadsheets write the delimiter above the header: sep=; is a line of its own."""
    first = lines.take()
    if first is not None and (found := _HINT.fullmatch(first.strip(" \r\n"))):
        return "\t" if found[1] == "\\t" else found[1]
    if first is not None:
        lines.give_back([first])
    return None


def delimiter_of(start: Sequence[str], expected: ExpectedColumns, hint: Sequence[str] = ()) -> str:
    """That with which most of the affiliate's fields appear in one row; of equal ones that which
    cuts most cells."""
    choices = dict.fromkeys((*hint, *DELIMITERS))
    return max(choices, key=lambda each: best_row(start, each, expected))


def best_row(start: Sequence[str], delimiter: str, expected: ExpectedColumns) -> tuple[int, int]:
    rows = Rows(Lines(start), delimiter)
    cells = [cells for _, cells in rows if not isinstance(cells, Flaw)]
    upper = cells[: LINES_ABOVE_HEADER_MAX + 1]
    return max((fit_of(texts_of(row), expected) for row in upper), default=(0, 0))


class Rows:
    """An iterator over rows; once the header is read, `width` is how many cells it has."""

    def __init__(self, lines: Lines, delimiter: str, width: int | None = None) -> None:
        self.lines, self.delimiter, self.width = lines, delimiter, width
        self.looked_at = 0
        """How many lines behind it the last reading of a row has taken."""
        self.swallowed = 0
        """The last line that an open quote may reach: up to it only whole rows are believed."""
        self.doubtful = 0
        """The last line that a row which is not sure may reach: it may be inside of that one."""
        self.above = RowsAbove()
        blank_then_quote = re.escape(delimiter) + ' +"'
        self._spaced = re.compile(blank_then_quote).search

    def __iter__(self) -> "Iterator[Line]":
        return self

    def __next__(self) -> Line:
        line = self.lines.take()
        if line is None:
            raise StopIteration
        number, cells = self.lines.number, self.cells_of(line)
        if not self.width or isinstance(cells, Flaw):
            return number, cells
        if self.above.is_cut(line, cells, self.width):
            return number, CUT_OFF
        return number, cells

    def cells_of(self, line: str) -> list[str] | Flaw:
        number = self.lines.number
        if number <= self.doubtful and line.strip():
            return self.doubt(self.readings(line) if '"' in line else ())
        if '"' in line:
            return self.read_quoted(line, inside=number <= self.swallowed)
        cells = line.rstrip("\r\n").split(self.delimiter)
        is_row = number > self.swallowed or len(cells) == self.width or not line.strip()
        return cells if is_row else QUOTE_DOUBTFUL

    def read_quoted(self, line: str, *, inside: bool) -> list[str] | Flaw:
        """There has to be one reading, or one that fits the header."""
        readings = found = self.readings(line)
        if len(found) > 1 and any(cells != found[0][0] for cells, _ in found):
            found = [row for row in found if len(row[0]) == self.width]
        if inside or not found or (len(found) > 1 and found[0] != found[1]):
            return self.doubt(readings) if readings else QUOTE_OPEN
        cells, lines = found[0]
        if lines > 1 and self.are_rows([line, *self.lines.ahead(lines - 1)]):
            return self.doubt(found)
        for _ in range(lines - 1):
            self.lines.take()
        return cells

    def are_rows(self, lines: Sequence[str]) -> bool:
        """One lost quote opens a cell and a later one closes it: what is between is rows, each as
        wide as the header, and no text of several lines. In a text there are hardly tabs, and no
        address in every line."""
        width = self.width or 0
        if width < 2 or any(line.count(self.delimiter) != width - 1 for line in lines):
            return False
        return width >= NARROW or self.delimiter == "\t" or all("@" in line for line in lines)

    def doubt(self, readings: Sequence[tuple[list[str], int]]) -> Flaw:
        """Neither is what such a row may reach, nor what that may reach if it is rows."""
        reached = [self.lines.number + lines - 1 for _, lines in readings]
        self.doubtful = max((self.doubtful, *reached))
        return QUOTE_DOUBTFUL

    def readings(self, line: str) -> list[tuple[list[str], int]]:
        """In what ways a row with quotes can be cut."""
        spaced = bool(self._spaced(line))
        readings = [self.reading(line, spaced=spaced)]
        behind = self.lines.ahead(self.looked_at) if self.looked_at else ()
        if '\\"' in line or any('\\"' in each for each in behind):
            readings.append(self.reading(line, spaced=spaced, escape="\\"))
        return [row for row in readings if row is not None] or self.loosely(line)

    def reading(
        self, line: str, *, spaced: bool, escape: str | None = None
    ) -> tuple[list[str], int] | None:
        """Cells and the number of lines, in the strict way; the lines behind are given back."""
        fed: list[str] = []
        reader = csv.reader(
            self.feed(line, fed),
            delimiter=self.delimiter,
            strict=True,
            skipinitialspace=spaced,
            escapechar=escape,
            doublequote=escape is None,
        )
        try:
            cells = next(reader)
        except csv.Error:
            return None
        finally:
            self.looked_at = len(fed)
            self.lines.give_back(fed)
        if escape and not self.is_strict(cells, [line, *fed], spaced=spaced):
            return None
        if not fed or self.is_whole(cells, len(fed)):
            return cells, len(fed) + 1
        self.swallowed = max(self.swallowed, self.lines.number + len(fed))
        return None

    def is_strict(self, cells: Sequence[str], lines: Sequence[str], *, spaced: bool) -> bool:
        """With an escape the module lets a cell go on behind its closing quote, so that one lost
        quote swallows the next row. It is strict without, so it is asked once more with a letter in
        the place of what is escaped."""
        plain = (_ESCAPED.sub("x", line) for line in lines)
        reader = csv.reader(plain, delimiter=self.delimiter, strict=True, skipinitialspace=spaced)
        try:
            return len(next(reader)) == len(cells) and reader.line_num == len(lines)
        except csv.Error:
            return False

    def feed(self, line: str, fed: list[str]) -> Iterator[str]:
        yield line
        while len(fed) < ROW_LINES_MAX and (behind := self.lines.take()) is not None:
            fed.append(behind)
            yield behind

    def is_whole(self, cells: Sequence[str], fed: int) -> bool:
        """A cell of several lines may be one, or rows that a lost quote has swallowed: those would
        hold delimiters."""
        if len(cells) == self.width:
            return True
        inner = [cell.splitlines()[1:] for cell in cells if "\n" in cell or "\r" in cell]
        swallowed = any(self.delimiter in line for lines in inner for line in lines)
        if self.width is None:
            return not swallowed or self.next_width(fed) == len(cells)
        return not swallowed

    def next_width(self, fed: int) -> int:
        """Of the row behind the next lines: a header of several lines has rows as wide as it."""
        # With a width that no row has, or each of these rows would ask for the next one's in turn.
        behind = Rows(Lines(self.lines.ahead(fed + ROW_LINES_MAX)[fed:]), self.delimiter, 0)
        return next((len(cells) for _, cells in behind if not isinstance(cells, Flaw)), 0)

    def loosely(self, line: str) -> list[tuple[list[str], int]]:
        """Blanks between a closing quote and the delimiter, if the row fits then."""
        closer = _BLANKS_BEHIND_QUOTE.sub('"', line)
        if closer == line:
            return []
        row = self.reading(closer, spaced=True)
        return [row] if row and self.width in (None, len(row[0])) else []


def cut(
    lines: Sequence[str], first: int, delimiter: str, width: int
) -> Iterator[tuple[int, list[str] | Flaw]]:
    """The rows from a line on, each with its number."""
    for number, cells in Rows(Lines(lines[first:], first), delimiter, width):
        yield number, cells if isinstance(cells, Flaw) else [str(cell) for cell in cells]
