"""Routing's read-only API: campaigns, lists, a lead's way, why it was not sent, what a change would
free, what nobody gets."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Body, Query
from pydantic import Discriminator, Field, Tag

from services.routing.campaign.sends import Send, SendStatus
from services.routing.orders.campaigns import Campaign
from services.routing.orders.capacity import Capacity
from services.routing.orders.checklist import checklist, warnings
from services.routing.orders.lists import CompanyList, part_of
from services.routing.person.leads import RoutedLead
from services.routing.queries import campaign_views, views
from services.routing.queries.preview import Previewing
from services.routing.queries.trial import Leads, Trial
from services.routing.queries.unsent_counts import LEADS_JUDGED, LEADS_JUDGED_MAX, UnsentCount
from services.routing.queries.why_not import WhyNot
from services.routing.store import (
    CAMPAIGNS,
    CAPACITIES,
    LEADS,
    LISTS,
    PARTS,
    SENDS,
    UNSENT,
    VERSIONS,
)
from shared.clock import Clock
from shared.contracts.campaigns import PutCampaign
from shared.contracts.lists import EditList, PutList
from shared.entities import Entities
from shared.loop import effects
from shared.loop.decision import Attempt
from shared.loop.working_set import ref_by_name
from shared.read_api import listing, route
from shared.read_params import FORM, Limit, OfTenant, OneOf, Page, Params, Tenant, up_to
from shared.store import Store

LEADS_AT_ONCE = 1_000
CAMPAIGNS_COUNTED = 25
"""Each way of theirs costs a few reads, whatever came it."""


class SendsQuery(Page):
    status: Annotated[str, OneOf(get_args(SendStatus))] | None = None


class Judged(Params):
    leads: Annotated[int, Field(ge=1), up_to(LEADS_JUDGED_MAX)] = LEADS_JUDGED
    """About how many are looked at to count unsent leads by check; never more than 100,000."""


class UnsentQuery(OfTenant, Judged):
    pass


class CountsQuery(Page, Judged):
    limit: Limit = CAMPAIGNS_COUNTED
    """How many campaigns at most, which share the leads; never more than 1,000."""


class ExplainQuery(OfTenant):
    campaign: str | None = None
    """Without one, all that take leads of its way."""


class CampaignChange(PutCampaign):
    kind: Literal["campaign"]


class ListChange(PutList):
    kind: Literal["list"]


class ListEdit(EditList):
    kind: Literal["list_edit"]


Previewed = PutCampaign | PutList | EditList
PREVIEWED: Mapping[str, type[Previewed]] = {
    "campaign": PutCampaign,
    "list": PutList,
    "list_edit": EditList,
}


def _command(change: CampaignChange | ListChange | ListEdit) -> Previewed:
    """As it would be published."""
    fields = {name: value for name, value in change if name != "kind"}
    return PREVIEWED[change.kind].model_construct(**fields)


def _kind(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else None


Change = Annotated[
    Annotated[CampaignChange, Tag("campaign")]
    | Annotated[ListChange, Tag("list")]
    | Annotated[ListEdit, Tag("list_edit")],
    Discriminator(
        _kind,
        custom_error_type=FORM,
        custom_error_message=f"one of {', '.join(PREVIEWED)}",
        custom_error_context={"name": "kind"},
    ),
    Body(),
]


def routes(store: Store, clock: Clock) -> APIRouter:
    reader, router, entities = Reader(store, clock), APIRouter(), Entities(store)
    listing(router, "/campaigns", entities, CAMPAIGNS, views.CampaignView)
    route(router, "/campaigns/{id}", reader.campaign)
    route(router, "/campaigns/{id}/unsent", reader.unsent)
    route(router, "/campaigns/{id}/sends", reader.sends)
    route(router, "/leads/{id}", reader.lead)
    route(router, "/explain/{id}", reader.explain)
    route(router, "/preview", reader.preview, "POST")
    route(router, "/try", reader.try_, "POST")
    listing(router, "/lists", entities, LISTS, views.ListView)
    route(router, "/lists/{id}", reader.list)
    route(router, "/watch", reader.watch)
    route(router, "/counts", reader.counts)
    return router


class Reader:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._entities = Entities(store)
        self._why_not = WhyNot(store, clock)
        self._previewing = Previewing(store, clock, self._why_not)
        self._trial = Trial(store, clock, self._why_not)

    async def campaign(self, id: str, query: Tenant) -> views.CampaignWhole:
        """With all its versions, and what its slots count."""
        campaign = await self._campaign(query.tenant, id)
        capacity = await self._why_not.capacity(campaign.id, campaign.tenant)
        kept = await self._entities.some(VERSIONS, {"campaign": campaign.id})
        versions = sorted((each.campaign for each in kept), key=lambda each: each.number)
        return views.CampaignWhole.whole(
            campaign,
            capacity=views.Slots.model_validate(capacity),
            counted=capacity.counted,
            warnings=warnings(campaign.definition),
            checklist=checklist(campaign.definition),
            versions=[views.CampaignView.of(version) for version in versions],
        )

    async def unsent(self, id: str, query: Annotated[UnsentQuery, Query()]) -> views.Unsent:
        """RTE-10: a campaign's unsent leads, counted by check."""
        campaign = await self._campaign(query.tenant, id)
        found = await self._why_not.unsent(campaign, query.leads)
        return views.Unsent(
            campaign=campaign.name,
            version=campaign.number,
            unsent=found.by_check,
            looked_at=found.looked_at,
            of=found.of,
        )

    async def sends(self, id: str, query: Annotated[SendsQuery, Query()]) -> views.Sends:
        """What a campaign has got, or is to get."""
        campaign = await self._campaign(query.tenant, id)
        where = {"tenant": campaign.tenant, "campaign": campaign.name}
        if query.status:
            where["status"] = query.status
        found, following = await self._entities.page(SENDS, where, query)
        return views.Sends(sends=[await self._send(send) for send in found], next=following)

    async def lead(self, id: str, query: Tenant) -> views.LeadWhole:
        """Its claims and its sends."""
        routed = await self._routed_lead(query.tenant, id)
        where = {"tenant": routed.tenant, "lead": routed.id}
        sends = await self._entities.some(SENDS, where, sort=())
        return views.LeadWhole(
            **vars(views.LeadView.model_validate(routed)),
            sends=[await self._send(send) for send in sends],
        )

    async def explain(self, id: str, query: Annotated[ExplainQuery, Query()]) -> views.WhyNot:
        """Why a campaign has not got the lead, or each that takes leads of its way."""
        routed = await self._routed_lead(query.tenant, id)
        if query.campaign is not None:
            await self._campaign(query.tenant, query.campaign)
        view = await self._why_not.why_not(routed, query.campaign)
        return views.WhyNot.model_validate({"lead": routed.id, "state": routed.state, **view})

    async def preview(self, change: Change, query: Tenant) -> views.Previewed:
        """RTE-14: what a change would free, before it is made."""
        command = _command(change)
        if not isinstance(command, PutCampaign):
            view = await self._previewing.list(command, query.tenant)
            return views.Previewed.model_validate(view)
        view = await self._previewing.campaign(command, query.tenant)
        beside = {"warnings": warnings(command), "checklist": checklist(command)}
        return views.Previewed.model_validate(view | beside)

    async def try_(self, page: Leads, query: Tenant) -> views.TriedLeads:
        """Which campaigns would want leads that are not here, and why others would not."""
        tried = await self._trial.leads(page, query.tenant)
        return views.TriedLeads.model_validate({"leads": tried})

    async def list(self, id: str, query: Tenant) -> views.ListWhole:
        """One list, with its entries as they are compared."""
        stored = ref_by_name(CompanyList, query.tenant, id).id
        found = await self._entities.one(LISTS, {"_id": stored}, "list", id)
        ids = [part_of(stored, digest).id for digest in found.content.parts]
        parts = await self._store.find(PARTS.name, {"_id": {"$in": ids}})
        known = await self._why_not.catalogues()
        return views.ListWhole(
            **vars(views.ListView.of(found)),
            used_by=[campaign.name for campaign in known.users_of(found.tenant, found.name)],
            terms=sorted(term for part in parts for term in part["terms"]),
        )

    async def watch(self, query: Tenant) -> views.UnsentDeliveries:
        """RTE-16: lead codes and deliveries of which leads were unsent after a day, and are now."""
        found = await self._entities.some(UNSENT, {"tenant": query.tenant}, sort=[("since", 1)])
        unsent = await self._still_unsent([lead for each in found for lead in each.leads])
        shown = [views.UnsentDeliveryView.of(each, unsent) for each in found]
        return views.UnsentDeliveries(deliveries=[each for each in shown if each.unsent])

    async def _still_unsent(self, leads: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for first in range(0, len(leads), LEADS_AT_ONCE):
            some = {"$in": [*leads[first : first + LEADS_AT_ONCE]]}
            still = {"_id": some, "state": {"$ne": "sent"}, "withdrawn": {"$ne": True}}
            rows = await self._store.find(LEADS.name, still, fields=["_id"])
            found |= {row["_id"] for row in rows}
        return found

    async def counts(self, query: Annotated[CountsQuery, Query()]) -> views.Counts:
        """RTE-10: of each campaign, sends by status and unsent leads by check."""
        known = await self._why_not.catalogues()
        every = known.of_tenant(query.tenant)
        found = [each for each in every if each.id > (query.after or "")][: query.limit]
        unsent = await self._why_not.unsent_now(query.tenant, found, query.leads)
        capacities = await campaign_views.by_id(
            self._store, CAPACITIES, [campaign.id for campaign in found]
        )
        return views.Counts(
            campaigns=[
                _counts_of(each, capacities.get(each.id), unsent[each.id]) for each in found
            ],
            next=found[-1].id if len(found) == query.limit else None,
        )

    async def _send(self, send: Send) -> views.SendView:
        tried: Sequence[Attempt] = ()
        if send.status == "reserved":
            rows = await self._store.find(effects.COLLECTION, {"_id": send.id})
            tried = [attempt for row in rows for attempt in effects.attempts_of(row)]
        return views.SendView.of(send, tried)

    async def _routed_lead(self, tenant: str, lead: str) -> RoutedLead:
        return await self._entities.one(LEADS, {"_id": lead, "tenant": tenant}, "lead", lead)

    async def _campaign(self, tenant: str, name: str) -> Campaign:
        where = {"_id": ref_by_name(Campaign, tenant, name).id}
        return await self._entities.one(CAMPAIGNS, where, "campaign", name)


def _counts_of(
    campaign: Campaign, capacity: Capacity | None, unsent: UnsentCount
) -> views.CampaignCounts:
    return views.CampaignCounts(
        id=campaign.name,
        version=campaign.number,
        waiting=unsent.waiting,
        reserved=capacity.reserved if capacity else 0,
        sent=capacity.used if capacity else 0,
        refused=unsent.not_sent,
        uncertain=capacity.uncertain if capacity else 0,
        unsent=unsent.by_check,
        looked_at=unsent.looked_at,
        of=unsent.of,
    )
