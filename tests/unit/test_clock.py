"""What time it is for decisions, and how much of it passes for endpoints."""

import os
import time
from datetime import timedelta
from pathlib import Path

from deploy.local import clock as stack_clock
from shared.clock import Passing, VirtualClock


def test_without_a_virtual_clock_the_machine_s_time_passes() -> None:
    before = time.monotonic()
    assert before <= Passing(None)() <= time.monotonic()


def test_what_the_virtual_clock_is_ahead_passes_too(tmp_path: Path) -> None:
    """So that a breaker that waits ten seconds has waited long enough after a day."""
    passing = Passing(tmp_path / "clock.json")
    before = passing()
    stack_clock.set_offset(tmp_path / "clock.json", timedelta(days=1))
    assert 86_400 <= passing() - before < 86_460


def test_two_jumps_within_one_tick_of_the_file_system_are_both_seen(tmp_path: Path) -> None:
    """When a file was changed is told only every few milliseconds."""
    file = tmp_path / "clock.json"
    clock = VirtualClock(file)
    for days in (1, 2):
        stack_clock.set_offset(file, timedelta(days=days))
        os.utime(file, ns=(0, 0))
        assert timedelta(days=days) == clock.ahead()
