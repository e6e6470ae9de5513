"""Routing's own collections; the only file that knows their shape.

A definition is kept as JSON text: it has dates and free keys that no store takes as they are, and
it is only ever read whole. Whatever deciding a batch may need is one query per collection.
"""

from collections.abc import Sequence

from pydantic import TypeAdapter

from services.routing import campaigns, domain
from services.routing.campaigns import Campaign, CampaignBook, CampaignIndex, CampaignVersion
from services.routing.domain import (
    Asked,
    EarlyWithdrawal,
    RoutedLead,
    Send,
    SendEntry,
    Withdrawal,
)
from shared.contracts.intake import LeadAccepted, WithdrawalAsked
from shared.contracts.routing import (
    Claim,
    ClaimGranted,
    ClaimRefused,
    Failing,
    PauseCampaign,
    PutCampaign,
    ResumeCampaign,
    SendSettled,
)
from shared.loop.catalogue import REVISIONS, Catalogue, refresh
from shared.loop.decision import DueReached, EffectFinished, Input
from shared.loop.working_set import Collection, WorkingSet, plain
from shared.store import Document, Index, Transaction

SCHEMA = 1

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
    )


def _version_document(kept: CampaignVersion) -> Document:
    return {"campaign": kept.campaign.id, **_campaign_document(kept.campaign)}


def _version(row: Document) -> CampaignVersion:
    campaign = _campaign({**row, "_id": row["campaign"]})
    return CampaignVersion(row["_id"], row["version"], campaign)


def _book_document(book: CampaignBook) -> Document:
    return {
        "schema": SCHEMA,
        "tenant": book.tenant,
        "reserved": book.reserved,
        "used": book.used,
        "uncertain": book.uncertain,
    }


def _book(row: Document) -> CampaignBook:
    return CampaignBook(
        row["_id"], row["version"], row["tenant"], row["reserved"], row["used"], row["uncertain"]
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
        "history": [
            {"at": entry.at, "what": entry.what, "text": entry.text} for entry in send.history
        ],
    }


def _send(row: Document) -> Send:
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
    )


def _routed_document(routed: RoutedLead) -> Document:
    return {
        "schema": SCHEMA,
        "tenant": routed.tenant,
        "person_id": routed.person_id,
        "lead_code": routed.lead.lead_code,
        "lead": routed.lead.model_dump(),
        "accepted_at": routed.accepted_at,
        "revision": routed.revision,
        "trace": routed.trace,
        "state": routed.state,
        "asked": [_asked_document(asked) for asked in routed.asked],
        "withdrawn": routed.withdrawn,
        "withdrawals": WITHDRAWALS.dump_python(routed.withdrawals),
    }


def _asked_document(asked: Asked) -> Document:
    return {
        "campaign": asked.campaign,
        "campaign_version": asked.campaign_version,
        "state": asked.state,
        "failing": [failing.model_dump(mode="json") for failing in asked.failing],
    }


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
        asked=tuple(_asked(asked) for asked in row["asked"]),
        withdrawn=row.get("withdrawn", False),
        withdrawals=WITHDRAWALS.validate_python(row.get("withdrawals", ())),
    )


def _asked(row: Document) -> Asked:
    failing = tuple(Failing.model_validate(failing) for failing in row["failing"])
    return Asked(row["campaign"], row["campaign_version"], row["state"], failing)


CAMPAIGNS = Collection("campaigns", Campaign, _campaign_document, _campaign)
VERSIONS = Collection("campaign_versions", CampaignVersion, _version_document, _version)
BOOKS = Collection("campaign_books", CampaignBook, _book_document, _book)
SENDS = Collection("sends", Send, _send_document, _send)
LEADS = Collection("leads", RoutedLead, _routed_document, _routed)
EARLY = plain("early_withdrawals", EarlyWithdrawal, SCHEMA)

INDEXES: list[Index] = [
    # Guarded writes look for both, and not every store begins with the id alone.
    Index(SENDS.name, ("_id", "version")),
    Index(LEADS.name, ("_id", "version")),
    Index(CAMPAIGNS.name, ("revision",)),
    Index(VERSIONS.name, ("campaign",)),
    Index(BOOKS.name, ()),
    Index(EARLY.name, ()),
    Index(SENDS.name, ("tenant", "campaign", "status")),
    Index(SENDS.name, ("tenant", "lead")),
    Index(LEADS.name, ("tenant", "lead_code", "state")),
    Index(REVISIONS, ()),
]


class RoutingStore:
    def __init__(self) -> None:
        self.index = CampaignIndex()
        self._catalogue = Catalogue(CAMPAIGNS, self.index.apply)

    def revision(self) -> int:
        return self._catalogue.revision

    async def load_many(self, transaction: Transaction, inputs: Sequence[Input]) -> WorkingSet:
        await refresh(transaction, self._catalogue)
        wanted = Wanted()
        for given in inputs:
            wanted.add(given)
        state = WorkingSet()
        await state.load(transaction, CAMPAIGNS, wanted.campaigns)
        await state.load(transaction, BOOKS, wanted.books)
        await state.load(transaction, SENDS, wanted.sends)
        await state.load(transaction, LEADS, wanted.leads)
        await state.load(transaction, EARLY, wanted.early)
        return state

    async def save_many(self, transaction: Transaction, changed: WorkingSet) -> None:
        await self._catalogue.save(transaction, changed)
        await changed.save(transaction, VERSIONS)
        await changed.save(transaction, BOOKS)
        await changed.save(transaction, SENDS)
        await changed.save(transaction, LEADS)
        await changed.save(transaction, EARLY)


class Wanted:
    """The ids that deciding a batch needs, by collection, in the order of the batch."""

    def __init__(self) -> None:
        self.campaigns: list[str] = []
        self.books: list[str] = []
        self.sends: list[str] = []
        self.leads: list[str] = []
        self.early: list[str] = []

    def add(self, given: Input) -> None:
        tenant = given.cause.tenant
        match given.event:
            case LeadAccepted() | WithdrawalAsked() as event:
                self.leads.append(event.lead)
                self.early.append(event.lead)
            case ClaimGranted() | ClaimRefused() | SendSettled() as event:
                self.leads.append(event.lead)
            case Claim() as claim:
                self._campaign(campaigns.stored_id(tenant, claim.campaign))
                self.sends.append(domain.send_id(tenant, claim.campaign, claim.lead.person_id))
            case EffectFinished() as finished:
                self.sends.append(finished.id)
                self.books.append(finished.data["campaign"])
            case DueReached() as reached:
                self.leads.append(reached.data["lead"])
            case PutCampaign() as command:
                self._campaign(campaigns.stored_id(tenant, command.id))
            case PauseCampaign() | ResumeCampaign() as command:
                self._campaign(campaigns.stored_id(tenant, command.campaign))

    def _campaign(self, id: str) -> None:  # noqa: A002
        self.campaigns.append(id)
        self.books.append(id)
