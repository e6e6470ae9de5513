"""The criteria of many profiles, turned on their side: by criterion instead of by profile.

Every profile has a slot. What is asked of all profiles at once is asked column by column, as one
operation on the masks of all slots. Lists are not known here: too many profiles have one of their
own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from shared.matching.columns import Column, Placed, SpansColumn, TermsColumn
from shared.matching.masks import mask, slots
from shared.matching.profiles import Criterion, Listed, Subject, Terms, Within

Criteria = Sequence[Criterion]


class Place(NamedTuple):
    """Which column a criterion is in. A profile's second one about an attribute is in another."""

    kind: type[Terms] | type[Within]
    attribute: str
    number: int


def places(criteria: Iterable[Criterion]) -> Iterator[tuple[Place, Criterion]]:
    taken: Counter[tuple[type, str]] = Counter()
    for criterion in criteria:
        if not isinstance(criterion, Listed):
            kind = type(criterion)
            number = taken[kind, criterion.attribute]
            taken[kind, criterion.attribute] += 1
            yield Place(kind, criterion.attribute, number), criterion


class Index:
    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._ids: list[str] = []
        self._free: list[int] = []
        self._everyone = 0
        self._columns: dict[Place, Column] = {}
        self._most_selective_first: list[tuple[Place, Column]] = []

    def __len__(self) -> int:
        return len(self._slots)

    def passing(self, subject: Subject) -> list[str]:
        """The ids of those whose every criterion is met."""
        found = self._everyone
        for _, column in self._most_selective_first:
            found &= column.passing(subject)
            if not found:
                return []
        return [self._ids[slot] for slot in slots(found)]

    def nearly_passing(self, subject: Subject) -> tuple[list[str], list[tuple[str, Place]]]:
        """The ids of those whose every criterion is met; and of those where one fails, and which.

        Failures are counted for all slots at once, to two and no further.
        """
        none_fails = at_most_one = self._everyone
        answers = []
        for place, column in self._most_selective_first:
            passing = column.passing(subject)
            at_most_one = none_fails | (at_most_one & passing)
            none_fails &= passing
            answers.append((place, passing))
        one_fails = at_most_one ^ none_fails
        near = [
            (self._ids[slot], place)
            for place, passing in answers
            for slot in slots(one_fails & ~passing)
        ]
        return [self._ids[slot] for slot in slots(none_fails)], near

    def put(self, added: Mapping[str, Criteria]) -> None:
        for id in added:
            self._slots[id] = self._slot(id)
        self._flip(added)

    def drop(self, removed: Mapping[str, Criteria]) -> None:
        """With the same criteria that were put."""
        self._flip(removed)
        for id in removed:
            self._free.append(self._slots.pop(id))

    def _slot(self, id: str) -> int:
        if self._free:
            slot = self._free.pop()
            self._ids[slot] = id
            return slot
        self._ids.append(id)
        return len(self._ids) - 1

    def _flip(self, changed: Mapping[str, Criteria]) -> None:
        flipped = mask([self._slots[id] for id in changed])
        self._everyone ^= flipped
        for column in self._columns.values():
            column.open ^= flipped
        by_place: dict[Place, list[Placed]] = defaultdict(list)
        for id, criteria in changed.items():
            for place, criterion in places(criteria):
                by_place[place].append((self._slots[id], criterion))
        for place, placed in by_place.items():
            self._column(place).flip(placed)
        self._most_selective_first = sorted(
            self._columns.items(), key=lambda item: item[1].open.bit_count()
        )

    def _column(self, place: Place) -> Column:
        if place not in self._columns:
            kind = TermsColumn if place.kind is Terms else SpansColumn
            self._columns[place] = kind(place.attribute, self._everyone)
        return self._columns[place]
