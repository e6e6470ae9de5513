"""When a stack has nothing left to do, and how its clock is advanced through quiet moments.

Quiet is asked twice: between two reads with the same counters nothing moved, so nothing can hide in
the gap between one service that has sent and another that has not yet received. How long the two
lie apart does not matter: what one has sent before it answered, the other has when asked again.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy import clock, stack
from deploy.process import StackError, say
from shared.topics import manifest

MOMENT_SECONDS = 0.1
BUSY_SECONDS_MAX = 0.5
"""While work is left it is asked ever more seldom: each answer costs the services some of it."""

Rows = list[dict[str, Any]]


class NotDrained(StackError):
    """The limit was reached with work left; the text says what."""


def wait_quiet(seconds: float) -> Rows:
    """Returns the second of the two equal reads."""
    deadline = time.monotonic() + seconds
    former: dict[str, Any] | None = None
    pause = MOMENT_SECONDS
    while True:
        rows = stack.status()
        left = what_is_left(rows, now())
        if not left and progress_of(rows) == former:
            return rows
        former = progress_of(rows) if not left else None
        if time.monotonic() > deadline:
            text = "; ".join(left) or "the services still make progress"
            raise NotDrained(f"not drained within {seconds:.0f} s: {text}")
        pause = min(BUSY_SECONDS_MAX, pause * 1.5) if left else MOMENT_SECONDS
        time.sleep(pause)


def advance(by: timedelta, seconds: float) -> datetime:
    """Jumps from one due moment to the next, letting everything settle before and after each."""
    clock_file = Path(stack.stack()["clock_file"])
    target = now() + by
    while (moment := now()) < target:
        rows = wait_quiet(seconds)
        jump = min([target, *(due for due in due_moments(rows) if due > moment)])
        say(f"clock: {jump.isoformat(timespec='seconds')}")
        clock.jump_to(clock_file, jump)
    wait_quiet(seconds)
    return now()


def now() -> datetime:
    return clock.now(Path(stack.stack()["clock_file"]))


def what_is_left(rows: Rows, moment: datetime) -> list[str]:
    unreachable = [
        f"{row['service']} {row['instance']} can't be reached"
        for row in rows
        if row["status"] is None
    ]
    states = [row["status"] for row in rows if row["status"] is not None]
    services = sorted({row["service"] for row in rows})
    work = [
        reason
        for service in services
        for reason in left_in(service, [s for s in states if s["service"] == service], moment)
    ]
    return unreachable + work


def left_in(service: str, states: Rows, moment: datetime) -> list[str]:
    """Lag and shards are each instance's own; the rest every instance says of the whole service."""
    amounts = {
        "lag": sum(state["lag"] for state in states),
        "outbox": max((state["outbox"] for state in states), default=0),
        "effects begun": max((state["effects"]["begun"] for state in states), default=0),
        "due now": max((state["due"]["now"] for state in states), default=0),
    }
    left = [f"{service}: {name} {amount}" for name, amount in amounts.items() if amount]
    if closed := sorted(set(range(manifest().partitions)) - open_shards(states)):
        left.append(f"{service}: shards {closed} not open")
    if any(due <= moment for due in due_in(states)):
        left.append(f"{service}: something has just become due")
    return left


def open_shards(states: Rows) -> set[int]:
    return {
        shard["shard"] for state in states for shard in state["shards"] if shard["state"] == "open"
    }


def due_moments(rows: Rows) -> list[datetime]:
    return due_in(row["status"] for row in rows if row["status"] is not None)


def due_in(states: Iterable[Mapping[str, Any]]) -> list[datetime]:
    given = [state[kind].get("next_at") for state in states for kind in ("effects", "due")]
    return [parse(moment) for moment in given if moment]


def parse(moment: str) -> datetime:
    parsed = datetime.fromisoformat(moment)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def progress_of(rows: Rows) -> dict[str, Any]:
    return {
        f"{row['service']} {row['instance']}": row["status"] and row["status"]["progress"]
        for row in rows
    }
