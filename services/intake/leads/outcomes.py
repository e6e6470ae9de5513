"""What becomes of an upload: each raw record ends as exactly one outcome (INT-03).

Whether it is decided now or again, later, from what was stored: all checks are made, as of the time
of the upload, and the outcome is published in the upload's own trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.intake.catalogue.affiliates import ORGANIC, Affiliate
from services.intake.catalogue.questions import Judged
from services.intake.leads.contacts import AcceptedAs, Contact, KnownBy
from services.intake.leads.leads import (
    ACCEPTED,
    HELD,
    OMITTED,
    UNUSABLE,
    WAITING,
    Change,
    Lead,
    Try,
    Upload,
    conflict_id,
)
from services.intake.leads.normalizing import Normalized
from services.intake.leads.uploads import Raw, upload_of
from shared.contracts.intake import (
    LeadAccepted,
    LeadHeld,
    LeadNotAccepted,
    LeadOmitted,
    LeadUnusable,
    SubmitLead,
)
from shared.contracts.routing import LeadSent
from shared.contracts.values import HeldAnswer, OpenQuestion, Reason
from shared.loop.collection import Entity
from shared.loop.decision import (
    Accepted,
    Cause,
    Context,
    Count,
    Deadline,
    Decision,
    Due,
    Publish,
    Refused,
)

# An alias and a lead that it would free may be decided at the same moment, neither seeing the
# other; a transaction is over long before this.
RECHECK_AFTER = timedelta(minutes=1)
LEAD_OUTCOMES = "lead_outcomes"

# The sender uploads under something that does not exist, or is another's: beside the outcome it is
# told no.
REFUSED_WITH = ("lead_code_unknown", "category_unknown", "reference_conflict")


class Recheck(Deadline, kind="recheck"):
    """A held lead that an alias may have freed meanwhile."""

    lead: str


def with_answers(lead: Lead, affiliate: Affiliate, answers: Mapping[str, str]) -> Lead:
    """INT-07: what an operator answers stands in the place of the affiliate's own field."""
    fields = affiliate.definition.mapping.answers
    answered = {fields.get(symbol, symbol): answer for symbol, answer in answers.items()}
    return replace(lead, given={**lead.given, **answered})


@dataclass(frozen=True, slots=True)
class Submission:
    """A record as read and judged, with everything that the decision about it needs to know."""

    raw: Raw
    mapping_version: int
    lead_code: str | None
    read: Normalized
    judged: Judged
    reasons: tuple[Reason, ...]
    person_id: str | None
    unanswered: tuple[OpenQuestion, ...] = ()

    @property
    def known_by(self) -> KnownBy:
        """INT-15: only who has no email is known by the phone."""
        person = self.read.person
        return "phone" if person is not None and person.email is None else "email"


def submission_of(
    raw: Raw,
    affiliate: Affiliate,
    read: Normalized,
    judged: Judged,
    person_id: str | None,
    unanswered: tuple[OpenQuestion, ...] = (),
) -> Submission:
    # A code that nobody knows may be any text of the record, even a name.
    code = read.lead_code if read.lead_code in affiliate.lead_codes else raw.lead_code
    reasons = read.reasons if raw.source == "affiliate" else organic_reasons(raw, read)
    return Submission(raw, affiliate.number, code, read, judged, reasons, person_id, unanswered)


def organic_reasons(raw: Raw, read: Normalized) -> tuple[Reason, ...]:
    """Its categories come with the command, and it has no lead code."""
    reasons = tuple(one for one in read.reasons if one.field not in ("lead_code", "category"))
    if raw.categories:
        return reasons
    return (*reasons, Reason("field_missing", "categories is blank", "categories"))


def may_submit(command: SubmitLead, cause: Cause) -> bool:
    """OPS-07: an affiliate submits its own leads only."""
    return cause.role != "affiliate" or cause.actor == command.affiliate


def outcome_of(submission: Submission, contact: Contact | None) -> tuple[str, tuple[Reason, ...]]:
    """INT-03: exactly one, with every reason of it."""
    reported = submission.judged.reported
    if submission.reasons:
        is_placed = all(reason.field != "category" for reason in submission.reasons)
        return UNUSABLE, (*submission.reasons, *(reported if is_placed else ()))
    code, at = submission.lead_code or "", submission.raw.cause.time
    if contact is not None and contact.has_duplicate(code, submission.raw.id, at):
        text = "the person was accepted under this lead code within 90 days"
        return OMITTED, (Reason("duplicate", text),)
    if submission.judged.held:
        return HELD, (*map(_invalid_answer, submission.judged.held), *reported)
    return ACCEPTED, reported


def _invalid_answer(answer: HeldAnswer) -> Reason:
    text = "the answer is neither allowed nor a known alias"
    return Reason("smarter_answer_invalid", text, answer.question)


def take_in(submission: Submission, before: Lead | None, contact: Contact | None) -> Decision:
    """INT-03, INT-04: an upload becomes a lead, or the next try of one that was not accepted."""
    outcome, reasons = outcome_of(submission, contact)
    lead = _new_lead(submission, before, outcome, reasons)
    earlier = [_earlier(before, before.upload)] if before is not None else []
    decision = conclude(lead, submission, contact)
    return replace(decision, save=[*decision.save, *earlier], answer=answer_of(lead))


def decide_again(
    lead: Lead, submission: Submission, contact: Contact | None, change: Change
) -> Decision:
    """INT-07, INT-08: the stored upload of a lead that was held, or waited for another."""
    outcome, reasons = outcome_of(submission, contact)
    after = replace(
        lead,
        upload=replace(lead.upload, outcome=outcome, reasons=reasons),
        lead_code=submission.lead_code,
        mapping_version=submission.mapping_version,
        person_id=submission.person_id,
        known_by=submission.known_by,
        accepted=_acceptance(submission) if outcome == ACCEPTED else None,
        held=submission.judged.held if outcome == HELD else (),
        blank=submission.read.blank,
        unread=submission.read.unread,
        changes=(*lead.changes, change),
    )
    decision = conclude(after, submission, contact)
    return replace(decision, cancel=[] if outcome == HELD else [recheck_id(lead.id)])


def conclude(lead: Lead, submission: Submission, contact: Contact | None) -> Decision:
    """The lead with its outcome: saved, published, and noted with the person, who is a contact also
    where the lead fails."""
    save: list[Entity] = [lead]
    if after := _contact(lead, submission, contact):
        save.append(after)
    due = [recheck(lead, submission.raw.cause.time)] if lead.outcome == HELD else []
    by = ("affiliate", lead.affiliate or ORGANIC)
    count = Count(LEAD_OUTCOMES, (by, ("outcome", lead.outcome)))
    return Decision(save=save, publish=[outcome_event(lead)], due=due, count=[count])


def _new_lead(
    submission: Submission, before: Lead | None, outcome: str, reasons: tuple[Reason, ...]
) -> Lead:
    raw = submission.raw
    return Lead(
        id=raw.id,
        version=before.version if before else 0,
        tenant=raw.cause.tenant,
        affiliate=raw.affiliate,
        reference=raw.reference,
        lead_code=submission.lead_code,
        delivery=raw.delivery,
        upload=upload_of(raw, outcome, reasons),
        tries=before.tries + 1 if before else 0,
        mapping_version=submission.mapping_version,
        person_id=submission.person_id,
        known_by=submission.known_by,
        accepted=_acceptance(submission) if outcome == ACCEPTED else None,
        source=raw.source,
        replaces=raw.replaces,
        held=submission.judged.held if outcome == HELD else (),
        categories=raw.categories,
        converted_at=raw.converted_at,
        blank=submission.read.blank,
        unread=submission.read.unread,
    )


def waiting_lead(
    submission: Submission, before: Lead | None, contact: Contact | None
) -> tuple[Lead, list[Entity]]:
    """The upload that replaces another lead, until that one is withdrawn."""
    lead = _new_lead(submission, before, WAITING, ())
    known = [
        _contact(lead, submission, contact),
        _earlier(before, before.upload) if before else None,
    ]
    return lead, [entity for entity in known if entity is not None]


def _acceptance(submission: Submission) -> LeadAccepted:
    raw, read = submission.raw, submission.read
    assert read.person is not None and submission.person_id is not None
    return LeadAccepted(
        lead=raw.id,
        source=raw.source,
        affiliate=raw.affiliate,
        lead_code=submission.lead_code,
        reference=raw.reference,
        delivery=raw.delivery,
        category=raw.categories[0] if raw.categories else read.category,
        categories=raw.categories,
        place=read.place,
        company=read.company,
        title_class=read.title_class,
        answers=dict(submission.judged.answers),
        unanswered=submission.unanswered,
        reported=submission.judged.reported,
        consent=read.consent,
        captured_at=read.captured_at,
        converted_at=raw.converted_at,
        mapping_version=submission.mapping_version,
        person_id=submission.person_id,
        person=read.person,
    )


def repeat(before: Lead, raw: Raw) -> Decision:
    """INT-05: an accepted reference is that lead forever; a record that differs is only kept."""
    upload = upload_of(raw, "repeated")
    if upload.record == before.upload.record:
        return Decision(answer=answer_of(before))
    kept = replace(before, tries=before.tries + 1)
    return Decision(save=[kept, _earlier(before, upload)], answer=answer_of(before))


def is_anothers(before: Lead, submission: Submission) -> bool:
    """INT-05: the reference belongs to the lead of another person. Who can't be known is nobody,
    and an email says nothing of a phone (INT-15)."""
    if before.person_id is None or submission.person_id is None:
        return False
    return before.known_by == submission.known_by and before.person_id != submission.person_id


def conflict(
    first: Lead, submission: Submission, before: Lead | None, contact: Contact | None
) -> Decision:
    """INT-05: an upload under another person's reference is a lead of its own, that can't be used:
    it is told with both, and found by its person's email."""
    if before is not None:
        return repeat(before, submission.raw)
    assert submission.person_id is not None
    text = f"the reference is that of another person's lead, {first.id}"
    reason = Reason("reference_conflict", text, "reference")
    lead = replace(
        _new_lead(submission, None, UNUSABLE, (reason, *submission.reasons)),
        id=conflict_id(first.id, submission.person_id),
        conflicts_with=first.id,
    )
    return replace(conclude(lead, submission, contact), answer=answer_of(lead))


def _earlier(before: Lead, upload: Upload) -> Try:
    return Try(f"{before.id}/{before.tries}", 0, before.tenant, before.id, upload)


def _contact(lead: Lead, submission: Submission, before: Contact | None) -> Contact | None:
    """The person's contact if it is new or has to remember an accepted lead."""
    person, cause = submission.read.person, submission.raw.cause
    if person is None or submission.person_id is None:
        return None
    contact = before or Contact(submission.person_id, 0, lead.tenant, person, lead.id, cause.time)
    if lead.outcome == ACCEPTED and lead.lead_code:
        return contact.with_accepted(AcceptedAs(lead.id, lead.lead_code, cause.time))
    return contact if before is None else None


def recheck_id(lead: str) -> str:
    return f"{Recheck.KIND}/{lead}"


def recheck(lead: Lead, at: datetime) -> Due:
    return Due(recheck_id(lead.id), Recheck(lead=lead.id), lead.key, at + RECHECK_AFTER)


def outcome_event(lead: Lead) -> Publish:
    """Always in the trace of the upload, however late and by whom it was decided."""
    key = lead.person_id or lead.id
    if lead.accepted is not None:
        return Publish(lead.accepted, key, lead.upload.trace)
    common = {
        "lead": lead.id,
        "affiliate": lead.affiliate,
        "lead_code": lead.lead_code,
        "reference": lead.reference,
        "delivery": lead.delivery,
        "reasons": lead.upload.reasons,
    }
    event: LeadNotAccepted
    if lead.outcome == HELD:
        event = LeadHeld(**common, answers=lead.held)
    elif lead.outcome == OMITTED:
        event = LeadOmitted(**common)
    else:
        event = LeadUnusable(**common)
    return Publish(event, key, lead.upload.trace)


def answer_of(lead: Lead) -> Accepted | Refused:
    details = {"lead": lead.id, "outcome": lead.outcome}
    if lead.conflicts_with:
        details["conflicts_with"] = lead.conflicts_with
    for reason in lead.upload.reasons:
        if reason.code in REFUSED_WITH:
            return Refused(reason.code, reason.text, details)
    return Accepted(lead.outcome, details=details)


def note_sent(sent: LeadSent, lead: Lead | None, _context: Context) -> Decision:
    """INT-11: leads are found by the campaigns that they were sent to."""
    if lead is None or sent.campaign in lead.sent_to:
        return Decision()
    return Decision(save=[replace(lead, sent_to=(*lead.sent_to, sent.campaign))])
