"""Mutants that survive and may: each with the reason why no test could tell it from the truth."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

Key = tuple[str, str, str, str]
FILE = Path(__file__).with_name("judged.yaml")


@cache
def judged() -> Mapping[Key, str]:
    rows = YAML(typ="safe").load(FILE) or []
    found = {(row["module"], row["function"], row["from"], row["to"]): row["why"] for row in rows}
    assert len(found) == len(rows), "a mutant is judged twice"
    return found
