"""`leadops dead-letters`: records that could not be processed; looked at, replayed, or skipped."""

import base64
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.api import Api, segment
from cli.command import Answer, Asker, Command
from cli.dead_letter_text import fields_of, headers_of, value_of, what_helps
from cli.known import DEAD_LETTER_STATES, check, unknown
from cli.options import As, Reason
from cli.output import (
    WRONG_USAGE,
    AsJson,
    CliError,
    UnknownId,
    show,
    show_counted,
    show_further,
    show_json,
    show_paragraph,
    show_table,
    unreadable,
)
from cli.publishing import demand
from shared.contracts.operations import replay_type, skip_type
from shared.topics import manifest, shard_of

Id = Annotated[str, typer.Argument(metavar="ID", help="As `leadops dead-letters list` has it.")]
COLUMNS = ["service", "id", "state", "code", "text", "key", "at", "behind"]
UNRESOLVED = ("dead", "waiting")

Item = dict[str, Any]


def register(app: typer.Typer) -> None:
    commands = typer.Typer(help="Records that could not be processed.")
    commands.command("list")(list_dead_letters)
    commands.command("show")(show_dead_letter)
    commands.command("replay")(replay)
    commands.command("skip")(skip)
    app.add_typer(commands, name="dead-letters")


def list_dead_letters(
    state: Annotated[
        str | None,
        typer.Option(help="dead, waiting, replayed or skipped; else the first two."),
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="COUNT", min=1, max=1000, help="Per service.")
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """What waits for a person, in all services, the oldest first."""
    check("state", state, DEAD_LETTER_STATES)
    with Api() as api:
        pages = pages_of(api, [state] if state else UNRESOLVED, limit)
    items = [item for page in pages.values() for item in page["items"]]
    total = sum(page["total"] for page in pages.values())
    if as_json:
        show_json({"total": total, "items": items})
        return
    more = f" of {total}; the others with --limit or --json" if total > len(items) else ""
    show_counted(len(items), "record", COLUMNS, items, more)


def pages_of(api: Api, states: Sequence[str], limit: int) -> dict[str, Item]:
    pages = {}
    for service in api.stack["http"]:
        page = api.get(service, "/dead-letters", state=states, limit=limit)
        items = [{"service": service, **item} for item in page["items"]]
        pages[service] = {"total": page["total"], "items": items}
    return pages


def items_of(api: Api, state: str) -> list[Item]:
    pages = pages_of(api, [state], 100)
    return [item for page in pages.values() for item in page["items"]]


def show_dead_letter(
    id: Id,
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="FILE", help="A file to write the kept value to."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """One record: why, where it came from, what it held, and what can be done about it."""
    with Api() as api:
        item = find(api, id)
    if save is not None:
        write_value(item, save)
    if as_json:
        show_json(item)
        return
    rows = [{"field": name, "value": value} for name, value in fields_of(item)]
    show_table("record", ["field", "value"], rows)
    if headers := headers_of(item):
        show_further("headers", ["name", "value"], headers)
    print("\nvalue")
    show_paragraph(value_of(item))
    print()
    for line in what_helps(item):
        print(line) if line.startswith("leadops ") else show_paragraph(line)


def write_value(item: Item, file: str) -> None:
    if item["value"] is None:
        raise CliError("usage", "the record has no value that could be saved", WRONG_USAGE)
    try:
        Path(file).write_bytes(base64.b64decode(item["value"]))
    except OSError as error:
        raise CliError("unwritable", f"{file}: {error.strerror}", WRONG_USAGE) from error


def find(api: Api, id: str) -> Item:
    """The topic in the id tells little, since others may read it too: each service is asked."""
    for service in api.stack["http"]:
        with suppress(UnknownId):
            return {"service": service, **api.get(service, f"/dead-letters/{segment(id)}")}
    ids = [item["id"] for page in pages_of(api, (), 1000).values() for item in page["items"]]
    raise unknown("dead_letter", id, ids)


def replay(
    id: Id,
    value: Annotated[
        str | None, typer.Option("--value", metavar="FILE", help="A file with a corrected value.")
    ] = None,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Decide it again, and those of its key that wait behind it."""
    data: Item = {"id": id, "value": None if value is None else read_correction(value)}
    item = find_unresolved(id)
    answer = resolve(item, replay_type(item["service"]), data, Asker(actor))
    report("replayed", answer, as_json=as_json)


def find_unresolved(id: str) -> Item:
    """The record, if it waits for a person: of all others it is told why nothing can be done."""
    with Api() as api:
        item = find(api, id)
    if item["state"] != "dead":
        text = f"it is not dead-lettered any more. {' '.join(what_helps(item))}"
        raise CliError("not_dead_lettered", text, WRONG_USAGE)
    return item


def read_correction(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise unreadable(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise unreadable(f"{file} is not UTF-8") from error


def skip(
    id: Id,
    reason: Reason,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Give it up; those of its key that wait behind it are decided."""
    item = find_unresolved(id)
    data = {"id": id, "reason": reason}
    answer = resolve(item, skip_type(item["service"]), data, Asker(actor))
    report("skipped", answer, as_json=as_json)


def resolve(item: Item, kind: str, data: Item, asker: Asker) -> Answer:
    command = Command(kind, json.dumps(data).encode(), **place_of(item))
    return demand(command, asker)


def place_of(item: Item) -> dict[str, Any]:
    """The shard that keeps the record decides about it. A key goes to the shard that it belongs to,
    which is another where the record had none that could be read, or lay in the wrong place."""
    key, shard = item["key"], item["shard"]
    if key and shard_of(key.encode(), manifest().partitions) == shard:
        return {"key": key}
    return {"key": None, "partition": shard}


def report(done: str, answer: Answer, *, as_json: bool) -> None:
    followed = answer.details.get("followed", 0)
    more = f"; decided too, since they waited behind it: {followed}" if followed else ""
    show(answer.as_json(), as_json=as_json, text=f"{done}{more}")
