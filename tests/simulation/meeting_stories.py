"""Stories of orders and meetings: what happens, and when and by whom it is told."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.ids import pseudonym
from shared.store import Document
from shared.testing.simulator import EPOCH, SECRET, TRUSTED

HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(milliseconds=1)
STORIES = (5, 14)
ZONES = ("UTC", "America/New_York", "Europe/Warsaw", "Pacific/Apia", "America/Santiago")
SIDES = ("prospect", "customer", "team", "unknown")
ORDERS = {"o": "order", "c": "calendar"}
"""By order, what an interruption waits for the end of."""
FIRST_EMAILS = [datetime(2026, 3, 3, 7, tzinfo=UTC), datetime(2026, 3, 31, 15, tzinfo=UTC)]
"""In the months that follow the first, clocks are put forward; those of the other have no 31."""
SIZES: Mapping[str, Document | None] = {
    "fits": {"min": 200, "max": 500},
    "outside": {"min": 1, "max": 10},
    "unclear": None,
}
OPERATOR = {"role": "operator", "actor": "ops"}
CUSTOMER = {"role": "representative", "actor": "acme/robin"}


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, and when it is told."""

    at: datetime
    kind: str
    data: Mapping[str, Any]
    who: Mapping[str, str]
    told_at: datetime
    source: str = TRUSTED


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    email: str
    at: datetime
    start: datetime
    person: str
    """The one that has the meeting, as far as the story knows."""


class Story:
    """One turn of events about slots of its own, by chance."""

    def __init__(self, chance: random.Random, name: str, begin: datetime) -> None:
        self.chance = chance
        self.name = name
        self.begin = begin
        self.lines: list[Line] = []
        self.order = chance.choice([*ORDERS])
        self.email = f"{name}@firm-{name}.example"

    def tell(
        self,
        at: datetime,
        kind: str,
        data: Mapping[str, Any],
        who: Mapping[str, str] = OPERATOR,
        late: timedelta | None = None,
    ) -> None:
        """What customers say themselves is of the time at which it is decided, unless a trusted
        entry dates it."""
        if late is None:
            late = self.chance.choice([timedelta()] * 4 + [HOUR, 20 * HOUR, 9 * DAY])
        source = self.chance.choice([TRUSTED, TRUSTED, "upstream"])
        self.lines.append(Line(at, f"appointments.{kind}", data, who, at + late, source))

    def slot(self, name: str, at: datetime, ahead: timedelta, email: str | None = None) -> Slot:
        owner = pseudonym(SECRET, "main", self.email)
        return Slot(f"{self.name}-{name}", email or self.email, at, at + ahead, owner)

    def book(self, slot: Slot, profile: str = "fits", **more: Any) -> Slot:
        data = {"slot": slot.name, "order": self.order, "start": slot.start}
        data |= {"end": slot.start + HOUR, "prospect": {"email": slot.email}}
        captured = {"captured_at": slot.at, "company_size": SIZES[profile]}
        self.tell(slot.at, "meeting.book", {**data, "profile": captured, **more})
        return slot

    def about(
        self, kind: str, slot: Slot, at: datetime, late: timedelta | None = None, **data: Any
    ) -> None:
        is_house = kind in ("review.decide", "call.record")
        who = OPERATOR if is_house else self.chance.choice([OPERATOR, CUSTOMER])
        of = {"slot": slot.name, "account": "acme", "person": slot.person}
        self.tell(at, kind, of | data, who, late)

    def near(self, at: datetime) -> datetime:
        """At an edge, or beside it."""
        return at + self.chance.choice([-DAY, -HOUR, -INSTANT, timedelta(), INSTANT, HOUR])

    def book_one(self, profile: str = "fits") -> Slot:
        ahead = self.chance.choice([HOUR, DAY, 8 * DAY])
        return self.book(self.slot("a", self.begin, ahead), profile)

    def report_absent(self, slot: Slot, at: datetime, late: timedelta | None = None) -> None:
        declared: Document = {"not_on_link": True, "not_reached_by_phone": True}
        self.about("meeting.report_no_show", slot, at, late, **declared)

    # What happens

    def attended(self) -> None:
        slot = self.book_one()
        data = {"slot": slot.name, "prospect": "present", "evidence": "the calendar"}
        self.tell(slot.start + HOUR, "meeting.attendance", data)

    def absent(self) -> None:
        slot = self.book_one()
        at = self.near(slot.start + self.chance.choice([2 * HOUR, 2 * HOUR, DAY]))
        self.report_absent(slot, at)
        for number in range(self.chance.choice([0, 1, 3])):
            result = self.chance.choice(["not_reached", "not_reached", "gave_up"])
            call: Document = {"call": f"{slot.name}-{number}", "result": result}
            self.about("call.record", slot, at + (number + 1) * DAY, **call)
        if self.chance.random() < 0.3:
            withdrawn_at = at + self.chance.choice([HOUR, 3 * DAY, 14 * DAY, 15 * DAY])
            self.about("meeting.withdraw_report", slot, withdrawn_at, reason="they came")
        if self.chance.random() < 0.4:
            new = self.slot("b", at + self.chance.choice([2 * DAY, 14 * DAY, 15 * DAY]), 3 * DAY)
            self.book(new, moves=slot.name, moved_by="team")

    def absent_at_the_last_moment(self) -> None:
        """And the next that is heard is that the deadline is over."""
        slot = self.book_one()
        at = slot.start + DAY - INSTANT
        self.report_absent(slot, at, late=timedelta())
        data = {"slot": slot.name, "prospect": "absent", "evidence": "the calendar"}
        self.tell(at + HOUR, "meeting.attendance", data, late=timedelta())

    def off_target(self) -> None:
        profile = self.chance.choice([*SIZES])
        slot = self.book_one(profile)
        at = self.near(self.chance.choice([slot.at + 2 * DAY, slot.start]))
        grounds: Document = {
            "grounds": ["company_size"],
            "email": "Not for us.",
            "no_prior_contact": True,
        }
        self.about("meeting.report_off_target", slot, at, **grounds)
        if self.chance.random() < 0.5:
            verdict = self.chance.choice(["upheld", "rejected"])
            decided_at = at + self.chance.choice([HOUR, 3 * DAY, 9 * DAY])
            self.about("review.decide", slot, decided_at, verdict=verdict, reason="looked")
        if self.chance.random() < 0.7:
            self.tell(at, "meeting.cancel", {"slot": slot.name, "by": "prospect"})

    def rescheduled(self) -> None:
        """Both halves of each, or one of them, and by whichever address."""
        slot = self.book_one()
        for letter in "bcd"[: self.chance.randint(1, 3)]:
            at = self.near(self.chance.choice([slot.start, slot.start + DAY, slot.at + 2 * HOUR]))
            email = self.chance.choice([None, f"{letter}@firm-{self.name}.example"])
            new = self.slot(letter, max(at, slot.at + INSTANT), 3 * DAY, email)
            by = self.chance.choice(SIDES)
            halves = self.chance.choice([{"moves": slot.name, "moved_by": by}, {}])
            self.book(new, **halves)
            if not halves or self.chance.random() < 0.5:
                move = {"slot": slot.name, "to": new.name, "by": by}
                self.tell(new.at, "meeting.move", move)
            slot = replace(new, person=slot.person)
        if self.chance.random() < 0.5:
            self.report_absent(slot, slot.start + HOUR)

    def tangled(self) -> None:
        """Up to six slots of up to three addresses, moved from any of them to any other."""
        slots: list[Slot] = []
        for number, letter in enumerate("uvwxyz"[: self.chance.randint(1, 6)]):
            # Of two in one instant only the service, with its secret, can tell the first.
            at = self.begin + self.chance.choice([0, 1, 5, 40, 95]) * DAY + number * INSTANT
            at += self.chance.randint(0, 5) * HOUR
            email = f"{self.chance.choice('abc')}@firm-{self.name}.example"
            ahead = self.chance.choice([HOUR, 3 * DAY, 8 * DAY])
            slots.append(self.book(self.slot(letter, at, ahead, email)))
        moves: dict[datetime, Document] = {}
        for _ in range(self.chance.randint(0, 4) if len(slots) > 1 else 0):
            old, new = self.chance.sample(slots, 2)
            at = self.chance.choice([new.at, old.start - HOUR, old.start + HOUR])
            move = {"slot": old.name, "to": new.name, "by": self.chance.choice(SIDES)}
            # Which of two moves in one instant came first nobody can know.
            moves.setdefault(at, move)
        for at, move in moves.items():
            self.tell(at, "meeting.move", move)
        for _ in range(self.chance.randint(0, 2)):
            slot = self.chance.choice(slots)
            cancel = {"slot": slot.name, "by": self.chance.choice(SIDES)}
            self.tell(slot.start + self.chance.choice([-HOUR, HOUR]), "meeting.cancel", cancel)

    def cancelled(self) -> None:
        slot = self.book_one()
        cancel = {"slot": slot.name, "by": self.chance.choice(SIDES)}
        self.tell(self.near(slot.start), "meeting.cancel", cancel)

    def excluded(self) -> None:
        slot = self.book_one()
        entry = self.chance.choice([slot.email, slot.email.partition("@")[2]])
        data = {"account": "acme", "entries": [entry, "nobody@else.example"]}
        late = self.chance.choice([timedelta(), 9 * DAY, 30 * DAY])
        self.tell(self.near(slot.at), "exclusions.add", data, late=late)

    def booked_again(self) -> None:
        first = self.book_one()
        for letter in "bc"[: self.chance.randint(1, 2)]:
            span = self.chance.choice([10 * DAY, 89 * DAY, 90 * DAY, 90 * DAY + INSTANT])
            again = self.book(self.slot(letter, first.at + span, DAY))
            if self.chance.random() < 0.4:
                self.report_absent(again, again.start + HOUR)
        if self.chance.random() < 0.4:
            self.report_absent(first, first.start + HOUR)

    def unassigned(self) -> None:
        slot = self.slot("a", self.begin, 2 * DAY)
        self.book(slot, order=None)
        self.book(replace(slot, at=slot.at + HOUR))

    def connected_late(self) -> None:
        """Two meetings of two addresses are billed, and turn out to be one."""
        first = self.book(self.slot("a", self.begin, DAY))
        other = self.book(self.slot("b", first.at + HOUR, 2 * DAY, f"b@firm-{self.name}.example"))
        move = {"slot": first.name, "to": other.name, "by": "prospect"}
        late = other.start + self.chance.choice([2 * DAY, 30 * DAY])
        line = Line(other.at, "appointments.meeting.move", move, OPERATOR, late)
        self.lines.append(line)

    def interrupted(self) -> None:
        received_at = self.begin + self.chance.choice([DAY, 40 * DAY, 50 * DAY])
        order = {"order": self.order, "account": "acme"}
        if self.chance.random() < 0.3:
            message = {"thread": self.name, "message": self.name, "text": "Please stop."}
            message |= {"channel": "email", "direction": "from_customer"}
            data = {**message, **order, "gives_notice": True}
            self.tell(received_at, "thread.message.record", data, CUSTOMER)
        else:
            notice = {**order, "received_at": received_at, "reason": "they wrote"}
            self.tell(received_at + HOUR, "order.interrupt", notice)
        for number, days in enumerate([0, 20, 60, 75, 100]):
            at = received_at + days * DAY
            who = f"{number}@firm-{self.name}.example"
            self.book(self.slot(f"{number}", at, DAY, who))

    def reported_by_a_stranger(self) -> None:
        slot = self.book_one()
        of = {"slot": slot.name, "account": "acme", "person": slot.person}
        absent = of | {"not_on_link": True, "not_reached_by_phone": True}
        stranger = {"role": "representative", "actor": "other/kim"}
        self.tell(slot.start + HOUR, "meeting.report_no_show", absent, stranger)


FAMILIES: Sequence[Callable[[Story], None]] = (
    Story.attended,
    Story.absent,
    Story.absent,
    Story.absent_at_the_last_moment,
    Story.off_target,
    Story.off_target,
    Story.rescheduled,
    Story.rescheduled,
    Story.tangled,
    Story.tangled,
    Story.cancelled,
    Story.excluded,
    Story.booked_again,
    Story.unassigned,
    Story.connected_late,
    Story.interrupted,
    Story.interrupted,
    Story.reported_by_a_stranger,
)


def prologue(chance: random.Random) -> Iterator[tuple[str, Document]]:
    """An account, and all that its orders need before they are accepted and write to anybody."""
    zone = chance.choice(ZONES)
    yield "billing.account.put", {"account": "acme", "currency": "USD", "time_zone": zone}
    days = {"weekdays": ["monday", "tuesday", "thursday", "saturday"], "time_zone": zone}
    if chance.random() < 0.5:
        holidays = ["2026-03-10", "2026-03-17"]
        yield "appointments.business_days.put", {"id": "house", "holidays": holidays, **days}
    for order, month in ORDERS.items():
        wanted = {"company_size": {"intervals": [{"min": 100, "max": 1000}]}}
        put = {"order": order, "account": "acme", "criteria": wanted, "wanted_per_month": 50}
        put |= {"interruption_month": month, "price_minor": 4000, "currency": "USD"}
        yield "appointments.order.put", put
        step = {"name": "first", "subject": "Ten minutes?", "body": "Here is my calendar."}
        prepared = {"order": order, "brief": "directors", "steps": [step]}
        yield "appointments.preparation.put", prepared
        valid = {"order": order, "step": "first", "to": "validated"}
        yield "appointments.preparation.step", valid
        checks = ["warm_up", "cname", "spf", "dkim", "dmarc"]
        domain = {"order": order, "domain": "meet.example", "done": checks}
        yield "appointments.preparation.domain", domain


def acceptances() -> Iterator[Line]:
    for order in ORDERS:
        accepts = {"order": order, "account": "acme", "version": 1}
        for who in (OPERATOR, CUSTOMER):
            yield Line(EPOCH, "appointments.order.accept", accepts, who, EPOCH)


def first_emails(chance: random.Random) -> Iterator[Line]:
    for order in ORDERS:
        email = {"order": order, "domain": "meet.example", "step": "first"}
        at = chance.choice(FIRST_EMAILS)
        data = {**email, "has_scheduling_link": True}
        yield Line(at, "appointments.email.request", data, OPERATOR, at)


def lines(chance: random.Random) -> list[Line]:
    """In the order in which they are told; some twice."""
    told: list[Line] = []
    for number in range(chance.randint(*STORIES)):
        story = Story(chance, f"s{number}", EPOCH + chance.randint(24, 60 * 24) * HOUR)
        chance.choice(FAMILIES)(story)
        told += story.lines
    again = chance.sample(told, len(told) // 3)
    told += [replace(line, told_at=line.told_at + 2 * HOUR) for line in again]
    return sorted([*told, *first_emails(chance)], key=lambda line: line.told_at)
