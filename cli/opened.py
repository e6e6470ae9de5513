"""The file that a command was given: opened, of a kind that is read, and named in what is wrong.

All of this is told before anything else is asked, since it needs no stack.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from cli.foreign import ARCHIVES, START_BYTES, foreign_kind
from cli.importing import Chosen
from cli.output import INTERRUPTED, WRONG_USAGE, CliError, unreadable


@contextmanager
def open_file(file: str) -> Iterator[BinaryIO]:
    """Read more than once, which the standard input can't be."""
    try:
        if file != "-":
            with Path(file).open("rb") as content:
                yield content
            return
        with TemporaryFile() as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
            kept.seek(0)
            yield kept
    except OSError as error:
        why = error.strerror or str(error)
        raise unreadable(f"{file}: {why}") from error


def read_bytes(file: str) -> bytes:
    with open_file(file) as content:
        return content.read()


def check_kind(file: str, content: BinaryIO, chosen: Chosen) -> None:
    """What can be told before anybody is asked whose file it is."""
    start = content.read(START_BYTES)
    content.seek(0)
    if not start:
        raise unreadable("the file is empty")
    if kind := foreign_kind(start):
        raise unreadable(f"this is neither CSV nor XLSX: it is {kind}")
    if chosen.sheet is not None and not start.startswith(ARCHIVES):
        raise CliError("usage", f"{file} is no workbook: it has no sheets", WRONG_USAGE)


@contextmanager
def name_file_in_errors(file: str) -> Iterator[None]:
    """What is wrong with a file is told with its name: a script imports many."""
    try:
        yield
    except CliError as error:
        if error.code != "unreadable" or error.text.startswith(f"{file}: "):
            raise
        raise unreadable(f"{file}: {error.text}") from error


@contextmanager
def tell_if_interrupted(
    file: str,
    so_far: str = "rows that were published are still decided. "
    "Import the file again for the others: no row is taken in twice",
) -> Iterator[None]:
    """Ids are derived from rows, so nobody has to find out how far it came."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise CliError("interrupted", f"{file}: interrupted; {so_far}", INTERRUPTED) from error
