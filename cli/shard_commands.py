"""`leadops shards`: who has which shard open, and getting one going that the log stops."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer

from cli.known import check
from cli.options import As, Reason
from cli.output import UNREACHABLE, WRONG_USAGE, AsJson, CliError, show, show_json, show_table
from deploy.local import quiet, stack
from shared.errors import Infrastructure, ShardRefuses
from shared.store import Store
from shared.topics import manifest

T = TypeVar("T")

ServiceName = Annotated[str, typer.Argument(metavar="SERVICE", help="Such as routing.")]
ShardNumber = Annotated[
    int, typer.Argument(metavar="SHARD", help="Its number, as in `leadops shards list`.")
]
NewStream = Annotated[
    bool,
    typer.Option("--new-stream", help="The store was restored: number what it publishes anew."),
]
AcceptGaps = Annotated[
    bool,
    typer.Option("--accept-gaps", help="Give up what is missing in the streams that it reads."),
]
COLUMNS = ["service", "instance", "shard", "state", "error"]


def register(app: typer.Typer) -> None:
    shards = typer.Typer(help="The units of ownership of each service.")
    shards.command("list")(list_shards)
    shards.command("resolve")(resolve)
    shards.command("skip")(skip)
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
    status = process["status"] or {"shards": []}
    who = {"service": process["service"], "instance": process["instance"]}
    return [{**who, **shard} for shard in status["shards"]]


def resolve(
    service: ServiceName,
    shard: ShardNumber,
    new_stream: NewStream = False,
    accept_gaps: AcceptGaps = False,
    as_json: AsJson = False,
) -> None:
    """Let a shard that refuses, since log and store disagree, read on from where the log is."""
    check_number(service, shard)
    found = stack.stack()
    check("service", service, list(found["http"]))
    topics = topics_of(service)
    # Imported late, as it brings the store's driver with it.
    from shared.loop import resolve as by_hand

    async def act(store: Store) -> by_hand.Moved:
        if accept_gaps:
            return await by_hand.accept_gaps(store, shard)
        async with by_hand.on_log(found["kafka"]) as log:
            return await by_hand.resolve(store, log, shard, topics, new_stream=new_stream)

    moved = asyncio.run(on_store(found, service, act))
    if not moved:
        what = "no stream has a gap in" if accept_gaps else "every position fits the log of"
        text = f"{what} {service} shard {shard}: nothing was changed"
        raise CliError("not_refused", text, WRONG_USAGE)
    lines = list(map(_position_line, moved.topics.items()))
    lines += ["what it publishes is numbered anew"] if moved.new_stream else []
    lines += [f"{stream} goes on without what is missing" for stream in moved.gaps]
    content = {"service": service, "shard": shard, "moved": moved.topics, "new_stream": new_stream}
    content["accepted_gaps"] = moved.gaps
    show(content, as_json=as_json, text=f"{service} shard {shard}: {'; '.join(lines)}")


def skip(
    service: ServiceName,
    topic: Annotated[str, typer.Argument(help="Where the record lies, as `leadops status` says.")],
    partition: Annotated[int, typer.Argument(help="Of the topic; the shard has its number.")],
    offset: Annotated[int, typer.Argument(help="Of the record that can't be read.")],
    reason: Reason,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Read on behind one record that can't be read; dead letters keep where it lies."""
    check_number(service, partition)
    found = stack.stack()
    check("service", service, list(found["http"]))
    check("topic", topic, topics_of(service))
    from shared.loop import resolve as by_hand

    async def act(store: Store) -> None:
        async with by_hand.on_log(found["kafka"]) as log:
            await by_hand.check_in_log(log, (topic, partition), offset)
        await by_hand.skip(store, (topic, partition), offset, actor, reason, quiet.now())

    asyncio.run(on_store(found, service, act))
    content = {"service": service, "topic": topic, "partition": partition, "skipped": offset}
    text = f"{service} goes on at {topic}/{partition}, offset {offset + 1}, within seconds"
    show(content, as_json=as_json, text=text)


def check_number(service: str, shard: int) -> None:
    last = manifest().partitions - 1
    if not 0 <= shard <= last:
        text = f"{service} has no shard {shard}; its shards are the partitions 0 to {last}"
        raise CliError("shard_unknown", text, WRONG_USAGE)


def topics_of(service: str) -> list[str]:
    """What the service reads, as one of its replicas says; refused shards do not keep it from
    answering."""
    for process in stack.status():
        if process["service"] == service and process["status"]:
            return list(process["status"]["topics"])
    raise CliError("unreachable", f"no replica of {service} answers", UNREACHABLE)


async def on_store(found: dict[str, Any], service: str, act: Callable[[Store], Awaitable[T]]) -> T:
    from shared.loop import resolve as by_hand

    try:
        return await by_hand.on_store(found["mongo"], f"leadops_{service}", act)
    except ShardRefuses as refusal:
        raise CliError("refused", str(refusal), WRONG_USAGE) from refusal
    except Infrastructure as error:
        raise CliError("unreachable", str(error), UNREACHABLE) from error


def _position_line(moved: tuple[str, tuple[int, int]]) -> str:
    topic, (before, after) = moved
    return f"{topic} read up to {before}, goes on at {after}"
