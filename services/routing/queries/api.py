"""Routing's read-only API: campaigns, lists, a lead's way, why it was not sent, what a change would
free, what nobody gets."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from services.routing.campaign.sends import Send
from services.routing.filters.routes import route_of
from services.routing.orders.campaigns import Campaign
from services.routing.orders.checklist import checklist, warnings
from services.routing.orders.lists import CompanyList, part_of
from services.routing.person.leads import ClaimRecord, RoutedLead
from services.routing.person.unsent import UnsentDelivery
from services.routing.queries.preview import Previewing
from services.routing.queries.trial import Leads, Trial
from services.routing.queries.why_not import WhyNot, against
from services.routing.store import CAMPAIGNS, LEADS, LISTS, PARTS, SENDS, UNSENT, VERSIONS
from shared import read_api
from shared.clock import Clock
from shared.contracts.campaigns import PutCampaign
from shared.contracts.lists import EditList, PutList
from shared.loop.effects import COLLECTION as EFFECTS
from shared.loop.working_set import named
from shared.store import Filter, Store

LEADS_AT_ONCE = 1_000
SEND_STATES = ("waiting", "reserved", "sent", "refused", "uncertain")
PREVIEWED: Mapping[str, type[PutCampaign] | type[PutList] | type[EditList]] = {
    "campaign": PutCampaign,
    "list": PutList,
    "list_edit": EditList,
}


def routes(store: Store, clock: Clock) -> list[Route]:
    reader = Reader(store, clock)
    return [
        read_api.route("/campaigns", reader.campaigns),
        read_api.route("/campaigns/{id}", reader.campaign),
        read_api.route("/campaigns/{id}/unsent", reader.unsent),
        read_api.route("/campaigns/{id}/sends", reader.sends),
        read_api.route("/leads/{id}", reader.lead),
        read_api.route("/explain/{id}", reader.explain),
        read_api.route("/preview", reader.preview, "POST"),
        read_api.route("/try", reader.try_, "POST"),
        read_api.route("/lists", reader.lists),
        read_api.route("/lists/{id}", reader.list),
        read_api.route("/watch", reader.watch),
        read_api.route("/counts", reader.counts),
    ]


class Reader:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._why_not = WhyNot(store, clock)
        self._previewing = Previewing(store, clock, self._why_not)
        self._trial = Trial(store, clock, self._why_not)

    async def campaigns(self, request: Request) -> Mapping[str, Any]:
        found = await self._campaigns({"tenant": read_api.tenant(request)})
        return {"campaigns": [_view(campaign) for campaign in found]}

    async def campaign(self, request: Request) -> Mapping[str, Any]:
        campaign = await self._campaign(request)
        capacity = await self._why_not.capacity(campaign.id, campaign.tenant)
        kept = await self._store.find(VERSIONS.name, {"campaign": campaign.id})
        versions = [VERSIONS.from_document(row).campaign for row in kept]
        return {
            **_view(campaign),
            "capacity": {
                "reserved": capacity.reserved,
                "used": capacity.used,
                "uncertain": capacity.uncertain,
            },
            "counted": capacity.counted,
            "warnings": warnings(campaign.definition),
            "checklist": checklist(campaign.definition),
            "versions": [
                _view(version) for version in sorted(versions, key=lambda each: each.number)
            ],
        }

    async def unsent(self, request: Request) -> Mapping[str, Any]:
        """RTE-10: a campaign's unsent leads, counted by check."""
        campaign = await self._campaign(request)
        counts = await self._why_not.unsent(campaign)
        return {"campaign": campaign.name, "version": campaign.number, "unsent": counts}

    async def sends(self, request: Request) -> Mapping[str, Any]:
        campaign = await self._campaign(request)
        where = {"tenant": campaign.tenant, "campaign": campaign.name}
        if status := request.query_params.get("status"):
            where["status"] = status
        rows, following = await read_api.page(self._store, SENDS.name, where, request)
        view = [await self._send(SENDS.from_document(row)) for row in rows]
        return {"sends": view, "next": following}

    async def lead(self, request: Request) -> Mapping[str, Any]:
        routed = await self._routed(request)
        where = {"tenant": routed.tenant, "lead": routed.id}
        sends = [SENDS.from_document(row) for row in await self._store.find(SENDS.name, where)]
        return {
            "id": routed.id,
            "state": routed.state,
            "person_id": routed.person_id,
            "lead_code": routed.lead.lead_code,
            "category": routed.lead.category,
            "accepted_at": routed.accepted_at,
            "catalogue_revision": routed.revision,
            "trace": routed.trace,
            "is_exclusive": routed.is_exclusive,
            "claims": [_claim(claim) for claim in routed.claims],
            "queue": routed.queue,
            "sends": [await self._send(send) for send in sends],
        }

    async def explain(self, request: Request) -> Mapping[str, Any]:
        """For one campaign, or for all that take leads of its way."""
        routed = await self._routed(request)
        name = request.query_params.get("campaign")
        if name is not None:
            await self._campaign(request, name)
        view = await self._why_not.why_not(routed, name)
        return {"lead": routed.id, "state": routed.state, **view}

    async def preview(self, request: Request) -> Mapping[str, Any]:
        """RTE-14: what a change would free, before it is made."""
        given = await read_api.posted(request)
        kind = given.pop("kind", None) if isinstance(given, dict) else None
        if not isinstance(kind, str) or kind not in PREVIEWED:
            raise read_api.BadRequest("kind", f"one of {', '.join(PREVIEWED)}")
        command = read_api.question(PREVIEWED[kind], given)
        tenant = read_api.tenant(request)
        if isinstance(command, PutCampaign):
            view = await self._previewing.campaign(command, tenant)
            return view | {"warnings": warnings(command), "checklist": checklist(command)}
        return await self._previewing.list(command, tenant)

    async def try_(self, request: Request) -> Mapping[str, Any]:
        """Which campaigns would want leads that are not here, and why others would not."""
        given = read_api.question(Leads, await read_api.posted(request))
        return {"leads": await self._trial.leads(given, read_api.tenant(request))}

    async def lists(self, request: Request) -> Mapping[str, Any]:
        where = {"tenant": read_api.tenant(request)}
        rows = await self._store.find(LISTS.name, where, sort=[("_id", 1)])
        return {"lists": [_told_list(LISTS.from_document(row)) for row in rows]}

    async def list(self, request: Request) -> Mapping[str, Any]:
        """One list, with its entries as they are compared."""
        name = request.path_params["id"]
        id = named(CompanyList, read_api.tenant(request), name).id  # noqa: A001
        row = await read_api.one(self._store, LISTS.name, {"_id": id}, "list", name)
        found = LISTS.from_document(row)
        ids = [part_of(id, digest).id for digest in found.content.parts]
        parts = await self._store.find(PARTS.name, {"_id": {"$in": ids}})
        terms = sorted(term for part in parts for term in part["terms"])
        known = await self._why_not.catalogues()
        users = [campaign.name for campaign in known.users_of(found.tenant, found.name)]
        return {**_told_list(found), "used_by": users, "terms": terms}

    async def watch(self, request: Request) -> Mapping[str, Any]:
        """RTE-16: lead codes and deliveries of which leads were unsent after a day, and are now."""
        where = {"tenant": read_api.tenant(request)}
        rows = await self._store.find(UNSENT.name, where, sort=[("since", 1)])
        groups = [UNSENT.from_document(row) for row in rows]
        unsent = await self._still_unsent([lead for group in groups for lead in group.leads])
        view = [_unsent_group(group, unsent) for group in groups]
        return {"deliveries": [group for group in view if group["unsent"]]}

    async def _still_unsent(self, leads: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for first in range(0, len(leads), LEADS_AT_ONCE):
            some = {"$in": list(leads[first : first + LEADS_AT_ONCE])}
            still = {"_id": some, "state": {"$ne": "sent"}, "withdrawn": {"$ne": True}}
            rows = await self._store.find(LEADS.name, still, fields=["_id"])
            found |= {row["_id"] for row in rows}
        return found

    async def counts(self, request: Request) -> Mapping[str, Any]:
        where = {"tenant": read_api.tenant(request)}
        known = await self._why_not.catalogues()
        found = known.of_tenant(where["tenant"])
        unsent: dict[str, Counter[str]] = {campaign.id: Counter() for campaign in found}
        async for row in read_api.every(self._store, LEADS.name, where):
            routed = LEADS.from_document(row)
            for campaign in known.on_route(routed.tenant, route_of(routed.lead)):
                unsent[campaign.id].update(against(routed, campaign, known.context_of(campaign)))
        return {"campaigns": [await self._counted(each, unsent[each.id]) for each in found]}

    async def _counted(self, campaign: Campaign, unsent: Mapping[str, int]) -> Mapping[str, Any]:
        where = {"tenant": campaign.tenant, "campaign": campaign.name}
        sends = {
            state: await self._store.count(SENDS.name, where | {"status": state})
            for state in SEND_STATES
        }
        return {"id": campaign.name, "version": campaign.number, **sends, "unsent": unsent}

    async def _send(self, send: Send) -> Mapping[str, Any]:
        """With what came of the attempts so far, while it is under way."""
        tried: Sequence[Any] = ()
        if send.status == "reserved":
            rows = await self._store.find(EFFECTS, {"_id": send.id})
            tried = rows[0].get("tried", ()) if rows else ()
        return {
            "key": send.id,
            "campaign": send.campaign,
            "version": send.campaign_version,
            "lead": send.lead,
            "status": send.status,
            "history": send.history,
            "tried": tried,
        }

    async def _routed(self, request: Request) -> RoutedLead:
        id = request.path_params["id"]  # noqa: A001
        where = {"_id": id, "tenant": read_api.tenant(request)}
        return LEADS.from_document(await read_api.one(self._store, LEADS.name, where, "lead", id))

    async def _campaign(self, request: Request, name: str | None = None) -> Campaign:
        name = name or request.path_params["id"]
        where = {"_id": named(Campaign, read_api.tenant(request), name).id}
        row = await read_api.one(self._store, CAMPAIGNS.name, where, "campaign", name)
        return CAMPAIGNS.from_document(row)

    async def _campaigns(self, where: Filter) -> Sequence[Campaign]:
        rows = await self._store.find(CAMPAIGNS.name, where, sort=[("_id", 1)])
        return [CAMPAIGNS.from_document(row) for row in rows]


def _view(campaign: Campaign) -> Mapping[str, Any]:
    return {
        **campaign.definition.model_dump(mode="json"),
        "version": campaign.number,
        "changed_at": campaign.changed_at,
        "changed_by": campaign.changed_by,
        "reason": campaign.reason,
    }


def _told_list(found: CompanyList) -> dict[str, Any]:
    return {
        "id": found.name,
        "version": found.number,
        "entries": found.content.entries,
        "parts": found.content.parts,
        "coming_at": found.coming_at,
        "changed_at": found.changed_at,
        "changed_by": found.changed_by,
    }


def _unsent_group(group: UnsentDelivery, unsent: Collection[str]) -> Mapping[str, Any]:
    """The codes are those of all that were unsent once."""
    left = [lead for lead in group.leads if lead in unsent]
    return {
        "affiliate": group.affiliate,
        "lead_code": group.lead_code,
        "delivery": group.delivery,
        "unsent": len(left),
        "since": group.since,
        "raised_at": group.raised_at,
        "codes": group.codes,
        "leads": left,
    }


def _claim(claim: ClaimRecord) -> Mapping[str, Any]:
    return {
        "campaign": claim.campaign,
        "version": claim.campaign_version,
        "state": claim.state,
        "until": claim.until,
        "failing": [failing.model_dump() for failing in claim.failing],
    }
