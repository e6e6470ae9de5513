"""What intake's read API answers, as models: `/openapi.json` is made of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from pydantic_core import from_json

from services.intake.catalogue.affiliates import Affiliate
from services.intake.catalogue.questions import Alias, Question
from services.intake.deliveries.requests import Request
from services.intake.leads.contacts import KnownBy
from services.intake.leads.leads import Change, Lead, Upload
from services.intake.queries.field_counts import FieldCount
from services.intake.queries.field_view import FieldView
from services.intake.queries.trial import Tried
from shared.contracts.affiliates import (
    AffiliateContact,
    AnswerRequest,
    ContactRole,
    OpenRequest,
    PutAffiliate,
)
from shared.contracts.intake import LeadAccepted
from shared.contracts.questions import PutQuestion
from shared.contracts.values import HeldAnswer, LeadSource, Reason
from shared.definitions import Version
from shared.loop.decision import Accepted
from shared.read_api import View, omitted_if_none, part_of


class LeadSummary(View):
    id: str
    affiliate: str | None
    reference: str
    lead_code: str | None
    delivery: str | None
    category: str | None = part_of("accepted", "category", default=None)
    outcome: str
    reasons: tuple[Reason, ...] = part_of("upload", "reasons")
    uploaded_at: datetime = part_of("upload", "uploaded_at")
    person_id: str | None
    source: LeadSource
    sent_to: tuple[str, ...]


class Leads(View):
    leads: list[LeadSummary]
    next: str | None


class HeldLead(LeadSummary):
    held: tuple[HeldAnswer, ...]


class HeldLeads(View):
    leads: list[HeldLead]
    next: str | None


class Entry(View):
    """An upload under the lead's reference, and what became of it."""

    at: datetime
    by: str
    command: str
    outcome: str
    reasons: tuple[Reason, ...]
    record: Any
    trace: str | None

    @classmethod
    def of(cls, upload: Upload) -> Self:
        return cls(
            at=upload.uploaded_at,
            by=upload.uploaded_by,
            command=upload.command,
            outcome=upload.outcome,
            reasons=upload.reasons,
            record=from_json(upload.record),
            trace=upload.trace,
        )


class LeadWhole(LeadSummary):
    """With its person: this is for whoever may read leads."""

    known_by: KnownBy | None
    other_contacts: list[str]
    """People who may be the same, since they have the same phone."""
    trace: str | None
    mapping_version: int
    record: Any
    """As it was uploaded, by the affiliate's own names of fields."""
    accepted: LeadAccepted | None
    held: tuple[HeldAnswer, ...]
    replaces: str | None
    changes: tuple[Change, ...]
    history: list[Entry]
    """All uploads under its reference, oldest first."""

    @classmethod
    def of(cls, lead: Lead, uploads: list[Upload], others: list[str]) -> Self:
        return cls(
            **vars(LeadSummary.model_validate(lead)),
            known_by=lead.known_by if lead.person_id else None,
            other_contacts=others,
            trace=lead.upload.trace,
            mapping_version=lead.mapping_version,
            record=from_json(lead.upload.record),
            accepted=lead.accepted,
            held=lead.held,
            replaces=lead.replaces,
            changes=lead.changes,
            history=[Entry.of(each) for each in sorted(uploads, key=lambda each: each.uploaded_at)],
        )


class AffiliateView(PutAffiliate):
    """An affiliate as it was put."""

    version: int
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, affiliate: Affiliate) -> Self:
        return cls(
            **vars(affiliate.definition),
            version=affiliate.number,
            changed_at=affiliate.changed_at,
            changed_by=affiliate.changed_by,
        )


class QuestionView(PutQuestion):
    """A question as it was put, with every alias that was added."""

    aliases: tuple[Alias, ...]  # type: ignore[assignment]
    version: int
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, question: Question) -> Self:
        return cls(
            **vars(question.definition) | {"aliases": question.aliases},
            version=question.number,
            changed_at=question.changed_at,
            changed_by=question.changed_by,
        )


class VersionView(View):
    version: int
    definition: Mapping[str, Any]
    """As it was put."""
    aliases: Mapping[str, str]
    """Of a question: what somebody writes, and the allowed answer that is meant."""
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, version: Version) -> Self:
        return cls(
            version=version.number,
            definition=from_json(version.definition),
            aliases=from_json(version.aliases),
            changed_at=version.changed_at,
            changed_by=version.changed_by,
        )


class Versions(View):
    versions: list[VersionView]
    """Oldest first."""


class AffiliateCounts(View):
    id: str
    submitted: int
    accepted: int
    held: int
    unusable: int
    omitted: int
    waiting: int
    reasons: Mapping[str, int] | None = omitted_if_none()
    """By code, leads that have such a reason."""
    fields: list[FieldCount] | None = omitted_if_none()
    """In the order of the mapping, of the latest leads that were read with it."""


class Counts(View):
    affiliates: list[AffiliateCounts]


class DeliveryView(View):
    """A delivery as it stands now, counted."""

    affiliate: str
    id: str
    month: str
    lead_code: str
    declared: int
    announced_at: datetime
    received: int
    accepted: int
    held: int
    unusable: int
    omitted: int
    waiting: int
    sent: int
    invoiced: None
    """Not built yet."""
    reconciled_at: datetime | None
    adds_up: bool | None
    """As of the reconciliation; null before."""


class Deliveries(View):
    deliveries: list[DeliveryView]


class DeliveryWhole(DeliveryView):
    missing: tuple[str, ...]
    unannounced: tuple[str, ...]
    contact: AffiliateContact | None
    """Who of the affiliate has to know."""


class RequestView(OpenRequest):
    """A request as it was opened."""

    role: ContactRole
    opened_at: datetime
    opened_by: str
    reminders: int
    answered_at: datetime | None
    answer: AnswerRequest | None

    @classmethod
    def of(cls, request: Request) -> Self:
        return cls(
            **vars(request.asked),
            role=request.role,
            opened_at=request.opened_at,
            opened_by=request.opened_by,
            reminders=request.reminders,
            answered_at=request.answered_at,
            answer=request.answer,
        )


class Requests(View):
    requests: list[RequestView]


class TriedAnswer(View):
    accepted: bool
    code: str
    text: str
    details: Mapping[str, Any]


class TriedSubmission(View):
    """What would become of one record."""

    id: str
    reference: str
    outcome: str
    reasons: tuple[Reason, ...]
    answer: TriedAnswer
    is_new: bool
    """Whether this upload would be the lead's; else the lead stays what it is."""
    person_id: str | None
    mapping_version: int | None
    fields: Sequence[FieldView]
    accepted: LeadAccepted | None
    """What would be published of it."""

    @classmethod
    def of(cls, tried: Tried) -> Self:
        lead, answer = tried.lead, tried.answer
        repeated = {"repeated": True} if tried.unchanged else {}
        return cls(
            id=tried.id,
            reference=tried.reference,
            outcome=answer.details.get("outcome") or "refused",
            reasons=tried.reasons,
            answer=TriedAnswer(
                accepted=isinstance(answer, Accepted),
                code=answer.code,
                text=answer.text,
                details={**answer.details, **repeated},
            ),
            is_new=tried.is_new,
            person_id=lead.person_id if lead else None,
            mapping_version=lead.mapping_version if lead else None,
            fields=tried.fields,
            accepted=tried.accepted,
        )


class TriedSubmissions(View):
    submissions: list[TriedSubmission]
