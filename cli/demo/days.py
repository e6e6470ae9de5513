"""The calendar of the main job: it begins on a Tuesday, and days pass in single jumps.

Nothing is due in between that would have to happen in order, so one jump with everything due at
once says the same as a jump to each moment, and takes a second instead of a minute.
"""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from cli.demo import pickup
from cli.output import progress
from deploy.local import clock, quiet, stack

TUESDAY, THURSDAY = 1, 3
NOON = time(12, tzinfo=UTC)
"""On the same day all over the time zones of the sample."""
SEND_DAY = time(16, tzinfo=UTC)
"""Later on the send day than any campaign of the sample sends."""
DRAIN_SECONDS = 120


def begin() -> None:
    """The next Tuesday: whatever day it is really, a run tells the same."""
    jump(next_at(TUESDAY, NOON))


def next_at(weekday: int, at: time) -> datetime:
    now = quiet.now()
    day = now.date() + timedelta(days=(weekday - now.weekday()) % 7)
    moment = datetime.combine(day, at)
    return moment if moment > now else moment + timedelta(days=7)


def jump(moment: datetime) -> None:
    drain()
    progress(f"the clock goes on to {moment:%A, %H:%M}")
    clock.jump_to(Path(stack.stack()["clock_file"]), moment)
    drain()


def later(by: timedelta) -> None:
    jump(quiet.now() + by)


def ahead_seconds() -> float:
    """How far the stack's time is ahead of the machine's, in which the customers write."""
    return clock.offset(Path(stack.stack()["clock_file"])).total_seconds()


def drain() -> None:
    """What is left after the limit is told by the checks, which see it as pending. The stack is
    quiet as soon as a file is written, so the customers are waited for apart from it."""
    try:
        quiet.wait_quiet(DRAIN_SECONDS)
    except quiet.NotDrained as error:
        progress(f"  {error}")
    pickup.wait()
