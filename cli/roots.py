"""The root span of every command that is published from here: whoever starts a trace tells of it.

Spans go to the collector in the background. When the command line ends it waits for that a moment,
and says how many spans were lost, if any were.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cli.command import SOURCE, Command, new_trace
from cli.output import progress
from shared.wording import quantity

if TYPE_CHECKING:
    from shared.span_export import Root, Spans

CLOSE_SECONDS = 1.0

_roots: dict[str, "Roots"] = {}


class Roots:
    def __init__(self, spans: "Spans | None") -> None:
        self._spans = spans

    @contextmanager
    def sending(self, commands: Sequence[Command]) -> Iterator[list[str]]:
        """The trace context of each command; its span ends when all are in the log."""
        begun = [self._begin(command) for command in commands]
        try:
            yield [trace for trace, _ in begun]
        finally:
            for _, root in begun:
                if root is not None:
                    root.end()

    def _begin(self, command: Command) -> "tuple[str, Root | None]":
        """An id is the command line's own, or follows from a hash."""
        if self._spans is None:
            return new_trace(), None
        about = {"messaging.message.id": command.id}
        root = self._spans.root(command.topic, command.type, about)
        return root.trace or new_trace(), root

    def close(self) -> None:
        if self._spans is None:
            return
        self._spans.close(CLOSE_SECONDS)
        if lost := self._spans.lost + self._spans.queued:
            progress(f"no collector took {quantity(lost, 'root span')} of traces")


def roots_of(found: Mapping[str, Any]) -> Roots:
    """Of the stack that is found; one for all that is published from here."""
    address = found.get("receiver", "")
    if address not in _roots:
        # Imported late, as the broker's client is: who only reads does not wait for it.
        from shared.span_export import Spans, has_collector

        _roots[address] = Roots(Spans(SOURCE, address) if has_collector(address) else None)
    return _roots[address]


def close_roots() -> None:
    """Tells what is not yet told, as far as the collector takes it now."""
    while _roots:
        _, roots = _roots.popitem()
        roots.close()
