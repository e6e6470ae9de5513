"""`leadops apply` and `leadops publish`: documents and commands from files."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.command import Answer, As, Asker, Command
from cli.documents import Document, free_command, put_commands, read_files
from cli.output import CHECK_FAILED, WRONG_USAGE, AsJson, CliError, show_json, show_table
from cli.publishing import ask
from deploy import stack

Files = Annotated[list[str] | None, typer.Option("--file", "-f", help="YAML or JSON; - is stdin.")]
MoreFiles = Annotated[list[str] | None, typer.Argument(metavar="FILE", help="More files.")]

NAME_OTHERS = ("delivery", "request")

Rows = list[dict[str, Any]]


def register(app: typer.Typer) -> None:
    app.command()(apply)
    app.command()(publish)


def apply(
    files: Files = None, more: MoreFiles = None, actor: As = "cli", as_json: AsJson = False
) -> None:
    """Put affiliates, campaigns and questions, announce deliveries, open requests.

    The same again changes nothing. Exit code 1 if one is refused.
    """
    documents = read_all(files, more, {"RECEIVER": stack.stack()["receiver"]})
    rows = put(documents, Asker(actor))
    if as_json:
        show_json(rows)
    else:
        show_table("applied", ["kind", "id", "result", "version", "code", "text"], rows)
    fail_if_refused(row["result"] == "refused" for row in rows)


def put(documents: Sequence[Document], asker: Asker) -> Rows:
    """What others name is there before they come: commands of several keys keep no order."""
    commands = put_commands(documents)
    named, naming = split(documents, commands)
    answers = ask(named, asker) | ask(naming, asker)
    return [
        put_row(document, command, answers[command.id])
        for document, command in zip(documents, commands, strict=True)
    ]


def split(
    documents: Sequence[Document], commands: Sequence[Command]
) -> tuple[list[Command], list[Command]]:
    first: list[Command] = []
    later: list[Command] = []
    for document, command in zip(documents, commands, strict=True):
        (later if document.content["kind"] in NAME_OTHERS else first).append(command)
    return first, later


def put_row(document: Document, command: Command, answer: Answer) -> dict[str, Any]:
    return {
        "kind": document.content["kind"],
        "id": command.key,
        "result": answer.code if answer.accepted else "refused",
        "version": answer.details.get("version"),
        "code": None if answer.accepted else answer.code,
        "text": None if answer.accepted else f"{document.place}: {answer.text}",
    }


def publish(
    files: Files = None, more: MoreFiles = None, actor: As = "cli", as_json: AsJson = False
) -> None:
    """Publish commands {type, data, key?} and print the answers. Exit code 1 if one is refused."""
    documents = read_all(files, more, {})
    commands = [free_command(document) for document in documents]
    answers = ask(commands, Asker(actor))
    rows = [answers[command.id].as_json() | {"type": command.type} for command in commands]
    if as_json:
        show_json(rows)
    else:
        show_table("answers", ["type", "command", "accepted", "code", "text", "details"], rows)
    fail_if_refused(not row["accepted"] for row in rows)


def read_all(
    files: Sequence[str] | None, more: Sequence[str] | None, replaced: Mapping[str, str]
) -> list[Document]:
    names = [*(files or []), *(more or [])]
    if not names:
        raise CliError("usage", "which file? give it with -f FILE", WRONG_USAGE)
    documents = read_files(names, replaced)
    if not documents:
        raise CliError("unreadable", f"{', '.join(names)}: no document in it", WRONG_USAGE)
    return documents


def fail_if_refused(refused: Any) -> None:
    if any(refused):
        raise typer.Exit(CHECK_FAILED)
