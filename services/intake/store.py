"""Intake's own collections; the only file that knows their shape.

Every document carries `schema`, since two versions of the service run side by side during an
upgrade. Whatever deciding a batch may need is loaded with one query per collection.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from services.intake import affiliates, domain
from services.intake.affiliates import Affiliate, AffiliateIndex
from services.intake.domain import Contact, Lead, Try, Upload
from services.intake.normalizing import email_of
from shared.contracts.intake import LeadAccepted, PutAffiliate, SubmitLead
from shared.contracts.values import Person, Reason
from shared.ids import pseudonym
from shared.loop.catalogue import REVISIONS, Catalogue
from shared.loop.decision import Input
from shared.loop.working_set import Collection, WorkingSet
from shared.store import Document, Index, Transaction

SCHEMA = 1


def _values(kind: type[Reason] | type[Person], row: Document) -> Iterable[Any]:
    """In the order of the fields; what a newer version has added is left out."""
    return (row.get(field.name) for field in fields(kind))


def _upload_document(upload: Upload) -> Document:
    return {
        "record": upload.record,
        "command": upload.command,
        "uploaded_at": upload.uploaded_at,
        "uploaded_by": upload.uploaded_by,
        "trace": upload.trace,
        "outcome": upload.outcome,
        "reasons": [
            {"code": reason.code, "text": reason.text, "field": reason.field}
            for reason in upload.reasons
        ],
    }


def _upload(row: Document) -> Upload:
    return Upload(
        record=row["record"],
        command=row["command"],
        uploaded_at=row["uploaded_at"],
        uploaded_by=row["uploaded_by"],
        trace=row["trace"],
        outcome=row["outcome"],
        reasons=tuple(Reason(*_values(Reason, reason)) for reason in row["reasons"]),
    )


def _lead_document(lead: Lead) -> Document:
    return {
        "schema": SCHEMA,
        "tenant": lead.tenant,
        "affiliate": lead.affiliate,
        "reference": lead.reference,
        "lead_code": lead.lead_code,
        "delivery": lead.delivery,
        "upload": _upload_document(lead.upload),
        "tries": lead.tries,
        "mapping_version": lead.mapping_version,
        "person_id": lead.person_id,
        "accepted": lead.accepted.model_dump() if lead.accepted else None,
    }


def _lead(row: Document) -> Lead:
    accepted = row["accepted"]
    return Lead(
        id=row["_id"],
        version=row["version"],
        tenant=row["tenant"],
        affiliate=row["affiliate"],
        reference=row["reference"],
        lead_code=row["lead_code"],
        delivery=row["delivery"],
        upload=_upload(row["upload"]),
        tries=row["tries"],
        mapping_version=row["mapping_version"],
        person_id=row["person_id"],
        accepted=LeadAccepted.model_validate(accepted) if accepted else None,
    )


def _try_document(earlier: Try) -> Document:
    return {
        "schema": SCHEMA,
        "tenant": earlier.tenant,
        "lead": earlier.lead,
        "upload": _upload_document(earlier.upload),
    }


def _try(row: Document) -> Try:
    return Try(row["_id"], row["version"], row["tenant"], row["lead"], _upload(row["upload"]))


def _contact_document(contact: Contact) -> Document:
    person = contact.person
    return {
        "schema": SCHEMA,
        "tenant": contact.tenant,
        "person": {
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "phone": person.phone,
            "job_title": person.job_title,
        },
        "first_lead": contact.first_lead,
        "first_seen_at": contact.first_seen_at,
    }


def _contact(row: Document) -> Contact:
    return Contact(
        row["_id"],
        row["version"],
        row["tenant"],
        Person(*_values(Person, row["person"])),
        row["first_lead"],
        row["first_seen_at"],
    )


def _affiliate_document(affiliate: Affiliate) -> Document:
    return {
        "schema": SCHEMA,
        "tenant": affiliate.tenant,
        "number": affiliate.number,
        # JSON text, since a vocabulary has keys such as "U.S." that no store takes as they are.
        "definition": affiliate.definition.model_dump_json(),
        "changed_at": affiliate.changed_at,
        "changed_by": affiliate.changed_by,
    }


def _affiliate(row: Document) -> Affiliate:
    return Affiliate(
        row["_id"],
        row["version"],
        row["tenant"],
        row["number"],
        PutAffiliate.model_validate_json(row["definition"]),
        row["changed_at"],
        row["changed_by"],
    )


LEADS = Collection("leads", Lead, _lead_document, _lead)
TRIES = Collection("tries", Try, _try_document, _try)
CONTACTS = Collection("contacts", Contact, _contact_document, _contact)
AFFILIATES = Collection("affiliates", Affiliate, _affiliate_document, _affiliate)

INDEXES: list[Index] = [
    # Guarded writes look for both, and not every store begins with the id alone.
    Index(LEADS.name, ("_id", "version")),
    Index(LEADS.name, ("tenant", "affiliate", "upload.outcome")),
    Index(LEADS.name, ("tenant", "upload.uploaded_at")),
    Index(LEADS.name, ("tenant", "person_id")),
    Index(TRIES.name, ("lead",)),
    Index(CONTACTS.name, ()),
    Index(AFFILIATES.name, ("revision",)),
    Index(REVISIONS, ()),
]


class IntakeStore:
    def __init__(self, secret: str) -> None:
        self.index = AffiliateIndex()
        self._catalogue = Catalogue(AFFILIATES, self.index.apply)
        self._secret = secret

    async def load_many(self, transaction: Transaction, inputs: Sequence[Input]) -> WorkingSet:
        await self._catalogue.refresh(transaction)
        state = WorkingSet()
        await state.load(transaction, AFFILIATES, _put_affiliates(inputs))
        await state.load(transaction, LEADS, _leads(inputs))
        await state.load(transaction, CONTACTS, self._persons(inputs))
        return state

    async def save_many(self, transaction: Transaction, changed: WorkingSet) -> None:
        await self._catalogue.save(transaction, changed)
        await changed.save(transaction, LEADS)
        await changed.save(transaction, TRIES)
        await changed.save(transaction, CONTACTS)

    def _persons(self, inputs: Sequence[Input]) -> Iterable[str]:
        put = _put_in_batch(inputs)
        for given in inputs:
            if isinstance(given.event, SubmitLead):
                yield from self._person(given.event, given.cause.tenant, put)

    def _person(
        self, command: SubmitLead, tenant: str, put: Mapping[str, Sequence[Affiliate]]
    ) -> Iterable[str]:
        id = affiliates.stored_id(tenant, command.affiliate)  # noqa: A001
        known = self.index.get(id)
        for affiliate in (*put.get(id, ()), *([known] if known else ())):
            if email := email_of(command.record, affiliate):
                yield pseudonym(self._secret, tenant, email)


def _put_affiliates(inputs: Sequence[Input]) -> Iterable[str]:
    for given in inputs:
        if isinstance(given.event, PutAffiliate):
            yield affiliates.stored_id(given.cause.tenant, given.event.id)


def _put_in_batch(inputs: Sequence[Input]) -> Mapping[str, Sequence[Affiliate]]:
    """The affiliates as this batch may put them: a lead behind such a command is read with the new
    mapping, and its contact must be loaded, or it would be created a second time."""
    found: dict[str, list[Affiliate]] = {}
    for given in inputs:
        if isinstance(given.event, PutAffiliate):
            decided = affiliates.put(given.event, None, given.cause, given.now)
            for affiliate in decided.save:
                assert isinstance(affiliate, Affiliate)
                found.setdefault(affiliate.id, []).append(affiliate)
    return found


def _leads(inputs: Sequence[Input]) -> Iterable[str]:
    for given in inputs:
        if isinstance(given.event, SubmitLead):
            yield domain.lead_id(given.cause.tenant, given.event.affiliate, given.event.reference)
