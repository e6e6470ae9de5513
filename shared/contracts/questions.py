"""The questions of smarter leads, with the answers that are allowed."""

from shared.contracts.answers import PUT
from shared.contracts.event import Command
from shared.contracts.roles import OPERATES
from shared.contracts.values import CategoryId, Symbol, Text


class PutQuestion(
    Command,
    type="intake.question.put.v1",
    key="{id}",
    roles=OPERATES,
    accepted=PUT,
    refused=("answers_missing", "answer_twice", "answer_not_allowed"),
):
    """A question, whole, with the answers that are allowed (INT-06). What is held for the question
    is checked again.

    `details` has the `version`."""

    id: Symbol
    """The symbol, under which records and mappings name it."""
    text: Text
    answers: tuple[Text, ...]
    """All that are allowed."""
    categories: tuple[CategoryId, ...]
    """That ask it."""
    aliases: dict[Text, Text] = {}
    """What somebody writes, and the allowed answer that is meant. Added to those that are known; an
    alias of an answer that is no longer allowed goes."""


class AddAlias(
    Command,
    type="intake.question.alias.v1",
    key="{question}",
    roles=OPERATES,
    accepted=("changed", "unchanged"),
    refused=("question_unknown", "answer_not_allowed", "answer_allowed"),
):
    """What somebody writes for an allowed answer. From now on it passes, and every lead that was
    held for it is checked again (INT-07). Who added it and when is kept with it.

    `details` has the question's `version`. The leads that it frees are told by events of their own,
    after the answer."""

    question: Symbol
    given: Text
    """What somebody writes."""
    answer: Text
    """The allowed answer that is meant."""
