"""What `--help` shows of every command, in a terminal of 80 columns."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import typer

from cli.main import build_app, run
from cli.output import NOT_READ_ON

NAME = re.compile(r"[A-Z_]+(?:[|=][A-Z]+)?")


def words_of(command: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Of the command and of all below it."""
    yield before
    for name, inner in getattr(command, "commands", {}).items():
        yield from words_of(inner, (*before, name))


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (["cli.main", "--help"], NOT_READ_ON),
        (["deploy.sample.generate", "--count", "2000"], -signal.SIGPIPE),
    ],
)
def test_who_reads_no_further_is_told_of_no_failure(program: Sequence[str], code: int) -> None:
    """As of `head`: not with the code of a check that does not hold, and no traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", *program], stdout=writer, stderr=subprocess.PIPE, timeout=60
    )
    os.close(writer)
    assert (code, b"") == (done.returncode, done.stderr)


COMMANDS = list(words_of(typer.main.get_command(build_app())))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_value_is_called_by_its_name_in_capitals(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of no command by a type of Python, and what is only given or not by nothing."""
    monkeypatch.setenv("COLUMNS", "80")
    assert 0 == run([*words, "--help"])
    shown = capsys.readouterr().out
    usage = re.search(r"Usage: leadops(.*?)\n *\n", shown, re.DOTALL)
    assert usage
    assert [] == [
        one for one in re.findall(r"[{\[](.+?)[}\]]", usage[1]) if not NAME.fullmatch(one)
    ]
    assert [] == re.findall(r"<\w+[^>]*>", shown)
    assert [] == [line for line in shown.splitlines() if len(line) > 80]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_value_says_what_it_is(words: tuple[str, ...]) -> None:
    """Whoever sees LEAD or ID for the first time is told where such a thing is to be had."""
    command = typer.main.get_command(build_app())
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    assert [] == [each.name for each in command.params if not each.help]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["clock", "advance"], "DURATION"),
        (["deliveries", "show", "acme"], "DELIVERY"),
        (["lists", "add", "rivals", "--reason", "x"], "ENTRY"),
        (["shards", "skip", "intake"], "TOPIC"),
    ],
)
def test_what_is_missing_is_called_as_help_calls_it(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == run(arguments)
    assert f"error: Missing argument '{name}'.\n" == capsys.readouterr().err


def test_help_is_as_wide_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A paragraph ends where it ends, and not where a line of the source does."""
    monkeypatch.setenv("COLUMNS", "80")
    run(["campaigns", "lint", "--help"])
    shown = [line.strip() for line in capsys.readouterr().out.splitlines()]
    start = next(n for n, line in enumerate(shown) if line.startswith("Files hold documents"))
    assert "code 1 if something is refused or open." == shown[start + 1]
