"""Writes `docs/commands.md`: each command as its contract has it, with the golden samples that are
its examples. It stands beside those samples, which the page is made of like the contracts, and not
with what is deployed. `make docs` writes the page; a test says when it is out of date.
"""

import inspect
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.contracts.answers import REFUSE_ANY
from shared.contracts.commands import commands, service_of
from shared.contracts.event import Command, commands_topic
from tests.contract.examples import STORY, Example
from tests.contract.type_words import attribute_docs, in_words, parts_in, types

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
Seen = dict[type[BaseModel], str]
"""Objects, with the field below which they are described."""
RULES = re.compile(r" \([A-Z]{3}-\d\d(?:(?:, | to )[A-Z]{3}-\d\d)*\)")
BAR = r"\|"
HEAD = """# Commands

<!-- Written by `make docs` from shared/contracts and tests/contract/golden. Change those. -->

All that services can be asked for. How to publish a command, and how to read its answer:
[publishing](publishing.md).

- In a key, what stands in braces is a field of the data.
- Fields that a service does not know are ignored.
- Beside its own codes, any command can be refused with {any}.
  What each code means: [publishing](publishing.md#codes).
- The examples are one story, in their order; `tests/integration/test_publishing_examples.py`
  publishes each of them to a real broker. Ids of leads, persons, sends and dead letters, and the
  address of the customer's endpoint, are those of another installation.
"""


def page() -> str:
    sections = "".join(section(kind, examples) for kind, examples in by_type().items())
    head = HEAD.format(any=codes(REFUSE_ANY))
    return "\n".join([head, index(), sections + type_table(sections)])


def by_type() -> dict[str, list[Example]]:
    """In the order in which the story comes to each."""
    found: dict[str, list[Example]] = {}
    for example in STORY:
        found.setdefault(example.type, []).append(example)
    return found


def index() -> str:
    rows = [index_row(kind) for kind in by_type()]
    return "\n".join(["| type | key | may ask |", "|---|---|---|", *rows, "", ""])


def index_row(name: str) -> str:
    kind, anchor = commands()[name], name.replace(".", "")
    return row(f"[`{name}`](#{anchor})", key_of(kind), roles(kind))


def key_of(kind: type[Command]) -> str:
    return f"`{kind.KEY}`" if kind.KEY else "none: the partition of the shard"


def roles(kind: type[Command]) -> str:
    return ", ".join(sorted(kind.ROLES))


def codes(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def section(name: str, examples: Sequence[Example]) -> str:
    kind = commands()[name]
    facts = [
        f"- Topic `{commands_topic(service_of(name))}`, key: {key_of(kind)}",
        f"- May ask: {roles(kind)}",
        f"- Accepted: {codes(kind.ACCEPTED)}",
        *([f"- Refused: {codes(kind.REFUSED)}"] if kind.REFUSED else []),
    ]
    parts = [
        f"## `{name}`",
        description(kind),
        "\n".join(facts),
        "\n".join(["| field | type | default | meaning |", "|---|---|---|---|", *field_rows(kind)]),
        *map(example_text, examples),
    ]
    return "\n\n".join(parts) + "\n\n"


def row(*cells: str) -> str:
    """Of a table, in which a bar ends a cell, be it between backticks."""
    return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


def description(kind: type[BaseModel]) -> str:
    return "\n\n".join(map(paragraph, (inspect.getdoc(kind) or "").split("\n\n")))


def paragraph(text: str | None) -> str:
    """In one line, without the numbers of our rules."""
    return RULES.sub("", " ".join((text or "").split()))


def field_rows(kind: type[BaseModel], path: str = "", seen: Seen | None = None) -> Iterator[str]:
    """Objects inside are described below their field, where they come first."""
    seen = {} if seen is None else seen
    hints = get_type_hints(kind, include_extras=True)
    for name, field in kind.model_fields.items():
        here = path + (field.serialization_alias or field.alias or name)
        words, parts = in_words(hints[name]), list(parts_in(hints[name]))
        yield row(f"`{here}`", words, default(field), meaning(kind, name, parts, seen))
        inner = f"{here}[]." if "list of" in words else f"{here}."
        for part in (part for part in parts if part not in seen):
            seen[part] = here
            yield from field_rows(part, inner, seen)


def meaning(kind: type[BaseModel], name: str, parts: Sequence[type[BaseModel]], seen: Seen) -> str:
    """The field's docstring, or else that of the object in it."""
    docs = attribute_docs(inspect.getmodule(kind)).get(kind.__name__, {})
    own = docs.get(name) or " ".join(paragraph(part.__doc__) for part in parts if part not in seen)
    as_before = [f"As in `{seen[part]}`." for part in parts if part in seen]
    return " ".join(filter(None, [RULES.sub("", own), *as_before]))


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_defaults=True)
    return f"`{json.dumps(value, default=str)}`"


def example_text(example: Example) -> str:
    words = [example.about, f"Published by `{example.actor}` as `{example.role}`"]
    if example.key:
        words.append(f"under the key `{example.key}`")
    answers = f"answered `{example.answer}`"
    if example.again != example.answer:
        answers += f"; the same later, `{example.again}`"
    head = f"{' '.join(filter(None, words))}, {answers}:"
    return f"{head}\n\n```json\n{example.text.rstrip()}\n```"


def type_table(text: str) -> str:
    rows = [
        row(name, bounds, RULES.sub("", meaning))
        for name, bounds, meaning in types()
        if f"[{name}](#types)" in text
    ]
    return "\n".join(["## Types", "", "| | | |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
