"""A lead as it is kept: its upload, its one outcome with the reasons, and what happened since.

The lead of an affiliate's reference is one entity; once accepted it is that lead forever (INT-05).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.intake.catalogue.affiliates import ORGANIC
from services.intake.leads.contacts import KnownBy
from shared.contracts.intake import LeadAccepted, QuestionChanged
from shared.contracts.values import HeldAnswer, LeadSource, Reason
from shared.ids import derived_id
from shared.loop.working_set import Page

ACCEPTED = "accepted"
HELD = "held"
UNUSABLE = "unusable"
OMITTED = "omitted"
WAITING = "waiting"
"""Not an outcome yet: routing was asked to withdraw the lead that this one replaces."""
OUTCOMES = (ACCEPTED, HELD, UNUSABLE, OMITTED)

REASON_CODES = (
    "email_invalid",
    "field_missing",
    "field_unreadable",
    "lead_code_unknown",
    "category_unknown",
    "country_unknown",
    "reference_conflict",
    "duplicate",
    "replaced",
    "replaces_sent",
    "replaces_replaced",
    "smarter_answer_invalid",
    "smarter_unknown_symbol",
    "smarter_question_not_in_category",
)
"""Every reason that a lead may have (INT-03); the list is closed."""


def lead_id(tenant: str, affiliate: str, reference: str) -> str:
    return derived_id(tenant, "lead", affiliate, reference)


def conflict_id(lead: str, person: str) -> str:
    """INT-05: of an upload about another person than the one that the reference belongs to."""
    return derived_id(lead, "conflict", person)


def lead_key(affiliate: str | None, reference: str) -> str:
    """What the lead's shard is found by: the key of its upload."""
    return f"{affiliate or ORGANIC}:{reference}"


def instant_text(at: datetime) -> str:
    """Sorts as the instants do, those before the year 1000 too."""
    return at.replace(tzinfo=None).isoformat(timespec="microseconds")


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
    conflicts_with: str | None = None
    """The lead that this one's reference belongs to, of another person."""
    known_by: KnownBy = "email"
    """What `person_id` is a pseudonym of, where there is one."""
    blank: tuple[str, ...] = ()
    """Mapped fields in which nothing was written."""
    unread: tuple[str, ...] = ()
    """Mapped fields in which something was written that nobody understands."""

    @property
    def outcome(self) -> str:
        return self.upload.outcome

    @property
    def is_final(self) -> bool:
        """INT-05: no upload under its reference is a new try; one that was replaced has lost its
        place for good."""
        return self.outcome in (ACCEPTED, WAITING) or self.is_replaced

    @property
    def is_replaced(self) -> bool:
        return any(reason.code == "replaced" for reason in self.upload.reasons)

    @property
    def key(self) -> str:
        return lead_key(self.affiliate, self.reference)

    @property
    def order(self) -> str:
        """By which leads are sorted and found: the instant of the upload, then the id."""
        return f"{instant_text(self.upload.uploaded_at)}/{self.id}"

    def end(self, outcome: str, reason: Reason, change: Change) -> "Lead":
        upload = replace(self.upload, outcome=outcome, reasons=(reason,))
        return replace(self, upload=upload, accepted=None, held=(), changes=(*self.changes, change))


HELD_AT_ONCE = 500
"""So many held leads one step sends on to their shards; the next step takes the next ones."""


def held_leads(changed: QuestionChanged, tenant: str) -> Page[Lead]:
    """The next leads that are held for a question."""
    where = {"tenant": tenant, "held_for": changed.question, "_id": {"$gt": changed.after}}
    return Page(Lead, where, (("_id", 1),), HELD_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Try:
    """An upload that is not the lead's current one; written once."""

    id: str
    version: int
    tenant: str
    lead: str
    upload: Upload
