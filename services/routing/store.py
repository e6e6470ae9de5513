"""Routing's own collections; the only file that knows their shape.

A definition is kept as JSON text: it has dates and free keys that no store takes as they are, and
it is only ever read whole. Whatever deciding a batch may need is one query per collection.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from services.routing.campaign import claims
from services.routing.campaign.sends import Send, SendEntry
from services.routing.fit import criteria
from services.routing.fit.catalogue import Catalogues
from services.routing.orders.campaigns import Campaign, CampaignVersion, stored_id
from services.routing.orders.capacity import Capacity
from services.routing.orders.lists import CompanyList, ListPart, part_id
from services.routing.orders.policy import Account, Block, Rules
from services.routing.person.leads import (
    Candidate,
    ClaimRecord,
    EarlyWithdrawal,
    RoutedLead,
    Withdrawal,
)
from services.routing.person.unsent import UnsentDelivery
from services.routing.rematch import widening
from services.routing.rematch.widening import PAGE, LeadPage, page_id, where
from services.routing.wanted import Wanted
from shared.contracts.campaigns import PutCampaign
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import Claim
from shared.loop.catalogue import REVISIONS, Catalogue, applied, refresh
from shared.loop.decision import Input
from shared.loop.working_set import Collection, WorkingSet, plain
from shared.store import Document, Index, Transaction

SCHEMA = 3
"""1 had no routes, companies, slots and queues; what is missing reads as empty. 2 said asked of
what is claimed."""

CLAIMS_OF_LEAD = TypeAdapter(tuple[ClaimRecord, ...])
QUEUE = TypeAdapter(tuple[Candidate, ...])
WITHDRAWALS = TypeAdapter(tuple[Withdrawal, ...])


def _campaign_document(campaign: Campaign) -> Document:
    definition = campaign.definition
    return {
        "schema": SCHEMA,
        "tenant": campaign.tenant,
        "customer": definition.customer,
        "status": definition.status,
        "number": campaign.number,
        "definition": definition.model_dump_json(),
        "changed_at": campaign.changed_at,
        "changed_by": campaign.changed_by,
        "reason": campaign.reason,
        "created_at": campaign.created_at,
    }


def _campaign(row: Document) -> Campaign:
    return Campaign(
        row["_id"],
        row["version"],
        row["tenant"],
        row["number"],
        PutCampaign.model_validate_json(row["definition"]),
        row["changed_at"],
        row["changed_by"],
        row["reason"],
        row.get("created_at"),
    )


def _version_document(kept: CampaignVersion) -> Document:
    document = _campaign_document(kept.campaign)
    return {"campaign": kept.campaign.id, "revision": kept.revision, **document}


def _version(row: Document) -> CampaignVersion:
    campaign = _campaign({**row, "_id": row["campaign"]})
    return CampaignVersion(row["_id"], row["version"], campaign, row.get("revision", 0))


def _capacity_document(capacity: Capacity) -> Document:
    return {
        "schema": SCHEMA,
        "tenant": capacity.tenant,
        "reserved": capacity.reserved,
        "used": capacity.used,
        "uncertain": capacity.uncertain,
        # As pairs: what is counted may have names that no store takes as keys.
        "counted": [[slot, count] for slot, count in capacity.counted.items()],
    }


def _capacity(row: Document) -> Capacity:
    return Capacity(
        row["_id"],
        row["version"],
        row["tenant"],
        row["reserved"],
        row["used"],
        row["uncertain"],
        dict(row.get("counted", ())),
    )


def _send_document(send: Send) -> Document:
    return {
        "schema": SCHEMA,
        "tenant": send.tenant,
        "campaign": send.campaign,
        "customer": send.customer,
        "campaign_version": send.campaign_version,
        "lead": send.lead,
        "person_id": send.person_id,
        "affiliate": send.affiliate,
        "lead_code": send.lead_code,
        "category": send.category,
        "status": send.status,
        "waiting_since": send.waiting_since,
        "history": [
            {"at": entry.at, "what": entry.what, "text": entry.text} for entry in send.history
        ],
        "domain": list(send.domains),
        "counters": list(send.counters),
        "rank": send.rank,
        "claim": send.claim.model_dump_json() if send.claim else None,
        "trace": send.trace,
    }


def _domains(kept: list[str] | str | None) -> tuple[str, ...]:
    """Rows of an earlier version have one or none. A store finds both by any of them."""
    return (kept,) if isinstance(kept, str) else tuple(kept or ())


def _send(row: Document) -> Send:
    claim = row.get("claim")
    return Send(
        id=row["_id"],
        version=row["version"],
        tenant=row["tenant"],
        campaign=row["campaign"],
        customer=row["customer"],
        campaign_version=row["campaign_version"],
        lead=row["lead"],
        person_id=row["person_id"],
        affiliate=row["affiliate"],
        lead_code=row["lead_code"],
        category=row["category"],
        status=row["status"],
        history=tuple(
            SendEntry(entry["at"], entry["what"], entry["text"]) for entry in row["history"]
        ),
        domains=_domains(row.get("domain")),
        counters=tuple(row.get("counters") or row.get("slots") or ()),
        rank=row.get("rank", 0),
        claim=Claim.model_validate_json(claim) if claim else None,
        trace=row.get("trace"),
    )


def _routed_document(routed: RoutedLead) -> Document:
    lead = routed.lead
    return {
        "schema": SCHEMA,
        "tenant": routed.tenant,
        "person_id": routed.person_id,
        "lead_code": lead.lead_code,
        "route": criteria.route_of(lead),
        "categories": list(criteria.categories_of(lead)),
        "companies": sorted(criteria.companies_of(lead)),
        "lead": lead.model_dump(),
        "accepted_at": routed.accepted_at,
        "revision": routed.revision,
        "trace": routed.trace,
        "state": routed.state,
        "claims": CLAIMS_OF_LEAD.dump_python(routed.claims),
        "withdrawn": routed.withdrawn,
        "withdrawals": WITHDRAWALS.dump_python(routed.withdrawals),
        "is_exclusive": routed.is_exclusive,
        "queue": QUEUE.dump_python(routed.queue),
    }


def _claims(row: Document) -> tuple[ClaimRecord, ...]:
    if "asked" in row:
        return CLAIMS_OF_LEAD.validate_python([_claim_of_then(each) for each in row["asked"]])
    return CLAIMS_OF_LEAD.validate_python(row["claims"])


def _claim_of_then(asked: Document) -> Document:
    state = "claimed" if asked["state"] == "asked" else asked["state"]
    return asked | {"state": state, "attempt": asked.get("ask", 0)}


def _routed(row: Document) -> RoutedLead:
    return RoutedLead(
        id=row["_id"],
        version=row["version"],
        tenant=row["tenant"],
        person_id=row["person_id"],
        lead=LeadAccepted.model_validate(row["lead"]),
        accepted_at=row["accepted_at"],
        revision=row["revision"],
        trace=row["trace"],
        claims=_claims(row),
        withdrawn=row.get("withdrawn", False),
        withdrawals=WITHDRAWALS.validate_python(row.get("withdrawals", ())),
        is_exclusive=row.get("is_exclusive", False),
        queue=QUEUE.validate_python(row.get("queue", ())),
    )


CAMPAIGNS = Collection("campaigns", Campaign, _campaign_document, _campaign)
VERSIONS = Collection("campaign_versions", CampaignVersion, _version_document, _version)
CAPACITIES = Collection("campaign_capacities", Capacity, _capacity_document, _capacity)
SENDS = Collection("sends", Send, _send_document, _send)
LEADS = Collection("leads", RoutedLead, _routed_document, _routed)
EARLY = plain("early_withdrawals", EarlyWithdrawal, SCHEMA)
LISTS = plain("lists", CompanyList, SCHEMA)
PARTS = plain("list_parts", ListPart, SCHEMA)
RULES = plain("rules", Rules, SCHEMA)
ACCOUNTS = plain("accounts", Account, SCHEMA)
BLOCKS = plain("blocks", Block, SCHEMA)
UNSENT = plain("unsent_deliveries", UnsentDelivery, SCHEMA)

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

INDEXES: list[Index] = [
    # Guarded writes look for both, and not every store begins with the id alone.
    Index(SENDS.name, ("_id", "version")),
    Index(LEADS.name, ("_id", "version")),
    Index(CAMPAIGNS.name, ("revision",)),
    Index(LISTS.name, ("revision",)),
    Index(RULES.name, ("revision",)),
    Index(ACCOUNTS.name, ("revision",)),
    Index(VERSIONS.name, ("campaign",)),
    Index(CAPACITIES.name, ()),
    Index(EARLY.name, ()),
    Index(PARTS.name, ()),
    Index(BLOCKS.name, ()),
    Index(UNSENT.name, ("tenant", "since")),
    Index(SENDS.name, ("tenant", "campaign", "status", "rank", "waiting_since")),
    Index(SENDS.name, ("tenant", "campaign", "domain")),
    Index(SENDS.name, ("tenant", "lead")),
    # By what a change can free leads (RTE-14).
    Index(LEADS.name, ("tenant", "route", "categories", "_id")),
    Index(LEADS.name, ("tenant", "route", "_id")),
    Index(LEADS.name, ("tenant", "companies", "_id")),
    Index(REVISIONS, ()),
]


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
        for collection in LOADED:
            await state.load(transaction, collection, wanted.ids[collection.kind])
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
        kept = changed.changed(CampaignVersion)
        changed.put([replace(version, revision=revision) for version in kept])
        for catalogue in self._memory.others:
            await catalogue.save(transaction, changed)
        for collection in SAVED:
            await changed.save(transaction, collection)
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
