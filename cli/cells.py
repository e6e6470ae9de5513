"""A row of cells: what of one can't be taken over, and the marks that say that it is text.

A mark is taken off only where it can be nothing else: names may begin with an apostrophe.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from cli.bounds import CELL_BYTES_MAX, ROW_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a cell or a row can't be taken over: it costs itself only."""

    reason: str
    text: str


Cells = Sequence[str | Flaw]
Line = tuple[int, Cells | Flaw]
"""A row with the line that a person sees."""
CELL_START, FLAWED = "\x1f", "\x1e"

NAMES = frozenset(("first_name", "last_name", "company_name"))
"""May begin with an apostrophe: 't Hart, 'Abd al-Rahman."""
FREE_TEXT = frozenset(("", "job_title"))
"""So may these, but not before a digit."""
ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!")
)
ERROR = Flaw("formula", "a cell holds an error")

LETTERS_MISREAD = Flaw(
    "letters_misread",
    "letters were read in a wrong encoding before this file was saved, or are lost; save it anew",
)
# UTF-8 that was read as windows-1252, so that a letter became two signs or three, and what stands
# for a letter that was lost. Some of the second signs may stand behind a word: those tell only in
# front of a letter.
_SECOND = "¡-ª¬®-º¼-¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ˜™š›œžŸ\x80-\x9f"  # noqa: RUF001
_MISREAD = re.compile(
    rf"[ÂÃÄÅ](?:[{_SECOND}]|[‘’“”•–—«»](?=\w)|\xa0(?=[a-z]))"  # noqa: RUF001
    r"|â[€„][^\w\s]|(?:[ÐÑ][^\w\s]\w?){2}|\ufffd"
)
_AS_FORMULA = re.compile(r'=\s*("{1,3})((?:[^"]|"")*)\1\s*', re.DOTALL)
_FORMULA_START = tuple("=+-@\t\r")


def strip_mark(cell: str, kind: str = "") -> str:
    """The text that a spreadsheet shows for ="0101" and for '0101."""
    if cell.startswith("=") and (found := _AS_FORMULA.fullmatch(cell)):
        return found[2].replace('""', '"')
    if cell.startswith("'") and is_mark(cell[1:], kind):
        return cell[1:]
    return cell


def is_mark(behind: str, kind: str) -> bool:
    if kind in NAMES:
        return behind.startswith(_FORMULA_START)
    if kind in FREE_TEXT:
        return behind.startswith(_FORMULA_START) or behind[:1].isdigit()
    return bool(behind) and not behind.endswith("'")


def flaw_of(cells: Sequence[str], whole: str | None = None) -> Flaw | None:
    """`whole` is all of them as one text. What begins as a formula is a text as any other, since
    nothing here evaluates it."""
    whole = "".join(cells) if whole is None else whole
    if whole.isascii() and len(whole) <= CELL_BYTES_MAX and "\0" not in whole:
        return None
    if not is_text(whole):
        return Flaw("not_utf8", "a cell is not UTF-8 text")
    if "\0" in whole:
        return Flaw("nul", "a cell holds a NUL character")
    if len(whole) <= CELL_BYTES_MAX // 4:
        return None
    if any(len(cell.encode()) > CELL_BYTES_MAX for cell in cells):
        return Flaw("cell_too_long", f"a cell has more than {CELL_BYTES_MAX} bytes")
    if len(whole.encode()) > ROW_BYTES_MAX:
        return Flaw("row_too_long", f"the row has more than {ROW_BYTES_MAX} bytes")
    return None


def is_misread(cells: Sequence[str]) -> bool:
    return any(not cell.isascii() and _MISREAD.search(cell) for cell in cells)


def is_text(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def join_cells(cells: Cells) -> str:
    """All of them as one text, in which looking for something is quick."""
    try:
        return CELL_START + CELL_START.join(cast(Sequence[str], cells))
    except TypeError:
        texts = [cell if isinstance(cell, str) else FLAWED for cell in cells]
        return CELL_START + CELL_START.join(texts)
