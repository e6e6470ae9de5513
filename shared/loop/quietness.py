"""Whether anything is under way in a process, and when its clock brings it something next.

Told from memory, for whoever advances the clock of a stack. What only the store knows, the next
deadline and the next attempt, is asked once after each step: nothing but a step changes it. A turn
is taken at once for what is due already, so that nobody waits for the ticker.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.loop import deadlines, effects
from shared.loop.dead_letters import RELEASING
from shared.loop.log import Place
from shared.loop.loop import Loop
from shared.loop.shard import State
from shared.loop.within import STORE_SECONDS_MAX, within

LOOK_SECONDS = 0.002

Version = tuple[frozenset[tuple[int, int, int]], tuple[str, ...], tuple[str, ...]]
"""The steps of the open shards, each with its epoch, and the endpoints that are full or dead: as
long as these are the same, the same is due next."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a process stands at one instant."""

    under_way: Sequence[str]
    """What keeps it from being quiet, in words; empty if nothing does."""
    open_shards: Sequence[int]
    positions: Mapping[Place, int]
    """How far each place of its open shards is read."""
    next_at: datetime | None
    """Of the next deadline, or the next attempt at an endpoint that takes more; unknown while
    something is under way."""


class Quietness:
    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._outlook: tuple[Version, datetime | None] | None = None
        self._turned_for: object = None

    async def standing(self, seconds: float) -> Standing:
        """Told as soon as nothing is under way, or after so many seconds."""
        until = self._loop.monotonic() + seconds
        while (standing := await self._look()).under_way and self._loop.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
        return standing

    async def _look(self) -> Standing:
        if under_way := self._under_way():
            return self._at_this_instant(under_way, None)
        version = self._version()
        next_at = await self._next_at(version)
        # The store took its time: what was true before may not be any more.
        under_way = self._under_way()
        if version != self._version():
            under_way.append("a step was taken meanwhile")
        elif next_at is not None and next_at <= self._loop.clock.now():
            under_way.append("something has just become due")
            self._turn_now(version)
        return self._at_this_instant(under_way, next_at)

    def _at_this_instant(self, under_way: Sequence[str], next_at: datetime | None) -> Standing:
        loop = self._loop
        return Standing(under_way, list(loop.currently_open()), loop.positions(), next_at)

    def _under_way(self) -> list[str]:
        """Without a question to anybody. What was published is known to have arrived, or its shard
        is closed; what others have published and we have not read, only the log knows."""
        loop, worker = self._loop, self._loop.worker
        found = [loop.stopped] if loop.stopped else []
        if loop.lock.locked():
            found.append("a step is under way")
        if closed := [one.number for one in loop.shards.values() if one.state is not State.OPEN]:
            found.append(f"shards {', '.join(map(str, closed))} not open")
        if worker.running:
            found.append(f"attempts under way {worker.running}")
        # Those of an attempt that ended after its shard had gone to another process are nobody's.
        if results := sum(result.shard in loop.shards for result in worker.results):
            found.append(f"results of attempts {results}")
            self._turn_now((self._version(), results))
        if any(RELEASING in shard.blocked.values() for shard in loop.shards.values()):
            found.append("what waited behind a dead letter is released")
        return found

    def _version(self) -> Version:
        loop, worker = self._loop, self._loop.worker
        rows = [shard.row for shard in loop.currently_open().values()]
        steps = frozenset((row.shard, row.epoch, row.steps) for row in rows)
        return steps, tuple(worker.without_room()), tuple(worker.dead())

    async def _next_at(self, version: Version) -> datetime | None:
        """What waits at a dead endpoint ends by the clock alone, so that is asked every time."""
        steps, full, dead = version
        if self._outlook is None or self._outlook[0] != version or dead:
            loop = self._loop
            shards, now = [shard for shard, _, _ in steps], loop.clock.now()
            async with within(STORE_SECONDS_MAX, "the store"):
                moments = await asyncio.gather(
                    deadlines.next_at(loop.store, shards, loop.blocked_lanes()),
                    effects.attempt_at(loop.store, shards, now, full=full, dead=dead),
                )
            next_at = min((moment for moment in moments if moment), default=None)
            self._outlook = (version, next_at)
        return self._outlook[1]

    def _turn_now(self, cause: object) -> None:
        """Once for each cause: what a turn can't take yet is not asked for again and again."""
        if cause != self._turned_for:
            self._turned_for = cause
            self._loop.wake()
