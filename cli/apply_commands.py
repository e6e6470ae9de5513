"""`leadops apply` and `leadops publish`: documents and commands from files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import typer

from cli.api import on_stack
from cli.command import Answer, Asker, Command
from cli.documents import KINDS, Document, Kinds, free_command, put_commands, read_files
from cli.known import unknown
from cli.list_parts import Ask, is_long, put_long
from cli.options import As
from cli.output import (
    CHECK_FAILED,
    WRONG_USAGE,
    AsJson,
    CliError,
    show_further,
    show_json,
    show_table,
    unreadable,
)
from cli.publishing import ask
from shared.contracts.commands import commands
from shared.contracts.lists import PutList, PutRules
from shared.wording import quantity

Files = Annotated[list[str] | None, typer.Option("--file", "-f", help="YAML or JSON; - is stdin.")]
MoreFiles = Annotated[list[str] | None, typer.Argument(metavar="FILE", help="As with --file.")]

ORDER = {"rules": 0, "list": 1, "delivery": 3, "request": 3, "alias": 3}
AMONG_OTHERS = 2
"""Affiliates, questions and campaigns: they don't name each other, and some name lists."""

ENTRIES_NAMED = 5
ABOUT_FAULTS = ("field", "faults", "more")

Row = dict[str, Any]
Rows = list[Row]
Put = tuple[Document, Command]


def register(app: typer.Typer) -> None:
    app.command()(apply)
    app.command()(publish)


def apply(
    files: Files = None, more: MoreFiles = None, actor: As = "cli", as_json: AsJson = False
) -> None:
    """Put rules, lists, affiliates, campaigns and questions; announce deliveries, open requests,
    add aliases.

    The same again changes nothing. Exit code 1 if one is refused.
    """
    rows = put_read(on_stack(partial(read_puts, files, more, KINDS)), Asker(actor))
    if as_json:
        show_json({"documents": rows})
    else:
        show_table("applied", ["kind", "id", "result", "version", "code", "text"], rows)
        show_open(row for row in rows if row.get("checklist"))
    fail_if_refused(row["result"] == "refused" for row in rows)


def show_open(rows: Iterable[Row]) -> None:
    """What has to be confirmed before a campaign starts, and by whom."""
    tasks = [{"campaign": row["id"], **task} for row in rows for task in row["checklist"]]
    if tasks:
        show_further("to confirm first", ["campaign", "item", "owner", "text"], tasks)


def put(documents: Sequence[Document], asker: Asker) -> Rows:
    return put_read(with_commands(documents, KINDS), asker)


def put_read(puts: Sequence[Put], asker: Asker) -> Rows:
    """What others name is there before they come: commands of several keys keep no order."""
    documents, commands = [document for document, _ in puts], [command for _, command in puts]
    answers = put_in_order(in_order(documents, commands), lambda some: ask(some, asker))
    return [put_row(document, command, answers[command.id]) for document, command in puts]


def put_in_order(stages: Iterable[Sequence[Command]], ask: Ask) -> dict[str, Answer]:
    """A campaign would take a list that is not there for an empty one, and send to competitors. So
    nothing follows rules or lists of which one was refused."""
    answers: dict[str, Answer] = {}
    is_sound = True
    for some in stages:
        answers |= put_some(some, ask) if is_sound else dict(map(skipped_answer, some))
        named = [command for command in some if command.type in (PutRules.TYPE, PutList.TYPE)]
        is_sound = is_sound and all(answers[command.id].accepted for command in named)
    return answers


def skipped_answer(command: Command) -> tuple[str, Answer]:
    text = "not put, since rules or a list that it may name were refused"
    return command.id, Answer(command.id, False, "not_asked", text)


def in_order(documents: Sequence[Document], commands: Sequence[Command]) -> list[list[Command]]:
    """Rules, lists, what may name them, and last what names that."""
    ranks = [ORDER.get(document.content["kind"], AMONG_OTHERS) for document in documents]
    return [
        [command for command, own in zip(commands, ranks, strict=True) if own == rank]
        for rank in sorted(set(ranks))
    ]


def put_some(commands: Sequence[Command], ask: Ask) -> dict[str, Answer]:
    """Lists that are too long for one command one after the other, the others together."""
    long = {command.id: command for command in commands if is_long(command)}
    answers = dict(ask([command for command in commands if command.id not in long]))
    return answers | {command.id: put_long(command, ask) for command in long.values()}


def put_row(document: Document, command: Command, answer: Answer) -> Row:
    details = answer.details
    text = "; ".join(details.get("warnings", ())) or None
    row = {
        "kind": document.content["kind"],
        "id": command.key,
        "result": answer.code if answer.accepted else "refused",
        "version": details.get("version"),
        "code": None if answer.accepted else answer.code,
        "text": text if answer.accepted else refusal(document, answer),
    }
    shown = ("warnings", "checklist")
    return row | {name: details[name] for name in shown if name in details}


def refusal(document: Document, answer: Answer) -> str:
    """With the entries of a list that are meant."""
    text = f"{document.place}: {answer.text}"
    places = answer.details.get("places", ())
    entries = document.content.get("entries", ())
    bad = [f"{entries[place]!r} ({place + 1})" for place in places[:ENTRIES_NAMED]]
    return f"{text}: {', '.join(bad)}" if bad else text


def publish(
    files: Files = None, more: MoreFiles = None, actor: As = "cli", as_json: AsJson = False
) -> None:
    """Publish commands {type, data, key?} and print the answers. Exit code 1 if one is refused."""
    documents = read_all(files, more, {})
    for document in documents:
        check_type(document)
    commands = [free_command(document) for document in documents]
    answers = ask(commands, Asker(actor))
    rows = [answers[command.id].as_json() | {"type": command.type} for command in commands]
    if as_json:
        show_json({"answers": rows})
    else:
        names = ["type", "command", "accepted", "code", "text", "details"]
        show_table("answers", names, map(without_faults, rows))
        show_faults(rows)
    fail_if_refused(not row["accepted"] for row in rows)


def without_faults(row: Row) -> Row:
    """They have a table of their own."""
    left = {name: value for name, value in row["details"].items() if name not in ABOUT_FAULTS}
    return row | {"details": left} if "faults" in row["details"] else row


def show_faults(rows: Iterable[Row]) -> None:
    """All that is wrong with what was refused, a line each."""
    faults = [fault | {"command": row["command"]} for row in rows for fault in faults_of(row)]
    if faults:
        show_further("what is wrong", ["command", "code", "text"], faults)


def faults_of(row: Row) -> Iterator[Row]:
    yield from row["details"].get("faults", ())
    if more := row["details"].get("more"):
        yield {"text": f"and {quantity(more, 'fault')} more"}


def check_type(document: Document) -> None:
    """A service would dead-letter a command whose type it does not know, and answer nothing. It is
    told before anything else of the command, most of which follows from the type."""
    type_ = document.content.get("type") if isinstance(document.content, dict) else None
    if not isinstance(type_, str) or not type_ or type_ in (types := sorted(commands())):
        return
    error = unknown("type", type_, types)
    raise CliError(error.code, f"{document.place}: {error.text}", error.exit_code)


def read_puts(
    files: Sequence[str] | None, more: Sequence[str] | None, kinds: Kinds, receiver: str
) -> list[Put]:
    return with_commands(read_all(files, more, {"RECEIVER": receiver}), kinds)


def with_commands(documents: Sequence[Document], kinds: Kinds) -> list[Put]:
    """Each with the command that it stands for."""
    return list(zip(documents, put_commands(documents, kinds), strict=True))


def read_all(
    files: Sequence[str] | None, more: Sequence[str] | None, replaced: Mapping[str, str]
) -> list[Document]:
    names = [*(files or []), *(more or [])]
    if not names:
        raise CliError("usage", "which file? give it with -f FILE", WRONG_USAGE)
    documents = read_files(names, replaced)
    if not documents:
        raise unreadable(f"{', '.join(names)}: no document in it")
    return documents


def fail_if_refused(refused: Any) -> None:
    if any(refused):
        raise typer.Exit(CHECK_FAILED)
