"""Of several rows of one person in a file the first one wins: who has to wait for whom."""

from random import Random

import pytest

from cli.command import Answer, Command
from cli.importing import Row, Upload
from cli.turns import Turns

UPLOAD = Upload("acme", "INT-1", None, "Code", "Mail")


def row(number: int, mail: str, reference: str = "", code: str = "") -> Row:
    return Row(number, reference or f"R-{number}", {"Mail": mail, "Code": code, "n": str(number)})


def turns_of(*rows: Row) -> tuple[list[Command], Turns]:
    commands, turns = [UPLOAD.command(each) for each in rows], Turns()
    for command, each in zip(commands, rows, strict=True):
        turns.add(command, UPLOAD.group(each))
    return commands, turns


def published(rows: list[Row], outcomes: dict[int, str]) -> list[list[int]]:
    """By round, the rows that are published once all before are answered."""
    commands, turns = turns_of(*rows)
    line = {command.id: each.line for command, each in zip(commands, rows, strict=True)}
    found: dict[str, Answer] = {}
    rounds = []
    while commands:
        go, commands = turns.ready(commands, found, 100)
        rounds.append([line[command.id] for command in go])
        for command in go:
            outcome = outcomes.get(line[command.id], "accepted")
            found[command.id] = Answer(command.id, True, outcome, "", {"outcome": outcome})
    return rounds


def test_different_people_wait_for_nobody() -> None:
    assert [[1, 2, 3]] == published([row(1, "a@x.example"), row(2, "b@x.example"), row(3, "")], {})


@pytest.mark.parametrize("mail", ["a@x.example", " A@X.example ", "<a@x.example>"])
def test_a_person_waits_until_the_first_row_is_answered(mail: str) -> None:
    """However the address is spelled."""
    assert [[1, 3], [2]] == published(
        [row(1, "a@x.example"), row(2, mail), row(3, "b@x.example")], {}
    )


def test_once_accepted_the_rest_goes_at_once() -> None:
    """Whichever of them is decided first, each is a duplicate of the first row."""
    rows = [row(number, "a@x.example") for number in range(1, 5)]
    assert [[1], [2, 3, 4]] == published(rows, {})


@pytest.mark.parametrize("outcome", ["unusable", "held", "refused"])
def test_what_was_not_accepted_lets_the_next_one_try(outcome: str) -> None:
    """One by one, until a row is accepted."""
    rows = [row(number, "a@x.example") for number in range(1, 5)]
    assert [[1], [2], [3, 4]] == published(rows, {1: outcome})


def test_under_another_lead_code_nobody_waits() -> None:
    """INT-05: then it is no duplicate. A code that a row leaves out is the upload's."""
    rows = [row(1, "a@x.example"), row(2, "a@x.example", code="INT-2")]
    assert [[1, 2]] == published(rows, {})
    assert [[1], [2]] == published([rows[0], row(2, "a@x.example", code="INT-1")], {})


def test_a_reference_keeps_its_order_too() -> None:
    """What waits holds back the later rows under its reference, of whomever they are."""
    rows = [row(1, "a@x.example"), row(2, "a@x.example", "R"), row(3, "b@x.example", "R")]
    assert [[1], [2, 3]] == published(rows, {})


def test_every_row_is_published_once_and_in_order_of_its_person() -> None:
    """Whatever becomes of them."""
    random = Random(7)
    mails = [random.choice("abcde") + "@x.example" for _ in range(200)]
    rows = [row(number, mail) for number, mail in enumerate(mails)]
    outcomes = {number: random.choice(["accepted", "unusable", "held"]) for number in range(200)}
    rounds = published(rows, outcomes)
    assert list(range(200)) == sorted(line for each in rounds for line in each)
    for mail in set(mails):
        own = [line for each in rounds for line in each if mails[line] == mail]
        assert sorted(own) == own
