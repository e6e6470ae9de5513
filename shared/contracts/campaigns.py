"""A campaign, whole: whom it wants, how much, when, and where it is sent (RTE-01 to RTE-07)."""

from datetime import date, time
from typing import Annotated, ClassVar, Literal

from pydantic import AliasChoices, Field, StringConstraints

from shared.contracts.answers import commands_topic
from shared.contracts.event import Command, formerly
from shared.contracts.values import CategoryId, CountryCode, Id, Name, Part, SubdivisionCode, Symbol

COMMANDS = commands_topic("routing")
SETS_UP = frozenset({"operator", "project_manager", "delivery", "customer_success"})

Status = Literal["active", "paused"]
Strictness = Literal["strict", "preferred"]
"""Strict: what is off it is refused. Preferred: it only ranks (RTE-03)."""

Url = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\p{Cc}\s]+$")]
Address = Annotated[str, StringConstraints(max_length=320, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")]
Amount = Annotated[int, Field(ge=0, le=1_000_000_000)]
Percent = Annotated[int, Field(ge=0, le=100)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Item = Literal["titles", "categories", "company_size", "places", "lists", "industries"]


class OrderedCategory(Part):
    id: CategoryId
    amount: Amount | None = None
    """As many leads as were ordered, and no more are sent; null is no limit."""


class PlaceFilter(Part):
    country: CountryCode
    subdivisions: tuple[SubdivisionCode, ...] | None = None
    """Null is the whole country."""


class Interval(Part):
    """A number of employees, both ends included; without `max` it is open above."""

    min: Annotated[int, Field(ge=1)]
    max: Annotated[int, Field(ge=1)] | None = None


class SizeFilter(Part):
    intervals: Annotated[tuple[Interval, ...], Field(min_length=1)]
    unknown: Literal["refuse", "accept"] = "refuse"
    """What becomes of a size that is not known, or lies partly outside (RTE-02)."""
    strictness: Strictness = "strict"


class Choice(Part):
    """Allowed and excluded values of one attribute; none allowed is any."""

    allowed: tuple[Text, ...] = formerly("wanted", ())
    excluded: tuple[Text, ...] = ()
    strictness: Strictness = "strict"


class IndustryFilter(Part):
    """By code; a parent covers its children."""

    allowed: tuple[Text, ...] = formerly("wanted", ())
    excluded: tuple[Text, ...] = ()
    strictness: Strictness


class ListUse(Part):
    list: Name
    strictness: Strictness


class Smarter(Part):
    """Every question of the lead's category needs a valid answer (RTE-07)."""

    allowed: dict[Symbol, tuple[Text, ...]] = formerly("wanted", {})
    """By question, the answers that are allowed; others are refused."""


class SuppressedTitles(Part):
    """Phrases of a job title, as words in their order, and functions."""

    phrases: tuple[Text, ...] = ()
    functions: tuple[Text, ...] = ()


class Caps(Part):
    """How many leads at most, in the campaign's time zone; null is no limit (RTE-12)."""

    total: Amount | None = None
    day: Amount | None = None
    week: Amount | None = None
    """From Monday."""
    month: Amount | None = None
    per_domain: Amount | None = None
    """Per company domain, in all (RTE-08)."""


class ActiveDates(Part):
    """Local dates in the campaign's time zone, both included; null is open."""

    first: date | None = Field(default=None, alias="from")
    last: date | None = Field(default=None, alias="to")

    model_config = Part.model_config | {"populate_by_name": True, "serialize_by_alias": True}


class Weekly(Part):
    """When a weekly campaign sends, in its own time zone (RTE-13)."""

    weekday: Weekday
    at: time = time(9)


class WebhookMode(Part):
    mode: Literal["webhook"]
    url: Url
    secret: Id
    """The name of the signing secret, never the secret."""


class EmailMode(Part):
    mode: Literal["email"]
    to: Address


class FileMode(Part):
    mode: Literal["file"]
    folder: Annotated[Name, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]
    """Below the folder that the installation has for it."""


SendMode = Annotated[WebhookMode | EmailMode | FileMode, Field(discriminator="mode")]


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
    organic: bool = False
    """Whether it is open to organic leads."""
    categories: tuple[OrderedCategory, ...] = ()
    """As ordered, in their order; none is no restriction."""
    open_categories: tuple[CategoryId, ...] | None = None
    """What it is open to now; null is whatever was ordered."""
    places: tuple[PlaceFilter, ...] = ()
    excluded_places: tuple[PlaceFilter, ...] = ()
    places_strictness: Strictness = "strict"
    follow_up: tuple[PlaceFilter, ...] = ()
    """Where the customer can follow up; none is everywhere (RTE-04)."""
    shares: dict[CountryCode, Percent] = {}
    """What part of the leads is to come from a country; steered toward, never promised (RTE-05)."""
    exact_split: bool = False
    company_size: SizeFilter | None = None
    industries: IndustryFilter | None = None
    seniorities: Choice | None = None
    functions: Choice | None = None
    titles: Choice | None = None
    """Phrases, found in a title as words in their order."""
    smarter: Smarter | None = None
    suppressed_titles: SuppressedTitles | None = None
    """Null: what the house suppresses."""
    suppressed: tuple[ListUse, ...] = ()
    approved: tuple[ListUse, ...] = ()
    """Account-based: only companies on one of them."""
    confirmed: tuple[Item, ...] = Field((), validation_alias=AliasChoices("confirmed", "settled"))
    """What is left open on purpose; an intent campaign starts only when all is confirmed (RTE-04).
    Versions that were put before it was called so have `settled`."""
    caps: Caps = Caps()
    weekly: Weekly | None = None
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
