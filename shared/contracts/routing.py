"""The commands and events of routing, and what its shards publish to each other.

A person's shard claims, a campaign's shard answers; both are topics like all others, so a claim
survives whatever dies in between.
"""

from datetime import datetime
from typing import Literal

from shared.contracts.campaigns import Status, SuppressedTitles
from shared.contracts.event import Command, Event, formerly
from shared.contracts.intake import LeadAccepted
from shared.contracts.values import CategoryId, Id, Name, Part, ReasonText

CLAIMS = "routing.claims.v1"
ANSWERS = "routing.answers.v1"
WITHDRAWALS = "routing.withdrawals.v1"
RECHECKS = "routing.rechecks.v1"

SENDS_BY_HAND = frozenset({"operator", "project_manager", "delivery"})


class SendLead(
    Command,
    type="routing.lead.send.v1",
    key="{person_id}",
    roles=SENDS_BY_HAND,
    accepted=("claimed",),
    refused=(
        "lead_unknown",
        "withdrawing",
        "campaign_unknown",
        "already_sent",
        "sold_exclusively",
        "not_overridable",
    ),
):
    """An operator sends a lead to a campaign now (RTE-14). Two checks only can be passed over so:
    the campaign's send day (`awaiting_send_day`), and suppressed titles (`title_suppressed`).

    `claimed`: the campaign's shard decides, as with any other lead, so a slot may still be refused;
    `leadops explain` tells. `details` has the campaign's `version`; of `not_overridable`, in
    `failing`, all other checks that fail. Who sent it and why stands in the history of the send."""

    lead: Id
    """Its id, as `leadops leads show --json` tells it."""
    person_id: Id
    """The lead's person, told beside it."""
    campaign: Name
    reason: ReasonText


class ResolveSend(
    Command,
    type="routing.send.resolve.v1",
    formerly=("routing.send.settle.v1",),
    key="{campaign}",
    roles=SENDS_BY_HAND,
    accepted=("sent", "refused"),
    refused=("send_unknown", "not_uncertain"),
):
    """What somebody found out about a send that was given up with an unknown outcome (RTE-12): it
    was `sent`, and its slot is used, or `refused`, and its slot is free.

    Told by `leadops.routing.lead.sent.v1` or `.not_sent.v1`, after the `.uncertain.v1` of before.
    `not_uncertain` if its outcome is known."""

    campaign: Name
    send: Id
    """The idempotency key, as the customer's endpoint saw it."""
    outcome: Literal["sent", "refused"]
    reason: ReasonText


class CampaignChanged(Event, type="routing.campaign.changed.v1"):
    campaign: Name
    customer: Name
    campaign_version: int
    status: Status
    change: Literal["created", "changed", "paused", "resumed"]
    changed_at: datetime
    changed_by: str
    reason: str = ""


class Failing(Part):
    """One check that keeps a lead from a campaign: what the lead has and what is expected."""

    code: str
    value: str | None = None
    """Of a title nothing: it is personal, and this goes into events."""
    expected: tuple[str, ...] = formerly("wanted", ())
    rule: str | None = None
    """What of the expected hit, where that is more than the check: a phrase, a list, a cap."""


class ByHand(Part):
    by: str
    reason: str


class Claim(Event, type="routing.claim.requested.v1", topic=CLAIMS):
    """A lead matched a campaign; its shard decides what must hold exactly, and sends."""

    campaign: Name
    campaign_version: int
    category: CategoryId
    lead: LeadAccepted
    rank: int = 0
    """How many preferred filters and lists the lead misses: less is better."""
    attempt: int = formerly("ask", 0)
    """How often this lead was claimed from the campaign before."""
    is_exclusive: bool | None = None
    """Others may stand behind: what can't be sent on the day is refused, not put off. Null: it
    was claimed before this was published."""
    by_hand: ByHand | None = None


class ClaimWithdrawn(Event, type="routing.claim.withdrawn.v1", topic=CLAIMS):
    """A lead that waits for a campaign's send day is withdrawn (INT-08)."""

    lead: Id
    person_id: Id
    campaign: Name


class ClaimAnswer(Event):
    """What all answers of a campaign's shard say."""

    lead: Id
    person_id: Id
    campaign: Name
    campaign_version: int


class ClaimWaiting(ClaimAnswer, type="routing.claim.waiting.v1", topic=ANSWERS):
    """All holds; the campaign sends on its day (RTE-13)."""

    until: datetime


class ClaimGranted(ClaimAnswer, type="routing.claim.granted.v1", topic=ANSWERS):
    send: Id


class ClaimRefused(ClaimAnswer, type="routing.claim.refused.v1", topic=ANSWERS):
    failing: tuple[Failing, ...]
    attempt: int = formerly("ask", 0)
    """Which it answers. A refusal of an earlier attempt is none."""


class SendCompleted(
    ClaimAnswer,
    type="routing.send.completed.v1",
    formerly=("routing.send.settled.v1",),
    topic=ANSWERS,
):
    """Tells the person's shard how a granted claim ended."""

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


class LeadSent(SendEnded, type="routing.lead.sent.v1"):
    sent_at: datetime


class LeadNotSent(SendEnded, type="routing.lead.not_sent.v1"):
    """The endpoint definitely refused it; its slot is free again."""

    refused_at: datetime


class LeadUnsent(Event, type="routing.lead.unsent.v1"):
    """An accepted lead that no campaign has got for seven days, with what stood in its way
    (RTE-16)."""

    lead: Id
    person_id: Id
    affiliate: str | None = None
    lead_code: str | None = None
    accepted_at: datetime
    claimed: tuple[Name, ...] = formerly("asked")
    """The campaigns that it was claimed from."""
    codes: tuple[str, ...]


class LeadUncertain(SendEnded, type="routing.lead.uncertain.v1"):
    """Given up with an unknown outcome: the slot stays taken until a person resolves it."""

    given_up_at: datetime


class WithdrawalAnswered(Event, type="routing.withdrawal.answered.v1", topic=WITHDRAWALS):
    """Whether a lead was still to be had back, once every claim is answered."""

    lead: Id
    replacement: Id
    outcome: Literal["withdrawn", "already_sent"]


class ListChanged(Event, type="routing.list.changed.v1"):
    list: Name
    list_version: int
    entries: int
    changed_at: datetime
    changed_by: str


class DeliveryUnsent(Event, type="routing.delivery.unsent.v1"):
    """Three or more leads of one lead code and delivery are unsent a day after their upload, those
    that wait for a send day not counted (RTE-16). Said at the third; the reasons are of the three.
    """

    affiliate: str
    lead_code: Id
    delivery: Id | None
    leads: tuple[Id, ...]
    codes: tuple[str, ...]


class CampaignWidened(
    Event,
    type="routing.campaign.widened.v1",
    formerly=("routing.campaign.opened.v1",),
    topic=RECHECKS,
):
    """A campaign may now want leads that it did not: they are decided again, a page at a time
    (RTE-14)."""

    campaign: Name
    route: str | None = None
    """Only leads that came this way: by a lead code, or organic; null is all."""
    category: CategoryId | None = None
    companies: tuple[str, ...] | None = None
    """Only leads of companies under one of these terms of a list; null is all."""
    since: int | None = None
    """The campaign's version until then: only leads that it would keep away are meant."""
    has_more_room: bool = False
    """Or for which there was no slot."""
    titles: SuppressedTitles | None = None
    """Only leads that these kept away."""
    after: str = ""
    """Behind this lead; a page ends with one."""
    is_rescan: bool = formerly("is_second_look", default=False)
    """For leads that were just being matched when the campaign was opened."""


class ScopeWidened(
    Event,
    type="routing.scope.widened.v1",
    formerly=("routing.campaigns.opened.v1",),
    topic=RECHECKS,
):
    """What many campaigns share has changed, a list or the policy's titles, and may keep fewer
    leads away: those that want more by it are opened, a page at a time."""

    list: Name | None = None
    """Null: the titles that the policy suppresses."""
    added: tuple[str, ...] | None = ()
    """Entries of the list that came; null is too many to name them."""
    removed: tuple[str, ...] | None = ()
    titles: SuppressedTitles | None = None
    """Those that the policy suppresses no more."""
    after: str = ""
    """Behind this campaign; a page ends with one."""


class LeadToRematch(
    Event,
    type="routing.lead.to_rematch.v1",
    formerly=("routing.lead.to_reroute.v1",),
    topic=RECHECKS,
):
    lead: Id
    person_id: Id
    campaign: Name


class LeadStillUnsent(Event, type="routing.lead.still_unsent.v1", topic=RECHECKS):
    """A day after the upload of a delivery's lead, for whoever counts the delivery's."""

    lead: Id
    affiliate: str
    lead_code: Id
    delivery: Id | None
    codes: tuple[str, ...]
