"""Leads as they are submitted, and what intake publishes. All personal fields of a lead are in
`person`, and nowhere else.
"""

from datetime import datetime

from pydantic import JsonValue

from shared.contracts.affiliates import ContactRole, Count, Month
from shared.contracts.event import Command, Event
from shared.contracts.lead_fields import Company, Person, Place, TitleClass
from shared.contracts.roles import OPERATES
from shared.contracts.values import (
    AffiliateId,
    CategoryId,
    HeldAnswer,
    Id,
    Instant,
    Key,
    LeadSource,
    OpenQuestion,
    Reason,
    Symbol,
    Text,
)

RECHECKS = "intake.rechecks.v1"


class SubmitLead(
    Command,
    type="intake.lead.submit.v1",
    key="{affiliate}:{reference}",
    roles={"affiliate", "operator", "delivery"},
    accepted=("accepted", "held", "omitted", "unusable", "waiting"),
    refused=(
        "affiliate_unknown",
        "lead_code_unknown",
        "category_unknown",
        "reference_conflict",
        "replaced_unknown",
        "replaces_itself",
        "replaced_already",
        "replaced_waiting",
    ),
):
    """One record, in the affiliate's own words, under the affiliate's own reference. An affiliate
    submits its own leads only: `ce_actor` is its id.

    Answers stand in the fields that the mapping's `answers` names, and in every field that nobody
    mapped and whose name begins with `q_`: there the name is the symbol. An answer passes if it is
    an allowed one or a recorded alias; case and blanks don't count. Any other holds the lead. An
    answer to a question that is not known, or that the category does not ask, holds nothing: it is
    told in `reported` of the accepted lead.

    With `replaces`, an accepted lead is asked back from routing first, and the answer is `waiting`.
    If no campaign has the old lead and none has begun to send it, the old one ends as omitted with
    the reason `replaced`, and the new one is decided like any other upload. Otherwise the old one
    stays what it is, and the new one ends as omitted with the reason `replaces_sent`. One that is
    held or unusable, which routing never had, is replaced at once. An upload that can't be used
    replaces nothing (INT-08).

    The answer's code is the outcome; `details.lead` is the lead's id, and `leadops leads show` has
    the reasons. What happens then is told by `leadops.intake.lead.accepted.v1`, `.held.v1` (with
    the allowed answers that come closest; `near` tells a spelling mistake from a real miss),
    `.unusable.v1` or `.omitted.v1`, and by [what routing
    publishes](publishing.md#what-routing-publishes)."""

    affiliate: AffiliateId
    lead_code: Id | None = None
    """Null if the record carries it."""
    reference: Id
    """The affiliate's own; an accepted lead is known by it for ever."""
    delivery: Id | None = None
    """The id of the delivery that it belongs to."""
    replaces: Id | None = None
    """The reference of the lead of the same affiliate in whose place this one is uploaded."""
    record: dict[str, JsonValue]
    """By the affiliate's own names of fields."""


class ConvertLead(
    Command,
    type="intake.lead.convert.v1",
    key="organic:{reference}",
    roles=OPERATES,
    accepted=("accepted", "held", "omitted", "unusable"),
    refused=("reference_conflict",),
):
    """Somebody converted on the operator's own site: an organic lead, with its own reference and
    categories, and without a lead code and an affiliate (INT-15). The campaigns that are open to
    organic leads get it, each for the first of its categories that it wants.

    The answer's code is the outcome, as with an upload."""

    reference: Id
    """The conversion's own; an accepted lead is known by it for ever."""
    converted_at: Instant
    """When it happened."""
    categories: tuple[CategoryId, ...]
    """All that the person converted in."""
    record: dict[str, JsonValue]
    """By the canonical names that a mapping has as `fields`, without category and lead code;
    answers are the fields that begin with `q_`."""


class ReleaseLead(
    Command,
    type="intake.lead.release.v1",
    key="{affiliate}:{reference}",
    roles=OPERATES,
    accepted=("accepted", "held", "omitted", "unusable"),
    refused=("not_held", "answer_not_held", "answer_not_allowed"),
):
    """An operator says which allowed answers are meant (INT-07). Then every check runs again on the
    stored record, at the time at which it was uploaded. Without answers the lead is only checked
    again.

    The answer's code is the outcome that the lead has now: `held` if other answers are still not
    allowed. `answer_not_held` and `answer_not_allowed` leave it held."""

    affiliate: AffiliateId
    reference: Id
    answers: dict[Symbol, Text]
    """By the symbol of the question."""


class LeadAccepted(Event, type="intake.lead.accepted.v1"):
    """A usable lead in canonical form; what is unclear is null, never guessed."""

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


class LeadUnusable(LeadNotAccepted, type="intake.lead.unusable.v1"):
    """A record whose data can't be used."""


class LeadOmitted(LeadNotAccepted, type="intake.lead.omitted.v1"):
    """Usable, and deliberately not used."""


class LeadHeld(LeadNotAccepted, type="intake.lead.held.v1"):
    """Needs a person: the alert, with each answer and what may be meant (INT-06). What was given
    is quoted, since that is what a person has to judge."""

    answers: tuple[HeldAnswer, ...]


class WithdrawalRequested(
    Event, type="intake.lead.withdrawal_requested.v1", formerly=("intake.lead.withdrawal_asked.v1",)
):
    """Routing is to leave a lead alone that was uploaded anew, if it is not too late (INT-08)."""

    lead: Id
    person_id: Id
    replacement: Id
    reply_key: Key
    """The key that the answer must have to reach the replacement's shard."""


class QuestionChanged(Event, type="intake.question.changed.v1", topic=RECHECKS):
    """What is held for this question may be free now; `after` goes on behind that lead."""

    question: Symbol
    after: str = ""


class LeadToRecheck(Event, type="intake.lead.to_recheck.v1", topic=RECHECKS):
    lead: Id


class DeliveryReconciled(Event, type="intake.delivery.reconciled.v1"):
    """What had come of a delivery a day after it was announced (INT-10)."""

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


class RequestOpened(Event, type="intake.request.opened.v1"):
    """For whoever writes to affiliates: what is asked, and of which role (INT-01, INT-16)."""

    affiliate: AffiliateId
    request: Id
    kind: str
    text: str
    rows: tuple[Id, ...] = ()
    role: ContactRole
    reminder: Count = 0
    """0 when it is asked, then how often it was reminded."""


class RequestAnswered(Event, type="intake.request.answered.v1"):
    affiliate: AffiliateId
    request: Id
    volume: Count | None = None
    price_minor: Count | None = None
    currency: str | None = None
    valid_until: Instant | None = None
