"""Which slots are one meeting: those that moves connect, whoever told of them and in which order
(APT-02)."""

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
    WithdrewReport,
)

IN_ONE_INSTANT: Sequence[type[OfMeeting]] = (
    Booked,
    Moved,
    ReportedOffTarget,
    ReportedAbsent,
    WithdrewReport,
    Called,
    Reviewed,
    Cancelled,
)
"""The order of what happened at the same time: a report comes before the cancellation that it
brings about."""


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


def chains(facts: Iterable[Fact]) -> list[Chain]:
    """The meetings of which a booking is known; other facts wait for theirs."""
    known = {fact for fact in facts if isinstance(fact, OfMeeting)}
    moves = list(_moves(known))
    heads = _heads(moves)
    slots: dict[str, dict[str, Booked]] = defaultdict(dict)
    course: dict[str, list[OfMeeting]] = defaultdict(list)
    others = (fact for fact in known if not isinstance(fact, Moved))
    for fact in sorted([*moves, *others], key=_place):
        head = heads.get(fact.slot, fact.slot)
        course[head].append(fact)
        if isinstance(fact, Booked):
            slots[head].setdefault(fact.slot, fact)
    return [Chain(slots[head], course[head]) for head in slots]


def _place(fact: OfMeeting) -> tuple[object, ...]:
    return fact.at, IN_ONE_INSTANT.index(type(fact)), repr(fact)


def _moves(known: Collection[OfMeeting]) -> Iterator[Moved]:
    """Each once: both sides of a calendar tell it, and one of them may not know by whom."""
    told: dict[tuple[str, str], list[Moved]] = defaultdict(list)
    for fact in sorted((fact for fact in known if isinstance(fact, Moved)), key=_place):
        told[fact.slot, fact.to].append(fact)
    for halves in told.values():
        known_by = [half.by for half in halves if half.by != "unknown"]
        yield replace(halves[0], by=known_by[0]) if known_by else halves[0]


def _heads(moves: Iterable[Moved]) -> dict[str, str]:
    """By slot, one that stands for all that moves connect with it."""
    connected: dict[str, set[str]] = {}
    for move in moves:
        both = connected.get(move.slot, {move.slot}) | connected.get(move.to, {move.to})
        connected |= dict.fromkeys(both, both)
    return {slot: min(together) for slot, together in connected.items()}
