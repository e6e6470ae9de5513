"""What every kind of upload file is read into: a header, and rows of cells with their lines.

A row that can't be cut into cells is a flaw, so that it costs itself only; so is a cell that has no
value, which matters only where somebody reads its column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from cli.columns import Header


CELL_START, FLAWED = "\x1f", "\x1e"


@dataclass(frozen=True, slots=True)
class Flaw:
    reason: str
    text: str


Cells = Sequence["str | Flaw"]
Line = tuple[int, "Cells | Flaw"]
"""A row with the line that a person sees."""


@dataclass(frozen=True, slots=True)
class Table:
    header: "Header"
    rows: Iterable[Line]
    """In the order of the file."""
    left_out: tuple[str, ...] = ()
    """Sheets beside the one that is read, which a person would see as well."""


def join_cells(cells: Cells) -> str:
    """All of them as one text, in which looking for something is quick."""
    try:
        return CELL_START + CELL_START.join(cast(Sequence[str], cells))
    except TypeError:
        texts = [cell if isinstance(cell, str) else FLAWED for cell in cells]
        return CELL_START + CELL_START.join(texts)
