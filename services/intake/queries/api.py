"""Intake's read-only API: leads with their reasons and history, affiliates, counts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json
from starlette.requests import Request
from starlette.routing import Route

from services.intake.catalogue.affiliates import Affiliate
from services.intake.catalogue.questions import Question
from services.intake.deliveries import deliveries
from services.intake.deliveries.deliveries import Delivery
from services.intake.deliveries.requests import Request as AffiliateRequest
from services.intake.leads.leads import HELD, OUTCOMES, REASON_CODES, WAITING, Lead, Try, Upload
from services.intake.queries import field_counts, searching
from services.intake.queries.field_counts import FieldCount
from services.intake.queries.searching import Search
from services.intake.queries.trial import Submissions, Trying
from services.intake.reading.phones import phone
from services.intake.store import (
    AFFILIATES,
    CONTACTS,
    DELIVERIES,
    LEADS,
    QUESTIONS,
    READ_FIELDS,
    REQUESTS,
    ROWS,
    TRIES,
    VERSIONS,
)
from shared import read_api
from shared.clock import Clock
from shared.definitions import Version, versions_of
from shared.emails import email_address
from shared.ids import pseudonym
from shared.loop.working_set import named
from shared.read_api import BadRequest
from shared.store import Document, Filter, Store

EQUAL_TO = {
    "affiliate": "affiliate",
    "lead_code": "lead_code",
    "delivery": "delivery",
    "outcome": "upload.outcome",
    "source": "source",
    "campaign": "sent_to",
    "reason": "reason_codes",
}
OTHER_CONTACTS_MAX = 20
PERSONS_MAX = 100
"""Of one phone number: a switchboard is that of many."""
YES_OR_NO = {"true": True, "false": False}


def routes(store: Store, secret: str, clock: Clock) -> list[Route]:
    reader = Reader(store, secret, clock)
    return [
        read_api.route("/leads", reader.leads),
        read_api.route("/leads/{id}", reader.lead),
        read_api.route("/affiliates", reader.affiliates),
        read_api.route("/affiliates/{id}/versions", reader.affiliate_versions),
        read_api.route("/counts", reader.counts),
        read_api.route("/held", reader.held),
        read_api.route("/questions", reader.questions),
        read_api.route("/questions/{id}/versions", reader.question_versions),
        read_api.route("/deliveries", reader.deliveries),
        read_api.route("/deliveries/{affiliate}/{id:path}", reader.delivery),
        read_api.route("/requests", reader.requests),
        read_api.route("/try", reader.try_, "POST"),
    ]


class Reader:
    def __init__(self, store: Store, secret: str, clock: Clock) -> None:
        self._store = store
        self._secret = secret
        self._trying = Trying(store, secret, clock)

    async def leads(self, request: Request) -> Mapping[str, Any]:
        """INT-11: what is asked for together must all hold; newest first."""
        rows, following = await self._page(request, await self._where(request))
        return {"leads": [_summary(LEADS.from_document(row)) for row in rows], "next": following}

    async def held(self, request: Request) -> Mapping[str, Any]:
        """INT-06: what waits for a person, with what each answer may mean."""
        where = await self._where(request) | {"upload.outcome": HELD}
        if question := request.query_params.get("question"):
            where["held_for"] = question
        rows, following = await self._page(request, where)
        leads = [LEADS.from_document(row) for row in rows]
        return {"leads": [{**_summary(lead), "held": lead.held} for lead in leads]} | {
            "next": following
        }

    async def _page(
        self, request: Request, where: dict[str, Any]
    ) -> tuple[list[Document], str | None]:
        first, last = read_api.period(request)
        search = Search(
            where,
            first,
            last,
            request.query_params.get("after") or None,
            datetime.now(UTC).replace(tzinfo=None),
        )
        return await searching.page(self._store, search, read_api.limit(request))

    async def lead(self, request: Request) -> Mapping[str, Any]:
        id = request.path_params["id"]  # noqa: A001
        where = {"_id": id, "tenant": read_api.tenant(request)}
        row = await read_api.one(self._store, LEADS.name, where, "lead", id)
        tries = await self._store.find(TRIES.name, {"lead": row["_id"]})
        lead = LEADS.from_document(row)
        others = await self._other_contacts(lead)
        return _whole(lead, [TRIES.from_document(each) for each in tries], others)

    async def _other_contacts(self, lead: Lead) -> list[str]:
        """INT-15: contacts that may be the same person, since they have the same phone where one
        of both has no email. Asked when somebody looks, so that it is true whichever came first."""
        if lead.person_id is None:
            return []
        known = await self._store.find(CONTACTS.name, {"_id": lead.person_id})
        persons = [CONTACTS.from_document(row).person for row in known]
        persons += [lead.accepted.person] if lead.accepted else []
        phones = sorted({each.phone for each in persons if each.phone})
        if lead.known_by == "phone":
            where: Filter = {"tenant": lead.tenant, "person.phone": {"$in": phones}}
        else:
            where = {"_id": {"$in": [pseudonym(self._secret, lead.tenant, one) for one in phones]}}
        found = await self._store.find(
            CONTACTS.name, where, sort=[("_id", 1)], limit=OTHER_CONTACTS_MAX
        )
        return [row["_id"] for row in found if row["_id"] != lead.person_id]

    async def affiliates(self, request: Request) -> Mapping[str, Any]:
        rows = await self._affiliates(request)
        return {"affiliates": [_affiliate(row) for row in rows]}

    async def counts(self, request: Request) -> Mapping[str, Any]:
        rows = await self._affiliates(request)
        known = [AFFILIATES.from_document(row) for row in rows]
        with_reasons = request.query_params.get("reasons") == "true"
        counted = [
            await self._counted(each.tenant, each.definition.id, with_reasons) for each in known
        ]
        if request.query_params.get("fields") == "true":
            fields = [await self._fields_read(each) for each in known]
            counted = [{**row, "fields": own} for row, own in zip(counted, fields, strict=True)]
        return {"affiliates": counted}

    async def _fields_read(self, affiliate: Affiliate) -> list[FieldCount]:
        """INT-02: which columns are filled, and which of them nobody understands."""
        rows = await self._store.find(
            LEADS.name,
            {"tenant": affiliate.tenant, "affiliate": affiliate.definition.id},
            sort=[("order", -1)],
            limit=field_counts.LATEST,
            fields=READ_FIELDS,
        )
        leads = [lead for row in rows if (lead := field_counts.read_of(row))]
        return field_counts.counted(affiliate.definition.mapping.fields, affiliate.number, leads)

    async def questions(self, request: Request) -> Mapping[str, Any]:
        where = {"tenant": read_api.tenant(request)}
        rows = await self._store.find(QUESTIONS.name, where, sort=[("_id", 1)])
        return {"questions": [_question(row) for row in rows]}

    async def affiliate_versions(self, request: Request) -> Mapping[str, Any]:
        name = request.path_params["id"]
        of = versions_of("affiliate", named(Affiliate, read_api.tenant(request), name).id)
        return await self._versions(of, "affiliate", name)

    async def question_versions(self, request: Request) -> Mapping[str, Any]:
        name = request.path_params["id"]
        of = versions_of("question", named(Question, read_api.tenant(request), name).id)
        return await self._versions(of, "question", name)

    async def _versions(self, of: str, what: str, name: str) -> Mapping[str, Any]:
        """Oldest first, each whole, with who made it and when."""
        rows = await self._store.find(VERSIONS.name, {"of": of}, sort=[("number", 1)])
        if not rows:
            raise read_api.NotFound(what, name)
        return {"versions": [_version(VERSIONS.from_document(row)) for row in rows]}

    async def deliveries(self, request: Request) -> Mapping[str, Any]:
        """INT-10: each as it stands now, counted."""
        where = {"tenant": read_api.tenant(request)}
        if affiliate := request.query_params.get("affiliate"):
            where["announced.affiliate"] = affiliate
        rows = await self._store.find(DELIVERIES.name, where, sort=[("_id", 1)])
        found = [DELIVERIES.from_document(row) for row in rows]
        return {"deliveries": [await self._standing(delivery) for delivery in found]}

    async def delivery(self, request: Request) -> Mapping[str, Any]:
        """One with its missing rows, and who of the affiliate has to know."""
        tenant, affiliate = read_api.tenant(request), request.path_params["affiliate"]
        name = request.path_params["id"]
        id = deliveries.delivery_of(tenant, affiliate, name).id  # noqa: A001
        row = await read_api.one(self._store, DELIVERIES.name, {"_id": id}, "delivery", name)
        delivery = DELIVERIES.from_document(row)
        where = deliveries.leads_of(delivery).where
        rows = await self._store.find(ROWS.name, where, fields=ROWS.fields)
        standing = deliveries.standing(delivery.announced, list(map(ROWS.from_document, rows)))
        return {
            **await self._standing(delivery),
            "missing": standing.missing,
            "unannounced": standing.unannounced,
            "contact": await self._contact(tenant, affiliate, "technical"),
        }

    async def _standing(self, delivery: Delivery) -> Mapping[str, Any]:
        where = dict(deliveries.leads_of(delivery).where)
        outcomes = {
            outcome: await self._store.count(LEADS.name, where | {"upload.outcome": outcome})
            for outcome in (*OUTCOMES, WAITING)
        }
        sent = await self._store.count(LEADS.name, where | {"is_sent": True})
        announced = delivery.announced
        return {
            **announced.model_dump(mode="json", exclude={"references"}),
            "announced_at": delivery.announced_at,
            "received": sum(outcomes.values()),
            **outcomes,
            "sent": sent,
            "invoiced": None,
            "reconciled_at": delivery.reconciled_at,
            "adds_up": delivery.adds_up,
        }

    async def _contact(self, tenant: str, affiliate: str, role: str) -> Mapping[str, Any] | None:
        """INT-01: the one with this role, else the main contact."""
        where = {"_id": named(Affiliate, tenant, affiliate).id}
        for row in await self._store.find(AFFILIATES.name, where):
            contacts = AFFILIATES.from_document(row).definition.contacts
            for wanted in (role, "main"):
                for contact in contacts:
                    if wanted in contact.roles:
                        return contact.model_dump(mode="json")
        return None

    async def requests(self, request: Request) -> Mapping[str, Any]:
        where: dict[str, Any] = {"tenant": read_api.tenant(request)}
        if _yes_or_no(request, "open"):
            where["answered_at"] = None
        rows = await self._store.find(REQUESTS.name, where, sort=[("_id", 1)])
        return {"requests": [_request(REQUESTS.from_document(row)) for row in rows]}

    async def try_(self, request: Request) -> Mapping[str, Any]:
        """What would become of records, field by field; nothing is published or stored."""
        given = read_api.question(Submissions, await read_api.posted(request))
        tried = await self._trying.submissions(given, read_api.tenant(request))
        return {"submissions": [each.as_json() for each in tried]}

    async def _affiliates(self, request: Request) -> list[Document]:
        where = {"tenant": read_api.tenant(request)}
        return await self._store.find(AFFILIATES.name, where, sort=[("_id", 1)])

    async def _counted(self, tenant: str, affiliate: str, with_reasons: bool) -> Document:
        where = {"tenant": tenant, "affiliate": affiliate}
        counts = {
            outcome: await self._store.count(LEADS.name, where | {"upload.outcome": outcome})
            for outcome in (*OUTCOMES, WAITING)
        }
        counted = {"id": affiliate, "submitted": sum(counts.values()), **counts}
        if not with_reasons:
            return counted
        reasons = {
            code: await self._store.count(LEADS.name, where | {"reason_codes": code})
            for code in REASON_CODES
        }
        return counted | {"reasons": {code: n for code, n in reasons.items() if n}}

    async def _where(self, request: Request) -> dict[str, Any]:
        tenant, given = read_api.tenant(request), request.query_params
        where: dict[str, Any] = {"tenant": tenant}
        where |= {path: given[name] for name, path in EQUAL_TO.items() if given.get(name)}
        if email := given.get("email"):
            where["person_id"] = self._person_id(tenant, email)
        if number := given.get("phone"):
            persons = await self._persons_of(tenant, number)
            only = where.get("person_id")
            where["person_id"] = {"$in": [each for each in persons if only in (None, each)]}
        if (sent := _yes_or_no(request, "sent")) is not None:
            where["is_sent"] = sent
        return where

    def _person_id(self, tenant: str, email: str) -> str:
        normalized = email_address(email)
        if normalized is None:
            raise BadRequest("email", "a mail address, such as jo@brightwater.example")
        return pseudonym(self._secret, tenant, normalized)

    async def _persons_of(self, tenant: str, number: str) -> list[str]:
        """Who is known by the phone alone, and whose contact has it beside an email."""
        normalized = phone(number, None)
        if normalized is None:
            raise BadRequest("phone", "a phone number with its country, such as +49 30 901820")
        where = {"tenant": tenant, "person.phone": normalized}
        rows = await self._store.find(CONTACTS.name, where, sort=[("_id", 1)], limit=PERSONS_MAX)
        return [row["_id"] for row in rows]


def _summary(lead: Lead) -> Mapping[str, Any]:
    return {
        "id": lead.id,
        "affiliate": lead.affiliate,
        "reference": lead.reference,
        "lead_code": lead.lead_code,
        "delivery": lead.delivery,
        "category": lead.accepted.category if lead.accepted else None,
        "outcome": lead.outcome,
        "reasons": lead.upload.reasons,
        "uploaded_at": lead.upload.uploaded_at,
        "person_id": lead.person_id,
        "source": lead.source,
        "sent_to": lead.sent_to,
    }


def _whole(lead: Lead, tries: list[Try], others: list[str]) -> Mapping[str, Any]:
    uploads = [earlier.upload for earlier in tries] + [lead.upload]
    return {
        **_summary(lead),
        "known_by": lead.known_by if lead.person_id else None,
        "other_contacts": others,
        "trace": lead.upload.trace,
        "mapping_version": lead.mapping_version,
        "record": from_json(lead.upload.record),
        "accepted": lead.accepted.model_dump() if lead.accepted else None,
        "held": lead.held,
        "replaces": lead.replaces,
        "changes": lead.changes,
        "history": [
            _entry(upload) for upload in sorted(uploads, key=lambda each: each.uploaded_at)
        ],
    }


def _entry(upload: Upload) -> Mapping[str, Any]:
    return {
        "at": upload.uploaded_at,
        "by": upload.uploaded_by,
        "command": upload.command,
        "outcome": upload.outcome,
        "reasons": upload.reasons,
        "record": from_json(upload.record),
        "trace": upload.trace,
    }


def _yes_or_no(request: Request, name: str) -> bool | None:
    given = request.query_params.get(name)
    if given not in (None, "", *YES_OR_NO):
        raise BadRequest(name, "true or false")
    return YES_OR_NO.get(given or "")


def _question(row: Document) -> Mapping[str, Any]:
    question = QUESTIONS.from_document(row)
    return {
        **question.definition.model_dump(mode="json", exclude={"aliases"}),
        "aliases": question.aliases,
        "version": question.number,
        "changed_at": question.changed_at,
        "changed_by": question.changed_by,
    }


def _version(version: Version) -> Mapping[str, Any]:
    return {
        "version": version.number,
        "definition": from_json(version.definition),
        "aliases": from_json(version.aliases),
        "changed_at": version.changed_at,
        "changed_by": version.changed_by,
    }


def _request(request: AffiliateRequest) -> Mapping[str, Any]:
    return {
        **request.asked.model_dump(mode="json"),
        "role": request.role,
        "opened_at": request.opened_at,
        "opened_by": request.opened_by,
        "reminders": request.reminders,
        "answered_at": request.answered_at,
        "answer": request.answer.model_dump(mode="json") if request.answer else None,
    }


def _affiliate(row: Document) -> Mapping[str, Any]:
    affiliate = AFFILIATES.from_document(row)
    return {
        **affiliate.definition.model_dump(mode="json"),
        "version": affiliate.number,
        "changed_at": affiliate.changed_at,
        "changed_by": affiliate.changed_by,
    }
