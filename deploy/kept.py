"""A part of the stack that is started again whenever it is found dead.

Being killed is a normal event and is answered at once; a part that keeps dying is started ever more
slowly, so that a broken service does not take the machine.
"""

import time
from dataclasses import dataclass

from deploy.backend import Backend
from deploy.process import StackError, say

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

    def launch(self) -> None:
        self.relaunch_at = None
        self.launched_at = time.monotonic()
        self.part.launch()

    def tick(self) -> bool:
        """Whether it was started again just now. A process that is merely stopped is not dead."""
        if self.part.alive():
            return False
        if self.relaunch_at is None:
            self.plan_relaunch()
        if self.relaunch_at is None or time.monotonic() < self.relaunch_at:
            return False
        return self.relaunch()

    def plan_relaunch(self) -> None:
        lived = time.monotonic() - self.launched_at
        self.failures = 0 if lived > STABLE_AFTER_SECONDS else self.failures
        delay = min(DELAY_SECONDS_MAX, DELAY_SECONDS_MIN * 2 ** min(self.failures, 10))
        self.failures += 1
        say(f"{self.label} died after {lived:.1f} s; starting it again in {delay:.1f} s")
        self.relaunch_at = time.monotonic() + delay

    def relaunch(self) -> bool:
        try:
            self.launch()
        except StackError as error:
            say(f"{self.label}: {error}")
            return False
        self.restarts += 1
        return True
