"""Does a campaign want a lead, and if not, why: all checks, none short-circuited (RTE-09).

`explain` is the definition; whatever finds matches faster has to agree with it. A lead matches if
nothing fails. What only the campaign's shard can know is in `explain_slot`.
"""

from collections.abc import Iterator
from datetime import date, datetime

from services.routing.campaigns import Campaign, CampaignBook
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import Failing
from shared.contracts.values import Place

TEXTS = {
    "campaign_inactive": "the campaign is paused, or not running on that day",
    "lead_code_other": "the campaign does not carry the lead's lead code",
    "filter.place": "the campaign does not want leads from there",
    "category_closed": "the campaign is not open to the lead's category now",
    "category_not_as_ordered": "the lead's category is not among those ordered",
    "already_sent": "the person has been sent to this campaign before",
    "cap_reached": "all slots of the campaign are taken",
    "campaign_unknown": "there is no such campaign",
}


def explain(campaign: Campaign, lead: LeadAccepted, at: datetime) -> list[Failing]:
    """Every failing check, in the order of RTE-09; `at` is the time of the fact."""
    return list(_failing(campaign, lead, at))


def explain_slot(
    campaign: Campaign, book: CampaignBook | None, send_status: str | None
) -> list[Failing]:
    """The checks on what has been sent: whether to this person, and how much in all."""
    failing = []
    if send_status is not None:
        failing.append(Failing(code="already_sent", value=send_status))
    total, taken = campaign.definition.caps.total, book.taken if book else 0
    if total is not None and taken >= total:
        failing.append(Failing(code="cap_reached", value=str(taken), wanted=(str(total),)))
    return failing


def _failing(campaign: Campaign, lead: LeadAccepted, at: datetime) -> Iterator[Failing]:
    wanted = campaign.definition
    if inactive := _inactive(campaign, at):
        yield inactive
    if lead.lead_code not in wanted.lead_codes:
        yield Failing(code="lead_code_other", value=lead.lead_code, wanted=wanted.lead_codes)
    if campaign.places and not _wants_place(campaign, lead.place):
        yield _place_failing(campaign, lead.place)
    if wanted.open_categories is not None and lead.category not in wanted.open_categories:
        yield Failing(code="category_closed", value=lead.category, wanted=wanted.open_categories)
    if campaign.ordered and lead.category not in campaign.ordered:
        ordered = tuple(category.id for category in wanted.categories)
        yield Failing(code="category_not_as_ordered", value=lead.category, wanted=ordered)


def _inactive(campaign: Campaign, at: datetime) -> Failing | None:
    wanted = campaign.definition
    if wanted.status != "active":
        return Failing(code="campaign_inactive", value=wanted.status, wanted=("active",))
    first, last = wanted.active.first, wanted.active.last
    if first is None and last is None:
        return None
    day = _local_day(at, campaign)
    if (first and day < first) or (last and day > last):
        span = f"{first or ''}/{last or ''}"
        return Failing(code="campaign_inactive", value=day.isoformat(), wanted=(span,))
    return None


def _local_day(at: datetime, campaign: Campaign) -> date:
    try:
        return at.astimezone(campaign.zone).date()
    except OverflowError:
        # In the year 1 there is no earlier day; a foreign clock must not stop the shard.
        return at.date()


def _wants_place(campaign: Campaign, place: Place) -> bool:
    """An unknown place is not a wanted one."""
    if place.country not in campaign.places:
        return False
    subdivisions = campaign.places[place.country]
    return subdivisions is None or place.subdivision in subdivisions


def _place_failing(campaign: Campaign, place: Place) -> Failing:
    wanted = [
        code
        for country, subdivisions in campaign.places.items()
        for code in ([country] if subdivisions is None else sorted(subdivisions))
    ]
    value = place.subdivision or place.country
    return Failing(code="filter.place", value=value, wanted=tuple(wanted))
