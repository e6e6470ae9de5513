"""Kafka in memory: partitions, positions, a group with eager rebalances, and the faults of all
that.

It fakes what the loop must survive: a batch that was written although it failed, a later record
that overtakes an earlier one, records from an old position, members that do not know yet that they
lost.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from shared.errors import Infrastructure
from shared.loop.log import Outgoing, Place, RawRecord, Record

POLL_SECONDS = 0.05
IDLE_SECONDS_MAX = 1.0
"""How long a client waits that is told of what comes; for what tests put into the log by hand."""


class MemoryBroker:
    """What survives: the records."""

    def __init__(self, topics: Sequence[str], partitions: int) -> None:
        self.partitions = partitions
        self.records: dict[Place, list[RawRecord]] = {
            (topic, number): [] for topic in topics for number in range(partitions)
        }
        self.gone: set[tuple[Place, int]] = set()
        """What compaction took; `records` still has it, for whoever judges afterwards."""
        self.begins: dict[Place, int] = {}
        """Where retention has taken the beginning of a partition, the first offset that is left."""
        self.changed = asyncio.Event()
        """Set at the next change of what anybody may fetch."""

    def append(self, record: Outgoing) -> None:
        place = (record.topic, record.partition)
        rows = self.records[place]
        rows.append(RawRecord(*place, len(rows), record.key, record.value, tuple(record.headers)))
        self.tell()

    def compact(self, topic: str, random: random.Random) -> None:
        """Takes what a later record of its key has replaced, up to anywhere in each partition."""
        for number in range(self.partitions):
            place = (topic, number)
            rows = self.records[place]
            latest: dict[bytes | None, int] = {}
            for row in rows[: random.randint(0, len(rows))]:
                if (replaced := latest.get(row.key)) is not None:
                    self.gone.add((place, replaced))
                latest[row.key] = row.offset

    def records_from(self, place: Place, start: int, most: int) -> list[RawRecord]:
        """What a client finds from there on."""
        rows = self.records[place]
        there = (rows[at] for at in range(start, len(rows)) if (place, at) not in self.gone)
        return list(islice(there, most))

    def tell(self) -> None:
        """Wakes all who wait for something to fetch."""
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass(slots=True)
class Faults:
    """How often things go wrong, as probabilities per operation."""

    publish: float = 0.0
    wander: float = 0.0
    """The client's position moves by itself, as it does when a failed batch is not rewound."""


@dataclass(slots=True)
class MemoryLog:
    """One member's connection. `gate` adds latency, faults and crashes, as for the store."""

    broker: MemoryBroker
    gate: Callable[[str], Awaitable[None]]
    random: random.Random
    faults: Faults
    places: set[Place] = field(default_factory=set)
    paused: set[Place] = field(default_factory=set)
    positions: dict[Place, int] = field(default_factory=dict)
    sought: set[Place] = field(default_factory=set)
    """Places whose next record is the one that was asked for: a seek is always obeyed."""
    reported: dict[Place, int] = field(default_factory=dict)

    def assigned_places(self) -> set[Place]:
        return set(self.places)

    def assign(self, places: set[Place]) -> None:
        """A rebalance: nothing is read until the loop says from where."""
        self.places, self.paused = set(places), set(places)
        self.positions = dict.fromkeys(places, 0)

    def pause(self, places: Sequence[Place]) -> None:
        self.paused |= self.places & set(places)

    def resume(self, positions: Mapping[Place, int]) -> None:
        mine = {place: at for place, at in positions.items() if place in self.places}
        self.positions |= mine
        self.sought |= set(mine)
        self.paused -= set(mine)
        self.broker.tell()

    async def news(self) -> None:
        """Waits until there is something to fetch. A client whose position may move by itself polls
        instead, since each poll is an opportunity."""
        if self.faults.wander or self._has_news():
            await asyncio.sleep(POLL_SECONDS)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS_MAX):
                while not self._has_news():
                    await self.broker.changed.wait()

    def _has_news(self) -> bool:
        return any(
            self.positions[place] < len(self.broker.records[place])
            for place in self.places - self.paused
        )

    def fetch(self, size_max: int) -> list[RawRecord]:
        """What the next poll returns: mixed partitions, in order inside each."""
        batch: list[RawRecord] = []
        places = sorted(self.places - self.paused)
        self.random.shuffle(places)
        for place in places:
            rows = self.broker.records[place]
            if place not in self.sought and self.random.random() < self.faults.wander:
                at = self.positions[place] + self.random.randint(-3, 3)
                self.positions[place] = min(max(0, at), len(rows))
            at = max(self.positions[place], self.broker.begins.get(place, 0))
            taken = self.broker.records_from(place, at, size_max - len(batch))
            self.positions[place] = taken[-1].offset + 1 if taken else at
            if taken:
                self.sought.discard(place)
            batch.extend(taken)
        return batch

    async def bounds(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        await self.gate("log.bounds")
        broker = self.broker
        return {
            place: (broker.begins.get(place, 0), len(broker.records[place])) for place in places
        }

    async def records_at(self, positions: Mapping[Place, int]) -> dict[Place, Record]:
        await self.gate("log.records_at")
        first = {place: self.broker.records_from(place, at, 1) for place, at in positions.items()}
        return {
            place: rows[0]
            for place, rows in first.items()
            if rows and rows[0].offset == positions[place]
        }

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await self.gate("log.publish")
        if self.random.random() < self.faults.publish:
            self._publish_badly(records)
            raise Infrastructure("publishing failed")
        for record in records:
            self.broker.append(record)
        await self.gate("log.published")

    def _publish_badly(self, records: Sequence[Outgoing]) -> None:
        """Some were written, not necessarily the first ones; the writer can't know which."""
        lost = {
            place
            for place in sorted({(record.topic, record.partition) for record in records})
            if self.random.random() < 0.5
        }
        skip_first = self.random.random() < 0.5
        for record in records:
            place = (record.topic, record.partition)
            if place in lost and skip_first:
                lost.discard(place)
            elif place not in lost:
                self.broker.append(record)

    async def report(self, positions: Mapping[Place, int]) -> None:
        await self.gate("log.report")
        self.reported |= positions
