"""Of several rows of one person in a file the first one wins, whichever shard decides it first.

Rows go to the shards of their references, and shards keep no order among each other; so a row waits
until those of the same person before it are answered. Once one of them was accepted, no later one
can be, in whatever order they are decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cli.command import Answer, Command

SETTLED = ("accepted", "omitted")
"""Outcomes that tell that the person was accepted, then or before."""


@dataclass(slots=True)
class Turns:
    """By person and lead code, the ids of the commands about them in the order of the file."""

    groups: dict[str, list[str]] = field(default_factory=dict)
    _group_of: dict[str, str] = field(default_factory=dict)
    _place: dict[str, int] = field(default_factory=dict)
    _answered: dict[str, int] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)

    def add(self, command: Command, group: str | None) -> None:
        """Nobody knows who a row without a group is about: it waits for none."""
        if group is not None:
            members = self.groups.setdefault(group, [])
            self._group_of[command.id], self._place[command.id] = group, len(members)
            members.append(command.id)

    @property
    def are_needed(self) -> bool:
        return len(self._group_of) > len(self.groups)

    def ready(
        self, waiting: Iterable[Command], found: Mapping[str, Answer], at_most: int
    ) -> tuple[list[Command], list[Command]]:
        """Those that may be published now, and those that wait on. What waits holds back whatever
        has the same reference behind it."""
        go: list[Command] = []
        stay: list[Command] = []
        held: set[str | None] = set()
        for command in waiting:
            if len(go) < at_most and command.key not in held and self._may_go(command.id, found):
                go.append(command)
            else:
                held.add(command.key)
                stay.append(command)
        return go, stay

    def _may_go(self, id: str, found: Mapping[str, Answer]) -> bool:  # noqa: A002
        group = self._group_of.get(id)
        if group is None:
            return True
        answered = self._look(group, self.groups[group], found)
        return group in self._settled or answered >= self._place[id]

    def _look(self, group: str, members: Sequence[str], found: Mapping[str, Answer]) -> int:
        """How many of a group are answered, from its first on."""
        answered = self._answered.get(group, 0)
        while answered < len(members) and (answer := found.get(members[answered])):
            if answer.details.get("outcome") in SETTLED:
                self._settled.add(group)
            answered += 1
        self._answered[group] = answered
        return answered


NONE = Turns()
