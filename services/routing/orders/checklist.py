"""What has to be confirmed before an intent campaign starts (RTE-04), and what a person should look
at although it is allowed (RTE-02, RTE-04, RTE-05)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import get_args

from services.routing.filters.places import codes
from services.routing.filters.registry import CHECKS
from services.routing.filters.rows import Confirmation, Order
from shared.contracts.campaigns import Item, PutCampaign, SuppressedTitles
from shared.loop.decision import Refused

CATEGORIES_ADVISED_MAX = 5
NARROW_FILTERS = 4
"""A standard campaign with so many strict filters will hardly find a lead."""
WIDE_FILTERS = 2
"""An intent campaign with fewer is no intent campaign."""


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
    return [_task(confirmations()[item], campaign) for item in get_args(Item)]


def _task(confirmation: Confirmation, campaign: PutCampaign) -> Task:
    item, owner = confirmation.item, confirmation.owner
    if item == "places" and (beyond := _beyond_follow_up(campaign)):
        return Task(item, owner, is_confirmed=False, text=f"no follow-up in {', '.join(beyond)}")
    return Task(item, owner, confirmation.is_set(campaign) or item in campaign.confirmed)


@cache
def confirmations() -> Mapping[Item, Confirmation]:
    found = (check.confirmation for check in CHECKS)
    return {each.item: each for each in found if each is not None}


def _beyond_follow_up(campaign: PutCampaign) -> Sequence[str]:
    """Wanted places where the customer can't follow up; everywhere, if places are left open."""
    if not campaign.follow_up:
        return ()
    if campaign.places_strictness == "preferred":
        return ("any other place",)
    if not campaign.places:
        return ("any other place",) if "places" in campaign.confirmed else ()
    reach, places = codes(campaign.follow_up), codes(campaign.places)
    return sorted(code for code in places if code not in reach and code[:2] not in reach)


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
    order = Order(campaign, "", SuppressedTitles())
    return [
        check.fields[0]
        for check in CHECKS
        if check.is_filter and any(how == "strict" for how, _ in check.requirements(order))
    ]
