"""`leadops shards`: who has which shard open, and resolving one that refuses to open."""

import asyncio
from typing import Any

import typer

from cli.output import WRONG_USAGE, AsJson, CliError, show, show_json, show_table
from deploy import stack
from shared.topics import manifest

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


def resolve(service: str, shard: int, as_json: AsJson = False) -> None:
    """Let a shard that refuses, since log and store disagree, read on from where the log is."""
    found = stack.stack()
    if service not in found["http"] or not 0 <= shard < manifest().partitions:
        raise CliError("usage", f"there is no shard {shard} of {service!r}", WRONG_USAGE)
    # Imported late, as it brings the store's driver with it.
    from shared.loop.resolve import resolve as resolve_shard

    done = asyncio.run(resolve_shard(found["mongo"], service, shard))
    text = f"{service} shard {shard}: resolved"
    show({"service": service, "shard": shard, "result": done}, as_json=as_json, text=text)
