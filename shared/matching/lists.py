"""Long lists of terms, each kept once, however many profiles name it.

A list of a hundred thousand domains as a set of texts takes megabytes. Here a term is written down
once for all lists, and a list is a bitmap of the terms' numbers: two to four bytes an entry.
"""

from collections.abc import Iterable

from pyroaring import BitMap

from shared.matching.names import Names


class Lists:
    def __init__(self) -> None:
        self._terms = Names()
        self._lists: dict[str, BitMap] = {}

    def put(self, name: str, entries: Iterable[str]) -> None:
        """Under a known name, replaces what is there."""
        fresh = BitMap(self._terms.use(set(entries)))
        fresh.shrink_to_fit()
        # Only after the new list uses its terms: what is on both lists is not forgotten meanwhile.
        self.drop(name)
        self._lists[name] = fresh

    def drop(self, name: str) -> None:
        self._terms.release(self._lists.pop(name, ()))

    def has(self, name: str, terms: Iterable[str]) -> bool:
        """A list that is not known contains nothing."""
        return self.have((name,), self.of(terms))

    def of(self, terms: Iterable[str]) -> list[int]:
        """The numbers of those terms that stand on any list, for `have`."""
        return self._terms.known(terms)

    def have(self, names: Iterable[str], numbers: list[int]) -> bool:
        """Whether one of the lists has one of the terms."""
        if not numbers:
            return False
        for name in names:
            entries = self._lists.get(name, ())
            for number in numbers:
                if number in entries:
                    return True
        return False
