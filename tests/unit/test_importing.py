"""Reading an affiliate's file: every row becomes a submission or a bad row (INT-12)."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.command import Answer
from cli.import_commands import outcomes
from cli.importing import (
    CELL_BYTES_MAX,
    WINDOW_LINES,
    BadRow,
    Row,
    Upload,
    reference_field,
    rows_of,
)
from cli.output import WRONG_USAGE, CliError
from shared.contracts.intake import SubmitLead


def read(text: str | bytes, field: str = "Ref") -> list[Row | BadRow]:
    return rows_of(text.encode() if isinstance(text, str) else text, field)


def told(rows: list[Row | BadRow]) -> list[tuple[int, str]]:
    """The line of each row, with its reference or with what is wrong."""
    return [(row.line, row.reference if isinstance(row, Row) else row.reason) for row in rows]


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "with BOM"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_all_kinds_of_csv_are_read(start: str, delimiter: str, end: str) -> None:
    """With and without BOM, comma or semicolon, whatever ends the lines."""
    lines = [["Ref", "Mail"], ["R-1", "a@b.example"], ["R-2", '"x, y; z"']]
    text = start + end.join(delimiter.join(line) for line in lines)
    assert [
        Row(2, "R-1", {"Ref": "R-1", "Mail": "a@b.example"}),
        Row(3, "R-2", {"Ref": "R-2", "Mail": "x, y; z"}),
    ] == read(text)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("R-1", "cells_missing"),
        ("R-1,a,b", "cells_too_many"),
        (",a", "reference_missing"),
        ("   ,a", "reference_missing"),
        ("R\x00-1,a", "reference_invalid"),
        (f"{'r' * 201},a", "reference_invalid"),
        (f"R-1,{'x' * (CELL_BYTES_MAX + 1)}", "cell_too_long"),
        (f"R-1,{'é' * (CELL_BYTES_MAX // 2 + 1)}", "cell_too_long"),
        ('R-1,"open', "quote_open"),
    ],
)
def test_a_bad_row_costs_itself_only(row: str, reason: str) -> None:
    """It is told by line and reason, and the rows around it go on."""
    rows = read(f"Ref,Mail\nR-0,a\n{row}\nR-2,b\nR-3,c\n")
    assert [(2, "R-0"), (3, reason), (4, "R-2"), (5, "R-3")] == told(rows)


def test_bytes_that_are_no_text_cost_their_row_only() -> None:
    rows = read(b"Ref,Mail\nR-1,J\xf6rg\nR-2,J\xc3\xb6rg\n")
    assert [(2, "not_utf8"), (3, "R-2")] == told(rows)


def test_an_open_quote_in_the_last_row_is_told() -> None:
    assert [(2, "R-1"), (3, "quote_open")] == told(read('Ref,Mail\nR-1,a\nR-2,"b\n'))


def test_an_open_quote_does_not_end_at_the_next_proper_one() -> None:
    """The rows behind it are read, though a quote in one of them seems to close it."""
    rows = read('Ref,Mail,C\nR-1,"a,b\nR-2,"c, d",e\nR-3,f,g\n')
    assert [(2, "quote_open"), (3, "R-2"), (4, "R-3")] == told(rows)


def test_a_cell_may_go_over_several_lines() -> None:
    """Rows behind it keep the line that an editor shows."""
    rows = read('Ref,Note\nR-1,"one\ntwo, three\n"\nR-2,b\n')
    assert [(2, "R-1"), (5, "R-2")] == told(rows)
    assert "one\ntwo, three\n" == rows[0].record["Note"]  # type: ignore[union-attr]


@pytest.mark.parametrize("before", range(WINDOW_LINES - 3, WINDOW_LINES + 3))
def test_rows_are_whole_wherever_a_window_ends(before: int) -> None:
    """A row of several lines is read the same at any place of the file."""
    plain = "".join(f"R-{number},x\n" for number in range(before))
    rows = read(f'Ref,Note\n{plain}L-1,"a\nb\nc"\nL-2,z\n')
    assert before + 2 == len(rows)
    assert [(before + 2, "L-1"), (before + 5, "L-2")] == told(rows)[-2:]


def test_blank_lines_are_no_rows() -> None:
    assert [(3, "R-1")] == told(read("Ref,Mail\n\nR-1,a\n,\n\n"))


def test_empty_cells_behind_the_last_column_do_no_harm() -> None:
    assert [(2, "R-1")] == told(read("Ref,Mail\nR-1,a,,\n"))


def test_a_reference_is_read_without_blanks_around() -> None:
    """The record keeps them, as the affiliate wrote it."""
    [row] = read("Ref,Mail\n R-1 ,a\n")
    assert Row(2, "R-1", {"Ref": " R-1 ", "Mail": "a"}) == row


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "names no field 'Ref'"),
        (b"Mail,Name\na,b\n", "names no field 'Ref'"),
        (b"Ref,Mail,Mail\n", "twice: Mail"),
        (b"PK\x03\x04rest", "XLSX"),
        ("Ref,Mail\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(content: bytes, named: str) -> None:
    with pytest.raises(CliError, match=named) as error:
        read(content)
    assert WRONG_USAGE == error.value.exit_code


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_every_row_has_an_end(content: bytes) -> None:
    """Reading is total, and lines go up."""
    lines = [line for line, _ in told(read(b"Ref,Mail\n" + content))]
    assert sorted(set(lines)) == lines


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=20))
def test_what_a_spreadsheet_writes_is_read_as_it_was(cells: list[tuple[str, str]]) -> None:
    """No row of a well-formed file gets lost or runs into another."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("Ref", "Note"), *cells])
    try:
        content = file.getvalue().encode()
    except UnicodeEncodeError:
        return
    rows = read(content)
    assert len(cells) == len(rows)
    for row, (reference, note) in zip(rows, cells, strict=True):
        if isinstance(row, Row):
            assert {"Ref": reference, "Note": note} == row.record
        else:
            assert row.reason in ("reference_missing", "reference_invalid", "cell_too_long")


def test_the_same_row_is_the_same_command() -> None:
    """Also from a file whose columns were moved; another record is another command."""
    one, moved, other = (
        Upload("acme").command(row)
        for text in ("Ref,Mail\nR,a\n", "Mail,Ref\na,R\n", "Ref,Mail\nR,b\n")
        for row in read(text)
        if isinstance(row, Row)
    )
    assert (one.id, one.data) == (moved.id, moved.data)
    assert one.id != other.id
    assert "import/acme" == one.source


def test_another_lead_code_is_another_command() -> None:
    """The same id with another payload would be refused."""
    [row] = read("Ref\nR\n")
    assert isinstance(row, Row)
    assert Upload("acme").command(row).id != Upload("acme", "INT-AAA-BBB-1").command(row).id


def test_a_row_becomes_a_submission() -> None:
    [row] = read("Ref,Mail\nR-1,a@b.example\n")
    assert isinstance(row, Row)
    command = Upload("acme", "INT-AAA-BBB-1", "2026-03").command(row)
    assert "acme:R-1" == command.key
    assert SubmitLead(
        affiliate="acme",
        lead_code="INT-AAA-BBB-1",
        reference="R-1",
        delivery="2026-03",
        record={"Ref": "R-1", "Mail": "a@b.example"},
    ) == SubmitLead.model_validate(json.loads(command.data))


def test_the_mapping_names_the_column() -> None:
    affiliate: dict[str, Any] = {"id": "acme", "mapping": {"fields": {"reference": "Prospect"}}}
    assert "Prospect" == reference_field(affiliate)
    affiliate["mapping"]["fields"] = {}
    with pytest.raises(CliError, match="acme"):
        reference_field(affiliate)


def test_a_refused_row_counts_as_what_it_became() -> None:
    """A lead under an unknown code is refused, and kept as unusable."""
    answers = [
        Answer("1", True, "accepted", details={"outcome": "accepted"}),
        Answer("2", False, "category_unknown", details={"outcome": "unusable"}),
        Answer("3", False, "affiliate_unknown"),
    ]
    found = outcomes(answers)
    assert (1, 1, 1) == (found["accepted"], found["unusable"], found["refused"])
    assert {"category_unknown": 1, "affiliate_unknown": 1} == found["refused_by_code"]
