"""The questions of smarter leads, with the answers that are allowed."""

from typing import ClassVar

from shared.contracts.answers import PUT, commands_topic
from shared.contracts.event import Command
from shared.contracts.roles import OPERATES
from shared.contracts.values import CategoryId, Symbol, Text

COMMANDS = commands_topic("intake")


class PutQuestion(Command):
    """A question, whole, with the answers that are allowed (INT-06). What is held for the question
    is checked again.

    `details` has the `version`."""

    TYPE: ClassVar[str] = "leadops.intake.question.put.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES
    KEY: ClassVar[str] = "{id}"
    ACCEPTED: ClassVar[tuple[str, ...]] = PUT
    REFUSED: ClassVar[tuple[str, ...]] = ("answers_missing", "answer_twice", "answer_not_allowed")

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


class AddAlias(Command):
    """What somebody writes for an allowed answer. From now on it passes, and every lead that was
    held for it is checked again (INT-07). Who added it and when is kept with it.

    `details` has the question's `version`. The leads that it frees are told by events of their own,
    after the answer."""

    TYPE: ClassVar[str] = "leadops.intake.question.alias.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES
    KEY: ClassVar[str] = "{question}"
    ACCEPTED: ClassVar[tuple[str, ...]] = ("changed", "unchanged")
    REFUSED: ClassVar[tuple[str, ...]] = (
        "question_unknown",
        "answer_not_allowed",
        "answer_allowed",
    )

    question: Symbol
    given: Text
    """What somebody writes."""
    answer: Text
    """The allowed answer that is meant."""
