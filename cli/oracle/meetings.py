"""Is a meeting billed, and if not, why? Judged anew from what was told of it, by code that shares
nothing with the services', so that both would have to be wrong in the same way.

It asks instead of telling a story: which slot stood at an instant, was a report accepted, when did
trying to reach somebody end. Each answer follows from what was told alone. Where several reasons
hold it knows them all, and each is a right one to name.

Of what is told of one instant a new time comes first: it is what stands then. What ends a meeting
at an instant ends it for what comes after.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cli.oracle.evidence import Document

DAY = timedelta(hours=24)
DECIDED_AFTER = timedelta(minutes=5)
REBOOKING = 14 * DAY
ATTEMPTS = 3
AFTER_INTERRUPTION = 30 * DAY
FOLLOW_UP = 90 * DAY
NEVER = datetime.min.replace(tzinfo=UTC)
EVER = datetime.max.replace(tzinfo=UTC)
WHILE_OPEN = {"off_target": "under_review", "no_show": "reported_absent"}
"""What a reason is called as long as it may yet come to nothing."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a meeting has to be found to be."""

    id: str
    slots: frozenset[str]
    current: str
    first_booked: datetime
    state: str
    reasons: Mapping[str, datetime]
    """All that hold for this state, each with its instant: since when it stands or, of what is
    open, when it is decided if nothing comes before."""
    charged_instead: str | None = None


def judge_all(
    told: Iterable[Document], now: datetime, follow_up: timedelta = FOLLOW_UP
) -> list[Judged]:
    """The meetings of a person with a customer. Each thing told has a `kind` and the fields of
    that kind, and is of no later than now."""
    known = list(told)
    return without_follow_ups([judge(each, known, now) for each in meetings(known)], follow_up)


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """What was told of slots that are one meeting; at least one of them was booked."""

    told: Sequence[Document]
    took_effect: dict[str, bool] = field(default_factory=dict)
    """Kept by slots and instant of a move, since it is asked again and again."""

    def of(self, kind: str, slot: str | None = None) -> list[Document]:
        found = [each for each in self.told if each["kind"] == kind]
        return sorted((each for each in found if slot in (None, each["slot"])), key=when)

    @property
    def first(self) -> Document:
        return min(self.of("booked"), key=lambda slot: (slot["at"], slot["slot"]))

    def start(self, slot: str) -> datetime:
        found: datetime = self.of("booked", slot)[0]["start"]
        return found

    def stood(self, at: datetime, including: bool = True) -> str:
        """The slot whose clock ran: the one of the last move that counts, or the first of all.
        Without `including`, what was moved at that very instant had not been moved yet."""
        move = self.last_move(at, including)
        return str(move["to"] if move else self.first["slot"])

    def last_move(self, at: datetime, including: bool = True) -> Document | None:
        for move in reversed(self.of("moved")):
            is_past = move["at"] < at or (including and move["at"] == at)
            if is_past and self.counts(move):
                return move
        return None

    def stands_since(self, before: datetime) -> datetime:
        """Since when the slot that stood then had stood; a first one always had."""
        move = self.last_move(before, including=False)
        return move["at"] if move else NEVER

    def counts(self, move: Document) -> bool:
        """APT-09, APT-10: whether it moved the clock, or the new slot is linked and no more."""
        if not self.of("booked", move["to"]):
            return False
        key = f"{move['slot']} {move['to']} {move['at'].isoformat()}"
        if key not in self.took_effect:
            self.took_effect[key] = self._may_move(move)
        return self.took_effect[key]

    def _may_move(self, move: Document) -> bool:
        old = self.stood(move["at"], including=False)
        if move["to"] == old:
            return False
        if move["at"] < self.start(old):
            return True
        if move["by"] == "customer":
            return False
        if move["by"] != "team" and move["at"] < self.start(old) + DAY:
            return True
        report = self.absence(old, before=move["at"])
        if report is None or move["at"] > self.given_up(report):
            return False
        withdrawn = self.withdrawn(report)
        return withdrawn is None or move["at"] <= withdrawn

    def off_target(self) -> list[Document]:
        """APT-03: the reports that were accepted."""
        found = (self.off_target_of(slot["slot"]) for slot in self.of("booked"))
        return [report for report in found if report]

    def off_target_of(self, slot: str) -> Document | None:
        """The first that was made in time; a slot is reported once."""
        in_time = (
            report
            for report in self.of("off_target", slot)
            if report["at"] < self.start(slot) and self.stood(report["at"]) == slot
        )
        return next(in_time, None)

    def absence(self, slot: str, before: datetime = EVER) -> Document | None:
        """APT-08: the report that the other side did not come to the slot that stands, if one was
        accepted."""
        start = self.start(slot)
        in_time = (
            report
            for report in self.of("absent", slot)
            if start <= report["at"] < min(start + DAY, before) and self.stood(report["at"]) == slot
        )
        report = None if self.off_target_of(slot) else next(in_time, None)
        return report if report and report["at"] >= self.stands_since(before) else None

    def given_up(self, report: Document) -> datetime:
        """APT-09: when it is final that who was reported absent gets no new time."""
        end: datetime = report["at"] + REBOOKING
        calls = [
            call for call in self.of("called", report["slot"]) if report["at"] <= call["at"] <= end
        ]
        given_up = [call["at"] for call in calls if call["gave_up"]]
        attempts = {call["id"]: call["at"] for call in reversed(calls)}
        given_up += sorted(attempts.values())[ATTEMPTS - 1 : ATTEMPTS]
        return min(end, *given_up) if given_up else end

    def withdrawn(self, report: Document) -> datetime | None:
        """APT-08: until the report is final the customer may take it back."""
        end = self.given_up(report)
        found = (
            each["at"]
            for each in self.of("withdrew")
            if each["report"] == report["id"] and report["at"] <= each["at"] < end
        )
        return next(found, None)

    def review(self, report: Document) -> tuple[bool, datetime]:
        """APT-07: whether it was upheld, and since when; nobody's decision is one for the
        customer."""
        end: datetime = report["decided_until"]
        decided = [
            each
            for each in self.of("reviewed")
            if each["report"] == report["id"] and report["at"] <= each["at"] < end
        ]
        return (decided[0]["is_upheld"], decided[0]["at"]) if decided else (True, end)

    def cancelled_at(self, slot: str) -> datetime | None:
        """APT-12: the prospect did it before the start, and not the platform, which does so when a
        report is filed."""
        report = self.off_target_of(slot)
        until = report["at"] if report else self.start(slot)
        found = (
            each["at"]
            for each in self.of("cancelled", slot)
            if each["by"] == "prospect"
            and self.stands_since(EVER) <= each["at"] < until
            and self.stood(each["at"]) == slot
        )
        return next(found, None)


def meetings(told: Sequence[Document]) -> list[Meeting]:
    """APT-02: slots that moves connect. APT-09: not by those that were made after somebody had been
    given up; such a booking begins a meeting of its own."""
    of_slots = [each for each in told if "slot" in each and each["kind"] != "moved"]
    joining: list[Document] = []
    for move in moves(told):
        if not has_ended(meeting_of(move["slot"], joining, of_slots), move["at"]):
            joining.append(move)
    booked = {each["slot"] for each in of_slots if each["kind"] == "booked"}
    found: dict[str, Meeting] = {}
    for slot in sorted(booked):
        meeting = meeting_of(slot, joining, of_slots)
        found.setdefault(meeting.first["slot"], meeting)
    return list(found.values())


def meeting_of(slot: str, joining: Iterable[Document], told: Iterable[Document]) -> Meeting:
    """All that was told of it and of the slots that moves connect with it."""
    slots, pairs = {slot}, [{move["slot"], move["to"]} for move in joining]
    while more := {name for pair in pairs if pair & slots for name in pair} - slots:
        slots |= more
    return Meeting([each for each in (*told, *joining) if each["slot"] in slots])


def moves(told: Iterable[Document]) -> list[Document]:
    """Both sides of a calendar tell of one, and one of them may not know by whom it was made."""
    halves: dict[tuple[str, str], list[Document]] = {}
    for each in sorted((each for each in told if each["kind"] == "moved"), key=when):
        halves.setdefault((each["slot"], each["to"]), []).append(each)
    return sorted((both[0] | {"by": moved_by(both)} for both in halves.values()), key=when)


def moved_by(halves: Iterable[Document]) -> str:
    """Who differs later does not count; at once, what keeps the meeting from being billed does."""
    known = [each for each in halves if each["by"] != "unknown"]
    earliest = min((each["at"] for each in known), default=None)
    first = {each["by"] for each in known if each["at"] == earliest}
    return next((side for side in ("prospect", "team", "customer") if side in first), "unknown")


def has_ended(meeting: Meeting, at: datetime) -> bool:
    """Whether before that instant it was final that nobody came and no new time is looked for."""
    if not meeting.of("booked"):
        return False
    report = meeting.absence(meeting.stood(at, including=False), before=at)
    if report is None or meeting.withdrawn(report) is not None:
        return False
    return meeting.given_up(report) < at


def judge(meeting: Meeting, told: Iterable[Document], now: datetime) -> Judged:
    """Without regard to other meetings."""
    current, due = meeting.stood(now), billable_at(meeting, meeting.stood(now))
    against = dict(never_billed(meeting, told, current))
    final = {code: at for code, at in against.items() if at <= now}
    waiting = {WHILE_OPEN[code]: at for code, at in against.items() if at > now}
    decided = max(due, meeting.start(current) + DAY + DECIDED_AFTER)
    if final:
        state, reasons = "not_billable", final
    elif waiting:
        state, reasons = "open", waiting
    else:
        state, reasons = "billable" if decided <= now else "open", {"due": due}
    first, slots = meeting.first, frozenset(each["slot"] for each in meeting.of("booked"))
    return Judged(first["slot"], slots, current, first["at"], state, reasons)


def never_billed(
    meeting: Meeting, told: Iterable[Document], current: str
) -> Iterator[tuple[str, datetime]]:
    """APT-13, as far as a meeting's own reasons go, and since when each stands; what lies ahead may
    yet come to nothing."""
    first = meeting.first
    for each in told:
        if each["kind"] == "excluded" and each["at"] <= first["at"]:
            yield "excluded", first["at"]
        is_of_order = each["kind"] == "interrupted" and each["order"] == first["order"]
        if is_of_order and first["at"] > each["at"] + AFTER_INTERRUPTION:
            yield "interrupted", first["at"]
    reviews = map(meeting.review, meeting.off_target())
    if upheld := [at for is_upheld, at in reviews if is_upheld]:
        yield "off_target", min(upheld)
    report = meeting.absence(current)
    if report and meeting.withdrawn(report) is None:
        yield "no_show", meeting.given_up(report)
    if cancelled := meeting.cancelled_at(current):
        yield "cancelled", cancelled


def billable_at(meeting: Meeting, current: str) -> datetime:
    """A day after the start, or when a report was rejected or taken back, if that is later."""
    reviews = map(meeting.review, meeting.off_target())
    rejected = [at for is_upheld, at in reviews if not is_upheld]
    report = meeting.absence(current)
    withdrawn = report and meeting.withdrawn(report)
    return max([meeting.start(current) + DAY, *rejected, *([withdrawn] if withdrawn else [])])


def without_follow_ups(alone: Iterable[Judged], within: timedelta) -> list[Judged]:
    """APT-13: of meetings that were first booked close to each other the earliest billable is
    charged, then the earliest booked, and no other."""
    charged: list[Judged] = []
    found: list[Judged] = []
    for each in sorted(alone, key=precedence):
        close = [one for one in charged if abs(one.first_booked - each.first_booked) <= within]
        if each.state == "billable" and close:
            follow_up = {"follow_up": each.reasons["due"]}
            found.append(
                replace(each, state="not_billable", reasons=follow_up, charged_instead=close[0].id)
            )
        else:
            found.append(each)
            charged += [each] if each.state == "billable" else []
    return found


def precedence(each: Judged) -> tuple[datetime, datetime, str]:
    return min(each.reasons.values()), each.first_booked, each.id


def when(each: Document) -> tuple[datetime, str]:
    return each["at"], str(each.get("id", ""))
