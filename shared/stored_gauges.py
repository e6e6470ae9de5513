"""Figures that only the store has, taken every 15 s beside the loop, by an index each; a scrape is
told those of the last time, and how long ago that was.

They are of the shards of this process, so those of all replicas add up. Of what can be endless no
more than 10,000 are counted: deadlines, effects of each state, dead letters of each code.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from shared.errors import Infrastructure
from shared.loop import dead_letters, deadlines, effects, outbox
from shared.loop.counts import OTHER
from shared.loop.loop import Loop
from shared.loop.pulse import SILENT_SECONDS_MAX, Pulse
from shared.loop.within import STORE_SECONDS_MAX, within
from shared.metric_families import gauge, gauges

EVERY_SECONDS = 15.0
COUNTED_MAX = 10_000
CODES_MAX = 50

ByName = Mapping[tuple[str], int]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store had when it was asked last."""

    outbox: int
    outbox_seconds: float
    due: int
    due_seconds: float
    effects: ByName
    dead_letters: ByName


class StoredGauges(Collector):
    def __init__(self, loop: Loop, pulse: Pulse) -> None:
        self._loop = loop
        self._pulse = pulse
        self._figures: Stored | None = None
        self._taken_at = loop.monotonic()
        self._seen: dict[str, float] = {}
        """What of outboxes is left, and when each was first seen."""

    async def run(self) -> None:
        """Takes them until it is cancelled. A store that is silent is not asked: each question
        would hold a thread of its driver."""
        while True:
            if self._pulse.silent_seconds()["store"] <= SILENT_SECONDS_MAX:
                with suppress(Infrastructure):
                    await self.take()
            await asyncio.sleep(EVERY_SECONDS)

    async def take(self) -> None:
        async with within(STORE_SECONDS_MAX, "the store"):
            documents, outbox_seconds = await self._outbox()
            due, due_seconds = await self._due()
            figures = Stored(
                documents,
                outbox_seconds,
                due,
                due_seconds,
                await self._effects(),
                await self._dead_letters(),
            )
        self._figures, self._taken_at = figures, self._loop.monotonic()

    async def _outbox(self) -> tuple[int, float]:
        """How many there are, and for how long the oldest has been seen."""
        now = self._loop.monotonic()
        names = await outbox.unconfirmed_names(self._loop.store, list(self._loop.shards))
        self._seen = {name: self._seen.get(name, now) for name in names}
        return len(names), now - min(self._seen.values(), default=now)

    async def _due(self) -> tuple[int, float]:
        """How many have come due, and how long ago the first of them did."""
        loop, now = self._loop, self._loop.clock.now()
        rows = await loop.store.find(
            deadlines.COLLECTION,
            {"shard": {"$in": list(loop.shards)}, "due_at": {"$lte": now}},
            sort=[("due_at", 1), ("_id", 1)],
            limit=COUNTED_MAX,
            fields=["due_at"],
        )
        return len(rows), (now - rows[0]["due_at"]).total_seconds() if rows else 0.0

    async def _effects(self) -> ByName:
        shards = {"$in": list(self._loop.shards)}
        return {
            (state,): await self._loop.store.count(
                effects.COLLECTION, {"shard": shards, "state": state}, limit=COUNTED_MAX
            )
            for state in (effects.IN_FLIGHT, effects.WAITING)
        }

    async def _dead_letters(self) -> ByName:
        """By code, from one to the next: there are few codes, and any number of letters. Should
        there be many codes, the last of them are counted together."""
        counts: dict[tuple[str], int] = {}
        code = ""
        while len(counts) < CODES_MAX and (found := await self._code_after(code)):
            code = found
            counts[code,] = await self._letters(code)
        if others := await self._letters({"$gt": code}):
            counts[OTHER,] = others
        return counts

    async def _code_after(self, code: str) -> str | None:
        where = {"state": dead_letters.DEAD, "code": {"$gt": code}}
        rows = await self._loop.store.find(
            dead_letters.COLLECTION, where, sort=[("code", 1)], limit=1, fields=["code"]
        )
        return rows[0]["code"] if rows else None

    async def _letters(self, code: str | Mapping[str, str]) -> int:
        shards = {"$in": list(self._loop.shards)}
        where = {"state": dead_letters.DEAD, "code": code, "shard": shards}
        return await self._loop.store.count(dead_letters.COLLECTION, where, limit=COUNTED_MAX)

    def collect(self) -> Iterator[Metric]:
        service, found = self._loop.service.name, self._figures
        age = self._loop.monotonic() - self._taken_at
        text = "How long ago the figures of the store were taken"
        yield gauge("leadops_stored_age_seconds", text, service, age)
        if found is None:
            return
        text = "Rows and documents of the outbox, whose records may not be published yet"
        yield gauge("leadops_outbox_documents", text, service, found.outbox)
        text = "For how long the oldest of the outbox has been seen there"
        yield gauge("leadops_outbox_seconds", text, service, found.outbox_seconds)
        yield gauge("leadops_due_rows", "Deadlines that have come due", service, found.due)
        text = "For how long the first deadline has been due"
        yield gauge("leadops_due_seconds", text, service, found.due_seconds)
        text = "Effects that have not ended, by state"
        yield gauges("leadops_effects", text, service, ["state"], found.effects)
        text = "Records that wait for a person, by what is wrong with them"
        yield gauges("leadops_dead_letters", text, service, ["code"], found.dead_letters)
