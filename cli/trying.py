"""Asks both services what would become of the rows of a file, a page at a time.

Nothing is published. Of a row only what is counted is kept, but for those that are shown, so that a
file of any length takes the same room.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from cli.column_counts import ColumnCounts
from cli.command import Answer, Command
from cli.earlier import Earlier, Place, as_question
from cli.importing import BadRow, Row
from cli.reading import Reading

PAGE_ROWS = 200
PAGE_BYTES = 3_000_000
"""What a page may have before its last row is added; a question may have more than twice of it."""
OTHERS_SHOWN = 5

Json = dict[str, Any]


class Asking(Protocol):
    def ask(self, service: str, path: str, question: Any) -> Any: ...


class PageRow(NamedTuple):
    """A row of a page, with the rows before the page that it depends on."""

    command: Command
    group: str | None
    earlier: set[Place]


@dataclass(slots=True)
class Trial:
    """A file on its way through the questions, and what came of it so far."""

    api: Asking
    reading: Reading
    earlier: Earlier
    shown_max: int
    columns: ColumnCounts = field(default_factory=ColumnCounts)
    reasons: Counter[str] = field(default_factory=Counter)
    campaigns: Counter[str] = field(default_factory=Counter)
    unwanted: int = 0
    """Leads that no campaign would want."""
    shown: list[Json] = field(default_factory=list)

    def answers(self, rows: Iterable[Row | BadRow]) -> Iterator[Answer]:
        """Each as the service would give it, in the order of the file."""
        for page in self._pages(self.reading.new(rows)):
            tried = self._taken_in(page)
            matched = self._match(tried)
            for page_row, row in zip(page, tried, strict=True):
                self._count(page_row, row, matched.get(row["id"]))
                yield Answer(row["id"], **row["answer"])

    def _pages(self, new: Iterable[tuple[Command, str | None]]) -> Iterator[list[PageRow]]:
        page: list[PageRow] = []
        size = 0
        for command, group in new:
            found = self.earlier.of(command, group)
            page.append(PageRow(command, group, found))
            size += len(command.data) + sum(length for _, length in found)
            if len(page) == PAGE_ROWS or size > PAGE_BYTES:
                yield page
                page, size = [], 0
        if page:
            yield page

    def _taken_in(self, page: Sequence[PageRow]) -> list[Json]:
        """What intake makes of each row, behind those that it depends on."""
        places = {place for row in page for place in row.earlier}
        question = {
            "source": page[0].command.source,
            "earlier": list(self.earlier.rows(places)),
            "submissions": [as_question(row.command) for row in page],
        }
        return list(self.api.ask("intake", "/try", question)["submissions"])

    def _match(self, tried: Sequence[Json]) -> dict[str, Json]:
        """By row, who would want its lead; of rows that are shown also who would not."""
        leads = [row for row in tried if row["accepted"]]
        room = max(self.shown_max - len(self.shown), 0)
        shown = {row["id"] for row in tried[:room]}
        with_others = [row for row in leads if row["id"] in shown]
        others = [row for row in leads if row["id"] not in shown]
        return self._ask_routing(with_others, OTHERS_SHOWN) | self._ask_routing(others, 0)

    def _ask_routing(self, rows: Sequence[Json], others: int) -> dict[str, Json]:
        if not rows:
            return {}
        question = {"leads": [row["accepted"] for row in rows], "others": others}
        judged = self.api.ask("routing", "/try", question)["leads"]
        return {row["id"]: found for row, found in zip(rows, judged, strict=True)}

    def _count(self, page_row: PageRow, row: Json, matched: Json | None) -> None:
        command, line = page_row.command, self.reading.seen[page_row.command.id]
        self.columns.add(row["fields"], as_question(command)["data"]["record"])
        self.reasons.update({reason["code"] for reason in row["reasons"]})
        if matched is not None:
            self.campaigns.update(each["campaign"] for each in matched["candidates"])
            self.unwanted += not matched["candidates"]
        if row["accepted"]:
            self.earlier.add_accepted(command, page_row.group)
        elif row["is_new"] and row["answer"]["details"].get("conflicts_with"):
            self.earlier.add_conflict(command, page_row.group)
        if len(self.shown) < self.shown_max:
            left_out = {"accepted", "id"}
            kept = {name: value for name, value in row.items() if name not in left_out}
            self.shown.append({"line": line, **kept, "campaigns": matched})

    def as_json(self) -> Json:
        return {
            "reasons": dict(sorted(self.reasons.items())),
            "campaigns": dict(sorted(self.campaigns.items())),
            "unwanted": self.unwanted,
            "columns": self.columns.as_json(),
            "shown": self.shown,
        }
