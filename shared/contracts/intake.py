"""What intake is asked and what it says. All personal fields of a lead are in `person`."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import JsonValue

from shared.contracts.answers import commands_topic, events_topic
from shared.contracts.event import Command, Event
from shared.contracts.values import (
    AffiliateId,
    CategoryId,
    Company,
    Id,
    LeadSource,
    Part,
    Person,
    Place,
    Reason,
    Symbol,
    TitleClass,
)

ContactRole = Literal["main", "technical", "estimates", "pricing", "general"]

CanonicalField = Literal[
    "email",
    "first_name",
    "last_name",
    "phone",
    "job_title",
    "company_name",
    "company_domain",
    "company_size",
    "industry",
    "country",
    "subdivision",
    "category",
    "lead_code",
    "consent",
    "reference",
    "captured_at",
]


class SubmitLead(Command):
    """One record of an affiliate, in the affiliate's own words."""

    TYPE: ClassVar[str] = "leadops.intake.lead.submit.v1"
    TOPIC: ClassVar[str] = commands_topic("intake")
    MAY_ASK: ClassVar[frozenset[str]] = frozenset({"affiliate", "operator", "delivery"})

    affiliate: AffiliateId
    lead_code: Id | None = None
    reference: Id
    delivery: Id | None = None
    replaces: Id | None = None
    record: dict[str, JsonValue]


class AffiliateContact(Part):
    name: Id
    email: Id
    roles: tuple[ContactRole, ...]


class Mapping(Part):
    """How the affiliate names and formats its fields (INT-02)."""

    fields: dict[CanonicalField, Id]
    answers: dict[Symbol, Id] = {}
    """By the symbol of the question, the affiliate's own field."""
    vocabularies: dict[CanonicalField, dict[str, str]] = {}
    """By field, what the affiliate writes and what it means."""
    mandatory: tuple[CanonicalField, ...] = ()
    """Beside email, lead code and category, which every lead needs."""
    date_order: Literal["mdy", "dmy"] | None = None
    """Without it a date such as 03/04/2026 stays unknown."""
    time_zone: str = "UTC"


class PutAffiliate(Command):
    """The affiliate, whole; adding one is data, not code (INT-01)."""

    TYPE: ClassVar[str] = "leadops.intake.affiliate.put.v1"
    TOPIC: ClassVar[str] = commands_topic("intake")
    MAY_ASK: ClassVar[frozenset[str]] = frozenset({"operator", "project_manager", "delivery"})

    id: AffiliateId
    name: Id
    contacts: tuple[AffiliateContact, ...]
    mapping: Mapping
    lead_codes: tuple[Id, ...]
    categories: tuple[CategoryId, ...]


class LeadAccepted(Event):
    """A usable lead in canonical form; what is unclear is null, never guessed."""

    TYPE: ClassVar[str] = "leadops.intake.lead.accepted.v1"
    TOPIC: ClassVar[str] = events_topic("intake")

    lead: Id
    source: LeadSource
    affiliate: AffiliateId | None
    lead_code: Id | None
    reference: Id | None
    delivery: Id | None = None
    category: CategoryId
    place: Place
    company: Company
    title_class: TitleClass
    answers: dict[Symbol, str] = {}
    consent: str | None = None
    captured_at: datetime | None = None
    mapping_version: int
    person_id: Id
    person: Person


class LeadUnusable(Event):
    """A record whose data can't be used, with every reason and without personal data."""

    TYPE: ClassVar[str] = "leadops.intake.lead.unusable.v1"
    TOPIC: ClassVar[str] = events_topic("intake")

    lead: Id
    affiliate: AffiliateId
    lead_code: Id | None = None
    reference: Id
    delivery: Id | None = None
    reasons: tuple[Reason, ...]
