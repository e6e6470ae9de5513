"""What is done to a running stack, by a schedule that follows from the seed.

The course of a real run is never the same twice; what is done to it, and when, is.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import cycle
from math import ceil
from pathlib import Path
from typing import Any

import httpx

from deploy.files import var_dir
from deploy.local import clock, plan, stack
from deploy.local.process import progress, wait_for

SERVICES = tuple(plan.services_here())
REPLICAS = 2
RESCALED = (1, 3, 2)
SESSION_MS = 6000
STOPPED_SECONDS = (8.0, 12.0)
LONG_STOPPED_SECONDS = 45.0
STALLED_SECONDS = 12.0
BEHAVED_SECONDS = (5.0, 15.0)
JUMP = timedelta(minutes=16)
"""Beyond the longest wait of an effect for its next attempt."""

VICTIM_LOOKS, VICTIM_LOOK_SECONDS = 40, 0.25
"""How often somebody to kill is looked for, who may just have been killed by another fault."""

BEHAVIOURS: Sequence[dict[str, Any]] = (
    {"mode": "hang"},
    {"mode": "fail", "status": 422},
    {"mode": "slow", "seconds": 2.0},
    {"mode": "fail", "status": 500},
    {"mode": "hang"},
    {"mode": "flaky", "share": 0.3},
)

FAILING_SHARE = 0.3
FAILING: Sequence[dict[str, Any]] = (
    {"mode": "flaky", "share": 0.7},
    {"mode": "close", "share": 0.5},
    {"mode": "late"},
    {"mode": "nonsense", "share": 0.6},
)
"""What endpoints do that fail from the beginning to the last fault; each leaves it unknown whether
the lead was taken."""

Act = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    at: float
    name: str
    act: Act = field(compare=False)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each fault is to happen in one run."""

    kills: int
    stops: int
    long_stops: int
    rescales: int
    brokers: int
    stores: int
    receivers: int
    stalls: int
    behaviours: int
    jumps: int

    @classmethod
    def of(cls, seconds: float) -> "Counts":
        """A short run does each of them at least once, and kills often enough to mean something."""
        minutes = seconds / 60
        return cls(
            kills=max(6, round(10 * minutes)),
            stops=max(3, round(2 * minutes)),
            long_stops=int(minutes / 3),
            rescales=max(2, round(2 * minutes)),
            brokers=max(1, round(0.8 * minutes)),
            stores=max(1, round(0.8 * minutes)),
            receivers=max(1, round(0.5 * minutes)),
            stalls=max(1, round(0.5 * minutes)),
            behaviours=max(7, round(15 * minutes)),
            jumps=max(1, round(minutes)),
        )


class Faults:
    def __init__(self, seed: int, campaigns: Sequence[str], injected: Counter[str]) -> None:
        self.random = random.Random(seed)
        self.campaigns = campaigns
        self.injected = injected
        self.stopped: set[int] = set()

    def schedule(self, seconds: float) -> list[Fault]:
        """Each kind spread over the whole time; what lasts is begun early enough to end in it."""
        counts = Counts.of(seconds)
        short = partial(self.stop_and_continue, STOPPED_SECONDS)
        long = partial(self.stop_and_continue, (LONG_STOPPED_SECONDS, LONG_STOPPED_SECONDS))
        each = partial(self._spread, seconds)
        last = seconds - STOPPED_SECONDS[1]
        return sorted(
            [
                *each("kill", counts.kills, self.kill),
                *self._spread(last, "stop", counts.stops, short),
                *self._spread(seconds - LONG_STOPPED_SECONDS, "stop long", counts.long_stops, long),
                *each("replicas", counts.rescales * len(SERVICES), self.rescale),
                *each("broker", counts.brokers, partial(self.kill_part, "broker")),
                *each("store", counts.stores, partial(self.kill_part, "store")),
                *each("receiver", counts.receivers, partial(self.kill_part, "receiver")),
                *self._spread(last, "stall", 2 * counts.stalls, self.stall),
                *each("behaviour", counts.behaviours, self.misbehave),
                *each("clock", counts.jumps, self.jump),
            ]
        )

    def _spread(
        self, seconds: float, name: str, count: int, act: Callable[[int], Awaitable[None]]
    ) -> list[Fault]:
        every = seconds / max(1, count)
        moments = [(number + self.random.random()) * every for number in range(count)]
        return [Fault(at, name, partial(act, number)) for number, at in enumerate(moments)]

    async def inject(self, seconds: float) -> None:
        """Carries out the schedule, then waits for what still lasts."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        lasting = []
        for fault in self.schedule(seconds):
            await asyncio.sleep(max(0.0, began + fault.at - loop.time()))
            lasting.append(asyncio.ensure_future(fault.act()))
        await asyncio.sleep(max(0.0, began + seconds - loop.time()))
        await asyncio.gather(*lasting)

    def _victim(self, number: int) -> dict[str, Any] | None:
        """A process of the services in turn that runs and is not stopped already."""
        service = SERVICES[number % len(SERVICES)]
        running = [
            row
            for row in stack.stack()["processes"]
            if row["service"] == service and row["pid"] and row["pid"] not in self.stopped
        ]
        return self.random.choice(running) if running else None

    async def kill(self, number: int) -> None:
        """One that runs, or the next that does: a slow machine starts few again in time."""
        for _ in range(VICTIM_LOOKS):
            if self._killed(self._victim(number)):
                return
            await asyncio.sleep(VICTIM_LOOK_SECONDS)

    def _killed(self, victim: Mapping[str, Any] | None) -> bool:
        if victim is None:
            return False
        try:
            os.kill(victim["pid"], signal.SIGKILL)
        except ProcessLookupError:
            return False
        self._note(f"kill -9 {victim['service']}")
        return True

    async def stop_and_continue(self, seconds: tuple[float, float], number: int) -> None:
        """A zombie: it is thought dead, and comes back in the middle of what it was doing."""
        victim, lasts = self._victim(number), self.random.uniform(*seconds)
        if victim is None:
            return
        pid = victim["pid"]
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            self.stopped.add(pid)
            try:
                await asyncio.sleep(lasts)
            finally:
                os.kill(pid, signal.SIGCONT)
            long = " long" if lasts >= LONG_STOPPED_SECONDS else ""
            self._note(f"stop{long} and continue {victim['service']}")
        self.stopped.discard(pid)

    async def rescale(self, number: int) -> None:
        service = SERVICES[number % len(SERVICES)]
        set_replicas({service: RESCALED[number // len(SERVICES) % len(RESCALED)]})
        self._note(f"replicas {service}")

    async def kill_part(self, part: str, _number: int) -> None:
        if part == "broker" and stack.stack()["parts"][part].get("container"):
            # The official image starts on storage that is formatted already; imitations do not.
            self._note("broker in a container not killed")
            return
        with suppress(ProcessLookupError):
            await asyncio.to_thread(stack.kill, part)
            self._note(f"kill -9 {part}")

    async def stall(self, number: int) -> None:
        """A broker or store that hangs: requests end without a known result."""
        part = ("store", "broker")[number % 2]
        pid = stack.stack()["parts"][part].get("pid")
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            self._note(f"stall {part}")
            await asyncio.sleep(STALLED_SECONDS)
            os.kill(pid, signal.SIGCONT)

    async def misbehave(self, number: int) -> None:
        campaign = self.campaigns[number % len(self.campaigns)]
        how = BEHAVIOURS[number % len(BEHAVIOURS)]
        if await behave(campaign, **how):
            self._note(f"endpoint {how['mode']} {how.get('status', '')}".strip())
            await asyncio.sleep(self.random.uniform(*BEHAVED_SECONDS))
            await behave(campaign, mode="ok")

    async def jump(self, _number: int) -> None:
        jump(JUMP)
        self._note("clock jump")

    def _note(self, name: str) -> None:
        self.injected[name] += 1
        progress(f"  {name}")


def set_replicas(counts: dict[str, int]) -> None:
    """Without waiting until they are ready, as `leadops up` would: some may be stopped."""
    var = var_dir()
    former = plan.load(var)
    plan.save(var, replace(former, replicas=former.replicas | counts))
    os.kill(stack.stack()["supervisor"], signal.SIGHUP)


async def behave(campaign: str, **how: Any) -> bool:
    """Whether the receiver could be told; it may be dead itself."""
    async with httpx.AsyncClient(timeout=5) as client:
        try:
            told = {"campaign": campaign, **how}
            await client.post(f"{stack.stack()['receiver']}/behaviour", json=told)
        except httpx.HTTPError:
            return False
    return True


async def fail_throughout(campaigns: Sequence[str]) -> int:
    """Nearly a third of the endpoints fail all the time; how many those are."""
    count = ceil(FAILING_SHARE * len(campaigns))
    for campaign, how in zip(campaigns[:count], cycle(FAILING), strict=False):
        while not await behave(campaign, **how):
            await asyncio.sleep(0.2)
    return count


def jump(by: timedelta) -> None:
    file = Path(stack.stack()["clock_file"])
    clock.set_offset(file, clock.offset(file) + by)


async def heal() -> None:
    """The last fault is over: all endpoints answer, and there are as many replicas as before."""
    set_replicas(dict.fromkeys(SERVICES, REPLICAS))
    while not await behave("*", mode="ok"):
        await asyncio.sleep(0.2)


def wait_until_ready(seconds: float) -> None:
    """As the stack's own, but being restarted often is what all this is about."""
    what = "every service to be ready"
    wait_for(what, seconds, lambda: all(map(stack.is_ready, stack.stack()["processes"])))
