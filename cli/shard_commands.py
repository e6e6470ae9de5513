"""`leadops shards`: who has which shard open, and resolving one that refuses to open."""

import asyncio
from typing import Annotated, Any

import typer

from cli.output import WRONG_USAGE, AsJson, CliError, show, show_json, show_table
from deploy import stack
from shared.topics import manifest

NewStream = Annotated[
    bool,
    typer.Option("--new-stream", help="The store was restored: number what is said anew."),
]
COLUMNS = ["service", "instance", "shard", "state", "error"]


def register(app: typer.Typer) -> None:
    shards = typer.Typer(help="The units of ownership of each service.")
    shards.command("list")(list_shards)
    shards.command("resolve")(resolve)
    app.add_typer(shards, name="shards")


def list_shards(as_json: AsJson = False) -> None:
    """Each shard with the instance that has it, and why it refuses if it does."""
    rows = [row for process in stack.status() for row in shard_rows(process)]
    rows.sort(key=lambda row: (row["service"], row["shard"], row["instance"]))
    if as_json:
        show_json({"shards": rows})
    else:
        show_table("shards", COLUMNS, rows)


def shard_rows(process: dict[str, Any]) -> list[dict[str, Any]]:
    said = process["status"] or {"shards": []}
    who = {"service": process["service"], "instance": process["instance"]}
    return [{**who, **shard} for shard in said["shards"]]


def resolve(
    service: str, shard: int, new_stream: NewStream = False, as_json: AsJson = False
) -> None:
    """Let a shard that refuses, since log and store disagree, read on from where the log is."""
    found = stack.stack()
    if service not in found["http"] or not 0 <= shard < manifest().partitions:
        raise CliError("usage", f"there is no shard {shard} of {service!r}", WRONG_USAGE)
    if not new_stream and not is_refused(service, shard):
        raise CliError("not_refused", f"shard {shard} of {service} does not refuse", WRONG_USAGE)
    # Imported late, as it brings the store's driver with it.
    from shared.loop.resolve import resolve as resolve_shard

    database = f"leadops_{service}"
    moved = asyncio.run(
        resolve_shard(found["mongo"], found["kafka"], database, shard, new_stream=new_stream)
    )
    text = f"{service} shard {shard}: " + ("; ".join(map(_told, moved.items())) or "nothing moved")
    show({"service": service, "shard": shard, "moved": moved}, as_json=as_json, text=text)


def is_refused(service: str, shard: int) -> bool:
    rows = [row for process in stack.status() for row in shard_rows(process)]
    mine = [row for row in rows if (row["service"], row["shard"]) == (service, shard)]
    return any(row["state"] == "refused" for row in mine)


def _told(moved: tuple[str, tuple[int, int]]) -> str:
    topic, (before, after) = moved
    return f"{topic} read up to {before}, goes on at {after}"
