"""One run of chaos: a fresh stack, load and faults, rest, judgement."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cli.oracle.evidence import Evidence, Violation
from cli.oracle.oracle import violations
from deploy.files import var_dir
from deploy.local import quiet, stack
from deploy.local.process import StackError, progress
from tests.chaos import faults
from tests.chaos.evidence import gather, personal_data_outside
from tests.chaos.faults import JUMP, REPLICAS, SERVICES, SESSION_MS, Faults
from tests.chaos.load import Load, RealWorld
from tests.simulation.lead_path import CAMPAIGNS, SURNAME

DRAIN_SECONDS = 180.0
ROUNDS_MAX = 10
LONG_AFTER = timedelta(days=8)
"""Long enough that every lead that nobody got is raised."""


@dataclass(slots=True)
class Report:
    seed: int
    backend: Mapping[str, str] = field(default_factory=dict)
    injected: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "ok": not self.violations and self.disturbed,
            "injected": dict(sorted(self.injected.items())),
            "violations": [found._asdict() for found in self.violations],
            "backend": dict(self.backend),
            "figures": self.figures,
        }

    @property
    def disturbed(self) -> bool:
        """Whether anything was done at all; a run that only looks on proves nothing."""
        return any(name.startswith(("kill", "stop")) for name in self.injected)


def run(seed: int, seconds: float, rate: float, defect: str | None = None) -> Report:
    """The stack ends with the run, however that ends."""
    report = Report(seed)
    try:
        with timed(report, "up"):
            found = up(defect)
        report.backend = found["backend"]
        with timed(report, "disturbed"):
            upstream = asyncio.run(disturb(report, found, seconds, rate))
        with timed(report, "at_rest"):
            left = rest(report, upstream)
        with timed(report, "gathered"):
            evidence = asyncio.run(gather(found, left, [SURNAME]))
        report.figures |= figures(evidence)
        report.figures["restarts"] = sum(row["restarts"] for row in stack.stack()["processes"])
    finally:
        with timed(report, "down"):
            stack.down()
    judge(report, evidence)
    return report


@contextmanager
def timed(report: Report, phase: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    report.figures[f"{phase}_seconds"] = round(time.monotonic() - began, 1)


def up(defect: str | None) -> dict[str, Any]:
    env = {"LEADOPS_SESSION_TIMEOUT_MS": str(SESSION_MS), "LEADOPS_LOG_LEVEL": "info"}
    commands = None
    if defect:
        env["LEADOPS_DEFECT"] = defect
        commands = {name: ["-m", "tests.chaos.defective", f"services.{name}"] for name in SERVICES}
    replicas = dict.fromkeys(SERVICES, REPLICAS)
    return stack.up(replicas, fresh=True, lease=True, env=env, commands=commands)


async def disturb(report: Report, found: Mapping[str, Any], seconds: float, rate: float) -> Load:
    """Load and faults at the same time; the load ends after the last fault."""
    world = RealWorld(report.seed, Path(found["clock_file"]))
    world.injected = report.injected
    upstream, stop = Load(world, found), asyncio.Event()
    loading = asyncio.create_task(upstream.run(rate, stop))
    # Capped, exclusive and weekly ones fail throughout, since there it matters most.
    ids = [campaign["id"] for campaign in reversed(CAMPAIGNS)]
    failing = await faults.fail_throughout(ids)
    report.injected["endpoints failing throughout"] = failing
    progress(f"{failing} of {len(ids)} endpoints fail throughout: {', '.join(ids[:failing])}")
    campaigns = ids[failing:]
    progress(f"seed {report.seed}: {seconds:.0f} s of faults, {rate:.0f} records a second")
    await Faults(report.seed, campaigns, report.injected).inject(seconds)
    await faults.heal()
    stop.set()
    await loading
    await upstream.close()
    return upstream


def rest(report: Report, upstream: Load) -> str:
    """Waits until nothing is left to do; what was left at the limit, or nothing."""
    began = time.monotonic()
    progress("the last fault is over; waiting until nothing is left to do")
    try:
        faults.wait_until_ready(DRAIN_SECONDS)
        quiet.wait_quiet(DRAIN_SECONDS)
        report.figures["drained_after_seconds"] = round(time.monotonic() - began, 1)
        settle(upstream)
        faults.jump(LONG_AFTER)
        quiet.wait_quiet(DRAIN_SECONDS)
        # What waited for its send day has gone out now, and may have met a breaker.
        settle(upstream)
    except StackError as error:
        return str(error)
    return ""


def settle(upstream: Load) -> None:
    """Until operators have nothing to skip and nothing waits for its next attempt."""
    for _ in range(ROUNDS_MAX):
        if not asyncio.run(operate(upstream)) and not waiting_effects():
            return
        faults.jump(JUMP)
        quiet.wait_quiet(DRAIN_SECONDS)


async def operate(upstream: Load) -> int:
    try:
        return await upstream.operate()
    finally:
        await upstream.close()


def waiting_effects() -> int:
    """What waits for its next attempt; time must pass for it, and nobody wants to watch."""
    found = [row["status"] for row in stack.status() if row["status"]]
    return max((status["effects"]["waiting"] for status in found), default=0)


def judge(report: Report, evidence: Evidence) -> None:
    """Only once the stack is down: the services tell their last things when they stop."""
    report.violations += violations(evidence)
    report.violations += personal_data_outside(var_dir(), [SURNAME])


def figures(evidence: Evidence) -> dict[str, Any]:
    sends = Counter(send.status for send in evidence.sends)
    return {
        "records": len(evidence.records),
        "leads": len(evidence.leads),
        "accepted": len(evidence.inside.routed) if evidence.inside else 0,
        "dead_letters": len(evidence.dead_letters),
        "sends": dict(sends),
        "requests": len(evidence.received),
        "requests_repeated": len(evidence.received) - len({one.key for one in evidence.received}),
    }
