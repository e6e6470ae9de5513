"""What routing is asked, what it says, and what its shards say to each other.

A campaign's shard is asked by claims and answers to the person's shard; both are topics like all
others, so a claim survives whatever dies between asking and answering.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shared.contracts.answers import commands_topic, events_topic
from shared.contracts.event import Command, Event
from shared.contracts.intake import LeadAccepted
from shared.contracts.values import CategoryId, CountryCode, Id, Name, Part, SubdivisionCode

CLAIMS = "routing.claims.v1"
ANSWERS = "routing.answers.v1"
WITHDRAWALS = "routing.withdrawals.v1"
EVENTS = events_topic("routing")
COMMANDS = commands_topic("routing")

Status = Literal["active", "paused"]
Url = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\p{Cc}\s]+$")]
Amount = Annotated[int, Field(ge=0, le=1_000_000_000)]

SETS_UP = frozenset({"operator", "project_manager", "delivery", "customer_success"})


class OrderedCategory(Part):
    id: CategoryId
    amount: Amount | None = None


class PlaceFilter(Part):
    country: CountryCode
    subdivisions: tuple[SubdivisionCode, ...] | None = None
    """Null is the whole country."""


class Caps(Part):
    total: Amount | None = None


class ActiveDates(Part):
    """Local dates in the campaign's time zone, both included; null is open."""

    first: date | None = Field(default=None, alias="from")
    last: date | None = Field(default=None, alias="to")

    model_config = Part.model_config | {"populate_by_name": True, "serialize_by_alias": True}


class SendMode(Part):
    mode: Literal["webhook"]
    url: Url
    secret: Id
    """The name of the signing secret, never the secret."""


class PutCampaign(Command):
    """The campaign, whole; every change is a new version of it (RTE-01)."""

    TYPE: ClassVar[str] = "leadops.routing.campaign.put.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = SETS_UP

    id: Name
    customer: Name
    programme: Literal["standard", "intent"]
    active: ActiveDates = ActiveDates()
    time_zone: str = "UTC"
    lead_codes: tuple[Id, ...]
    categories: tuple[OrderedCategory, ...] = ()
    """As ordered, in their order; none is no restriction."""
    open_categories: tuple[CategoryId, ...] | None = None
    """What it is open to now; null is whatever was ordered."""
    places: tuple[PlaceFilter, ...] = ()
    caps: Caps = Caps()
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)
    status: Status = "active"
    send: SendMode


class PauseCampaign(Command):
    TYPE: ClassVar[str] = "leadops.routing.campaign.pause.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = SETS_UP | {"customer"}

    campaign: Name
    reason: Id


class ResumeCampaign(Command):
    TYPE: ClassVar[str] = "leadops.routing.campaign.resume.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = SETS_UP | {"customer"}

    campaign: Name
    reason: Id


class CampaignChanged(Event):
    TYPE: ClassVar[str] = "leadops.routing.campaign.changed.v1"
    TOPIC: ClassVar[str] = EVENTS

    campaign: Name
    customer: Name
    campaign_version: int
    status: Status
    change: Literal["created", "changed", "paused", "resumed"]
    changed_at: datetime
    changed_by: str
    reason: str = ""


class Failing(Part):
    """One check that keeps a lead from a campaign: what the lead has and what is wanted."""

    code: str
    value: str | None = None
    wanted: tuple[str, ...] = ()


class Claim(Event):
    """A lead matched a campaign; its shard decides what must hold exactly, and sends."""

    TYPE: ClassVar[str] = "leadops.routing.claim.requested.v1"
    TOPIC: ClassVar[str] = CLAIMS

    campaign: Name
    campaign_version: int
    category: CategoryId
    lead: LeadAccepted


class ClaimGranted(Event):
    TYPE: ClassVar[str] = "leadops.routing.claim.granted.v1"
    TOPIC: ClassVar[str] = ANSWERS

    lead: Id
    person_id: Id
    campaign: Name
    campaign_version: int
    send: Id


class ClaimRefused(Event):
    TYPE: ClassVar[str] = "leadops.routing.claim.refused.v1"
    TOPIC: ClassVar[str] = ANSWERS

    lead: Id
    person_id: Id
    campaign: Name
    campaign_version: int
    failing: tuple[Failing, ...]


class SendSettled(Event):
    """Tells the person's shard how a granted claim ended."""

    TYPE: ClassVar[str] = "leadops.routing.send.settled.v1"
    TOPIC: ClassVar[str] = ANSWERS

    lead: Id
    person_id: Id
    campaign: Name
    campaign_version: int
    send: Id
    outcome: Literal["sent", "refused", "uncertain"]


class SendEnded(Event):
    """What all ends of a send say; `key` is the idempotency key that the endpoint saw."""

    lead: Id
    person_id: Id
    campaign: Name
    customer: Name
    campaign_version: int
    affiliate: str | None = None
    lead_code: str | None = None
    category: CategoryId
    key: Id


class LeadSent(SendEnded):
    TYPE: ClassVar[str] = "leadops.routing.lead.sent.v1"
    TOPIC: ClassVar[str] = EVENTS

    sent_at: datetime


class LeadNotSent(SendEnded):
    """The endpoint definitely refused it; its slot is free again."""

    TYPE: ClassVar[str] = "leadops.routing.lead.not_sent.v1"
    TOPIC: ClassVar[str] = EVENTS

    refused_at: datetime


class LeadUnsent(Event):
    """An accepted lead that no campaign has got for seven days, with what stood in its way
    (RTE-16)."""

    TYPE: ClassVar[str] = "leadops.routing.lead.unsent.v1"
    TOPIC: ClassVar[str] = EVENTS

    lead: Id
    person_id: Id
    affiliate: str | None = None
    lead_code: str | None = None
    accepted_at: datetime
    asked: tuple[Name, ...]
    codes: tuple[str, ...]


class LeadUncertain(SendEnded):
    """Given up with an unknown outcome: the slot stays taken until a person settles it."""

    TYPE: ClassVar[str] = "leadops.routing.lead.uncertain.v1"
    TOPIC: ClassVar[str] = EVENTS

    given_up_at: datetime


class WithdrawalAnswered(Event):
    """Whether a lead was still to be had back, once every campaign that was asked has answered."""

    TYPE: ClassVar[str] = "leadops.routing.withdrawal.answered.v1"
    TOPIC: ClassVar[str] = WITHDRAWALS

    lead: Id
    replacement: Id
    outcome: Literal["withdrawn", "already_sent"]
