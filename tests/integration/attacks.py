"""Writes to a real broker what no honest client would, also what its client refuses to write."""

import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c

from shared.loop.kafka import KafkaLog
from shared.loop.log import Outgoing

CRC_AT, CRC_FROM = 17, 21
"""Of a batch: where its checksum stands, and from where on it is over all the rest."""
MARK = "ce_note"
CODECS = ("gzip", "snappy", "lz4", "zstd")


@asynccontextmanager
async def stranger(kafka: str, **how: Any) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, max_request_size=1 << 30, request_timeout_ms=30_000, **how
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def write(kafka: str, records: Sequence[Outgoing], **how: Any) -> None:
    """Each record by itself, so that one that the broker refuses costs no other."""
    async with stranger(kafka, **how) as producer:
        for record in records:
            await _send(producer, record)


async def _send(producer: AIOKafkaProducer, record: Outgoing) -> None:
    await producer.send_and_wait(
        record.topic,
        record.value,
        key=record.key,
        partition=record.partition,
        headers=list(record.headers),
    )


async def write_together(kafka: str, records: Sequence[Outgoing]) -> None:
    """All at once, in the order of each partition; also what has neither key nor value."""
    log = KafkaLog(kafka)
    try:
        await log.publish(records)
    finally:
        await log.close()


async def write_bad_names(kafka: str, records: Sequence[Outgoing]) -> None:
    """Each with a header whose name is no UTF-8, which a client can only write as bytes."""
    async with stranger(kafka) as producer:
        for record in records:
            batch = producer.create_batch()
            headers = [*record.headers, (MARK, b"x")]
            batch.append(key=record.key, value=record.value, timestamp=None, headers=headers)
            _spoil(batch)
            sent = await producer.send_batch(batch, record.topic, partition=record.partition)
            await sent


def _spoil(batch: BatchBuilder) -> None:
    right = batch._build

    def build() -> bytes:
        raw = bytearray(right())
        name = MARK.encode()
        at = raw.index(name)
        raw[at : at + len(name)] = b"\xff\xfe\x80" + name[3:]
        struct.pack_into(">I", raw, CRC_AT, calc_crc32c(raw[CRC_FROM:]))
        return bytes(raw)

    batch._build = build


async def write_in_transactions(kafka: str, records: Sequence[Outgoing]) -> None:
    """The first half is committed, the other aborted; each leaves a marker in the log."""
    async with stranger(kafka, transactional_id="stranger") as producer:
        for number, record in enumerate(records):
            await producer.begin_transaction()
            await _send(producer, record)
            if number < len(records) // 2:
                await producer.commit_transaction()
            else:
                await producer.abort_transaction()
