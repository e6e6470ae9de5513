"""Which campaigns would want leads that were not routed, if they came now; nothing is kept of it.

Found by the matcher and judged by the checks that decide claims, each lead by itself: what leads of
the same question would take from each other is not told.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from services.routing.filters.routes import route_of
from services.routing.fit.catalogue import Catalogues, Match
from services.routing.fit.checks import evaluate_in_view
from services.routing.orders.campaigns import Campaign
from services.routing.person import leads
from services.routing.person.leads import Candidate, RoutedLead
from services.routing.queries import campaign_views, explanation
from services.routing.queries.campaign_views import CampaignViews
from services.routing.queries.explanation import Explanation
from services.routing.queries.why_not import CAMPAIGNS_AT_ONCE, WhyNot
from shared.clock import Clock
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import Failing
from shared.contracts.values import WHOLE, Part
from shared.loop.decision import Cause
from shared.loop.working_set import ref_by_name
from shared.store import Store

LEADS_MAX = 200
SENDS_AT_ONCE = 10_000
"""One for each of some leads and each campaign that matches one of them."""
OTHERS_MAX = 20
FAILING_MAX = 3


class Leads(Part):
    """As intake publishes them."""

    leads: tuple[LeadAccepted, ...] = Field(min_length=1, max_length=LEADS_MAX)
    others: Annotated[int, Field(ge=0, le=OTHERS_MAX), WHOLE] = 0
    """Of how many campaigns that would not want a lead it is told why."""


@dataclass(frozen=True, slots=True)
class _Matched:
    """A lead with the campaigns that match it, as far as that is known without the store."""

    routed: RoutedLead
    matches: Sequence[Match]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A lead's candidates in their order, and the campaigns whose shards would refuse it."""

    routed: RoutedLead
    is_exclusive: bool
    candidates: Sequence[Candidate]
    refused: Sequence[Explanation]


class Trial:
    def __init__(self, store: Store, clock: Clock, why_not: WhyNot) -> None:
        self._store = store
        self._clock = clock
        self._why_not = why_not

    async def leads(self, page: Leads, tenant: str) -> list[Mapping[str, Any]]:
        """RTE-10, RTE-11: of each who would get it, and what keeps it from some of the others."""
        known, now = await self._why_not.catalogues(), self._clock.now()
        every = [_match(known, lead, tenant, now) for lead in page.leads]
        described = []
        for some in _groups(every):
            found = await self._views(some)
            for each in some:
                outcome = _outcome(known, each, found, now)
                others = list(_others(known, outcome, now)) if page.others else []
                described.append(_as_json(known, outcome, others, page.others, now))
                # Thousands of campaigns take milliseconds, in which the loop waits.
                await asyncio.sleep(0)
        return described

    async def _views(self, some: Sequence[_Matched]) -> CampaignViews:
        matched, routed = list(_campaigns(some).values()), [each.routed for each in some]
        found = campaign_views.NONE
        for first in range(0, len(matched), CAMPAIGNS_AT_ONCE):
            those = matched[first : first + CAMPAIGNS_AT_ONCE]
            found = found.and_of(await campaign_views.load(self._store, those, routed))
        return found


def _match(known: Catalogues, lead: LeadAccepted, tenant: str, now: datetime) -> _Matched:
    cause = Cause(lead.lead, "try", lead.person_id, now, tenant)
    return _Matched(leads.new_lead(lead, 0, cause), known.matches(tenant, lead, now))


def _campaigns(some: Sequence[_Matched]) -> Mapping[str, Campaign]:
    return {match.campaign.id: match.campaign for each in some for match in each.matches}


def _groups(every: Sequence[_Matched]) -> Iterator[Sequence[_Matched]]:
    """As many leads at once as the store may be asked about."""
    most = max(SENDS_AT_ONCE // max(len(_campaigns(every)), 1), 1)
    for first in range(0, len(every), most):
        yield every[first : first + most]


def _outcome(known: Catalogues, matched: _Matched, found: CampaignViews, now: datetime) -> _Outcome:
    """As the campaigns' shards would, if they were asked now."""
    routed = matched.routed
    allowed, refused = [], []
    for each in matched.matches:
        category, failing = _failing_checks(known, each.campaign, routed, found, now)
        if failing:
            refused.append(explanation.of_version(each.campaign, failing))
        else:
            allowed.append(replace(each, category=category))
    is_exclusive = known.rules_of(routed.tenant).is_exclusive(routed.lead)
    return _Outcome(routed, is_exclusive, leads.in_order(allowed, found.capacities), refused)


def _failing_checks(
    known: Catalogues, campaign: Campaign, routed: RoutedLead, found: CampaignViews, now: datetime
) -> tuple[str, list[Failing]]:
    day, view = campaign.next_send(now) or now, found.of(campaign, routed)
    return evaluate_in_view(campaign, routed.lead, now, known.context_of(campaign), view, day)


def _others(known: Catalogues, outcome: _Outcome, now: datetime) -> Iterator[Explanation]:
    """The campaigns of the lead's route that would not want it; those nearest to it first."""
    routed = outcome.routed
    looked_at = {candidate.campaign for candidate in outcome.candidates}
    looked_at |= {refusal.campaign for refusal in outcome.refused}
    others = [
        explanation.of_version(campaign, known.evaluate(campaign, routed.lead, now)[1])
        for campaign in known.on_route(routed.tenant, route_of(routed.lead))
        if campaign.name not in looked_at
    ]
    yield from outcome.refused
    yield from sorted(others, key=lambda each: (len(each.failing), each.campaign))


def _as_json(
    known: Catalogues, outcome: _Outcome, others: Sequence[Explanation], most: int, now: datetime
) -> Mapping[str, Any]:
    routed = outcome.routed
    return {
        "lead": routed.id,
        "is_exclusive": outcome.is_exclusive,
        "candidates": [_candidate(known, routed, each, now) for each in outcome.candidates],
        "others": [_other(each, routed.lead) for each in others[:most]],
        "others_left_out": max(len(others) - most, 0),
    }


def _candidate(
    known: Catalogues, routed: RoutedLead, candidate: Candidate, now: datetime
) -> Mapping[str, Any]:
    """With the moment at which the campaign sends, if it does not do so at once."""
    campaign = known.campaigns.get(ref_by_name(Campaign, routed.tenant, candidate.campaign).id)
    assert campaign is not None
    return {
        "campaign": candidate.campaign,
        "version": candidate.campaign_version,
        "category": candidate.category,
        "rank": candidate.rank,
        "sends_at": campaign.next_send(now),
    }


def _other(explained: Explanation, lead: LeadAccepted) -> Mapping[str, Any]:
    """With its first checks: all of them are told of a lead that is there."""
    whole: Any = explained.view(lead)
    failing = whole["failing"]
    return {
        "campaign": whole["campaign"],
        "version": whole["version"],
        "failing": failing[:FAILING_MAX],
        "failing_left_out": max(len(failing) - FAILING_MAX, 0),
    }
