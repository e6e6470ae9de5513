"""Orders for appointments: with whom, how many, for which price; and who is left out."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.answers import PUT
from shared.contracts.campaigns import Choice, IndustryFilter, PlaceFilter, SizeFilter, Weekday
from shared.contracts.event import Command, Event
from shared.contracts.lead_fields import Currency
from shared.contracts.roles import OPERATES
from shared.contracts.values import (
    WHOLE,
    Day,
    Flag,
    Instant,
    Name,
    Part,
    ReasonText,
    Text,
    TimeZone,
)

REPRESENTS = frozenset({"customer", "representative"})
EXCLUSIONS_MAX = 10_000

Wanted = Annotated[int, Field(ge=1, le=1_000_000), WHOLE]
"""How many meetings."""
Minor = Annotated[int, Field(ge=0, le=10**12), WHOLE]
"""An amount in whole minor units of its currency, without VAT."""
Days = Annotated[int, Field(ge=0, le=3660), WHOLE]
"""Of 24 hours each."""


class Criteria(Part):
    """With whom a meeting is on target; what is not set lets everybody pass."""

    places: tuple[PlaceFilter, ...] = ()
    """Where the company has an office; none is everywhere."""
    company_size: SizeFilter | None = None
    industries: IndustryFilter | None = None
    titles: Choice | None = None
    """Phrases of a job title. They guide who is written to, and are no ground of a report."""
    seniorities: Choice | None = None
    functions: Choice | None = None
    role_grounds: Literal["company", "contact"] = "company"
    """Whether a report on seniority or function is judged by whom the company has, or by the person
    of the meeting (APT-07)."""


class PutOrder(
    Command,
    type="appointments.order.put.v1",
    key="{tenant}/{order}",
    roles=OPERATES | {"customer_success"},
    accepted=PUT,
    refused=("account_unknown", "account_changed", "currency_mismatch"),
):
    """A customer's order for meetings, whole (APT-01). Every put that changes something is a new
    version. Its price holds once both sides have accepted that version; until then the one before
    stays in force, and a new order sends nothing."""

    order: Name
    account: Name
    """The customer's, for good; it was put at billing before."""
    criteria: Criteria = Criteria()
    wanted_per_month: Wanted
    """Per month of the order: beyond it nobody is written to; what is booked all the same is
    billed."""
    price_minor: Minor
    """Of one meeting."""
    currency: Currency
    """The account's."""
    interruption_month: Literal["order", "calendar"] = "order"
    """At the end of which month an interruption takes effect (APT-14)."""
    follow_up_days: Days = 90
    """So close together, of two meetings of one person only one is billed (APT-13)."""


class AcceptOrder(
    Command,
    type="appointments.order.accept.v1",
    key="{tenant}/{order}",
    roles=OPERATES | REPRESENTS,
    accepted=("accepted", "in_force", "unchanged"),
    refused=("order_unknown", "version_outdated"),
):
    """One side accepts a version of the order with its price: the customer by its own account or a
    representative of it, the house by anybody else. `in_force` when both have (APT-01); meetings
    that are booked from then on have this price."""

    order: Name
    account: Name
    """Whose order it is: a customer accepts its own."""
    version: Annotated[int, Field(ge=1), WHOLE]
    """The one that was read; if there is a newer one, `version_outdated`."""


class InterruptOrder(
    Command,
    type="appointments.order.interrupt.v1",
    key="{tenant}/{order}",
    roles=OPERATES | REPRESENTS | {"customer_success"},
    accepted=("recorded", "unchanged"),
    refused=("order_unknown", "received_later", "emails_sent"),
):
    """The customer gives notice (APT-14). Emails stop when it takes effect: after the running month
    of the order, or, if none was sent by then, thirty days after the first. `details` has
    `effective_at` where that is known. Meetings that are booked up to thirty days later are billed.

    The first notice counts: `unchanged`."""

    order: Name
    account: Name
    received_at: Instant
    """When the notice came, not when it is recorded; never after that (`received_later`). Of a
    customer or a representative, the notice comes with the command."""
    at_once: Flag = False
    """The order ends with the notice, which only the house may say, and only while no email was
    sent (`emails_sent`)."""
    reason: ReasonText


Check = Literal["warm_up", "cname", "spf", "dkim", "dmarc"]
HostName = Annotated[str, StringConstraints(max_length=253, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
"""In lower case, without a dot at its end."""
PREPARES = frozenset({"operator", "project_manager", "delivery"})
PREPARED = ("changed", "unchanged")


class SequenceStep(Part):
    name: Name
    subject: Text
    body: Text


class PutPreparation(
    Command,
    type="appointments.preparation.put.v1",
    key="{tenant}/{order}",
    roles=PREPARES,
    accepted=PUT,
    refused=("order_unknown", "step_twice"),
):
    """What an order is prepared with, whole (APT-16): its brief, and the sequence of emails. A step
    that is put otherwise than before is a draft again, and sends nothing until it is validated."""

    order: Name
    brief: Text
    steps: Annotated[tuple[SequenceStep, ...], Field(max_length=50)] = ()
    emails_per_meeting: Annotated[int, Field(ge=1, le=100_000), WHOLE] = 200
    """How many are sent until a meeting is booked: by this domains and mailboxes are planned."""
    mailboxes: Annotated[int, Field(ge=1, le=10_000), WHOLE] | None = None
    """The project manager's own number, in the place of the planned one."""


class MoveStep(
    Command,
    type="appointments.preparation.step.v1",
    key="{tenant}/{order}",
    roles=PREPARES,
    accepted=PREPARED,
    refused=("order_unknown", "step_unknown", "not_validated"),
):
    """A step of the sequence is validated by the team, or shown to the customer after that. Both
    send; a draft does not."""

    order: Name
    step: Name
    to: Literal["draft", "validated", "visible"]


class TickDomain(
    Command,
    type="appointments.preparation.domain.v1",
    key="{tenant}/{order}",
    roles=PREPARES,
    accepted=PREPARED,
    refused=("order_unknown",),
):
    """What is done for a domain that emails are sent from. Nothing is sent before all five are."""

    order: Name
    domain: HostName
    done: tuple[Check, ...]
    """All that is done, whole."""


class RecordCost(
    Command,
    type="appointments.preparation.cost.v1",
    key="{tenant}/{order}",
    roles=PREPARES,
    accepted=("recorded", "unchanged"),
    refused=("order_unknown", "cost_exists"),
):
    """What a domain, a mailbox or a tool costs the house. It is never billed."""

    order: Name
    id: Name
    """Its own: recorded twice it is one."""
    what: Text
    amount_minor: Minor
    currency: Currency


class SendEmail(
    Command,
    type="appointments.email.request.v1",
    key="{tenant}/{order}",
    roles=OPERATES | {"customer_success"},
    accepted=("allowed",),
    refused=(
        "order_unknown",
        "not_in_force",
        "interrupted",
        "account_suspended",
        "link_missing",
        "enough_booked",
        "step_unknown",
        "not_validated",
        "domain_not_ready",
    ),
):
    """May this prospecting email go? Asked before each of them, and answered with the reason. The
    first that may begins the order's first month (APT-01)."""

    order: Name
    step: Name
    """Of the sequence; a draft is not sent (`not_validated`)."""
    domain: HostName
    """Of the sender: `domain_not_ready` until it is warmed up and all of its records are set."""
    has_scheduling_link: Flag
    """Whoever is written to can book a time (`link_missing`)."""


class ExcludeProspects(
    Command,
    type="appointments.exclusions.add.v1",
    key="{tenant}/{account}",
    roles=OPERATES | REPRESENTS | {"customer_success"},
    accepted=("added", "unchanged"),
    refused=("entries_invalid", "too_many_entries"),
):
    """People and companies with whom the customer wants no meeting: an email address, a domain, or
    the address of a profile. Whom it names before the first booking is not billed (APT-11). The
    time of the command is that of the entries.

    `details` has how many are `new`. What can't be an entry is told by its place; nothing is
    kept of such a command."""

    account: Name
    entries: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=500)], ...],
        Field(min_length=1, max_length=EXCLUSIONS_MAX),
    ]


class PutBusinessDays(
    Command,
    type="appointments.business_days.put.v1",
    key="house",
    roles=OPERATES,
    accepted=PUT,
    refused=("time_zone_unknown",),
):
    """The days on which the house works, whole: a review is decided within five of them (APT-07).
    Without any put, Monday to Friday in UTC. What was filed before keeps its time."""

    id: Literal["house"] = "house"
    """Always this."""
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    holidays: tuple[Day, ...] = ()
    time_zone: TimeZone = "UTC"


class PutMailbox(
    Command,
    type="appointments.mailbox.put.v1",
    key="house",
    roles=OPERATES,
    accepted=PUT,
    refused=("email_invalid",),
):
    """The mailbox that invites to meetings: sender and organizer at once (APT-06). Without one
    nobody is invited. What was invited from another mailbox stays with that one, since calendars
    take changes from the organizer only."""

    id: Literal["house"] = "house"
    """Always this."""
    email: Annotated[str, Field(min_length=3, max_length=320)]
    name: Text | None = None
    """Whom people read as the sender."""


class OrderChanged(Event, type="appointments.order.changed.v1"):
    """Of an order: what was put, accepted or interrupted, with what holds now."""

    order: Name
    account: Name
    version: int
    in_force: int | None = None
    """The version that both sides have accepted last."""
    price_minor: int | None = None
    """Of that version."""
    currency: Currency
    first_email_at: Instant | None = None
    interrupted_at: Instant | None = None
    """From when on nobody is written to."""
    changed_at: Instant
    changed_by: str


class ExclusionsChanged(
    Event, type="appointments.exclusions.changed.v1", topic="appointments.rechecks.v1"
):
    """Between shards: meetings of whom the new entries name are judged again, a page a step."""

    account: Name
    terms: tuple[str, ...]
    after: str = ""


class OrderInterrupted(
    Event, type="appointments.order.interrupted.v1", topic="appointments.rechecks.v1"
):
    """Between shards: meetings of the order are judged again, a page a step."""

    order: Name
    account: Name
    after: str = ""


class MailboxChanged(
    Event, type="appointments.mailbox.changed.v1", topic="appointments.rechecks.v1"
):
    """Between shards: people with open meetings are looked at again, a page a step, since they may
    not have been invited yet."""

    after: str = ""
