"""Intake's own collections; the only file that knows their shape.

Every document carries `schema`, since two versions of the service run side by side during an
upgrade. Whatever deciding a batch may need is loaded with one query per collection.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from services.intake import affiliates
from services.intake.affiliates import ORGANIC, ORGANIC_SOURCE, Affiliate, AffiliateIndex
from services.intake.contacts import AcceptedAs, Contact
from services.intake.deliveries import Came, Delivery, Row
from services.intake.leads import Change, Lead, Try, Upload, conflict_id
from services.intake.normalizing import identity_of
from services.intake.questions import Alias, HeldPage, Question, QuestionIndex, page_id
from services.intake.requests import Request
from services.intake.versions import Version
from services.intake.wanted import Wanted
from shared.contracts.intake import (
    LeadAccepted,
    PutAffiliate,
    PutQuestion,
    QuestionChanged,
)
from shared.contracts.values import HeldAnswer, Person, Reason
from shared.ids import pseudonym
from shared.loop.catalogue import REVISIONS, Catalogue, refresh
from shared.loop.decision import Input
from shared.loop.working_set import Collection, WorkingSet, plain
from shared.store import Document, Filter, Index, Transaction

SCHEMA = 1
HELD_AT_ONCE = 500
"""So many held leads one step sends on to their shards; the next step takes the next ones."""
READ_FIELDS = ("mapping_version", "blank", "unread")
ROW_FIELDS = ("reference", "upload.outcome", "is_sent")

Put = Mapping[str, Sequence[Affiliate]]
"""By id, the affiliates as a batch puts them."""

HELD_ANSWERS = TypeAdapter(tuple[HeldAnswer, ...])
CHANGES = TypeAdapter(tuple[Change, ...])
ACCEPTED_AS = TypeAdapter(tuple[AcceptedAs, ...])
ALIASES = TypeAdapter(tuple[Alias, ...])


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
        "lead_code": upload.lead_code,
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
        lead_code=row.get("lead_code"),
    )


def _lead_document(lead: Lead) -> Document:
    return {
        "schema": SCHEMA,
        "tenant": lead.tenant,
        "source": lead.source,
        "affiliate": lead.affiliate,
        "reference": lead.reference,
        "lead_code": lead.lead_code,
        "delivery": lead.delivery,
        "upload": _upload_document(lead.upload),
        "tries": lead.tries,
        "mapping_version": lead.mapping_version,
        "person_id": lead.person_id,
        "known_by": lead.known_by,
        "accepted": lead.accepted.model_dump() if lead.accepted else None,
        "replaces": lead.replaces,
        "held": HELD_ANSWERS.dump_python(lead.held),
        "held_for": [held.question for held in lead.held],
        # JSON text, like the record whose fields these are.
        "given": to_json(lead.given).decode(),
        "is_sent": bool(lead.sent_to),
        "sent_to": list(lead.sent_to),
        "changes": CHANGES.dump_python(lead.changes),
        "categories": list(lead.categories),
        "converted_at": lead.converted_at,
        "conflicts_with": lead.conflicts_with,
        "blank": list(lead.blank),
        "unread": list(lead.unread),
        "reason_codes": sorted({reason.code for reason in lead.upload.reasons}),
        "order": lead.order,
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
        known_by=row.get("known_by", "email"),
        accepted=LeadAccepted.model_validate(accepted) if accepted else None,
        source=row.get("source", "affiliate"),
        replaces=row.get("replaces"),
        held=HELD_ANSWERS.validate_python(row.get("held", ())),
        given=from_json(row.get("given", "{}")),
        sent_to=tuple(row.get("sent_to", ())),
        changes=CHANGES.validate_python(row.get("changes", ())),
        categories=tuple(row.get("categories", ())),
        converted_at=row.get("converted_at"),
        conflicts_with=row.get("conflicts_with"),
        blank=tuple(row.get("blank", ())),
        unread=tuple(row.get("unread", ())),
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
        "accepted": ACCEPTED_AS.dump_python(contact.accepted),
    }


def _contact(row: Document) -> Contact:
    return Contact(
        row["_id"],
        row["version"],
        row["tenant"],
        Person(*_values(Person, row["person"])),
        row["first_lead"],
        row["first_seen_at"],
        ACCEPTED_AS.validate_python(row.get("accepted", ())),
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


def _question_document(question: Question) -> Document:
    return {
        "schema": SCHEMA,
        "tenant": question.tenant,
        "number": question.number,
        "definition": question.definition.model_dump_json(),
        "aliases": ALIASES.dump_python(question.aliases),
        "changed_at": question.changed_at,
        "changed_by": question.changed_by,
    }


def _question(row: Document) -> Question:
    return Question(
        row["_id"],
        row["version"],
        row["tenant"],
        row["number"],
        PutQuestion.model_validate_json(row["definition"]),
        ALIASES.validate_python(row["aliases"]),
        row["changed_at"],
        row["changed_by"],
    )


LEADS = Collection("leads", Lead, _lead_document, _lead)
TRIES = Collection("tries", Try, _try_document, _try)
CONTACTS = Collection("contacts", Contact, _contact_document, _contact)
AFFILIATES = Collection("affiliates", Affiliate, _affiliate_document, _affiliate)
QUESTIONS = Collection("questions", Question, _question_document, _question)
DELIVERIES = plain("deliveries", Delivery, SCHEMA)
REQUESTS = plain("requests", Request, SCHEMA)
VERSIONS = plain("versions", Version, SCHEMA)

INDEXES: list[Index] = [
    # Guarded writes look for both, and not every store begins with the id alone.
    Index(LEADS.name, ("_id", "version")),
    # One for each filter of the search, which then goes by the order.
    Index(LEADS.name, ("tenant", "order")),
    Index(LEADS.name, ("tenant", "affiliate", "order")),
    Index(LEADS.name, ("tenant", "delivery", "order")),
    Index(LEADS.name, ("tenant", "is_sent", "order")),
    Index(LEADS.name, ("tenant", "lead_code", "order")),
    Index(LEADS.name, ("tenant", "person_id", "order")),
    Index(LEADS.name, ("tenant", "reason_codes", "order")),
    Index(LEADS.name, ("tenant", "sent_to", "order")),
    Index(LEADS.name, ("tenant", "source", "order")),
    Index(LEADS.name, ("tenant", "upload.outcome", "order")),
    # For what is counted by affiliate, and for what is held.
    Index(LEADS.name, ("tenant", "affiliate", "upload.outcome")),
    Index(LEADS.name, ("tenant", "affiliate", "reason_codes")),
    Index(LEADS.name, ("tenant", "affiliate", "delivery")),
    Index(LEADS.name, ("tenant", "held_for", "_id")),
    Index(TRIES.name, ("lead",)),
    Index(CONTACTS.name, ("_id", "version")),
    Index(CONTACTS.name, ("tenant", "person.phone")),
    Index(AFFILIATES.name, ("revision",)),
    Index(QUESTIONS.name, ("revision",)),
    Index(DELIVERIES.name, ("tenant", "announced.affiliate")),
    Index(VERSIONS.name, ("of", "number")),
    Index(REQUESTS.name, ("tenant", "answered_at")),
    Index(REVISIONS, ()),
]


def held_for(tenant: str, changed: QuestionChanged) -> Filter:
    return {"tenant": tenant, "held_for": changed.question, "_id": {"$gt": changed.after}}


def of_delivery(delivery: Delivery) -> Filter:
    announced = delivery.announced
    return {
        "tenant": delivery.tenant,
        "affiliate": announced.affiliate,
        "delivery": announced.id,
    }


def row_of(row: Document) -> Row:
    """Of a lead's document, or of what `ROW_FIELDS` names of it."""
    return Row(row["reference"], row["upload"]["outcome"], row["is_sent"])


class IntakeStore:
    def __init__(self, secret: str) -> None:
        self.affiliates = AffiliateIndex()
        self.questions = QuestionIndex()
        self._catalogues = (
            Catalogue(AFFILIATES, self.affiliates.apply),
            Catalogue(QUESTIONS, self.questions.apply),
        )
        self._secret = secret

    async def load_many(self, transaction: Transaction, inputs: Sequence[Input]) -> WorkingSet:
        await refresh(transaction, *self._catalogues)
        wanted = Wanted()
        for given in inputs:
            wanted.add(given)
        state = WorkingSet()
        await state.load(transaction, AFFILIATES, wanted.affiliates)
        await state.load(transaction, QUESTIONS, wanted.questions)
        await state.load(transaction, DELIVERIES, wanted.deliveries)
        await state.load(transaction, REQUESTS, wanted.requests)
        await state.load(transaction, LEADS, wanted.leads)
        for tenant, changed in wanted.changed:
            where = held_for(tenant, changed)
            found = await state.find(
                transaction, LEADS, where, sort=[("_id", 1)], limit=HELD_AT_ONCE
            )
            id = page_id(tenant, changed)  # noqa: A001
            state.know(HeldPage(id, 0, tuple(found), is_last=len(found) < HELD_AT_ONCE))
        for id in wanted.reconciled:  # noqa: A001
            if delivery := state.get(Delivery, id):
                rows = await transaction.find(LEADS.name, of_delivery(delivery), fields=ROW_FIELDS)
                state.know(Came(id, 0, tuple(map(row_of, rows))))
        put = _put_in_batch(inputs)
        await state.load(transaction, LEADS, self._conflicts(wanted, state, put))
        await state.load(transaction, CONTACTS, self._persons(wanted, state, put))
        return state

    async def save_many(self, transaction: Transaction, changed: WorkingSet) -> None:
        for catalogue in self._catalogues:
            await catalogue.save(transaction, changed)
        await changed.save(transaction, LEADS)
        await changed.save(transaction, TRIES)
        await changed.save(transaction, CONTACTS)
        await changed.save(transaction, DELIVERIES)
        await changed.save(transaction, REQUESTS)
        await changed.save(transaction, VERSIONS)

    def _conflicts(self, wanted: Wanted, state: WorkingSet, put: Put) -> Iterable[str]:
        """INT-05: leads of other people under references that are taken, or will be."""
        stored = (each for each in wanted.uploads if state.get(Lead, each.lead) is not None)
        for each in (*stored, *wanted.repeated()):
            for person in self._person(each.tenant, each.affiliate, each.record, put):
                yield conflict_id(each.lead, person)

    def _persons(self, wanted: Wanted, state: WorkingSet, put: Put) -> Iterable[str]:
        """Whoever an upload of this batch may name, by every mapping it may be read with."""
        for each in wanted.uploads:
            yield from self._person(each.tenant, each.affiliate, each.record, put)
        for id in wanted.again:  # noqa: A001
            if (lead := state.get(Lead, id)) is not None:
                yield from [lead.person_id] if lead.person_id else []
                record = from_json(lead.upload.record) | lead.given
                yield from self._person(lead.tenant, lead.affiliate, record, put)

    def _person(
        self,
        tenant: str,
        affiliate: str | None,
        record: Mapping[str, Any],
        put: Put,
    ) -> Iterable[str]:
        id = affiliates.stored_id(tenant, affiliate or ORGANIC)  # noqa: A001
        known = self.affiliates.get(id) if affiliate else ORGANIC_SOURCE
        for source in (*put.get(id, ()), *([known] if known else ())):
            if person := identity_of(record, source):
                yield pseudonym(self._secret, tenant, person.value)


def _put_in_batch(inputs: Sequence[Input]) -> Put:
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
