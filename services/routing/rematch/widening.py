"""Which leads a change can free, and deciding them again (RTE-14).

A change says what it opens: a campaign for a category, a campaign for some companies, or a campaign
as a whole. What many campaigns share opens them a page at a time. The leads are found by an index,
a page at a time, in the campaign's shard; each that would pass now is told to its person's shard,
which asks for it as if it had just come.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.routing.filters.categories import accepted_categories
from services.routing.filters.registry import loosening
from services.routing.filters.routes import routes
from services.routing.filters.words import phrase
from services.routing.fit.catalogue import Catalogues
from services.routing.orders.campaigns import Campaign
from services.routing.orders.lists import Changed
from services.routing.person.leads import RoutedLead
from services.routing.rematch.exclusion import before_of, was_excluded
from shared.contracts.campaigns import Caps, ListUse, PutCampaign, SuppressedTitles
from shared.contracts.event import formerly
from shared.contracts.routing import CampaignWidened, LeadToRematch, ScopeWidened
from shared.ids import derived_id
from shared.loop.decision import Deadline, Decision, Due, Publish
from shared.loop.working_set import Found, Page

PAGE = 200
CAMPAIGNS_PER_PAGE = 20
RESCAN_AFTER = timedelta(minutes=1)
COMPANIES_PER_EVENT = 200
COMPANIES_MAX, LETTERS_MAX = 5_000, 200_000
"""With more changed entries than that, a list's campaigns are decided again as a whole."""

JUDGED_BY = loosening("campaign")
"""What a lead is judged by, beside the categories and how many are taken."""

FREES_NOTHING: Mapping[str, str] = {
    "id": "it is another campaign",
    "customer": "it never changes",
    "programme": "it says how carefully a campaign is set up",
    "active": "what came outside the dates was never claimed (0022)",
    "time_zone": "it moves the days of caps and sends, for what comes",
    "follow_up": "it is for whoever sets the campaign up",
    "shares": "they only say who is sent first",
    "exact_split": "it only warns",
    "confirmed": "it is for whoever sets the campaign up",
    "weekly": "it only says when leads are sent",
    "priority": "it only says who gets an exclusive lead first",
    "status": "what came while the campaign was paused was never claimed (0022)",
    "send": "it only says where leads go",
}
"""The other fields of a campaign, and why no lead is decided again when they change."""


class Rescan(Deadline, kind="rescan", former=["look_again"]):
    """Once more, for the leads that were just being matched without the change."""

    widened: str = formerly("opened")
    """A `CampaignWidened` as JSON."""


def widened_events(before: Campaign, after: PutCampaign) -> Iterator[CampaignWidened]:
    """What a campaign may want now that it did not before."""
    if after.status != "active":
        return
    until = before.definition
    categories, raised = accepted_categories(after), _has_more_room(until, after)
    if all(getattr(until, name) == getattr(after, name) for name in JUDGED_BY):
        categories = _gained_categories(until, after)
    for route in sorted(routes(after)):
        for category in [None] if categories is None else sorted(categories):
            yield CampaignWidened(
                campaign=after.id,
                route=route,
                category=category,
                since=before.number,
                has_more_room=raised,
            )


def _gained_categories(before: PutCampaign, after: PutCampaign) -> frozenset[str] | None:
    """The categories that are accepted now and were not, or have more room; None is all."""
    was, now = accepted_categories(before), accepted_categories(after)
    if _has_roomier_caps(before.caps, after.caps):
        return now
    if was is None:
        return frozenset()
    if now is None:
        return None
    return (now - was) | (now & _raised_categories(before, after))


def _has_more_room(before: PutCampaign, after: PutCampaign) -> bool:
    return _has_roomier_caps(before.caps, after.caps) or bool(_raised_categories(before, after))


def _raised_categories(before: PutCampaign, after: PutCampaign) -> set[str]:
    """The categories of which more may be sent than was ordered before."""
    had = {each.id: each.amount for each in before.categories if each.amount is not None}
    has = {each.id: each.amount for each in after.categories}
    if not after.categories:
        # What was ordered with an amount has none any more.
        return set(had)
    return {
        name
        for name, amount in had.items()
        if name in has and ((now := has[name]) is None or now > amount)
    }


def _has_roomier_caps(before: Caps, after: Caps) -> bool:
    return any(
        had is not None and (has is None or has > had)
        for had, has in zip(before.model_dump().values(), after.model_dump().values(), strict=True)
    )


def by_list(changed: Changed, name: str) -> Iterator[ScopeWidened]:
    """A company that leaves a suppression list, or comes on an approved one."""
    if changed.added or changed.removed:
        added, removed = _names_for_event(changed.added), _names_for_event(changed.removed)
        yield ScopeWidened(list=name, added=added, removed=removed)


def _names_for_event(terms: Collection[str]) -> tuple[str, ...] | None:
    """As far as they may stand in an event."""
    is_long = len(terms) > COMPANIES_MAX or sum(map(len, terms)) > LETTERS_MAX
    return None if is_long else tuple(sorted(terms))


def by_titles(before: SuppressedTitles, after: SuppressedTitles) -> Iterator[ScopeWidened]:
    """What only suppresses more frees nobody."""
    phrases = {*map(phrase, after.phrases)}
    eligible = SuppressedTitles(
        phrases=[each for each in before.phrases if phrase(each) not in phrases],
        functions=[each for each in before.functions if each not in after.functions],
    )
    if eligible != SuppressedTitles():
        yield ScopeWidened(titles=eligible)


def next_page(widened: ScopeWidened, tenant: str, catalogues: Catalogues) -> Decision:
    """The next campaigns, and what is widened of each."""
    if widened.list is None:
        sharing = catalogues.following_policy_titles(tenant)
    else:
        sharing = catalogues.users_of(tenant, widened.list)
    behind = [
        campaign
        for campaign in sharing
        if campaign.name > widened.after and _may_open(widened, campaign.definition)
    ]
    page = behind[:CAMPAIGNS_PER_PAGE]
    publish = campaign_events(
        each for campaign in page for each in of_campaign(widened, campaign.definition)
    )
    if len(behind) > len(page):
        publish += scope_events(widened.model_copy(update={"after": page[-1].name}))
    return Decision(publish=publish)


def _may_open(widened: ScopeWidened, campaign: PutCampaign) -> bool:
    return next(of_campaign(widened, campaign), None) is not None


def of_campaign(widened: ScopeWidened, campaign: PutCampaign) -> Iterator[CampaignWidened]:
    """What it opens of one that shares what has changed."""
    if campaign.status != "active":
        return
    eligible: list[str] = []
    is_whole = widened.list is None
    for uses, entries in (
        (campaign.suppressed, widened.removed),
        (campaign.approved, widened.added),
    ):
        if _refuses_by(uses, widened.list):
            is_whole = is_whole or entries is None
            eligible += entries or ()
    if is_whole:
        yield from as_a_whole(campaign, widened.titles)
        return
    for first in range(0, len(eligible), COMPANIES_PER_EVENT):
        some = tuple(eligible[first : first + COMPANIES_PER_EVENT])
        yield CampaignWidened(campaign=campaign.id, companies=some)


def _refuses_by(uses: Iterable[ListUse], name: str | None) -> bool:
    """What is only preferred keeps nobody away."""
    return any(use.list == name and use.strictness == "strict" for use in uses)


def as_a_whole(
    campaign: PutCampaign, titles: SuppressedTitles | None = None
) -> Iterator[CampaignWidened]:
    categories = accepted_categories(campaign)
    for route in sorted(routes(campaign)):
        for category in [None] if categories is None else sorted(categories):
            yield CampaignWidened(
                campaign=campaign.id, route=route, category=category, titles=titles
            )


def campaign_events(widened: Iterable[CampaignWidened]) -> list[Publish]:
    return [Publish(each, each.campaign) for each in widened]


def scope_events(*widened: ScopeWidened) -> list[Publish]:
    return [Publish(each, each.list or "house") for each in widened]


def leads_of(widened: CampaignWidened, tenant: str) -> Page[RoutedLead]:
    """The next leads that it may free; each way has its index."""
    where: dict[str, Any] = {"tenant": tenant, "_id": {"$gt": widened.after}}
    if widened.route is not None:
        where["route"] = widened.route
    if widened.category is not None:
        where["categories"] = widened.category
    if widened.companies is not None:
        where["companies"] = {"$in": list(widened.companies)}
    return Page(RoutedLead, where, (("_id", 1),), PAGE)


def rematch_page(
    widened: CampaignWidened,
    campaign: Campaign,
    version: Campaign | None,
    found: Found[RoutedLead],
    catalogues: Catalogues,
    now: datetime,
) -> Decision:
    """One page, and the next one if this was not the last. A lead that was just being matched
    without the change is not on it yet, so a minute later it is all looked through once more.
    `version` is the campaign until then."""
    before = before_of(widened, version, catalogues.rules_of(campaign.tenant))
    context = catalogues.context_of(campaign)
    eligible = [
        lead
        for lead in found.rows
        if was_excluded(lead, widened, before, context) and is_free(lead, campaign, catalogues, now)
    ]
    publish = [
        Publish(
            LeadToRematch(lead=lead.id, person_id=lead.person_id, campaign=campaign.name),
            lead.person_id,
            lead.trace,
        )
        for lead in eligible
    ]
    if not found.is_last:
        next_page = widened.model_copy(update={"after": found.rows[-1].id})
        publish.append(Publish(next_page, campaign.name))
    due = [] if widened.after or widened.is_rescan else [_rescan(widened, campaign, now)]
    return Decision(publish=publish, due=due)


def _rescan(widened: CampaignWidened, campaign: Campaign, now: datetime) -> Due:
    second = widened.model_copy(update={"is_rescan": True})
    due = Rescan(widened=second.model_dump_json())
    id = derived_id(Rescan.KIND, campaign.id, due.widened)  # noqa: A001
    return Due(id, due, campaign.name, now + RESCAN_AFTER)


def rescan(due: Rescan) -> Decision:
    return Decision(publish=campaign_events([CampaignWidened.model_validate_json(due.widened)]))


def is_free(lead: RoutedLead, campaign: Campaign, catalogues: Catalogues, now: datetime) -> bool:
    """Whether the campaign may be asked for the lead, and nothing speaks against it now."""
    may_have = lead.is_open_to(campaign.name) or lead.may_queue(campaign.name)
    return may_have and not catalogues.evaluate(campaign, lead.lead, now)[1]
