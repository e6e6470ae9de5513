"""Routing's own collections; the only file that knows their shape.

Whatever deciding a batch may need is one query per collection.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from services.routing.campaign import claims
from services.routing.campaign.sends import Send
from services.routing.fit import criteria
from services.routing.fit.catalogue import Catalogues
from services.routing.orders.campaigns import Campaign, CampaignVersion, stored_id
from services.routing.orders.capacity import Capacity
from services.routing.orders.lists import CompanyList, ListPart, part_id
from services.routing.orders.policy import Account, Block, Rules
from services.routing.person.leads import (
    EarlyWithdrawal,
    RoutedLead,
)
from services.routing.person.unsent import UnsentDelivery
from services.routing.rematch import widening
from services.routing.rematch.widening import PAGE, LeadPage, page_id, where
from services.routing.wanted import Wanted
from shared.loop.catalogue import REVISIONS, Catalogue, applied, refresh
from shared.loop.collection import Collection, collection
from shared.loop.decision import Input
from shared.loop.working_set import WorkingSet
from shared.store import Document, Index, Transaction

SCHEMA = 3
"""1 had no routes, companies, counters and queues; what is missing reads as empty. 2 said asked of
what is claimed, and slots of counters."""


def _send_of_then(row: Document) -> Document:
    domain = row.get("domain") or ()
    return {
        **row,
        "counters": row.get("counters") or row.get("slots") or (),
        "domain": [domain] if isinstance(domain, str) else domain,
    }


def _lead_of_then(row: Document) -> Document:
    return row if "claims" in row else {**row, "claims": list(map(_claim_of_then, row["asked"]))}


def _claim_of_then(asked: Document) -> Document:
    state = "claimed" if asked["state"] == "asked" else asked["state"]
    return {**asked, "state": state, "attempt": asked.get("ask", 0)}


CAMPAIGNS = collection(
    "campaigns",
    Campaign,
    schema=SCHEMA,
    text=["definition"],
    queried={
        "customer": lambda campaign: campaign.definition.customer,
        "status": lambda campaign: campaign.definition.status,
    },
    indexes=[["revision"]],
)
CAPACITIES = collection(
    "campaign_capacities", Capacity, schema=SCHEMA, pairs=["counted"], indexes=[[]]
)
SENDS = collection(
    "sends",
    Send,
    schema=SCHEMA,
    text=["claim"],
    names={"domains": "domain"},
    queried={"waiting_since": lambda send: send.waiting_since},
    indexes=[
        # Guarded writes look for both, and not every store begins with the id alone.
        ["_id", "version"],
        ["tenant", "campaign", "status", "rank", "waiting_since"],
        ["tenant", "campaign", "domain"],
        ["tenant", "lead"],
    ],
    upgrade=_send_of_then,
)
LEADS = collection(
    "leads",
    RoutedLead,
    schema=SCHEMA,
    queried={
        "lead_code": lambda routed: routed.lead.lead_code,
        "route": lambda routed: criteria.route_of(routed.lead),
        "categories": lambda routed: list(criteria.categories_of(routed.lead)),
        "companies": lambda routed: sorted(criteria.companies_of(routed.lead)),
        "state": lambda routed: routed.state,
    },
    indexes=[
        ["_id", "version"],
        # By what a change can free leads (RTE-14).
        ["tenant", "route", "categories", "_id"],
        ["tenant", "route", "_id"],
        ["tenant", "companies", "_id"],
    ],
    upgrade=_lead_of_then,
)
EARLY = collection("early_withdrawals", EarlyWithdrawal, schema=SCHEMA, indexes=[[]])
LISTS = collection("lists", CompanyList, schema=SCHEMA, indexes=[["revision"]])
PARTS = collection("list_parts", ListPart, schema=SCHEMA, indexes=[[]])
RULES = collection("rules", Rules, schema=SCHEMA, indexes=[["revision"]])
ACCOUNTS = collection("accounts", Account, schema=SCHEMA, indexes=[["revision"]])
BLOCKS = collection("blocks", Block, schema=SCHEMA, indexes=[[]])
UNSENT = collection(
    "unsent_deliveries", UnsentDelivery, schema=SCHEMA, indexes=[["tenant", "since"]]
)


def _version_document(kept: CampaignVersion) -> Document:
    document = CAMPAIGNS.to_document(kept.campaign)
    return {"campaign": kept.campaign.id, "revision": kept.revision, **document}


def _version(row: Document) -> CampaignVersion:
    campaign = CAMPAIGNS.from_document({**row, "_id": row["campaign"]})
    return CampaignVersion(row["_id"], row["version"], campaign, row.get("revision", 0))


VERSIONS = Collection(
    "campaign_versions",
    CampaignVersion,
    _version_document,
    _version,
    [Index("campaign_versions", ("campaign",))],
)

ByOwnId = Sequence[Collection[Any]]
LOADED: ByOwnId = (
    CAMPAIGNS,
    VERSIONS,
    CAPACITIES,
    SENDS,
    LEADS,
    EARLY,
    BLOCKS,
    RULES,
    ACCOUNTS,
    UNSENT,
)
SAVED: ByOwnId = (VERSIONS, CAPACITIES, SENDS, LEADS, EARLY, BLOCKS, UNSENT)
"""Beside the catalogues, which save themselves, and the parts of lists."""

COLLECTIONS: ByOwnId = (*LOADED, LISTS, PARTS)
INDEXES = [index for kept in COLLECTIONS for index in kept.indexes] + [Index(REVISIONS, ())]
FORMER = {"campaign_books": CAPACITIES.name}

ENTRIES_IN_LINE_MAX = 2_000
CAMPAIGNS_IN_LINE_MAX = 200


class Memory:
    """The catalogues, as fresh as the last transaction that asked."""

    def __init__(self) -> None:
        self.catalogues = Catalogues()
        self.campaigns = Catalogue(CAMPAIGNS, self.catalogues.apply_campaigns)
        self.others: Sequence[Catalogue[Any]] = (
            Catalogue(RULES, self.catalogues.apply_rules),
            Catalogue(LISTS, self.catalogues.apply_lists),
            Catalogue(ACCOUNTS, self.catalogues.accounts.apply),
        )

    async def refresh(self, transaction: Transaction) -> None:
        known = self.catalogues
        await refresh(transaction, *self.others, self.campaigns)
        for tenant, campaigns in known.outdated():
            change = partial(known.recompile, tenant, campaigns)
            await applied(change, len(campaigns) > CAMPAIGNS_IN_LINE_MAX)
        for each in list(known.stale.values()):
            parts = await self._parts(transaction, each)
            change = partial(known.fill_list, each.id, parts)
            await applied(change, each.content.entries > ENTRIES_IN_LINE_MAX)

    async def _parts(self, transaction: Transaction, list_: CompanyList) -> list[ListPart]:
        ids = [part_id(list_.id, digest) for digest in list_.content.parts]
        rows = await transaction.find(PARTS.name, {"_id": {"$in": ids}})
        return [PARTS.from_document(row) for row in rows]


class RoutingStore:
    def __init__(self) -> None:
        self._memory = Memory()
        self.catalogues = self._memory.catalogues

    def revision(self) -> int:
        return self._memory.campaigns.revision

    async def load_many(self, transaction: Transaction, inputs: Sequence[Input]) -> WorkingSet:
        await self._memory.refresh(transaction)
        wanted = Wanted(self.catalogues)
        for given in inputs:
            wanted.add(given)
        state = WorkingSet()
        for kept in LOADED:
            await state.load(transaction, kept, wanted.ids[kept.kind])
        await self._load_lists(transaction, state, wanted)
        await self._load_sends(transaction, state, wanted)
        await self._load_pages(transaction, state, wanted)
        return state

    async def _load_lists(
        self, transaction: Transaction, state: WorkingSet, wanted: Wanted
    ) -> None:
        await state.load(transaction, LISTS, wanted.ids[CompanyList])
        parts = list(wanted.ids[ListPart])
        for list_ in state.all(CompanyList):
            digests = [*list_.content.parts, *(list_.coming.parts if list_.coming else ())]
            parts += [part_id(list_.id, digest) for digest in digests]
        await state.load(transaction, PARTS, parts)

    async def _load_sends(
        self, transaction: Transaction, state: WorkingSet, wanted: Wanted
    ) -> None:
        """What waits for its day, and what has been sent to companies whose number is limited."""
        for tenant, campaign, before in wanted.weekly[: claims.RUNS_PER_STEP]:
            which: dict[str, Any] = {"tenant": tenant, "campaign": campaign, "status": "waiting"}
            which["waiting_since"] = {"$lt": before}
            order = [("rank", 1), ("waiting_since", 1), ("_id", 1)]
            found = await state.find(transaction, SENDS, which, sort=order, limit=claims.RUN_MAX)
            day = claims.weekly_id(stored_id(tenant, campaign), before)
            state.know(claims.SendDay(day, 0, tuple(found), is_last=len(found) < claims.RUN_MAX))
            waiting = [send for id in found if (send := state.get(Send, id))]  # noqa: A001
            people = [f"{tenant}/{send.person_id}" for send in waiting]
            await state.load(transaction, BLOCKS, people)
            domains = [(tenant, campaign, domain) for send in waiting for domain in send.domains]
            wanted.domains.update(domains if wanted.limits_domains(tenant, campaign) else ())
        for tenant, campaign, domain in sorted(wanted.domains):
            which = {"tenant": tenant, "campaign": campaign, "domain": domain}
            await state.find(transaction, SENDS, which)

    async def _load_pages(
        self, transaction: Transaction, state: WorkingSet, wanted: Wanted
    ) -> None:
        """As many as one step may look through; mostly a page is short or empty."""
        loaded = 0
        for tenant, change in wanted.widened[: widening.PAGES_PER_STEP]:
            if loaded >= widening.LEADS_PER_STEP:
                break
            found = await state.find(
                transaction, LEADS, where(change, tenant), sort=[("_id", 1)], limit=PAGE
            )
            leads = [lead for id in found if (lead := state.get(RoutedLead, id))]  # noqa: A001
            state.know(LeadPage(page_id(change, tenant), 0, tuple(leads)))
            loaded += len(leads)

    async def save_many(self, transaction: Transaction, changed: WorkingSet) -> None:
        revision = await self._memory.campaigns.save(transaction, changed)
        versions = changed.changed(CampaignVersion)
        changed.put([replace(version, revision=revision) for version in versions])
        for catalogue in self._memory.others:
            await catalogue.save(transaction, changed)
        for kept in SAVED:
            await changed.save(transaction, kept)
        await _save_parts(transaction, changed.changed(ListPart))


async def _save_parts(transaction: Transaction, parts: Sequence[ListPart]) -> None:
    """Once each: an edit may lead back to a part that an earlier version had."""
    if not parts:
        return
    ids = [part.id for part in parts]
    rows = await transaction.find(PARTS.name, {"_id": {"$in": ids}}, fields=["_id"])
    kept = {row["_id"] for row in rows}
    new = WorkingSet()
    new.put(part for part in parts if part.id not in kept)
    await new.save(transaction, PARTS)
