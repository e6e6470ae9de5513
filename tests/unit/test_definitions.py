"""What people put, and put again: numbered, kept, with who and when."""

from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from pydantic import BaseModel

from shared import definitions
from tests.builders import NOW, context


@dataclass(frozen=True, slots=True)
class Price:
    id: str
    version: int
    tenant: str
    number: int
    amount: int
    changed_at: datetime
    changed_by: str
    reason: str = ""


class PutPrice(BaseModel):
    amount: int


FIRST = Price("main/lead", 4, "main", 3, 100, NOW, "ann", "too low")


def test_the_first_is_number_one_and_says_who_put_it() -> None:
    proposed = Price("main/lead", 0, "main", 0, 100, datetime.min, "nobody")
    made = definitions.put(None, proposed, context(actor="bob"))
    assert ("created", 1, "bob", NOW) == (
        made.change,
        made.entity.number,
        made.entity.changed_by,
        made.entity.changed_at,
    )
    assert "created" == getattr(made.decision().answer, "code", None)


def test_a_change_is_the_next_number_under_the_same_guard() -> None:
    made = definitions.put(FIRST, replace(FIRST, amount=90), context(actor="bob"), reason="asked")
    after = made.entity
    assert ("changed", 4, 4, 90) == (made.change, after.number, after.version, after.amount)
    assert ("bob", "asked") == (after.changed_by, after.reason)


def test_the_same_again_saves_and_publishes_nothing() -> None:
    """Whoever puts it, and whatever for."""
    made = definitions.put(FIRST, replace(FIRST), context(actor="bob"), reason="to be sure")
    decision = made.decision(keep=[FIRST], warnings=["none"])
    assert ("unchanged", FIRST, (), ()) == (
        made.change,
        made.entity,
        decision.save,
        decision.publish,
    )
    assert {"version": 3} == getattr(decision.answer, "details", None)


@pytest.mark.parametrize(("code", "told"), [("", "changed"), ("paused", "paused")])
def test_a_command_may_tell_the_change_in_its_own_word(code: str, told: str) -> None:
    made = definitions.put(FIRST, replace(FIRST, amount=90), context())
    answer = made.decision(code=code, warnings=["low"]).answer
    assert (told, {"version": 4, "warnings": ["low"]}) == (
        getattr(answer, "code", None),
        getattr(answer, "details", None),
    )


def test_a_version_is_kept_under_its_number() -> None:
    kept = definitions.version_of("price", FIRST, PutPrice(amount=100), {"a.b": "c"})
    assert ("price main/lead@3", "price main/lead", 3) == (kept.id, kept.of, kept.number)
    assert ('{"amount":100}', '{"a.b":"c"}', "ann") == (
        kept.definition,
        kept.aliases,
        kept.changed_by,
    )
