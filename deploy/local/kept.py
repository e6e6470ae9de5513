"""A part of the stack that is started again whenever it is dead, or lives and does not answer.

Being killed is a normal event and is answered at once; a part that keeps dying is started ever more
slowly, so that a broken service does not take the machine.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.backend import Backend
from deploy.local.process import StackError, progress
from deploy.local.questions import Questions

DELAY_SECONDS_MIN = 0.2
DELAY_SECONDS_MAX = 5.0
STABLE_AFTER_SECONDS = 10.0


@dataclass
class Kept:
    label: str
    part: Backend
    restarts: int = 0
    failures: int = 0
    launched_at: float = 0.0
    relaunch_at: float | None = None
    ask: Callable[[Callable[[], bool]], Questions] | None = None
    """How it is asked whether it answers, if at all. Services are not: their readiness says what
    they wait for, and one that is merely stopped is not dead."""
    questions: Questions | None = None
    silenced: int = 0
    """How often it was killed because it did not answer."""

    def launch(self) -> None:
        self.relaunch_at = None
        self.launched_at = time.monotonic()
        self.part.launch()
        if self.ask:
            self.questions = self.ask(self.part.answers)

    def end(self) -> None:
        """Asks no more; what is being stopped need not answer."""
        if self.questions:
            self.questions.end()

    def tick(self) -> bool:
        """Whether it was started again just now."""
        if self.part.alive() and not self.is_silenced():
            return False
        if self.relaunch_at is None:
            self.plan_relaunch()
        if self.relaunch_at is None or time.monotonic() < self.relaunch_at:
            return False
        return self.relaunch()

    def is_silenced(self) -> bool:
        """Kills it if it lives but has not answered for too long."""
        if self.questions is None or not self.questions.is_silent():
            return False
        seconds = self.questions.silent_seconds()
        progress(f"{self.label} lives, but has not answered for {seconds:.0f} s; killing it")
        self.silenced += 1
        self.end()
        self.part.kill()
        return True

    def plan_relaunch(self) -> None:
        lived = time.monotonic() - self.launched_at
        self.failures = 0 if lived > STABLE_AFTER_SECONDS else self.failures
        delay = min(DELAY_SECONDS_MAX, DELAY_SECONDS_MIN * 2 ** min(self.failures, 10))
        self.failures += 1
        progress(f"{self.label} died after {lived:.1f} s; starting it again in {delay:.1f} s")
        self.relaunch_at = time.monotonic() + delay

    def relaunch(self) -> bool:
        self.end()
        try:
            self.launch()
        except StackError as error:
            progress(f"{self.label}: {error}")
            return False
        self.restarts += 1
        return True
