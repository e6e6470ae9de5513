"""`leadops lists`: companies that are kept out, or the only ones that are wanted (RTE-06)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from cli import list_files
from cli.api import Api, segment
from cli.command import Answer, Asker, Command
from cli.documents import command_of
from cli.import_commands import ask_with_bar
from cli.known import suggesting_nearest
from cli.list_files import BadLine, Line
from cli.list_parts import fold, put_parts
from cli.opened import name_file_in_errors, read_bytes
from cli.options import As, Reason
from cli.output import (
    WRONG_USAGE,
    AsJson,
    CliError,
    progress,
    show,
    show_further,
    show_json,
    show_table,
)
from cli.publishing import demand
from shared.contracts.lists import EditList, PutList
from shared.contracts.values import Instant
from shared.wording import quantity

COLUMNS = ["id", "version", "entries", "parts", "coming_at", "changed_at", "changed_by"]

ListId = Annotated[str, typer.Argument(metavar="LIST", help="As in `leadops lists list`.")]
Entries = Annotated[list[str], typer.Argument(metavar="ENTRY", help="Domains or names.")]

_instant: TypeAdapter[Instant] = TypeAdapter(Instant)


def register(app: typer.Typer) -> None:
    lists = typer.Typer(help="Lists of companies that campaigns suppress or approve.")
    lists.command("list")(list_lists)
    lists.command("show")(show_list)
    lists.command("import")(import_list)
    lists.command()(add)
    lists.command()(remove)
    app.add_typer(lists, name="lists")


def list_lists(as_json: AsJson = False) -> None:
    """All lists as they are now."""
    with Api() as api:
        found = api.get("routing", "/lists")
    if as_json:
        show_json(found)
    else:
        show_table("lists", COLUMNS, map(list_row, found["lists"]))


def list_row(found: Mapping[str, Any]) -> dict[str, Any]:
    return {**found, "parts": len(found["parts"])}


def show_list(
    name: ListId,
    limit: Annotated[
        int, typer.Option(metavar="COUNT", min=0, help="So many entries; --json has all.")
    ] = 50,
    as_json: AsJson = False,
) -> None:
    """One list with its entries, as they are compared, and the campaigns that use it."""
    with suggesting_nearest(list=name), Api() as api:
        found = api.get("routing", f"/lists/{segment(name)}")
    if as_json:
        show_json(found)
        return
    show_table(name, COLUMNS, [list_row(found)])
    print(f"\nused by: {', '.join(found['used_by']) or 'no campaign'}")
    rows = [dict(zip(("is", "entry"), term.split(":", 1), strict=True)) for term in found["terms"]]
    show_further("entries", ["is", "entry"], rows[:limit])
    if len(rows) > limit:
        print(f"and {len(rows) - limit} more")


def import_list(
    file: Annotated[
        str,
        typer.Argument(
            help="One entry a line, or a CSV or XLSX with columns called so; - is stdin."
        ),
    ],
    name: Annotated[str, typer.Option("--list", help="Which list it is to be, whole.")],
    effective_from: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT", help="Instant with its offset; until then nothing changes."
        ),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Put the list without its bad lines.")
    ] = False,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Put a list from a file. If a line is bad, all bad lines are told and nothing changes."""
    command_of(PutList, id=name)  # Its form, before a long file is read and its parts are put.
    at = None if effective_from is None else instant(effective_from)
    with name_file_in_errors(file):
        lines = list_files.read(file, read_bytes(file))
    good = [line for line in lines if isinstance(line, Line)]
    list_files.check_number(file, len({fold(line.entry) for line in good}))
    asker = Asker(actor)
    kept = put_parts(name, [line.entry for line in good], lambda some: ask_with_bar(some, asker))
    bad = bad_lines(lines, kept.bad)
    for line in bad:
        progress(f"{file}:{line.number}: {line.entry}: {line.why}")
    if bad and not (skip_bad and kept.digests):
        details = {"lines": [line.as_json() for line in bad]}
        text = f"{file}: bad lines: {len(bad)} of {len(lines)}; the list stays as it was"
        raise CliError("entries_invalid", text, WRONG_USAGE, details)
    answer = demand(command_of(PutList, id=name, parts=kept.digests, effective_from=at), asker)
    show_answer(name, answer, bad, as_json=as_json)


def instant(text: str) -> Instant:
    try:
        return _instant.validate_strings(text)
    except ValidationError as error:
        why = f"{text!r} is no instant; write 2026-03-01T09:00:00Z, or with an offset"
        raise CliError("usage", why, WRONG_USAGE) from error


def bad_lines(lines: Sequence[Line | BadLine], bad: Mapping[str, str]) -> list[BadLine]:
    """In the order of the file; an entry that stands twice is bad twice."""
    return [
        line
        if isinstance(line, BadLine)
        else BadLine(line.number, line.entry, bad[fold(line.entry)])
        for line in lines
        if isinstance(line, BadLine) or fold(line.entry) in bad
    ]


def show_answer(name: str, answer: Answer, bad: Sequence[BadLine] = (), *, as_json: bool) -> None:
    entries, from_ = answer.details["entries"], answer.details.get("effective_from")
    text = f"{name}: {answer.code}, version {answer.details.get('version')}"
    text += f", {quantity(entries, 'entry')}"
    text += f" from {from_} on" if from_ else ""
    text += f"; bad lines left out: {len(bad)}" if bad else ""
    details = {"list": name, "bad": [line.as_json() for line in bad]}
    show(answer.as_json() | details, as_json=as_json, text=text)


def add(
    name: ListId, entries: Entries, reason: Reason, actor: As = "cli", as_json: AsJson = False
) -> None:
    """Entries come on the list; those that are on it stay."""
    command = command_of(EditList, list=name, add=entries, reason=reason)
    edit(name, command, entries, actor, as_json=as_json)


def remove(
    name: ListId, entries: Entries, reason: Reason, actor: As = "cli", as_json: AsJson = False
) -> None:
    """Entries go from the list; leads that they kept back are decided again."""
    command = command_of(EditList, list=name, remove=entries, reason=reason)
    edit(name, command, entries, actor, as_json=as_json)


def edit(name: str, command: Command, entries: Sequence[str], actor: str, *, as_json: bool) -> None:
    try:
        with suggesting_nearest(list=name):
            answer = demand(command, Asker(actor))
    except CliError as error:
        places, whys = (error.details.get(key, ()) for key in ("places", "whys"))
        bad = [f"{entries[place]}: {why}" for place, why in zip(places, whys, strict=True)]
        text = "; ".join(["refused", *bad]) if bad else error.text
        raise CliError(error.code, text, error.exit_code, error.details) from error
    show_answer(name, answer, as_json=as_json)
