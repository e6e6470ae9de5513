"""Long lists of terms, each kept once, however many profiles name it.

A list of a hundred thousand domains as a set of texts takes megabytes. Here a term is written down
once for all lists, and a list is a bitmap of the terms' numbers: two to four bytes an entry.
"""

from collections.abc import Iterable, Sequence

from pyroaring import BitMap

from shared.matching.names import Names


class Lists:
    def __init__(self) -> None:
        self._terms = Names()
        self._lists: dict[str, BitMap] = {}

    def put(self, name: str, entries: Iterable[str]) -> None:
        """Under a known name, replaces what is there, at once for whoever reads meanwhile."""
        fresh = BitMap(self._terms.use(set(entries)))
        fresh.shrink_to_fit()
        before, self._lists[name] = self._lists.get(name, ()), fresh
        # Only after the new list uses its terms: what is on both lists is not forgotten meanwhile.
        self._terms.release(before)

    def has(self, name: str, terms: Iterable[str]) -> bool:
        """A list that is not known contains nothing."""
        return self.have((name,), terms)

    def have(self, names: Sequence[str], terms: Iterable[str]) -> bool:
        """Whether one of the lists has one of the terms."""
        for term in terms:
            number = self._terms.number(term)
            # Of most terms no list has ever heard.
            if number is not None:
                for name in names:
                    if number in self._lists.get(name, ()):
                        return True
        return False


class ChangedList(Lists):
    """All lists as they are, but one of them as it would be with other entries."""

    def __init__(
        self, lists: Lists, name: str, added: frozenset[str], removed: frozenset[str]
    ) -> None:
        self._before = lists
        self._name = name
        self._added = added
        self._removed = removed

    def have(self, names: Sequence[str], terms: Iterable[str]) -> bool:
        terms = list(terms)
        others = [name for name in names if name != self._name]
        if len(others) < len(names):
            kept = [term for term in terms if term not in self._removed]
            if not self._added.isdisjoint(terms) or self._before.has(self._name, kept):
                return True
        return self._before.have(others, terms)
