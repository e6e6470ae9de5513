"""A campaign, whole: whom it wants, how much, when, and where it is sent (RTE-01 to RTE-07)."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from shared.contracts.answers import PUT
from shared.contracts.event import Command, formerly
from shared.contracts.lead_fields import Currency
from shared.contracts.values import (
    CONTROL,
    WHOLE,
    CategoryId,
    CountryCode,
    Day,
    Flag,
    Id,
    Name,
    Part,
    SubdivisionCode,
    Symbol,
    Text,
    TimeOfDay,
    TimeZone,
)

SETS_UP = frozenset({"operator", "project_manager", "delivery", "customer_success"})

Status = Literal["active", "paused"]
Strictness = Literal["strict", "preferred"]
"""Strict: what is off it is refused. Preferred: it only ranks (RTE-03)."""

URL_PATTERN = rf"^https?://[^{CONTROL}\s]+$"
Url = Annotated[str, StringConstraints(max_length=2000, pattern=URL_PATTERN)]
"""Called byte for byte as it is written: ASCII, without user, password and fragment."""
Address = Annotated[str, StringConstraints(max_length=320, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")]
"""An email address, without a name."""
Amount = Annotated[int, Field(ge=0, le=1_000_000_000), WHOLE]
"""How many leads."""
Percent = Annotated[int, Field(ge=0, le=100), WHOLE]
"""A part of a hundred."""

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Item = Literal["titles", "categories", "company_size", "places", "lists", "industries"]


CHECK_CODES = (
    "campaign_inactive",
    "account_suspended",
    "lead_code_other",
    "filter.place",
    "filter.company_size",
    "filter.company_revenue",
    "filter.industry",
    "filter.seniority",
    "filter.function",
    "filter.title",
    "category_closed",
    "category_not_as_ordered",
    "smarter_missing",
    "smarter_unknown_symbol",
    "smarter_question_not_in_category",
    "smarter_answer_invalid",
    "smarter_answer_not_wanted",
    "title_suppressed",
    "company_suppressed",
    "domain_not_approved",
    "person_blocked",
    "already_sent",
    "domain_cap",
    "cap_reached",
    "awaiting_send_day",
)
"""Under which code what keeps a lead from a campaign is told, in the order of telling (RTE-09)."""


class OrderedCategory(Part):
    id: CategoryId
    amount: Amount | None = None
    """How many leads were ordered, and no more are sent; null is no limit."""


class PlaceFilter(Part):
    country: CountryCode
    subdivisions: tuple[SubdivisionCode, ...] | None = None
    """Null is the whole country."""


class Interval(Part):
    """Numbers of employees, both ends included; without `max` it is open above."""

    min: Annotated[int, Field(ge=1), WHOLE]
    """The lower end."""
    max: Annotated[int, Field(ge=1), WHOLE] | None = None
    """The upper end."""


class SizeFilter(Part):
    """By the number of employees."""

    intervals: Annotated[tuple[Interval, ...], Field(min_length=1)]
    unknown: Literal["refuse", "accept"] = "refuse"
    """What becomes of a size that is not known, or lies partly outside (RTE-02)."""
    strictness: Strictness = "strict"


MajorUnits = Annotated[int, Field(ge=0, le=10**15), WHOLE]
"""Whole units of a currency."""


class AmountInterval(Part):
    """Amounts of a year in whole units of the currency, both ends included; without `max` it is
    open above."""

    min: MajorUnits = 0
    """The lower end."""
    max: MajorUnits | None = None
    """The upper end."""


class RevenueFilter(Part):
    """By the company's revenue of a year, in one currency: nothing is converted."""

    currency: Currency
    intervals: Annotated[tuple[AmountInterval, ...], Field(min_length=1)]
    unknown: Literal["refuse", "accept"] = "refuse"
    """What becomes of a revenue that is not known, is in another currency, or lies partly
    outside."""
    strictness: Strictness = "strict"


class _Allowing(Part):
    """What is allowed was called wanted: of a filter that names both, one would be lost."""

    @model_validator(mode="before")
    @classmethod
    def not_under_both_names(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and {"allowed", "wanted"} <= data.keys():
            raise ValueError("wanted is what allowed was called: name one of them")
        return data


class Choice(_Allowing):
    """Allowed and excluded values of one attribute; none allowed is any."""

    allowed: tuple[Text, ...] = formerly("wanted", ())
    excluded: tuple[Text, ...] = ()
    strictness: Strictness = "strict"


class IndustryFilter(_Allowing):
    """By LinkedIn's code; a parent covers its children."""

    allowed: tuple[Text, ...] = formerly("wanted", ())
    excluded: tuple[Text, ...] = ()
    strictness: Strictness
    """Has to be said."""


class ListUse(Part):
    """A list of companies, and how strictly it holds."""

    list: Name
    strictness: Strictness
    """Has to be said."""


class Smarter(_Allowing):
    """Every question of the lead's category needs a valid answer (RTE-07)."""

    allowed: dict[Symbol, tuple[Text, ...]] = formerly("wanted", {})
    """By question, the answers that are allowed; others are refused."""


class SuppressedTitles(Part):
    """Phrases of a job title, as words in their order, and functions."""

    phrases: tuple[Text, ...] = ()
    """Of one to four words, found in a job title as whole words in their order."""
    functions: tuple[Text, ...] = ()
    """Codes out of [FUNCTIONS](#types)."""


class Caps(Part):
    """How many leads at most, in the campaign's time zone; null is no limit (RTE-12)."""

    total: Amount | None = None
    """In all."""
    day: Amount | None = None
    """From midnight."""
    week: Amount | None = None
    """From Monday."""
    month: Amount | None = None
    """From the first."""
    per_domain: Amount | None = None
    """Per company domain, in all (RTE-08)."""


class ActiveDates(Part):
    """Local dates in the campaign's time zone, both included; null is open."""

    first: Day | None = Field(default=None, alias="from")
    """The first day."""
    last: Day | None = Field(default=None, alias="to")
    """The last day."""

    model_config = Part.model_config | {"populate_by_name": True, "serialize_by_alias": True}


class Weekly(Part):
    """When a weekly campaign sends, in its own time zone (RTE-13)."""

    weekday: Weekday
    at: TimeOfDay = time(9)
    """A local time."""


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


class PutCampaign(
    Command,
    type="routing.campaign.put.v1",
    key="{id}",
    roles=SETS_UP,
    accepted=PUT,
    refused=(
        "customer_changed",
        "dates_contradict",
        "time_zone_unknown",
        "category_twice",
        "category_unknown",
        "places_contradict",
        "filter_value_unknown",
        "shares_contradict",
        "sizes_contradict",
        "filter_contradicts",
        "phrase_invalid",
        "lists_contradict",
        "cap_below_sent",
        "url_invalid",
        "checklist_open",
    ),
):
    """The campaign, whole. Every put that changes something is a new version (RTE-01); leads are
    decided on the version that stands when they are claimed. A filter that is not set lets
    everybody pass. `strictness` of a filter or list: `strict`, what is off it is refused;
    `preferred`, it only ranks: who misses fewer is sent first on a send day, or gets an exclusive
    lead if all else is equal.

    A campaign that wants more than it did (a category opened, an amount or a cap raised, a filter
    or list changed) has the leads decided again that this can free. A new campaign, one that is
    resumed or put as active, and one whose dates change, get what comes from then on. What a put
    would free, with the slots that are left, can be asked first: `POST /preview` of routing's HTTP
    API, with the put's data and `"kind": "campaign"` (`list` and `list_edit` for lists).

    `details` has the `version`, and `warnings` where a person should look at it again: a standard
    campaign with four or more strict filters, an intent campaign with fewer than two or with more
    than five categories, an exact split, a list that was not put yet. What contradicts itself is
    refused with the field in `details.field`, and the version before stays in force; where several
    fields contradict, `details.faults` has each with its `code`, `field` and `text`: fifty at most,
    and `details.more` is how many there are beside those.
    `checklist_open` has in `details.checklist` what is not confirmed, each with its owner."""

    id: Name
    customer: Name
    """Whose it is, for good."""
    programme: Literal["standard", "intent"]
    """An intent campaign becomes active only when its checklist is confirmed: titles, categories,
    company size, places, lists and industries are each set, or named in `confirmed` (RTE-04)."""
    active: ActiveDates = ActiveDates()
    """Local dates in the time zone, both included; null is open."""
    time_zone: TimeZone = "UTC"
    """Of its dates, its caps' periods and its send day."""
    lead_codes: tuple[Id, ...]
    """It is for leads under one of these."""
    organic: Flag = False
    """Whether it is for organic leads too."""
    categories: tuple[OrderedCategory, ...] = ()
    """As ordered, in their order; none is no restriction."""
    open_categories: tuple[CategoryId, ...] | None = None
    """What it is open to now; null is whatever was ordered."""
    places: tuple[PlaceFilter, ...] = ()
    """Allowed; none is everywhere."""
    excluded_places: tuple[PlaceFilter, ...] = ()
    places_strictness: Strictness = "strict"
    """Of both, `places` and `excluded_places`."""
    follow_up: tuple[PlaceFilter, ...] = ()
    """Where the customer can follow up; none is everywhere. Of an intent campaign, no allowed place
    may lie outside (RTE-04)."""
    shares: dict[CountryCode, Percent] = {}
    """What part of the leads, in per cent, is to come from a country. A weekly campaign sends first
    from the countries that are behind; nothing is promised (RTE-05)."""
    exact_split: Flag = False
    """Asks for exactly those shares, which warns."""
    company_size: SizeFilter | None = None
    company_revenue: RevenueFilter | None = None
    industries: IndustryFilter | None = None
    """By LinkedIn's code; a parent covers its children."""
    seniorities: Choice | None = None
    """By code, one of [SENIORITIES](#types) (RTE-02)."""
    functions: Choice | None = None
    """By code, one of [FUNCTIONS](#types) (RTE-02)."""
    titles: Choice | None = None
    """Phrases of one to four words, found in a job title as whole words in their order, without
    case and accents."""
    smarter: Smarter | None = None
    """Every question of the lead's category needs a valid answer (RTE-07)."""
    suppressed_titles: SuppressedTitles | None = None
    """As in the policy's rules and instead of them; null is what the policy suppresses."""
    suppressed: tuple[ListUse, ...] = ()
    """Lists of companies: on none of these. A list that was never put is empty."""
    approved: tuple[ListUse, ...] = ()
    """Account-based: only companies on one of these."""
    # Versions that were put before it was called so have `settled`.
    confirmed: tuple[Item, ...] = formerly("settled", ())
    """What an intent campaign leaves open on purpose (RTE-04)."""
    caps: Caps = Caps()
    """How many leads at most, in the time zone; null is no limit (RTE-12)."""
    weekly: Weekly | None = None
    """It sends then only: its leads wait until then and take a slot then. Without it, at once
    (RTE-13)."""
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000), WHOLE] = 0
    """Lower comes first, where a lead is sold exclusively."""
    status: Status = "active"
    send: SendMode
    """Where leads are sent, and how. What comes there: [receiving](receiving.md)."""


class PauseCampaign(
    Command,
    type="routing.campaign.pause.v1",
    key="{campaign}",
    roles=SETS_UP | {"customer"},
    accepted=("paused", "unchanged"),
    refused=("campaign_unknown",),
):
    """From the moment of the answer no further slot of the campaign is given out. What has one
    already is sent. A customer may pause its own campaigns: `ce_actor` is the customer's id.

    `details` has the `version`; `unchanged` if it was paused."""

    campaign: Name
    reason: Id


class ResumeCampaign(
    Command,
    type="routing.campaign.resume.v1",
    key="{campaign}",
    roles=SETS_UP | {"customer"},
    accepted=("resumed", "unchanged"),
    refused=("campaign_unknown", "checklist_open"),
):
    """Slots of the campaign are given out again. Leads that were decided while it was paused are
    not decided again, not even if it was changed meanwhile. Refused, like a put, if an intent
    campaign's checklist is open.

    `details` has the `version`; `unchanged` if it was active."""

    campaign: Name
    reason: Id
