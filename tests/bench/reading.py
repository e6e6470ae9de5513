"""How fast a file of leads is read into rows, and that a longer file needs no more memory.

The other side is the loop that everybody writes, csv.DictReader over the same file: it knows no
header, no encoding and no bad row.
"""

import asyncio
import csv
import tempfile
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

from cli.columns import ExpectedColumns
from cli.importing import Row as ReadRow
from cli.importing import rows_in, table_of
from deploy.sample import files, generate
from tests.bench.measuring import Row, Run, Stopwatch, alternate, at_most, faster, medians

ROWS, FEWER = 100_000, 10_000
DRAWN = 5_000
PER_SECOND_MIN = 20_000
AFFILIATE, WORKBOOK = "infuse-media", "account-media"


def rows(rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="leadops-reading-") as folder:
        long, short = (written(Path(folder), count) for count in (ROWS, FEWER))
        book = files.save(generate.rows(DRAWN, 1, WORKBOOK), WORKBOOK, Path(folder))
        ours, plain = asyncio.run(
            alternate(rounds, lambda: read(long, AFFILIATE), lambda: read_plainly(long))
        )
        [workbook] = asyncio.run(alternate(rounds, lambda: read(book, WORKBOOK)))
        return [rate(ours), against_plain(ours, plain), memory(long, short), of_workbook(workbook)]


def written(folder: Path, count: int) -> Path:
    """The drawn rows again and again, each with a reference of its own."""
    drawn, definition = generate.rows(DRAWN, 1, AFFILIATE), expected_columns(AFFILIATE)
    path = folder / f"{count}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(drawn[0]))
        writer.writeheader()
        for number in range(count):
            writer.writerow(drawn[number % DRAWN] | {definition.reference: f"R-{number}"})
    return path


def expected_columns(affiliate: str) -> ExpectedColumns:
    return ExpectedColumns.of(generate.affiliate_definition(affiliate))


async def read(path: Path, affiliate: str) -> Run:
    known, watch = expected_columns(affiliate), Stopwatch()
    watch.start()
    with path.open("rb") as file:
        good = sum(isinstance(row, ReadRow) for row in rows_in(table_of(file, known), known))
    return watch.stop(good)


async def read_plainly(path: Path) -> Run:
    watch = Stopwatch()
    watch.start()
    with path.open(encoding="utf-8", newline="") as file:
        return watch.stop(sum(1 for _ in csv.DictReader(file)))


def rate(ours: Sequence[Run]) -> Row:
    per_second, cpu = medians(ours)
    goal = f">= {PER_SECOND_MIN:,} rows/s"
    met = per_second >= PER_SECOND_MIN
    name = f"reading a file of {ROWS:,} rows"
    return Row(name, round(per_second), "rows/s", goal, met, cpu=f"{cpu:.0f}")


def against_plain(ours: Sequence[Run], plain: Sequence[Run]) -> Row:
    """A comparison without a goal, since none was set before it was first measured."""
    row = faster("reading vs csv.DictReader", ours, plain, 1)
    row.goal = row.met = None
    return row


def of_workbook(runs: Sequence[Run]) -> Row:
    per_second, cpu = medians(runs)
    return Row(
        f"reading a workbook of {DRAWN:,} rows", round(per_second), "rows/s", cpu=f"{cpu:.0f}"
    )


def memory(long: Path, short: Path) -> Row:
    """The peak of what Python holds, while rows are read and let go."""
    ratio = peak(long) / peak(short)
    return at_most(f"memory of reading {ROWS:,} rows / {FEWER:,}", [ratio], "x", 1.2)


def peak(path: Path) -> int:
    tracemalloc.start()
    asyncio.run(read(path, AFFILIATE))
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return held
