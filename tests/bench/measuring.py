"""What a benchmark says: rows with both sides, the goal, and the backend they were measured on.

Wall time on a shared machine is noisy, so runs of both sides alternate, medians are shown, and the
processor time of the measuring process stands beside them.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cli.output import show_table

COLUMNS = ["name", "ours", "baseline", "unit", "ratio", "goal", "met", "cpu"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: how many records it took through, in which time of the clock and the processor."""

    records: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.records / self.seconds

    @property
    def cpu_micros(self) -> float:
        return self.cpu_seconds / self.records * 1e6


class Stopwatch:
    """Between `start` and `stop`; the processor time is that of all threads of this process."""

    def start(self) -> None:
        self._began = (time.perf_counter(), time.process_time())

    def stop(self, records: int) -> Run:
        wall, cpu = self._began
        return Run(records, time.perf_counter() - wall, time.process_time() - cpu)


@dataclass(slots=True)
class Row:
    name: str
    ours: float
    unit: str
    goal: str | None = None
    met: bool | None = None
    baseline: float | None = None
    ratio: float | None = None
    backend: str = ""
    cpu: str | None = None
    """Processor time of both sides in µs per record, where it was measured."""
    note: str | None = None


def medians(runs: Sequence[Run]) -> tuple[float, float]:
    """Records per second and µs of the processor per record."""
    rates = statistics.median(run.per_second for run in runs)
    return rates, statistics.median(run.cpu_micros for run in runs)


def faster(name: str, ours: Sequence[Run], baseline: Sequence[Run], at_least: float) -> Row:
    """How many times the baseline's rate ours is."""
    (mine, my_cpu), (theirs, their_cpu) = medians(ours), medians(baseline)
    ratio = mine / theirs
    return Row(
        name,
        round(mine),
        "records/s",
        f">= {at_least:g} x",
        ratio >= at_least,
        round(theirs),
        round(ratio, 2),
        cpu=f"{my_cpu:.0f} / {their_cpu:.0f}",
    )


def at_most(name: str, ours: Sequence[float], unit: str, limit: float) -> Row:
    middle = statistics.median(ours)
    return Row(name, round(middle, 1), unit, f"<= {limit:g} {unit}", middle <= limit)


async def alternate(
    rounds: int, *sides: Callable[[], Awaitable[Run]], warm_up: bool = True
) -> list[list[Run]]:
    """The runs of each side, taken in turn, so that a slow minute slows all of them."""
    if warm_up:
        for side in sides:
            await side()
    runs: list[list[Run]] = [[] for _ in sides]
    for number in range(rounds):
        for kept, side in zip(runs, sides, strict=True):
            kept.append(await side())
        rates = ", ".join(f"{kept[-1].per_second:.0f}/s" for kept in runs)
        print(f"  round {number + 1} of {rounds}: {rates}", file=sys.stderr, flush=True)
    return runs


def report(rows: Sequence[Row], path: Path) -> None:
    """Writes the rows and prints them; notes follow the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False))
    temporary.replace(path)
    print(f"backend: {', '.join(sorted({row.backend for row in rows}))}\n")
    show_table("benchmarks", COLUMNS, [asdict(row) for row in rows])
    for row in rows:
        if row.note:
            print(f"\n{row.name}: {row.note}")
