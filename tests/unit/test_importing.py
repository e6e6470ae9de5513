"""Reading an affiliate's file: every row becomes a submission or a bad row (INT-12)."""

import csv
import io
import json
import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.bounds import CELL_BYTES_MAX, ROW_BYTES_MAX, ROW_LINES_MAX
from cli.cells import strip_mark
from cli.columns import ExpectedColumns, reference_field
from cli.command import Answer
from cli.delimited import Rows
from cli.import_commands import check_delivery, has_failed, show_summary
from cli.importing import DRAWN, BadRow, Row, Upload, rows_of
from cli.main import run
from cli.opened import name_file_in_errors, tell_if_interrupted
from cli.output import INTERRUPTED, WRONG_USAGE, CliError, unreadable
from cli.reading import outcomes
from shared.contracts.intake import SubmitLead

pytestmark = pytest.mark.rule("INT-12")


def read(text: str | bytes, field: str = "Ref") -> list[Row | BadRow]:
    return rows_of(text.encode() if isinstance(text, str) else text, field)


def brief(rows: list[Row | BadRow]) -> list[tuple[int, str]]:
    """The line of each row, with its reference or with what is wrong."""
    return [(row.line, row.reference if isinstance(row, Row) else row.reason) for row in rows]


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "with BOM"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_all_kinds_of_csv_are_read(start: str, delimiter: str, end: str) -> None:
    """With and without BOM, comma, semicolon or tab, whatever ends the lines."""
    lines = [["Ref", "Mail"], ["R-1", "a@b.example"], ["R-2", '"x, y; z\tä"']]
    text = start + end.join(delimiter.join(line) for line in lines)
    assert [
        Row(2, "R-1", {"Ref": "R-1", "Mail": "a@b.example"}),
        Row(3, "R-2", {"Ref": "R-2", "Mail": "x, y; z\tä"}),
    ] == read(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_the_encoding_follows_from_the_bytes(encoding: str) -> None:
    """Also of the header, and of letters that are elsewhere in windows-1252 than in Latin-1."""
    text = "Ref,Größe\nR-1,1001 – 5000\nR-2,Zoë\n"
    assert [
        Row(2, "R-1", {"Ref": "R-1", "Größe": "1001 – 5000"}),
        Row(3, "R-2", {"Ref": "R-2", "Größe": "Zoë"}),
    ] == read(text.encode(encoding))


@pytest.mark.parametrize("cell", ["=1+1", "+44 20 7946 0018", "-5", "@name", "=cmd|' /C x'!A0"])
def test_what_looks_like_a_formula_is_data(cell: str) -> None:
    """Text is never evaluated, so it is kept as it is."""
    assert [Row(2, "R-1", {"Ref": "R-1", "Note": cell})] == read(f"Ref,Note\nR-1,{cell}\n")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("R-1", "cells_missing"),
        ("R-1,a,b", "cells_too_many"),
        (",a", "reference_missing"),
        ("   ,a", "reference_missing"),
        ("R\x00-1,a", "nul"),
        ("R-1,a\x00b", "nul"),
        ("R\x07-1,a", "reference_invalid"),
        (f"{'r' * 201},a", "reference_invalid"),
        (f"R-1,{'x' * (CELL_BYTES_MAX + 1)}", "cell_too_long"),
        (f"R-1,{'x' * 1_000_000}", "cell_too_long"),
        (f"R-1,{'é' * (CELL_BYTES_MAX // 2 + 1)}", "cell_too_long"),
        ('R-1,"open', "quote_open"),
    ],
)
def test_a_bad_row_costs_itself_only(row: str, reason: str) -> None:
    """It is told by line and reason, and the rows around it go on."""
    rows = read(f"Ref,Mail\nR-0,a\n{row}\nR-2,b\nR-3,c\n")
    assert [(2, "R-0"), (3, reason), (4, "R-2"), (5, "R-3")] == brief(rows)


@pytest.mark.parametrize(
    "content",
    [
        b"Ref,Mail\nR-1,J\xf6rg\nR-2,J\xc3\xb6rg\n",
        b"\xef\xbb\xbfRef,Mail\nR-1,J\xf6rg\nR-2,Jim\n",
        b"Ref,Mail\nR-1,\x81\nR-2,Jim\n",
        "Ref,Mail\nR-1,\ud800\nR-2,Jim\n".encode("utf-16", "surrogatepass"),
    ],
    ids=["UTF-8 elsewhere", "UTF-8 by its mark", "not even windows-1252", "UTF-16"],
)
def test_bytes_that_are_no_text_cost_their_row_only(content: bytes) -> None:
    assert [(2, "not_utf8"), (3, "R-2")] == brief(read(content))


def test_a_row_that_no_record_can_hold_costs_itself_only() -> None:
    """Each of its cells may be small enough."""
    names = ["Ref", *(f"C{number}" for number in range(20))]
    wide = ["R-1", *["x" * (ROW_BYTES_MAX // 20 + 1)] * 20]
    rows = read("\n".join([",".join(names), ",".join(wide), "R-2" + 20 * ",y"]))
    assert [(2, "row_too_long"), (3, "R-2")] == brief(rows)


def test_an_open_quote_in_the_last_row_is_told() -> None:
    assert [(2, "R-1"), (3, "quote_open")] == brief(read('Ref,Mail\nR-1,a\nR-2,"b\n'))


def test_an_open_quote_does_not_end_at_the_next_proper_one() -> None:
    """The rows behind it are read, though a quote in one of them seems to close it."""
    rows = read('Ref,Mail,C\nR-1,"a,b\nR-2,"c, d",e\nR-3,f,g\n')
    assert [(2, "quote_open"), (3, "R-2"), (4, "R-3")] == brief(rows)


@pytest.mark.parametrize(
    "cell", [r'"a\"@b.example', r'"Tern \"Bay\" Ltd', r'"x\\\"y', r'"3\" pipe']
)
@pytest.mark.parametrize("count", [2, 3, 4])
def test_two_rows_that_lost_their_closing_quotes_are_not_one(cell: str, count: int) -> None:
    """Backslashes before quotes do not make a reader generous: the opening quote of the next row
    would close the cell, and that row would be lost without a word."""
    rows = "".join(f"R-{number},{cell},x\n" for number in range(count))
    found = brief(read(f"Ref,Mail,Note\n{rows}R-9,jo@a.example,x\n"))
    assert list(range(2, count + 3)) == [line for line, _ in found]
    assert "R-9" not in {name for _, name in found[:-1]}
    assert not {f"R-{number}" for number in range(count)} & {name for _, name in found}


def test_a_row_is_cut_a_few_times_whatever_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    """To know a header of several lines the row behind it is looked at, and that one's is not: each
    row doubled the work, and forty kept a core for ever."""
    cut: list[str] = []
    reading = Rows.reading
    monkeypatch.setattr(
        Rows, "reading", lambda self, line, **how: cut.append(line) or reading(self, line, **how)
    )
    read("Ref,Mail,Note\n" + 'R-1,"a\\"@b.example,x\n' * 18)
    assert len(cut) < 20 * 18


def test_a_cell_may_go_over_several_lines() -> None:
    """Rows behind it keep the line that an editor shows."""
    rows = read('Ref,Note\nR-1,"one\ntwo, three\n"\nR-2,b\n')
    assert [(2, "R-1"), (5, "R-2")] == brief(rows)
    assert "one\ntwo, three\n" == rows[0].record["Note"]  # type: ignore[union-attr]


@pytest.mark.parametrize("before", range(ROW_LINES_MAX - 3, ROW_LINES_MAX + 3))
def test_rows_are_whole_wherever_a_window_ends(before: int) -> None:
    """A row of several lines is read the same at any place of the file."""
    plain = "".join(f"R-{number},x\n" for number in range(before))
    rows = read(f'Ref,Note\n{plain}L-1,"a\nb\nc"\nL-2,z\n')
    assert before + 2 == len(rows)
    assert [(before + 2, "L-1"), (before + 5, "L-2")] == brief(rows)[-2:]


def test_blank_lines_are_no_rows() -> None:
    assert [(3, "R-1")] == brief(read("Ref,Mail\n\nR-1,a\n,\n\n"))


@pytest.mark.parametrize("behind", [",", ",,", ",b"])
def test_a_row_that_is_longer_than_the_header_is_shifted(behind: str) -> None:
    """Also where its last cells are blank: a delimiter inside a text has moved them."""
    assert [(2, "cells_too_many"), (3, "R-2")] == brief(read(f"Ref,Mail\nR-1,a{behind}\nR-2,b\n"))


def test_a_reference_is_read_without_blanks_around() -> None:
    """The record keeps them, as the affiliate wrote it."""
    [row] = read("Ref,Mail\n R-1 ,a\n")
    assert Row(2, "R-1", {"Ref": " R-1 ", "Mail": "a"}) == row


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "the file is empty"),
        (b"Ref,Mail\xc2\x85R-1,a\xc2\x85R-2,b\xc2\x85", "its lines end with U\\+0085"),
        ("Ref,Mail\u2028R-1,a\u2028R-2,b".encode(), "its lines end with U\\+2028"),
        (b"Mail,Name\na,b\n", "names the field 'Ref'"),
        (b"Mail;Name\na;b\n", "names the field 'Ref'"),
        (b"First,Last\na,b\n", "any of the affiliate's fields, such as Ref, Mail"),
        (b"R-1,a\nR-2,b\n", "any of the affiliate's fields"),
        (b"Ref,Mail,Mail\n", "twice: Mail"),
        (b'Ref,Mail,"Name\nR-1,a,b\nR-2,c,d\n', "quote in the first lines is not closed"),
        (b'Ref,Mail,"Name\nR-1,a",b\nR-2,c,d\n', "quote in the first lines is not closed"),
        (b"Ref,M\xe4il,M\xc3\xa4il\n", "not UTF-8"),
        (b"Ref,Ma\x00il\n", "NUL"),
        (b"\xff\xfeR\x00e", "none"),
        (b"\xff\xfea\x00b", "UTF-16 text and is none"),
        (b"%PDF-1.7\n%...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n...", "an image"),
        (b"\n <!DOCTYPE html><html>", "HTML or XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...", "old XLS workbook or one with a password"),
        (b"\x1f\x8b\x08...", "gzip"),
        (b"\x00\x01\x02\x03", "any of the affiliate's fields"),
    ],
)
def test_what_is_no_table_of_the_affiliate_is_refused_whole(content: bytes, named: str) -> None:
    """With one error, and before anything is imported."""
    with pytest.raises(CliError, match=named) as error:
        rows_of(content, "Ref", ["Ref", "Mail", "M\xe4il"])
    assert ("unreadable", WRONG_USAGE) == (error.value.code, error.value.exit_code)


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_every_row_has_an_end(content: bytes) -> None:
    """Reading is total, and lines go up; or nobody can say which letters they are."""
    try:
        lines = [line for line, _ in brief(read(b"Ref,Mail\n" + content))]
    except CliError as error:
        assert "encoding" in error.text
        return
    assert sorted(set(lines)) == lines


@given(
    st.lists(
        st.tuples(st.text(min_size=1), st.text()).filter(
            lambda cells: not DRAWN.fullmatch("".join(cells))
        ),
        max_size=20,
    )
)
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
            meant = {"Ref": strip_mark(reference), "Note": strip_mark(note)}
            assert meant == row.record
        else:
            assert row.reason in (
                "reference_missing",
                "reference_invalid",
                "nul",
                "letters_misread",
            )


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


def test_answers_have_fields_of_their_own() -> None:
    """Both name columns of the affiliate's file."""
    mapping = {"fields": {"reference": "Ref"}, "answers": {"q_budget": "Budget"}}
    assert {"Ref", "Budget"} == set(ExpectedColumns.of({"id": "acme", "mapping": mapping}).own)


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


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ({"accepted": 3, "held": 2, "omitted": 1, "waiting": 1, "bad_rows": 0}, False),
        ({"accepted": 3, "unusable": 1, "bad_rows": 0}, True),
        ({"accepted": 3, "refused": 1, "bad_rows": 0}, True),
        ({"accepted": 3, "bad_rows": 1}, True),
        ({"submitted": 3, "bad_rows": 0}, False),
        ({"submitted": 3, "bad_rows": 1}, True),
    ],
)
def test_an_import_fails_if_a_row_came_to_nothing(done: dict[str, int], expected: bool) -> None:
    """Also where the answers were not awaited; what is held or omitted can be used."""
    assert expected == has_failed(done)


class Interrupted(io.RawIOBase):
    """A standard input at which somebody presses Ctrl-C instead of writing."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ARG002
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "arguments",
    [
        ["publish", "-f", "-"],
        ["lists", "import", "-", "--list", "a-list"],
    ],
    ids=" ".join,
)
def test_ctrl_c_is_told_like_any_other_end(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Interrupted())))
    assert run([*arguments, "--json"]) == INTERRUPTED
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "interrupted"


@pytest.mark.parametrize(
    ("given", "announced", "told"),
    [
        ("march", ["march-26", "april-26"], "did you mean march-26?"),
        ("MARCH-26", ["march-26"], "did you mean march-26?"),
        ("march", [], "there is none yet. Announce it first: leadops apply"),
    ],
)
def test_a_delivery_that_was_not_announced_is_told(
    given: str, announced: list[str], told: str
) -> None:
    """INT-10: its leads would count in no delivery, and nobody would miss them."""
    with pytest.raises(CliError, match=re.escape(told)) as error:
        check_delivery(given, announced)
    assert ("delivery_unknown", WRONG_USAGE) == (error.value.code, error.value.exit_code)


def test_an_announced_delivery_passes() -> None:
    check_delivery("march", ["march"])


@pytest.mark.parametrize("text", ["the file is empty", "leads.csv: the file is empty"])
def test_what_is_wrong_with_a_file_is_told_with_its_name_once(text: str) -> None:
    with (
        pytest.raises(CliError, match="^leads.csv: the file is empty$"),
        name_file_in_errors("leads.csv"),
    ):
        raise unreadable(text)


def test_who_stops_an_import_hears_that_it_can_be_repeated() -> None:
    with (
        pytest.raises(
            CliError, match="leads.csv: interrupted; .* no row is taken in twice"
        ) as told,
        tell_if_interrupted("leads.csv"),
    ):
        raise KeyboardInterrupt
    assert told.value.exit_code == INTERRUPTED


@pytest.mark.parametrize(
    ("counts", "named"),
    [
        ({"accepted": 2}, ""),
        ({"unusable": 1}, "leadops leads --affiliate acme --outcome unusable"),
        ({"held": 1}, "leadops held list"),
    ],
)
def test_a_summary_names_the_command_that_tells_why(
    counts: dict[str, int], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A count alone would leave its reader to find out."""
    names = ("submitted", "accepted", "held", "unusable", "omitted", "waiting", "refused")
    done = dict.fromkeys((*names, "repeated", "unchanged", "bad_rows"), 0) | counts
    show_summary("leads.csv", done | {"affiliate": "acme", "bad": [], "conflicts": []})
    assert named == capsys.readouterr().err.rpartition(": ")[2].strip()
