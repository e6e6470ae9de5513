"""Which slots are one meeting: those that moves connect, whoever told of them, in which order, and
by the link of whichever of its slots (APT-02)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.appointments.meetings.facts import (
    Booked,
    Called,
    Cancelled,
    Fact,
    Moved,
    OfMeeting,
    ReportedAbsent,
    ReportedOffTarget,
    Reviewed,
    Side,
    WithdrewReport,
)

IN_ONE_INSTANT: Sequence[type[OfMeeting]] = (
    Booked,
    Moved,
    ReportedOffTarget,
    ReportedAbsent,
    Called,
    WithdrewReport,
    Reviewed,
    Cancelled,
)
"""The order of what happened at the same time: a new time holds from its instant on, a report comes
before the cancellation that it brings about, and what a call makes final is not withdrawn."""

SIDES: Sequence[Side] = ("prospect", "team", "customer")


@dataclass(frozen=True, slots=True)
class Chain:
    """One meeting through all its times."""

    slots: Mapping[str, Booked]
    course: Sequence[OfMeeting]
    """What is known of it, in the order in which it happened."""

    @property
    def first(self) -> Booked:
        """Its earliest booking: order, price and criteria are that one's."""
        return min(self.slots.values(), key=lambda slot: (slot.at, slot.slot))

    @property
    def id(self) -> str:
        """What was known under the id of another of its slots leads here."""
        return self.first.slot


def course_of(facts: Iterable[Fact]) -> list[OfMeeting]:
    """What is known of slots, in the order in which it happened."""
    known = {fact for fact in facts if isinstance(fact, OfMeeting)}
    others = (fact for fact in known if not isinstance(fact, Moved))
    return sorted([*_moves(known), *others], key=_place)


def chains(course: Collection[OfMeeting], joining: Iterable[Moved]) -> Mapping[str, Chain]:
    """By each slot of which something is known the meeting that it is of, perhaps without a booking
    yet. A move that does not join is of the meeting that it leaves."""
    heads = _heads(joining)
    courses: dict[str, list[OfMeeting]] = defaultdict(list)
    for fact in course:
        courses[heads.get(fact.slot, fact.slot)].append(fact)
    found = {head: Chain(_bookings(together), together) for head, together in courses.items()}
    return {fact.slot: found[heads.get(fact.slot, fact.slot)] for fact in course}


def _bookings(course: Iterable[OfMeeting]) -> Mapping[str, Booked]:
    """Each slot once: the first counts."""
    found: dict[str, Booked] = {}
    for fact in course:
        if isinstance(fact, Booked):
            found.setdefault(fact.slot, fact)
    return found


def _place(fact: OfMeeting) -> tuple[object, ...]:
    return fact.at, IN_ONE_INSTANT.index(type(fact)), repr(fact)


def _moves(known: Collection[OfMeeting]) -> Iterator[Moved]:
    """Each once: both sides of a calendar tell it, and one of them may not know by whom. Where both
    know and differ, the first counts; in one instant the prospect, then the team."""
    told: dict[tuple[str, str], list[Moved]] = defaultdict(list)
    for fact in sorted((fact for fact in known if isinstance(fact, Moved)), key=_place):
        told[fact.slot, fact.to].append(fact)
    for halves in told.values():
        known_by = min(
            ((half.at, SIDES.index(half.by)) for half in halves if half.by in SIDES), default=None
        )
        yield replace(halves[0], by=SIDES[known_by[1]]) if known_by else halves[0]


def _heads(moves: Iterable[Moved]) -> dict[str, str]:
    """By slot, one that stands for all that moves connect with it."""
    connected: dict[str, set[str]] = {}
    for move in moves:
        both = connected.get(move.slot, {move.slot}) | connected.get(move.to, {move.to})
        connected |= dict.fromkeys(both, both)
    return {slot: min(together) for slot, together in connected.items()}
