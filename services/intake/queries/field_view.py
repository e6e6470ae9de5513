"""A record field by field: what stands in it, what was read of it, and by which rule.

For people who look at an affiliate's file before it is imported. It decides nothing: it describes
what `normalizing.read` and `questions.judge` have found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from services.intake.catalogue import questions
from services.intake.catalogue.affiliates import Affiliate
from services.intake.catalogue.questions import Judged, fold
from services.intake.leads import normalizing
from services.intake.leads.fields import BY_NAME, TEXT
from services.intake.leads.normalizing import Reading
from services.intake.leads.outcomes import Submission
from services.intake.reading import cells
from shared.contracts.values import HeldAnswer, Reason

State = Literal["read", "unknown", "not_asked", "blank"]
"""An answer is not asked where no question, or none of the lead's category, wants it."""

ALLOWED = "an allowed answer"
ALIAS = "a recorded alias of an allowed answer"
DECLARED = "declared with the upload"
IN_VOCABULARY = "a word of the affiliate's vocabulary"
NOT_TOLD = f"more than {questions.TOLD_MAX} answers can't be used; this is one of the others"


@dataclass(frozen=True, slots=True)
class FieldView:
    """`field` is canonical, or the symbol of a question."""

    field: str
    column: str | None
    """The affiliate's own name of it; none where the upload as a whole says it."""
    given: JsonValue
    value: str | None
    state: State
    rule: str | None
    """By which it was read, or would have been."""
    code: str | None = None
    """The reason that the lead has because of this field."""
    text: str | None = None


def view(submission: Submission, affiliate: Affiliate) -> list[FieldView]:
    """In the order of the mapping, the answers behind it."""
    return [*_fields(submission, affiliate), *_answers(submission, affiliate)]


def _fields(submission: Submission, affiliate: Affiliate) -> Iterator[FieldView]:
    raw = submission.raw
    reading = normalizing.read(raw.record, affiliate, raw.lead_code)
    reasons = {reason.field: reason for reason in reversed(submission.reasons)}
    for field, own, vocabulary in affiliate.fields:
        yield _field(field, own, vocabulary, _Described(submission, affiliate, reading, reasons))
    if raw.lead_code and "lead_code" not in affiliate.definition.mapping.fields:
        yield _declared_code(raw.lead_code, None, None, reading, reasons)


@dataclass(frozen=True, slots=True)
class _Described:
    """All that is known of the record whose fields are described."""

    submission: Submission
    affiliate: Affiliate
    reading: Reading
    reasons: Mapping[str | None, Reason]


def _field(field: str, own: str, vocabulary: Mapping[str, str], of: _Described) -> FieldView:
    given, reading = of.submission.raw.record.get(own), of.reading
    if field == "lead_code" and (declared := of.submission.raw.lead_code):
        return _declared_code(declared, own, given, reading, of.reasons)
    state = _state(field, reading)
    reason = of.reasons.get(field)
    return FieldView(
        field,
        own,
        given,
        _value(field, reading) if state == "read" else None,
        state,
        _rule(field, given, vocabulary, of) if state != "blank" else None,
        reason.code if reason else None,
        reason.text if reason else _why(field, of) if state == "unknown" else None,
    )


def _declared_code(
    code: str,
    own: str | None,
    given: JsonValue,
    reading: Reading,
    reasons: Mapping[str | None, Reason],
) -> FieldView:
    reason = reasons.get("lead_code")
    is_known = "lead_code" in reading.understood
    return FieldView(
        "lead_code",
        own,
        given,
        code if is_known else None,
        "read" if is_known else "unknown",
        DECLARED,
        reason.code if reason else None,
        reason.text if reason else None,
    )


def _state(field: str, reading: Reading) -> State:
    if field in reading.odd:
        return "unknown"
    if not reading.texts.get(field):
        return "blank"
    return "read" if field in reading.understood else "unknown"


def _why(field: str, of: _Described) -> str:
    """Of a field that no reason of the lead is about: it stays unknown."""
    if reason := of.reading.odd.get(field):
        return reason.text
    return f"{field} {of.reading.why(field, of.affiliate)}"


def _value(field: str, reading: Reading) -> str:
    shown = BY_NAME[field].shown
    return shown(reading.values[field]) if shown else reading.texts[field]


def _rule(field: str, given: JsonValue, vocabulary: Mapping[str, str], of: _Described) -> str:
    row = BY_NAME[field]
    rule = row.rule + row.detail(of.reading.values, of.affiliate)
    plain, meant = (cells.meaning(given, words, row.is_whole) for words in ({}, vocabulary))
    if meant != plain:
        return IN_VOCABULARY if rule == TEXT else f"{IN_VOCABULARY}, then {rule}"
    return rule


def _answers(submission: Submission, affiliate: Affiliate) -> Iterator[FieldView]:
    record, judged = submission.raw.record, submission.judged
    mapped = affiliate.definition.mapping.answers
    answered = dict(questions.written_answers(record, affiliate))
    for symbol, given in answered.items():
        yield _answer(symbol, mapped.get(symbol, symbol), given, judged)
    for symbol, own in mapped.items():
        if symbol not in answered:
            yield FieldView(symbol, own, record.get(own), None, "blank", None)


def _answer(symbol: str, own: str, given: str, judged: Judged) -> FieldView:
    if (answer := judged.answers.get(symbol)) is not None:
        rule = ALLOWED if fold(answer) == fold(given) else ALIAS
        return FieldView(symbol, own, given, answer, "read", rule)
    for held in judged.held:
        if held.question == symbol:
            code = "smarter_answer_invalid"
            return FieldView(symbol, own, given, None, "unknown", ALLOWED, code, _nearest(held))
    for reason in judged.reported:
        if reason.field == symbol:
            return FieldView(symbol, own, given, None, "not_asked", None, reason.code, reason.text)
    return FieldView(symbol, own, given, None, "unknown", None, None, NOT_TOLD)


def _nearest(held: HeldAnswer) -> str:
    text = "the answer is neither allowed nor a known alias"
    near = ", ".join(repr(one.answer) for one in held.suggestions[:3])
    return f"{text}; nearest: {near}" if near else text
