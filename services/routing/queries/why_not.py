"""Questions that are answered by deciding again, without changing anything: why not?

It has catalogues of its own, since those of the loop belong to the step that is under way, and
reads what is committed (`shared/committed.py`).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.routing.campaign.sends import BY_HAND_REFUSED, Send
from services.routing.filters.routes import route_of
from services.routing.fit.catalogue import Catalogues
from services.routing.fit.checks import CampaignView, MatchContext, evaluate_in_view
from services.routing.orders.campaigns import Campaign
from services.routing.orders.capacity import Capacity
from services.routing.person.leads import RoutedLead
from services.routing.queries import campaign_views, explanation
from services.routing.queries.explanation import Explanation
from services.routing.queries.unsent_counts import UnsentCount, count_unsent
from services.routing.rematch import widening
from services.routing.store import CAPACITIES, LEADS, VERSIONS, Memory
from shared.clock import Clock
from shared.committed import Committed
from shared.contracts.routing import CampaignWidened, Failing
from shared.loop.working_set import ref_by_name
from shared.store import Store

CLOSEST_MAX = 20
CAMPAIGNS_AT_ONCE = 500


class WhyNot:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._memory = Memory()
        self._refreshing = asyncio.Lock()

    async def catalogues(self) -> Catalogues:
        async with self._refreshing:
            await self._memory.refresh(Committed(self._store))
        return self._memory.catalogues

    async def why_not(self, routed: RoutedLead, name: str | None) -> dict[str, Any]:
        """For one campaign, or for all that take leads of its way, with the closest misses."""
        known = await self.catalogues()
        if name is None:
            chosen = known.on_route(routed.tenant, route_of(routed.lead))
            closest = self._closest(routed, known)
        else:
            only = known.campaigns.get(ref_by_name(Campaign, routed.tenant, name).id)
            chosen, closest = [only] if only is not None else [], []
        views: list[dict[str, object]] = []
        for first in range(0, len(chosen), CAMPAIGNS_AT_ONCE):
            some = chosen[first : first + CAMPAIGNS_AT_ONCE]
            found = await campaign_views.load(self._store, some, [routed])
            then = await self._versions_of(some, routed.revision)
            for campaign in some:
                view, sent = found.of(campaign, routed), found.send_of(campaign, routed)
                judging = _Judging(routed, campaign, known, view, sent, self._clock)
                views.append(judging.view(then.get(campaign.id)))
        return {"campaigns": views, "closest": closest}

    async def _versions_of(self, chosen: Sequence[Campaign], revision: int) -> dict[str, Campaign]:
        """The versions that were in force in a revision of the catalogue."""
        ids = [campaign.id for campaign in chosen]
        rows = await self._store.find(VERSIONS.name, {"campaign": {"$in": ids}})
        kept = [row for row in rows if row.get("revision", 0) <= revision]
        newest = {row["campaign"]: row for row in sorted(kept, key=lambda row: row["number"])}
        return {id: VERSIONS.from_document(row).campaign for id, row in newest.items()}

    async def capacity(self, id: str, tenant: str) -> Capacity:  # noqa: A002
        found = await campaign_views.by_id(self._store, CAPACITIES, [id])
        return found.get(id) or Capacity(id, 0, tenant)

    def _closest(self, routed: RoutedLead, known: Catalogues) -> list[dict[str, object]]:
        """Campaigns that one check keeps the lead from (RTE-10), whatever lead codes they carry;
        those that carry the lead's own come first, since there may be any number of others."""
        found = {
            campaign.name: explanation.of_version(campaign, [failing])
            for campaign, failing in known.one_away(routed.tenant, routed.lead, self._clock.now())
            if routed.of(campaign.name) is None
        }
        for claim in routed.claims:
            if claim.state == "refused" and len(claim.failing) == 1:
                found[claim.campaign] = explanation.of_claim(claim, None)
        nearest = sorted(found.values(), key=_is_near)
        return [each.view(routed.lead) for each in nearest[:CLOSEST_MAX]]

    async def unsent(self, campaign: Campaign, most: int) -> UnsentCount:
        """The campaign's unsent leads, counted by check: what was answered, or follows from the
        version that was in force when the lead came."""
        known = await self.catalogues()
        rows = await self._store.find(VERSIONS.name, {"campaign": campaign.id})
        kept = sorted(map(VERSIONS.from_document, rows), key=lambda each: -each.campaign.number)
        newest_first = [(each, known.context_of(each.campaign)) for each in kept]

        def then(_campaign: Campaign, lead: RoutedLead) -> tuple[Campaign, MatchContext] | None:
            in_force = (
                (version.campaign, context)
                for version, context in newest_first
                if version.revision <= lead.revision
            )
            return next(in_force, None)

        found = await count_unsent(self._store, campaign.tenant, [campaign], then, most)
        return found[campaign.id]

    async def unsent_now(
        self, tenant: str, campaigns: Sequence[Campaign], most: int
    ) -> Mapping[str, UnsentCount]:
        """The unsent leads of each campaign as it is now, by its id."""
        known = await self.catalogues()
        contexts = {campaign.id: known.context_of(campaign) for campaign in campaigns}
        return await count_unsent(
            self._store, tenant, campaigns, lambda each, _: (each, contexts[each.id]), most
        )

    async def pages(self, widened: CampaignWidened, tenant: str) -> AsyncIterator[list[RoutedLead]]:
        """The leads that it may free."""
        while True:
            page = widening.leads_of(widened, tenant)
            rows = await self._store.find(LEADS.name, page.where, sort=page.sort, limit=page.limit)
            yield [LEADS.from_document(row) for row in rows]
            if len(rows) < page.limit:
                return
            widened = widened.model_copy(update={"after": rows[-1]["_id"]})


def _is_near(miss: Explanation) -> tuple[bool, str]:
    return miss.failing[0].code == "lead_code_other", miss.campaign


@dataclass(frozen=True, slots=True)
class _Judging:
    """A lead and a campaign, with what its shard knows."""

    routed: RoutedLead
    campaign: Campaign
    known: Catalogues
    of_campaign: CampaignView
    sent: Send | None
    clock: Clock

    def view(self, version: Campaign | None) -> dict[str, object]:
        """As it was decided, with the version of then; and, where that is another, as of now."""
        then = self._explain(version)
        shown = then.view(self.routed.lead) | self._by_hand(then.state)
        if then.campaign_version == self.campaign.number or then.state in ("sent", "granted"):
            return shown
        now = explanation.of_version(self.campaign, self._failing_checks(self.campaign))
        return shown | {"now": now.view(self.routed.lead)}

    def _by_hand(self, state: str) -> dict[str, object]:
        """What waits on may have been refused to an operator meanwhile."""
        history = self.sent.history if self.sent is not None and state == "waiting" else ()
        if not history or history[-1].what != BY_HAND_REFUSED:
            return {}
        return {"refused_by_hand": {"at": history[-1].at, "text": history[-1].text}}

    def _explain(self, version: Campaign | None) -> Explanation:
        if (claim := self.routed.of(self.campaign.name)) is not None:
            return explanation.of_claim(claim, self.campaign)
        if (behind := explanation.of_exclusive(self.routed, self.campaign)) is not None:
            return behind
        if version is None:
            return explanation.of_version(self.campaign, [Failing(code="campaign_unknown")])
        return explanation.of_version(version, self._failing_checks(version))

    def _failing_checks(self, version: Campaign) -> list[Failing]:
        """What a version says of the lead, and what the campaign's slots say as they are now."""
        context = self.known.context_of(version)
        lead, at, now = self.routed.lead, self.routed.accepted_at, self.clock.now()
        return evaluate_in_view(version, lead, at, context, self.of_campaign, now)[1]
