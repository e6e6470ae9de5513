"""A reader of a compacted topic on a real broker: it was away while compaction took what it had
read last and most of what it had not read, and reads on."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faststream.kafka import KafkaBroker

from shared.clock import SystemClock
from shared.loop.decision import Cause
from shared.loop.kafka import KafkaLog, subscribe
from shared.loop.loop import INDEXES, Loop
from shared.loop.outbox import EnvelopeWriter
from shared.loop.seal import key_of
from shared.loop.shard import ShardRow
from shared.loop.ticker import Ticker
from shared.settings import Settings
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.manifests import topics_beside
from tests.simulation import states
from tests.simulation.states import DIALS, STATES, DialState

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

PARTITIONS, SECRET = 2, "secret"
COMPACTS_SOON = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.001",
    "max.compaction.lag.ms": "100",
}
WAIT_SECONDS = 50


@pytest.fixture(autouse=True)
def manifest() -> Iterator[None]:
    with topics_beside(states.MANIFEST):
        yield


@asynccontextmanager
async def new_topics(address: str) -> AsyncIterator[None]:
    names = {STATES: COMPACTS_SOON, "desk.commands.v1": {}}
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(name, PARTITIONS, 1, topic_configs=config) for name, config in names.items()]
        )
        yield
    finally:
        await admin.delete_topics([*names])
        await admin.close()


class Publisher:
    """Publishes states as a service's shard would."""

    def __init__(self, address: str) -> None:
        self.log = KafkaLog(address)
        self.writer = EnvelopeWriter("dials", PARTITIONS, key_of(SECRET))
        self.row = ShardRow(0)
        self.versions = dict.fromkeys(DIALS, 0)

    async def turn(self, times: int) -> None:
        """Each dial so often, each turn in a batch of its own."""
        for _ in range(times):
            for dial in DIALS:
                self.versions[dial] += 1
                state = DialState(dial=dial, version=self.versions[dial])
                cause = Cause(f"{dial}/{state.version}", "test", dial, SystemClock().now())
                data, key = state.model_dump_json().encode(), f"main/{dial}"
                named = (cause, cause.id, DialState.TYPE, STATES, key, data)
                await self.log.publish([self.writer.event(self.row, *named)])


@asynccontextmanager
async def desk(address: str, database: MemoryDatabase) -> AsyncIterator[Loop]:
    """The reader, as a service's process has it, on a store in memory."""
    log, store, service = KafkaLog(address), MemoryStore(database), states.desk()
    await store.migrate([*INDEXES, *service.indexes])
    clock, attempt = SystemClock(), states.no_answer
    loop = Loop(service, store, log, clock, attempt, secret=SECRET, partitions=PARTITIONS)
    broker = KafkaBroker(address, logger=None)
    subscribe(broker, loop, log, Settings())
    ticking = asyncio.create_task(Ticker(loop).run())
    await broker.start()
    try:
        yield loop
    finally:
        ticking.cancel()
        await loop.stop(1)
        await broker.stop()
        await log.close()


def shown(database: MemoryDatabase) -> dict[str, int]:
    return {row["_id"].removeprefix("main/"): row["turned"] for row in database.documents("shown")}


async def until(what: str, is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < limit, what
        await asyncio.sleep(0.1)


async def offsets_left(address: str) -> list[tuple[int, int]]:
    """Partition and offset of each record that compaction has left."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(STATES, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends, found = await consumer.end_offsets(partitions), set[tuple[int, int]]()
        while any((one.partition, ends[one] - 1) not in found for one in partitions):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found |= {(record.partition, record.offset) for record in records}
        return sorted(found)
    finally:
        await consumer.stop()


async def test_who_was_away_during_a_compaction_reads_on(kafka_address: str) -> None:
    database, publisher = MemoryDatabase(), Publisher(kafka_address)
    async with new_topics(kafka_address):
        async with desk(kafka_address, database):
            await publisher.turn(3)
            await until("the first to be shown", lambda: shown(database) == publisher.versions)
        rows = database.documents("shards")
        read = {(row["_id"], dict(row["next"])[STATES] - 1) for row in rows}
        await publisher.turn(40)
        limit = time.monotonic() + WAIT_SECONDS
        while read & set(left := await offsets_left(kafka_address)):
            assert time.monotonic() < limit, "what was read last is still there"
            # A segment is closed, and so can be compacted, when another record comes.
            await asyncio.sleep(1)
            await publisher.turn(1)
        assert len(left) < sum(publisher.versions.values()) / 2
        async with desk(kafka_address, database) as loop:
            await until("the last to be shown", lambda: shown(database) == publisher.versions)
            assert 0 == loop.counters["inputs_gap"]
    await publisher.log.close()
    assert [] == database.documents("dead_letters")
