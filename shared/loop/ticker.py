"""What happens without records: shards are opened, deadlines and effect results become steps.

A broker client calls nobody when nothing comes, so the loop has a heart of its own, at most 200 ms
apart and sooner when it is woken. It also looks after positions: a topic that was cut below them is
found out here, not by thousands of fetch errors, and so is a place that is not read. What waits is
looked at beside the turns, since it is most of all to be told while these hang.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from shared.errors import Infrastructure, ShardRefuses
from shared.loop import dead_letters, deadlines, effects
from shared.loop.batch import Inputs
from shared.loop.item import Lane
from shared.loop.log import Place
from shared.loop.loop import Loop
from shared.loop.open import check_position, open_shards, refuse
from shared.loop.precedence import Precedence
from shared.loop.shard import GAP_CLOSES_WITHIN, Shard, ShardRow, State
from shared.loop.waiting import Waiting, update
from shared.loop.within import BROKER_SECONDS_MAX, STORE_SECONDS_MAX, within
from shared.store import Document

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.2
CHECK_SECONDS = 3.0
SEEK_AGAIN_SECONDS = 5.0
LANES_AT_ONCE = 4
NOT_STARTED = "not started: what is stored is brought into the form of today"


@dataclass(frozen=True, slots=True)
class Looked:
    """What the log held, and the rows of the open shards as they were when it was asked: by the
    time of the answer they may have read on, and be right all the same."""

    bounds: Mapping[Place, tuple[int, int]]
    rows: Mapping[int, ShardRow]


class Ticker:
    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._looked: Looked | None = None
        """What the next turn compares."""
        self._seen: tuple[int, int, float | None] = (0, 0, None)
        """At the last look: full batches, short ones, and when a turn had ended."""
        self._ended_at: float | None = None
        self._steps: dict[int, int] = {}
        self._alerted: set[tuple[int, str, str, int]] = set()
        self.precedence = Precedence(loop.log, loop.counters)
        self._horizon, self._horizon_of_freed = deadlines.Horizon(), deadlines.Horizon()
        self.waiting: dict[Place, Waiting] = {}
        """The places of this process's shards at which records wait."""
        self.error: str | None = NOT_STARTED
        """Why the last turn failed; readiness tells it."""

    def seconds_since_turn(self) -> float:
        """How long ago a turn ended, well or badly: one that hangs is told by this alone; none does
        before the first has begun."""
        return 0.0 if self._ended_at is None else self._loop.monotonic() - self._ended_at

    def stuck(self) -> dict[Place, Waiting]:
        """Of the open shards, the places that are not getting on."""
        now, open_shards = self._loop.monotonic(), self._loop.currently_open()
        return {
            place: one
            for place, one in self.waiting.items()
            if place[1] in open_shards and one.is_stuck(now)
        }

    async def run(self) -> None:
        """Turns, and looks, until it is cancelled; after what failed comes another."""
        self._ended_at = self._loop.monotonic()
        await asyncio.gather(self._keep_turning(), self._keep_looking())

    async def _keep_looking(self) -> None:
        while True:
            with suppress(Infrastructure):
                await self._look()
            await asyncio.sleep(CHECK_SECONDS)

    async def _keep_turning(self) -> None:
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
            self.error, self._ended_at = loop.stopped, loop.monotonic()
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
        self._ended_at = loop.monotonic()

    async def _open(self) -> None:
        """Opens what is not open. What refuses is tried again at times and stays refused meanwhile,
        so that whoever asks always sees it."""
        loop, now = self._loop, self._loop.monotonic()
        closed = [
            shard
            for shard in loop.shards.values()
            if shard.state is not State.OPEN and now >= shard.retry_at
        ]
        if closed and now >= loop.retry_at:
            await open_shards(loop, closed)

    async def _step(self) -> None:
        """Takes what waits beside the records, as far as the current limit allows."""
        loop = self._loop
        shards = loop.currently_open()
        if not shards:
            return
        numbers = list(shards)
        now = loop.clock.now()
        due = await self._due(shards, now)
        async with within(STORE_SECONDS_MAX, "the store"):
            retries = await self._retries(numbers, now)
        results = loop.worker.take(numbers, loop.limit)
        inputs = Inputs(
            results=results,
            due=due[: max(0, loop.limit - len(results))],
            retries=retries,
            leftovers=self._leftovers(shards),
        )
        # Where one input at a time is taken, to find the one that fails, lanes are inputs too.
        if loop.limit > 1 or not (results or due or retries):
            inputs = replace(inputs, lanes=_unheld_lanes(shards)[: min(LANES_AT_ONCE, loop.limit)])
        if inputs:
            await loop.step(shards, inputs)

    async def _due(self, shards: Mapping[int, Shard], now: datetime) -> list[Document]:
        """The deadlines whose time has come, and before which their shard has no record to take."""
        waiting = self.precedence.waiting(shards)
        others = [number for number in shards if number not in waiting]
        rows = await self._rows(others, now, self._horizon)
        concerned = sorted({row["shard"] for row in rows} | waiting)
        if not concerned:
            return []
        mine = {number: shards[number] for number in concerned}
        free = await self.precedence.free_until(mine, now, self._loop.monotonic())
        freed = sorted(waiting & free.keys())
        for moment in sorted({free[number] for number in freed}):
            some = [one for one in freed if free[one] == moment]
            rows += await self._rows(some, moment, self._horizon_of_freed)
        return [row for row in rows if row["shard"] in free and row["due_at"] <= free[row["shard"]]]

    async def _rows(
        self, shards: Sequence[int], until: datetime, horizon: deadlines.Horizon
    ) -> list[Document]:
        loop = self._loop
        if not shards:
            return []
        async with within(STORE_SECONDS_MAX, "the store"):
            return await deadlines.due_rows(
                loop.store, shards, until, loop.blocked_lanes(), loop.limit, horizon
            )

    async def _retries(self, numbers: Sequence[int], now: datetime) -> list[Document]:
        store, worker = self._loop.store, self._loop.worker
        return [
            *await effects.due_rows(store, numbers, now, worker.without_room()),
            *await effects.overdue(store, numbers, now, worker.dead()),
        ]

    def _leftovers(self, shards: Mapping[int, Shard]) -> list[int]:
        """Shards that have rested since the last turn, with published records still to remove, or
        positions to note; a busy one does it with its next step."""
        before, self._steps = self._steps, {number: one.row.steps for number, one in shards.items()}
        return [
            number
            for number, shard in shards.items()
            if shard.has_leftovers and before.get(number) == shard.row.steps
        ]

    async def _look(self) -> None:
        """Asks the log alone, and no turn waits for it nor it for a turn: while the store is away,
        what waits is told all the same."""
        loop = self._loop
        rows = {number: shard.row for number, shard in loop.currently_open().items()}
        async with within(BROKER_SECONDS_MAX, "the broker"):
            await loop.log.report(loop.positions())
            bounds = await loop.log.bounds(
                [place for shard in loop.shards.values() for place in shard.places]
            )
        self._looked = Looked(bounds, rows)
        self._note_waiting(bounds)

    def _note_waiting(self, bounds: Mapping[Place, tuple[int, int]]) -> None:
        """Notes what waits where; of a shard whose row was not read yet nobody knows."""
        loop = self._loop
        positions = {
            place: shard.row.next.get(place[0], 0)
            for shard in loop.shards.values()
            if shard.is_known
            for place in shard.places
        }
        ends = {place: end for place, (_, end) in bounds.items()}
        self.waiting = update(
            self.waiting, positions, ends, loop.monotonic(), busy=self._was_busy()
        )

    def _was_busy(self) -> bool:
        """Whether the client had no room to spare since the last look. If not every batch was full,
        it had: then it holds nothing that it has not handed over. Where none could be handed over,
        since one step has gone on all the while, nobody knows; a turn that ended let it."""
        loop, before = self._loop, self._seen
        now = self._seen = (
            loop.counters["batches_full"],
            loop.counters["batches_short"],
            self._ended_at,
        )
        all_were_full = now[0] > before[0] and now[1] == before[1]
        return all_were_full or (now == before and loop.lock.locked())

    async def _check(self) -> None:
        """After each look: compares the positions with the log. What does not fit refuses, what is
        not read is sought again."""
        looked, self._looked = self._looked, None
        if looked is None:
            return
        async with self._loop.lock:
            for number, shard in self._loop.currently_open().items():
                self._check_shard(shard, looked.rows.get(number), looked.bounds)
            self._alert_gaps()
            self._seek_again()
            await self._close_moved()

    def _check_shard(
        self, shard: Shard, row: ShardRow | None, bounds: Mapping[Place, tuple[int, int]]
    ) -> None:
        """One that was opened since then was compared when it was."""
        if row is None or row.epoch != shard.row.epoch or not bounds.keys() >= set(shard.places):
            return
        try:
            for place in shard.places:
                check_position(row, place, bounds[place], None)
        except ShardRefuses as refusal:
            self._loop.close([shard.number])
            refuse(self._loop, shard, str(refusal))

    def _alert_gaps(self) -> None:
        """Once for each gap that does not close by itself."""
        loop = self._loop
        now = loop.clock.now()
        long = {
            (shard.number, topic, stream, shard.row.expected_number(topic, stream))
            for shard in loop.shards.values()
            for (topic, stream), gap in shard.row.gaps.items()
            if now - gap.since >= GAP_CLOSES_WITHIN
        }
        for shard, topic, stream, expected in sorted(long - self._alerted):
            place = f"{topic}/{shard}"
            log.error("gap does not close", place=place, stream=stream, number=expected)
        self._alerted = long

    def _seek_again(self) -> None:
        """The client may have moved its position without handing over what it passed."""
        loop = self._loop
        now, positions = loop.monotonic(), loop.positions()
        passed = {
            place: one.offset
            for place, one in self.waiting.items()
            if positions.get(place) == one.offset and one.is_stuck(now, SEEK_AGAIN_SECONDS)
        }
        if passed:
            loop.counters["places_sought_again"] += len(passed)
            loop.log.resume(passed)

    async def _close_moved(self) -> None:
        """A person may have moved a position on the shard's row, which only opening it anew tells:
        a shard that rests writes nothing, and would not find out. Another owner's row is left."""
        loop = self._loop
        async with within(STORE_SECONDS_MAX, "the store"):
            rows = await loop.store.find(
                "shards",
                {"_id": {"$in": sorted(loop.currently_open())}},
                fields=["epoch", "session"],
            )
        known = {number: shard.row for number, shard in loop.shards.items()}
        loop.close(
            row["_id"]
            for row in rows
            if (mine := known.get(row["_id"]))
            and row["epoch"] != mine.epoch
            and row["session"] == mine.session
        )


def _unheld_lanes(shards: Mapping[int, Shard]) -> list[tuple[int, Lane]]:
    """The lanes in which something waits and no head holds it any more."""
    return [
        (number, lane)
        for number, shard in shards.items()
        for lane, head in shard.blocked.items()
        if head == dead_letters.RELEASING
    ]
