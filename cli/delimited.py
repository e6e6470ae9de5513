"""Text with delimiters: bytes to lines to cells, whatever saved them.

The encoding is UTF-8, UTF-16 if it is marked so, or else windows-1252. Bytes that are no text in an
otherwise sound UTF-8 file stay recognizable, so that they cost their own row only.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence

from cli.table import Flaw, Table, unreadable

WINDOW_LINES = 200
END = "end of the lines"
DELIMITERS = (",", ";", "\t")
QUOTE_OPEN = Flaw("quote_open", "a quote is not closed")

_ESCAPED = re.compile(r"[\udc80-\udcff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f\udc80-\udcff]")


def read(content: bytes, reference_field: str) -> Table:
    text = text_of(content)
    if not text.strip():
        raise unreadable("the file is empty")
    # Set for the whole process, as the module has it; our own, smaller limit is told by line.
    csv.field_size_limit(max(len(content), csv.field_size_limit()))
    lines = list(io.StringIO(text, newline=""))
    delimiter, header, first = header_of(lines, reference_field)
    if first > 1:
        raise unreadable("a quote in the first line is not closed, or a field name has two lines")
    return Table(header, cut(lines, first, delimiter, len(header)))


def text_of(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return utf_16(content)
    text = content.decode("utf-8-sig", errors="surrogateescape")
    is_marked = content.startswith(codecs.BOM_UTF8)
    # One letter that is right in UTF-8 is no accident, and then the others are broken.
    if is_marked or not _ESCAPED.search(text) or _BEYOND_ASCII.search(text):
        return text
    try:
        return content.decode("windows-1252")
    except UnicodeDecodeError:
        return text


def utf_16(content: bytes) -> str:
    try:
        return content.decode("utf-16", errors="surrogatepass")
    except UnicodeDecodeError as error:
        raise unreadable("this begins as UTF-16 text and is none") from error


def header_of(lines: Sequence[str], reference_field: str) -> tuple[str, tuple[str, ...], int]:
    """With the delimiter that makes the affiliate's field for the reference appear, and the number
    of lines that the header takes."""
    found = []
    for delimiter in DELIMITERS:
        reader = csv.reader(lines, delimiter=delimiter)
        header = tuple(cell.strip() for cell in next(reader, []))
        found.append((delimiter, header, reader.line_num))
    right = [each for each in found if reference_field in each[1]]
    return right[0] if right else max(found, key=lambda each: len(each[1]))


def cut(
    lines: Sequence[str], first: int, delimiter: str, width: int
) -> Iterator[tuple[int, list[str] | Flaw]]:
    """The cells of each row with its first line; a flaw where a quote is not closed rightly.

    Such a quote would swallow the rows behind it, so only its own line is given up. Working in
    windows bounds what that costs, and how many lines a row may have.
    """
    at = first
    while at < len(lines):
        window = lines[at : at + WINDOW_LINES]
        is_last = at + len(window) == len(lines)
        done = 0
        for start, end, cells in spans(window, delimiter):
            if end == len(window) and start and not is_last:
                break
            doubtful = end - start > 1 or end == len(window)
            if doubtful and not is_whole(window[start:end], delimiter, width):
                yield at + start + 1, QUOTE_OPEN
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


def is_whole(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Of a row over several lines more is asked: only a right one is believed."""
    rows = list(csv.reader([*lines, END], delimiter=delimiter))
    if rows[-1] != [END]:
        return False
    return len(lines) == 1 or (len(rows[0]) == width and is_strict(lines, delimiter))


def is_strict(lines: Sequence[str], delimiter: str) -> bool:
    try:
        return bool(list(csv.reader(lines, delimiter=delimiter, strict=True)))
    except csv.Error:
        return False
