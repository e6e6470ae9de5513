"""docs/lead-files.md, run: each line of its tables is what the code does (INT-12).

A section has one table; its test is here, with `rows` of its heading. A section without a test
fails, and so does a test without its section.
"""

import json
import re
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli import bounds
from cli.cells import strip_mark
from cli.columns import ExpectedColumns
from cli.documents import read_text
from cli.importing import BadRow, Row, rows_in, rows_of, table_of
from cli.output import CliError
from services.intake.catalogue.questions import Question, judge
from services.intake.leads.fields import BY_NAME
from services.intake.leads.normalizing import normalize
from services.intake.reading import cells
from services.intake.reading.industries import industry
from services.intake.reading.phones import phone
from services.intake.reading.places import country, place
from services.intake.reading.revenues import revenue
from services.intake.reading.sizes import size
from services.intake.reading.timestamps import instant
from shared.companies.domains import website
from shared.companies.terms import entry
from shared.contracts.questions import PutQuestion
from shared.emails import email_address
from tests.builders import NOW, affiliate, record
from tests.workbooks import with_formula

DOCUMENT = Path(__file__).parents[2] / "docs" / "lead-files.md"
OWN_FIELDS = {
    "Ref": "reference",
    "Mail": "email",
    "Firm": "company_name",
    "Cat": "category",
    "Tel": "phone",
}

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


def outcome(written: str) -> str:
    try:
        expected = ExpectedColumns("Ref", OWN_FIELDS)
        table = table_of(BytesIO(written.encode()), expected)
        return "; ".join(map(shown, rows_in(table, expected)))
    except CliError as error:
        return error.text


@pytest.mark.parametrize(("written", "read"), rows("Lines and cells"))
def test_lines_and_cells(written: str, read: str) -> None:
    """A row becomes a record with each value under its own header, or is told by its line."""
    assert read == outcome(written)


@pytest.mark.parametrize(("written", "read"), rows("The header"))
def test_the_header(written: str, read: str) -> None:
    """It is found and matched, or the file is refused with what is wrong."""
    assert read == outcome(written)


@pytest.mark.parametrize(("written", "read"), rows("Letters"))
def test_letters(written: str, read: str) -> None:
    """They are those that were written, or the file is refused."""
    encoding, _, firm = written.partition(" ")
    content = f"Ref,Firm\nR-1,{firm}\n".encode(encoding)
    try:
        [row] = rows_of(content, "Ref", OWN_FIELDS)
        assert read == shown(row).partition("Firm=")[2]
    except CliError as error:
        assert read == error.text.partition("line 2 is ")[2].partition(".")[0].partition(" or ")[0]


@pytest.mark.parametrize(("written", "read"), rows("Marks of text"))
def test_marks_of_text(written: str, read: str) -> None:
    """They are taken off where they can be nothing else."""
    kind, _, cell = written.partition(" ")
    assert read == strip_mark(cell, kind)


@pytest.mark.parametrize(("written", "read"), rows("Cells of a workbook"))
def test_cells_of_a_workbook(written: str, read: str) -> None:
    """They are the text that was meant, or cost their row."""
    row = rows_of(with_formula(written), "Ref")[0]
    assert read == (row.reason if isinstance(row, BadRow) else row.record["Note"])


@pytest.mark.parametrize(("written", "read"), rows("Documents"))
def test_documents(written: str, read: str) -> None:
    """A document is its plain values, or is refused with its line."""
    try:
        [document] = read_text("file.yaml", written, {})
        assert read == json.dumps(document.content)
    except CliError as error:
        assert f"file.yaml, document 1: {read}" == error.text


BOUNDS = {
    "bytes of a cell": bounds.CELL_BYTES_MAX,
    "bytes of a row": bounds.ROW_BYTES_MAX,
    "lines of a row": bounds.ROW_LINES_MAX,
    "lines above the header": bounds.LINES_ABOVE_HEADER_MAX,
    "columns": bounds.COLUMNS_MAX,
    "bytes of a workbook, unpacked": bounds.UNPACKED_BYTES_MAX,
    "rows of a sheet": bounds.SHEET_ROWS_MAX,
    "cells of a sheet, blank ones before the last of each row and merged ones too": (
        bounds.SHEET_CELLS_MAX
    ),
    "elements of another part of a workbook, and of a sheet beside its rows and cells": (
        bounds.PART_ELEMENTS_MAX
    ),
    "bytes of a tag in a workbook": bounds.TAG_BYTES_MAX,
    "bytes of a file of documents": bounds.DOCUMENT_BYTES_MAX,
    "characters of a file of documents in YAML": bounds.YAML_CHARACTERS_MAX,
    "values of all documents of a file in YAML, with all aliases": bounds.DOCUMENT_NODES_MAX,
    "values inside values of a document in YAML": bounds.DOCUMENT_DEPTH_MAX,
}


TOLD_BOUNDS = rows("Bounds")


def test_bounds() -> None:
    """The document tells each as it is."""
    assert {name: f"{bound:,}" for name, bound in BOUNDS.items()} == dict(TOLD_BOUNDS)


@pytest.mark.parametrize(("written", "read"), rows("Email addresses"))
def test_email_addresses(written: str, read: str) -> None:
    """INT-04: an address is one mailbox, or none."""
    assert read == (email_address(cells.text(written)) or "-")


@pytest.mark.parametrize(("written", "read"), rows("Phone numbers"))
def test_phone_numbers(written: str, read: str) -> None:
    """INT-02: a number is one subscriber's, or unknown."""
    country, _, number = written.partition(": ")
    assert read == (phone(cells.meaning(number, {}, is_whole=True), country) or "-")


@pytest.mark.parametrize(("written", "read"), rows("Company sizes"))
def test_company_sizes(written: str, read: str) -> None:
    """INT-02: an interval, or unknown."""
    found = size(cells.meaning(written, {}, is_whole=True))
    band = (f"{found.min}-{found.max}" if found.max else f"{found.min}+") if found else "-"
    assert read == band


@pytest.mark.parametrize(("written", "read"), rows("Company revenues"))
def test_company_revenues(written: str, read: str) -> None:
    """INT-02: an interval in one currency, or unknown."""
    found = revenue(cells.text(written)).revenue
    shown = BY_NAME["company_revenue"].shown
    assert shown is not None
    assert read == (shown(found) if found else "-")


@pytest.mark.parametrize(("written", "read"), rows("Timestamps"))
def test_timestamps(written: str, read: str) -> None:
    """INT-02: one meaning, or unknown."""
    found = instant(cells.text(written), None, ZoneInfo("Europe/Berlin"))
    assert read == (found.isoformat().replace("+00:00", "Z") if found else "-")


@pytest.mark.parametrize(("written", "read"), rows("Countries"))
def test_countries(written: str, read: str) -> None:
    """INT-02: a code of ISO 3166, or unknown."""
    assert read == (country(written) or "-")


@pytest.mark.parametrize(("written", "read"), rows("Subdivisions"))
def test_subdivisions(written: str, read: str) -> None:
    """INT-02: a subdivision of the lead's country, or unknown."""
    code, _, name = written.partition(": ")
    assert read == (place(code, name).subdivision or "-")


@pytest.mark.parametrize(("written", "read"), rows("Industries"))
def test_industries(written: str, read: str) -> None:
    """INT-02: a code of LinkedIn's, or unknown."""
    assert read == (industry(cells.meaning(written, {}, is_whole=True)) or "-")


@pytest.mark.parametrize(("written", "read"), rows("Values that are no text"))
def test_values_that_are_no_text(written: str, read: str) -> None:
    """INT-03: any JSON is read, or told what it is."""
    known = affiliate(mapping={"vocabularies": {"category": {"true": "101"}}})
    found = normalize(record(Cat=json.loads(written)), known)
    assert read == next((reason.text for reason in found.reasons), found.category)


ALLOWED = ("C", "C++", "C#", ".NET", "R&D", "F&B")


@pytest.mark.parametrize(("written", "read"), rows("Answers"))
def test_answers(written: str, read: str) -> None:
    """INT-06: one of the allowed, or held."""
    asked = PutQuestion(id="q_skill", text="Skill?", answers=ALLOWED, categories=("101",))
    question = Question("q", 1, "main", 1, asked, (), NOW, "dana")
    found = judge({"q_skill": json.loads(written)}, affiliate(), ("101",), lambda _: question)
    held = [f"held: {each.given}" for each in found.held]
    assert read == next(iter([*found.answers.values(), *held]), "no answer")


@pytest.mark.parametrize(("written", "read"), rows("Companies"))
def test_companies(written: str, read: str) -> None:
    """RTE-06: a website is read in the same way; what it says is the lead's company."""
    kept = entry(written)
    assert read == (kept.term or kept.why)
    if read.startswith("domain:") and " / " not in read:
        assert read.removeprefix("domain:") == website(written).domain
