"""What time it is for decisions, and how much of it passes for endpoints."""

import time
from datetime import timedelta
from pathlib import Path

from deploy.local import clock as stack_clock
from shared.clock import Passing


def test_without_a_virtual_clock_the_machine_s_time_passes() -> None:
    before = time.monotonic()
    assert before <= Passing(None)() <= time.monotonic()


def test_what_the_virtual_clock_is_ahead_passes_too(tmp_path: Path) -> None:
    """So that a breaker that waits ten seconds has waited long enough after a day."""
    passing = Passing(tmp_path / "clock.json")
    before = passing()
    stack_clock.set_offset(tmp_path / "clock.json", timedelta(days=1))
    assert 86_400 <= passing() - before < 86_460
