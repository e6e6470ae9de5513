"""The local stack: up, down, status, wait, clock, topics."""

import asyncio
import math
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from cli.output import (
    CHECK_FAILED,
    UNREACHABLE,
    WRONG_USAGE,
    AsJson,
    CliError,
    progress,
    show,
    show_further,
    show_table,
)
from deploy import topics as broker_topics
from deploy.local import quiet, stack

COLUMNS = ["service", "pid", "ready", "shards", "lag", "oldest", "outbox", "effects", "breakers"]
COLUMNS += ["dead_letters", "blocked"]
GAP_COLUMNS = ["service", "topic", "partition", "stream", "expected", "since", "alert", "help"]
STUCK_COLUMNS = ["service", "topic", "partition", "offset", "records", "seconds", "help"]
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

ADVANCE_MAX = timedelta(days=3650)
"""Far beyond every date that a stack waits for, and within what a date can hold."""


def seconds_of(seconds: float) -> float:
    """No waiting is ever longer than infinity, and none is as long as what is no number."""
    if not math.isfinite(seconds) or seconds < 0:
        raise CliError("usage", "--timeout wants seconds from 0 on, such as 60", WRONG_USAGE)
    return seconds


Seconds = Annotated[
    float,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="How many seconds to wait at most.",
        callback=seconds_of,
    ),
]


def register(app: typer.Typer) -> None:
    clocks = typer.Typer(help="The stack's virtual clock.")
    clocks.command("show")(show_clock)
    clocks.command("advance")(advance_clock)
    app.add_typer(clocks, name="clock")
    for command in (up, down, status, wait, topics):
        app.command()(command)


def up(
    replicas: Annotated[
        list[str] | None,
        typer.Option(metavar="SERVICE=COUNT", help="Such as routing=2; repeatable."),
    ] = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="SERVICE=COUNT", help="As with --replicas.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove all data first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start broker, store, services and the local receiver; returns when all are ready."""
    counts = dict(map(parse_replicas, [*(replicas or []), *(more or [])]))
    started = stack.up(counts, fresh=fresh)
    backend = started["backend"]
    text = (
        f"up: kafka {backend['kafka']}, mongo {backend['mongo']}, see {started['var']}/stack.json"
    )
    show(started, as_json=as_json, text=text)


def parse_replicas(text: str) -> tuple[str, int]:
    service, _, count = text.partition("=")
    if not count.isdecimal():
        raise CliError("usage", f"--replicas wants SERVICE=COUNT, not {text!r}", WRONG_USAGE)
    return service, int(count)


def down(as_json: AsJson = False) -> None:
    """Stop all of it; what lies in a native store and broker stays."""
    was_up = stack.down()
    text = "stopped" if was_up else "nothing was up"
    show({"stopped": was_up}, as_json=as_json, text=text)


def status(as_json: AsJson = False) -> None:
    """What runs: ready, open shards, lag, seconds that the oldest record waits, backlog, endpoints
    whose breaker is open, dead letters, blocked records, per instance; and what is stuck."""
    found, rows = stack.stack(), stack.status()
    content = {"backend": found["backend"], "processes": rows}
    if as_json:
        show(content, as_json=True, text="")
        return
    title = f"kafka {found['backend']['kafka']}, mongo {found['backend']['mongo']}"
    show_table(title, COLUMNS, map(status_row, rows))
    if reasons := [one for row in rows for one in reason_rows(row)]:
        show_further("not ready", ["service", "why"], reasons)
    if stuck := [one for row in rows for one in stuck_rows(row)]:
        show_further("not getting on", STUCK_COLUMNS, stuck)
    if gaps := [one for row in rows for one in gap_rows(row)]:
        show_further("streams with a gap", GAP_COLUMNS, gaps)


def status_row(row: dict[str, Any]) -> dict[str, Any]:
    status = row["status"]
    who = {"service": f"{row['service']} {row['instance']}", "pid": row["pid"]}
    if status is None:
        return {**who, "ready": "can't be reached"}
    figures = {
        **{name: status[name] for name in ("lag", "outbox", "dead_letters", "blocked")},
        "ready": "yes" if status["ready"] else "no",
        "shards": len(quiet.open_shards([status])),
        "oldest": status["oldest_seconds"],
        "effects": quiet.total([status["effects"]["in_flight"], status["effects"]["waiting"]]),
        "breakers": status["endpoints"]["breakers_open"],
    }
    # A narrow table leaves out what is missing: that a figure is not known has to be seen.
    return {**who, **{name: "-" if one is None else one for name, one in figures.items()}}


def reason_rows(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Why an instance is not ready, a line each: there may be one for every shard."""
    status = row["status"] or {"not_ready": []}
    who = f"{row['service']} {row['instance']}"
    return [{"service": who, "why": why} for why in status["not_ready"]]


def stuck_rows(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The partitions of an instance that are not getting on."""
    status = row["status"] or {"waiting": []}
    who = f"{row['service']} {row['instance']}"
    return [{**one, "service": who} for one in status["waiting"] if one["stuck"]]


def gap_rows(row: dict[str, Any]) -> list[dict[str, Any]]:
    status = row["status"] or {"gaps": []}
    return [{**one, "service": f"{row['service']} {row['instance']}"} for one in status["gaps"]]


def wait(
    drained: Annotated[bool, typer.Option("--drained", help="Until nothing is left to do.")],
    timeout: Seconds = 60,
    as_json: AsJson = False,
) -> None:
    """Wait until lag, outboxes and due effects are 0; a future date doesn't count."""
    assert drained
    try:
        quiet.wait_quiet(timeout, report=waits_for)
    except quiet.NotDrained as error:
        raise CliError("not_drained", str(error), UNREACHABLE) from error
    show({"drained": True}, as_json=as_json, text="drained")


def waits_for(text: str) -> None:
    progress(f"waiting: {text}")


def show_clock(as_json: AsJson = False) -> None:
    """What time the stack believes it is."""
    now = quiet.now().isoformat()
    show({"now": now}, as_json=as_json, text=now)


def advance_clock(
    by: Annotated[str, typer.Argument(metavar="DURATION", help="How far, such as 90m, 36h, 3d.")],
    timeout: Seconds = 120,
    as_json: AsJson = False,
) -> None:
    """Move the clock forward, stopping wherever something is due, until all that is done.

    An endpoint that only fails is asked again at each stop; its retries are no stops of their own.
    """
    now = quiet.advance(parse_duration(by), timeout, waits_for).isoformat()
    show({"now": now}, as_json=as_json, text=now)


def parse_duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([smhdw])", text)
    if not found:
        raise CliError("usage", f"{text!r} is no duration; write 90m, 36h or 3d", WRONG_USAGE)
    try:
        by = timedelta(**{UNITS[found[2]]: int(found[1])})
    except (OverflowError, ValueError):
        by = timedelta.max
    if by > ADVANCE_MAX:
        raise CliError("usage", f"{text!r} is more than {ADVANCE_MAX.days} days", WRONG_USAGE)
    return by


def topics(as_json: AsJson = False) -> None:
    """The manifest against the broker; exit code 1 if they differ."""
    states = asyncio.run(broker_topics.verify(stack.stack()["kafka"]))
    rows = [asdict(state) for state in states]
    if as_json:
        show({"topics": rows}, as_json=True, text="")
    else:
        shown = [row | {"differences": "; ".join(row["differences"])} for row in rows]
        show_table("topics", ["name", "owner", "partitions", "differences"], shown)
    if any(state.differences for state in states):
        raise typer.Exit(CHECK_FAILED)
