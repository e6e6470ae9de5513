"""The catalogue of questions, and what an answer is worth (INT-06, INT-07, INT-09).

It fails closed: an answer passes if it equals an allowed one or a recorded alias, and in no other
way. What comes close is only suggested, for a person to choose.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import JsonValue
from pydantic_core import to_json
from rapidfuzz import fuzz, process

from services.intake.catalogue.affiliates import Affiliate
from services.intake.reading.cells import text
from shared import definitions
from shared.contracts.intake import QuestionChanged
from shared.contracts.questions import AddAlias, PutQuestion
from shared.contracts.values import HeldAnswer, Reason, Suggestion
from shared.folding import one_line, without_entities
from shared.loop.decision import Context, Decision, Publish, Refused
from shared.loop.working_set import ById, ref_by_name
from shared.wording import quantity

NEAR_SCORE = 85
"""At least so alike, and the difference is taken for one of spelling."""
SUGGESTIONS_MAX = 5
SYMBOL_START = "q_"
"""Fields of a record that are answers by their name, whether anybody mapped them or not."""

SYMBOL_LENGTH_MAX = 100
ANSWER_LENGTH_MAX = 2000
QUOTED_MAX = 200
TOLD_MAX = 50
"""So many answers of a record are told one by one; a record is not to fill an event."""

Find = Callable[[str], "Question | None"]


def fold(value: str) -> str:
    """Every sign counts, so that C, C++ and C# are three answers; &amp; is one."""
    return " ".join(without_entities(value).casefold().split())


@dataclass(frozen=True, slots=True)
class Alias:
    given: str
    answer: str
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class Question:
    """`number` counts the versions: every change of answers, categories or aliases is one."""

    id: str
    version: int
    tenant: str
    number: int
    definition: PutQuestion
    aliases: tuple[Alias, ...]
    changed_at: datetime
    changed_by: str
    passing: Mapping[str, str] = field(init=False, compare=False, repr=False)
    """By folded text, the allowed answer that is meant."""

    def __post_init__(self) -> None:
        aliases = {fold(alias.given): alias.answer for alias in self.aliases}
        allowed = {fold(answer): answer for answer in self.definition.answers}
        object.__setattr__(self, "passing", aliases | allowed)


class QuestionIndex(ById[Question]):
    """All questions in memory, found by id, and by the category that asks them."""

    def __init__(self) -> None:
        super().__init__()
        self._by_category: dict[tuple[str, str], set[str]] = {}

    def apply(self, changed: Sequence[Question]) -> None:
        for question in changed:
            before = self.get(question.id)
            for category in before.definition.categories if before else ():
                self._by_category[question.tenant, category].discard(question.definition.id)
            for category in question.definition.categories:
                symbols = self._by_category.setdefault((question.tenant, category), set())
                symbols.add(question.definition.id)
        super().apply(changed)

    def symbols_in(self, tenant: str, category: str) -> Set[str]:
        """The symbols of the questions that are assigned to the category."""
        return self._by_category.get((tenant, category), set())


@dataclass(frozen=True, slots=True)
class Judged:
    """A record's answers: those that pass, as allowed; those that do not; those nobody asked."""

    answers: Mapping[str, str] = field(default_factory=dict)
    held: tuple[HeldAnswer, ...] = ()
    reported: tuple[Reason, ...] = ()


def judge(
    record: Mapping[str, JsonValue], affiliate: Affiliate, categories: Collection[str], find: Find
) -> Judged:
    """`find` knows the questions of the lead's tenant by symbol."""
    answers: dict[str, str] = {}
    held: list[HeldAnswer] = []
    reported: list[Reason] = []
    for symbol, given in written_answers(record, affiliate):
        question = find(symbol)
        if question is None:
            reported.append(_unknown(symbol))
        elif not set(categories) & set(question.definition.categories):
            reported.append(_not_in_category(symbol))
        elif (answer := question.passing.get(fold(given))) is not None:
            answers[symbol] = answer
        else:
            held.append(HeldAnswer(symbol, given, suggestions(given, question)))
    return Judged(answers, tuple(held[:TOLD_MAX]), _limit_reasons(reported))


def _limit_reasons(reported: Sequence[Reason]) -> tuple[Reason, ...]:
    more = len(reported) - TOLD_MAX
    if more <= 0:
        return tuple(reported)
    rest = Reason("smarter_unknown_symbol", f"and {quantity(more, 'answer')} more")
    return (*reported[:TOLD_MAX], rest)


def written_answers(
    record: Mapping[str, JsonValue], affiliate: Affiliate
) -> Iterable[tuple[str, str]]:
    """By symbol what was answered; blank is no answer."""
    mapped = affiliate.definition.mapping.answers
    known = affiliate.own_fields | mapped.keys()
    for symbol, own in mapped.items():
        if answer := answer_text(record.get(own)):
            yield symbol, answer
    for own, value in record.items():
        is_answer = own.startswith(SYMBOL_START) and own not in known
        if is_answer and (answer := answer_text(value)):
            yield own[:SYMBOL_LENGTH_MAX], answer


def answer_text(value: JsonValue) -> str:
    """Blank is no answer; true and false are answers. What is no text, or too long for one, is an
    answer all the same: lists and objects as JSON, so that they can be aliases and nothing else."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _bounded_text(one_line(value))
    if isinstance(value, int | float) and not isinstance(value, bool) and (number := text(value)):
        return number
    return _bounded_text(to_json(value).decode(errors="replace"))


def _bounded_text(value: str) -> str:
    """What is cut equals no allowed answer."""
    return value if len(value) <= ANSWER_LENGTH_MAX else f"{value[:QUOTED_MAX]} …"


def _unknown(symbol: str) -> Reason:
    return Reason("smarter_unknown_symbol", "no question has this symbol", symbol)


def _not_in_category(symbol: str) -> Reason:
    text = "the question is not assigned to the lead's category"
    return Reason("smarter_question_not_in_category", text, symbol)


def allowed_by(question: Question) -> str:
    """So that whoever gave another answer can choose; no longer than a text bears."""
    allowed = " | ".join(question.definition.answers)
    shown = allowed if len(allowed) <= QUOTED_MAX else f"{allowed[:QUOTED_MAX]} …"
    return f"{question.definition.id} allows: {shown}"


def suggestions(given: str, question: Question) -> tuple[Suggestion, ...]:
    """The allowed answers, the most alike first."""
    ranked = process.extract(
        fold(given),
        {answer: fold(answer) for answer in question.definition.answers},
        scorer=fuzz.ratio,
        limit=SUGGESTIONS_MAX,
    )
    return tuple(
        Suggestion(answer, round(score), score >= NEAR_SCORE) for _, score, answer in ranked
    )


def put(command: PutQuestion, before: Question | None, context: Context) -> Decision:
    """A changed question may free what was held for it."""
    if refused := _contradictions(command):
        return Decision(answer=refused)
    now, actor = context.now, context.cause.actor
    added = [Alias(given, answer, now, actor) for given, answer in command.aliases.items()]
    aliases = _merge_aliases(before.aliases if before else (), added, command.answers)
    if before is not None:
        return _put(before, replace(before, definition=command, aliases=aliases), context)
    ref = ref_by_name(Question, context.tenant, command.id)
    new = Question(ref.id, 0, context.tenant, 1, command, aliases, now, actor)
    return _put(None, new, context)


def _merge_aliases(
    known: Iterable[Alias], added: Iterable[Alias], answers: Sequence[str]
) -> tuple[Alias, ...]:
    """An alias that is there already keeps who added it and when."""
    merged = {fold(alias.given): alias for alias in known}
    for alias in added:
        before = merged.get(fold(alias.given))
        if before is None or before.answer != alias.answer:
            merged[fold(alias.given)] = alias
    return tuple(alias for alias in merged.values() if alias.answer in answers)


def _has_twice(texts: Collection[str]) -> bool:
    return len({fold(one) for one in texts}) < len(texts)


def _contradictions(command: PutQuestion) -> Refused | None:
    if not command.answers:
        return Refused("answers_missing", "a question needs at least one allowed answer")
    if _has_twice(command.answers) or _has_twice(command.aliases):
        text = "two allowed answers, or two aliases, differ in case or blanks only"
        return Refused("answer_twice", text)
    if not set(command.aliases.values()) <= set(command.answers):
        return Refused("answer_not_allowed", "an alias stands for an answer that is not allowed")
    return None


def add_alias(command: AddAlias, before: Question | None, context: Context) -> Decision:
    """INT-07: frees the batch that is held for this answer, and all later uploads."""
    if before is None:
        return Decision(answer=Refused.unknown("question", command.question))
    if command.answer not in before.definition.answers:
        text = f"the question allows no such answer; {allowed_by(before)}"
        return _refuse("answer_not_allowed", text)
    meant = before.passing.get(fold(command.given))
    if meant == command.answer:
        return _put(before, before, context)
    if meant is not None and fold(command.given) in map(fold, before.definition.answers):
        return _refuse("answer_allowed", "what is given is an allowed answer itself")
    alias = Alias(command.given, command.answer, context.now, context.cause.actor)
    aliases = _merge_aliases(before.aliases, [alias], before.definition.answers)
    return _put(before, replace(before, aliases=aliases), context)


def _refuse(code: str, text: str) -> Decision:
    return Decision(answer=Refused(code, text))


def _put(before: Question | None, proposed: Question, context: Context) -> Decision:
    made = definitions.put(before, proposed, context)
    question, name = made.entity, made.entity.definition.id
    aliases = {alias.given: alias.answer for alias in question.aliases}
    kept = definitions.version_of("question", question, question.definition, aliases)
    return made.decision(keep=[kept], publish=[Publish(QuestionChanged(question=name), name)])
