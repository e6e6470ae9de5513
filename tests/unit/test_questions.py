"""How a question changes."""

import pytest
from pydantic import JsonValue

from services.intake.catalogue import questions
from services.intake.catalogue.questions import Question
from shared.contracts.questions import PutQuestion
from tests.builders import affiliate, context

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


SIGNS = ("C", "C++", "C#", ".NET", "NET", "R&D", "F&B", "Sales, Marketing", "A+", "A/B")


def judged(value: JsonValue) -> questions.Judged:
    asked = ASKED.model_copy(update={"id": "q_skill", "answers": SIGNS, "aliases": {}})
    question = put(asked, None, "dana")
    return questions.judge({"q_skill": value}, affiliate(), ("101",), lambda _: question)


@pytest.mark.parametrize("answer", SIGNS)
def test_signs_are_part_of_an_answer(answer: str) -> None:
    """INT-06: nothing divides it, and what differs in a sign is another answer."""
    assert {"q_skill": answer} == judged(f" {answer.lower()} ").answers
    assert {"q_skill": answer} == judged(answer.replace("&", "&amp;")).answers


@pytest.mark.parametrize("value", ["C++; C#", "C++, C#", "C/C++", "C&C++", "R & D", ["C++", "C#"]])
def test_several_answers_in_one_are_none_of_them(value: JsonValue) -> None:
    """INT-06: they are held as they are, for a person or an alias to say what they mean."""
    assert ({}, 1) == (judged(value).answers, len(judged(value).held))
