"""The hunt for the one bad input: a step that raised is halved until an input fails alone.

What fails alone with an error that nobody expected is dead-lettered. But three *different* inputs
that fail with the same error are a bad deployment, not bad inputs: then everything stops.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.errors import Poison
from shared.loop.item import Disposition, Item

SAME_ERRORS_TO_STOP = 3


@dataclass(slots=True)
class Bisection:
    batch_size_max: int
    limit: int
    """How many inputs the next step may take."""
    suspects: dict[str, str] = field(default_factory=dict)
    """By origin, why an input is dead-lettered when it comes again."""
    is_hunting: bool = False
    """From a failure on until a step that might have been as large as ever has succeeded. Each
    success doubles what the next may take, however little it took itself: from one input to 500
    these are nine."""
    stopped: str | None = None
    """Why nothing is taken any more."""
    _same_error: tuple[str, set[str]] = ("", set())
    """The latest error, and the inputs that failed with it since one was handled."""

    def judge(self, item: Item) -> None:
        """An input that failed alone with an error that nobody expected is dead-lettered now."""
        reason = self.suspects.get(item.origin)
        if reason is not None and item.disposition is Disposition.HANDLED:
            item.dead_letter(Poison("unexpected", reason))

    def record_failure(
        self, items: Sequence[Item], replaying: Item | None, error: Exception
    ) -> str:
        """Which input an error is of is known if one that was dead-lettered was being decided
        again; otherwise the inputs are halved. Returns the error and where it rose."""
        reason = f"{type(error).__name__} at {_place(error)}"
        self.is_hunting = True
        if replaying is not None:
            self.suspects[replaying.origin] = reason
        else:
            if len(items) == 1:
                self._blame(items[0].origin, reason)
            self.limit = max(1, len(items) // 2)
        return reason

    def _blame(self, origin: str, reason: str) -> None:
        """One input that fails three times is one bad input; three different ones are not."""
        known, origins = self._same_error
        self._same_error = (reason, (origins if known == reason else set()) | {origin})
        if len(self._same_error[1]) >= SAME_ERRORS_TO_STOP:
            self.stopped = f"{SAME_ERRORS_TO_STOP} inputs in a row failed with {reason}"
        else:
            self.suspects[origin] = reason

    def record_success(self, items: Sequence[Item]) -> None:
        """The step is committed: twice as many may be taken again."""
        self.is_hunting = self.limit < self.batch_size_max
        self.limit = min(self.limit * 2, self.batch_size_max)
        for item in items:
            self.suspects.pop(item.origin, None)
        if any(item.disposition is Disposition.HANDLED for item in items):
            self._same_error = ("", set())


def _place(error: BaseException) -> str:
    """Where an error rose: file and line, never its values."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 2)[-1]}:{frames[-1].lineno}" if frames else "?"
