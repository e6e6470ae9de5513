"""Where a lead is: in one of the allowed places, and in none of the excluded ones.

The other fields of a campaign that name places are looked at here as well: a place that there is
not is the same slip in each of them.
"""

from collections.abc import Iterable, Iterator, Set
from functools import cache

import pycountry

from services.routing.filters.rows import (
    CHANGE,
    LEAVE,
    Check,
    Confirmation,
    Order,
    Remedy,
    Requirement,
    Words,
    refusal,
    without_none,
)
from shared.contracts.campaigns import PlaceFilter, PutCampaign
from shared.loop.decision import Refused
from shared.matching.profiles import Terms

NAMING = ("places", "excluded_places", "follow_up")


def codes(places: Iterable[PlaceFilter]) -> frozenset[str]:
    return frozenset(code for place in places for code in place.subdivisions or [place.country])


def _requirements(order: Order) -> Iterator[Requirement]:
    definition = order.definition
    included, excluded = codes(definition.places), codes(definition.excluded_places)
    if included or excluded:
        criterion = Terms("filter.place", "place", included or None, excluded)
        yield definition.places_strictness, criterion


def _contradictions(command: PutCampaign) -> Iterator[Refused]:
    for field in NAMING:
        for place in getattr(command, field):
            if any(code[:2] != place.country for code in place.subdivisions or ()):
                text = "a subdivision lies in another country"
                yield refusal("places_contradict", field, text)
    for field, named in _named_places(command):
        if unknown := sorted(named - _all_codes()):
            text = f"there is no such place as {', '.join(unknown[:5])}"
            yield refusal("filter_value_unknown", field, text)
    allowed, excluded = codes(command.places), codes(command.excluded_places)
    both = {code for code in allowed if code in excluded or code[:2] in excluded}
    if both:
        text = f"{', '.join(sorted(both))} is both allowed and excluded"
        yield refusal("places_contradict", "excluded_places", text)
    if sum(command.shares.values()) > 100:
        yield refusal("shares_contradict", "shares", "the shares are more than 100 in all")


def _named_places(command: PutCampaign) -> Iterator[tuple[str, Set[str]]]:
    for field in NAMING:
        places = getattr(command, field)
        yield field, codes(places) | {place.country for place in places}
    yield "shares", set(command.shares)


@cache
def _all_codes() -> frozenset[str]:
    """Of ISO 3166: those that a lead can have."""
    countries = {each.alpha_2 for each in pycountry.countries}
    # Kosovo has no code in ISO 3166; everybody uses this one.
    return frozenset(countries | {"XK"} | {each.code for each in pycountry.subdivisions})


ATTRIBUTES = (
    Words(
        "place",
        lambda lead: frozenset(without_none(lead.place.country, lead.place.subdivision)),
        lambda _criterion, lead, _subject: lead.place.subdivision or lead.place.country,
    ),
)

CHECKS = (
    Check(
        "filter.place",
        ("places", "excluded_places", "places_strictness"),
        _requirements,
        Remedy(
            "the campaign does not want leads from there",
            "customer",
            f"{CHANGE}: its places; or {LEAVE}",
        ),
        _contradictions,
        Confirmation("places", "customer_success", lambda campaign: bool(campaign.places)),
    ),
)
