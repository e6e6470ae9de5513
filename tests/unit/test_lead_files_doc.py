"""docs/lead-files.md, run: each line of its tables is what the code does (INT-12).

A section has one table; its test is here, with `rows` of its heading. A section without a test
fails, and so does a test without its section.
"""

import re
from pathlib import Path

import pytest

from cli.importing import BadRow, Row, rows_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "lead-files.md"
OWN_FIELDS = ("Ref", "Mail", "Firm", "Cat", "Tel")

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([ntr|]))")
_CELL_END = re.compile(r"(?<!\\)\|")
_run: set[str] = set()


def rows(heading: str) -> list[tuple[str, str]]:
    """The lines of the table under a heading, both cells without their backticks and escapes."""
    _run.add(heading)
    lines = re.findall(r"^\|(.+)\|$", section(heading), re.MULTILINE)
    return [(meant(written), meant(read)) for written, read in map(_CELL_END.split, lines[2:])]


def section(heading: str) -> str:
    return DOCUMENT.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]


def meant(cell: str) -> str:
    plain = cell.strip().removeprefix("`").removesuffix("`")
    return _ESCAPE.sub(lambda found: character(found[1], found[2]), plain)


def character(number: str | None, letter: str) -> str:
    return chr(int(number, 16)) if number else {"n": "\n", "t": "\t", "r": "\r", "|": "|"}[letter]


def shown(row: Row | BadRow) -> str:
    if isinstance(row, BadRow):
        return f"{row.line}: {row.reason}"
    return " ".join(f"{name}={cell}" for name, cell in row.record.items() if cell)


def test_every_section_is_run() -> None:
    """A table that no test reads could say anything."""
    headings = re.findall(r"^## (.+)$", DOCUMENT.read_text(), re.MULTILINE)
    assert {heading for heading in headings if "\n|---" in section(heading)} == _run


@pytest.mark.parametrize(("written", "read"), rows("Lines and cells"))
def test_lines_and_cells(written: str, read: str) -> None:
    """A row becomes a record with each value under its own header, or is told by its line."""
    assert read == "; ".join(map(shown, rows_of(written.encode(), "Ref", OWN_FIELDS)))
