"""The answers to an affiliate's questions, for campaigns that go by them (RTE-07).

All questions are one attribute, since each attribute is a column that every lead pays for.
"""

from collections.abc import Callable, Iterator

from services.routing.filters.categories import PARTITION
from services.routing.filters.rows import (
    CHANGE,
    LEAVE,
    REUPLOAD,
    Check,
    Order,
    Remedy,
    Requirement,
    Words,
    WordsByCategory,
    first,
)
from shared.contracts.intake import LeadAccepted
from shared.matching.profiles import Criterion, Subject, Terms

FIELD = "smarter"


def _term(symbol: str, answer: str) -> str:
    return f"{symbol}={answer.casefold()}"


def _answers(lead: LeadAccepted) -> frozenset[str]:
    return frozenset(_term(*each) for each in lead.answers.items())


def _faults(lead: LeadAccepted, category: str) -> frozenset[str]:
    """What is wrong with the answers as a whole."""
    is_missing = any(opened.category == category for opened in lead.unanswered)
    missing = ["smarter_missing"] if is_missing else []
    return frozenset([*missing, *(reason.code for reason in lead.reported)])


def _none_of(fault: str) -> Callable[[Order], Iterator[Requirement]]:
    def requirements(order: Order) -> Iterator[Requirement]:
        if order.definition.smarter is not None:
            yield "strict", Terms(fault, FIELD, excluded=frozenset([fault]))

    return requirements


def _allowed_answers(order: Order) -> Iterator[Requirement]:
    if order.definition.smarter is not None:
        for symbol, answers in order.definition.smarter.allowed.items():
            terms = frozenset(_term(symbol, answer) for answer in answers)
            yield "strict", Terms("smarter_answer_not_wanted", "answer", terms)


def _symbols(criterion: Criterion, lead: LeadAccepted, subject: Subject) -> Iterator[str]:
    """The questions that are meant; of those without an answer, the ones of the category."""
    if criterion.check == "smarter_missing":
        category = subject.terms[PARTITION]
        yield from (each.question for each in lead.unanswered if each.category in category)
    yield from (reason.field or "" for reason in lead.reported if reason.code == criterion.check)


def _question(criterion: Criterion) -> str | None:
    """The question whose answers are wanted."""
    assert isinstance(criterion, Terms)
    return first(term.partition("=")[0] for term in criterion.allowed or ())


ATTRIBUTES = (
    WordsByCategory(
        FIELD,
        _faults,
        lambda criterion, lead, subject: ", ".join(_symbols(criterion, lead, subject)),
    ),
    Words(
        "answer",
        _answers,
        lambda criterion, lead, _subject: lead.answers.get(_question(criterion) or ""),
        expected=lambda term: term.partition("=")[2],
        rule=_question,
    ),
)


def _fault(code: str, text: str, who: str, how: str) -> Check:
    return Check(code, (FIELD,), _none_of(code), Remedy(text, who, how))


CHECKS = (
    _fault(
        "smarter_missing",
        "questions of the lead's category are not answered",
        "affiliate",
        f"{REUPLOAD} with the answers",
    ),
    _fault(
        "smarter_unknown_symbol",
        "the lead answers questions that do not exist",
        "affiliate",
        f"{REUPLOAD} with the right symbols",
    ),
    _fault(
        "smarter_question_not_in_category",
        "the lead answers questions of another category",
        "delivery",
        f"assign the question to the category, or {REUPLOAD}",
    ),
    _fault(
        "smarter_answer_invalid",
        "an answer is neither allowed nor a known alias",
        "delivery",
        "add an alias, or release the lead with the answer that is meant",
    ),
    Check(
        "smarter_answer_not_wanted",
        (FIELD,),
        _allowed_answers,
        Remedy(
            "the campaign wants other answers", "customer", f"{CHANGE}: its answers; or {LEAVE}"
        ),
    ),
)
