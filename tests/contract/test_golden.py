"""Every released type and version of an event is read for ever: one golden sample each."""

from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json

from shared.contracts import envelope, intake, routing
from shared.contracts.event import Event

GOLDEN = Path(__file__).parent / "golden"
MODULES = (intake, routing)

TYPES: dict[str, type[Event]] = {
    kind.TYPE: kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Event) and hasattr(kind, "TYPE")
}


def contained(part: Any, whole: Any) -> bool:
    """Whether everything in `part` is also in `whole`, which may have more fields."""
    if isinstance(part, dict):
        return all(name in whole and contained(part[name], whole[name]) for name in part)
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(contained, part, whole))
    return bool(part == whole)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_read_for_ever(path: Path) -> None:
    """Today's code reads the sample and loses none of its fields."""
    event = envelope.parse(TYPES[path.stem], path.read_bytes())
    assert contained(from_json(path.read_bytes()), from_json(event.model_dump_json()))


def test_every_type_has_a_sample() -> None:
    """No type is published without a golden sample."""
    assert sorted(TYPES) == sorted(path.stem for path in GOLDEN.glob("*.json"))


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_type_names_its_version(name: str) -> None:
    """A type names its owner and its major version, and lies on a topic of that owner."""
    _, owner, *_, version = name.split(".")
    assert version == "v1"
    assert TYPES[name].TOPIC.startswith(f"{owner}.")
