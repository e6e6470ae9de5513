"""Reviews of off-target reports: what LinkedIn said at the booking beside what was ordered, ground
by ground (APT-07)."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from shared.contracts.appointments import Finding, Ground, Profile, Role
from shared.contracts.campaigns import (
    Choice,
    IndustryFilter,
    Interval,
    PlaceFilter,
    SizeFilter,
)
from shared.contracts.industries import parents
from shared.contracts.lead_fields import Place, Size
from shared.contracts.orders import Criteria


def findings(
    profile: Profile | None, criteria: Criteria, grounds: Iterable[Ground]
) -> Mapping[Ground, Finding]:
    """By ground, whether the person or the company lies outside of what was ordered."""
    return {ground: _finding(ground, profile, criteria) for ground in grounds}


def verdict(found: Mapping[Ground, Finding]) -> Literal["upheld", "rejected", "review"]:
    """One ground that holds is enough; where one of the others is unclear a person decides."""
    if "outside" in found.values():
        return "upheld"
    return "review" if "unclear" in found.values() else "rejected"


def _finding(ground: Ground, profile: Profile | None, criteria: Criteria) -> Finding:
    if profile is None:
        return "unclear"
    match ground:
        case "company_size":
            return _size(profile.company_size, criteria.company_size)
        case "sector":
            return _industry(profile.industry, criteria.industries)
        case "location":
            return _place(profile.places, criteria.places)
        case "seniority" | "function":
            return _role(ground, profile, criteria)


def _size(size: Size | None, wanted: SizeFilter | None) -> Finding:
    if wanted is None:
        return "inside"
    if size is None:
        return "unclear"
    top = math.inf if size.max is None else size.max
    for first, last in _merge(wanted.intervals):
        if first <= size.min and top <= last:
            return "inside"
        if first <= top and size.min <= last:
            return "unclear"
    return "outside"


def _merge(intervals: Iterable[Interval]) -> Iterator[tuple[int, int | float]]:
    """1 to 10 and 11 to 50 are 1 to 50."""
    ends = sorted((each.min, math.inf if each.max is None else each.max) for each in intervals)
    first, last = ends[0]
    for start, end in ends[1:]:
        if start > last + 1:
            yield first, last
            first = start
        last = max(last, end) if start <= last + 1 else end
    yield first, last


def _industry(industry: str | None, wanted: IndustryFilter | None) -> Finding:
    if wanted is None:
        return "inside"
    if industry is None:
        return "unclear"
    return _choice({industry, *parents(industry)}, wanted)


def _choice(has: set[str], wanted: Choice | IndustryFilter) -> Finding:
    if has & {*wanted.excluded} or (wanted.allowed and not has & {*wanted.allowed}):
        return "outside"
    return "inside"


def _place(places: Iterable[Place], wanted: Iterable[PlaceFilter]) -> Finding:
    """No office in any wanted place."""
    wanted, places = tuple(wanted), tuple(places)
    if not wanted:
        return "inside"
    if not places:
        return "unclear"
    found = {_in_place(place, each) for place in places for each in wanted}
    return next(each for each in ("inside", "unclear", "outside") if each in found)


def _in_place(place: Place, wanted: PlaceFilter) -> Finding:
    if place.country is None:
        return "unclear"
    if place.country != wanted.country:
        return "outside"
    if wanted.subdivisions is None:
        return "inside"
    if place.subdivision is None:
        return "unclear"
    return "inside" if place.subdivision in wanted.subdivisions else "outside"


def _role(
    ground: Literal["seniority", "function"], profile: Profile, criteria: Criteria
) -> Finding:
    """Company-wide, nobody there may hold such a position; without a roster a person decides."""
    wanted = criteria.seniorities if ground == "seniority" else criteria.functions
    if wanted is None:
        return "inside"
    if criteria.role_grounds == "contact":
        return _of_roles(ground, [profile.contact], wanted)
    return _of_roles(ground, profile.roster, wanted) if profile.roster else "unclear"


def _of_roles(
    ground: Literal["seniority", "function"], roles: Iterable[Role], wanted: Choice
) -> Finding:
    held = [role.seniority if ground == "seniority" else role.function for role in roles]
    found = {_choice({each}, wanted) for each in held if each is not None}
    if "inside" in found:
        return "inside"
    return "outside" if found and None not in held else "unclear"
