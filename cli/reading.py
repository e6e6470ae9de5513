"""What has been read of an affiliate's file so far, as commands and in figures.

A row that stands twice is one submission; what became of each is counted from its answer, be it
given by a service or only what a service would answer.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cli.command import Answer, Command
from cli.importing import BadRow, Row, Upload
from cli.turns import Turns
from shared.contracts.bounds import VALUE_BYTES_MAX

CHUNK_ROWS = 10_000
"""So many are published and answered before more are read: no file has to fit into memory."""


@dataclass(slots=True)
class Reading:
    """What has been read of a file so far, as commands and in figures."""

    upload: Upload
    rows: int = 0
    repeated: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    """By command, its line."""
    bad: list[BadRow] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    _lines: dict[str, int] = field(default_factory=dict)
    """By lead, the first line that was answered with it."""

    def chunks(self, rows: Iterable[Row | BadRow]) -> Iterator[tuple[list[Command], Turns]]:
        new = self.new(rows)
        while pairs := list(islice(new, CHUNK_ROWS)):
            turns = Turns()
            for command, group in pairs:
                turns.add(command, group)
            yield [command for command, _ in pairs], turns

    def new(self, rows: Iterable[Row | BadRow]) -> Iterator[tuple[Command, str | None]]:
        for row in rows:
            self.rows += 1
            if isinstance(row, BadRow):
                self.bad.append(row)
                continue
            command = self.upload.command(row)
            if bad := too_large(row, command):
                self.bad.append(bad)
            elif command.id in self.seen:
                self.repeated += 1
            else:
                self.seen[command.id] = row.line
                yield command, self.upload.group(row)

    def with_notes(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """Notes by line whose reference is another person's, with the line that has it, if it is
        in this file."""
        for answer in answers:
            line, lead = self.seen[answer.command], str(answer.details.get("lead"))
            if first := answer.details.get("conflicts_with"):
                conflict = {"line": line, "reason": answer.code, "text": answer.text, "lead": lead}
                self.conflicts.append(conflict | {"conflicts_with": first})
            else:
                self._lines.setdefault(lead, line)
            yield answer
        for conflict in self.conflicts:
            conflict["line_of"] = self._lines.get(str(conflict["conflicts_with"]))

    def counts(self) -> dict[str, Any]:
        return {
            "affiliate": self.upload.affiliate,
            "rows": self.rows,
            "submitted": len(self.seen),
            "repeated": self.repeated,
        }

    def bad_rows(self) -> dict[str, Any]:
        bad = [{"line": row.line, "reason": row.reason, "text": row.text} for row in self.bad]
        return {"bad_rows": len(bad), "bad": bad}


def too_large(row: Row, command: Command) -> BadRow | None:
    """A row grows when it is written as JSON, and no answer comes to what no record may be."""
    size = len(command.data)
    if size <= VALUE_BYTES_MAX:
        return None
    text = f"as a record it has {size:,} bytes, {VALUE_BYTES_MAX:,} are allowed"
    return BadRow(row.line, "row_too_long", text)


def summary(read: Reading, answers: Iterable[Answer]) -> dict[str, Any]:
    """What came of all rows, once the last one is answered."""
    counts = outcomes(read.with_notes(answers))
    conflicts = sorted(read.conflicts, key=lambda conflict: int(conflict["line"]))
    return read.counts() | counts | read.bad_rows() | {"conflicts": conflicts}


def outcomes(answers: Iterable[Answer]) -> dict[str, Any]:
    """A refused row may still be kept, as unusable: it counts as what it became. What was uploaded
    before, the same, is unchanged, and counts as what it became then."""
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    unchanged = 0
    for answer in answers:
        unchanged += bool(answer.details.get("repeated"))
        outcome = answer.details.get("outcome")
        counts[outcome or ("accepted" if answer.accepted else "refused")] += 1
        if not answer.accepted:
            refused[answer.code] += 1
    names = ("accepted", "held", "unusable", "omitted", "waiting", "refused")
    by_outcome: dict[str, Any] = {name: counts[name] for name in names}
    return by_outcome | {"unchanged": unchanged, "refused_by_code": dict(sorted(refused.items()))}
