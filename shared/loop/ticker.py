"""What happens without records: shards are opened, deadlines and effect results become steps.

A broker client calls nobody when nothing comes, so the loop has a heart of its own, at most 200 ms
apart and sooner when it is woken. It also looks after positions: a topic that was cut below them is
found out here, not by thousands of fetch errors.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from shared.errors import Infrastructure, ShardRefuses
from shared.loop import deadlines, effects
from shared.loop.log import Place
from shared.loop.open import check_position, open_shards, refuse
from shared.loop.shard import Shard, State
from shared.loop.step import Inputs

if TYPE_CHECKING:
    from shared.loop.loop import Loop

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.2
CHECK_SECONDS = 3.0


class Ticker:
    def __init__(self, loop: "Loop") -> None:
        self._loop = loop
        self._check_at = 0.0
        self._positions: dict[Place, int] = {}
        self._stuck_at: float | None = None
        self._steps: dict[int, int] = {}
        self.error: str | None = "not started"
        """Why the last turn failed; readiness tells it."""

    def stuck_seconds(self) -> float:
        """For how long records have waited while none was taken."""
        return 0.0 if self._stuck_at is None else self._loop.monotonic() - self._stuck_at

    async def run(self) -> None:
        """Turns until it is cancelled; after a turn that failed comes another."""
        while True:
            await self.turn()
            try:
                await asyncio.wait_for(self._loop.woken.wait(), TICK_SECONDS)
            except TimeoutError:
                continue
            self._loop.woken.clear()

    async def turn(self) -> None:
        loop = self._loop
        if loop.stopped:
            self.error = loop.stopped
            return
        try:
            async with loop.lock:
                await self._open()
                await self._step()
            await self._check()
            self.error = None
        except Infrastructure as error:
            self.error = f"{type(error).__name__}: {error}"
            log.warning("turn failed", error=self.error)
            loop.back_off(())

    async def _open(self) -> None:
        loop, now = self._loop, self._loop.monotonic()
        closed = [
            shard
            for shard in loop.shards.values()
            if shard.state is State.CLOSED and now >= shard.retry_at
        ]
        if closed and now >= loop.retry_at:
            await open_shards(loop, closed)

    async def _step(self) -> None:
        """Takes what waits beside the records, as far as the current limit allows."""
        loop = self._loop
        shards = loop.open()
        if not shards:
            return
        numbers = list(shards)
        now = loop.clock.now()
        parked = {lane for shard in shards.values() for lane in shard.parked}
        due = await deadlines.reached(loop.store, numbers, now, parked, loop.limit)
        retries = [
            *await effects.reached(loop.store, numbers, now, loop.worker.without_room()),
            *await effects.overdue(loop.store, numbers, now, loop.worker.dead()),
        ]
        results = loop.worker.take(numbers, loop.limit)
        inputs = Inputs(
            results=results,
            due=due[: max(0, loop.limit - len(results))],
            retries=retries,
            leftovers=self._leftovers(shards),
        )
        if inputs:
            await loop.step(shards, inputs)

    def _leftovers(self, shards: Mapping[int, Shard]) -> list[int]:
        """Shards that have rested since the last turn, with published documents still to delete; a
        busy one deletes them with its next step."""
        before, self._steps = self._steps, {number: one.row.steps for number, one in shards.items()}
        return [
            number
            for number, shard in shards.items()
            if shard.confirmed and before.get(number) == shard.row.steps
        ]

    async def _check(self) -> None:
        """Compares the positions of open shards with the log, and tries refused ones again."""
        loop = self._loop
        if loop.monotonic() < self._check_at:
            return
        self._check_at = loop.monotonic() + CHECK_SECONDS
        await loop.log.report(loop.positions())
        bounds = await loop.log.bounds(
            [place for shard in loop.shards.values() for place in shard.places]
        )
        async with loop.lock:
            for shard in loop.shards.values():
                if shard.state is State.REFUSED:
                    shard.state = State.CLOSED
                elif shard.state is State.OPEN and bounds.keys() >= set(shard.places):
                    self._check_shard(shard, bounds)
            self._push(bounds)

    def _check_shard(self, shard: Shard, bounds: Mapping[Place, tuple[int, int]]) -> None:
        try:
            for place in shard.places:
                check_position(shard.row, place, bounds[place], None)
        except ShardRefuses as refusal:
            self._loop.close([shard.number])
            refuse(self._loop, shard, str(refusal))

    def _push(self, bounds: Mapping[Place, tuple[int, int]]) -> None:
        """If no place has moved since the last check, those that have records are sought again: the
        client may have moved its position without handing over what it passed."""
        before, self._positions = self._positions, self._loop.positions()
        waiting = {
            place: at
            for place, at in self._positions.items()
            if place in bounds and bounds[place][1] > at
        }
        if not waiting or before != self._positions:
            self._stuck_at = None
            return
        self._stuck_at = self._stuck_at or self._loop.monotonic()
        self._loop.counters["places_sought_again"] += len(waiting)
        self._loop.log.resume(waiting)
