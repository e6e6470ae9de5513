"""Routing's read-only API: campaigns, a lead's way, why it was not sent, counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from services.routing import campaigns, domain
from services.routing.campaigns import Campaign, CampaignBook
from services.routing.domain import Asked, RoutedLead, Send
from services.routing.explaining import explain_lead, unsent_by_check
from services.routing.store import BOOKS, CAMPAIGNS, LEADS, SENDS, VERSIONS
from shared import read_api
from shared.store import Filter, Store

SEND_STATES = ("reserved", "sent", "refused", "uncertain")


def routes(store: Store) -> list[Route]:
    reader = Reader(store)
    return [
        read_api.route("/campaigns", reader.campaigns),
        read_api.route("/campaigns/{id}", reader.campaign),
        read_api.route("/leads/{id}", reader.lead),
        read_api.route("/explain/{id}", reader.explain),
        read_api.route("/counts", reader.counts),
    ]


class Reader:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def campaigns(self, request: Request) -> Mapping[str, Any]:
        found = await self._campaigns({"tenant": read_api.tenant(request)})
        return {"campaigns": [_told(campaign) for campaign in found]}

    async def campaign(self, request: Request) -> Mapping[str, Any]:
        campaign = await self._campaign(request, request.path_params["id"])
        book = await self._book(campaign)
        kept = await self._store.find(VERSIONS.name, {"campaign": campaign.id})
        versions = [VERSIONS.from_document(row).campaign for row in kept]
        return {
            **_told(campaign),
            "slots": {"reserved": book.reserved, "used": book.used, "uncertain": book.uncertain},
            "versions": [
                _told(version) for version in sorted(versions, key=lambda each: each.number)
            ],
        }

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
            "asked": [_asked(asked) for asked in routed.asked],
            "sends": [_send(send) for send in sends],
        }

    async def explain(self, request: Request) -> Mapping[str, Any]:
        """For one campaign, or for all that carry the lead's lead code."""
        routed = await self._routed(request)
        name = request.query_params.get("campaign")
        chosen = [await self._campaign(request, name)] if name else await self._carrying(routed)
        told = [await self._explained(routed, campaign) for campaign in chosen]
        return {"lead": routed.id, "state": routed.state, "campaigns": told}

    async def counts(self, request: Request) -> Mapping[str, Any]:
        where = {"tenant": read_api.tenant(request)}
        found = await self._campaigns(where)
        unsent: dict[str, Counter[str]] = {campaign.id: Counter() for campaign in found}
        async for row in read_api.every(self._store, LEADS.name, where):
            routed = LEADS.from_document(row)
            for campaign in found:
                unsent[campaign.id].update(unsent_by_check(campaign, [routed]))
        return {"campaigns": [await self._counted(each, unsent[each.id]) for each in found]}

    async def _counted(self, campaign: Campaign, unsent: Mapping[str, int]) -> Mapping[str, Any]:
        where = {"tenant": campaign.tenant, "campaign": campaign.name}
        sends = {
            state: await self._store.count(SENDS.name, where | {"status": state})
            for state in SEND_STATES
        }
        return {"id": campaign.name, "version": campaign.number, **sends, "unsent": unsent}

    async def _explained(self, routed: RoutedLead, campaign: Campaign) -> Mapping[str, object]:
        id = domain.send_id(campaign.tenant, campaign.name, routed.person_id)  # noqa: A001
        rows = await self._store.find(SENDS.name, {"_id": id})
        send: Send | None = SENDS.from_document(rows[0]) if rows else None
        return explain_lead(routed, campaign, await self._book(campaign), send).as_told()

    async def _routed(self, request: Request) -> RoutedLead:
        where = {"_id": request.path_params["id"], "tenant": read_api.tenant(request)}
        return LEADS.from_document(await read_api.one(self._store, LEADS.name, where, "lead"))

    async def _campaign(self, request: Request, name: str) -> Campaign:
        where = {"_id": campaigns.stored_id(read_api.tenant(request), name)}
        row = await read_api.one(self._store, CAMPAIGNS.name, where, "campaign")
        return CAMPAIGNS.from_document(row)

    async def _campaigns(self, where: Filter) -> Sequence[Campaign]:
        rows = await self._store.find(CAMPAIGNS.name, where, sort=[("_id", 1)])
        return [CAMPAIGNS.from_document(row) for row in rows]

    async def _carrying(self, routed: RoutedLead) -> Sequence[Campaign]:
        found = await self._campaigns({"tenant": routed.tenant})
        code = routed.lead.lead_code
        return [campaign for campaign in found if code in campaign.definition.lead_codes]

    async def _book(self, campaign: Campaign) -> CampaignBook:
        rows = await self._store.find(BOOKS.name, {"_id": campaign.id})
        empty = CampaignBook(campaign.id, 0, campaign.tenant)
        return BOOKS.from_document(rows[0]) if rows else empty


def _told(campaign: Campaign) -> Mapping[str, Any]:
    return {
        **campaign.definition.model_dump(mode="json"),
        "version": campaign.number,
        "changed_at": campaign.changed_at,
        "changed_by": campaign.changed_by,
        "reason": campaign.reason,
    }


def _asked(asked: Asked) -> Mapping[str, Any]:
    return {
        "campaign": asked.campaign,
        "version": asked.campaign_version,
        "state": asked.state,
        "failing": [failing.model_dump() for failing in asked.failing],
    }


def _send(send: Send) -> Mapping[str, Any]:
    return {
        "key": send.id,
        "campaign": send.campaign,
        "version": send.campaign_version,
        "lead": send.lead,
        "status": send.status,
        "history": send.history,
    }
