"""What a change would free, told before it is made (RTE-14).

The leads are found and judged as they would be after the change, one after the other: those before
take their slots, and so does what waits for the send day already. Which of them get the last slots
is decided only when the change is made, or on that day.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.routing.filters.lists import company_domains
from services.routing.fit.checks import CampaignView, MatchContext, evaluate_in_view
from services.routing.fit.criteria import profile
from services.routing.orders import lists
from services.routing.orders.campaigns import Campaign
from services.routing.orders.capacity import Capacity, counters_of
from services.routing.orders.checklist import may_start
from services.routing.orders.lists import Changed, CompanyList, ListPart, part_of
from services.routing.orders.validation import all_at_once, violations
from services.routing.person.leads import RoutedLead
from services.routing.queries import campaign_views
from services.routing.queries.campaign_views import by_id
from services.routing.queries.why_not import WhyNot
from services.routing.rematch import widening
from services.routing.rematch.exclusion import before_of, was_excluded
from services.routing.store import LISTS, PARTS
from shared.clock import Clock
from shared.contracts.campaigns import PutCampaign
from shared.contracts.lists import EditList, PutList
from shared.contracts.routing import CampaignWidened
from shared.loop.decision import Cause, Refused
from shared.loop.working_set import ref_by_name
from shared.matching.lists import ChangedList
from shared.store import Store

LEADS_TOLD_MAX = 20


class Previewing:
    def __init__(self, store: Store, clock: Clock, why_not: WhyNot) -> None:
        self._store = store
        self._clock = clock
        self._why_not = why_not

    async def campaign(self, command: PutCampaign, tenant: str) -> dict[str, Any]:
        """Which leads the campaign would get if it were put like this."""
        known, now = await self._why_not.catalogues(), self._clock.now()
        id = ref_by_name(Campaign, tenant, command.id).id  # noqa: A001
        before, capacity = known.campaigns.get(id), await self._why_not.capacity(id, tenant)
        rules = known.rules_of(tenant)
        against_it = violations(command, before, capacity, rules, now)
        if refused := all_at_once(against_it) or may_start(command):
            return {"refused": refused}
        after = Campaign(id, 0, tenant, before.number + 1 if before else 1, command, now, "preview")
        context = MatchContext(profile(after, rules), known.lists, known.account_of(after))
        widened = widening.widened_events(before, command) if before else ()
        return {"campaigns": [await self._what_if(after, context, widened, before)]}

    async def list(self, command: PutList | EditList, tenant: str) -> dict[str, Any]:
        """Which leads the campaigns that use the list would get if it were changed like this."""
        known = await self._why_not.catalogues()
        name = command.id if isinstance(command, PutList) else command.list
        changed = await self._changed_list(command, tenant, name)
        if isinstance(changed.decision.answer, Refused):
            return {"refused": changed.decision.answer}
        id = ref_by_name(CompanyList, tenant, name).id  # noqa: A001
        after = ChangedList(known.lists, id, changed.added, changed.removed)
        view = []
        for campaign in known.users_of(tenant, name):
            required = profile(campaign, known.rules_of(tenant))
            context = MatchContext(required, after, known.account_of(campaign))
            widened = (
                each
                for shared in widening.by_list(changed, name)
                for each in widening.of_campaign(shared, campaign.definition)
            )
            view.append(await self._what_if(campaign, context, widened))
        return {"campaigns": view}

    async def _what_if(
        self,
        campaign: Campaign,
        context: MatchContext,
        widened: Iterable[CampaignWidened],
        version: Campaign | None = None,
    ) -> dict[str, Any]:
        """`version` is the campaign until then, if it is what changes."""
        known, now = await self._why_not.catalogues(), self._clock.now()
        what_if = WhatIf(campaign, context, await self._capacity(campaign, now), now)
        for each in widened:
            before = before_of(each, version, known.rules_of(campaign.tenant))
            async for page in self._why_not.pages(each, campaign.tenant):
                kept = [lead for lead in page if was_excluded(lead, each, before, context)]
                leads = what_if.not_seen(kept)
                found = await campaign_views.load(self._store, [campaign], leads)
                for lead in leads:
                    what_if.look_at(lead, found.of(campaign, lead))
        return what_if.view()

    async def _capacity(self, campaign: Campaign, now: datetime) -> Capacity:
        """With the slots of those that wait for the send day."""
        capacity, day = (
            await self._why_not.capacity(campaign.id, campaign.tenant),
            campaign.next_send(now),
        )
        if day is not None:
            for send in await campaign_views.waiting_sends(self._store, campaign):
                assert send.claim is not None
                capacity = capacity.reserve(
                    counters_of(campaign, send.claim.lead, send.category, day)
                )
        return capacity

    async def _changed_list(self, command: PutList | EditList, tenant: str, name: str) -> Changed:
        id = ref_by_name(CompanyList, tenant, name).id  # noqa: A001
        before: CompanyList | None = (await by_id(self._store, LISTS, [id])).get(id)
        digests = [*(before.content.parts if before else ())]
        if isinstance(command, PutList):
            digests += command.parts
        found = await by_id(self._store, PARTS, [part_of(id, each).id for each in digests])
        parts: dict[str, ListPart] = {key.rpartition("/")[2]: part for key, part in found.items()}
        now = self._clock.now()
        cause = Cause("preview", "preview", name, now, tenant)
        if isinstance(command, EditList):
            return lists.edit(command, before, parts, cause, now)
        at_once = command.model_copy(update={"effective_from": None})
        return lists.put(at_once, before, parts, cause, now)


@dataclass(slots=True)
class WhatIf:
    """A campaign as it would be, and what became of the leads that it was shown."""

    campaign: Campaign
    context: MatchContext
    capacity: Capacity
    """With the slots of those that were freed."""
    now: datetime
    eligible: dict[str, None] = field(default_factory=dict)
    queued: int = 0
    staying: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    companies: list[frozenset[str]] = field(default_factory=list)
    """The domains of those that were freed."""

    def not_seen(self, page: Sequence[RoutedLead]) -> list[RoutedLead]:
        """The leads of a page that it may ask for, each once."""
        name = self.campaign.name
        new = [
            lead
            for lead in page
            if lead.id not in self.seen and (lead.is_open_to(name) or lead.may_queue(name))
        ]
        self.seen |= {lead.id for lead in new}
        return new

    def look_at(self, lead: RoutedLead, known: CampaignView) -> None:
        domains = frozenset(company_domains(lead.lead))
        of_company = sum(not domains.isdisjoint(each) for each in self.companies)
        day = self.campaign.next_send(self.now) or self.now
        view = CampaignView(
            self.capacity,
            "reserved" if lead.person_id in self.people else known.sent_before,
            known.of_domain + of_company,
            known.block,
        )
        category, failing = evaluate_in_view(
            self.campaign, lead.lead, self.now, self.context, view, day
        )
        if failing:
            self.staying.update({each.code for each in failing})
        elif not lead.is_open_to(self.campaign.name):
            self.queued += 1
        else:
            self.eligible[lead.id] = None
            self.people.add(lead.person_id)
            self.capacity = self.capacity.reserve(
                counters_of(self.campaign, lead.lead, category, day)
            )
            self.companies.append(domains)

    def view(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign.name,
            "frees": len(self.eligible),
            "queues": self.queued,
            "looked_at": len(self.seen),
            "stay_unsent": dict(self.staying),
            "leads": list(self.eligible)[:LEADS_TOLD_MAX],
        }
