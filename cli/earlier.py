"""The rows of a file that later ones depend on, kept beside memory.

A row that was accepted makes those behind it under its reference, or of its person, other than they
would be alone; so does one in conflict with a reference. Nothing else that a row becomes matters to
others. Which those are is found by hashes: one that two share costs a row too many, and no mistake.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from cli.command import Command

Place = tuple[int, int]
"""Where a row begins, and how long it is."""


@dataclass(slots=True)
class Earlier:
    _file: BinaryIO
    """Closed by whoever opened it."""
    _places: dict[int, Place] = field(default_factory=dict)
    _end: int = 0

    def add_accepted(self, command: Command, group: str | None) -> None:
        """`group` is whom and what programme the row is about, as the importer knows it."""
        self._add(command, [_of_reference(command), *_of_person(group)])

    def add_conflict(self, command: Command, group: str | None) -> None:
        self._add(command, [_of_conflict(command, group)])

    def _add(self, command: Command, keys: list[int]) -> None:
        row = json.dumps(as_question(command)).encode()
        self._file.seek(self._end)
        self._file.write(row)
        self._places |= dict.fromkeys(keys, (self._end, len(row)))
        self._end += len(row)

    def of(self, command: Command, group: str | None) -> set[Place]:
        """The rows that this one depends on, three at most."""
        keys = [_of_reference(command), *_of_person(group), _of_conflict(command, group)]
        return {self._places[key] for key in keys if key in self._places}

    def rows(self, places: set[Place]) -> Iterator[dict[str, Any]]:
        """In the order of the file."""
        for begin, length in sorted(places):
            self._file.seek(begin)
            yield json.loads(self._file.read(length))


def as_question(command: Command) -> dict[str, Any]:
    """A command as it is asked about."""
    return {"id": command.id, "data": json.loads(command.data)}


def _of_reference(command: Command) -> int:
    return hash(("reference", command.key))


def _of_person(group: str | None) -> list[int]:
    return [hash(("person", group))] if group else []


def _of_conflict(command: Command, group: str | None) -> int:
    return hash(("conflict", command.key, group))
