"""All that is known of a person's meetings with a customer, and what was told of it last.

Whatever becomes known is added; the meetings are judged anew, and what differs from what was told
is published. So it does not matter in which order anything comes, nor how often.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import Discriminator

from services.appointments.meetings.charges import Charge, changes
from services.appointments.meetings.clocks import Clock, clocks_of
from services.appointments.meetings.facts import (
    Booked,
    Excluded,
    Fact,
    Interrupted,
    ReportedAbsent,
)
from services.appointments.meetings.verdicts import Verdict, decided_at, verdicts
from services.appointments.orders.exclusions import Exclusions, terms_of_prospect
from services.appointments.orders.orders import Order
from shared.contracts.appointments import (
    Finding,
    Ground,
    MeetingBillable,
    MeetingChanged,
    MeetingCounted,
    MeetingWithdrawn,
    SlotAttended,
    SlotBooked,
)
from shared.contracts.envelope import BEGINNING
from shared.contracts.event import Event
from shared.ids import derived_id
from shared.loop.decision import Accepted, Context, Deadline, Decision, Due, Publish

MERGED = "merged"
Task = Literal["review", "call"]


SECOND_LOOK = timedelta(minutes=1)
"""A person who is new is judged again by what others have changed in that moment: whoever looked
for the people concerned may not have found the person yet."""


class JudgeMeetings(Deadline, kind="judge_meetings"):
    """The time has come at which one of them is decided, if nothing else came."""

    account: str
    person: str
    until: datetime
    """That time."""


@dataclass(frozen=True, slots=True)
class Known:
    fact: Annotated[Fact, Discriminator("kind")]
    by: str
    text: str = ""
    findings: Mapping[Ground, Finding] = field(default_factory=dict)
    """Of an off-target report, what the profile says of each of its grounds."""


@dataclass(frozen=True, slots=True)
class Dossier:
    id: str
    version: int
    tenant: str
    account: str
    person: str
    slots: tuple[SlotBooked, ...] = ()
    known: tuple[Known, ...] = ()
    attended: tuple[SlotAttended, ...] = ()
    """Evidence: no verdict asks for it."""
    charges: Mapping[str, Charge] = field(default_factory=dict)
    """By the first slot of a meeting, what was published last."""
    told: tuple[MeetingChanged, ...] = ()
    """What was published last of each meeting."""
    judged_until: datetime = BEGINNING
    """Until when everything that was to come is known: only a deadline says so, since it waits for
    what lay in the topics before it. The clock does not: a report may be waiting to be read."""

    @property
    def terms(self) -> list[str]:
        """By what an exclusion may name the person or the company."""
        found = (term for slot in self.slots for term in terms_of_prospect(slot.prospect))
        return list(dict.fromkeys(found))

    @property
    def meetings(self) -> list[str]:
        """Their ids, and those of what has become part of them."""
        return [meeting_id(self.tenant, slot.slot) for slot in self.slots]

    @property
    def due_at(self) -> datetime | None:
        """When the next of them is decided, if nothing else comes."""
        return min((each.at for each in self.told if each.state == "open"), default=None)

    @property
    def tasks(self) -> list[Task]:
        """What somebody may have to do for one of them."""
        found: dict[Task, None] = {}
        for each in self.told:
            if each.state == "open" and each.code == "under_review":
                found["review"] = None
            if each.state == "open" and self._is_absent(each):
                found["call"] = None
        return [*found]

    def _is_absent(self, told: MeetingChanged) -> bool:
        reports = (each.fact for each in self.known if isinstance(each.fact, ReportedAbsent))
        return any(report.slot == told.slot for report in reports)

    @property
    def orders(self) -> list[str]:
        return list(dict.fromkeys(slot.order for slot in self.slots))

    def slot(self, name: str) -> SlotBooked | None:
        return next((slot for slot in self.slots if slot.slot == name), None)

    def with_known(self, new: Known) -> "Dossier":
        if any(each.fact == new.fact for each in self.known):
            return self
        return replace(self, known=(*self.known, new))

    def with_fact(self, fact: Fact, by: str) -> "Dossier":
        return self.with_known(Known(fact, by))

    def with_booking(self, booked: SlotBooked) -> "Dossier":
        """A slot is booked once: the first counts."""
        if self.slot(booked.slot) is not None:
            return self
        fact = Booked(
            slot=booked.slot,
            at=booked.booked_at,
            start=booked.start,
            order=booked.order,
            order_version=booked.order_version,
            has_phone=bool(booked.prospect.phone),
        )
        return replace(self, slots=(*self.slots, booked)).with_fact(fact, booked.by)

    def until(self, at: datetime) -> "Dossier":
        return replace(self, judged_until=max(self.judged_until, at))

    def with_evidence(self, event: SlotAttended) -> "Dossier":
        known = event in self.attended
        return self if known else replace(self, attended=(*self.attended, event))

    def without_slot(self, name: str) -> "Dossier":
        """It is of somebody else's meeting."""
        return replace(
            self,
            slots=tuple(slot for slot in self.slots if slot.slot != name),
            known=tuple(each for each in self.known if getattr(each.fact, "slot", None) != name),
            attended=tuple(each for each in self.attended if each.slot != name),
        )


class Beside(NamedTuple):
    """What is known elsewhere that meetings are judged by."""

    exclusions: Exclusions | None
    orders: Sequence[Order]


def meeting_id(tenant: str, first_slot: str) -> str:
    """The meeting's own, whatever its slots are called and however often it is moved."""
    return derived_id("meeting", tenant, first_slot)


def judge(dossier: Dossier, beside: Beside) -> Sequence[Verdict]:
    return verdicts(_facts(dossier, beside), dossier.judged_until, _follow_up(dossier))


def clocks(dossier: Dossier, beside: Beside, now: datetime) -> Mapping[str, Clock]:
    """By the first slot of a meeting."""
    return clocks_of(_facts(dossier, beside), now, _follow_up(dossier))


def _follow_up(dossier: Dossier) -> timedelta:
    return timedelta(days=max((slot.follow_up_days for slot in dossier.slots), default=0))


def _facts(dossier: Dossier, beside: Beside) -> Iterator[Fact]:
    yield from (each.fact for each in dossier.known)
    entry = beside.exclusions.earliest(dossier.terms) if beside.exclusions else None
    if entry is not None:
        yield Excluded(at=entry.at)
    for order in beside.orders:
        if order.interrupted_at is not None:
            yield Interrupted(order=order.definition.order, at=order.interrupted_at)


def decide(
    before: Dossier | None,
    after: Dossier,
    beside: Beside,
    context: Context,
    answer: Accepted | None = None,
) -> Decision:
    """Publishes in what the meetings are another than they were told to be."""
    found = judge(after, beside)
    told = tuple(_change_of(after, verdict) for verdict in found)
    changed = tuple(changes(after.charges, found))
    publish: list[Event] = [each for each in told if each not in after.told]
    publish += [_charge_event(after, chain, charge, found) for chain, charge in changed]
    counts = [
        Publish(event, f"{after.tenant}/{event.order}") for event in _counts(after.told, told)
    ]
    after = replace(after, told=told, charges={**after.charges, **dict(changed)})
    open_ = [decided_at(verdict) for verdict in found if verdict.judgement.state == "open"]
    id_ = f"{JudgeMeetings.KIND}/{after.id}"
    if before is None:
        open_.append(context.now + SECOND_LOOK)
    due = [
        Due(
            id_,
            JudgeMeetings(account=after.account, person=after.person, until=at),
            after.person,
            at,
        )
        for at in sorted(open_)[:1]
    ]
    return Decision(
        save=[after] if after != before else [],
        publish=[*(Publish(event, after.person) for event in publish), *counts],
        due=due,
        cancel=[] if due or before is None else [id_],
        answer=answer,
    )


def _change_of(dossier: Dossier, verdict: Verdict) -> MeetingChanged:
    judgement, current = verdict.judgement, verdict.course.current
    return MeetingChanged(
        meeting=meeting_id(dossier.tenant, verdict.chain.id),
        account=dossier.account,
        person=dossier.person,
        order=verdict.chain.first.order,
        booked_at=verdict.chain.first.at,
        slot=verdict.current,
        start=current.start,
        state=judgement.state,
        code=judgement.code,
        rule=judgement.rule,
        at=judgement.at,
    )


def _counts(
    before: Iterable[MeetingChanged], now: Iterable[MeetingChanged]
) -> Iterator[MeetingCounted]:
    """What its order has to count from now on, or not any more."""
    had, has = ({each.meeting: each for each in told} for told in (before, now))
    for meeting, told in (had | has).items():
        counts = meeting in has and has[meeting].state != "not_billable"
        counted = meeting in had and had[meeting].state != "not_billable"
        if counts != counted:
            yield MeetingCounted(
                order=told.order, meeting=meeting, booked_at=told.booked_at, counts=counts
            )


def _charge_event(
    dossier: Dossier, chain: str, charge: Charge, found: Iterable[Verdict]
) -> MeetingBillable | MeetingWithdrawn:
    meeting = meeting_id(dossier.tenant, chain)
    if charge.at is None:
        verdict = next((each for each in found if each.chain.id == chain), None)
        return MeetingWithdrawn(
            meeting=meeting,
            revision=charge.revision,
            account=dossier.account,
            person=dossier.person,
            code=verdict.judgement.code if verdict else MERGED,
            rule=verdict.judgement.rule if verdict else "APT-02",
        )
    slot = dossier.slot(chain)
    assert slot is not None, "a meeting is charged by its first booking"
    return MeetingBillable(
        meeting=meeting,
        revision=charge.revision,
        account=dossier.account,
        person=dossier.person,
        order=slot.order,
        order_version=slot.order_version,
        price_minor=slot.price_minor,
        currency=slot.currency,
        booked_at=slot.booked_at,
        start=slot.start,
        billable_at=charge.at,
    )
