"""Whether a file ends inside its last row, as far as the rows above tell.

That its last line has no end says nothing by itself: many programs write none. So a row is told
only if it is unlike all rows above: it alone lacks cells, or its last cell is the beginning of what
all others are, such as 2026-03-0 below 2026-03-04. Of what differs in length, nobody can tell.
"""

import string
from collections.abc import Sequence

from cli.cells import Flaw

CUT_OFF = Flaw("cut_off", "the file ends inside this row; the rest of the file is missing")

WHOLE_ROWS_MIN = 3
"""Fewer rows do not show how a program writes."""
LENGTH_MIN = 8
"""Shorter cells, such as codes and counts, may be of one length by chance."""

_KINDS = str.maketrans(
    dict.fromkeys(string.digits, "0")
    | dict.fromkeys(string.ascii_lowercase, "a")
    | dict.fromkeys(string.ascii_uppercase, "A")
)


class RowsAbove:
    def __init__(self) -> None:
        self.whole: int | None = 0
        """How many rows had all their cells; None once one had not."""
        self.alike = 0
        self.shape: str | None = None
        """Of the last cells, if they are alike."""

    def is_cut(self, line: str, cells: Sequence[str], width: int) -> bool:
        """Whether the file ends inside of the next row, which is one of them otherwise."""
        is_ended = line[-1:] in ("\r", "\n")
        if len(cells) < width:
            return self._lacks_cells(line) and not is_ended
        self.whole = None if self.whole is None else self.whole + 1
        if is_ended:
            self._compare(cells[-1])
            return False
        return not line.endswith('"') and self._is_beginning(cells[-1])

    def _lacks_cells(self, line: str) -> bool:
        if line.isspace():
            return False
        enough, self.whole = (self.whole or 0) >= WHOLE_ROWS_MIN, None
        return enough

    def _compare(self, last: str) -> None:
        if self.alike and self.shape is None or not last:
            return
        shape = _shape_of(last)
        self.shape = shape if self.shape in (None, shape) else None
        self.alike += 1

    def _is_beginning(self, last: str) -> bool:
        shape = self.shape or ""
        if self.alike < WHOLE_ROWS_MIN or len(shape) < LENGTH_MIN:
            return False
        kinds = last.translate(_KINDS) if "0" in shape else last
        return 0 < len(last) < len(shape) and shape.startswith(kinds)


def _shape_of(cell: str) -> str:
    """Of what has digits the kinds of its signs; of words the words."""
    kinds = cell.translate(_KINDS)
    return kinds if "0" in kinds else cell
