"""A lead from upload to outcome: each raw record ends as exactly one outcome (INT-03).

The lead of an affiliate's reference is one entity; once accepted it is that lead forever (INT-05).
A contact is one person of a tenant, whatever became of the leads (INT-04).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic_core import to_json

from services.intake.affiliates import Affiliate
from services.intake.normalizing import Normalized
from shared.contracts.intake import LeadAccepted, LeadUnusable, SubmitLead
from shared.contracts.values import Person, Reason
from shared.ids import derived
from shared.loop.decision import Accepted, Cause, Decision, Refused, Say
from shared.loop.working_set import Entity

ACCEPTED = "accepted"
UNUSABLE = "unusable"
OUTCOMES = (ACCEPTED, "held", UNUSABLE, "omitted")

# The sender uploads under something that does not exist: beside the outcome it is told no.
REFUSED_WITH = ("lead_code_unknown", "category_unknown")


def lead_id(tenant: str, affiliate: str, reference: str) -> str:
    return derived(tenant, "lead", affiliate, reference)


@dataclass(frozen=True, slots=True)
class Upload:
    """One raw record and what became of it; `trace` follows it through all services."""

    record: str
    """JSON text: an affiliate's field names may be what no store takes as a key."""
    command: str
    uploaded_at: datetime
    uploaded_by: str
    trace: str | None
    outcome: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Lead:
    id: str
    version: int
    tenant: str
    affiliate: str
    reference: str
    lead_code: str | None
    delivery: str | None
    upload: Upload
    tries: int
    """How many earlier uploads there are under this reference; they are kept as `Try`."""
    mapping_version: int
    person_id: str | None
    accepted: LeadAccepted | None

    @property
    def outcome(self) -> str:
        return self.upload.outcome


@dataclass(frozen=True, slots=True)
class Try:
    """An upload that is not the lead's current one; written once."""

    id: str
    version: int
    tenant: str
    lead: str
    upload: Upload


@dataclass(frozen=True, slots=True)
class Contact:
    """A person, found by the pseudonym of the normalized email."""

    id: str
    version: int
    tenant: str
    person: Person
    first_lead: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """A record as read, with everything that the decision about it needs to know."""

    lead: str
    command: SubmitLead
    affiliate: Affiliate
    read: Normalized
    person_id: str | None
    cause: Cause


def may_submit(command: SubmitLead, cause: Cause) -> bool:
    """OPS-07: an affiliate submits its own leads only."""
    return cause.role != "affiliate" or cause.actor == command.affiliate


def take_in(submission: Submission, before: Lead | None, contact: Contact | None) -> Decision:
    """INT-03, INT-04: exactly one outcome, and the contact once, also where the lead fails."""
    lead = _lead(submission, before)
    save: list[Entity] = [lead]
    if before is not None:
        save.append(_earlier(before, before.upload))
    if contact is None and (created := _contact(submission, lead)):
        save.append(created)
    return Decision(save=save, say=[_say(lead)], answer=_answer(lead))


def repeat(before: Lead, command: SubmitLead, cause: Cause) -> Decision:
    """INT-05: an accepted reference is that lead forever; a record that differs is only kept."""
    upload = _upload(command, cause, outcome="repeated")
    if upload.record == before.upload.record:
        return Decision(answer=_answer(before))
    kept = replace(before, tries=before.tries + 1)
    return Decision(save=[kept, _earlier(before, upload)], answer=_answer(before))


def _lead(submission: Submission, before: Lead | None) -> Lead:
    command, read, cause = submission.command, submission.read, submission.cause
    upload = _upload(
        command,
        cause,
        outcome=UNUSABLE if read.reasons else ACCEPTED,
        reasons=read.reasons,
    )
    return Lead(
        id=submission.lead,
        version=before.version if before else 0,
        tenant=cause.tenant,
        affiliate=command.affiliate,
        reference=command.reference,
        lead_code=_known_code(submission),
        delivery=command.delivery,
        upload=upload,
        tries=before.tries + 1 if before else 0,
        mapping_version=submission.affiliate.number,
        person_id=submission.person_id,
        accepted=None if read.reasons else _accepted(submission),
    )


def _known_code(submission: Submission) -> str | None:
    """A code that nobody knows may be any text of the record, even a name."""
    code = submission.read.lead_code
    return code if code in submission.affiliate.lead_codes else submission.command.lead_code


def _accepted(submission: Submission) -> LeadAccepted:
    command, read = submission.command, submission.read
    assert read.person is not None and submission.person_id is not None
    return LeadAccepted(
        lead=submission.lead,
        source="affiliate",
        affiliate=command.affiliate,
        lead_code=read.lead_code,
        reference=command.reference,
        delivery=command.delivery,
        category=read.category,
        place=read.place,
        company=read.company,
        title_class=read.title_class,
        answers=dict(read.answers),
        consent=read.consent,
        captured_at=read.captured_at,
        mapping_version=submission.affiliate.number,
        person_id=submission.person_id,
        person=read.person,
    )


def _upload(
    command: SubmitLead, cause: Cause, *, outcome: str, reasons: tuple[Reason, ...] = ()
) -> Upload:
    record = to_json(command.record).decode()
    return Upload(record, cause.id, cause.time, cause.actor, cause.trace, outcome, reasons)


def _earlier(before: Lead, upload: Upload) -> Try:
    return Try(f"{before.id}/{before.tries}", 0, before.tenant, before.id, upload)


def _contact(submission: Submission, lead: Lead) -> Contact | None:
    person, person_id = submission.read.person, submission.person_id
    if person is None or person_id is None:
        return None
    return Contact(person_id, 0, lead.tenant, person, lead.id, submission.cause.time)


def _say(lead: Lead) -> Say:
    key = lead.person_id or lead.id
    if lead.accepted is not None:
        return Say(lead.accepted, key)
    said = LeadUnusable(
        lead=lead.id,
        affiliate=lead.affiliate,
        lead_code=lead.lead_code,
        reference=lead.reference,
        delivery=lead.delivery,
        reasons=lead.upload.reasons,
    )
    return Say(said, key)


def _answer(lead: Lead) -> Accepted | Refused:
    details = {"lead": lead.id, "outcome": lead.outcome}
    for reason in lead.upload.reasons:
        if reason.code in REFUSED_WITH:
            return Refused(reason.code, reason.text, details)
    return Accepted(lead.outcome, details=details)
