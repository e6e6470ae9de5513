"""What can't hold of a campaign: it is refused with the field and the reason, and the version
before stays in force."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pycountry

from services.routing.orders.campaigns import Campaign
from services.routing.orders.capacity import Capacity, periods_of
from services.routing.orders.policy import Rules
from services.routing.orders.words import PHRASE_WORDS_MAX, phrase
from shared.contracts.campaigns import (
    Choice,
    IndustryFilter,
    PlaceFilter,
    PutCampaign,
    SuppressedTitles,
    WebhookMode,
)
from shared.contracts.endpoint_url import fault_of
from shared.contracts.industries import is_industry, parents
from shared.contracts.lists import PutRules
from shared.contracts.values import FUNCTIONS, SENIORITIES
from shared.folding import words
from shared.loop.decision import Refused

KNOWN: Mapping[str, Callable[[str], bool]] = {
    "industries": is_industry,
    "seniorities": SENIORITIES.__contains__,
    "functions": FUNCTIONS.__contains__,
    "titles": bool,
}


def violations(
    command: PutCampaign,
    before: Campaign | None,
    capacity: Capacity | None,
    rules: Rules,
    now: datetime,
) -> Iterator[Refused]:
    """All of them, the most basic first."""
    if before and before.definition.customer != command.customer:
        yield _refused("customer_changed", "customer", "a campaign stays its customer's")
    yield from _dates(command)
    yield from _zone(command)
    yield from _categories(command, rules)
    yield from _places(command)
    yield from _sizes(command)
    yield from _choices(command)
    yield from _lists(command)
    yield from _caps(command, before, capacity, now)
    yield from _address(command)


def all_at_once(found: Iterable[Refused]) -> Refused | None:
    """The most basic one, with what else there is: whoever mends it need not ask again for each."""
    refused = list(found)
    if not refused:
        return None
    faults = [{"code": one.code, **one.details, "text": one.text} for one in refused]
    text = "; ".join(dict.fromkeys(one.text for one in refused))
    details = {"faults": faults} if len(faults) > 1 else {}
    return Refused(refused[0].code, text, {**refused[0].details, **details})


def of_rules(command: PutRules) -> Iterator[Refused]:
    yield from _suppressed_titles(command.suppressed_titles)


def _refused(code: str, field: str, text: str) -> Refused:
    return Refused(code, f"{field}: {text}", {"field": field})


def _dates(command: PutCampaign) -> Iterator[Refused]:
    first, last = command.active.first, command.active.last
    if first and last and first > last:
        text = "the campaign would end before it starts"
        yield _refused("dates_contradict", "active.to", text)


def _zone(command: PutCampaign) -> Iterator[Refused]:
    try:
        ZoneInfo(command.time_zone)
    except (KeyError, ValueError, OSError):
        yield _refused("time_zone_unknown", "time_zone", "the time zone is not an IANA name")


def _categories(command: PutCampaign, rules: Rules) -> Iterator[Refused]:
    ordered = [category.id for category in command.categories]
    if len(set(ordered)) < len(ordered):
        yield _refused("category_twice", "categories", "a category is ordered twice")
    if not rules.categories:
        return
    known = set(rules.categories)
    for field, named in (("categories", ordered), ("open_categories", command.open_categories)):
        if unknown := [name for name in named or () if name not in known]:
            text = f"there is no category {', '.join(unknown[:5])}"
            yield _refused("category_unknown", field, text)


def _places(command: PutCampaign) -> Iterator[Refused]:
    for field in ("places", "excluded_places", "follow_up"):
        for place in getattr(command, field):
            if any(code[:2] != place.country for code in place.subdivisions or ()):
                text = "a subdivision lies in another country"
                yield _refused("places_contradict", field, text)
    for field, codes in _named_places(command):
        if unknown := sorted(codes - _place_codes()):
            text = f"there is no such place as {', '.join(unknown[:5])}"
            yield _refused("filter_value_unknown", field, text)
    allowed, excluded = _codes(command.places), _codes(command.excluded_places)
    both = {code for code in allowed if code in excluded or code[:2] in excluded}
    if both:
        text = f"{', '.join(sorted(both))} is both allowed and excluded"
        yield _refused("places_contradict", "excluded_places", text)
    if sum(command.shares.values()) > 100:
        yield _refused("shares_contradict", "shares", "the shares are more than 100 in all")


def _named_places(command: PutCampaign) -> Iterator[tuple[str, set[str]]]:
    for field in ("places", "excluded_places", "follow_up"):
        places = getattr(command, field)
        yield field, _codes(places) | {place.country for place in places}
    yield "shares", set(command.shares)


@cache
def _place_codes() -> frozenset[str]:
    """Of ISO 3166: those that a lead can have."""
    countries = {each.alpha_2 for each in pycountry.countries}
    # Kosovo has no code in ISO 3166; everybody uses this one.
    return frozenset(countries | {"XK"} | {each.code for each in pycountry.subdivisions})


def _codes(places: Iterable[PlaceFilter]) -> set[str]:
    return {code for place in places for code in place.subdivisions or (place.country,)}


def _sizes(command: PutCampaign) -> Iterator[Refused]:
    for interval in command.company_size.intervals if command.company_size else ():
        if interval.max is not None and interval.max < interval.min:
            text = f"{interval.min} to {interval.max} is no interval"
            yield _refused("sizes_contradict", "company_size.intervals", text)


def _choices(command: PutCampaign) -> Iterator[Refused]:
    for field in ("industries", "seniorities", "functions", "titles"):
        choice: Choice | IndustryFilter | None = getattr(command, field)
        if choice is None:
            continue
        as_term = phrase if field == "titles" else str
        allowed, excluded = {*map(as_term, choice.allowed)}, {*map(as_term, choice.excluded)}
        both = allowed & excluded
        if field == "industries":
            both |= {one for one in allowed if not excluded.isdisjoint(parents(one))}
        if both:
            text = f"{', '.join(sorted(both)[:5])} is both allowed and excluded"
            yield _refused("filter_contradicts", field, text)
        yield from _unknown(field, [*choice.allowed, *choice.excluded])
    yield from _phrases(
        "titles", [*command.titles.allowed, *command.titles.excluded] if command.titles else []
    )
    if command.suppressed_titles:
        yield from _suppressed_titles(command.suppressed_titles)


def _suppressed_titles(titles: SuppressedTitles) -> Iterator[Refused]:
    yield from _phrases("suppressed_titles.phrases", titles.phrases)
    yield from _unknown("functions", titles.functions, "suppressed_titles.functions")


def _unknown(kind: str, values: Iterable[str], field: str = "") -> Iterator[Refused]:
    """What no lead can ever have is a slip of the pen."""
    if wrong := [value for value in values if not KNOWN[kind](value)]:
        text = f"there is no such value as {', '.join(wrong[:5])}"
        yield _refused("filter_value_unknown", field or kind, text)


def _phrases(field: str, phrases: Iterable[str]) -> Iterator[Refused]:
    for each in phrases:
        if not 0 < len(words(each)) <= PHRASE_WORDS_MAX:
            text = f"a phrase has one to {PHRASE_WORDS_MAX} words"
            yield _refused("phrase_invalid", field, text)


def _lists(command: PutCampaign) -> Iterator[Refused]:
    both = {use.list for use in command.suppressed} & {use.list for use in command.approved}
    if both:
        text = f"{', '.join(sorted(both))} is both approved and suppressed"
        yield _refused("lists_contradict", "suppressed", text)


def _caps(
    command: PutCampaign, before: Campaign | None, capacity: Capacity | None, now: datetime
) -> Iterator[Refused]:
    """Of caps that change; those per company are not looked at: they hold for what comes."""
    taken, counted = (capacity.taken, capacity.counted) if capacity else (0, {})
    periods = periods_of(_today(command, now))
    held = {"total": taken, **{name: counted.get(slot, 0) for name, slot in periods.items()}}
    for name, count in held.items():
        cap = getattr(command.caps, name)
        is_new = before is None or getattr(before.definition.caps, name) != cap
        if cap is not None and cap < count and is_new:
            yield _refused("cap_below_sent", f"caps.{name}", f"{count} slots are taken already")
    for category in command.categories:
        sent = counted.get(f"category/{category.id}", 0)
        if category.amount is not None and category.amount < sent:
            text = f"{sent} slots are taken already in category {category.id}"
            yield _refused("cap_below_sent", "categories", text)


def _today(command: PutCampaign, now: datetime) -> date:
    try:
        return now.astimezone(ZoneInfo(command.time_zone)).date()
    except (KeyError, ValueError, OSError, OverflowError):
        return now.date()


def _address(command: PutCampaign) -> Iterator[Refused]:
    if isinstance(command.send, WebhookMode) and (fault := fault_of(command.send.url)):
        yield _refused("url_invalid", "send.url", fault)
