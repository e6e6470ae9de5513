"""Asks a part of the stack, again and again, whether it answers: living is not enough.

Asking happens in threads, so that a part that hangs never holds up whoever watches over the others.
A part counts as silent only after several questions and a long time: one that is merely slow, or
was stopped for a while to see what happens, is left alone.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a part may be silent. Chaos stops broker and store for 12 s at a time, and a store
    that was killed reads its log for up to a quarter of a minute."""

    ask_seconds: float = 10.0
    answer_seconds: float = 10.0
    questions: int = 3
    silent_seconds: float = 60.0
    starting_seconds: float = 300.0
    """Until the first answer; a large log takes long to be read after a kill."""


class Questions:
    """To one part, from its launch on."""

    def __init__(self, answers: Callable[[], bool], patience: Patience = Patience()) -> None:
        self._answers = answers
        self._patience = patience
        self._began_at = time.monotonic()
        self._ended = threading.Event()
        self._answered_at: float | None = None
        self._unanswered = 0
        threading.Thread(target=self._ask, daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def was_answered(self) -> bool:
        return self._answered_at is not None

    def silent_seconds(self) -> float:
        return time.monotonic() - (self._answered_at or self._began_at)

    def is_silent(self) -> bool:
        patience = self._patience
        limit = patience.silent_seconds if self.was_answered() else patience.starting_seconds
        return self._unanswered >= patience.questions and self.silent_seconds() >= limit

    def _ask(self) -> None:
        while not self._ended.wait(self._patience.ask_seconds):
            if self._is_answered():
                self._answered_at, self._unanswered = time.monotonic(), 0
            else:
                self._unanswered += 1

    def _is_answered(self) -> bool:
        """A question that itself never ends is an answer, too: no."""
        answer: list[bool] = []
        asking = threading.Thread(target=lambda: answer.append(self._answers()), daemon=True)
        asking.start()
        asking.join(self._patience.answer_seconds)
        return answer == [True]
