"""How commands speak: results on stdout, progress on stderr, errors with a code.

With --json stdout carries one JSON document and nothing else, also when a command fails.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from cli import tables
from shared.wording import plural, quantity

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]

CHECK_FAILED, WRONG_USAGE, UNREACHABLE = 1, 2, 3
INTERRUPTED = 130
"""What shells give a command that Ctrl-C ended."""
NOT_READ_ON = 141
"""What they give one whose reader has seen enough, such as `head`: no check has failed."""


class CliError(Exception):
    """What went wrong, for a program (code, details), for a person (text), and for the shell."""

    def __init__(
        self, code: str, text: str, exit_code: int, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(text)
        self.code, self.text, self.exit_code = code, text, exit_code
        self.details = details or {}


class UnknownId(CliError):
    """A service was asked for something by an id that nothing has."""


def unreadable(text: str) -> CliError:
    """A file that can't be read, or is not what it should be."""
    return CliError("unreadable", text, WRONG_USAGE)


def progress(text: str) -> None:
    print(tables.within(text, tables.width_of(sys.stderr)), file=sys.stderr, flush=True)


def show_json(content: object) -> None:
    print(json.dumps(content, indent=2, default=str))


def show(content: object, *, as_json: bool, text: str) -> None:
    """The whole answer as JSON, or a line or two for a person."""
    if as_json:
        show_json(content)
    else:
        show_paragraph(text)


def show_table(title: str, columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> None:
    print(tables.render(title, list(columns), list(rows), tables.width_of(sys.stdout)))


def show_further(title: str, columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """A table below something else, which a line keeps apart from it."""
    print()
    show_table(title, columns, rows)


def show_counted(
    number: int,
    noun: str,
    columns: Iterable[str],
    rows: Iterable[Mapping[str, Any]],
    more: str = "",
) -> None:
    """A table of what was found, which may have several rows each."""
    show_table(f"{quantity(number, noun)}{more}" if number else plural(noun), columns, rows)


def show_paragraph(text: str, depth: int = 0) -> None:
    print(tables.paragraph(text, tables.width_of(sys.stdout), depth))


def show_error(error: CliError, *, as_json: bool) -> None:
    if as_json:
        details = {"details": error.details} if error.details else {}
        show_json({"error": {"code": error.code, "text": error.text, **details}})
    else:
        progress(f"error: {error.text}")
