"""How far the columns of a file are understood: filled, read, unknown and why, with examples.

Counted from the field views that intake gives of each row, so that a file of any length is summed
up in as much room as it has columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.tables import in_words

EXAMPLES_MAX = 3
EXAMPLE_LENGTH_MAX = 60
WHYS_MAX = 5
"""Per column; what is unknown for further reasons is counted together."""
FURTHER, NOT_TOLD = "for other reasons", "it is not told why"


@dataclass(slots=True)
class Unknown:
    """Values of a column that stay unknown for one reason."""

    rows: int = 0
    examples: dict[str, None] = field(default_factory=dict)

    def add(self, text: str) -> None:
        self.rows += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples[text] = None


@dataclass(slots=True)
class ColumnCount:
    """`meaning` is the field that the mapping says the column is; none where nobody reads it."""

    column: str | None
    meaning: str | None
    filled: int = 0
    read: int = 0
    unknown: int = 0
    not_asked: int = 0
    """Answers that no question of the lead's category wants."""
    values: dict[str, str] = field(default_factory=dict)
    """Examples of what was read, by what is written."""
    whys: dict[str, Unknown] = field(default_factory=dict)
    """Why values stay unknown, in words, the first such reasons in the file."""

    def add(self, view: Mapping[str, Any]) -> None:
        """A field of one row."""
        if view["state"] == "blank":
            return
        self.filled += 1
        text = shorten(view["given"]).strip()
        if view["state"] == "not_asked":
            self.not_asked += 1
        elif view["state"] == "unknown":
            self.unknown += 1
            self._why(view["text"] or NOT_TOLD).add(text)
        else:
            self.read += 1
            if len(self.values) < EXAMPLES_MAX:
                self.values[text] = shorten(view["value"])

    def _why(self, text: str) -> Unknown:
        is_known = text in self.whys or len(self.whys) < WHYS_MAX
        return self.whys.setdefault(text if is_known else FURTHER, Unknown())

    def add_unread(self, cell: Any) -> None:
        """A cell that nobody reads."""
        if cell is not None and str(cell).strip():
            self.filled += 1
            if len(self.values) < EXAMPLES_MAX:
                self.values[shorten(cell)] = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "field": self.meaning,
            "filled": self.filled,
            "read": self.read,
            "unknown": self.unknown,
            "not_asked": self.not_asked,
            "examples": [{"given": text, "value": value} for text, value in self.values.items()],
            "unknown_why": [
                {"text": text, "rows": why.rows, "examples": list(why.examples)}
                for text, why in self.whys.items()
            ],
        }


@dataclass(slots=True)
class ColumnCounts:
    """Of a file, in the order of the mapping; what nobody reads stands behind it."""

    known: dict[tuple[str, str | None], ColumnCount] = field(default_factory=dict)
    others: dict[str, ColumnCount] = field(default_factory=dict)

    def add(self, views: Sequence[Mapping[str, Any]], record: Mapping[str, Any]) -> None:
        if not views:
            return  # Of a row that nobody could read nothing is known.
        for view in views:
            place = view["field"], view["column"]
            count = self.known.setdefault(place, ColumnCount(view["column"], view["field"]))
            count.add(view)
        read = {view["column"] for view in views}
        for column in record.keys() - read:
            self.others.setdefault(column, ColumnCount(column, None))
        for column, count in self.others.items():
            count.add_unread(record.get(column))

    def as_json(self) -> list[dict[str, Any]]:
        return [count.as_json() for count in self._all()]

    def _all(self) -> Iterable[ColumnCount]:
        return (*self.known.values(), *(self.others[name] for name in sorted(self.others)))


def shorten(value: Any, most: int = EXAMPLE_LENGTH_MAX) -> str:
    text = in_words(value)
    return text if len(text) <= most else f"{text[:most]} …"
