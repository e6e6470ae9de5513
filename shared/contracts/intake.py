"""What intake is asked and what it says. All personal fields of a lead are in `person`."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue, StringConstraints

from shared.contracts.answers import commands_topic, events_topic
from shared.contracts.event import Command, Event
from shared.contracts.values import (
    AffiliateId,
    CategoryId,
    Company,
    HeldAnswer,
    Id,
    Instant,
    Key,
    LeadSource,
    OpenQuestion,
    Part,
    Person,
    Place,
    Reason,
    Symbol,
    TitleClass,
)

EVENTS = events_topic("intake")
COMMANDS = commands_topic("intake")
RECHECKS = "intake.rechecks.v1"

Count = Annotated[int, Field(ge=0, le=10_000_000)]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(?:0[1-9]|1[0-2])$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]

OPERATES = frozenset({"operator", "project_manager", "delivery"})

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
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = frozenset({"affiliate", "operator", "delivery"})

    affiliate: AffiliateId
    lead_code: Id | None = None
    reference: Id
    delivery: Id | None = None
    replaces: Id | None = None
    """The affiliate's reference of the lead that this one is uploaded instead of (INT-08)."""
    record: dict[str, JsonValue]


class ConvertLead(Command):
    """A person converted on the operator's own site (INT-15); the record's fields are canonical."""

    TYPE: ClassVar[str] = "leadops.intake.lead.convert.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES

    reference: Id
    converted_at: Instant
    categories: tuple[CategoryId, ...]
    record: dict[str, JsonValue]


class ReleaseLead(Command):
    """An operator gives the allowed answers that are meant; every check runs again (INT-07)."""

    TYPE: ClassVar[str] = "leadops.intake.lead.release.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES

    affiliate: AffiliateId
    reference: Id
    answers: dict[Symbol, Text]


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
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES

    id: AffiliateId
    name: Id
    contacts: tuple[AffiliateContact, ...]
    mapping: Mapping
    lead_codes: tuple[Id, ...]
    categories: tuple[CategoryId, ...]


class PutQuestion(Command):
    """A question, whole, with the answers that are allowed (INT-06). Aliases are added to those
    that are known; what points to an answer that is no longer allowed goes."""

    TYPE: ClassVar[str] = "leadops.intake.question.put.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES

    id: Symbol
    text: Text
    answers: tuple[Text, ...]
    categories: tuple[CategoryId, ...]
    aliases: dict[Text, Text] = {}


class AddAlias(Command):
    """What an affiliate writes for an allowed answer; frees what is held for it (INT-07)."""

    TYPE: ClassVar[str] = "leadops.intake.question.alias.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES

    question: Symbol
    given: Text
    answer: Text


class AnnounceDelivery(Command):
    """What an affiliate says it will deliver under one lead code in a month (INT-10)."""

    TYPE: ClassVar[str] = "leadops.intake.delivery.announce.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES | {"affiliate"}

    affiliate: AffiliateId
    id: Id
    month: Month
    lead_code: Id
    declared: Count
    references: tuple[Id, ...] = ()


class OpenRequest(Command):
    """Something that an affiliate is asked for (INT-16)."""

    TYPE: ClassVar[str] = "leadops.intake.request.open.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES

    affiliate: AffiliateId
    id: Id
    kind: Literal["estimate", "reupload"]
    text: Text
    rows: tuple[Id, ...] = ()
    """References of the rows that are asked for again."""


class AnswerRequest(Command):
    """The affiliate's answer: an estimate names volume, price and validity."""

    TYPE: ClassVar[str] = "leadops.intake.request.answer.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = OPERATES | {"affiliate"}

    affiliate: AffiliateId
    id: Id
    text: Text | None = None
    volume: Count | None = None
    price_minor: Count | None = None
    """Per lead, in minor units of the currency."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    valid_until: Instant | None = None


class LeadAccepted(Event):
    """A usable lead in canonical form; what is unclear is null, never guessed."""

    TYPE: ClassVar[str] = "leadops.intake.lead.accepted.v1"
    TOPIC: ClassVar[str] = EVENTS

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
    categories: tuple[CategoryId, ...] = ()
    """Of an organic lead, all that it converted in; `category` is the first of them."""
    answers: dict[Symbol, str] = {}
    unanswered: tuple[OpenQuestion, ...] = ()
    """Questions of the lead's categories without an answer (RTE-07)."""
    reported: tuple[Reason, ...] = ()
    """Answers that no question of the category asks for (INT-09)."""
    consent: str | None = None
    captured_at: datetime | None = None
    converted_at: datetime | None = None
    mapping_version: int
    person_id: Id
    person: Person


class LeadNotAccepted(Event):
    """What all other outcomes say, with every reason."""

    lead: Id
    affiliate: AffiliateId | None = None
    lead_code: Id | None = None
    reference: Id
    delivery: Id | None = None
    reasons: tuple[Reason, ...]


class LeadUnusable(LeadNotAccepted):
    """A record whose data can't be used."""

    TYPE: ClassVar[str] = "leadops.intake.lead.unusable.v1"
    TOPIC: ClassVar[str] = EVENTS


class LeadOmitted(LeadNotAccepted):
    """Usable, and deliberately not used."""

    TYPE: ClassVar[str] = "leadops.intake.lead.omitted.v1"
    TOPIC: ClassVar[str] = EVENTS


class LeadHeld(LeadNotAccepted):
    """Needs a person: the alert, with each answer and what may be meant (INT-06). What was given
    is quoted, since that is what a person has to judge."""

    TYPE: ClassVar[str] = "leadops.intake.lead.held.v1"
    TOPIC: ClassVar[str] = EVENTS

    answers: tuple[HeldAnswer, ...]


class WithdrawalRequested(Event):
    """Routing is to leave a lead alone that was uploaded anew, if it is not too late (INT-08)."""

    TYPE: ClassVar[str] = "leadops.intake.lead.withdrawal_requested.v1"
    FORMER_TYPES: ClassVar[tuple[str, ...]] = ("leadops.intake.lead.withdrawal_asked.v1",)
    TOPIC: ClassVar[str] = EVENTS

    lead: Id
    person_id: Id
    replacement: Id
    reply_key: Key
    """The key that the answer must have to reach the replacement's shard."""


class QuestionChanged(Event):
    """What is held for this question may be free now; `after` goes on behind that lead."""

    TYPE: ClassVar[str] = "leadops.intake.question.changed.v1"
    TOPIC: ClassVar[str] = RECHECKS

    question: Symbol
    after: str = ""


class LeadToRecheck(Event):
    TYPE: ClassVar[str] = "leadops.intake.lead.to_recheck.v1"
    TOPIC: ClassVar[str] = RECHECKS

    lead: Id


class DeliveryReconciled(Event):
    """What had come of a delivery a day after it was announced (INT-10)."""

    TYPE: ClassVar[str] = "leadops.intake.delivery.reconciled.v1"
    TOPIC: ClassVar[str] = EVENTS

    affiliate: AffiliateId
    delivery: Id
    month: Month
    lead_code: Id
    declared: Count
    outcomes: dict[str, Count]
    adds_up: bool
    missing: tuple[Id, ...] = ()
    """Announced references that did not come, as far as references were announced."""
    unannounced: tuple[Id, ...] = ()
    role: ContactRole = "technical"
    """Who of the affiliate has to know."""


class RequestOpened(Event):
    """For whoever writes to affiliates: what is asked, and of which role (INT-01, INT-16)."""

    TYPE: ClassVar[str] = "leadops.intake.request.opened.v1"
    TOPIC: ClassVar[str] = EVENTS

    affiliate: AffiliateId
    request: Id
    kind: str
    text: str
    rows: tuple[Id, ...] = ()
    role: ContactRole
    reminder: Count = 0
    """0 when it is asked, then how often it was reminded."""


class RequestAnswered(Event):
    TYPE: ClassVar[str] = "leadops.intake.request.answered.v1"
    TOPIC: ClassVar[str] = EVENTS

    affiliate: AffiliateId
    request: Id
    volume: Count | None = None
    price_minor: Count | None = None
    currency: str | None = None
    valid_until: Instant | None = None
