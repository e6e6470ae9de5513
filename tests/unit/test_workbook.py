"""Reading a workbook: cells become the text that a CSV file would have had (INT-12)."""

import random
import warnings
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from cli import workbook
from cli.importing import BadRow, Row, rows_of
from cli.output import WRONG_USAGE, CliError

pytestmark = pytest.mark.rule("INT-12")

SHEET = "xl/worksheets/sheet1.xml"


def saved(*rows: Sequence[Any], more_sheets: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name in more_sheets:
        book.create_sheet(name).append(["Ref", "Other"])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def edited(content: bytes, before: str, after: str) -> bytes:
    """The sheet's XML, as other programs write it."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == SHEET:
                assert before.encode() in part
                part = part.replace(before.encode(), after.encode())
            new.writestr(name, part)
    return file.getvalue()


def archive(**parts: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return file.getvalue()


def with_formula(cell: str) -> bytes:
    """A workbook of one row whose second cell is given as XML."""
    return edited(
        saved(["Ref", "Note"], ["R-1", 7], ["R-2", 8]), '<c r="B2" t="n"><v>7</v></c>', cell
    )


def told(rows: Sequence[Row | BadRow]) -> list[tuple[int, str]]:
    return [(row.line, row.reference if isinstance(row, Row) else row.reason) for row in rows]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Zoë, Ltd", "Zoë, Ltd"),
        (None, ""),
        (101, "101"),
        ("00205", "00205"),
        (250.0, "250"),
        (45719.5, "45719.5"),
        (442079460018, "442079460018"),
        (True, "TRUE"),
        (datetime(2025, 3, 3, 9, 12, 45), "2025-03-03T09:12:45"),
        (datetime(2025, 3, 3), "2025-03-03"),
        (date(2025, 3, 3), "2025-03-03"),
        (time(9, 30), "09:30:00"),
        ("+44 20 7946 0018", "+44 20 7946 0018"),
        ("-5", "-5"),
        ("@name", "@name"),
    ],
)
def test_a_cell_is_the_text_that_was_meant(value: Any, text: str) -> None:
    """Dates as ISO, whole numbers without a fraction, text as it is."""
    content = saved(["Ref", "Note", "End"], ["R-1", value, "x"])
    assert [Row(2, "R-1", {"Ref": "R-1", "Note": text, "End": "x"})] == rows_of(content, "Ref")


def test_the_first_sheet_is_read() -> None:
    """Rows keep their number in the sheet, and empty ones are none."""
    content = saved(["Ref", "Note"], [], ["R-1", "a"], [None, None], ["R-2"], more_sheets=["Other"])
    assert [
        Row(3, "R-1", {"Ref": "R-1", "Note": "a"}),
        Row(5, "R-2", {"Ref": "R-2", "Note": ""}),
    ] == rows_of(content, "Ref")


def test_a_size_that_the_file_tells_wrong_hides_no_rows() -> None:
    content = edited(saved(["Ref", "Note"], ["R-1", "a"], ["R-2", "b"]), 'ref="A1:B3"', 'ref="A1"')
    assert [(2, "R-1"), (3, "R-2")] == told(rows_of(content, "Ref"))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([None, "a"], "reference_missing"),
        (["R-1", "a", "b"], "cells_too_many"),
        (["r" * 201, "a"], "reference_invalid"),
        (["R-1", "=1+1"], "formula"),
    ],
)
def test_a_bad_row_costs_itself_only(row: list[Any], reason: str) -> None:
    """It is told by its number in the sheet, and the rows around it go on."""
    rows = rows_of(saved(["Ref", "Note"], ["R-0", "a"], row, ["R-2", "b"]), "Ref")
    assert [(2, "R-0"), (3, reason), (4, "R-2")] == told(rows)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="B2"><f>3+4</f><v>7</v></c>', "7"),
        ('<c r="B2" t="str"><f>A2</f><v>R-1</v></c>', "R-1"),
        ('<c r="B2" t="str"><f>IF(A2,1,"")</f><v></v></c>', ""),
    ],
    ids=["number", "text", "empty text"],
)
def test_of_a_formula_the_saved_value_counts(cell: str, text: str) -> None:
    assert Row(2, "R-1", {"Ref": "R-1", "Note": text}) == rows_of(with_formula(cell), "Ref")[0]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2"><f>3+4</f></c>',
        '<c r="B2"><f>3+4</f><v></v></c>',
        '<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '<c r="B2" t="inlineStr"><is><t>=cmd()</t></is></c>',
    ],
    ids=["no value", "blank value", "error", "text"],
)
def test_a_formula_that_has_no_value_is_a_bad_row(cell: str) -> None:
    """So is text that a spreadsheet would take for one."""
    assert [(2, "formula"), (3, "R-2")] == told(rows_of(with_formula(cell), "Ref"))


def test_a_date_that_no_calendar_has_is_a_bad_row() -> None:
    """The library warns of it; only the row is told."""
    content = saved(["Ref", "When"], ["R-1", date(2025, 3, 3)], ["R-2", 8])
    content = edited(content, "<v>45719</v>", "<v>99999999</v>")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [(2, "formula"), (3, "R-2")] == told(rows_of(content, "Ref"))


def test_the_same_rows_are_the_same_in_either_kind_of_file() -> None:
    in_csv = rows_of(b"Ref,Note\nR-1,a\nR-2,12\n", "Ref")
    assert in_csv == rows_of(saved(["Ref", "Note"], ["R-1", "a"], ["R-2", 12]), "Ref")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (saved(), "first row of the first sheet is empty"),
        (saved([], ["Ref"]), "first row of the first sheet is empty"),
        (saved(["Name", "Mail"], ["a", "b"]), "names no field 'Ref'"),
        (saved(["Ref", "=A1"], ["a", "b"]), "first row can't be read"),
        (saved(["Ref", "Note"])[:-400], "broken"),
        (b"PK\x03\x04 and nothing more", "broken"),
        (archive(), "broken"),
        (archive(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "no XLSX workbook"),
        (edited(saved(["Ref"], ["a"]), "</sheetData>", ""), "broken"),
        (edited(saved(["Ref"], ["a"]), 'r="2"', 'r="99999999"'), "broken"),
        (edited(saved(["Ref"], ["a"], ["b"]), 'row r="3"', 'row r="2"'), "not in order"),
        (edited(saved(["Ref"], ["a"], ["b"]), 'row r="2"', 'row r="9"'), "not in order"),
    ],
    ids=[
        *("empty", "blank first row", "wrong header", "formula in header", "cut off"),
        *("no archive", "empty archive", "other archive", "broken XML", "impossible row"),
        *("row twice", "row before another"),
    ],
)
def test_what_is_no_workbook_is_refused_whole(content: bytes, named: str) -> None:
    """With one error, and before anything is imported."""
    with pytest.raises(CliError, match=named) as error:
        rows_of(content, "Ref")
    assert ("unreadable", WRONG_USAGE) == (error.value.code, error.value.exit_code)


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    """200 KB that would become more than 200 MB."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new, new.open(SHEET, "w") as part:
        for _ in range(workbook.UNPACKED_BYTES_MAX // 1_000_000 + 1):
            part.write(bytes(1_000_000))
    with pytest.raises(CliError, match="more than 200,000,000 bytes") as error:
        rows_of(file.getvalue(), "Ref")
    assert "unreadable" == error.value.code


@pytest.mark.parametrize("seed", range(60))
def test_broken_bytes_are_read_or_refused(seed: int) -> None:
    """Whatever is broken in a workbook, no other error comes of it than the one."""
    choices = random.Random(seed)
    content = bytearray(saved(["Ref", "Note"], *([f"R-{n}", n] for n in range(20))))
    for _ in range(choices.choice((1, 5, 50))):
        content[choices.randrange(4, len(content))] = choices.randrange(256)
    try:
        assert rows_of(bytes(content), "Ref")
    except CliError as error:
        assert "unreadable" == error.code
