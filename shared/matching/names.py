"""Numbers for names, so that a set of names can be kept as a set of small numbers.

A name keeps its number as long as anybody uses it. What nobody uses any more is forgotten, and its
number given to another: lists are replaced every day, and the table must not remember all of them.
"""

from array import array
from collections.abc import Iterable


class Names:
    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.number = self._numbers.get
        """Of a name that is in use; otherwise None."""
        self._names: list[str] = []
        self._uses = array("I")
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def use(self, names: Iterable[str]) -> list[int]:
        return [self._use(name) for name in names]

    def release(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._uses[number] -= 1
            if not self._uses[number]:
                del self._numbers[self._names[number]]
                self._names[number] = ""
                self._free.append(number)

    def _use(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = self._free_number(name)
        self._uses[number] += 1
        return number

    def _free_number(self, name: str) -> int:
        if self._free:
            number = self._free.pop()
            self._names[number] = name
            return number
        self._names.append(name)
        self._uses.append(0)
        return len(self._names) - 1
