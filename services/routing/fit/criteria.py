"""What a campaign wants and what a lead is, in the words of `shared.matching`.

The criteria stand in the order in which failing ones are told (RTE-09). What is preferred is kept
apart: it never refuses, it ranks (RTE-03).
"""

from collections.abc import Iterable, Iterator, Sequence

from services.routing.orders.campaigns import Campaign
from services.routing.orders.policy import Rules
from services.routing.orders.words import phrase, phrases
from shared.companies.domains import domains_of
from shared.companies.terms import terms_of_lead
from shared.contracts.campaigns import (
    Choice,
    IndustryFilter,
    ListUse,
    PlaceFilter,
    PutCampaign,
    SizeFilter,
    Strictness,
    SuppressedTitles,
)
from shared.contracts.intake import LeadAccepted
from shared.matching.profiles import Criterion, Listed, Profile, Span, Subject, Terms, Within

ORGANIC = "organic"
PARTITION = "category"
SMARTER_FAULTS = (
    "smarter_missing",
    "smarter_unknown_symbol",
    "smarter_question_not_in_category",
    "smarter_answer_invalid",
)

Requirement = tuple[Strictness, Criterion]


def route_of(lead: LeadAccepted) -> str:
    """By what a lead finds its campaigns: its lead code, or that it is organic (RTE-09)."""
    return ORGANIC if lead.source == "organic" else f"code:{lead.lead_code}"


def routes(campaign: PutCampaign) -> frozenset[str]:
    organic = [ORGANIC] if campaign.organic else []
    return frozenset([*organic, *(f"code:{code}" for code in campaign.lead_codes)])


def categories_of(lead: LeadAccepted) -> tuple[str, ...]:
    """An organic lead converted in several."""
    return lead.categories or (lead.category,)


def companies_of(lead: LeadAccepted) -> frozenset[str]:
    """What a list may hold of the lead's company."""
    company = lead.company
    return terms_of_lead(company.name, company.domain, lead.person.email, lead.place.country)


def company_domains(lead: LeadAccepted) -> tuple[str, ...]:
    """By what leads of one company are counted."""
    return domains_of(lead.company.domain, lead.person.email)


def subjects(lead: LeadAccepted) -> dict[str, Subject]:
    """By category, since one and the same has to be open and ordered."""
    shared = _terms(lead)
    size = lead.company.size
    spans = {"company_size": Span(size.min, size.max)} if size else {}
    return {
        category: Subject(
            shared
            | {"category": frozenset([category])}
            | {"smarter": frozenset(_smarter_faults(lead, category))},
            spans,
        )
        for category in categories_of(lead)
    }


def _terms(lead: LeadAccepted) -> dict[str, frozenset[str]]:
    industries = lead.company.industries or _known(lead.company.industry)
    return {
        "route": frozenset([route_of(lead)]),
        "place": frozenset(_known(lead.place.country, lead.place.subdivision)),
        "industry": frozenset(industries),
        "seniority": frozenset(_known(lead.title_class.seniority)),
        "function": frozenset(_known(lead.title_class.function)),
        "title": phrases(lead.person.job_title or ""),
        "company": companies_of(lead),
        "answer": frozenset(answer_term(*each) for each in lead.answers.items()),
    }


def answer_term(symbol: str, answer: str) -> str:
    """All questions are one attribute: each attribute is a column that every lead pays for."""
    return f"{symbol}={answer.casefold()}"


def _known(*values: str | None) -> list[str]:
    return [value for value in values if value is not None]


def _smarter_faults(lead: LeadAccepted, category: str) -> Iterator[str]:
    if any(opened.category == category for opened in lead.unanswered):
        yield "smarter_missing"
    yield from {reason.code for reason in lead.reported}


def profile(campaign: Campaign, rules: Rules) -> Profile:
    """What must hold."""
    return _profile(campaign, rules, "strict")


def preferences(campaign: Campaign, rules: Rules) -> Profile:
    """What only ranks."""
    return _profile(campaign, rules, "preferred")


def title_profile(titles: SuppressedTitles) -> Profile:
    """Only that a title is none of these."""
    return Profile("", tuple(requirement for _, requirement in _suppressed_titles(titles)))


def _profile(campaign: Campaign, rules: Rules, strictness: Strictness) -> Profile:
    requirements = _requirements(campaign.definition, rules, campaign.tenant)
    return Profile(
        campaign.id, tuple(requirement for how, requirement in requirements if how == strictness)
    )


def _requirements(definition: PutCampaign, rules: Rules, tenant: str) -> Iterator[Requirement]:
    yield "strict", Terms("lead_code_other", "route", routes(definition))
    yield from _filters(definition)
    yield from _categories(definition)
    yield from _smarter(definition)
    yield from _suppressed_titles(definition.suppressed_titles or rules.suppressed_titles)
    yield from _lists("company_suppressed", definition.suppressed, tenant, expected=False)
    yield from _lists("domain_not_approved", definition.approved, tenant, expected=True)


def _filters(definition: PutCampaign) -> Iterator[Requirement]:
    yield from _places(definition)
    if definition.company_size:
        yield definition.company_size.strictness, _size(definition.company_size)
    yield from _choice("filter.industry", "industry", definition.industries)
    yield from _choice("filter.seniority", "seniority", definition.seniorities)
    yield from _choice("filter.function", "function", definition.functions)
    yield from _choice("filter.title", "title", definition.titles)


def _places(definition: PutCampaign) -> Iterator[Requirement]:
    included, excluded = _codes(definition.places), _codes(definition.excluded_places)
    if included or excluded:
        yield (
            definition.places_strictness,
            Terms("filter.place", "place", included or None, excluded),
        )


def _codes(places: Iterable[PlaceFilter]) -> frozenset[str]:
    return frozenset(code for place in places for code in place.subdivisions or [place.country])


def _size(definition: SizeFilter) -> Within:
    spans = tuple(Span(interval.min, interval.max) for interval in definition.intervals)
    return Within("filter.company_size", "company_size", spans, definition.unknown == "accept")


def _choice(
    check: str, attribute: str, choice: Choice | IndustryFilter | None
) -> Iterator[Requirement]:
    if choice is not None and (choice.allowed or choice.excluded):
        as_term = phrase if attribute == "title" else str
        included = frozenset(map(as_term, choice.allowed))
        excluded = frozenset(map(as_term, choice.excluded))
        yield choice.strictness, Terms(check, attribute, included or None, excluded)


def _categories(definition: PutCampaign) -> Iterator[Requirement]:
    if definition.open_categories is not None:
        yield "strict", Terms("category_closed", "category", frozenset(definition.open_categories))
    if definition.categories:
        ordered = frozenset(category.id for category in definition.categories)
        yield "strict", Terms("category_not_as_ordered", "category", ordered)


def _smarter(definition: PutCampaign) -> Iterator[Requirement]:
    if definition.smarter is None:
        return
    for fault in SMARTER_FAULTS:
        yield "strict", Terms(fault, "smarter", excluded=frozenset([fault]))
    for symbol, answers in definition.smarter.allowed.items():
        folded = frozenset(answer_term(symbol, answer) for answer in answers)
        yield "strict", Terms("smarter_answer_not_wanted", "answer", folded)


def _suppressed_titles(titles: SuppressedTitles) -> Iterator[Requirement]:
    if titles.phrases:
        excluded = frozenset(map(phrase, titles.phrases))
        yield "strict", Terms("title_suppressed", "title", excluded=excluded)
    if titles.functions:
        excluded = frozenset(titles.functions)
        yield "strict", Terms("title_suppressed", "function", excluded=excluded)


def _lists(
    check: str, uses: Sequence[ListUse], tenant: str, *, expected: bool
) -> Iterator[Requirement]:
    """Several lists of one kind are one list."""
    for strictness in ("strict", "preferred"):
        names = tuple(f"{tenant}/{use.list}" for use in uses if use.strictness == strictness)
        if names:
            yield strictness, Listed(check, "company", names, expected)


def accepted_categories(campaign: PutCampaign) -> frozenset[str] | None:
    """Those that are open and were ordered; None is all."""
    ordered = frozenset(category.id for category in campaign.categories)
    if campaign.open_categories is None:
        return ordered or None
    opened = frozenset(campaign.open_categories)
    return opened & ordered if ordered else opened
