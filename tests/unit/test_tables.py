"""Tables at every width: a value that somebody copies out of one is whole."""

import io

import pytest
from rich.cells import cell_len

from cli.lead_commands import MORE, up_to
from cli.output import show, show_counted
from cli.tables import render, text_of, width_of

ID = "6b1d0d34-8b7a-5d3e-9e0b-111111111111"
NAMES = ["id", "affiliate", "reasons", "text", "count"]
ROWS = [
    {
        "id": ID,
        "affiliate": "infuse-media",
        "reasons": "email_invalid, country_unknown",
        "text": "a sentence that is long enough to be wrapped at most of the widths there are",
        "count": 0,
    },
    {"id": "x", "affiliate": "\u65e5\u672c\u8a9e", "reasons": None, "text": ""},
]


@pytest.mark.parametrize("width", [None, 1, 20, 40, 60, 80, 100, 120, 200])
def test_no_word_is_cut_at_any_width(width: int | None) -> None:
    shown = render("rows", NAMES, ROWS, width).split()
    words = {word for row in ROWS for value in row.values() for word in str(value or "").split()}
    assert set() == words - set(shown)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_what_has_room_stays_within_the_width(width: int) -> None:
    """Also where letters are two columns wide."""
    assert width >= max(map(cell_len, render("rows", NAMES, ROWS, width).splitlines()))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (None, ""),
        ({}, ""),
        ({"version": 2, "text": None}, "version 2"),
        ({"places": ["US", "GB"], "is_new": False}, "places US, GB, is_new no"),
        (["a", {"b": 1}], "a, b 1"),
    ],
    ids=str,
)
def test_a_value_is_told_as_a_person_writes_it(value: object, text: str) -> None:
    """And not as Python does."""
    assert text == text_of(value)


@pytest.mark.parametrize("width", [None, 1, 80])
def test_a_table_without_rows_says_none(width: int | None) -> None:
    """A header alone looks like an answer that got lost."""
    assert "lists: none" == render("lists", NAMES, [], width)


@pytest.mark.parametrize(
    ("number", "title"), [(0, "entries: none"), (1, "1 entry"), (2, "2 entries"), (1200, "1,200")]
)
def test_what_was_found_is_counted(
    number: int, title: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_counted(number, "entry", ["id"], [{"id": "x"}] * min(number, 1))
    assert capsys.readouterr().out.startswith(title)


def test_without_a_width_each_row_is_one_line() -> None:
    """So that other programs can take it apart."""
    assert 2 + len(ROWS) == len(render("rows", NAMES, ROWS, None).splitlines())


def test_rows_without_room_become_blocks() -> None:
    """A field a line, and nothing for what is missing; 0 is a figure."""
    shown = render("rows", ["id", "count", "code"], [{"id": ID, "count": 0, "code": None}], 30)
    assert ["rows", "", f"id     {ID}", "count  0"] == shown.splitlines()


def test_sentences_are_wrapped_between_words() -> None:
    shown = render("rows", ["id", "text"], [{"id": ID, "text": "the quick brown fox " * 3}], 70)
    expected = [
        "rows",
        "id                                    text",
        f"{ID}  the quick brown fox the quick",
        f"{' ' * 36}  brown fox the quick brown fox",
    ]
    assert expected == shown.splitlines()


@pytest.mark.parametrize(
    "value", ["two\nlines", "a\x1b[31mred", "[bold]x[/bold]", "tab\there", ":smile:"]
)
def test_a_value_can_not_draw(value: str) -> None:
    """What an affiliate wrote neither moves the cursor nor is taken for markup."""
    shown = render("rows", ["given"], [{"given": value}], 80).splitlines()
    assert ["rows", "given", " ".join(value.replace("\x1b", " ").split())] == shown


@pytest.mark.parametrize(
    ("given", "expected"), [("80", 80), ("", None), ("wide", None), ("0", None)]
)
def test_the_width_of_a_pipe_is_what_columns_says(
    given: str, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it a pipe has none."""
    monkeypatch.setenv("COLUMNS", given)
    assert expected == width_of(io.StringIO())


def test_a_sentence_is_wrapped_and_its_words_are_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is a width; what is piped stays one line."""
    text = f"north is asked; `leadops explain {ID} --campaign north` tells its answer"
    monkeypatch.setenv("COLUMNS", "60")
    show({}, as_json=False, text=text)
    lines = capsys.readouterr().out.splitlines()
    assert (text, True) == (" ".join(lines), all(len(line) <= 60 for line in lines))
    monkeypatch.setenv("COLUMNS", "")
    show({}, as_json=False, text=text)
    assert f"{text}\n" == capsys.readouterr().out


@pytest.mark.parametrize(("found", "shown", "more"), [(0, 0, ""), (2, 2, ""), (3, 2, MORE)])
def test_that_not_all_is_shown_is_said(found: int, shown: int, more: str) -> None:
    """One row more than is shown was asked for, which tells whether there are more."""
    rows = [{"id": str(number)} for number in range(found)]
    assert (rows[:shown], more) == up_to(2, rows)
