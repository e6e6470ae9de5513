"""The reference of commands is what the contracts and the golden samples say today."""

import re
from string import Formatter

import pytest
from pydantic import BaseModel

from shared.contracts.commands import commands
from shared.contracts.event import Command
from tests.contract.command_reference import PAGE, field_rows, page
from tests.contract.examples import GOLDEN, STORY, Example

KINDS = sorted(set(commands().values()), key=lambda kind: kind.__name__)


def test_the_page_is_written_anew() -> None:
    """After a contract or an example was changed: `make docs`."""
    assert page() == PAGE.read_text()


class Barred(BaseModel):
    name: str = "a|b"
    """Either this | or that."""


def test_a_bar_ends_no_cell() -> None:
    """Neither in words nor in a default, where it stands between backticks."""
    (row,) = field_rows(Barred)
    assert 5 == len(re.findall(r"(?<!\\)\|", row))
    assert r'`"a\|b"`' in row
    assert r"Either this \| or that." in row


def test_every_command_has_an_example() -> None:
    assert set(KINDS) == {commands()[example.type] for example in STORY}


def test_every_example_is_part_of_the_story() -> None:
    """A sample that is called an example is shown, and published to a real broker."""
    told = {f"{example.type}.{example.name}.json" for example in STORY}
    assert {path.name for path in GOLDEN.glob("*.example*.json")} == told


@pytest.mark.parametrize("example", STORY, ids=lambda one: f"{one.type}.{one.name}")
def test_an_example_is_asked_and_answered_as_its_contract_says(example: Example) -> None:
    """By a role that may ask it, with codes that it can have, and with all fields of the key."""
    kind = commands()[example.type]
    assert example.role in kind.ROLES
    assert {example.answer, example.again} <= {*kind.ACCEPTED, *kind.REFUSED}
    assert bool(example.key) == bool(kind.KEY)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_key_is_made_of_fields_that_are_always_there(kind: type[Command]) -> None:
    """And a command says in words of its own what it is for."""
    fields = {name for _, name, _, _ in Formatter().parse(kind.KEY) if name}
    assert fields <= {name for name, field in kind.model_fields.items() if field.is_required()}
    assert kind.__doc__ not in (None, Command.__doc__)
