"""The data files of this package: plain lines that people can read and correct."""

from collections.abc import Iterator
from importlib import resources


def data_lines(name: str) -> Iterator[str]:
    """What stands behind a # explains."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if plain := line.partition("#")[0].strip():
            yield plain
