"""When a stack has nothing left to do, and how its clock is advanced through quiet moments.

Quiet is asked twice: between two reads with the same counters nothing moved, so nothing can hide in
the gap between one service that has sent and another that has not yet received. How long the two
lie apart does not matter: what one has sent before it answered, the other has when asked again.
Between the first stop of the clock and the last this would take too long: there `stops` tells.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.local import clock, stack, stops
from deploy.local.process import StackError, progress
from shared.topics import manifest
from shared.wording import quantity

MOMENT_SECONDS = 0.1
BUSY_SECONDS_MAX = 0.5
"""While work is left it is asked ever more seldom: each answer costs the services some of it."""

REPORT_SECONDS = 2.0

Rows = list[dict[str, Any]]


class NotDrained(StackError):
    """The limit was reached with work left; the text says what."""


Report = Callable[[str], None]
"""Told what is waited for, every few seconds."""


def nobody_listens(_text: str) -> None:
    pass


def wait_quiet(
    seconds: float, *, failing_too: bool = True, report: Report = nobody_listens
) -> Rows:
    """Returns the second of the two equal reads. What is due at an endpoint that fails is waited
    for, until its breaker closes, or only until it was asked once more."""
    deadline = time.monotonic() + seconds
    report_at = time.monotonic() + REPORT_SECONDS
    former: dict[str, Any] | None = None
    pause = MOMENT_SECONDS
    while True:
        rows = stack.status()
        left = what_is_left(rows, now(), failing_too=failing_too)
        if left and time.monotonic() > report_at:
            report("; ".join(left))
            report_at = time.monotonic() + REPORT_SECONDS
        if not left and progress_of(rows) == former:
            return rows
        former = progress_of(rows) if not left else None
        if time.monotonic() > deadline:
            text = "; ".join(left) or "the services still make progress"
            raise NotDrained(f"not drained within {seconds:.0f} s: {text}")
        pause = min(BUSY_SECONDS_MAX, pause * 1.5) if left else MOMENT_SECONDS
        time.sleep(pause)


def advance(by: timedelta, seconds: float, report: Report = nobody_listens) -> datetime:
    """Jumps from one due moment to the next, letting everything settle before and after each.

    The retries of an endpoint whose breaker is open are no such moments, or one that fails for a
    day would make a hundred of each of its sends: it is asked once where all of them are due, and
    again wherever the clock stops anyway.
    """
    found = stack.stack()
    clock_file = Path(found["clock_file"])
    target = now() + by
    rows = wait_quiet(seconds, failing_too=False, report=report)
    due, all_due = due_moments(rows), latest_retry(rows)
    with stops.watch(found) as stack_stops:
        while (moment := now()) < target:
            if (stop := next_stop(target, due, all_due, moment)) > moment:
                progress(f"clock: {stop.isoformat(timespec='seconds')}")
                clock.jump_to(clock_file, stop)
            due = settle(stack_stops, seconds, report)
    tell_failing(wait_quiet(seconds, failing_too=False, report=report), report)
    return now()


def next_stop(
    target: datetime, due: Sequence[datetime], retries: Sequence[datetime], moment: datetime
) -> datetime:
    """What has become due since it was told is no less a stop, or the next jump would pass it."""
    return min([target, *due, *(retry for retry in retries if retry > moment)])


def settle(stack_stops: stops.Stops, seconds: float, report: Report) -> list[datetime]:
    """When something is due next, once all is done that is due. What takes longer than a stop is
    waited for, and told, as everywhere."""
    due = stack_stops.rest(REPORT_SECONDS)
    if due is None:
        due = due_moments(wait_quiet(seconds, failing_too=False, report=report))
    return due


def latest_retry(rows: Rows) -> list[datetime]:
    """The moment at which all retries that wait now are due; none if none waits."""
    texts = [row["status"]["effects"].get("latest_at") for row in rows if row["status"]]
    return [max(map(parse, moments))] if (moments := [each for each in texts if each]) else []


def tell_failing(rows: Rows, report: Report) -> None:
    """What goes on being tried, so that nobody takes it for lost."""
    for service in sorted({row["service"] for row in rows}):
        states = [row["status"] for row in rows if row["service"] == service and row["status"]]
        waiting = max((state["effects"].get("waiting") or 0 for state in states), default=0)
        if waiting and (failing := open_breakers(states)):
            those = quantity(waiting, "send")
            report(f"{service}: {those} waiting for endpoints that fail ({failing})")


def now() -> datetime:
    return clock.now(Path(stack.stack()["clock_file"]))


def what_is_left(rows: Rows, moment: datetime, *, failing_too: bool = True) -> list[str]:
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
        for reason in left_in(
            service, [s for s in states if s["service"] == service], moment, failing_too
        )
    ]
    return unreachable + work


def left_in(service: str, states: Rows, moment: datetime, failing_too: bool) -> list[str]:
    """Lag, shards and what is due are each instance's own; the rest each says of the service."""
    amounts = {
        "lag": total(state["lag"] for state in states),
        "outbox": largest(state["outbox"] for state in states),
        "effects in flight": largest(state["effects"]["in_flight"] for state in states),
        "due now": total(state["due"]["now"] for state in states),
    }
    left = [f"{service}: {name} {amount}" for name, amount in amounts.items() if amount]
    if unknown := [name for name, amount in amounts.items() if amount is None]:
        left.append(f"{service}: {', '.join(unknown)} unknown")
    if closed := sorted(set(range(manifest().partitions)) - open_shards(states)):
        left.append(f"{service}: shards {', '.join(map(str, closed))} not open")
    if any(due <= moment for due in due_in(states, failing_too=failing_too)):
        left.append(f"{service}: something has just become due")
    return left + (hindrances(service, states) if left else [])


def hindrances(service: str, states: Rows) -> list[str]:
    """What keeps a service from its work, since waiting alone may not help."""
    reasons = list(dict.fromkeys(why for state in states for why in state["not_ready"]))
    more = f" ({len(reasons) - 1} more in `leadops status`)" if len(reasons) > 1 else ""
    lines = [f"{service} is not ready: {reasons[0]}{more}"] if reasons else []
    if failing := open_breakers(states):
        lines.append(f"{service}: endpoints that fail, and are asked ever more seldom: {failing}")
    return lines


def open_breakers(states: Rows) -> int:
    """At how many endpoints the instances have given up for a while."""
    return sum(state.get("endpoints", {}).get("breakers_open", 0) for state in states)


def total(amounts: Iterable[int | None]) -> int | None:
    """Unknown if one is: a service whose store or broker is silent tells nothing of it."""
    known = list(amounts)
    return None if None in known else sum(amount or 0 for amount in known)


def largest(amounts: Iterable[int | None]) -> int | None:
    known = list(amounts)
    return None if None in known else max((amount or 0 for amount in known), default=0)


def open_shards(states: Rows) -> set[int]:
    return {
        shard["shard"] for state in states for shard in state["shards"] if shard["state"] == "open"
    }


def due_moments(rows: Rows) -> list[datetime]:
    states = [row["status"] for row in rows if row["status"] is not None]
    return due_in(states, failing_too=False)


def due_in(states: Iterable[Mapping[str, Any]], *, failing_too: bool) -> list[datetime]:
    attempts = "next_at" if failing_too else "attempt_at"
    places = (("effects", attempts), ("due", "next_at"))
    texts = [state[kind].get(name) for state in states for kind, name in places]
    return [parse(moment) for moment in texts if moment]


def parse(moment: str) -> datetime:
    parsed = datetime.fromisoformat(moment)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def progress_of(rows: Rows) -> dict[str, Any]:
    return {
        f"{row['service']} {row['instance']}": row["status"] and row["status"]["progress"]
        for row in rows
    }
