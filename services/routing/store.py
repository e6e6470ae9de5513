"""Routing's own collections, the only file that knows their shape; and what it has in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from services.routing.campaign.sends import Send
from services.routing.filters.categories import categories_of
from services.routing.filters.lists import companies_of
from services.routing.filters.routes import route_of
from services.routing.fit.catalogue import Catalogues
from services.routing.orders.campaigns import Campaign, CampaignVersion
from services.routing.orders.capacity import Capacity
from services.routing.orders.lists import CompanyList, ListPart, part_of
from services.routing.orders.policy import OPERATOR, Account, Block, Rules
from services.routing.person.leads import ClaimState, EarlyWithdrawal, RoutedLead
from services.routing.person.unsent import UnsentDelivery
from shared.definitions import Version
from shared.loop.catalogue import Catalogue, apply_change, refresh
from shared.loop.collection import Collection, collection
from shared.loop.tally import Counted, Tally
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


def _claim_of_then(claim: Document) -> Document:
    state = "claimed" if claim["state"] == "asked" else claim["state"]
    return {**claim, "state": state, "attempt": claim.get("ask", 0)}


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
        "route": lambda routed: route_of(routed.lead),
        "categories": lambda routed: list(categories_of(routed.lead)),
        "companies": lambda routed: sorted(companies_of(routed.lead)),
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


def _answers_of(routed: RoutedLead) -> Iterator[Counted]:
    for claim in routed.claims:
        codes = (failing.code for failing in claim.failing)
        yield from _counts(routed.tenant, claim.campaign, claim.state, codes)


def _answers_of_row(row: Document) -> Iterator[Counted]:
    for claim in _lead_of_then(row)["claims"]:
        codes = (failing["code"] for failing in claim["failing"])
        yield from _counts(row["tenant"], claim["campaign"], claim["state"], codes)


def _counts(tenant: str, campaign: str, state: str, codes: Iterable[str]) -> Iterator[Counted]:
    """RTE-10: what keeps leads from the campaign that they were claimed from, each check once."""
    if state in WITHOUT_SLOT:
        yield Counted(tenant, campaign, OF_STATE + state)
    for code in sorted({*codes}):
        yield Counted(tenant, campaign, OF_CHECK + code)


OF_STATE, OF_CHECK = "state/", "check/"
WITHOUT_SLOT: Sequence[ClaimState] = ("waiting", "not_sent")
"""The campaign's capacity has counted all that has a slot."""
ANSWER_COUNTS = Tally(
    "answer_counts",
    LEADS,
    schema=1,
    of_entity=_answers_of,
    fields=("tenant", "claims", "asked"),
    of_row=_answers_of_row,
)
TALLIES = (ANSWER_COUNTS,)
EARLY = collection("early_withdrawals", EarlyWithdrawal, schema=SCHEMA, indexes=[[]])
LISTS = collection("lists", CompanyList, schema=SCHEMA, indexes=[["revision"]])
PARTS = collection("list_parts", ListPart, schema=SCHEMA, indexes=[[]], is_written_once=True)
RULES = collection("rules", Rules, schema=SCHEMA, indexes=[["revision"]])


def _account_of_then(row: Document) -> Document:
    """Before schema 4 only operators suspended."""
    return row | {"suspended_by": {OPERATOR: row["reason"]} if row["is_suspended"] else {}}


ACCOUNTS = collection(
    "accounts",
    Account,
    schema=4,
    # For a replica of before, which runs beside during an upgrade.
    queried={"is_suspended": lambda account: account.is_suspended},
    indexes=[["revision"]],
    upgrade=_account_of_then,
)
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

RULES_VERSIONS = collection("versions", Version, schema=SCHEMA, indexes=[["of", "number"]])
COLLECTIONS: Sequence[Collection[Any]] = (
    CAMPAIGNS,
    VERSIONS,
    RULES_VERSIONS,
    CAPACITIES,
    SENDS,
    LEADS,
    EARLY,
    LISTS,
    PARTS,
    RULES,
    ACCOUNTS,
    BLOCKS,
    UNSENT,
)
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

    def revision(self) -> int:
        return self.campaigns.revision

    async def refresh(self, transaction: Transaction) -> None:
        known = self.catalogues
        await refresh(transaction, *self.others, self.campaigns)
        for tenant, campaigns in known.outdated_campaigns():
            change = partial(known.recompile, tenant, campaigns)
            await apply_change(change, len(campaigns) > CAMPAIGNS_IN_LINE_MAX)
        for each in list(known.stale.values()):
            parts = await self._parts(transaction, each)
            change = partial(known.fill_list, each.id, parts)
            await apply_change(change, each.content.entries > ENTRIES_IN_LINE_MAX)

    async def _parts(self, transaction: Transaction, list_: CompanyList) -> list[ListPart]:
        ids = [part_of(list_.id, digest).id for digest in list_.content.parts]
        rows = await transaction.find(PARTS.name, {"_id": {"$in": ids}})
        return [PARTS.from_document(row) for row in rows]

    async def save(self, transaction: Transaction, changed: WorkingSet) -> Sequence[type[Any]]:
        """A version of a campaign knows the revision of the catalogue that it was put in."""
        revision = await self.campaigns.save(transaction, changed)
        versions = changed.changes_of(CampaignVersion)
        changed.put([replace(version, revision=revision) for version in versions])
        for catalogue in self.others:
            await catalogue.save(transaction, changed)
        return [self.campaigns.kind, *(catalogue.kind for catalogue in self.others)]
