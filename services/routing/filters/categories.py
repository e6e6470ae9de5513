"""The lead's category: it has to be open, and to have been ordered.

An organic lead has several, and one and the same of them has to be both. Campaigns are divided by
category (`PARTITION`), and what a change of categories frees is looked for by category.
"""

from collections.abc import Iterator

from services.routing.filters.rows import (
    CHANGE,
    REUPLOAD,
    Check,
    Confirmation,
    Order,
    Remedy,
    Requirement,
    WordsByCategory,
    first,
)
from shared.contracts.campaigns import PutCampaign
from shared.contracts.intake import LeadAccepted
from shared.matching.profiles import Terms

PARTITION = "category"


def categories_of(lead: LeadAccepted) -> tuple[str, ...]:
    """An organic lead converted in several."""
    return lead.categories or (lead.category,)


def accepted_categories(campaign: PutCampaign) -> frozenset[str] | None:
    """Those that are open and were ordered; None is all."""
    ordered = frozenset(category.id for category in campaign.categories)
    if campaign.open_categories is None:
        return ordered or None
    opened = frozenset(campaign.open_categories)
    return opened & ordered if ordered else opened


def _open_categories(order: Order) -> Iterator[Requirement]:
    opened = order.definition.open_categories
    if opened is not None:
        yield "strict", Terms("category_closed", PARTITION, frozenset(opened))


def _ordered_categories(order: Order) -> Iterator[Requirement]:
    if order.definition.categories:
        ordered = frozenset(category.id for category in order.definition.categories)
        yield "strict", Terms("category_not_as_ordered", PARTITION, ordered)


ATTRIBUTES = (
    WordsByCategory(
        PARTITION,
        lambda _lead, category: frozenset([category]),
        lambda _criterion, _lead, subject: first(subject.terms[PARTITION]),
    ),
)

CHECKS = (
    Check(
        "category_closed",
        ("open_categories",),
        _open_categories,
        Remedy(
            "the campaign is not open to the lead's category now",
            "delivery",
            f"{CHANGE}: open the category",
        ),
        loosens="categories",
    ),
    Check(
        "category_not_as_ordered",
        ("categories",),
        _ordered_categories,
        Remedy(
            "the lead's category is not among those ordered",
            "project_manager",
            f"{CHANGE}: the order; or {REUPLOAD} with the right category",
        ),
        confirmation=Confirmation(
            "categories", "project_manager", lambda campaign: bool(campaign.categories)
        ),
        loosens="categories",
    ),
)
