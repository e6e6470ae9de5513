"""What is chosen by allowed and excluded values: industry, seniority, function, and the title.

What is suppressed of titles stands here too, since it looks at the same: a campaign has its own, or
else the policy's.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from services.routing.filters.rows import (
    CHANGE,
    LEAVE,
    REUPLOAD,
    Check,
    Confirmation,
    Order,
    Remedy,
    Requirement,
    Words,
    refusal,
    without_none,
)
from services.routing.filters.words import PHRASE_WORDS_MAX, phrase, phrases
from shared.contracts.campaigns import Choice, IndustryFilter, PutCampaign, SuppressedTitles
from shared.contracts.industries import is_industry, parents
from shared.contracts.intake import LeadAccepted
from shared.contracts.lead_fields import FUNCTIONS, SENIORITIES
from shared.folding import words
from shared.loop.decision import Refused
from shared.matching.profiles import Terms


def _nothing_above(_value: str) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter by the values of one attribute."""

    field: str
    attribute: str
    is_known: Callable[[str], bool]
    as_term: Callable[[str], str] = str
    above: Callable[[str], Iterable[str]] = _nothing_above
    """What stands for a value besides itself."""

    def of(self, definition: PutCampaign) -> Choice | IndustryFilter | None:
        """A choice of nothing is none."""
        choice: Choice | IndustryFilter | None = getattr(definition, self.field)
        return choice if choice and (choice.allowed or choice.excluded) else None

    def is_set(self, definition: PutCampaign) -> bool:
        return self.of(definition) is not None

    def requirements(self, order: Order) -> Iterator[Requirement]:
        if choice := self.of(order.definition):
            included = frozenset(map(self.as_term, choice.allowed))
            excluded = frozenset(map(self.as_term, choice.excluded))
            check = f"filter.{self.attribute}"
            yield choice.strictness, Terms(check, self.attribute, included or None, excluded)

    def contradictions(self, definition: PutCampaign) -> Iterator[Refused]:
        choice = self.of(definition)
        if choice is None:
            return
        allowed = {*map(self.as_term, choice.allowed)}
        excluded = {*map(self.as_term, choice.excluded)}
        both = allowed & excluded | {
            one for one in allowed if not excluded.isdisjoint(self.above(one))
        }
        if both:
            text = f"{', '.join(sorted(both)[:5])} is both allowed and excluded"
            yield refusal("filter_contradicts", self.field, text)
        yield from _unknown(self.field, self.is_known, [*choice.allowed, *choice.excluded])


INDUSTRIES = Chosen("industries", "industry", is_industry, above=parents)
SENIORITY = Chosen("seniorities", "seniority", SENIORITIES.__contains__)
FUNCTION = Chosen("functions", "function", FUNCTIONS.__contains__)
TITLES = Chosen("titles", "title", bool, as_term=phrase)


def _unknown(
    field: str, is_known: Callable[[str], bool], values: Iterable[str]
) -> Iterator[Refused]:
    """What no lead can ever have is a slip of the pen."""
    if wrong := [value for value in values if not is_known(value)]:
        text = f"there is no such value as {', '.join(wrong[:5])}"
        yield refusal("filter_value_unknown", field, text)


def _not_phrases(field: str, phrases: Iterable[str]) -> Iterator[Refused]:
    for each in phrases:
        if not 0 < len(words(each)) <= PHRASE_WORDS_MAX:
            text = f"a phrase has one to {PHRASE_WORDS_MAX} words"
            yield refusal("phrase_invalid", field, text)


def _titles_contradict(definition: PutCampaign) -> Iterator[Refused]:
    yield from TITLES.contradictions(definition)
    if choice := TITLES.of(definition):
        yield from _not_phrases("titles", [*choice.allowed, *choice.excluded])


def suppressing(titles: SuppressedTitles) -> Iterator[Requirement]:
    """That a title is none of these."""
    if titles.phrases:
        excluded = frozenset(map(phrase, titles.phrases))
        yield "strict", Terms("title_suppressed", "title", excluded=excluded)
    if titles.functions:
        excluded = frozenset(titles.functions)
        yield "strict", Terms("title_suppressed", "function", excluded=excluded)


def _suppressed_titles(order: Order) -> Iterator[Requirement]:
    return suppressing(order.definition.suppressed_titles or order.suppressed_titles)


def suppressed_contradict(titles: SuppressedTitles) -> Iterator[Refused]:
    yield from _not_phrases("suppressed_titles.phrases", titles.phrases)
    yield from _unknown("suppressed_titles.functions", FUNCTION.is_known, titles.functions)


def _own_suppressed_contradict(definition: PutCampaign) -> Iterator[Refused]:
    if definition.suppressed_titles:
        yield from suppressed_contradict(definition.suppressed_titles)


def _industries(lead: LeadAccepted) -> frozenset[str]:
    return frozenset(lead.company.industries or without_none(lead.company.industry))


ATTRIBUTES = (
    Words("industry", _industries, lambda _criterion, lead, _subject: lead.company.industry),
    Words(
        "seniority",
        lambda lead: frozenset(without_none(lead.title_class.seniority)),
        lambda _criterion, lead, _subject: lead.title_class.seniority,
    ),
    Words(
        "function",
        lambda lead: frozenset(without_none(lead.title_class.function)),
        lambda _criterion, lead, _subject: lead.title_class.function,
    ),
    # A title is personal, and checks that failed are told in events.
    Words(
        "title",
        lambda lead: phrases(lead.person.job_title or ""),
        lambda _criterion, _lead, _subject: None,
    ),
)

FILTERS = (
    Check(
        "filter.industry",
        ("industries",),
        INDUSTRIES.requirements,
        Remedy(
            "the company's industry is not wanted, or not known",
            "customer",
            f"{CHANGE}: its industries; or {REUPLOAD} with the industry",
        ),
        INDUSTRIES.contradictions,
        Confirmation("industries", "customer_success", INDUSTRIES.is_set),
    ),
    Check(
        "filter.seniority",
        ("seniorities",),
        SENIORITY.requirements,
        Remedy(
            "the person's seniority is not wanted, or not known",
            "customer",
            f"{CHANGE}: its seniorities; or {LEAVE}",
        ),
        SENIORITY.contradictions,
    ),
    Check(
        "filter.function",
        ("functions",),
        FUNCTION.requirements,
        Remedy(
            "the person's function is not wanted, or not known",
            "customer",
            f"{CHANGE}: its functions; or {LEAVE}",
        ),
        FUNCTION.contradictions,
    ),
    Check(
        "filter.title",
        ("titles",),
        TITLES.requirements,
        Remedy(
            "the person's job title has none of the wanted phrases, or an excluded one",
            "customer",
            f"{CHANGE}: its titles; or {LEAVE}",
        ),
        _titles_contradict,
        Confirmation("titles", "customer_success", TITLES.is_set),
    ),
)

SUPPRESSED_TITLES = Check(
    "title_suppressed",
    ("suppressed_titles",),
    _suppressed_titles,
    Remedy(
        "the person's title or function is suppressed",
        "delivery",
        "send it by hand, or change what is suppressed",
    ),
    _own_suppressed_contradict,
)
