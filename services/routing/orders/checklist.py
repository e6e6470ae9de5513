"""What has to be confirmed before an intent campaign starts (RTE-04), and what a person should look
at although it is allowed (RTE-02, RTE-04, RTE-05)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.contracts.campaigns import Choice, IndustryFilter, Item, PlaceFilter, PutCampaign
from shared.loop.decision import Refused

CATEGORIES_ADVISED_MAX = 5
NARROW_FILTERS = 4
"""A standard campaign with so many strict filters will hardly find a lead."""
WIDE_FILTERS = 2
"""An intent campaign with fewer is no intent campaign."""

OWNERS: Mapping[Item, str] = {
    "titles": "customer_success",
    "categories": "project_manager",
    "company_size": "customer_success",
    "places": "customer_success",
    "lists": "delivery",
    "industries": "customer_success",
}


@dataclass(frozen=True, slots=True)
class Task:
    item: Item
    owner: str
    is_confirmed: bool
    text: str = ""


def checklist(campaign: PutCampaign) -> list[Task]:
    """Of an intent campaign; a standard one starts as it is."""
    if campaign.programme != "intent":
        return []
    given: Mapping[Item, object] = {
        "titles": _chosen(campaign.titles),
        "categories": campaign.categories,
        "company_size": campaign.company_size,
        "places": campaign.places,
        "lists": campaign.suppressed or campaign.approved,
        "industries": _chosen(campaign.industries),
    }
    beyond = _beyond_follow_up(campaign)
    return [
        Task(item, OWNERS[item], is_confirmed=False, text=f"no follow-up in {', '.join(beyond)}")
        if item == "places" and beyond
        else Task(item, OWNERS[item], bool(value) or item in campaign.confirmed)
        for item, value in given.items()
    ]


def _chosen(choice: Choice | IndustryFilter | None) -> Choice | IndustryFilter | None:
    """A choice of nothing is none."""
    return choice if choice and (choice.allowed or choice.excluded) else None


def _beyond_follow_up(campaign: PutCampaign) -> Sequence[str]:
    """Wanted places where the customer can't follow up; everywhere, if places are left open."""
    if not campaign.follow_up:
        return ()
    if campaign.places_strictness == "preferred":
        return ("any other place",)
    if not campaign.places:
        return ("any other place",) if "places" in campaign.confirmed else ()
    reach = {code for place in campaign.follow_up for code in _codes(place)}
    wanted = {code for place in campaign.places for code in _codes(place)}
    return sorted(code for code in wanted if code not in reach and code[:2] not in reach)


def _codes(place: PlaceFilter) -> Sequence[str]:
    return place.subdivisions or (place.country,)


def may_start(campaign: PutCampaign) -> Refused | None:
    """Asked when a campaign becomes active, or changes while it is."""
    opened = [task for task in checklist(campaign) if not task.is_confirmed]
    if campaign.status != "active" or not opened:
        return None
    details = [
        f"{task.item} ({task.owner}{': ' + task.text if task.text else ''})" for task in opened
    ]
    items = [{"item": task.item, "owner": task.owner, "text": task.text} for task in opened]
    text = f"not confirmed yet: {', '.join(details)}"
    return Refused("checklist_open", text, {"field": opened[0].item, "checklist": items})


def warnings(campaign: PutCampaign) -> tuple[str, ...]:
    return tuple(_warnings(campaign))


def _warnings(campaign: PutCampaign) -> Iterator[str]:
    filters = strict_filters(campaign)
    if campaign.programme == "standard" and len(filters) >= NARROW_FILTERS:
        yield f"narrow for a standard campaign: {', '.join(filters)} are all strict"
    if campaign.programme == "intent" and len(filters) < WIDE_FILTERS:
        yield "wide for an intent campaign: fewer than two strict filters"
    if campaign.programme == "intent" and len(campaign.categories) > CATEGORIES_ADVISED_MAX:
        yield f"more than {CATEGORIES_ADVISED_MAX} categories"
    if campaign.exact_split:
        yield "an exact split by country can't be promised; shares are steered toward"


def strict_filters(campaign: PutCampaign) -> list[str]:
    filters = {
        "titles": _chosen(campaign.titles),
        "company_size": campaign.company_size,
        "industries": _chosen(campaign.industries),
        "seniorities": _chosen(campaign.seniorities),
        "functions": _chosen(campaign.functions),
    }
    strict = [name for name, each in filters.items() if each and each.strictness == "strict"]
    has_places = campaign.places or campaign.excluded_places
    if has_places and campaign.places_strictness == "strict":
        strict.append("places")
    return strict
