"""How many job titles are classified as a careful person would, over `tests/titles.csv`.

A title is right when seniority and function are, wrong when one of them is said and differs, and
otherwise unknown. An empty label means that nobody could tell, so there only unknown is right. The
titles marked `holdout` were labelled before the classifier was run on them, and its tables were not
changed for them.
"""

import csv
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from services.intake.reading.titles import classify
from tests.bench.measuring import Row

TITLES = Path(__file__).parent.parent / "titles.csv"
RIGHT_AT_LEAST = 0.97
WRONG_AT_MOST = 0.01


class Labelled(NamedTuple):
    title: str
    seniority: str
    function: str
    set: str


@cache
def labelled() -> list[Labelled]:
    with TITLES.open(encoding="utf-8", newline="") as file:
        return [Labelled(**row) for row in csv.DictReader(file)]


def verdict(label: Labelled) -> str:
    read = classify(label.title)
    pairs = [(read.seniority or "", label.seniority), (read.function or "", label.function)]
    if any(found and found != meant for found, meant in pairs):
        return "wrong"
    return "right" if all(found == meant for found, meant in pairs) else "unknown"


def shares(labels: Iterable[Labelled]) -> tuple[float, float]:
    """Right and wrong; what is left is unknown."""
    counts = Counter(map(verdict, labels))
    return counts["right"] / counts.total(), counts["wrong"] / counts.total()


def rows() -> list[Row]:
    right, wrong = shares(labelled())
    unseen = [label for label in labelled() if label.set == "holdout"]
    unseen_right, unseen_wrong = shares(unseen)
    note = f"{len(labelled())} titles, {len(unseen)} of them not used to make the tables"
    return [
        _at_least("titles right", right, note),
        _at_most("titles wrong", wrong),
        _at_least("unseen titles right", unseen_right),
        Row("unseen titles wrong", round(unseen_wrong, 4), "share"),
    ]


def _at_least(name: str, share: float, note: str | None = None) -> Row:
    goal = f">= {RIGHT_AT_LEAST:g}"
    return Row(name, round(share, 4), "share", goal, share >= RIGHT_AT_LEAST, note=note)


def _at_most(name: str, share: float) -> Row:
    return Row(name, round(share, 4), "share", f"<= {WRONG_AT_MOST:g}", share <= WRONG_AT_MOST)
