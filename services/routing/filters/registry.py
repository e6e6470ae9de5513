"""All that a campaign's definition may have against a lead, in the order in which it is told
(RTE-09): the one list of filters. Matching, explaining, validating, the checklist, remedies and
what a change frees all go over it.
"""

from collections.abc import Iterator, Mapping

from services.routing.filters import (
    answers,
    categories,
    choices,
    lists,
    numbers,
    places,
    routes,
)
from services.routing.filters.rows import UNIT, Attribute, Check, Order, Requirement
from shared.contracts.campaigns import PutCampaign
from shared.loop.decision import Refused

CHECKS: tuple[Check, ...] = (
    *routes.CHECKS,
    *places.CHECKS,
    *numbers.CHECKS,
    *choices.FILTERS,
    *categories.CHECKS,
    *answers.CHECKS,
    choices.SUPPRESSED_TITLES,
    *lists.CHECKS,
)

ATTRIBUTES: tuple[Attribute, ...] = (
    *routes.ATTRIBUTES,
    *places.ATTRIBUTES,
    *numbers.ATTRIBUTES,
    *choices.ATTRIBUTES,
    *categories.ATTRIBUTES,
    *answers.ATTRIBUTES,
    *lists.ATTRIBUTES,
)

_BY_NAME: Mapping[str, Attribute] = {each.name: each for each in ATTRIBUTES}


def attribute_of(name: str) -> Attribute:
    """By its name in a criterion, where the unit of a number may follow."""
    return _BY_NAME[name.partition(UNIT)[0]]


def requirements(order: Order) -> Iterator[Requirement]:
    for check in CHECKS:
        yield from check.requirements(order)


def contradictions(definition: PutCampaign) -> Iterator[Refused]:
    for check in CHECKS:
        yield from check.contradictions(definition)


def loosening(what: str) -> tuple[str, ...]:
    """The fields whose change opens a campaign as a whole, or its categories (RTE-14)."""
    fields = (field for check in CHECKS if check.loosens == what for field in check.fields)
    return tuple(dict.fromkeys(fields))
