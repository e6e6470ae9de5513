"""Every released type and version of an event is read for ever: a golden sample each, and another
where fields were added later (`TYPE.what-is-new.json`). The first ones stay as they are."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from shared.contracts import campaigns, routing
from shared.contracts.commands import MODULES
from shared.contracts.event import Event
from shared.contracts.operations import operations
from shared.contracts.parsing import parse
from tests.contract.examples import GOLDEN

TYPES: dict[str, type[Event]] = {
    kind.TYPE: kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Event) and hasattr(kind, "TYPE")
}
FORMER = {name: kind for kind in TYPES.values() for name in kind.FORMER_TYPES}
READ = TYPES | FORMER | operations("intake")
"""By every name under which it was ever published; what all services take, as one of them does."""


def type_of(path: Path) -> str:
    found = re.match(r".*?\.v\d+(?=\.|$)", path.stem)
    assert found, f"{path.name} begins with no type"
    return found[0]


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
    event = parse(READ[type_of(path)], path.read_bytes())
    assert contained(from_json(path.read_bytes()), from_json(event.model_dump_json()))


RENAMED: list[tuple[type[BaseModel], dict[str, Any], dict[str, Any]]] = [
    (routing.Failing, {"code": "filter.place", "wanted": ["US"]}, {"expected": ("US",)}),
    (campaigns.Choice, {"wanted": ["vp"]}, {"allowed": ("vp",)}),
    (campaigns.IndustryFilter, {"wanted": ["41"], "strictness": "strict"}, {"allowed": ("41",)}),
    (campaigns.Smarter, {"wanted": {"q_a": ["x"]}}, {"allowed": {"q_a": ("x",)}}),
    (routing.CampaignWidened, {"campaign": "north", "is_second_look": True}, {"is_rescan": True}),
]


@pytest.mark.parametrize(
    ("kind", "then", "now"), RENAMED, ids=[kind.__name__ for kind, _, _ in RENAMED]
)
def test_fields_are_read_by_their_former_names(
    kind: type[BaseModel], then: dict[str, Any], now: dict[str, Any]
) -> None:
    read = kind.model_validate(then)
    assert now == {name: getattr(read, name) for name in now}


@pytest.mark.parametrize("kind", [campaigns.Choice, campaigns.IndustryFilter, campaigns.Smarter])
def test_a_filter_under_both_names_is_refused(kind: type[BaseModel]) -> None:
    """One of them would be lost, and a lead sent that should not be."""
    values: Any = {"q_a": ["x"]} if kind is campaigns.Smarter else ["x"]
    with pytest.raises(ValidationError, match="name one of them"):
        kind.model_validate({"allowed": values, "wanted": values, "strictness": "strict"})


@pytest.mark.parametrize(
    ("name", "then", "now"),
    [
        ("routing.claim.requested.v1", "ask", "attempt"),
        ("routing.claim.refused.v1", "ask", "attempt"),
        ("routing.lead.unsent.v1", "asked", "claimed"),
    ],
)
def test_events_are_read_by_the_former_names_of_fields(name: str, then: str, now: str) -> None:
    row = from_json((GOLDEN / f"leadops.{name}.json").read_bytes())
    value = ["north"] if now == "claimed" else 3
    row.pop(now, None)
    read = TYPES[f"leadops.{name}"].model_validate_json(to_json({**row, then: value}))
    assert value == from_json(read.model_dump_json())[now]


def test_every_type_has_a_sample() -> None:
    """No type is published without a golden sample."""
    samples = list(GOLDEN.glob("*.json"))
    assert sorted(READ) == sorted(path.stem for path in samples if path.stem == type_of(path))
    assert {type_of(path) for path in samples} == set(READ)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_type_names_its_version(name: str) -> None:
    """A type names its owner and its major version, and lies on a topic of that owner."""
    _, owner, *_, version = name.split(".")
    assert version == "v1"
    assert TYPES[name].TOPIC.startswith(f"{owner}.")
