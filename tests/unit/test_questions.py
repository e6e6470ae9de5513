"""How a question changes."""

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
