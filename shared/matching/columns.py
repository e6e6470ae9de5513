"""One criterion of many profiles at once: which of them does this subject meet?

A column holds at most one criterion of each profile, all of one kind and about one attribute. It
answers with the mask of the slots that pass. A profile that has no criterion in the column passes.

A column is changed by flipping: the same criteria at the same slots, once more, take out what they
put in.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import and_, or_
from typing import Protocol

from shared.matching.masks import flip, mask
from shared.matching.profiles import NOTHING, Criterion, Span, Subject, Terms, Within, union

Placed = tuple[int, Criterion]
"""A criterion, and the slot of its profile."""


class Column(Protocol):
    """Slotted: there are thousands of columns, and each is looked up in cold memory."""

    open: int
    """Those that pass whatever the subject has here; among them all without a criterion."""

    def passing(self, subject: Subject) -> int: ...

    def open_to(self, flipped: int) -> None:
        """Flips slots that have no criterion here, or none yet."""

    def flip(self, placed: Sequence[Placed]) -> None: ...


class TermsColumn:
    """By term, whom it changes: those it lets in, since they want it, and those it keeps out.

    Of the open ones a term can only keep out, of the others only let in. So one mask says both, and
    most often, when the subject has one term, the answer is one operation. A term that nobody names
    needs no mask.
    """

    __slots__ = ("_attribute", "_changed", "_excluded", "open")

    def __init__(self, attribute: str, everyone: int) -> None:
        self.open = everyone
        self._attribute = attribute
        self._changed: dict[str, int] = {}
        self._excluded: dict[str, int] | None = None
        """Most columns are without."""

    def passing(self, subject: Subject) -> int:
        terms = subject.terms.get(self._attribute, NOTHING)
        found, changed = self.open, self._changed
        if len(terms) == 1:
            (term,) = terms
            return found ^ changed[term] if term in changed else found
        for term in terms:
            if term in changed:
                found |= changed[term]
        if excluded := self._excluded:
            for term in terms:
                if term in excluded:
                    found ^= found & excluded[term]
        return found

    def open_to(self, flipped: int) -> None:
        self.open ^= flipped

    def flip(self, placed: Sequence[Placed]) -> None:
        changed: dict[str, list[int]] = defaultdict(list)
        excluded: dict[str, list[int]] = defaultdict(list)
        choosing: list[int] = []
        for slot, criterion in placed:
            assert isinstance(criterion, Terms)
            lets_in = (
                NOTHING if criterion.allowed is None else criterion.allowed - criterion.excluded
            )
            keeps_out = criterion.excluded if criterion.allowed is None else NOTHING
            if criterion.allowed is not None:
                choosing.append(slot)
            for term in lets_in or keeps_out:
                changed[term].append(slot)
            for term in criterion.excluded:
                excluded[term].append(slot)
        self.open ^= mask(choosing)
        flip(self._changed, changed)
        if excluded:
            self._excluded = self._excluded or {}
            flip(self._excluded, excluded)


class SpansColumn:
    """The line of numbers, cut wherever a span begins or has ended; by piece, who covers it.

    Every profile covers a piece wholly or not at all. So a number known as an interval lies within
    a profile's spans if the profile covers all the pieces that the interval touches, and wholly
    outside if it covers none.
    """

    __slots__ = ("_attribute", "_covering", "_cuts", "_lenient", "open")

    def __init__(self, attribute: str, everyone: int) -> None:
        self.open = everyone
        self._attribute = attribute
        self._cuts: list[int] = []
        self._covering = [everyone]
        """One more than cuts: piece n lies between cuts n - 1 and n. The open ones cover all."""
        self._lenient = everyone

    def passing(self, subject: Subject) -> int:
        number = subject.spans.get(self._attribute)
        if number is None:
            return self._lenient
        cuts = self._cuts
        first = bisect_right(cuts, number.min)
        if first == len(cuts) or (number.max is not None and number.max < cuts[first]):
            return self._covering[first]
        touched = self._covering[first : self._last_piece(number) + 1]
        return reduce(and_, touched) | (self._lenient & reduce(or_, touched))

    def open_to(self, flipped: int) -> None:
        self.open ^= flipped
        self._lenient ^= flipped
        self._covering = [covering ^ flipped for covering in self._covering]

    def _last_piece(self, span: Span) -> int:
        return len(self._cuts) if span.max is None else bisect_right(self._cuts, span.max)

    def flip(self, placed: Sequence[Placed]) -> None:
        lenient: list[int] = []
        covering: dict[Span, list[int]] = defaultdict(list)
        for slot, criterion in placed:
            assert isinstance(criterion, Within)
            if criterion.unknown_passes:
                lenient.append(slot)
            for span in union(criterion.spans):
                covering[span].append(slot)
        self.open_to(mask([slot for slot, _ in placed]))
        self._lenient ^= mask(lenient)
        for span, slots in covering.items():
            self._cover(span, mask(slots))
        self._join()

    def _cover(self, span: Span, flipped: int) -> None:
        self._cut(span.min)
        if span.max is not None:
            self._cut(span.max + 1)
        first = bisect_right(self._cuts, span.min)
        for piece in range(first, self._last_piece(span) + 1):
            self._covering[piece] ^= flipped

    def _cut(self, at: int) -> None:
        piece = bisect_left(self._cuts, at)
        if self._cuts[piece : piece + 1] != [at]:
            self._cuts.insert(piece, at)
            self._covering.insert(piece, self._covering[piece])

    def _join(self) -> None:
        """Neighbours that the same profiles cover are one piece, so that no cut stays for ever."""
        pieces = list(zip([None, *self._cuts], self._covering, strict=True))
        kept = [pieces[0], *(after for before, after in pairwise(pieces) if before[1] != after[1])]
        self._cuts = [cut for cut, _ in kept if cut is not None]
        self._covering = [covering for _, covering in kept]
