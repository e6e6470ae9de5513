"""Which campaigns would want leads that were not routed, if they came now; nothing is kept of it.

Found by the matcher and judged by the checks that decide claims, each lead by itself: what leads of
the same question would take from each other is not told.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import Field

from services.routing import campaigns, explaining, leads, slots
from services.routing.asking import CAMPAIGNS_AT_ONCE, Asking
from services.routing.binding import route_of
from services.routing.campaigns import Campaign
from services.routing.catalogues import Catalogues, Wanting
from services.routing.checks import decided
from services.routing.explaining import Explanation
from services.routing.leads import Candidate, RoutedLead
from services.routing.slots import Slots
from shared.clock import Clock
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import Failing
from shared.contracts.values import Part
from shared.loop.decision import Cause
from shared.store import Store

LEADS_MAX = 200
LEADS_AT_ONCE = 20
"""With so many campaigns as are looked up at once, ten thousand sends are asked for."""
OTHERS_MAX = 20
FAILING_TOLD_MAX = 3


class Leads(Part):
    """As intake publishes them."""

    leads: tuple[LeadAccepted, ...] = Field(min_length=1, max_length=LEADS_MAX)
    others: int = Field(default=0, ge=0, le=OTHERS_MAX)
    """Of how many campaigns that would not want a lead it is told why."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A lead's candidates in their order, and the campaigns whose shards would refuse it."""

    routed: RoutedLead
    is_exclusive: bool
    candidates: Sequence[Candidate]
    refused: Sequence[Explanation]


class Trying:
    def __init__(self, store: Store, clock: Clock, asking: Asking) -> None:
        self._store = store
        self._clock = clock
        self._asking = asking

    async def leads(self, given: Leads, tenant: str) -> list[Mapping[str, Any]]:
        """RTE-10, RTE-11: of each who would get it, and what keeps it from some of the others."""
        known, now = await self._asking.catalogues(), self._clock.now()
        described = []
        for first in range(0, len(given.leads), LEADS_AT_ONCE):
            some = given.leads[first : first + LEADS_AT_ONCE]
            for judged in await self._judged(known, some, tenant, now):
                others = list(_others(known, judged, now)) if given.others else []
                described.append(_as_json(known, judged, others, given.others, now))
                # Thousands of campaigns take milliseconds, in which the loop waits.
                await asyncio.sleep(0)
        return described

    async def _judged(
        self, known: Catalogues, some: Sequence[LeadAccepted], tenant: str, now: datetime
    ) -> list[_Judged]:
        routed = [leads.new_lead(lead, 0, _cause(lead, tenant, now)) for lead in some]
        wanting = [known.wanting(tenant, each.lead, now) for each in routed]
        asked = {each.campaign.id: each.campaign for those in wanting for each in those}
        found = await self._slots(list(asked.values()), routed)
        return [
            _judge(known, each, those, found, now)
            for each, those in zip(routed, wanting, strict=True)
        ]

    async def _slots(self, asked: Sequence[Campaign], routed: Sequence[RoutedLead]) -> Slots:
        found = slots.NONE
        for first in range(0, len(asked), CAMPAIGNS_AT_ONCE):
            some = asked[first : first + CAMPAIGNS_AT_ONCE]
            found = found.and_of(await slots.load(self._store, some, routed))
        return found


def _cause(lead: LeadAccepted, tenant: str, now: datetime) -> Cause:
    return Cause(lead.lead, "try", lead.person_id, now, tenant)


def _judge(
    known: Catalogues,
    routed: RoutedLead,
    wanting: Sequence[Wanting],
    found: Slots,
    now: datetime,
) -> _Judged:
    """As the campaigns' shards would, if they were asked now."""
    allowed, refused = [], []
    for each in wanting:
        category, failing = _failing(known, each.campaign, routed, found, now)
        if failing:
            refused.append(explaining.of_version(each.campaign, failing))
        else:
            allowed.append(replace(each, category=category))
    is_exclusive = known.rules_of(routed.tenant).is_exclusive(routed.lead)
    return _Judged(routed, is_exclusive, leads.in_order(allowed, found.books), refused)


def _failing(
    known: Catalogues, campaign: Campaign, routed: RoutedLead, found: Slots, now: datetime
) -> tuple[str, list[Failing]]:
    day, slot = campaign.next_send(now) or now, found.of(campaign, routed)
    return decided(campaign, routed.lead, now, known.house_of(campaign), slot, day)


def _others(known: Catalogues, judged: _Judged, now: datetime) -> Iterator[Explanation]:
    """The campaigns of the lead's route that would not want it; those nearest to it first."""
    routed = judged.routed
    looked_at = {candidate.campaign for candidate in judged.candidates}
    looked_at |= {explanation.campaign for explanation in judged.refused}
    others = [
        explaining.of_version(campaign, known.judged(campaign, routed.lead, now)[1])
        for campaign in known.on_route(routed.tenant, route_of(routed.lead))
        if campaign.name not in looked_at
    ]
    yield from judged.refused
    yield from sorted(others, key=lambda each: (len(each.failing), each.campaign))


def _as_json(
    known: Catalogues, judged: _Judged, others: Sequence[Explanation], most: int, now: datetime
) -> Mapping[str, Any]:
    routed = judged.routed
    return {
        "lead": routed.id,
        "is_exclusive": judged.is_exclusive,
        "candidates": [_candidate(known, routed, each, now) for each in judged.candidates],
        "others": [_other(each, routed.lead) for each in others[:most]],
        "others_left_out": max(len(others) - most, 0),
    }


def _candidate(
    known: Catalogues, routed: RoutedLead, candidate: Candidate, now: datetime
) -> Mapping[str, Any]:
    """With the moment at which the campaign sends, if it does not do so at once."""
    campaign = known.campaigns.get(campaigns.stored_id(routed.tenant, candidate.campaign))
    return {
        "campaign": candidate.campaign,
        "version": candidate.campaign_version,
        "category": candidate.category,
        "rank": candidate.rank,
        "sends_at": campaign.next_send(now) if campaign else None,
    }


def _other(explanation: Explanation, lead: LeadAccepted) -> Mapping[str, Any]:
    """With its first checks: all of them are told of a lead that is there."""
    whole: Any = explanation.as_told(lead)
    failing = whole["failing"]
    return {
        "campaign": whole["campaign"],
        "version": whole["version"],
        "failing": failing[:FAILING_TOLD_MAX],
        "failing_left_out": max(len(failing) - FAILING_TOLD_MAX, 0),
    }
