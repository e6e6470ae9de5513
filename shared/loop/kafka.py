"""The log on Apache Kafka: FastStream reads, an aiokafka producer of our own speaks.

FastStream's defaults lose data, so every one that matters is set here and asserted by a test. The
producer is ours because an idempotent one that has failed must be replaced, and because whole
batches for known partitions cost a third of single sends.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.structs import OffsetAndMetadata
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER

from shared.contracts.bounds import RECORD_BYTES_MAX
from shared.errors import Infrastructure, NotTaken
from shared.loop import fetched
from shared.loop.log import Outgoing, Place, Record, is_marker
from shared.loop.loop import Loop
from shared.loop.sharing import ShardAssignor
from shared.settings import Settings
from shared.topics import manifest

REQUEST_MILLISECONDS = 10_000
BATCH_BYTES = 131_072
# The client has one fetch under way per broker, without the partitions whose records are not handed
# over yet: what arrives for those waits until this fetch ends, so it must not linger.
FETCH_WAIT_MILLISECONDS = 25
LOOK_BACK_SECONDS = 10.0
PUBLISH_SECONDS_MAX = 30.0
"""An idempotent producer tries for ever by itself, and holds up whoever waits for it."""
REFUSALS = (
    InvalidTopicError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
REVOKED_WAIT_SECONDS = 5.0


fetched.install()


async def _start(client: Any) -> Any:
    """The client; if it fails, or who waits for it is interrupted, it is left to nobody."""
    is_started = False
    try:
        await client.start()
        is_started = True
    finally:
        if not is_started:
            await client.stop()
    return client


async def _stop(client: Any) -> None:
    if client is not None:
        with suppress(KafkaError, TimeoutError):
            await asyncio.wait_for(client.stop(), timeout=3)


class KafkaLog:
    def __init__(self, bootstrap: str, publish_seconds_max: float = PUBLISH_SECONDS_MAX) -> None:
        self._bootstrap = bootstrap
        self._publish_seconds_max = publish_seconds_max
        self._producer: Any = None
        self._asker: Any = None
        self._starting = asyncio.Lock()
        self._starting_asker = asyncio.Lock()
        self.consumer: Callable[[], Any] = lambda: None
        """FastStream's consumer, which exists only while its subscriber runs."""

    def assigned_places(self) -> set[Place]:
        consumer = self.consumer()
        return {(tp.topic, tp.partition) for tp in consumer.assignment()} if consumer else set()

    def pause(self, places: Sequence[Place]) -> None:
        mine = self.assigned_places() & set(places)
        if mine:
            self.consumer().pause(*(TopicPartition(*place) for place in mine))

    def resume(self, positions: Mapping[Place, int]) -> None:
        consumer, assigned = self.consumer(), self.assigned_places()
        for place, offset in positions.items():
            if place in assigned:
                consumer.seek(TopicPartition(*place), offset)
                consumer.resume(TopicPartition(*place))

    async def bounds(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        partitions = [TopicPartition(*place) for place in places]
        if not partitions:
            return {}
        try:
            asker = await self._running_asker()
            begins, ends = await asyncio.gather(
                asker.beginning_offsets(partitions), asker.end_offsets(partitions)
            )
        except KafkaError as error:
            raise Infrastructure(f"Kafka: {type(error).__name__}") from error
        return {(tp.topic, tp.partition): (begins[tp], ends[tp]) for tp in partitions}

    async def _running_asker(self) -> Any:
        """A consumer that reads nothing. A broker answers what comes over a connection in turn, so
        on that of who reads each question would wait for the fetch that is under way."""
        async with self._starting_asker:
            if self._asker is None:
                asker = AIOKafkaConsumer(
                    bootstrap_servers=self._bootstrap,
                    enable_auto_commit=False,
                    request_timeout_ms=REQUEST_MILLISECONDS,
                )
                self._asker = await _start(asker)
            return self._asker

    def _running_consumer(self) -> Any:
        consumer = self.consumer()
        if consumer is None:
            raise Infrastructure("Kafka: the consumer is not running")
        return consumer

    async def records_at(self, positions: Mapping[Place, int]) -> dict[Place, Record]:
        """Looks back with a consumer of its own, so that the group's positions stay untouched."""
        if not positions:
            return {}
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=REQUEST_MILLISECONDS,
        )
        try:
            await consumer.start()
            return await self._look_back(consumer, positions)
        except KafkaError as error:
            raise Infrastructure(f"Kafka: {type(error).__name__}") from error
        finally:
            with suppress(KafkaError):
                await consumer.stop()

    async def _look_back(
        self, consumer: Any, positions: Mapping[Place, int]
    ) -> dict[Place, Record]:
        """The records at these offsets. One that compaction took is not among them, though its
        batch may be left empty, or nothing at all be left behind it."""
        consumer.assign([TopicPartition(*place) for place in positions])
        for place, offset in positions.items():
            consumer.seek(TopicPartition(*place), offset)
        first: dict[Place, Record] = {}
        limit = time.monotonic() + LOOK_BACK_SECONDS
        while len(first) < len(positions) and time.monotonic() < limit:
            fetched = await consumer.getmany(timeout_ms=200, max_records=500)
            for partition, records in fetched.items():
                first.setdefault((partition.topic, partition.partition), records[0])
                consumer.pause(partition)
        if any(not manifest().is_compacted(topic) for topic, _ in positions.keys() - first.keys()):
            raise Infrastructure("Kafka: the last records taken could not be read in time")
        return {
            place: row
            for place, row in first.items()
            if row.offset == positions[place]
            and not (manifest().is_compacted(row.topic) and is_marker(row))
        }

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """One batch per partition, all at once; in order inside each partition. After a failure the
        producer is replaced, since an idempotent one may stay wedged."""
        producer = None
        try:
            async with asyncio.timeout(self._publish_seconds_max):
                producer = await self._running_producer()
                await _send(producer, records)
        except TimeoutError as error:
            await self._give_up(producer)
            raise Infrastructure("Kafka: publishing was not acknowledged in time") from error
        except KafkaError as error:
            await self._give_up(producer)
            kind = NotTaken if isinstance(error, REFUSALS) else Infrastructure
            raise kind(f"Kafka: {type(error).__name__}") from error

    async def _running_producer(self) -> Any:
        """One for all who publish at the same time."""
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,
                    max_batch_size=BATCH_BYTES,
                    max_request_size=RECORD_BYTES_MAX,
                    request_timeout_ms=REQUEST_MILLISECONDS,
                )
                self._producer = await _start(producer)
            return self._producer

    async def _give_up(self, producer: Any) -> None:
        """Unless somebody else has replaced it already."""
        if producer is not None and producer is self._producer:
            await self._close_producer()

    async def close(self) -> None:
        await self._close_producer()
        asker, self._asker = self._asker, None
        await _stop(asker)

    async def _close_producer(self) -> None:
        producer, self._producer = self._producer, None
        await _stop(producer)

    async def report(self, positions: Mapping[Place, int]) -> None:
        assigned = self.assigned_places()
        offsets = {
            TopicPartition(*place): OffsetAndMetadata(offset, "")
            for place, offset in positions.items()
            if place in assigned
        }
        if offsets:
            with suppress(KafkaError):
                await self._running_consumer().commit(offsets)


async def _send(producer: Any, records: Sequence[Outgoing]) -> None:
    futures = [
        await producer.send_batch(batch, topic, partition=partition)
        for (topic, partition), batches in _batches(producer, records).items()
        for batch in batches
    ]
    await asyncio.gather(*futures)


def _batches(producer: Any, records: Sequence[Outgoing]) -> dict[Place, list[Any]]:
    """The records as producer batches by place; a batch that is full is followed by another."""
    places: dict[Place, list[Any]] = {}
    for record in records:
        batches = places.setdefault((record.topic, record.partition), [])
        if not batches or not _append(batches[-1], record):
            batches.append(producer.create_batch())
            _append(batches[-1], record)
    return places


def _append(batch: Any, record: Outgoing) -> bool:
    added = batch.append(
        key=record.key, value=record.value, timestamp=None, headers=list(record.headers)
    )
    return added is not None


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Only marks: records arrive while it runs, its errors are swallowed, no heart beats."""

    def __init__(self, loop: Loop, log: KafkaLog) -> None:
        self._loop = loop
        self._log = log

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self._loop.close(list(self._loop.shards))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._loop.lock.acquire(), REVOKED_WAIT_SECONDS)
            self._loop.lock.release()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Position 0 only satisfies the client, which wants one; opening seeks to the real one."""
        consumer = self._log.consumer()
        for partition in assigned:
            consumer.pause(partition)
            consumer.seek(partition, 0)
        self._loop.counters["rebalances"] += 1
        self._loop.assign([(tp.topic, tp.partition) for tp in assigned])


async def _parse_nothing(message: Any) -> KafkaMessage:
    """A message that carries the raw records and decodes nothing: one bad header must not cost the
    whole batch."""
    return KafkaMessage(body=b"", raw_message=message, consumer=FAKE_CONSUMER)


async def _decode_nothing(message: KafkaMessage) -> bytes:
    return b""


def subscribe(broker: KafkaBroker, loop: Loop, log: KafkaLog, settings: Settings) -> None:
    """One subscriber over all topics: each further one would cost seconds at start."""
    subscriber = broker.subscriber(
        *loop.topics(),
        batch=True,
        group_id=loop.service.name,
        max_records=settings.batch_size_max,
        batch_timeout_ms=settings.batch_timeout_ms,
        fetch_max_wait_ms=FETCH_WAIT_MILLISECONDS,
        auto_offset_reset="none",
        ack_policy=AckPolicy.MANUAL,
        partition_assignment_strategy=(ShardAssignor,),
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // 4,
        max_poll_interval_ms=300_000,
        max_partition_fetch_bytes=RECORD_BYTES_MAX,
        listener=Listener(loop, log),
        parser=_parse_nothing,
        decoder=_decode_nothing,
    )
    log.consumer = lambda: subscriber.consumer

    async def on_batch(message: KafkaMessage) -> None:
        await loop.on_records(message.raw_message)

    subscriber(on_batch)
