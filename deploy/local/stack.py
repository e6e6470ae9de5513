"""The local stack as one thing: up, down, and what is there. Used by the command line and by tests.

A stack is known by its state directory. It is up exactly while its supervisor holds the lock there,
so files left behind by a stack that was killed are never mistaken for a running one.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from deploy.files import CHECKOUT, is_locked, read_json, tail, var_dir
from deploy.local import http, plan
from deploy.local.docker_engine import succeeds
from deploy.local.process import Reminder, StackError, progress, wait_for

FILES = ["clock", "plan", "stack", "failure"]
RECORDS = ["received.jsonl", "spans.jsonl"]
STATE = ["data", "drop", "log", *(f"{name}.json" for name in FILES), *RECORDS]
RESTARTS_BEFORE_GIVING_UP = 5
STOP_SECONDS_MAX = 80

# Kept for the life of this process: when it ends, stdin of a leased supervisor closes.
_started: dict[Path, subprocess.Popen[bytes]] = {}


def up(
    replicas: Mapping[str, int] | None = None,
    *,
    fresh: bool = False,
    lease: bool = False,
    env: Mapping[str, str] | None = None,
    commands: Mapping[str, list[str]] | None = None,
    seconds: float = 120,
) -> dict[str, Any]:
    """Starts what is not running and returns stack.json once every service is ready.

    With a lease the stack ends with this process. `commands` replaces the services of the checkout,
    each by what Python is told, such as ["-m", "services.intake"].
    """
    var = var_dir()
    if is_up(var) and not fresh:
        progress(f"the stack in {var} is already up")
        return change_replicas(var, replicas or {}, seconds)
    down()
    if fresh:
        remove_state(var)
    services = plan.services_here() if commands is None else commands
    plan.save(var, plan.make(var, services, replicas or {}, env or {}))
    try:
        supervisor = start(var)
        wait_until_ready(var, seconds)
        if not lease:
            release(supervisor)
    except BaseException:
        down()
        raise
    return stack()


def down() -> bool:
    """Stops all of it; whether there was anything to stop."""
    var = var_dir()
    was_up = is_up(var)
    if was_up:
        stop_supervisor(var)
    (var / "stack.json").unlink(missing_ok=True)
    if process := _started.pop(var, None):
        if process.stdin:
            process.stdin.close()
        process.wait(timeout=5)
    return was_up


def stack() -> dict[str, Any]:
    """What stack.json says, if the stack is really up."""
    var = var_dir()
    found = read_json(var / "stack.json")
    if not found or not is_up(var):
        raise StackError(f"no stack is up in {var}; start one with: leadops up")
    return found


def status() -> list[dict[str, Any]]:
    """Each instance with what it says of itself; `status` is null where it can't be reached.

    All are asked at once: one that hangs would otherwise delay what the others have to say.
    """
    found = stack()
    headers = {"authorization": f"Bearer {found['token']}"}
    rows = found["processes"]
    with http.client(headers=headers, timeout=5) as client, ThreadPoolExecutor(16) as pool:
        answers = pool.map(partial(ask, client), [row["http"] for row in rows])
        return [{**row, "status": answer} for row, answer in zip(rows, answers, strict=True)]


def kill(part: str) -> None:
    """kill -9 for the broker, the store or the receiver; the supervisor starts it again."""
    handle = stack()["parts"][part]
    if container := handle.get("container"):
        succeeds(["docker", "kill", container], 30)
    elif pid := handle.get("pid"):
        os.kill(pid, signal.SIGKILL)
    else:
        raise StackError(f"the {part} was given, so it is not ours to kill")


def is_up(var: Path) -> bool:
    return is_locked(var / "supervisor.lock")


def remove_state(var: Path) -> None:
    """Only what a stack writes: summaries and reports lie in the same directory."""
    for name in STATE:
        path = var / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for variable in ("KAFKA_BOOTSTRAP", "MONGODB_URL"):
        if variable in os.environ:
            progress(f"{variable} is given: what is stored there is left as it is")


def start(var: Path) -> subprocess.Popen[bytes]:
    """Starts the supervisor and repeats what it says until it has written stack.json."""
    log = var / "log" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    (var / "failure.json").unlink(missing_ok=True)
    with log.open("wb") as output:
        process = _started[var] = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.supervisor", str(var)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=CHECKOUT,
            start_new_session=True,
        )
    follow(process, log, var)
    return process


def release(supervisor: subprocess.Popen[bytes]) -> None:
    """Until now the stack would have ended with us, so that a failed start leaves nothing."""
    assert supervisor.stdin
    supervisor.stdin.write(b"stay")
    supervisor.stdin.close()


def follow(process: subprocess.Popen[bytes], log: Path, var: Path, seconds: float = 300) -> None:
    with log.open() as lines:

        def started_or_ended() -> bool:
            sys.stderr.write(lines.read())
            return (var / "stack.json").exists() or process.poll() is not None

        wait_for("the broker and the store", seconds, started_or_ended)
    if process.poll() is not None:
        raise StackError(read_json(var / "failure.json").get("text") or tail(log))


def wait_until_ready(var: Path, seconds: float) -> None:
    began, reminder = time.monotonic(), Reminder()
    while waiting := [row for row in stack()["processes"] if not is_ready(row)]:
        first = waiting[0]
        if first["restarts"] >= RESTARTS_BEFORE_GIVING_UP:
            raise not_ready(var, first, f"keeps dying ({first['restarts']} times)")
        if time.monotonic() - began > seconds:
            raise not_ready(var, first, f"was not ready within {seconds:.0f} s")
        reminder.remind(f"{names_of(waiting)} to be ready")
        time.sleep(0.1)
    names = names_of(stack()["processes"])
    progress(f"ready after {time.monotonic() - began:.1f} s: {names or 'no services'}")


def names_of(rows: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(f"{row['service']} {row['instance']}" for row in rows)


def is_ready(row: Mapping[str, Any]) -> bool:
    try:
        with http.client(timeout=2) as client:
            return client.get(f"{row['http']}/health/ready").status_code == 200
    except httpx.HTTPError:
        return False


def not_ready(var: Path, row: Mapping[str, Any], what: str) -> StackError:
    name = f"{row['service']}-{row['instance']}"
    return StackError(f"{name} {what}; its log ends:\n{tail(var / 'log' / f'{name}.log')}")


def change_replicas(var: Path, replicas: Mapping[str, int], seconds: float) -> dict[str, Any]:
    former = plan.load(var)
    planned = former.replicas | plan.check_replicas(former.commands, replicas)
    if planned != former.replicas:
        plan.save(var, replace(former, replicas=planned))
        os.kill(stack()["supervisor"], signal.SIGHUP)
        wait_for("the supervisor to change the replicas", 10, lambda: runs_as_planned(var))
    wait_until_ready(var, seconds)
    return stack()


def runs_as_planned(var: Path) -> bool:
    planned = plan.load(var)
    running = [row["service"] for row in stack()["processes"]]
    return all(running.count(service) == planned.count(service) for service in planned.commands)


def stop_supervisor(var: Path) -> None:
    """It needs up to 40 s for the services and some for the rest; killed, it takes all with it."""
    pid = int((var / "supervisor.lock").read_text())
    os.kill(pid, signal.SIGTERM)
    try:
        wait_for("the supervisor to stop", STOP_SECONDS_MAX, lambda: not is_up(var))
    except StackError:
        progress(f"the supervisor did not stop within {STOP_SECONDS_MAX} s; killing it")
        os.kill(pid, signal.SIGKILL)
        wait_for("the killed supervisor to end", 5, lambda: not is_up(var))


def ask(client: httpx.Client, address: str) -> dict[str, Any] | None:
    try:
        response = client.get(f"{address}/status")
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
    except (httpx.HTTPError, ValueError):
        return None
    return answer
