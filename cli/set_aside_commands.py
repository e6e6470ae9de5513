"""`leadops set-aside`: records that could not be processed; looked at, replayed, or skipped."""

import base64
import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.api import Api
from cli.command import Answer, As, Asker, Command
from cli.known import SET_ASIDE_STATES, check
from cli.output import (
    WRONG_USAGE,
    AsJson,
    CliError,
    show,
    show_json,
    show_table,
)
from cli.publishing import demand
from shared.contracts.operations import replay_type, skip_type
from shared.topics import manifest, shard_of

Id = Annotated[str, typer.Argument(metavar="ID")]
COLUMNS = ["service", "id", "state", "code", "text", "key", "at", "behind"]

Item = dict[str, Any]


def register(app: typer.Typer) -> None:
    commands = typer.Typer(help="Records that could not be processed.")
    commands.command("list")(list_set_aside)
    commands.command("show")(show_set_aside)
    commands.command("replay")(replay)
    commands.command("skip")(skip)
    app.add_typer(commands, name="set-aside")


def list_set_aside(
    state: Annotated[
        str | None, typer.Option(help="set_aside, parked, replayed or skipped.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Per service.")] = 100,
    as_json: AsJson = False,
) -> None:
    """What is set aside or parked, in all services."""
    check("state", state, SET_ASIDE_STATES)
    with Api() as api:
        items = items_of(api, state, limit)
    if as_json:
        show_json({"items": items})
    else:
        show_table(f"{len(items)} records", COLUMNS, items)


def items_of(api: Api, state: str | None = None, limit: int = 100) -> list[Item]:
    return [
        {"service": service, **item}
        for service in api.stack["http"]
        for item in api.get(service, "/set-aside", state=state, limit=limit)["items"]
    ]


def show_set_aside(id: Id, as_json: AsJson = False) -> None:
    """One record whole: why, where it came from, its headers and its bytes."""
    with Api() as api:
        item = find(api, id)
    if as_json:
        show_json(item)
        return
    rows = [{"field": name, "value": value} for name, value in item.items() if name != "headers"]
    show_table("record", ["field", "value"], [*rows, {"field": "bytes", "value": shown(item)}])
    headers = [{"name": str(name), "value": str(value)} for name, value in item["headers"]]
    show_table("headers", ["name", "value"], headers)


def shown(item: Item) -> str:
    return repr(base64.b64decode(item.get("value") or ""))[:2000]


def find(api: Api, id: str) -> Item:
    """The topic in the id tells little, since others may read it too: each service is asked."""
    for service in api.stack["http"]:
        try:
            return {"service": service, **api.get(service, f"/set-aside/{quote(id)}")}
        except CliError as error:
            if error.code != "not_found":
                raise
    raise CliError("not_found", f"no record is set aside under {id!r}", WRONG_USAGE)


def replay(
    id: Id,
    value: Annotated[
        str | None, typer.Option("--value", help="A file with a corrected value.")
    ] = None,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Decide it again, and those of its key that wait behind it."""
    data: Item = {"id": id, "value": None if value is None else corrected(value)}
    with Api() as api:
        item = find(api, id)
    report(resolve(item, replay_type(item["service"]), data, Asker(actor)), as_json=as_json)


def corrected(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CliError("unreadable", f"{file}: {error}", WRONG_USAGE) from error


def skip(
    id: Id,
    reason: Annotated[str, typer.Option(help="Why it is given up.")],
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Give it up; those of its key that wait behind it are decided."""
    with Api() as api:
        item = find(api, id)
    data = {"id": id, "reason": reason}
    report(resolve(item, skip_type(item["service"]), data, Asker(actor)), as_json=as_json)


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


def report(answer: Answer, *, as_json: bool) -> None:
    followed = answer.details.get("followed", 0)
    show(answer.as_json(), as_json=as_json, text=f"done; {followed} that waited were decided too")
