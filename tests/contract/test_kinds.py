"""No value of a command is taken for one of another kind, whichever field it stands in: the golden
samples of all commands, with one value each written as something else."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts.commands import commands
from shared.contracts.parsing import Invalid, read
from tests.contract.examples import GOLDEN

FREE = {"record", "value", "entries", "vocabularies"}
"""What stands in these is the sender's own, or a text whatever it looks like."""
WRITTEN_AS = (
    (re.compile(r"\d{4}-\d\d-\d\d(?:T.*)?"), (0, 1_772_355_600, "1772355600", 1.5, True)),
    (re.compile(r"\d\d:\d\d(?::\d\d)?"), (32_400, "32400", True)),
)
Place = tuple[str | int, ...]


def others(value: object) -> tuple[object, ...]:
    """What a value may have been meant by, and is not."""
    if isinstance(value, bool):
        return (int(value), str(value).lower(), "yes", "on")
    if isinstance(value, int):
        return (True, str(value), value + 0.5)
    if isinstance(value, str):
        return next((kinds for form, kinds in WRITTEN_AS if form.fullmatch(value)), ())
    return ()


def leaves(value: object, place: Place = ()) -> Iterator[tuple[Place, object]]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in FREE:
                yield from leaves(part, (*place, name))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from leaves(part, (*place, number))
    else:
        yield place, value


def changed(data: object, place: Place, value: object) -> Any:
    copy = json.loads(json.dumps(data))
    part = copy
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    return copy


SAMPLES = [
    (kind, json.loads(path.read_text()))
    for kind in commands()
    for path in sorted(GOLDEN.glob(f"{kind}*.json"))
]
CASES = [
    pytest.param(kind, changed(data, place, other), id=f"{kind} {place} {other!r}")
    for kind, data in SAMPLES
    for place, value in leaves(data)
    for other in others(value)
]


@pytest.mark.parametrize(("kind", "data"), CASES)
def test_no_value_is_taken_for_one_of_another_kind(kind: str, data: Any) -> None:
    assert isinstance(read(commands()[kind], json.dumps(data).encode()), Invalid)
