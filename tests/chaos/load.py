"""The upstream systems of the simulator, publishing to a real broker at a steady rate.

Nothing of it waits for answers: upstream systems go on whatever happens, publish again what may not
have arrived, and so make duplicates of their own.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError

from shared.clock import Clock, clock
from shared.errors import Infrastructure
from shared.loop.kafka import KafkaLog
from shared.loop.log import Outgoing
from shared.topics import manifest
from tests.chaos.evidence import documents
from tests.simulation import poison, strangers
from tests.simulation.lead_path import CAMPAIGNS, Upstream

BEAT_SECONDS = 0.2
OPERATOR_SECONDS = 4.0
RETRY_SECONDS = 0.5
TOO_LARGE_MAX = 20
MISPLACED = 0.2


class RealWorld:
    """What the upstream systems need of the world, as far as the real one has it."""

    def __init__(self, seed: int, clock_file: Path) -> None:
        self.random = random.Random(seed)
        self.injected: Counter[str] = Counter()
        self.clock: Clock = clock(clock_file)


class Load(Upstream):
    partitions = manifest().partitions
    people = 4000
    strangers = tuple(sorted(strangers.KINDS.keys() - strangers.ON_NO_WIRE))

    def __init__(self, world: RealWorld, found: Mapping[str, Any]) -> None:
        super().__init__(world)
        self.address = f"{found['receiver']}/campaigns"
        self.secret = found["secret"]
        self._store = found["mongo"]
        self._log = KafkaLog(found["kafka"])
        self._classes = self._poison_classes()
        self._garbage_at = 0.0

    async def close(self) -> None:
        await self._log.close()

    async def run(self, rate: float, stop: asyncio.Event) -> None:
        """Publishes until told to stop, and looks after dead letters as operators do."""
        records = self.load()
        # However slow the machine is and however little follows: each class is in it.
        await self.publish([next(records), *(self._poison() for _ in poison.CLASSES)])
        operated_at = time.monotonic()
        while not stop.is_set():
            count = round(rate * BEAT_SECONDS * self.random.uniform(0.2, 1.8))
            await self.publish([next(records) for _ in range(max(1, count))])
            if time.monotonic() - operated_at > OPERATOR_SECONDS:
                operated_at = time.monotonic()
                await self.operate()
            await asyncio.sleep(BEAT_SECONDS)

    async def operate(self) -> int:
        """Skips what parks a key; how many there were."""
        try:
            stored = await asyncio.to_thread(documents, self._store, "routing", ["dead_letters"])
        except PyMongoError:
            return 0
        skips = self.skips(stored["dead_letters"])
        self.world.injected["skipped by an operator"] += len(skips)
        await self.publish(skips)
        return len(skips)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        while records:
            try:
                await self._log.publish(records)
                self.world.injected["published"] += len(records)
                return
            except Infrastructure:
                self.world.injected["published again"] += len(records)
                await asyncio.sleep(RETRY_SECONDS)

    def _poison_classes(self) -> Iterator[str]:
        """All in turn; only so many large ones, since each is kept whole."""
        for name in cycle(poison.CLASSES):
            if name != "too_large" or self.world.injected[f"poison {name}"] < TOO_LARGE_MAX:
                yield name

    def _poison(self) -> Outgoing:
        return self.spoiled(next(self._classes))

    def _duplicate(self) -> Outgoing:
        """Some lie in another partition than the first, which another replica may be reading."""
        record = super()._duplicate()
        if self.random.random() > MISPLACED:
            return record
        other = self.random.randrange(self.partitions)
        return Outgoing(record.topic, other, record.key, record.value, record.headers)

    def _pause_or_resume(self) -> Outgoing:
        """Mostly running: what is paused sends nothing that could go wrong."""
        campaign = self.random.choice(CAMPAIGNS)["id"]
        kind = self.random.choices(["pause", "resume"], [1, 4])[0]
        data = {"campaign": campaign, "reason": "chaos"}
        return self.command(f"routing.campaign.{kind}", campaign, data)

    def _garbage_inside(self) -> Outgoing:
        """Seldom enough that campaigns are not blocked all the time."""
        if time.monotonic() < self._garbage_at:
            return self._fresh()
        self._garbage_at = time.monotonic() + OPERATOR_SECONDS
        return super()._garbage_inside()
