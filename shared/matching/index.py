"""The criteria of many profiles, turned on their side: by criterion instead of by profile.

Every profile has a slot. What is asked of all profiles at once is asked column by column, as one
operation on the masks of all slots. Lists are not known here: too many profiles have one of their
own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, count
from typing import NamedTuple

from shared.matching.columns import Column, Placed, SpansColumn, TermsColumn
from shared.matching.masks import mask, slots
from shared.matching.profiles import Criterion, Listed, Profile, Subject, Terms, Within

Criteria = Sequence[Criterion]


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A profile as all indexes know it, with what none of them decides."""

    id: str
    profile: Profile
    listed: tuple[Listed, ...]


NOBODY = Member("", Profile("", ()), ())
"""Where a slot is free."""


class Place(NamedTuple):
    """Which column a criterion is in. A profile's second one about an attribute is in another."""

    kind: type[Terms] | type[Within]
    attribute: str
    number: int


_PLACES: dict[Place, Place] = {}
"""Each once for all indexes, of which there are hundreds."""


def places(criteria: Iterable[Criterion]) -> Iterator[tuple[Place, Criterion]]:
    taken: Counter[tuple[type, str]] = Counter()
    for criterion in criteria:
        if not isinstance(criterion, Listed):
            kind = type(criterion)
            number = taken[kind, criterion.attribute]
            taken[kind, criterion.attribute] += 1
            place = Place(kind, criterion.attribute, number)
            yield _PLACES.setdefault(place, place), criterion


def criterion_at(place: Place, criteria: Criteria) -> Criterion:
    kind, attribute, number = place
    for criterion in criteria:
        if criterion.attribute == attribute and type(criterion) is kind:
            if not number:
                return criterion
            number -= 1
    raise KeyError(place)


class Index:
    __slots__ = ("_columns", "_everyone", "_free", "_members")

    def __init__(self) -> None:
        self._members: list[Member] = []
        self._free: list[int] = []
        self._everyone = 0
        self._columns: dict[Place, Column] = {}
        """The most selective first."""

    def __len__(self) -> int:
        return len(self._members) - len(self._free)

    def passing(self, subject: Subject) -> list[Member]:
        """Those whose every criterion is met, but for lists."""
        found = self._everyone
        for column in self._columns.values():
            found &= column.passing(subject)
            if not found:
                return []
        return self._at(found)

    def nearly_passing(self, subject: Subject) -> tuple[list[Member], dict[Place, list[Member]]]:
        """Those whose every criterion is met, but for lists; and by place, those that fail there
        and nowhere else.

        Failures are counted for all slots at once, to two and no further.
        """
        none_fails = at_most_one = self._everyone
        answers = []
        for place, column in self._columns.items():
            passing = column.passing(subject)
            at_most_one = none_fails | (at_most_one & passing)
            none_fails &= passing
            answers.append((place, passing))
        one_fails = at_most_one ^ none_fails
        failing = {place: self._at(one_fails ^ (one_fails & passing)) for place, passing in answers}
        return self._at(none_fails), failing

    def put(self, added: Mapping[Member, Criteria]) -> None:
        self._flip({self._slot(member): criteria for member, criteria in added.items()})

    def drop(self, removed: Mapping[Member, Criteria]) -> None:
        """With the same criteria that were put."""
        freed = list(compress(count(), map(removed.__contains__, self._members)))
        self._flip({slot: removed[self._members[slot]] for slot in freed})
        for slot in freed:
            self._members[slot] = NOBODY
        self._free += freed

    def _at(self, mask: int) -> list[Member]:
        members = self._members
        return [members[slot] for slot in slots(mask)] if mask else []

    def _slot(self, member: Member) -> int:
        if self._free:
            slot = self._free.pop()
            self._members[slot] = member
            return slot
        self._members.append(member)
        return len(self._members) - 1

    def _flip(self, changed: Mapping[int, Criteria]) -> None:
        flipped = mask(changed)
        self._everyone ^= flipped
        for column in self._columns.values():
            column.open_to(flipped)
        by_place: dict[Place, list[Placed]] = defaultdict(list)
        for slot, criteria in changed.items():
            for place, criterion in places(criteria):
                by_place[place].append((slot, criterion))
        fresh = {place: self._column(place) for place in by_place if place not in self._columns}
        columns = self._columns | fresh
        for place, placed in by_place.items():
            columns[place].flip(placed)
        self._columns = dict(sorted(columns.items(), key=_openness))

    def _column(self, place: Place) -> Column:
        kind = TermsColumn if place.kind is Terms else SpansColumn
        return kind(place.attribute, self._everyone)


def _openness(placed: tuple[Place, Column]) -> int:
    return placed[1].open.bit_count()
