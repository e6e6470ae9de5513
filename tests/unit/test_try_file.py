"""What `leadops try` counts and shows of a file."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from cli import json_records, trial_view
from cli.column_counts import EXAMPLE_LENGTH_MAX, FURTHER, WHYS_MAX, ColumnCounts, shorten
from cli.columns import ExpectedColumns
from cli.command import Command
from cli.earlier import Earlier
from cli.importing import BadRow, Row
from cli.opened import tell_if_interrupted
from cli.output import CliError

WANTED = ExpectedColumns("Ref", {"Ref": "reference", "Mail": "email"})


def view(field: str, given: Any, value: str | None = None, **changes: Any) -> dict[str, Any]:
    state = "read" if value else "unknown" if given else "blank"
    whole = {"field": field, "column": field.title(), "given": given, "value": value}
    whole |= {"state": state, "rule": "text", "code": None, "text": None}
    return whole | changes


def counts(*rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    columns = ColumnCounts()
    for views in rows:
        columns.add(views, {each["column"]: each["given"] for each in views})
    return {each["column"]: each for each in columns.as_json()}


def test_a_column_has_its_figures_and_examples() -> None:
    """Filled is what was read and what stays unknown; examples are different ones, and few."""
    given = ["", "DE", "DE", "de", "Narnia", "Narnia", None, "Oz", "Mu", "Ys", "US", "FR"]
    values = {"DE": "DE", "de": "DE", "US": "US", "FR": "FR"}
    found = counts(*([view("land", each, values.get(each or ""))] for each in given))["Land"]
    assert (10, 5, 5) == (found["filled"], found["read"], found["unknown"])
    assert {"DE": "DE", "de": "DE", "US": "US"} == {
        each["given"]: each["value"] for each in found["examples"]
    }
    (why,) = found["unknown_why"]
    assert (5, ["Narnia", "Oz", "Mu"]) == (why["rows"], why["examples"])


def test_a_column_tells_why_its_values_are_unknown() -> None:
    """Each reason with its rows and examples of its own; after a few, the others together."""
    texts = ["is a date", "is two numbers", "is a date", *(f"is odd {n}" for n in range(9))]
    views = [view("phone", f"given {n}", text=text) for n, text in enumerate(texts)]
    first, second, *_, last = counts(*([each] for each in views))["Phone"]["unknown_why"]
    assert {"text": "is a date", "rows": 2, "examples": ["given 0", "given 2"]} == first
    assert {"text": "is two numbers", "rows": 1, "examples": ["given 1"]} == second
    assert (FURTHER, 9 - (WHYS_MAX - 2)) == (last["text"], last["rows"])


def test_what_is_unknown_is_shown_with_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most frequent reason of a column first; a file of which all is read has no such table."""
    monkeypatch.setenv("COLUMNS", "80")
    given = [("soon", "is no date"), ("1/2", "may be two days"), ("2/3", "may be two days")]
    columns = counts(*([view("when", text, text=why)] for text, why in given))
    trial_view.show_columns(columns.values())
    shown = capsys.readouterr().out
    assert [
        "column  rows  why              such as",
        "When    2     may be two days  1/2; 2/3",
        "When    1     is no date       soon",
    ] == shown.split("what stays unknown, and why\n")[1].splitlines()
    trial_view.show_columns(counts([view("mail", "a", "a")]).values())
    assert "unknown, and why" not in capsys.readouterr().out


def test_a_column_that_nobody_reads_is_counted() -> None:
    """It has no field, and stands behind those that have one, also where few rows have it."""
    columns = ColumnCounts()
    columns.add([view("mail", "a", "a")], {"Mail": "a", "Remark": "call", "Age": 7})
    columns.add([view("mail", "b", "b")], {"Mail": "b", "Remark": " "})
    columns.add([], {"Mail": "c"})
    found = columns.as_json()
    assert ["Mail", "Age", "Remark"] == [each["column"] for each in found]
    assert [2, 1, 1] == [each["filled"] for each in found]
    assert ["mail", None, None] == [each["field"] for each in found]


def test_answers_that_nobody_asks_for_are_counted_by_themselves() -> None:
    """INT-09: they are no examples of what is not understood; without any there is no column."""
    asked = view("q_budget", "10k", "10k")
    found = counts([asked], [view("q_budget", "10k", state="not_asked")])["Q_Budget"]
    assert (2, 1, 0, 1) == (found["filled"], found["read"], found["unknown"], found["not_asked"])
    assert [] == found["unknown_why"]


def test_what_is_not_asked_is_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Below the table, where it has that column."""
    for state, is_told in (("not_asked", True), ("read", False)):
        trial_view.show_columns(counts([view("q_budget", "10k", "10k", state=state)]).values())
        assert is_told == (trial_view.NOT_ASKED in capsys.readouterr().out)


def test_columns_of_one_name_are_told_apart_by_field() -> None:
    """A mapping may read two fields of one column, and a field of none."""
    views = [view("country", "DE", "DE", column="Land"), view("subdivision", "BY", column="Land")]
    views.append(view("lead_code", None, "L-1", column=None))
    columns = ColumnCounts()
    columns.add(views, {"Land": "DE"})
    assert [("Land", "country", 1), ("Land", "subdivision", 0), (None, "lead_code", 1)] == [
        (each["column"], each["field"], each["read"]) for each in columns.as_json()
    ]


@pytest.mark.parametrize("length", [EXAMPLE_LENGTH_MAX, EXAMPLE_LENGTH_MAX + 1, 10_000])
def test_examples_are_short(length: int) -> None:
    """A cell may hold a letter to the reader."""
    assert len(shorten("x" * length)) <= EXAMPLE_LENGTH_MAX + 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (view("email", "a@x.example", "a@x.example"), "email: a@x.example (Email), read as text"),
        (view("email", "A@x", "a@x", rule="r"), "email: a@x (Email: A@x), read as r"),
        (view("tel", "call me", text="no number"), "tel: unknown (Tel: call me), no number"),
        (
            view("cat", "9", code="category_unknown", text="no such one"),
            "cat: unknown (Cat: 9), category_unknown: no such one",
        ),
        (view("cat", "", code="field_missing"), "cat: blank (Cat), field_missing"),
        (view("lead_code", None, "L-1", column=None), "lead_code: L-1, read as text"),
        (view("name", " Jo ", "Jo"), "name: Jo (Name), read as text"),
        (
            view("q_x", "1", state="not_asked", code="c", text="nobody asks"),
            "q_x: not asked (Q_X: 1), c: nobody asks",
        ),
        (view("tel", ["1", "2"], text="a list"), "tel: unknown (Tel: 1, 2), a list"),
    ],
)
def test_a_field_is_one_line(given: Mapping[str, Any], expected: str) -> None:
    """INT-02: what was read and by which rule, or why nothing was, and what stands there if that is
    something else."""
    assert [expected] == list(trial_view.fields_of([given]))


def test_blank_fields_share_a_line() -> None:
    """Those that matter have a line of their own."""
    views = [view("first_name", ""), view("email", "", code="field_missing"), view("phone", None)]
    assert ["email: blank (Email), field_missing", "blank: first_name, phone"] == list(
        trial_view.fields_of(views)
    )


def row(outcome: str = "accepted", **changes: Any) -> dict[str, Any]:
    answer = {"accepted": True, "code": outcome, "text": "", "details": {"outcome": outcome}}
    whole = {"line": 2, "reference": "R-1", "outcome": outcome, "is_new": True, "fields": []}
    return whole | {"reasons": [], "answer": answer, "campaigns": None} | changes


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (row(), "accepted"),
        (row("held"), "held"),
        (row(is_new=False), "accepted, as the lead that it is"),
        (
            row(answer={"details": {"repeated": True}}),
            "accepted, unchanged: it was imported before, the same",
        ),
        (
            row("refused", answer={"code": "dead_letter", "text": "too_large", "details": {}}),
            "refused, dead_letter: too_large",
        ),
    ],
)
def test_a_row_has_its_outcome_above_it(given: Mapping[str, Any], expected: str) -> None:
    """INT-12: what stands already is told from what would be new."""
    assert expected == trial_view.headline(given)


def test_reasons_that_a_field_tells_are_told_once() -> None:
    """The others have lines of their own."""
    reasons = [{"code": code, "text": "why"} for code in ("email_invalid", "duplicate")]
    given = row(fields=[view("email", "x", code="email_invalid")], reasons=reasons)
    assert ["duplicate: why"] == list(trial_view.reasons_of(given))


def matched(**changes: Any) -> dict[str, Any]:
    candidates = [
        {"campaign": "north", "sends_at": None},
        {"campaign": "weekly", "sends_at": "2026-03-09T09:00:00Z"},
    ]
    failing = [
        {"code": "filter.place", "value": "DE", "rule": None},
        {"code": "cap_reached", "value": "10", "rule": "total"},
        {"code": "smarter_missing", "value": None, "rule": None},
    ]
    other = {"campaign": "south", "failing": failing, "failing_left_out": 1}
    whole = {"is_exclusive": False, "candidates": candidates, "others": [other]}
    return whole | {"others_left_out": 7} | changes


def test_campaigns_are_told_with_what_keeps_a_lead_from_others() -> None:
    assert [
        "campaigns that would want it: north, weekly (sends on 2026-03-09)",
        "not south: filter.place (it is DE); cap_reached by total (it is 10); smarter_missing; "
        "and 1 check more",
        "and not 7 other campaigns of its way",
    ] == list(trial_view.campaigns_of(matched()))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, []),
        (
            matched(candidates=[], others=[], others_left_out=0),
            ["campaigns that would want it: none"],
        ),
        (
            matched(is_exclusive=True, others=[], others_left_out=0),
            [
                "campaigns that would want it, in this order, the first that can take it: "
                "north, weekly (sends on 2026-03-09)"
            ],
        ),
    ],
)
def test_what_there_is_to_tell_of_campaigns(
    given: Mapping[str, Any] | None, expected: list[str]
) -> None:
    """RTE-11: an exclusive lead goes to one; what is no new lead goes to nobody."""
    assert expected == list(trial_view.campaigns_of(given))


@pytest.mark.parametrize("width", ["80", "60"])
def test_everything_fits_a_terminal(
    width: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is longer than the terminal is wide, whatever the columns are called."""
    monkeypatch.setenv("COLUMNS", width)
    fields = [view("company_domain", "x " * 200, text="is no domain"), view("email", "a@x", "a@x")]
    trial_view.show_row(row(fields=fields, campaigns=matched()))
    columns = counts(fields)
    columns["Email"]["column"] = "Business Email Address of the Contact"
    trial_view.show_columns(columns.values())
    done = {"reasons": {"duplicate": 2}, "campaigns": {"north": 3}, "unwanted": 1}
    trial_view.show_figures(done)
    shown = capsys.readouterr().out
    assert [] == [line for line in shown.splitlines() if len(line) > int(width)]
    assert "wanted by none: 1 lead" in shown


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"Ref": "R-1", "Mail": "a"}', [(1, "R-1")]),
        ('\ufeff {\n "Ref": "R-1"\n}\n', [(1, "R-1")]),
        ('{"Ref": "R-1"}\n\n{"Ref": 7}\n', [(1, "R-1"), (3, "7")]),
        (
            '{"Ref": "R-1"}\n{"Ref"\n[1]\n{"Ref": "R-2"}',
            [(1, "R-1"), (2, "not_json"), (3, "not_json"), (4, "R-2")],
        ),
        ('{"Mail": "a"}', [(1, "reference_missing")]),
        ('{"Ref": " "}', [(1, "reference_missing")]),
        ('{"Ref": ["R-1", 2]}', [(1, "reference_missing")]),
        ('{"Ref": "R-1", "Staff": NaN}', [(1, "not_json")]),
        ('{"Ref": "' + "x" * 201 + '"}', [(1, "reference_invalid")]),
    ],
)
def test_records_are_read_as_json(content: str, expected: list[tuple[int, str]]) -> None:
    """One object in all, or one a line; what is none costs its line only."""
    file = io.BytesIO(content.encode())
    assert json_records.are_in(file)
    found = [
        (each.line, each.reason if isinstance(each, BadRow) else each.reference)
        for each in json_records.rows_of(file, WANTED)
    ]
    assert expected == found


def test_a_record_keeps_its_values() -> None:
    """Numbers and lists are what they are."""
    given = {"Ref": "R-1", "Staff": 250, "Cat": ["101"], "Land": None}
    file = io.BytesIO(json.dumps(given).encode())
    assert [Row(1, "R-1", given)] == list(json_records.rows_of(file, WANTED))


@pytest.mark.parametrize("content", ["Ref,Mail\nR-1,a", "", "[1]", '"{"', "Ref;{\n"])
def test_a_table_is_not_taken_for_records(content: str) -> None:
    assert not json_records.are_in(io.BytesIO(content.encode()))


def command(reference: str, mail: str = "a") -> Command:
    data = json.dumps({"reference": reference, "record": {"Mail": mail}}).encode()
    return Command(
        "leadops.intake.lead.submit.v1", data, f"acme:{reference}", f"{reference}/{mail}"
    )


def test_what_a_row_depends_on_is_found() -> None:
    """INT-05: the accepted row of its reference and of its person, and its own conflict with the
    reference; in the order of the file, each once."""
    earlier = Earlier(io.BytesIO())
    earlier.add_accepted(command("R-1", "al"), "al L-1")
    earlier.add_accepted(command("R-2", "bo"), "bo L-1")
    earlier.add_conflict(command("R-1", "cy"), "cy L-1")
    earlier.add_accepted(command("R-3", "cy"), "cy L-1")

    def found(reference: str, group: str | None) -> list[str]:
        return [each["id"] for each in earlier.rows(earlier.of(command(reference), group))]

    assert ["R-1/al", "R-1/cy", "R-3/cy"] == found("R-1", "cy L-1")
    assert ["R-1/al"] == found("R-1", None)
    assert ["R-1/al"] == found("R-1", "al L-1")
    assert ["R-1/al", "R-2/bo"] == found("R-1", "bo L-1")
    assert ["R-3/cy"] == found("R-9", "cy L-1")
    assert [] == found("R-9", "cy L-2")
    assert [] == found("R-9", None)


def test_what_was_interrupted_is_told() -> None:
    """Trying leaves nothing behind, which whoever stops it should know."""
    told = tell_if_interrupted("leads.csv", "nothing was imported")
    with pytest.raises(CliError, match="leads.csv: interrupted; nothing was imported"), told:
        raise KeyboardInterrupt
