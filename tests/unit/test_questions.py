"""How a question changes."""

import pytest

from services.intake.catalogue import questions
from services.intake.catalogue.questions import Question
from shared.contracts.questions import PutQuestion
from tests.builders import context

ASKED = PutQuestion(
    id="q_budget",
    text="Budget?",
    answers=("under 10k", "over 10k"),
    categories=("101",),
    aliases={"little": "under 10k"},
)


def put(command: PutQuestion, before: Question | None, actor: str) -> Question:
    question, _ = questions.put(command, before, context(actor=actor)).save
    assert isinstance(question, Question)
    return question


def test_an_alias_that_is_there_keeps_who_added_it() -> None:
    """INT-07: until it stands for another answer."""
    first = put(ASKED, None, "dana")
    same = put(ASKED.model_copy(update={"text": "Which budget?"}), first, "eli")
    other = put(ASKED.model_copy(update={"aliases": {"little": "over 10k"}}), first, "eli")
    assert ["dana", "eli"] == [alias.added_by for [alias] in (same.aliases, other.aliases)]


@pytest.mark.parametrize(
    ("length", "shown"),
    [(196, f"{'a' * 196} | b"), (197, f"{'a' * 197} |  …")],
)
def test_as_many_allowed_answers_are_told_as_a_text_bears(length: int, shown: str) -> None:
    """INT-06: two hundred characters, and that there are more."""
    asked = ASKED.model_copy(update={"answers": ("a" * length, "b"), "aliases": {}})
    question = put(asked, None, "dana")
    assert f"q_budget allows: {shown}" == questions.allowed_by(question)
