"""What every kind of upload file is read into: a header, and rows of cells with their lines.

A row that can't be cut into cells is a flaw, so that it costs itself only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cli.output import WRONG_USAGE, CliError


@dataclass(frozen=True, slots=True)
class Flaw:
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[str, ...]
    rows: Iterable[tuple[int, Sequence[str] | Flaw]]
    """By the line that a person sees, in the order of the file."""

    @property
    def width(self) -> int:
        return len(self.header)


def unreadable(text: str) -> CliError:
    return CliError("unreadable", text, WRONG_USAGE)
