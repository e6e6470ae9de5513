"""Tables as text: no value is ever cut, however narrow the terminal is.

A program or a person copies ids out of them. So a column is never narrower than its longest word;
sentences are wrapped between words, and rows for which there is no room become blocks of one field
a line.
"""

import os
import textwrap
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

Row = Mapping[str, Any]
Cells = Sequence[str]

GAP = 2
SENTENCE_WIDTH_MIN = 24
"""Narrower, a column of sentences is a tower of words."""


def width_of(stream: TextIO) -> int | None:
    """How many characters a line has; a pipe has no width, unless COLUMNS names one."""
    if (columns := os.environ.get("COLUMNS", "")).isdecimal() and int(columns):
        return int(columns)
    return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else None


def render(title: str, names: Sequence[str], rows: Sequence[Row], width: int | None) -> str:
    """Cells that are missing are shown as a dash, so that 0 stays a figure. That there are no rows
    is said: a header alone looks like an answer that got lost."""
    if not rows:
        return f"{title}: none"
    cells = [[text_of(row.get(name)) or "-" for name in names] for row in rows]
    widths = fit_widths([names, *cells], width)
    if widths is not None:
        return "\n".join([title, draw([names, *cells], widths)])
    return "\n\n".join([title, *(block(names, row, width or 0) for row in rows)])


def text_of(value: Any) -> str:
    """In one line, and without what would move the cursor."""
    text = in_words(value)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def in_words(value: Any) -> str:
    """As a person writes it, and not as Python or JSON do; what is not given is left out."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            pairs = ((name, in_words(inner)) for name, inner in value.items())
            return ", ".join(f"{name} {text}" for name, text in pairs if text)
        case list() | tuple():
            return ", ".join(filter(None, map(in_words, value)))
    return str(value)


def fit_widths(table: Sequence[Cells], width: int | None) -> list[int] | None:
    """The widths of the columns, or nothing if there is no room for them beside each other."""
    columns = list(zip(*table, strict=True))
    full_widths = [max(map(cell_len, column)) for column in columns]
    if width is None:
        return full_widths
    least = list(map(least_of, columns, full_widths))
    room = width - sum(least) - GAP * (len(least) - 1)
    return None if room < 0 else shared_out(least, full_widths, room)


def least_of(column: Cells, full_width: int) -> int:
    """As wide as its longest word; sentences have some room beside."""
    words = [cell_len(word) for cell in column for word in cell.split()]
    return min(full_width, max([SENTENCE_WIDTH_MIN, *words]))


def shared_out(least: Sequence[int], full_widths: Sequence[int], room: int) -> list[int]:
    """The room that is left goes to the columns that lack some, to each the same at most."""
    widths = list(least)
    lacking = sorted(range(len(least)), key=lambda number: full_widths[number] - least[number])
    for done, number in enumerate(lacking):
        more = min(full_widths[number] - least[number], room // (len(lacking) - done))
        widths[number] += more
        room -= more
    return widths


def draw(table: Sequence[Cells], widths: Sequence[int]) -> str:
    grid = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
    for width in widths:
        grid.add_column(width=width, overflow="fold")
    for row in table:
        grid.add_row(*map(Text, row))
    text = StringIO()
    Console(file=text, width=sum(widths) + GAP * len(widths), color_system=None).print(grid)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def block(names: Sequence[str], row: Row, width: int) -> str:
    """A field a line; what is missing is left out. A word that is longer than the line goes beyond
    it, whole."""
    fields = [(name, text) for name in names if (text := text_of(row.get(name)))]
    pad = max(map(cell_len, names))
    longest = max([cell_len(word) for _, text in fields for word in text.split()] or [0])
    return draw(fields, [pad, max(width - pad - GAP, longest, 1)])


def within(text: str, width: int | None) -> str:
    """Lines that are too wide, wrapped between words; the others as they are, such as a log's."""
    lines = text.split("\n")
    return "\n".join(
        line if width is None or len(line) <= width else paragraph(line, width) for line in lines
    )


def paragraph(text: str, width: int | None, depth: int = 0) -> str:
    """Wrapped between words, each line of it set in by the same."""
    margin = "  " * depth
    return textwrap.fill(
        text_of(text),
        width=max(width or len(text) + len(margin) + 1, 1),
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
