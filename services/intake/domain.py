"""A lead from upload to outcome: each raw record ends as exactly one outcome (INT-03).

The lead of an affiliate's reference is one entity; once accepted it is that lead forever (INT-05).
A contact is one person of a tenant, whatever became of the leads (INT-04).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from services.intake.affiliates import ORGANIC, Affiliate
from services.intake.normalizing import Normalized
from services.intake.questions import Judged
from shared.contracts.intake import (
    ConvertLead,
    LeadAccepted,
    LeadHeld,
    LeadNotAccepted,
    LeadOmitted,
    LeadUnusable,
    SubmitLead,
)
from shared.contracts.values import HeldAnswer, LeadSource, Person, Reason
from shared.ids import derived
from shared.loop.decision import Accepted, Cause, Decision, Due, Refused, Say
from shared.loop.working_set import Entity

ACCEPTED = "accepted"
HELD = "held"
UNUSABLE = "unusable"
OMITTED = "omitted"
WAITING = "waiting"
"""Not an outcome yet: routing was asked to withdraw the lead that this one replaces."""
OUTCOMES = (ACCEPTED, HELD, UNUSABLE, OMITTED)

RECHECK = "recheck"
# An alias and a lead that it would free may be decided at the same moment, neither seeing the
# other; a transaction is over long before this.
RECHECK_AFTER = timedelta(minutes=1)
DUPLICATE_FOR = timedelta(days=90)
ACCEPTED_KEPT_MAX = 100

REASON_CODES = (
    "email_invalid",
    "field_missing",
    "field_unreadable",
    "lead_code_unknown",
    "category_unknown",
    "country_unknown",
    "duplicate",
    "replaced",
    "replaces_sent",
    "smarter_answer_invalid",
    "smarter_unknown_symbol",
    "smarter_question_not_in_category",
)
"""Every reason that a lead may have (INT-03); the list is closed."""

# The sender uploads under something that does not exist: beside the outcome it is told no.
REFUSED_WITH = ("lead_code_unknown", "category_unknown")


def lead_id(tenant: str, affiliate: str, reference: str) -> str:
    return derived(tenant, "lead", affiliate, reference)


def lead_key(affiliate: str | None, reference: str) -> str:
    """What the lead's shard is found by: the key of its upload."""
    return f"{affiliate or ORGANIC}:{reference}"


def instant_text(at: datetime) -> str:
    """Sorts as the instants do."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")


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
    lead_code: str | None = None
    """What the upload as a whole was declared with."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a lead after its upload was decided, and who did it."""

    at: datetime
    by: str
    what: str


@dataclass(frozen=True, slots=True)
class Lead:
    id: str
    version: int
    tenant: str
    affiliate: str | None
    reference: str
    lead_code: str | None
    delivery: str | None
    upload: Upload
    tries: int
    """How many earlier uploads there are under this reference; they are kept as `Try`."""
    mapping_version: int
    person_id: str | None
    accepted: LeadAccepted | None
    source: LeadSource = "affiliate"
    replaces: str | None = None
    held: tuple[HeldAnswer, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    """Answers that an operator gave in the place of what the record says."""
    sent_to: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    categories: tuple[str, ...] = ()
    """Of an organic lead, like the time at which it converted."""
    converted_at: datetime | None = None

    @property
    def outcome(self) -> str:
        return self.upload.outcome

    @property
    def is_final(self) -> bool:
        """INT-05: no upload under its reference is a new try; one that was replaced has lost its
        place for good."""
        is_replaced = any(reason.code == "replaced" for reason in self.upload.reasons)
        return self.outcome in (ACCEPTED, WAITING) or is_replaced

    @property
    def key(self) -> str:
        return lead_key(self.affiliate, self.reference)

    @property
    def order(self) -> str:
        """By which leads are sorted and found: the instant of the upload, then the id."""
        return f"{instant_text(self.upload.uploaded_at)}/{self.id}"

    def ended(self, outcome: str, reason: Reason, change: Change) -> "Lead":
        upload = replace(self.upload, outcome=outcome, reasons=(reason,))
        return replace(self, upload=upload, accepted=None, held=(), changes=(*self.changes, change))


@dataclass(frozen=True, slots=True)
class Try:
    """An upload that is not the lead's current one; written once."""

    id: str
    version: int
    tenant: str
    lead: str
    upload: Upload


@dataclass(frozen=True, slots=True)
class AcceptedAs:
    """A lead that a person was accepted as."""

    lead: str
    lead_code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """A person, found by the pseudonym of the normalized email."""

    id: str
    version: int
    tenant: str
    person: Person
    first_lead: str
    first_seen_at: datetime
    accepted: tuple[AcceptedAs, ...] = ()

    def has_duplicate(self, lead_code: str, lead: str, at: datetime) -> bool:
        """INT-05: accepted before under this lead code; a blank code is never a duplicate key."""
        return bool(lead_code) and any(
            before.lead_code == lead_code
            and before.lead != lead
            and abs(at - before.at) < DUPLICATE_FOR
            for before in self.accepted
        )

    def with_accepted(self, accepted: AcceptedAs) -> "Contact":
        return replace(self, accepted=(*self.accepted, accepted)[-ACCEPTED_KEPT_MAX:])

    def without(self, lead: str) -> "Contact":
        return replace(self, accepted=tuple(one for one in self.accepted if one.lead != lead))


@dataclass(frozen=True, slots=True)
class Raw:
    """An upload as it came, from whichever source, now or when it was stored."""

    source: LeadSource
    affiliate: str | None
    reference: str
    record: Mapping[str, JsonValue]
    lead_code: str | None
    delivery: str | None
    replaces: str | None
    cause: Cause
    categories: tuple[str, ...] = ()
    converted_at: datetime | None = None

    @property
    def id(self) -> str:
        return lead_id(self.cause.tenant, self.affiliate or ORGANIC, self.reference)


def submitted(command: SubmitLead, cause: Cause) -> Raw:
    return Raw(
        "affiliate",
        command.affiliate,
        command.reference,
        command.record,
        command.lead_code,
        command.delivery,
        command.replaces,
        cause,
    )


def converted(command: ConvertLead, cause: Cause) -> Raw:
    """INT-15: no lead code, its own categories."""
    return Raw(
        "organic",
        None,
        command.reference,
        command.record,
        None,
        None,
        None,
        cause,
        command.categories,
        command.converted_at,
    )


def stored(lead: Lead, cause: Cause) -> Raw:
    """A stored upload, to be decided again: at the time when it was uploaded."""
    upload = lead.upload
    then = replace(
        cause,
        id=upload.command,
        time=upload.uploaded_at,
        actor=upload.uploaded_by,
        trace=upload.trace,
    )
    record = from_json(upload.record)
    return Raw(
        lead.source,
        lead.affiliate,
        lead.reference,
        record | lead.given,
        upload.lead_code,
        lead.delivery,
        lead.replaces,
        then,
        lead.categories,
        lead.converted_at,
    )


def with_answers(lead: Lead, affiliate: Affiliate, answers: Mapping[str, str]) -> Lead:
    """INT-07: what an operator answers stands in the place of the affiliate's own field."""
    fields = affiliate.definition.mapping.answers
    given = {fields.get(symbol, symbol): answer for symbol, answer in answers.items()}
    return replace(lead, given={**lead.given, **given})


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


def submission(
    raw: Raw, affiliate: Affiliate, read: Normalized, judged: Judged, person_id: str | None
) -> Submission:
    code = read.lead_code if read.lead_code in affiliate.lead_codes else raw.lead_code
    # A code that nobody knows may be any text of the record, even a name.
    reasons = read.reasons if raw.source == "affiliate" else organic_reasons(raw, read)
    return Submission(raw, affiliate.number, code, read, judged, reasons, person_id)


def organic_reasons(raw: Raw, read: Normalized) -> tuple[Reason, ...]:
    """Its categories come with the command, and it has no lead code."""
    reasons = tuple(one for one in read.reasons if one.field not in ("lead_code", "category"))
    if raw.categories:
        return reasons
    return (*reasons, Reason("field_missing", "categories is blank", "categories"))


def may_submit(command: SubmitLead, cause: Cause) -> bool:
    """OPS-07: an affiliate submits its own leads only."""
    return cause.role != "affiliate" or cause.actor == command.affiliate


def outcome_of(given: Submission, contact: Contact | None) -> tuple[str, tuple[Reason, ...]]:
    """INT-03: exactly one, with every reason of it."""
    reported = given.judged.reported
    if given.reasons:
        is_placed = all(reason.field != "category" for reason in given.reasons)
        return UNUSABLE, (*given.reasons, *(reported if is_placed else ()))
    code, at = given.lead_code or "", given.raw.cause.time
    if contact is not None and contact.has_duplicate(code, given.raw.id, at):
        text = "the person was accepted under this lead code within 90 days"
        return OMITTED, (Reason("duplicate", text),)
    if given.judged.held:
        return HELD, (*map(_invalid_answer, given.judged.held), *reported)
    return ACCEPTED, reported


def _invalid_answer(answer: HeldAnswer) -> Reason:
    text = "the answer is neither allowed nor a known alias"
    return Reason("smarter_answer_invalid", text, answer.question)


def take_in(given: Submission, before: Lead | None, contact: Contact | None) -> Decision:
    """INT-03, INT-04: an upload becomes a lead, or the next try of one that was not accepted."""
    outcome, reasons = outcome_of(given, contact)
    lead = _new_lead(given, before, outcome, reasons)
    earlier = [_earlier(before, before.upload)] if before is not None else []
    decision = concluded(lead, given, contact)
    return replace(decision, save=[*decision.save, *earlier], answer=answer_of(lead))


def decide_again(
    lead: Lead, given: Submission, contact: Contact | None, change: Change
) -> Decision:
    """INT-07, INT-08: the stored upload of a lead that was held, or waited for another."""
    outcome, reasons = outcome_of(given, contact)
    after = replace(
        lead,
        upload=replace(lead.upload, outcome=outcome, reasons=reasons),
        lead_code=given.lead_code,
        mapping_version=given.mapping_version,
        person_id=given.person_id,
        accepted=_accepted(given) if outcome == ACCEPTED else None,
        held=given.judged.held if outcome == HELD else (),
        changes=(*lead.changes, change),
    )
    decision = concluded(after, given, contact)
    return replace(decision, settled=[] if outcome == HELD else [recheck_id(lead.id)])


def concluded(lead: Lead, given: Submission, contact: Contact | None) -> Decision:
    """The lead with its outcome: saved, said, and noted with the person, who is a contact also
    where the lead fails."""
    save: list[Entity] = [lead]
    if after := _contact(lead, given, contact):
        save.append(after)
    due = [recheck(lead, given.raw.cause.time)] if lead.outcome == HELD else []
    return Decision(save=save, say=[say(lead)], due=due)


def _new_lead(
    given: Submission, before: Lead | None, outcome: str, reasons: tuple[Reason, ...]
) -> Lead:
    raw = given.raw
    return Lead(
        id=raw.id,
        version=before.version if before else 0,
        tenant=raw.cause.tenant,
        affiliate=raw.affiliate,
        reference=raw.reference,
        lead_code=given.lead_code,
        delivery=raw.delivery,
        upload=uploaded(raw, outcome, reasons),
        tries=before.tries + 1 if before else 0,
        mapping_version=given.mapping_version,
        person_id=given.person_id,
        accepted=_accepted(given) if outcome == ACCEPTED else None,
        source=raw.source,
        replaces=raw.replaces,
        held=given.judged.held if outcome == HELD else (),
        categories=raw.categories,
        converted_at=raw.converted_at,
    )


def waiting(
    given: Submission, before: Lead | None, contact: Contact | None
) -> tuple[Lead, list[Entity]]:
    """The upload that replaces another lead, until that one is withdrawn."""
    lead = _new_lead(given, before, WAITING, ())
    known = [_contact(lead, given, contact), _earlier(before, before.upload) if before else None]
    return lead, [entity for entity in known if entity is not None]


def _accepted(given: Submission) -> LeadAccepted:
    raw, read = given.raw, given.read
    assert read.person is not None and given.person_id is not None
    return LeadAccepted(
        lead=raw.id,
        source=raw.source,
        affiliate=raw.affiliate,
        lead_code=given.lead_code,
        reference=raw.reference,
        delivery=raw.delivery,
        category=raw.categories[0] if raw.categories else read.category,
        categories=raw.categories,
        place=read.place,
        company=read.company,
        title_class=read.title_class,
        answers=dict(given.judged.answers),
        reported=given.judged.reported,
        consent=read.consent,
        captured_at=read.captured_at,
        converted_at=raw.converted_at,
        mapping_version=given.mapping_version,
        person_id=given.person_id,
        person=read.person,
    )


def uploaded(raw: Raw, outcome: str, reasons: tuple[Reason, ...] = ()) -> Upload:
    cause = raw.cause
    return Upload(
        to_json(raw.record).decode(),
        cause.id,
        cause.time,
        cause.actor,
        cause.trace,
        outcome,
        reasons,
        raw.lead_code,
    )


def repeat(before: Lead, raw: Raw) -> Decision:
    """INT-05: an accepted reference is that lead forever; a record that differs is only kept."""
    upload = uploaded(raw, "repeated")
    if upload.record == before.upload.record:
        return Decision(answer=answer_of(before))
    kept = replace(before, tries=before.tries + 1)
    return Decision(save=[kept, _earlier(before, upload)], answer=answer_of(before))


def _earlier(before: Lead, upload: Upload) -> Try:
    return Try(f"{before.id}/{before.tries}", 0, before.tenant, before.id, upload)


def _contact(lead: Lead, given: Submission, before: Contact | None) -> Contact | None:
    """The person's contact if it is new or has to remember an accepted lead."""
    person, cause = given.read.person, given.raw.cause
    if person is None or given.person_id is None:
        return None
    contact = before or Contact(given.person_id, 0, lead.tenant, person, lead.id, cause.time)
    if lead.outcome == ACCEPTED and lead.lead_code:
        return contact.with_accepted(AcceptedAs(lead.id, lead.lead_code, cause.time))
    return contact if before is None else None


def recheck_id(lead: str) -> str:
    return f"{RECHECK}/{lead}"


def recheck(lead: Lead, at: datetime) -> Due:
    return Due(recheck_id(lead.id), RECHECK, lead.key, at + RECHECK_AFTER, {"lead": lead.id})


def say(lead: Lead) -> Say:
    """Always in the trace of the upload, however late and by whom it was decided."""
    key = lead.person_id or lead.id
    if lead.accepted is not None:
        return Say(lead.accepted, key, lead.upload.trace)
    common = {
        "lead": lead.id,
        "affiliate": lead.affiliate,
        "lead_code": lead.lead_code,
        "reference": lead.reference,
        "delivery": lead.delivery,
        "reasons": lead.upload.reasons,
    }
    said: LeadNotAccepted
    if lead.outcome == HELD:
        said = LeadHeld(**common, answers=lead.held)
    elif lead.outcome == OMITTED:
        said = LeadOmitted(**common)
    else:
        said = LeadUnusable(**common)
    return Say(said, key, lead.upload.trace)


def answer_of(lead: Lead) -> Accepted | Refused:
    details = {"lead": lead.id, "outcome": lead.outcome}
    for reason in lead.upload.reasons:
        if reason.code in REFUSED_WITH:
            return Refused(reason.code, reason.text, details)
    return Accepted(lead.outcome, details=details)


def note_sent(lead: Lead | None, campaign: str) -> Decision:
    """INT-11: leads are found by the campaigns that they were sent to."""
    if lead is None or campaign in lead.sent_to:
        return Decision()
    return Decision(save=[replace(lead, sent_to=(*lead.sent_to, campaign))])
