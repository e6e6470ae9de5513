"""Intake's read-only API: leads with their reasons and history, affiliates, counts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query
from pydantic import Field, field_validator

from services.intake.catalogue.affiliates import Affiliate
from services.intake.catalogue.questions import Question
from services.intake.deliveries import deliveries
from services.intake.deliveries.deliveries import Delivery
from services.intake.leads.leads import HELD, OUTCOMES, REASON_CODES, WAITING, Lead
from services.intake.queries import field_counts, searching, views
from services.intake.queries.field_counts import FieldCount
from services.intake.queries.searching import Search
from services.intake.queries.trial import Submissions, Trying
from services.intake.reading.phones import phone
from services.intake.store import (
    AFFILIATES,
    CONTACTS,
    DELIVERIES,
    LEAD_COUNTS,
    LEADS,
    OF_OUTCOME,
    OF_REASON,
    QUESTIONS,
    READ_FIELDS,
    REQUESTS,
    ROWS,
    TRIES,
    VERSIONS,
)
from shared.clock import Clock
from shared.contracts.affiliates import AffiliateContact
from shared.contracts.values import LeadSource
from shared.definitions import versions_of
from shared.emails import written_address
from shared.entities import Entities
from shared.ids import pseudonym
from shared.loop import tally
from shared.loop.working_set import ref_by_name
from shared.read_api import listing, route
from shared.read_errors import BadRequest, NotFound
from shared.read_params import EndMoment, Moment, OfTenant, OneOf, Page, Tenant, YesOrNo, form_error
from shared.store import Filter, Store

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


class LeadSearch(Page):
    """INT-11: what is asked for together must all hold."""

    affiliate: str | None = None
    lead_code: str | None = None
    delivery: str | None = None
    outcome: Annotated[str, OneOf((*OUTCOMES, WAITING))] | None = None
    source: Annotated[str, OneOf(get_args(LeadSource))] | None = None
    campaign: str | None = None
    """That it was sent to."""
    reason: Annotated[str, OneOf(REASON_CODES)] | None = None
    """One of its reasons, by code."""
    email: str | None = None
    phone: str | None = None
    """With its country."""
    sent: YesOrNo | None = None
    """Whether any campaign has it."""
    first: Moment | None = Field(None, alias="from")
    """Uploaded from then on."""
    last: EndMoment | None = Field(None, alias="to")
    """Uploaded until then; a day is meant whole."""

    @field_validator("after")
    @classmethod
    def is_a_page(cls, after: str | None) -> str | None:
        """From any other text on, the first page would come again."""
        if after and not searching.is_order(after):
            raise form_error("the `next` of the page before")
        return after


class HeldSearch(LeadSearch):
    question: str | None = None
    """For which it is held."""


class CountsQuery(OfTenant):
    reasons: YesOrNo = False
    """Whether leads are counted by reason, too."""
    fields: YesOrNo = False
    """Whether it is told how often each field is filled, too."""


class DeliveriesQuery(OfTenant):
    affiliate: str | None = None


class RequestsQuery(OfTenant):
    open: YesOrNo = False
    """Only those that are not answered."""


def routes(store: Store, secret: str, clock: Clock) -> APIRouter:
    reader, router, entities = Reader(store, secret, clock), APIRouter(), Entities(store)
    route(router, "/leads", reader.leads)
    route(router, "/leads/{id}", reader.lead)
    listing(router, "/affiliates", entities, AFFILIATES, views.AffiliateView)
    route(router, "/affiliates/{id}/versions", reader.affiliate_versions)
    route(router, "/counts", reader.counts)
    route(router, "/held", reader.held_leads)
    listing(router, "/questions", entities, QUESTIONS, views.QuestionView)
    route(router, "/questions/{id}/versions", reader.question_versions)
    route(router, "/deliveries", reader.deliveries)
    route(router, "/deliveries/{affiliate}/{id:path}", reader.delivery)
    route(router, "/requests", reader.requests)
    route(router, "/try", reader.try_, "POST")
    return router


class Reader:
    def __init__(self, store: Store, secret: str, clock: Clock) -> None:
        self._store = store
        self._entities = Entities(store)
        self._secret = secret
        self._trying = Trying(store, secret, clock)

    async def leads(self, query: Annotated[LeadSearch, Query()]) -> views.Leads:
        """Newest first; what is asked for together must all hold."""
        leads, following = await self._page(query, await self._where(query))
        found = [views.LeadSummary.model_validate(lead) for lead in leads]
        return views.Leads(leads=found, next=following)

    async def held_leads(self, query: Annotated[HeldSearch, Query()]) -> views.HeldLeads:
        """INT-06: what waits for a person, with what each answer may mean."""
        where = await self._where(query) | {"upload.outcome": HELD}
        if query.question:
            where["held_for"] = query.question
        leads, following = await self._page(query, where)
        found = [views.HeldLead.model_validate(lead) for lead in leads]
        return views.HeldLeads(leads=found, next=following)

    async def _page(
        self, query: LeadSearch, where: Mapping[str, Any]
    ) -> tuple[list[Lead], str | None]:
        if query.first and query.last and query.last < query.first:
            # An empty answer would look as if there were nothing.
            raise BadRequest("from", "a time that is not after `to`")
        now = datetime.now(UTC).replace(tzinfo=None)
        search = Search(where, query.first, query.last, query.after, now)
        rows, following = await searching.page(self._store, search, query.limit)
        return [LEADS.from_document(row) for row in rows], following

    async def lead(self, id: str, query: Tenant) -> views.LeadWhole:
        """With its record, its person, and all that happened to it."""
        where = {"_id": id, "tenant": query.tenant}
        lead = await self._entities.one(LEADS, where, "lead", id)
        earlier = await self._entities.some(TRIES, {"lead": lead.id}, sort=())
        uploads = [*(each.upload for each in earlier), lead.upload]
        return views.LeadWhole.of(lead, uploads, await self._other_contacts(lead))

    async def _other_contacts(self, lead: Lead) -> list[str]:
        """INT-15: contacts that may be the same person, since they have the same phone where one
        of both has no email. Asked when somebody looks, so that it is true whichever came first."""
        if lead.person_id is None:
            return []
        known = await self._entities.some(CONTACTS, {"_id": lead.person_id})
        persons = [contact.person for contact in known]
        persons += [lead.accepted.person] if lead.accepted else []
        phones = sorted({each.phone for each in persons if each.phone})
        if lead.known_by == "phone":
            where: Filter = {"tenant": lead.tenant, "person.phone": {"$in": phones}}
        else:
            where = {"_id": {"$in": [pseudonym(self._secret, lead.tenant, one) for one in phones]}}
        found = await self._entities.some(CONTACTS, where, limit=OTHER_CONTACTS_MAX)
        return [contact.id for contact in found if contact.id != lead.person_id]

    async def counts(self, query: Annotated[CountsQuery, Query()]) -> views.Counts:
        """Leads by affiliate and outcome."""
        known = await self._entities.some(AFFILIATES, {"tenant": query.tenant})
        kept = await tally.read(self._store, LEAD_COUNTS, query.tenant)
        return views.Counts(
            affiliates=[
                await self._counts_of(each, kept.get(each.definition.id, {}), query)
                for each in known
            ]
        )

    async def _counts_of(
        self, affiliate: Affiliate, kept: Mapping[str, int], query: CountsQuery
    ) -> views.AffiliateCounts:
        outcomes = {each: kept.get(OF_OUTCOME + each, 0) for each in (*OUTCOMES, WAITING)}
        reasons = {each: count for each in REASON_CODES if (count := kept.get(OF_REASON + each, 0))}
        return views.AffiliateCounts(
            id=affiliate.definition.id,
            submitted=sum(outcomes.values()),
            **outcomes,
            reasons=reasons if query.reasons else None,
            fields=await self._fields_read(affiliate) if query.fields else None,
        )

    async def _outcomes(self, where: Filter) -> dict[str, int]:
        return {
            outcome: await self._store.count(LEADS.name, {**where, "upload.outcome": outcome})
            for outcome in (*OUTCOMES, WAITING)
        }

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
        return field_counts.count_fields(
            affiliate.definition.mapping.fields, affiliate.number, leads
        )

    async def affiliate_versions(self, id: str, query: Tenant) -> views.Versions:
        """Oldest first, each whole, with who made it and when."""
        of = versions_of("affiliate", ref_by_name(Affiliate, query.tenant, id).id)
        return await self._versions(of, "affiliate", id)

    async def question_versions(self, id: str, query: Tenant) -> views.Versions:
        """Oldest first, each whole, with who made it and when."""
        of = versions_of("question", ref_by_name(Question, query.tenant, id).id)
        return await self._versions(of, "question", id)

    async def _versions(self, of: str, what: str, name: str) -> views.Versions:
        found = await self._entities.some(VERSIONS, {"of": of}, sort=[("number", 1)])
        if not found:
            raise NotFound(what, name)
        return views.Versions(versions=[views.VersionView.of(each) for each in found])

    async def deliveries(self, query: Annotated[DeliveriesQuery, Query()]) -> views.Deliveries:
        """INT-10: each as it stands now, counted."""
        where = {"tenant": query.tenant}
        if query.affiliate:
            where["announced.affiliate"] = query.affiliate
        found = await self._entities.some(DELIVERIES, where)
        standing = [views.DeliveryView(**await self._standing(each)) for each in found]
        return views.Deliveries(deliveries=standing)

    async def delivery(self, affiliate: str, id: str, query: Tenant) -> views.DeliveryWhole:
        """One with its missing rows, and who of the affiliate has to know."""
        where = {"_id": deliveries.delivery_of(query.tenant, affiliate, id).id}
        delivery = await self._entities.one(DELIVERIES, where, "delivery", id)
        leads = deliveries.leads_of(delivery).where
        rows = await self._store.find(ROWS.name, leads, fields=ROWS.fields)
        standing = deliveries.standing(delivery.announced, list(map(ROWS.from_document, rows)))
        return views.DeliveryWhole(
            **await self._standing(delivery),
            missing=standing.missing,
            unannounced=standing.unannounced,
            contact=await self._contact(query.tenant, affiliate, "technical"),
        )

    async def _standing(self, delivery: Delivery) -> dict[str, Any]:
        where = deliveries.leads_of(delivery).where
        outcomes = await self._outcomes(where)
        return {
            **delivery.announced.model_dump(exclude={"references"}),
            "announced_at": delivery.announced_at,
            "received": sum(outcomes.values()),
            **outcomes,
            "sent": await self._store.count(LEADS.name, {**where, "is_sent": True}),
            "invoiced": None,
            "reconciled_at": delivery.reconciled_at,
            "adds_up": delivery.adds_up,
        }

    async def _contact(self, tenant: str, affiliate: str, role: str) -> AffiliateContact | None:
        """INT-01: the one with this role, else the main contact."""
        where = {"_id": ref_by_name(Affiliate, tenant, affiliate).id}
        for known in await self._entities.some(AFFILIATES, where):
            for one in (role, "main"):
                for contact in known.definition.contacts:
                    if one in contact.roles:
                        return contact
        return None

    async def requests(self, query: Annotated[RequestsQuery, Query()]) -> views.Requests:
        """What affiliates are asked for."""
        where: dict[str, Any] = {"tenant": query.tenant}
        if query.open:
            where["answered_at"] = None
        found = await self._entities.some(REQUESTS, where)
        return views.Requests(requests=[views.RequestView.of(each) for each in found])

    async def try_(self, page: Submissions, query: Tenant) -> views.TriedSubmissions:
        """What would become of records, field by field; nothing is published or stored."""
        tried = await self._trying.submissions(page, query.tenant)
        described = [views.TriedSubmission.of(each) for each in tried]
        return views.TriedSubmissions(submissions=described)

    async def _where(self, query: LeadSearch) -> dict[str, Any]:
        tenant, values = query.tenant, dict(query)
        where: dict[str, Any] = {"tenant": tenant}
        where |= {path: values[name] for name, path in EQUAL_TO.items() if values[name]}
        if query.email:
            where["person_id"] = self._person_id(tenant, query.email)
        if query.phone:
            persons = await self._persons_of(tenant, query.phone)
            only = where.get("person_id")
            where["person_id"] = {"$in": [each for each in persons if only in (None, each)]}
        if query.sent is not None:
            where["is_sent"] = query.sent
        return where

    def _person_id(self, tenant: str, email: str) -> str:
        normalized = written_address(email)
        if normalized is None:
            raise BadRequest("email", "a mail address, such as jo@brightwater.example")
        return pseudonym(self._secret, tenant, normalized)

    async def _persons_of(self, tenant: str, number: str) -> list[str]:
        """Who is known by the phone alone, and whose contact has it beside an email."""
        normalized = phone(number, None)
        if normalized is None:
            raise BadRequest("phone", "a phone number with its country, such as +49 30 901820")
        where = {"tenant": tenant, "person.phone": normalized}
        found = await self._entities.some(CONTACTS, where, limit=PERSONS_MAX)
        return [contact.id for contact in found]
