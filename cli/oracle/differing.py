"""How a check tells what it found: how many, and a few of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WRONG_SHOWN = 5


def differ(what: str, expected: Iterable[object], found: Iterable[object]) -> Iterator[str]:
    missing, extra = set(expected) - set(found), set(found) - set(expected)
    if missing:
        yield f"{what}: {len(missing)} are missing, such as {some(missing)}"
    if extra:
        yield f"{what}: {len(extra)} are too many, such as {some(extra)}"


def repetitions(what: str, counts: Mapping[Any, int]) -> Iterator[str]:
    if twice := [name for name, count in counts.items() if count > 1]:
        yield f"{what}: {len(twice)}, such as {some(twice)}"


def several(what: str, found: Iterable[tuple[object, set[str]]]) -> Iterator[str]:
    if wrong := [name for name, values in found if len(values) > 1]:
        yield f"{what}: {len(wrong)}, such as {some(wrong)}"


def some(names: Iterable[object]) -> str:
    return ", ".join(sorted(map(str, names))[:WRONG_SHOWN])
