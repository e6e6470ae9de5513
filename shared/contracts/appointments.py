"""Meetings: how they are booked, moved and cancelled, what both sides report, and what becomes of
them."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.event import Command, Event
from shared.contracts.lead_fields import Currency, Place, Size
from shared.contracts.orders import REPRESENTS, Criteria, Days
from shared.contracts.roles import OPERATES
from shared.contracts.values import Flag, Id, Instant, Name, Part, ReasonText, Text

FACTS, SLOTS = "appointments.facts.v1", "appointments.slots.v1"
RECHECKS, COUNTS = "appointments.rechecks.v1", "appointments.counts.v1"
BOOKS = OPERATES | {"calendar"}
"""Who brings what a calendar says."""

Side = Literal["prospect", "customer", "team", "unknown"]
"""Who booked, moved or cancelled; `team` is the house's."""
Presence = Literal["present", "absent", "unknown"]
Ground = Literal["company_size", "sector", "location", "seniority", "function"]
Email = Annotated[str, Field(min_length=3, max_length=320)]


class Prospect(Part):
    """With whom the meeting is. All that is personal stands here."""

    email: Email
    name: Text | None = None
    phone: Text | None = None
    company_domain: Text | None = None
    profile_url: Text | None = None


class Representative(Part):
    """Who meets the prospect on the customer's side."""

    email: Email
    name: Text | None = None


class Role(Part):
    """Somebody's at the prospect's company."""

    seniority: Text | None = None
    function: Text | None = None


class Profile(Part):
    """What LinkedIn says of the person and the company at the time of the booking: by this, and not
    by what anybody says later, a report is judged (APT-02)."""

    captured_at: Instant
    url: Text | None = None
    places: tuple[Place, ...] = ()
    """Of the company's offices."""
    company_size: Size | None = None
    industry: Text | None = None
    """LinkedIn's code."""
    contact: Role = Role()
    roster: tuple[Role, ...] | None = None
    """Of the whole company; null where it is not known."""


class BookMeeting(
    Command,
    type="appointments.meeting.book.v1",
    key="{tenant}/{slot}",
    roles=BOOKS,
    accepted=("booked", "unassigned", "unchanged"),
    refused=("slot_taken", "ends_before_start", "email_invalid"),
):
    """Somebody took a slot; the time of the command is when. With `moves`, it is another time for
    the meeting that had that slot. The order's criteria and the profile are frozen with it.

    `unassigned` where there is no such order: it is kept and listed, and can be booked again with
    one. A slot is booked once: with another time or person it is `slot_taken`."""

    slot: Id
    """The calendar's own id of it, with the calendar's name in front."""
    order: Name | None = None
    """Null where nobody knows it."""
    start: Instant
    end: Instant
    prospect: Prospect
    profile: Profile | None = None
    representative: Representative | None = None
    """Who is invited beside the prospect, where the invitation is ours."""
    title: Text | None = None
    """What the invitation is called."""
    location: Text | None = None
    """Where it is held, such as a link."""
    moves: Id | None = None
    """The slot that it takes the place of."""
    moved_by: Side = "unknown"


class MoveMeeting(
    Command,
    type="appointments.meeting.move.v1",
    key="{tenant}/{slot}",
    roles=BOOKS,
    accepted=("moved", "kept", "unchanged"),
    refused=("same_slot",),
):
    """The other half of a reschedule: this slot was given up for that one, which is booked by a
    command of its own. Both may come in any order. `kept` where the slot is not known yet."""

    slot: Id
    to: Id
    by: Side = "unknown"


class CancelMeeting(
    Command,
    type="appointments.meeting.cancel.v1",
    key="{tenant}/{slot}",
    roles=BOOKS,
    accepted=("cancelled", "kept", "unchanged"),
):
    """A slot was cancelled, without another time. By itself that settles nothing, but for a
    prospect that cancels before the start (APT-12)."""

    slot: Id
    by: Side = "unknown"


class RecordAttendance(
    Command,
    type="appointments.meeting.attendance.v1",
    key="{tenant}/{slot}",
    roles=BOOKS,
    accepted=("noted", "kept", "unchanged"),
):
    """Who came, as a calendar or a colleague says: evidence, and no report (APT-12)."""

    slot: Id
    prospect: Presence = "unknown"
    customer: Presence = "unknown"
    evidence: ReasonText


REPORTS = OPERATES | REPRESENTS
REPORT_REFUSED = ("meeting_unknown", "already_reported", "moved_before", "too_late")


class _OfPerson(Command, roles=REPORTS, accepted=("accepted",)):
    """About a meeting that is known, in the shard of its person."""

    person: Id
    """As `leadops appointments show --json` tells it."""
    account: Name
    """Whose meeting it is: a customer reports its own."""
    slot: Id
    """Of the meeting, the one that it is about."""


class ReportOffTarget(
    _OfPerson,
    type="appointments.meeting.report_off_target.v1",
    key="{person}",
    refused=(
        *REPORT_REFUSED,
        "ground_not_allowed",
        "grounds_missing",
        "email_missing",
        "declaration_missing",
    ),
):
    """The customer says, before the start, that the meeting is not as ordered (APT-03 to APT-06),
    with the email that the prospect gets. `details` has `verdict`: `upheld` or `rejected` where the
    profile makes it clear, else `review`, which a person decides by `decided_until`; if nobody
    does, it is upheld."""

    grounds: tuple[Text, ...]
    """Out of company_size, sector, location, seniority, function; any other is no ground
    (APT-04)."""
    email: Text | None = None
    """To the prospect, in the customer's own words."""
    no_prior_contact: Flag = False
    """The declaration that the customer has not been in touch with the prospect; automatic
    confirmations are none."""


class ReportNoShow(
    _OfPerson,
    type="appointments.meeting.report_no_show.v1",
    key="{person}",
    refused=(*REPORT_REFUSED, "too_early", "declaration_missing"),
):
    """The customer says, within 24 hours from the start, that the prospect did not come (APT-08). A
    new time is looked for until `details.rebooking_until`; without one it is final then."""

    not_on_link: Flag = False
    not_reached_by_phone: Flag | None = None
    """Null where no phone is known, which is right only then."""


class WithdrawReport(
    _OfPerson,
    type="appointments.meeting.withdraw_report.v1",
    key="{person}",
    accepted=("withdrawn",),
    refused=("meeting_unknown", "not_pending"),
):
    """The prospect did come, or the customer thinks better of it: a no-show report is taken back
    before it is final."""

    reason: ReasonText


class DecideReview(
    _OfPerson,
    type="appointments.review.decide.v1",
    key="{person}",
    roles=OPERATES,
    accepted=("upheld", "rejected"),
    refused=("meeting_unknown", "not_pending"),
):
    """A person of the house decides an off-target report (APT-07): upheld, the meeting is not
    billed; rejected, it is."""

    verdict: Literal["upheld", "rejected"]
    reason: ReasonText


class RecordCall(
    _OfPerson,
    type="appointments.call.record.v1",
    key="{person}",
    roles=OPERATES,
    accepted=("noted", "final"),
    refused=("meeting_unknown", "not_pending"),
):
    """An attempt to find a new time with who was reported absent (APT-09); the third in vain is
    final, and so is giving up. A new time is a booking that moves the meeting, by `team`."""

    call: Id
    """Its own id: told twice it counts once."""
    result: Literal["not_reached", "gave_up"]
    means: Literal["phone", "email"] = "phone"
    """An email where no phone is known."""
    note: Text | None = None


class _OfSlot(Event):
    """Between shards, from the slot's to the person's."""

    slot: Id
    account: Name
    person: Id


class SlotBooked(_OfSlot, type="appointments.slot.booked.v1", topic=FACTS):
    """With what was ordered then."""

    order: Name
    order_version: int
    price_minor: int | None = None
    """What both sides had accepted when it was booked; null if nothing was."""
    currency: Currency
    follow_up_days: Days
    booked_at: Instant
    start: Instant
    end: Instant
    prospect: Prospect
    representative: Representative | None = None
    title: Text | None = None
    location: Text | None = None
    profile: Profile | None = None
    criteria: Criteria
    moves: Id | None = None
    """The slot that it takes the place of, as the booking says."""
    moved_by: Side = "unknown"
    by: str


class SlotMoved(_OfSlot, type="appointments.slot.moved.v1", topic=FACTS):
    to: Id
    at: Instant
    side: Side
    by: str


class SlotCancelled(_OfSlot, type="appointments.slot.cancelled.v1", topic=FACTS):
    at: Instant
    side: Side
    by: str


class SlotAttended(_OfSlot, type="appointments.slot.attended.v1", topic=FACTS):
    at: Instant
    prospect: Presence
    customer: Presence
    evidence: str
    by: str


Finding = Literal["outside", "inside", "unclear"]
"""Whether by the profile the person or the company lies outside of what was ordered."""


class Statement(Part):
    """What was reported of a slot, taken back, reviewed or tried, and counts."""

    what: Literal["off_target", "absent", "withdrew", "reviewed", "called"]
    id: Id
    """Of the report, or of the call."""
    at: Instant
    by: str
    text: str = ""
    findings: Mapping[Ground, Finding] = {}
    decided_until: Instant | None = None
    """Of a report off target."""
    is_upheld: Flag = False
    """Of a review."""
    gave_up: Flag = False
    """Of a call."""


class SlotReported(_OfSlot, type="appointments.slot.reported.v1", topic=FACTS):
    """What was stated of it, perhaps to the person who had it before."""

    statement: Statement


class SlotGone(_OfSlot, type="appointments.slot.gone.v1", topic=FACTS):
    """The slot is of a meeting of somebody else, who had an earlier one of it."""


class SlotOwner(Part):
    account: Name
    person: Id
    since: Instant
    """When the earliest slot was booked that is known of the meeting."""


class SlotMovedFrom(Event, type="appointments.slot.moved_from.v1", topic=SLOTS):
    """Between the shards of two slots: the booking of the other says that it takes the place of
    this one."""

    slot: Id
    to: Id
    at: Instant
    side: Side
    by: str


class SlotStated(Event, type="appointments.slot.stated.v1", topic=SLOTS):
    """From the person's shard to the slot's, which keeps it for whose the slot turns out to be."""

    slot: Id
    statement: Statement


class SlotLinked(Event, type="appointments.slot.linked.v1", topic=SLOTS):
    """Between the shards of two slots that a move connects: whose the meeting is, as far as the one
    that tells it knows."""

    slot: Id
    neighbour: Id
    """Which tells it."""
    owner: SlotOwner | None = None


class PersonToJudge(Event, type="appointments.person.to_judge.v1", topic=RECHECKS):
    """Between shards: something beside the meetings has changed."""

    account: Name
    person: Id


class MeetingCounted(Event, type="appointments.meeting.counted.v1", topic=COUNTS):
    """Between shards, to the order's: whether a meeting is one of the number wanted, which it is as
    long as it may be billed (APT-01)."""

    order: Name
    meeting: Id
    booked_at: Instant
    counts: bool


class _OfMeeting(Event):
    meeting: Id
    """Its own id, through all its slots."""
    account: Name
    person: Id


class ReviewWaits(_OfMeeting, type="appointments.review.waits.v1"):
    """Nobody has decided a report for two business days: an alert (APT-07)."""

    slot: Id
    decided_until: Instant
    """Then it is upheld."""


class MeetingNotTold(_OfMeeting, type="appointments.meeting.not_told.v1"):
    """Somebody could not be told of a meeting: an alert. An off-target report stands all the same,
    though the prospect or the calendar may not know that the meeting is cancelled (APT-06)."""

    slot: Id
    what: Literal["invitation", "cancellation", "report"]
    """`report` is the email of an off-target report, where it goes without a cancellation."""
    whom: Literal["prospect", "representative", "calendar"]
    outcome: Literal["refused", "uncertain", "mailbox_missing"]
    """`uncertain` after 24 hours of trying; it may have arrived. `mailbox_missing` where the tenant
    has no mailbox for meetings: nothing was tried."""
    text: str


class MeetingChanged(_OfMeeting, type="appointments.meeting.changed.v1"):
    """What became of a meeting, and why, whenever that is another than before."""

    order: Name
    booked_at: Instant
    """When its first slot was taken."""
    slot: Id
    """Whose clock runs."""
    start: Instant
    state: Literal["open", "billable", "not_billable"]
    code: str
    """Why: due, under_review, reported_absent; or excluded, interrupted, off_target, no_show,
    cancelled, follow_up."""
    rule: str
    at: Instant
    """Of what is open, when it is decided if nothing comes before; of what is billable, since
    when."""


class MeetingBillable(_OfMeeting, type="appointments.meeting.billable.v1"):
    """A meeting is to be billed. Of a meeting the highest revision holds."""

    revision: int
    order: Name
    order_version: int
    price_minor: int | None = None
    """Null where none was in force at its first booking: it waits."""
    currency: Currency
    booked_at: Instant
    start: Instant
    billable_at: Instant


class MeetingWithdrawn(_OfMeeting, type="appointments.meeting.withdrawn.v1"):
    """A meeting that was billable is not to be billed."""

    revision: int
    code: str
    rule: str
