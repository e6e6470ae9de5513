"""Industries by LinkedIn's codes, under the labels of both of its lists, with what lies above them.

The flat list (V1) and the tree that came in 2022 (V2) share numbers but not names, and affiliates
send either; HubSpot has the labels of the first. A code that the table does not hold is one
nevertheless, of which nobody knows what lies above.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

DATA = Path(__file__).with_name("industries.csv")


def _rows() -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
    lines = DATA.read_text().splitlines()
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        labels = (row["label"], row["label_v1"], *row["also"].split("|"))
        yield row["code"], row["above"] or None, tuple(label for label in labels if label)


# A code, the code above it, and its labels.
TABLE: tuple[tuple[str, str | None, tuple[str, ...]], ...] = tuple(_rows())

_CODE = re.compile(r"[1-9][0-9]{0,4}")


def _above(code: str, parent_of: Mapping[str, str]) -> tuple[str, ...]:
    parent = parent_of.get(code)
    return (parent, *_above(parent, parent_of)) if parent else ()


_PARENT = {code: parent for code, parent, _ in TABLE if parent}
_PARENTS = {code: _above(code, _PARENT) for code in _PARENT}


def is_industry(code: str) -> bool:
    return _CODE.fullmatch(code) is not None


def parents(code: str) -> tuple[str, ...]:
    """What lies above the code, nearest first; nothing, where the table does not know."""
    return _PARENTS.get(code, ())
