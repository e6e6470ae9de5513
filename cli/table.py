"""What every kind of upload file is read into: a header, and rows of cells with their lines.

A row that can't be cut into cells is a flaw, so that it costs itself only; so is a cell that has no
value, which matters only where somebody reads its column.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cli.cells import Line
from cli.columns import Header


@dataclass(frozen=True, slots=True)
class Table:
    header: Header
    rows: Iterable[Line]
    """In the order of the file."""
    left_out: tuple[str, ...] = ()
    """Sheets beside the one that is read, which a person would see as well."""
