"""What a campaign wants and what a lead is, in the words of `shared.matching`.

The criteria stand in the order in which failing ones are told (RTE-09). What is preferred is kept
apart: it never refuses, it ranks (RTE-03).
"""

from services.routing.filters import registry
from services.routing.filters.categories import categories_of
from services.routing.filters.choices import suppressing
from services.routing.filters.registry import ATTRIBUTES
from services.routing.filters.rows import Number, Order, Words, WordsByCategory
from services.routing.orders.campaigns import Campaign
from services.routing.orders.policy import Rules
from shared.contracts.campaigns import Strictness, SuppressedTitles
from shared.contracts.intake import LeadAccepted
from shared.matching.profiles import Profile, Subject

WORDS = tuple(each for each in ATTRIBUTES if isinstance(each, Words))
BY_CATEGORY = tuple(each for each in ATTRIBUTES if isinstance(each, WordsByCategory))
NUMBERS = tuple(each for each in ATTRIBUTES if isinstance(each, Number))


def subjects(lead: LeadAccepted) -> dict[str, Subject]:
    """By category, since one and the same has to be open and ordered."""
    shared = {each.name: each.of(lead) for each in WORDS}
    spans = {name: span for each in NUMBERS for name, span in each.of(lead).items()}
    return {
        category: Subject(
            shared | {each.name: each.of(lead, category) for each in BY_CATEGORY}, spans
        )
        for category in categories_of(lead)
    }


def profile(campaign: Campaign, rules: Rules) -> Profile:
    """What must hold."""
    return _profile(campaign, rules, "strict")


def preferences(campaign: Campaign, rules: Rules) -> Profile:
    """What only ranks."""
    return _profile(campaign, rules, "preferred")


def title_profile(titles: SuppressedTitles) -> Profile:
    """Only that a title is none of these."""
    return Profile("", tuple(requirement for _, requirement in suppressing(titles)))


def _profile(campaign: Campaign, rules: Rules, strictness: Strictness) -> Profile:
    order = Order(campaign.definition, campaign.tenant, rules.suppressed_titles)
    found = registry.requirements(order)
    return Profile(campaign.id, tuple(criterion for how, criterion in found if how == strictness))
