"""Files as people's tools write them, from the bytes to the normalized lead (INT-12).

What is read is right, what can't be read is told by its line, and no value stands under another
column's name. The people are invented.
"""

import csv
import io
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.cells import strip_mark
from cli.columns import ExpectedColumns, number_repeated
from cli.encodings import find_encoding
from cli.importing import BadRow, Chosen, Row, Upload, rows_in, rows_of, table_of
from cli.output import CliError
from services.intake.leads.normalizing import normalize
from tests import builders
from tests.builders import OWN_FIELDS

pytestmark = pytest.mark.rule("INT-12")

FIELDS = ("Ref", "Mail", "Firm", "Title", "Cat", "Code", "Land")
GOOD = ("R-1", "jo@brightwater.example", "Brightwater", "Head of IT", "101", "INT-AAA-BBB-1", "US")
AFFILIATE = builders.affiliate(mapping={"fields": {**OWN_FIELDS, "reference": "Ref"}})
WANTED = ExpectedColumns.of(AFFILIATE.definition.model_dump(mode="json"))


def line(*changes: tuple[str, str]) -> list[str]:
    return list((dict(zip(FIELDS, GOOD, strict=True)) | dict(changes)).values())


def joined(*rows: Sequence[str], delimiter: str = ",") -> str:
    return "\n".join(delimiter.join(row) for row in rows)


def read(content: str | bytes, chosen: Chosen | None = None) -> list[Row | BadRow]:
    """As an import does, up to where it publishes."""
    file = BytesIO(content.encode() if isinstance(content, str) else content)
    return list(rows_in(table_of(file, WANTED, chosen), WANTED))


def brief(rows: Sequence[Row | BadRow]) -> list[tuple[int, str]]:
    return [(row.line, row.reference if isinstance(row, Row) else row.reason) for row in rows]


def as_read(row: Row | BadRow) -> dict[str, str | None]:
    """What intake makes of the row; it has to be usable."""
    assert isinstance(row, Row), row
    lead = normalize(row.record, AFFILIATE)
    assert () == lead.reasons
    assert lead.person is not None
    return {
        "Ref": row.reference,
        "Mail": lead.person.email,
        "Firm": lead.company.name,
        "Title": lead.person.job_title,
        "Cat": lead.category,
        "Code": lead.lead_code,
        "Land": lead.place.country,
    }


def one(content: str | bytes, chosen: Chosen | None = None) -> dict[str, str | None]:
    [row] = read(content, chosen)
    return as_read(row)


def right(*changes: tuple[str, str | None]) -> dict[str, str | None]:
    return dict(zip(FIELDS, GOOD, strict=True)) | dict(changes)


CUT = "R-1,jo@brightwater.example,Brightwater, Inc.,Head of IT,101,INT-AAA-BBB-1,US"


@pytest.mark.case("lead-files", "12d", kind="K04")
@pytest.mark.parametrize(
    "row",
    [
        CUT.removesuffix("US"),
        CUT,
        "R-1,jo@brightwater.example,Brightwater, Inc.,,101,INT-AAA-BBB-1,,",
        "R-1,jo@brightwater.example,Tern, Vane, and Co,Head of IT,101,INT-AAA-BBB-1,",
        "R-1,Okafor, Dana,jo@brightwater.example,Tern,Head of IT,101,INT-AAA-BBB-1",
        f"{CUT.removesuffix('US')},,,",
        '"R-1","jo@brightwater.example","Brightwater","Head of IT","101","INT-AAA-BBB-1","US",""',
        "R-1,jo@brightwater.example,Tern,VP, Sales,101,INT-AAA-BBB-1, ",
    ],
)
def test_a_row_with_more_cells_than_the_header_is_never_read(row: str) -> None:
    """Whatever its last cell is: a delimiter in a text has moved all that is behind it."""
    content = joined(FIELDS, row.split("\0"), line(("Ref", "R-2")))
    assert [(2, "cells_too_many"), (3, "R-2")] == brief(read(content))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([("Firm", '"Tern')], [("Firm", 'Vane"')]),
        ([("Title", '"Head')], [("Firm", 'Vane"')]),
        ([("Firm", '"Tern')], [("Title", 'Head"')]),
    ],
)
def test_rows_between_two_lost_quotes_are_no_text(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    """Each of them would be a row, so all are told, and what is behind is read."""
    rows = (line(*first), line(("Ref", "R-2"), *second), line(("Ref", "R-3")))
    bad = [row.line for row in read(joined(FIELDS, *rows)) if isinstance(row, BadRow)]
    good = [row.reference for row in read(joined(FIELDS, *rows)) if isinstance(row, Row)]
    assert ([2, 3], ["R-3"]) == (bad, good)


@pytest.mark.parametrize(
    "text", ["Tern\nVane", "Tern, Inc.\nVane", "a,b,c\nd,e,f", "Tern\n\nVane, Wien, AT"]
)
def test_a_text_of_several_lines_is_read(text: str) -> None:
    """Also where it holds delimiters."""
    content = joined(FIELDS, line(("Title", f'"{text}"')), line(("Ref", "R-2")))
    assert [(2, "R-1"), (3 + text.count("\n"), "R-2")] == brief(read(content))


@pytest.mark.parametrize(
    "row",
    [
        "R-1,Brightwater, Inc.,jo@brightwater.example,Head of IT,101,INT-AAA-BBB-1",
        "R-1,Tern, Vane,jo@brightwater.example",
    ],
)
def test_a_row_that_was_cut_and_lacks_a_blank_cell_is_not_read(row: str) -> None:
    """It has the right number of cells, with the address under another name."""
    fields = ("Ref", "Firm", "Mail", "Title", "Cat", "Code", "Land")
    assert [(2, "cells_moved")] == brief(read(joined(fields, row.split("\0"))))


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Ref,Mail,Firm,,", "R-1,jo@a.example,Brightwater, Inc.,"),
        ("Ref;Mail;Firm;;", "R-1;jo@a.example;Tern; Vane;"),
        ("Ref,Mail,Firm,", "R-1,jo@a.example,Brightwater, Inc."),
    ],
)
def test_cells_under_no_name_are_too_many(header: str, row: str) -> None:
    """Columns without a name at the end are room for blank cells only."""
    columns = ExpectedColumns("Ref", dict.fromkeys(("Ref", "Mail", "Firm"), ""))
    table = table_of(BytesIO(f"{header}\n{row}\n".encode()), columns)
    assert [(2, "cells_too_many")] == brief(list(rows_in(table, columns)))


@pytest.mark.case("lead-files", "05a", kind="K05")
@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_blank_cells_at_the_end_may_be_left_out(cut: int, delimiter: str) -> None:
    """They are blank, as in a workbook."""
    fields = ("Ref", "Mail", "Cat", "Code", "Title", "Firm", "Land")
    cells = [right()[name] or "" for name in fields][: len(fields) - cut]
    lead = one(joined(fields, cells, delimiter=delimiter))
    left_out = [(name, None) for name in fields[len(fields) - cut :]]
    assert right(*left_out) == lead


@pytest.mark.parametrize(
    "footer", ["Total: 2 leads", '"Copyright (c) Tern, all rights reserved"', "Confidential"]
)
@pytest.mark.case("lead-files", "P13")
def test_a_footer_is_no_lead(footer: str) -> None:
    """It names no person, though blank cells may be left out."""
    content = joined(FIELDS, GOOD, [footer], [footer], [footer])
    bad = [(number, "cells_missing") for number in (3, 4, 5)]
    assert [(2, "R-1"), *bad] == brief(read(content))


@pytest.mark.case("lead-files", "04a", kind="K06")
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|", "^"])
@pytest.mark.parametrize("hint", ["sep={}", "SEP={}", '"sep={}"', "sep={}\r"])
def test_a_hint_of_the_delimiter_is_no_header(hint: str, delimiter: str) -> None:
    """Also of a delimiter that would not be tried."""
    content = f"{hint.format(delimiter)}\n{joined(FIELDS, GOOD, delimiter=delimiter)}"
    assert right() == one(content)


@pytest.mark.parametrize(
    "above",
    [
        "Leads of March 2026\n",
        "Leads of March 2026,,,,,,\n",
        "\n\n",
        '"Leads, all of them"\n\nGenerated by:,Dana\nFiltered by:,"Land, Cat"\n\n',
        "sep=,\nExport\n",
        'Report: "Leads"\n',
        "\ufeffReport\n\n\n",
    ],
)
def test_a_title_may_stand_above_the_header(above: str) -> None:
    """Rows behind it keep the line that an editor shows."""
    content = f"{above}{joined(FIELDS, GOOD)}"
    assert [(above.count("\n") + 2, "R-1")] == brief(read(content))


def test_rows_above_the_header_are_not_lost_in_silence() -> None:
    with pytest.raises(CliError, match="line 1 stands above the header and looks like a row"):
        read(joined(GOOD, FIELDS, GOOD))


@pytest.mark.case("lead-files", "06a", kind="K06")
@pytest.mark.parametrize(
    "question",
    [
        '"Do you agree?\n(yes/no)"',
        '"Do you agree?\r\n\r\n(yes, no, maybe)"',
        '"Which, if any,\nof these?"',
        '"a\nb\nc\nd"',
        '"He said ""yes""\nor no"',
    ],
)
def test_a_question_of_several_lines_is_a_header(question: str) -> None:
    """As form tools export it."""
    content = joined([*FIELDS[:3], question, *FIELDS[3:]], [*GOOD[:3], "yes", *GOOD[3:]])
    assert right() == one(content)


def test_a_mapped_question_of_two_lines_is_found() -> None:
    """A line break in it is a blank in the mapping."""
    columns = ExpectedColumns("Ref", {"Ref": "reference", "Do you agree? (yes/no)": ""})
    table = table_of(BytesIO(b'Ref,"Do you agree?\n(yes/no)"\nR-1,yes\n'), columns)
    assert ("Ref", "Do you agree? (yes/no)") == table.header.names


@pytest.mark.case("lead-files", "11a", kind="K07")
@pytest.mark.parametrize("delimiter", [", ", "; ", ",  "])
def test_blanks_behind_delimiters_are_no_part_of_a_quoted_cell(delimiter: str) -> None:
    firm = ("Firm", "Brightwater, Inc.; all")
    quoted = [[f'"{cell}"' for cell in row] for row in (FIELDS, line(firm))]
    assert right(firm) == one(joined(*quoted, delimiter=delimiter))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r'"Bright \"B\" Water, Inc."', 'Bright "B" Water, Inc.'),
        (r'"\"Bright\" Water"', '"Bright" Water'),
        (r'"Water \"Bright\""', 'Water "Bright"'),
        (r'"Bright, \"Water\", Inc."', 'Bright, "Water", Inc.'),
        (r'"C:\bright\"', "C:\\bright\\"),
        (r'"Bright ""B"" Water, Inc."', 'Bright "B" Water, Inc.'),
        (r'"Bright\\Water \"B\""', 'Bright\\Water "B"'),
        (r'"Brightwater" ', "Brightwater"),
        (r' "Brightwater, Inc." ', "Brightwater, Inc."),
        (r'Bright 5" Water', 'Bright 5" Water'),
        (r'"Bright, ""Water"""', 'Bright, "Water"'),
    ],
)
def test_quotes_inside_a_cell(written: str, meant: str) -> None:
    """Doubled, or behind a backslash; a row that has both is read in the way that fits."""
    assert right(("Firm", meant)) == one(joined(FIELDS, line(("Firm", written))))


@pytest.mark.parametrize("cell", ['"Bright" Water', '"Bright', '"Bright"Water"'])
def test_quotes_that_fit_no_way_cost_their_row(cell: str) -> None:
    rows = read(joined(FIELDS, line(("Firm", cell)), line(("Ref", "R-2"))))
    assert [(2, "quote_open"), (3, "R-2")] == brief(rows)


@pytest.mark.case("lead-files", "P16")
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_found(delimiter: str) -> None:
    """Also where others stand in the cells."""
    file = io.StringIO(newline="")
    firm = ("Firm", "Bright,water; Inc | \t all")
    csv.writer(file, delimiter=delimiter).writerows([FIELDS, line(firm)])
    assert right(("Firm", "Bright,water; Inc | all")) == one(file.getvalue())


@pytest.mark.case("lead-files", "14a", kind="K08")
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\ufeff\ufeff"])
@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_wide_text_needs_no_mark(encoding: str, mark: str, delimiter: str) -> None:
    firm = ("Firm", "Žižkov 北京 Größe")
    content = mark + joined(FIELDS, line(firm), delimiter=delimiter)
    assert right(firm) == one(content.encode(encoding))


@pytest.mark.case("lead-files", "15a", kind="K08")
@pytest.mark.parametrize("marks", ["\ufeff\ufeff", "\ufeff\ufeff\ufeff", "\ufeff\u200b"])
def test_a_mark_may_stand_more_than_once(marks: str) -> None:
    assert right() == one(marks + joined(FIELDS, GOOD))


@pytest.mark.parametrize("firm", ["Größe AG", "Société Noël", "Núñez & Cía", "Åkesson", "Kjær"])
def test_western_windows_text_is_read(firm: str) -> None:
    content = joined(FIELDS, line(("Firm", firm)), line(("Ref", "R-2"), ("Firm", "Tern")))
    assert right(("Firm", firm)) == as_read(read(content.encode("windows-1252"))[0])


@pytest.mark.parametrize(
    ("firm", "encoding"),
    [
        ("Włodarczyk Żółw", "windows-1250"),
        ("Dvořák Černý", "windows-1250"),
        ("Erdős", "windows-1250"),
        ("Kępa Gdańsk", "windows-1250"),
        ("Brăila Ionuş", "windows-1250"),
        ("Yıldız Şeker", "windows-1254"),
        ("Šiauliai Žemyna ėjimas", "windows-1257"),
        ("Иванов", "windows-1251"),
        ("Παπαδόπουλος", "windows-1253"),
        ("Müller Größe Jürgen", "mac-roman"),
        ("Müller Köln", "cp850"),
        ("日本テルン", "shift_jis"),
        ("北京腾飞", "gb18030"),
    ],
)
def test_an_encoding_that_is_not_sure_is_told_and_can_be_named(firm: str, encoding: str) -> None:
    """Nothing is imported under letters that nobody wrote."""
    content = joined(FIELDS, line(("Firm", firm))).encode(encoding)
    with pytest.raises(CliError, match="line 2 is not surely windows-1252.*--encoding"):
        read(content)
    assert right(("Firm", firm)) == one(content, Chosen(encoding=find_encoding(encoding)))


@pytest.mark.case("lead-files", "07a", kind="K09")
@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        str.upper,
        lambda name: f"  {name} ",
        lambda name: f"{name}\u200b",
        lambda name: f"{name}*",
        lambda name: f"{name}:",
        lambda name: f"\ufeff{name}",
        lambda name: "\u00a0" + name,
        lambda name: f'="{name}"',
    ],
)
def test_headers_are_matched_without_case_marks_and_blanks(spell: Any) -> None:
    """The record has them as the mapping does."""
    assert right() == one(joined([spell(name) for name in FIELDS], GOOD))


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("E\u0301tat", "État"),
        ("Etat", "État"),
        ("lead ref", "Lead_Ref"),
        ("Business  E-Mail", "Business E-mail"),
        ("ERFASST AM", "Erfaßt am"),
    ],
)
def test_a_header_is_its_field_however_it_is_spelled(header: str, field: str) -> None:
    columns = ExpectedColumns("Ref", {"Ref": "reference", field: ""})
    table = table_of(BytesIO(f"Ref,{header}\nR-1,x\n".encode()), columns)
    assert (("Ref", field), ()) == (table.header.names, table.header.missing)


def test_a_column_that_the_file_does_not_have_is_told_with_the_nearest() -> None:
    """Before anything is imported; a field that every lead needs refuses the file."""
    table = table_of(BytesIO(b"Ref,Mail,Cat,Code,Titel,Phone\n"), WANTED)
    missing = {each.field: each.nearest for each in table.header.missing}
    assert ("Titel", None) == (missing["Title"], missing["Branch"])
    with pytest.raises(CliError, match="no column 'Mail'; the nearest header is 'E-Mail'"):
        table_of(BytesIO(b"Ref,E-Mail,Cat,Code\n"), WANTED)


def test_a_header_that_says_more_is_near_and_all_that_is_missing_is_told_at_once() -> None:
    """Two that say more are none; what could be done without goes behind what could not."""
    own = {"Mail": "email", "Phone": "phone", "Date": "captured_at"}
    header = b"Ref,Business Mail Address,Direct Phone Number,Second Phone Number,Download Date\n"
    with pytest.raises(CliError) as error:
        table_of(BytesIO(header), ExpectedColumns("Ref", own, frozenset({"Mail"})))
    mail, date = "'Business Mail Address'", "'Download Date'"
    assert error.value.text.endswith(
        f"no column 'Mail'; the nearest header is {mail}; also, though not needed: "
        f"no column 'Phone'; no column 'Date'; the nearest header is {date}"
    )


def test_two_columns_that_may_be_one_field_are_told() -> None:
    with pytest.raises(CliError, match="which column is the field 'Firm'.* 'firm', 'FIRM'"):
        read("Ref,Mail,Cat,Code,firm,FIRM\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("alike", [("Firm", "Title"), ("Land", "Firm")])
def test_cells_of_a_row_may_be_called_like_a_field(delimiter: str, alike: Sequence[str]) -> None:
    """Which column is which, the header says, and a row below it can't make that unsure."""
    odd = line(("Ref", "R-2"), (alike[0], "title"), (alike[1], "TITLE"))
    rows = read(joined(FIELDS, GOOD, odd, delimiter=delimiter))
    assert [(2, "R-1"), (3, "R-2")] == brief(rows)


@pytest.mark.parametrize("again", [FIELDS, [name.upper() for name in FIELDS]])
def test_the_same_header_in_the_middle_is_told(again: Sequence[str]) -> None:
    """Two files put together; the rows behind it are read."""
    rows = read(joined(FIELDS, GOOD, again, line(("Ref", "R-2"))))
    assert [(2, "R-1"), (3, "header_again"), (4, "R-2")] == brief(rows)


@pytest.mark.parametrize(
    "second",
    [
        joined(("Mail", "Ref", *FIELDS[2:]), GOOD),
        joined(FIELDS, GOOD, delimiter=";"),
        joined(FIELDS[:4], GOOD[:4]),
        joined((*FIELDS, "Tel"), (*GOOD, "1")),
        joined(FIELDS, GOOD, delimiter="\t"),
    ],
)
def test_rows_behind_another_header_are_never_read_under_the_first(second: str) -> None:
    rows = read(f"{joined(FIELDS, GOOD)}\n{second}")
    assert [(2, "R-1"), (3, "header_other"), (4, "behind_header")] == brief(rows)


@pytest.mark.case("lead-files", "09a", kind="K25")
@pytest.mark.parametrize("cell", ['"=""0101"""', '=""0101""', '="0101"', '"=""101"""'])
def test_a_number_written_as_a_formula_is_its_text(cell: str) -> None:
    assert right() == one(joined(FIELDS, line(("Cat", cell))))


@pytest.mark.case("lead-files", "61a", kind="K25")
@pytest.mark.case("lead-files", "61d", kind="K25")
def test_an_apostrophe_that_marks_text_is_taken_off() -> None:
    changes = ("Cat", "'0101"), ("Mail", "'61d@brightwater.example"), ("Code", "'INT-AAA-BBB-1")
    assert right(("Mail", "61d@brightwater.example")) == one(joined(FIELDS, line(*changes)))


@pytest.mark.parametrize(
    ("kind", "cell", "meant"),
    [
        ("last_name", "'t Hart", "'t Hart"),
        ("last_name", "O'Brien", "O'Brien"),
        ("first_name", "'Abd al-Rahman", "'Abd al-Rahman"),
        ("company_name", "'t Zonneke", "'t Zonneke"),
        ("company_name", "'47 Vantry", "'47 Vantry"),
        ("company_name", "'=Vantry", "=Vantry"),
        ("job_title", "'s avonds", "'s avonds"),
        ("job_title", "'2nd line", "2nd line"),
        ("phone", "'+49 30 901820", "+49 30 901820"),
        ("captured_at", "'2026-03-04", "2026-03-04"),
        ("country", "'Germany", "Germany"),
        ("country", "'Germany'", "'Germany'"),
        ("", "'10k", "10k"),
        ("", "=1+1", "=1+1"),
        ("", '="a" & "b"', '="a" & "b"'),
        ("", '="He said ""no"""', 'He said "no"'),
        ("", "'", "'"),
    ],
)
def test_a_mark_is_taken_off_only_where_it_is_one(kind: str, cell: str, meant: str) -> None:
    assert meant == strip_mark(cell, kind)


@pytest.mark.case("lead-files", "52a", kind="K28")
@pytest.mark.parametrize(("code", "declared"), [("CASE-1", None), ("", "CASE-2"), ("  ", "CASE-2")])
def test_the_lead_code_of_the_upload_is_for_rows_that_name_none(
    code: str, declared: str | None
) -> None:
    [row] = read(joined(FIELDS, line(("Code", code))))
    assert isinstance(row, Row)
    command = Upload("acme", "CASE-2", None, WANTED.field_of("lead_code")).command(row)
    assert (
        f'"lead_code": {"null" if declared is None else chr(34) + declared + chr(34)}'.encode()
        in (command.data)
    )


@pytest.mark.case("lead-files", "30a", kind="K23")
@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!"])
def test_an_error_matters_only_where_somebody_reads_it(error: str) -> None:
    assert right() == one(joined((*FIELDS, "Region"), (*GOOD, error)))
    assert [(2, "formula")] == brief(read(joined(FIELDS, line(("Firm", error)))))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.text(
    st.sampled_from('"\\\r\n,;\t|0a '), max_size=4
)
"""What delimits, quotes and ends is drawn often besides: any text hardly ever has two of it."""
DELIMITER = st.sampled_from(",;\t|")
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
END = st.sampled_from(["\n", "\r\n"])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=8), DELIMITER, QUOTING, END, st.booleans())
def test_an_accepted_row_has_each_value_under_its_own_header(
    cells: list[tuple[str, str, str]], delimiter: str, quoting: Any, end: str, doubled: bool
) -> None:
    """Whatever the cells are and whichever dialect a writer has; the rest is told."""
    if end == "\n":  # The writer leaves a carriage return bare then, which ends a line.
        cells = [
            (a.replace("\r", ""), b.replace("\r", ""), c.replace("\r", "")) for a, b, c in cells
        ]
    file = io.StringIO(newline="")
    options: dict[str, Any] = {} if doubled else {"doublequote": False, "escapechar": "\\"}
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end, **options)
    writer.writerows([("Ref", "Mail", "Note"), *cells])
    columns = ExpectedColumns("Ref", dict.fromkeys(("Ref", "Mail", "Note"), ""))
    try:
        table = table_of(BytesIO(file.getvalue().encode()), columns)
    except CliError as error:
        assert "unreadable" == error.code
        return
    written = {tuple(map(plain, row)) for row in cells}
    for row in rows_in(table, columns):
        assert isinstance(row, BadRow) or tuple(map(plain, row.record.values())) in written


def plain(cell: str) -> str:
    """Without the marks of text and the blanks behind a delimiter, and a backslash before a letter
    with and without another one."""
    return strip_mark(cell).lstrip("' ").replace("\\", "")


DOUBT = [(3, "quote_doubtful"), (4, "quote_doubtful")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ('\\","\r0",\r\n', [(2, "quote_doubtful"), (3, "quote_doubtful")]),
        ('\\","\n0",x\r\nR,S,T\r\n', [(2, "quote_doubtful"), (3, "quote_doubtful"), (4, "R")]),
        ('\\","\n\n0",x\nR,S,T\n', [(2, "quote_doubtful"), (4, "quote_doubtful"), (5, "R")]),
        ('\\","\n0","\nx",\nR,S,T\n', [(2, "quote_doubtful"), *DOUBT, (5, "R")]),
        ('"\n0","\nx",a,b\nR,S,T\n', [(2, "cells_too_many"), (5, "R")]),
        ('"\n a","\\"a0",""\n"R",S,T\n', [(2, "\n a"), (4, "R")]),
        ('"\r0\\"",a,b\r\nR,S,T\r\n', [(2, '\r0"'), (4, "R")]),
    ],
)
def test_what_a_doubtful_row_may_reach_is_no_row(rows: str, expected: Any) -> None:
    """Its end is not known, so the lines behind it may be inside of its cells; and a row is read
    by its backslashes wherever they stand."""
    columns = ExpectedColumns("Ref", dict.fromkeys(("Ref", "Mail", "Note"), ""))
    found = rows_in(table_of(BytesIO(f"Ref,Mail,Note\n{rows}".encode()), columns), columns)
    assert expected == [
        (row.line, row.reason if isinstance(row, BadRow) else row.record["Ref"]) for row in found
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("Größe", "Émile", "São Vane", "Łódź", "Škoda", "Cœur", "Tern’s", "Vane – Tern", "Петров"),
        *("ÖBB", "Österreich", "Ålesund", "İstanbul", "Rīga", "Ñuñez", "naïve", "Vane™"),
    ],
)
def test_letters_that_were_misread_before_are_told(name: str) -> None:
    """INT-12: such a name is on no list, and would be sent as it is. The true one is read."""
    misread = name.encode().decode("windows-1252", errors="replace")
    assert [(2, "letters_misread")] == brief(read(joined(FIELDS, line(("Firm", misread)))))
    assert [(2, "R-1")] == brief(read(joined(FIELDS, line(("Firm", name)))))


@pytest.mark.parametrize(
    "name",
    [
        *("IRMÃ", "“MAÇÔ", "»SÄ«", "ÅÄÖ", "Â", "São João", "Ä; Ö & Ü", "ÄÖ® Works", "Ð Þór", "Ñ"),
        *("Vane «Ã»", "CAFÉ “Ä”", "PÄRNÅ – SÄ – Å", "Lânâ"),
    ],
)
def test_rare_letters_are_not_misread_ones(name: str) -> None:
    assert [(2, "R-1")] == brief(read(joined(FIELDS, line(("Firm", name)))))


def test_what_was_misread_where_nobody_reads_is_left() -> None:
    rows = ([*FIELDS, "Note"], [*GOOD, "GrÃ¶ÃŸe"])
    assert [(2, "R-1")] == brief(read(joined(*rows)))


WHOLE = "".join(f"R-{at},a{at}@northgrid.example,030 9018{at}\n" for at in range(3))


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        ("R-9,i@northgrid.example", "cut_off"),
        ('R-9,"i@northgrid.example"', "cut_off"),
        ("R-9,i@northgrid.example,", "R-9"),
        ("R-9,i@northgrid.example\n", "R-9"),
        ("R-8,h@northgrid.example\nR-9,i@northgrid.example", "R-9"),
        ("R-9", "cut_off"),
    ],
)
def test_a_file_that_was_cut_is_told(behind: str, expected: str) -> None:
    """INT-12: its last row alone lacks cells and has no end of a line, so that what stands in its
    last cell may be the beginning of another address; programs leave out blanks."""
    content = f"Ref,Mail,Tel\n{WHOLE}{behind}".encode()
    assert expected == brief(rows_of(content, "Ref", ["Mail", "Tel"]))[-1][1]


@pytest.mark.parametrize(
    ("above", "last", "expected"),
    [
        (["2026-03-04", "2026-03-05", "2026-04-01"], "2026-03-0", "cut_off"),
        (["2026-03-04", "2026-03-05", "2026-04-01"], "2", "cut_off"),
        (["2026-03-04", "2026-03-05", "2026-04-01"], "2026-03-06", "R-9"),
        (["2026-03-04", "2026-03-05", "2026-04-01"], "", "R-9"),
        (["2026-03-04", "2026-03-05", "2026-04-01"], "soon", "R-9"),
        (["2026-03-04", "", "2026-03-05", "2026-04-01"], "2026-03", "cut_off"),
        (["2026-03-04", "2026-03-05"], "2026-03-0", "R-9"),
        (["04-Mar-2026", "05-Apr-2026", "12-May-2026"], "04-Ma", "cut_off"),
        (["+12125550123", "+12125550124", "+13105550125"], "+1212555", "cut_off"),
        (["+12125550123", "+4930901820", "+13105550125"], "+1212555", "R-9"),
        (["opt-00ab12", "opt-7c0d34", "opt-1e2f56"], "opt-00", "R-9"),
        (["opt-000112", "opt-000134", "opt-000156"], "opt-00", "cut_off"),
        (["I may be asked"] * 3, "I may b", "cut_off"),
        (["Marketing"] * 3, "Finance", "R-9"),
        (["yes"] * 3, "no", "R-9"),
        (["101", "205", "310"], "10", "R-9"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_that_was_cut_inside_its_last_cell_is_told(
    above: list[str], last: str, expected: str, end: str
) -> None:
    """INT-12: where all cells above are alike and it is the beginning of one. That the last line
    has no end says nothing: many programs write none."""
    lines = [f"R-{at},a{at}@northgrid.example,{cell}" for at, cell in enumerate([*above, last])]
    lines[-1] = lines[-1].replace(f"R-{len(above)}", "R-9")
    content = end.join(["Ref,Mail,Consent", *lines])
    fields = ["Mail", "Consent"]
    assert expected == brief(rows_of(content.encode(), "Ref", fields))[-1][1]
    assert "R-9" == brief(rows_of((content + end).encode(), "Ref", fields))[-1][1]


def test_a_quoted_cell_at_the_end_is_whole() -> None:
    """INT-12: a quote that is open there is told as such."""
    rows = "".join(f'R-{at},"2026-03-04"\n' for at in range(4))
    for last, expected in (('"2026-03"', "R-9"), ('"2026-03', "quote_open")):
        content = f"Ref,When\n{rows}R-9,{last}".encode()
        assert expected == brief(rows_of(content, "Ref", ["When"]))[-1][1]


def test_a_short_file_may_end_with_a_short_row() -> None:
    """INT-12: two rows do not show how a program writes."""
    content = b"Ref,Mail,Tel\nR-1,a@northgrid.example,1\nR-2,b@northgrid.example"
    assert [(2, "R-1"), (3, "R-2")] == brief(rows_of(content, "Ref", ["Mail", "Tel"]))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Mail", "Note", "Note"], ["Mail", "Note", "Note (2)"]),
        (["Note", "Note (2)", "Note"], ["Note", "Note (2)", "Note (3)"]),
        (["Note", "Note", "Note (2)"], ["Note", "Note (2)", "Note (2) (2)"]),
        (["", "", "Mail", "Mail"], ["", "", "Mail", "Mail"]),
        (["Note"] * 10_000, ["Note", *(f"Note ({at})" for at in range(2, 10_001))]),
    ],
    ids=["twice", "numbered before", "numbered behind", "blank or mapped", "ten thousand"],
)
def test_columns_that_nobody_reads_are_numbered(names: list[str], expected: list[str]) -> None:
    """A mapped one that stands there twice is refused later, and blank ones have no values."""
    assert expected == number_repeated(names, {"Mail"})


@pytest.mark.parametrize(
    "drawn",
    ["---,---", "+-----+------+", "===", " , ", "\x1a", "-,", "…,…", '"",""', "—,—"],
)
def test_what_is_drawn_between_rows_is_no_row(drawn: str) -> None:
    """INT-12: tables of consoles and of Markdown, and the end of a file of DOS."""
    content = f"Ref,Mail\n{drawn}\nR-1,jo@northgrid.example\n{drawn}\n"
    assert [(3, "R-1")] == brief(rows_of(content.encode(), "Ref", ["Mail"]))


@pytest.mark.parametrize(
    ("delimiter", "rows"),
    [
        (",", ['R-1,"jo@northgrid.example', 'R-2,al@northgrid.example"']),
        ("\t", ['R-1\t"Tern', 'R-2\tVane"']),
        ("\t", ['R-1\tjo@northgrid.example\t"Tern', 'R-2\tal@northgrid.example\tVane"']),
        (";", ['R-1;jo@northgrid.example;"Tern', 'R-2;al@northgrid.example;Vane"']),
    ],
)
def test_a_lost_quote_swallows_no_row_of_a_narrow_file(delimiter: str, rows: list[str]) -> None:
    """INT-12: where each line is a row, by its tabs or its addresses."""
    header = delimiter.join(("Ref", "Mail", "Firm")[: rows[1].count(delimiter) + 1])
    content = "\n".join([header, *rows, ""]).encode()
    found = brief(rows_of(content, "Ref", ["Mail", "Firm"]))
    assert [(2, "quote_doubtful"), (3, "quote_doubtful")] == found


def test_a_text_of_several_lines_is_one_cell() -> None:
    """INT-12: also where its lines have as many commas as a row."""
    content = b'Ref,Mail,Firm\nR-1,jo@northgrid.example,"Tern,\nof Vane, Lark, and others"\n'
    assert [(2, "R-1")] == brief(rows_of(content, "Ref", ["Mail", "Firm"]))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("R-1,jo@a.example,Bright", "water,101,x"), [(2, "row_broken"), (3, "row_broken")]),
        (
            ("R-1,jo@a.example,Br", "igh", "t,101,x"),
            [(2, "row_broken"), (3, "row_broken"), (4, "row_broken")],
        ),
        (("R-1,jo@a.example,Tern,101", ",x"), [(2, "row_broken"), (3, "row_broken")]),
        (("R-1,jo@a.example,Tern", "Total: 1 lead"), [(2, "R-1"), (3, "cells_missing")]),
        (("R-1,jo@a.example,Tern", "", "R-2,al@a.example,Vane"), [(2, "R-1"), (4, "R-2")]),
        (("R-1,jo@a.example,Tern", "R-2,,Vane"), [(2, "row_broken"), (3, "row_broken")]),
        (("R-1,jo@a.example,Tern,101,x", "R-2,,Vane"), [(2, "R-1"), (3, "R-2")]),
        (("R-1,jo@a.example", "R-2,none,Vane,101"), [(2, "row_broken"), (3, "row_broken")]),
        (("R-1,jo@a.example,Tern", "a,b,c,d"), [(2, "R-1"), (3, "a")]),
    ],
)
def test_a_row_that_a_line_break_has_broken_is_told(
    lines: Sequence[str], told: list[tuple[int, str]]
) -> None:
    """Its first part would be a lead with half a company's name, which is on no list. Where it may
    be two rows, one of which names nobody, that is told as well."""
    content = "\n".join(("Ref,Mail,Firm,Cat,Note", *lines, "R-9,ed@a.example,Vane,205,y", ""))
    columns = ExpectedColumns("Ref", {"Ref": "reference", "Mail": "email", "Firm": "", "Cat": ""})
    table = table_of(BytesIO(content.encode()), columns)
    assert [*told, (len(lines) + 2, "R-9")] == brief(list(rows_in(table, columns)))


@pytest.mark.parametrize(
    ("header", "cell", "is_told"),
    [
        ("Do Not Email", "TRUE", True),
        ("doNotContact", "1", True),
        ("HasOptedOutOfEmail", "true", True),
        ("Email Opt Out", "x", True),
        ("Unsubscribed__c", "Yes", True),
        ("Contact: Do Not Call", "1.0", True),
        ("Unsubscribed at", "2026-03-04T10:00:00Z", True),
        ("Marketing consent", "No", True),
        ("Opt-in (newsletter)", "FALSE", True),
        ("Einwilligung", "Nein", True),
        ("Marketing Opt In", "FALSE", True),
        ("Accepts Email Marketing", "no", True),
        ("Subscription status", "Unsubscribed", True),
        ("Lead Status", "Do Not Contact", True),
        ("Email Marketing Status", "CLEANED", True),
        ("UNSUB_TIME", "2026-01-01 10:00:00", True),
        ("Abmeldung", "ja", True),
        ("Unsubscribed", "2026-01-02", True),
        ("Consent withdrawn on", "4 March", True),
        ("Not subscribed", "yes", True),
        ("Global unsubscribe status", "opted out", True),
        ("Email consent", "OptedOut", True),
        ("Permission", "No", True),
        ("Allow Email", "No", True),
        ("Werbeerlaubnis", "nein", True),
        ("Nicht kontaktieren", "ja", True),
        ("Ne pas appeler", "oui", True),
        ("No molestar", "sí", True),
        ("Right to be forgotten", "yes", True),
        ("Ne plus contacter", "oui", True),
        ("Keine Werbung", "ja", True),
        ("E-Mail-Werbung widersprochen", "ja", True),
        ("Remove from list", "yes", True),
        ("Mailable", "No", True),
        ("Darf kontaktiert werden", "nein", True),
        ("Do not mail", "20260102", True),
        ("Do not mail code", "2000123", False),
        ("No. contacts", "1", False),
        ("No. Emails Sent", "1", False),
        ("Email consent", "OptedIn", False),
        ("Permissions URL", "No", False),
        ("No of emails", "1", False),
        ("UNSUB_REASON", "no longer interested", True),
        ("Unsubscribed Mode", "Consent form", True),
        ("Email Suppressions", "USER_SUPPRESSED", True),
        ("Email Marketing Consent", "NEVER_SUBSCRIBED", True),
        ("Person - Marketing status", "No consent", True),
        ("Do not allow Emails", "Do Not Allow", True),
        ("Marketing Suspended", "TRUE", True),
        ("Contactable", "No", True),
        ("Do not allow Emails", "Allow", False),
        ("UNSUB_REASON", "N/A", False),
        ("EmailBouncedReason", "550", False),
        ("UNSUB_TIME", "0000-00-00 00:00:00", False),
        ("Unsubscribed at", "never", False),
        ("Unsubscribe link", "yes", False),
        ("SMS opt-in", "no", False),
        ("Cookie consent", "no", False),
        ("Subscription status", "subscribed", False),
        ("Lead Status", "Open", False),
        ("Consent", "given", False),
        ("Baja California", "yes", False),
        ("Do Not Email", "FALSE", False),
        ("Do Not Email", "", False),
        ("Do Not Email", "0", False),
        ("Unsubscribed at", "", False),
        ("Marketing consent", "yes, 4 March", False),
        ("Opt-in", "2026-03-04", False),
        ("Note", "Do not email", False),
        ("Consent reference", "no-17", False),
    ],
)
def test_a_person_who_is_not_to_be_asked_is_told(header: str, cell: str, is_told: bool) -> None:
    """Programs export whom they must not write to with all others and a mark."""
    content = f"Ref,Mail,{header},Firm\nR-1,jo@a.example,{cell!s},Tern\n".replace("yes, 4", "yes 4")
    own = {"Ref": "reference", "Mail": "email", "Firm": "company_name"}
    columns = ExpectedColumns("Ref", own)
    table = table_of(BytesIO(content.encode()), columns)
    expected = [(2, "opted_out")] if is_told else [(2, "R-1")]
    assert expected == brief(list(rows_in(table, columns)))
    read = ExpectedColumns("Ref", own | {header: "consent"})
    table = table_of(BytesIO(content.encode()), read)
    assert [(2, "R-1")] == brief(list(rows_in(table, read)))
