"""`make bench BESIDE=commit`: the whole path of this checkout and of another commit's, in turn.

A slow minute slows both sides, and each is the first of every other round. The other commit is
checked out into a directory of its own and runs with the packages that are installed here.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.process import StackError
from tests.bench.measuring import Row

ROOT = Path(__file__).parent.parent.parent
ROUND = Path(__file__).parent / "one_round.py"
SECONDS_MAX = 300

Figures = dict[str, list[float]]


def rows(commit: str, rounds: int) -> list[Row]:
    ours: Figures = defaultdict(list)
    theirs: Figures = defaultdict(list)
    with checkout(commit) as other:
        sides = [(other, theirs), (ROOT, ours)]
        for number in range(rounds):
            sides.reverse()
            for replicas, prefix in ((1, ""), (2, "two ")):
                for side, kept in sides:
                    for name, value in one_round(side, replicas).items():
                        kept[prefix + name].append(value)
            print(
                f"  round {number + 1} of {rounds}: {latest(theirs)} -> {latest(ours)}", flush=True
            )
    return [
        compare("burst, one replica of each", "leads/s", ours["rate"], theirs["rate"], 1.5),
        compare("burst, two replicas of each", "leads/s", ours["two rate"], theirs["two rate"]),
        compare("burst, two replicas against one", "leads/s", ours["two rate"], ours["rate"], 1),
        compare("processor a lead", "µs", ours["cpu_micros"], theirs["cpu_micros"], most=0.65),
        limited("upload to send at 120 leads/s, p50", ours["p50"], theirs["p50"], 80),
        limited("upload to send at 120 leads/s, p99", ours["p99"], theirs["p99"], 160),
    ]


def latest(figures: Figures) -> str:
    return ", ".join(f"{name} {values[-1]:.0f}" for name, values in figures.items())


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """The files of a commit, without a repository."""
    with tempfile.TemporaryDirectory(prefix="leadops-beside-") as directory:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True)
        if archive.returncode:
            raise StackError(f"no commit {commit}: {archive.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", directory], input=archive.stdout, check=True)
        yield Path(directory)


def one_round(side: Path, replicas: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="leadops-round-") as state:
        done = subprocess.run(
            [sys.executable, str(ROUND), state, str(replicas)],
            cwd=side,
            env=os.environ | {"PYTHONPATH": str(side)},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
    if done.returncode:
        raise StackError(f"a round of {side} failed:\n{done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def compare(
    name: str,
    unit: str,
    ours: list[float],
    theirs: list[float],
    least: float | None = None,
    most: float | None = None,
) -> Row:
    mine, other = statistics.median(ours), statistics.median(theirs)
    ratio = mine / other
    goal = f">= {least:g} x" if least else f"<= {most:g} x" if most else None
    met = ratio >= least if least else ratio <= most if most else None
    return Row(name, round(mine), unit, goal, met, round(other), round(ratio, 2))


def limited(name: str, ours: list[float], theirs: list[float], most: float) -> Row:
    mine, other = statistics.median(ours), statistics.median(theirs)
    goal = f"<= {most:g} ms"
    return Row(
        name, round(mine, 1), "ms", goal, mine <= most, round(other, 1), round(mine / other, 2)
    )
