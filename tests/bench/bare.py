"""The floor under a durable stage: the same bytes and the same writes, without any logic.

A recorded run of the real service gives each batch's documents and records; the bare loop reads the
same topic, writes those documents in one transaction a batch, and sends those records.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.intake import SubmitLead
from shared.loop import inbox
from shared.loop.kafka import RECORD_BYTES_MAX, KafkaLog
from shared.loop.log import Outgoing
from shared.mongo import MongoStore, MongoTransaction
from shared.store import Insert, Replace, Write
from shared.topics import manifest
from tests.bench import stage
from tests.bench.measuring import Run, Stopwatch
from tests.bench.stage import Backends

Writes = list[tuple[str, Sequence[Write]]]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step wrote and published."""

    writes: Writes
    outgoing: Sequence[Outgoing]

    @property
    def records(self) -> int:
        return sum(len(writes) for name, writes in self.writes if name == inbox.COLLECTION)


class RecordingTransaction(MongoTransaction):
    def __init__(self, inner: MongoTransaction) -> None:
        super().__init__(inner._database, inner._session)
        self.writes: Writes = []

    async def write(self, collection: str, writes: Sequence[Write]) -> None:
        if writes:
            self.writes.append((collection, writes))
        await super().write(collection, writes)


class RecordingStore(MongoStore):
    last: RecordingTransaction

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MongoTransaction]:
        async with super().transaction() as inner:
            self.last = RecordingTransaction(inner)
            yield self.last


class RecordingLog(KafkaLog):
    """What is published belongs to the transaction that was committed last."""

    def __init__(self, kafka: str, store: RecordingStore) -> None:
        super().__init__(kafka)
        self._store = store
        self.batches: list[Batch] = []

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await super().publish(records)
        writes = [_unguarded(*one) for one in self._store.last.writes]
        self.batches.append(Batch(writes, records))


def _unguarded(collection: str, writes: Sequence[Write]) -> tuple[str, Sequence[Write]]:
    """A document that follows from another batch can't be replaced or deleted by its guard."""
    if collection == "shards":
        return collection, [Replace(write.document) for write in writes]  # type: ignore[union-attr]
    return collection, writes


async def record(backends: Backends, records: int) -> list[Batch]:
    """The batches of a real run of the service."""
    async with stage.fresh_store(backends, RecordingStore) as store:
        assert isinstance(store, RecordingStore)
        log = RecordingLog(backends.kafka, store)
        await stage.through(backends, store, log, records)
        return log.batches


async def run(backends: Backends, batches: Sequence[Batch]) -> Run:
    """The bare loop over the same topic."""
    async with stage.fresh_store(backends) as store:
        await _make_rows(store)
        log = KafkaLog(backends.kafka)
        consumer = await reader(backends)
        stopwatch = Stopwatch()
        stopwatch.start()
        read = taken = 0
        for batch in batches:
            taken += batch.records
            while read < taken:
                fetched = await consumer.getmany(timeout_ms=1000, max_records=500)
                read += sum(len(rows) for rows in fetched.values())
            async with store.transaction() as transaction:
                for collection, writes in batch.writes:
                    await transaction.write(collection, writes)
            await log.publish(batch.outgoing)
        done = stopwatch.stop(taken)
        await consumer.stop()
        await log.close()
        return done


async def _make_rows(store: MongoStore) -> None:
    async with store.transaction() as transaction:
        rows = [Insert({"_id": number}) for number in range(manifest().partitions)]
        await transaction.write("shards", rows)


async def reader(backends: Backends) -> Any:
    """Reads all submissions from the first on, without a group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=backends.kafka,
        enable_auto_commit=False,
        max_partition_fetch_bytes=RECORD_BYTES_MAX,
    )
    await consumer.start()
    places = [TopicPartition(SubmitLead.TOPIC, n) for n in range(manifest().partitions)]
    consumer.assign(places)
    for place in places:
        consumer.seek(place, 0)
    return consumer
