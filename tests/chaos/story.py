"""Words for telling one bad day of a real stack: publish, kill, stop, wait, look, judge."""

import asyncio
import os
import random
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

from cli.oracle.evidence import Evidence
from cli.oracle.oracle import violations
from cli.stack_records import read_lines
from deploy.files import var_dir
from deploy.local import quiet, stack
from shared.loop.log import Outgoing
from tests.chaos.evidence import gather
from tests.chaos.faults import SERVICES, SESSION_MS, behave, wait_until_ready
from tests.chaos.load import Load, RealWorld
from tests.simulation.lead_path import AFFILIATE

DRAIN_SECONDS = 180.0
BEAT_SECONDS = 0.1
MILLISECONDS = 1000


@contextmanager
def running(replicas: int) -> Iterator["Story"]:
    """A fresh stack with so many replicas of each service, for as long as the block lasts."""
    env = {"LEADOPS_SESSION_TIMEOUT_MS": str(SESSION_MS)}
    try:
        counts = dict.fromkeys(SERVICES, replicas)
        yield Story(stack.up(counts, fresh=True, lease=True, env=env))
    finally:
        stack.down()


class Story:
    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found
        self.random = random.Random(4)
        self.upstream = Load(RealWorld(4, Path(found["clock_file"])), found)

    def open_for_business(self, campaigns: Sequence[dict[str, Any]]) -> None:
        """One affiliate, and these campaigns."""
        put = [self.upstream.campaign(campaign) for campaign in campaigns]
        self.publish([self.upstream.command("intake.affiliate.put", "sim", AFFILIATE), *put])
        self.rest()

    def leads(self, count: int) -> list[Outgoing]:
        """Of as many different persons."""
        emails = [f"person{self.upstream.count + n}@mail.example" for n in range(count)]
        return [self.upstream.submit(record={"e": email}) for email in emails]

    def publish(self, records: Sequence[Outgoing]) -> None:
        async def once() -> None:
            await self.upstream.publish(records)
            await self.upstream.close()

        asyncio.run(once())

    def upload_steadily(self, rate: float, seconds: float, *then: Any) -> None:
        """Leads at this rate, while other things happen."""

        async def both() -> None:
            others = [asyncio.ensure_future(each) for each in then]
            for _ in range(round(seconds / BEAT_SECONDS)):
                beat = asyncio.ensure_future(asyncio.sleep(BEAT_SECONDS))
                await self.upstream.publish(self.leads(round(rate * BEAT_SECONDS)))
                await beat
            await asyncio.gather(*others)
            await self.upstream.close()

        asyncio.run(both())

    def processes(self, service: str | None = None, instance: int | None = None) -> list[int]:
        return [
            row["pid"]
            for row in stack.stack()["processes"]
            if service in (None, row["service"]) and instance in (None, row["instance"])
        ]

    def kill(self, pids: Iterable[int]) -> int:
        """How many of them really died of it."""
        killed = 0
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
        return killed

    async def stopped(self, instance: int, seconds: float) -> None:
        """That instance of each service stands still, and goes on as if nothing had happened."""
        pids = [pid for service in SERVICES for pid in self.processes(service, instance)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    def behave(self, campaign: str, **how: Any) -> None:
        assert asyncio.run(behave(campaign, **how))

    def rest(self) -> None:
        wait_until_ready(DRAIN_SECONDS)
        quiet.wait_quiet(DRAIN_SECONDS)

    def received(self, campaign: str | None = None) -> list[dict[str, Any]]:
        found = read_lines(var_dir() / "received.jsonl")
        return [line for line in found if campaign in (None, line["campaign"])]

    def evidence(self) -> Evidence:
        return asyncio.run(gather(self.found))

    def broken(self) -> list[Any]:
        """What the oracle finds, once everything is at rest."""
        return violations(self.evidence())


def milliseconds(evidence: Evidence, received: Iterable[dict[str, Any]]) -> list[float]:
    """From each lead's upload to its first receipt, by campaign, in order of upload."""
    uploaded = {lead.id: lead.uploaded_at for lead in evidence.leads}
    first: dict[str, float] = {}
    for line in received:
        at = datetime.fromisoformat(line["at"]).astimezone(UTC)
        waited = (at - uploaded[line["lead"]]).total_seconds() * MILLISECONDS
        first.setdefault(line["key"], waited)
    return list(first.values())


def percentile(values: Sequence[float], share: int) -> float:
    ordered = sorted(values)
    return round(ordered[ceil(len(ordered) * share / 100) - 1], 1)
