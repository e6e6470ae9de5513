"""The log on a real broker: what the loop may rely on, each promise on a topic of its own."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from faststream.kafka import KafkaBroker

from shared.errors import Infrastructure
from shared.loop.kafka import BATCH_BYTES, KafkaLog, subscribe
from shared.loop.log import Outgoing, Place
from shared.loop.loop import Loop
from shared.settings import Settings

pytestmark = pytest.mark.kafka

PARTITIONS = 3
HUGE = b"\xff" * 2 * 1024 * 1024


@asynccontextmanager
async def new_topic(address: str) -> AsyncIterator[tuple[KafkaLog, str]]:
    """A log whose consumer holds all partitions of a topic of its own."""
    topic, log = f"test.{uuid4().hex}", KafkaLog(address)
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=address, enable_auto_commit=False, auto_offset_reset="none"
    )
    try:
        await admin.start()
        await consumer.start()
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
        consumer.assign([TopicPartition(topic, n) for n in range(PARTITIONS)])
        log.consumer = lambda: consumer
        yield log, topic
    finally:
        await log.close()
        await consumer.stop()
        await admin.close()


def outgoing(topic: str, partition: int, value: bytes) -> Outgoing:
    return Outgoing(topic, partition, b"key", value, [("ce_type", b"test"), ("nothing", None)])


async def values(log: KafkaLog, place: Place) -> list[bytes]:
    """The values of all records of a partition."""
    partition, (begin, end) = TopicPartition(*place), (await log.bounds([place]))[place]
    log.consumer().seek(partition, begin)
    return [(await log.consumer().getone(partition)).value for _ in range(begin, end)]


async def delete_before(address: str, place: Place, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(*place): RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()


async def test_records_lie_where_they_were_put_in_the_order_of_the_calls(
    kafka_address: str,
) -> None:
    """The partition is the caller's, whatever the key."""
    expected = {n: [b"%d of %d" % (i, n) for i in range(300)] for n in range(PARTITIONS - 1)}
    async with new_topic(kafka_address) as (log, topic):
        for start in range(0, 300, 60):
            part = [(n, expected[n][i]) for i in range(start, start + 60) for n in expected]
            await log.publish([outgoing(topic, n, value) for n, value in part])
        found = {n: await values(log, (topic, n)) for n in range(PARTITIONS)}
    assert expected | {PARTITIONS - 1: []} == found


async def test_more_than_one_batch_goes_through_in_order(kafka_address: str) -> None:
    """What one publishing says may be larger than a producer's batch, and so may one record."""
    small = [b"%05d" % i + b"." * 1000 for i in range(3 * BATCH_BYTES // 1000)]
    async with new_topic(kafka_address) as (log, topic):
        await log.publish([outgoing(topic, 0, value) for value in (*small, HUGE, *small)])
        assert [*small, HUGE, *small] == await values(log, (topic, 0))


async def test_a_record_comes_back_as_it_was(kafka_address: str) -> None:
    """Key, value and headers, also where there is none."""
    async with new_topic(kafka_address) as (log, topic):
        sent = [outgoing(topic, 1, b"\xff\x00"), Outgoing(topic, 1, None, None, [])]
        await log.publish(sent)
        found = [await log.records_at({(topic, 1): offset}) for offset in (0, 1)]
    records = [one[topic, 1] for one in found]
    assert [(one.key, one.value, list(one.headers)) for one in sent] == [
        (one.key, one.value, list(one.headers)) for one in records
    ]


async def test_looking_back_gives_the_records_that_were_asked_for(kafka_address: str) -> None:
    """Of several partitions at once; none at all if nothing was asked."""
    async with new_topic(kafka_address) as (log, topic):
        numbers = [(n, b"%d/%d" % (n, i)) for n in range(2) for i in range(5)]
        await log.publish([outgoing(topic, n, value) for n, value in numbers])
        found = await log.records_at({(topic, 0): 4, (topic, 1): 2})
        assert {} == await log.records_at({})
    expected = {(topic, 0): (4, b"0/4"), (topic, 1): (2, b"1/2")}
    assert expected == {place: (one.offset, one.value) for place, one in found.items()}


async def test_bounds_tell_what_still_exists_and_what_comes_next(kafka_address: str) -> None:
    """Looking back before the first is an error, never another record."""
    async with new_topic(kafka_address) as (log, topic):
        await log.publish([outgoing(topic, 0, b"%d" % i) for i in range(5)])
        await delete_before(kafka_address, (topic, 0), 3)
        found = await log.bounds([(topic, 0), (topic, 1)])
        assert {(topic, 0): (3, 5), (topic, 1): (0, 0)} == found
        with pytest.raises(Infrastructure):
            await log.records_at({(topic, 0): 2})


async def test_bounds_do_not_wait_for_the_fetch_that_is_under_way(kafka_address: str) -> None:
    """A broker answers what comes over one connection in turn, and a fetch may take its time."""
    reader = AIOKafkaConsumer(bootstrap_servers=kafka_address, fetch_max_wait_ms=20_000)
    async with new_topic(kafka_address) as (log, topic):
        try:
            await reader.start()
            reader.assign([TopicPartition(topic, 0)])
            reading = asyncio.create_task(reader.getone())
            log.consumer = lambda: reader
            await asyncio.sleep(1)
            async with asyncio.timeout(10):
                assert {(topic, 0): (0, 0)} == await log.bounds([(topic, 0)])
            reading.cancel()
        finally:
            await reader.stop()


class Reader:
    """As much of a loop as the subscriber needs; it notes the offsets that come."""

    def __init__(self, topic: str) -> None:
        self.service = SimpleNamespace(name=topic)
        self.shards: dict[int, Any] = {}
        self.counters: Counter[str] = Counter()
        self.lock = asyncio.Lock()
        self.assigned = asyncio.Event()
        self.seen: list[int] = []

    def topics(self) -> list[str]:
        return [self.service.name]

    def assign(self, _places: Sequence[Place]) -> None:
        self.assigned.set()

    def close(self, _shards: Sequence[int]) -> None: ...

    async def on_records(self, records: Sequence[Any]) -> None:
        self.seen += [record.offset for record in records]

    async def has_seen(self, offset: int) -> None:
        while offset not in self.seen:
            await asyncio.sleep(0.01)


async def test_reading_starts_where_the_loop_says_and_pauses(kafka_address: str) -> None:
    """Nothing is read of itself; after a pause it goes on from wherever it is told, be it again."""
    async with new_topic(kafka_address) as (publishing, topic):
        await publishing.publish([outgoing(topic, 0, b"") for _ in range(10)])
        reader, broker, log = Reader(topic), KafkaBroker(kafka_address, logger=None), KafkaLog("")
        subscribe(broker, cast(Loop, reader), log, Settings())
        await broker.start()
        try:
            await reader.assigned.wait()
            log.resume({(topic, 0): 7})
            await reader.has_seen(9)
            log.pause([(topic, 0)])
            await publishing.publish([outgoing(topic, 0, b"")])
            # Long enough to read it, were the partition not paused.
            await asyncio.sleep(0.3)
            log.resume({(topic, 0): 5, (topic, PARTITIONS): 0})
            await reader.has_seen(10)
        finally:
            await broker.stop()
    assert [7, 8, 9, 5, 6, 7, 8, 9, 10] == reader.seen
