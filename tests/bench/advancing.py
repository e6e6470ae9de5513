"""The stack's clock: what a jump to the next due moment costs, and a month with a thousand of them.

Leads that nobody wants are looked at a day and a week after their upload, and uploads lie minutes
apart, so each look is a moment of its own: a step of routing, and what it publishes read by intake.
The other side lets each stop settle by asking the store and the broker until two answers are equal.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.command import Asker, Command
from cli.publishing import demand
from deploy.local import clock, quiet, stack, stops
from services.routing.person.unsent import FIRST_LOOK_AFTER
from shared.contracts.affiliates import PutAffiliate
from shared.loop.kafka import KafkaLog
from shared.loop.log import Outgoing
from tests.bench import uploads
from tests.bench.measuring import Row, at_most

LEADS = 560
APART = timedelta(seconds=150)
"""Of two uploads; all of them lie within the day after which the first of them is looked at."""
MOMENTS = 1000
STRETCH = 12
"""Moments after which the other side has its turn."""
MONTH = timedelta(days=30)
IDLE_JUMPS = 50
LIMIT_SECONDS = 120

Settle = Callable[[], Sequence[datetime]]
"""Waits until nothing is left to do. Returns when something is due next."""


def rows(state: Path, rounds: int) -> list[Row]:
    os.environ["LEADOPS_VAR"] = str(state)
    found = stack.up(fresh=True, lease=True)
    try:
        fill(found)
        with stops.watch(found) as watched:
            sides: Sequence[Settle] = (lambda: by_memory(watched), by_status)
            ours: list[float] = []
            theirs: list[float] = []
            for number in range(rounds):
                for kept, settle in zip((ours, theirs), sides, strict=True):
                    kept.append(stretch(found, settle) * 1000 / STRETCH)
                shown = f"{ours[-1]:.0f} and {theirs[-1]:.0f} ms"
                print(f"  round {number + 1} of {rounds}: {shown}", file=sys.stderr, flush=True)
            idle = idle_jumps(found, watched)
        began = time.perf_counter()
        quiet.advance(MONTH, LIMIT_SECONDS)
        month = time.perf_counter() - began
    finally:
        stack.down()
    left = 2 * LEADS - rounds * len(sides) * STRETCH
    return [
        at_most("clock: a jump with nothing to do", idle, "ms", 50),
        against_status(ours, theirs),
        at_most(f"clock: a month with {MOMENTS} moments", [month / left * MOMENTS], "s", 60),
    ]


def against_status(ours: list[float], theirs: list[float]) -> Row:
    """With the decisions of its moment, which cost both sides the same."""
    mine, baseline = statistics.median(ours), statistics.median(theirs)
    ratio = baseline / mine
    name = "clock: a moment, told from memory or asked from the store"
    return Row(name, round(mine), "ms", baseline=round(baseline), ratio=round(ratio, 1))


def fill(found: dict[str, Any]) -> None:
    affiliate = uploads.definition().model_dump_json().encode()
    demand(Command(PutAffiliate.TYPE, affiliate, "affiliates"), Asker("bench"))
    asyncio.run(publish(found["kafka"]))
    quiet.advance(FIRST_LOOK_AFTER - LEADS * APART, LIMIT_SECONDS)


async def publish(kafka: str) -> None:
    log, now = KafkaLog(kafka), datetime.now(UTC)
    records = [record for _, record in uploads.clean(LEADS, 1)]
    await log.publish([dated(one, now - number * APART) for number, one in enumerate(records)])
    await log.close()


def dated(record: Outgoing, at: datetime) -> Outgoing:
    own = {"ce_time": at.isoformat().encode()}
    headers = [(name, own.get(name, value)) for name, value in record.headers]
    return replace(record, headers=headers)


def stretch(found: dict[str, Any], settle: Settle) -> float:
    """The seconds that some moments took."""
    target, due = quiet.now() + STRETCH * APART, settle()
    began = time.perf_counter()
    while quiet.now() < target:
        clock.jump_to(Path(found["clock_file"]), min([target, *due]))
        due = settle()
    return time.perf_counter() - began


def by_memory(watched: stops.Stops) -> Sequence[datetime]:
    due = watched.rest(LIMIT_SECONDS)
    assert due is not None
    return due


def by_status() -> Sequence[datetime]:
    return quiet.due_moments(quiet.wait_quiet(LIMIT_SECONDS, failing_too=False))


def idle_jumps(found: dict[str, Any], watched: stops.Stops) -> list[float]:
    """Milliseconds of each: there is nothing to wait for but the answers that say so."""
    taken = []
    for _ in range(IDLE_JUMPS):
        began = time.perf_counter()
        clock.jump_to(Path(found["clock_file"]), quiet.now() + timedelta(milliseconds=1))
        by_memory(watched)
        taken.append((time.perf_counter() - began) * 1000)
    return taken
