"""A service as a process of its own: how soon it is ready, and what it takes when nothing comes."""

import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from deploy.local import backends, plan
from deploy.local.backend import NativeBackend
from deploy.local.process import StackError, free_ports, wait_for
from tests.bench.measuring import Row, at_most
from tests.bench.stage import Backends

REST_SECONDS = 1.0
WEBHOOK_SECRET = "whsec_" + "A" * 32

# One for all questions: making one takes longer than asking.
CLIENT = httpx.Client(timeout=2)


@dataclass(frozen=True, slots=True)
class Start:
    seconds: float
    megabytes: float


def rows(found: Backends, state: Path, rounds: int) -> list[Row]:
    starts: dict[str, list[Start]] = {name: [] for name in plan.services_here()}
    for _ in range(rounds):
        for name, kept in starts.items():
            kept.append(start(found, state, name))
    ready = [
        at_most(f"start until ready: {name}", [one.seconds for one in kept], "s", 5)
        for name, kept in starts.items()
    ]
    memory = [
        at_most(f"memory at rest: {name}", [one.megabytes for one in kept], "MB", 150)
        for name, kept in starts.items()
    ]
    for name, kept in starts.items():
        middle = statistics.median(one.seconds for one in kept)
        print(f"  {name}: ready after {middle:.1f} s", file=sys.stderr, flush=True)
    return [*ready, *memory]


def start(found: Backends, state: Path, name: str) -> Start:
    (port,) = free_ports(1)
    env = {
        "LEADOPS_KAFKA": found.kafka,
        "LEADOPS_MONGO": found.mongo,
        "LEADOPS_HTTP_PORT": str(port),
        "LEADOPS_DATABASE_PREFIX": "bench_rest_",
        "LEADOPS_SECRET": "bench",
        "LEADOPS_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    ready = partial(is_ready, port)
    began = time.perf_counter()
    with backends.running(name, python(name, ["-m", f"services.{name}"], state, env, port)) as part:
        try:
            wait_for(f"{name} to be ready", 60, ready, every=0.02)
        except StackError as error:
            raise StackError(f"{error}; its log ends:\n{part.last_words()}") from error
        seconds = time.perf_counter() - began
        time.sleep(REST_SECONDS)
        assert isinstance(part, NativeBackend)
        assert part.process is not None
        return Start(seconds, resident_megabytes(part.process.pid))


def python(
    name: str, command: list[str], state: Path, env: Mapping[str, str], port: int
) -> NativeBackend:
    return NativeBackend(
        name,
        f"http://127.0.0.1:{port}",
        [sys.executable, *command],
        state / f"{name}.log",
        partial(is_alive, port),
        25,
        dict(env),
    )


def is_alive(port: int) -> bool:
    return _answers(f"http://127.0.0.1:{port}/health/live", {200, 404})


def is_ready(port: int) -> bool:
    return _answers(f"http://127.0.0.1:{port}/health/ready", {200})


def _answers(url: str, codes: set[int]) -> bool:
    try:
        return CLIENT.get(url).status_code in codes
    except httpx.HTTPError:
        return False


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024
