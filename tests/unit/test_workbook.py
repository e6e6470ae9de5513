"""Reading a workbook: cells become the text that a CSV file would have had (INT-12)."""

import random
import warnings
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from cli import list_files, workbook, workbook_parts
from cli.bounds import UNPACKED_BYTES_MAX
from cli.columns import ExpectedColumns
from cli.importing import BadRow, Chosen, Row, rows_in, rows_of, table_of
from cli.list_files import Line
from cli.output import WRONG_USAGE, CliError
from cli.workbook import unescape
from tests.workbooks import (
    SHEET,
    TEXTS,
    archive,
    edited,
    part,
    rows_with,
    saved,
    sheet_of,
    sheets,
    strict,
    with_formula,
    with_texts,
)

pytestmark = pytest.mark.rule("INT-12")


def brief(rows: Sequence[Row | BadRow]) -> list[tuple[int, str]]:
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
    assert [(2, "R-1"), (3, "R-2")] == brief(rows_of(content, "Ref"))


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
    assert [(2, "R-0"), (3, reason), (4, "R-2")] == brief(rows)


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
    assert [(2, "formula"), (3, "R-2")] == brief(rows_of(with_formula(cell), "Ref"))


def test_a_date_that_no_calendar_has_is_a_bad_row() -> None:
    """The library warns of it; only the row is told."""
    content = saved(["Ref", "When"], ["R-1", date(2025, 3, 3)], ["R-2", 8])
    content = edited(content, "<v>45719</v>", "<v>99999999</v>")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [(2, "formula"), (3, "R-2")] == brief(rows_of(content, "Ref"))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="B2"><f>"0101"</f></c>', "0101"),
        ('<c r="B2" t="inlineStr"><is><t>="0101"</t></is></c>', "0101"),
        ('<c r="B2" t="inlineStr"><is><t>\'0101</t></is></c>', "0101"),
    ],
)
@pytest.mark.case("lead-files", "09a", kind="K25")
def test_a_number_written_as_a_formula_is_its_text(cell: str, text: str) -> None:
    """Also if the program that wrote it did not calculate it."""
    assert Row(2, "R-1", {"Ref": "R-1", "Note": text}) == rows_of(with_formula(cell), "Ref")[0]


@pytest.mark.case("lead-files", "08b", kind="K21")
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("08b@brightwater.example_x000D_", "08b@brightwater.example\r"),
        ("a_x000a_b", "a\nb"),
        ("_x005F_x000D_", "_x000D_"),
        ("_x005f_x005F_", "_x005F_"),
        ("_xD83D__xDE00_", "\U0001f600"),
        ("_x00e9_t_x00E9_", "été"),
        ("_x00_", "_x00_"),
        ("_xZZZZ_ first_x name", "_xZZZZ_ first_x name"),
    ],
)
@pytest.mark.parametrize("kind", ["inlineStr", "str"])
def test_an_escaped_character_is_the_character(written: str, text: str, kind: str) -> None:
    """In texts of each kind; what only looks like an escape is written with one."""
    inner = f"<is><t>{written}</t></is>" if kind == "inlineStr" else f"<v>{written}</v>"
    content = with_formula(f'<c r="B2" t="{kind}">{inner}</c>')
    assert Row(2, "R-1", {"Ref": "R-1", "Note": text}) == rows_of(content, "Ref")[0]


def test_an_escaped_character_in_the_table_of_texts_is_the_character() -> None:
    """Where most programs keep texts; of a formatted one the pieces are read as one."""
    content = edited(
        saved(["Ref", "Note"], ["R-1", 7]),
        '<c r="B2" t="n"><v>7</v></c>',
        '<c r="B2" t="s"><v>1</v></c>',
    )
    texts = "<si><t>no</t></si><si><r><t>a_x00</t></r><r><t>0D_b_x000D_</t></r></si>"
    assert [Row(2, "R-1", {"Ref": "R-1", "Note": "a\rb\r"})] == rows_of(
        with_texts(content, texts), "Ref"
    )


@pytest.mark.case("lead-files", "29a", kind="K22")
def test_strict_open_xml_is_read() -> None:
    """With its dates, which it writes as text."""
    rows = [["Ref", "Note", "When"], ["R-1", "Zoë", 7], ["R-2", None, 45719]]
    content = edited(saved(*rows), '<c r="C2" t="n"><v>7</v>', '<c r="C2" t="d"><v>2025-03-03</v>')
    assert [
        Row(2, "R-1", {"Ref": "R-1", "Note": "Zoë", "When": "2025-03-03"}),
        Row(3, "R-2", {"Ref": "R-2", "Note": "", "When": "45719"}),
    ] == rows_of(strict(content), "Ref")


@pytest.mark.case("lead-files", "30a", kind="K23")
@pytest.mark.case("lead-files", "30b", kind="K23")
@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2" t="e"><v>#N/A</v></c>',
        '<c r="B2"><f>VLOOKUP(A2,Z:Z,1)</f></c>',
        '<c r="B2"><f>VLOOKUP(A2,Z:Z,1)</f><v></v></c>',
        '<c r="B2" t="inlineStr"><is><t>=cmd()</t></is></c>',
        '<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
    ],
)
def test_a_cell_without_a_value_matters_only_where_somebody_reads_it(cell: str) -> None:
    """In a column that no mapping names it is blank."""
    content = with_formula(cell)
    assert Row(2, "R-1", {"Ref": "R-1", "Note": ""}) == rows_of(content, "Ref", ["Ref", "Firm"])[0]
    assert [(2, "formula"), (3, "R-2")] == brief(rows_of(content, "Ref", ["Ref", "Note"]))


@pytest.mark.case("lead-files", "51a", kind="K24")
@pytest.mark.parametrize(
    ("states", "read"),
    [
        ({"Lookups": "hidden", "Leads": "visible"}, "Leads"),
        ({"Lookups": "veryHidden", "More": "hidden", "Leads": "visible"}, "Leads"),
        ({"Notes": "visible", "Leads": "visible"}, "Leads"),
        ({"Leads": "visible", "Lookups": "hidden"}, "Leads"),
    ],
)
def test_the_sheet_that_a_person_sees_is_read(states: dict[str, str], read: str) -> None:
    """The active one, or the first visible one if that is hidden."""
    assert [(2, read)] == brief(rows_of(sheets(**states), "Ref"))


@pytest.mark.parametrize(
    ("named", "expected"), [(None, ("Leads",)), ("Old", ()), ("Leads", ())], ids=str
)
def test_sheets_beside_the_one_that_is_read_are_told(
    named: str | None, expected: tuple[str, ...]
) -> None:
    """Those that a person sees, where none was named."""
    content = sheets(Leads="visible", Old="hidden", Notes="visible")
    table = table_of(BytesIO(content), ExpectedColumns("Ref"), Chosen(sheet=named))
    assert expected == table.left_out


def test_a_sheet_can_be_named() -> None:
    """Where the header is not found, the error says which sheets there are."""
    columns = ExpectedColumns("Ref")
    content = sheets(Leads="visible", Old="hidden", Notes="visible")
    table = table_of(BytesIO(content), columns, Chosen(sheet="Old"))
    assert [(2, "Old")] == brief(list(rows_in(table, columns)))
    with pytest.raises(CliError, match="sheet 'Notes' of 'Leads', 'Old' .hidden., 'Notes'"):
        rows_of(content, "Lead")
    with pytest.raises(CliError, match="no sheet 'New'; there are: 'Leads', 'Old'"):
        table_of(BytesIO(content), columns, Chosen(sheet="New"))


def test_a_title_may_stand_above_the_header() -> None:
    content = saved(["Leads of March"], [], ["Ref", "Note"], ["R-1", "a"])
    assert [Row(4, "R-1", {"Ref": "R-1", "Note": "a"})] == rows_of(content, "Ref")


def test_blank_cells_behind_the_last_column_do_no_harm() -> None:
    """Formats make them; a sheet can't shift a row."""
    content = saved(["Ref", "Note"], ["R-1", "a", "", None])
    assert [(2, "R-1")] == brief(rows_of(content, "Ref"))


@pytest.mark.case("lead-files", "P12")
def test_the_same_rows_are_the_same_in_either_kind_of_file() -> None:
    in_csv = rows_of(b"Ref,Note\nR-1,a\nR-2,12\n", "Ref")
    assert in_csv == rows_of(saved(["Ref", "Note"], ["R-1", "a"], ["R-2", 12]), "Ref")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (saved(), "the first rows are blank"),
        (saved(["Name", "Mail"], ["a", "b"]), "names the field 'Ref'"),
        (saved(["Ref", "Note"])[:-400], "broken"),
        (b"PK\x03\x04 and nothing more", "broken"),
        (archive(), "broken"),
        (archive(**{"leads.csv": b"Ref"}), "a ZIP archive; unpack it"),
        (archive(**{"mimetype": b"", "content.xml": b""}), "an OpenDocument file"),
        (archive(**{"Index/Document.iwa": b""}), "a Numbers document"),
        (archive(**{"[Content_Types].xml": b"", "xl/workbook.bin": b""}), "an XLSB workbook"),
        (archive(**{"[Content_Types].xml": b"", "word/document.xml": b""}), "a Word document"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(26), "a 7-Zip archive"),
        (b"Rar!\x1a\x07\x00", "a RAR archive"),
        (edited(saved(["Ref"], ["a"]), "</sheetData>", ""), "broken"),
        (edited(saved(["Ref"], ["a"]), 'r="2"', 'r="99999999"'), "broken"),
        (edited(saved(["Ref"], ["a"], ["b"]), 'row r="3"', 'row r="2"'), "not in order"),
        (edited(saved(["Ref"], ["a"], ["b"]), 'row r="2"', 'row r="9"'), "not in order"),
    ],
    ids=[
        *("empty", "wrong header", "cut off"),
        *("no archive", "empty archive", "other archive", "ODS", "Numbers", "XLSB", "Word"),
        *("7-Zip", "RAR", "broken XML", "impossible row"),
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
        for _ in range(UNPACKED_BYTES_MAX // 1_000_000 + 1):
            part.write(bytes(1_000_000))
    with pytest.raises(CliError, match="more than 200,000,000 bytes") as error:
        rows_of(file.getvalue(), "Ref")
    assert "unreadable" == error.value.code


def test_of_several_sheets_one_is_opened() -> None:
    """The library looked in all of them for their size, and kept those whole that tell none."""
    content = saved(["Ref", "Note"], ["R-1", "a"], more_sheets=["Other"])
    content = part(content, "xl/worksheets/sheet2.xml", b"<worksheet>")
    assert [(2, "R-1")] == brief(rows_of(content, "Ref"))


LAUGHS = b"<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><x>&b;</x>"


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda: sheet_of(rows_with(9, b'<c r="XFD%d"/>')), "beyond column 1,000"),
        (lambda: sheet_of(rows_with(9, b'<c r="AMJ%d"/>')), "beyond column 1,000"),
        (
            lambda: sheet_of(rows_with(3000, b'<c r="ALL%d"/>')),
            "2,000,000 cells, blank and merged",
        ),
        (lambda: sheet_of(b'<row r="2">' + b"<c/>" * 1001 + b"</row>"), "beyond column 1,000"),
        (
            lambda: part(saved(["Ref"]), "xl/styles.xml", b"<a>" + b"<b/>" * 500_001 + b"</a>"),
            "elements",
        ),
        (
            lambda: sheet_of(
                b'<row r="2"><c r="A2" t="inlineStr"><is>%s</is></c></row>'
                % (b"<r><t>a</t></r>" * 250_001)
            ),
            "more than 500,000 elements beside its cells",
        ),
        (lambda: sheet_of(b"<x/>" * 500_001), "more than 500,000 elements beside its cells"),
        (lambda: sheet_of(b'<row r="2" x="%s"/>' % (b"a" * 1_200_000)), "a tag of more than"),
        (
            lambda: part(saved(["Ref"]), "xl/styles.xml", b"<a><!--%s--></a>" % (b"a" * 1_200_000)),
            "a tag of more than",
        ),
        (lambda: part(saved(["Ref"]), "xl/workbook.xml", LAUGHS), "declares a document type"),
        (lambda: part(saved(["Ref"]), SHEET, LAUGHS), "declares a document type"),
        (
            lambda: part(saved(["Ref"]), TEXTS, b"<a>" + b"<si/>" * 4_000_001 + b"</a>"),
            "sharedStrings.xml has more than 4,000,000 elements",
        ),
    ],
    ids=[
        *("XFD", "just beyond", "gaps", "cells without a place", "styles"),
        *("runs of a text", "elements that are nothing", "long tag", "long comment", "entities"),
        *("entities in a sheet", "texts"),
    ],
)
def test_a_small_workbook_that_is_much_is_refused(made: Callable[[], bytes], named: str) -> None:
    """Before the library builds what it claims, with what is too much."""
    content = made()
    assert len(content) < 200_000
    with pytest.raises(CliError, match=named) as error:
        rows_of(content, "Ref")
    assert "unreadable" == error.value.code


def test_rows_of_nothing_cost_nothing() -> None:
    """A sheet may claim all its rows."""
    content = sheet_of(
        b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>R-1</t></is></c></row>'
    )
    assert [(1_048_576, "R-1")] == brief(rows_of(content, "Ref"))


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


@pytest.mark.parametrize(
    ("mark", "read"),
    [
        ('<row r="3" hidden="1"', [(2, "R-1"), (3, "row_hidden"), (4, "R-3")]),
        ('<row r="3" spans="1:2" hidden="true"', [(2, "R-1"), (3, "row_hidden"), (4, "R-3")]),
        ('<row r="3" hidden="0"', [(2, "R-1"), (3, "R-2"), (4, "R-3")]),
    ],
)
def test_a_row_that_nobody_sees_is_told(mark: str, read: list[tuple[int, str]]) -> None:
    """INT-12: who filters a sheet means the rows that are left."""
    content = saved(["Ref", "Note"], ["R-1", "a"], ["R-2", "b"], ["R-3", "c"])
    assert read == brief(rows_of(edited(content, '<row r="3"', mark), "Ref"))


def test_a_list_holds_hidden_rows_too() -> None:
    """RTE-06: without them it would let leads pass."""
    content = edited(saved(["Company"], ["Tern"], ["Vane"]), '<row r="3"', '<row r="3" hidden="1"')
    assert [Line(2, "Tern"), Line(3, "Vane")] == list_files.read("list.xlsx", content)


def merged(reference: str, *rows: Sequence[Any]) -> bytes:
    cells = f'</sheetData><mergeCells count="1"><mergeCell ref="{reference}"/></mergeCells>'
    return edited(saved(*rows), "</sheetData>", cells)


@pytest.mark.parametrize(
    ("reference", "notes"),
    [
        ("B2:B4", ["a", "a", "a", ""]),
        ("B2:B3", ["a", "a", "", ""]),
        ("B2:B1048576", ["a", "a", "a", "a"]),
        ("B3:B4", ["a", "", "", ""]),
        ("B2:C2", ["a", "", "", ""]),
        ("B1:C1", ["a", "", "", ""]),
        ("B2", ["a", "", "", ""]),
    ],
)
def test_a_merged_cell_stands_for_all_its_rows(reference: str, notes: list[str]) -> None:
    """INT-12: as it is seen; beside each other only the first column has it."""
    rows = [["Ref", "Note", "More"], ["R-1", "a"], ["R-2"], ["R-3"], ["R-4"]]
    read = rows_of(merged(reference, *rows), "Ref")
    assert notes == [row.record["Note"] for row in read if isinstance(row, Row)]
    assert {""} == {row.record["More"] for row in read if isinstance(row, Row)}


def test_a_text_that_many_cells_share_is_read_once() -> None:
    """5 kB of a workbook, with 10,000 cells of one text of escapes, took 57 s."""
    shared = "_x0041_" * 50 + "of this test alone"
    sheet = sheet_of(
        rows_with(50, b'<c r="A%d" t="s"><v>0</v></c>' + b'<c t="s"><v>0</v></c>' * 19)
    )
    before = unescape.cache_info()
    _, *read = workbook.rows(with_texts(sheet, f"<si><t>{shared}</t></si>"))
    after = unescape.cache_info()
    assert {"A" * 50 + "of this test alone"} == {cell for _, cells in read for cell in cells}
    assert (1, 999) == (after.misses - before.misses, after.hits - before.hits)


def test_cells_that_merged_ones_stand_for_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """500 kB of a workbook, with each column merged over all rows, took 44 s and 900 MB."""
    rows = [["Ref", "Note"], *([f"R-{number}"] for number in range(50))]
    content = merged("B1:B1048576", *rows)
    monkeypatch.setattr(workbook_parts, "SHEET_CELLS_MAX", 102)
    assert 50 == len(rows_of(content, "Ref"))
    monkeypatch.setattr(workbook_parts, "SHEET_CELLS_MAX", 101)
    with pytest.raises(CliError, match="more than 101 cells, blank and merged ones too"):
        rows_of(content, "Ref")


def test_a_merged_reference_is_that_of_each_row() -> None:
    """INT-04: so that the conflict is told, and nobody is lost."""
    content = merged("A2:A3", ["Ref", "Note"], ["R-1", "a"], [None, "b"], [None, None], ["R-2"])
    assert [(2, "R-1"), (3, "R-1"), (5, "R-2")] == brief(rows_of(content, "Ref"))


@pytest.mark.parametrize("number", [1234567890123456789, 10**15, -(10**16), 1e20, 1.5e15])
def test_a_number_that_lost_digits_is_told(number: float) -> None:
    """INT-12: of ids with more than 15 digits a spreadsheet makes one of many."""
    content = saved(["Ref", "Note"], [number, "a"], ["R-2", "b"], [10**15 - 1, "c"])
    read = rows_of(content, "Ref")
    assert [(2, "digits_lost"), (3, "R-2"), (4, "999999999999999")] == brief(read)


def test_a_number_that_lost_digits_in_another_column_is_blank() -> None:
    content = saved(["Ref", "Other"], ["R-1", 10**16])
    columns = ExpectedColumns("Ref", {"Ref": "reference"})
    [row] = rows_in(table_of(BytesIO(content), columns), columns)
    assert isinstance(row, Row)
    assert "" == row.record["Other"]


def struck(*cells: str) -> bytes:
    """A sheet of two rows with some cells struck out."""
    book = openpyxl.Workbook()
    for row in (
        ["Ref", "Mail", "Note"],
        ["R-1", "jo@a.example", "x"],
        ["R-2", "al@a.example", "y"],
    ):
        book.active.append(row)
    for cell in cells:
        book.active[cell].font = Font(strike=True)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("cells", [("A2", "B2", "C2"), ("B2",), ("A2",)])
def test_what_is_struck_out_is_not_imported(cells: Sequence[str]) -> None:
    """INT-12: people cross out whom they take back, and nobody sees it in the text."""
    bad, good = rows_of(struck(*cells), "Ref", ["Mail"])
    assert isinstance(bad, BadRow) and (2, "struck_out") == (bad.line, bad.reason)
    assert isinstance(good, Row) and "R-2" == good.reference


def test_a_struck_cell_that_nobody_reads_is_blank() -> None:
    """The row goes on."""
    row, _ = rows_of(struck("C2"), "Ref", ["Mail"])
    assert isinstance(row, Row)
    assert {"Ref": "R-1", "Mail": "jo@a.example", "Note": ""} == row.record


def test_a_text_that_is_struck_out_in_part_is_the_rest() -> None:
    """A correction beside what it corrects would be one text with it."""
    texts = (
        "<si><r><rPr><strike/></rPr><t>old@a.example</t></r>"
        "<r><rPr><b/></rPr><t>jo@</t></r><r><t>a.example</t></r></si>"
    )
    content = with_texts(with_formula('<c r="B2" t="s"><v>0</v></c>'), texts)
    row, _ = rows_of(content, "Ref")
    assert isinstance(row, Row) and "jo@a.example" == row.record["Note"]
