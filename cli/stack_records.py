"""What a run on a stack leaves behind that is nobody's own: the records of its topics, and what its
customers wrote down. Who judges it reads it as it stands, and takes no service's word for it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from cli.oracle.evidence import Received, Seen
from shared.topics import manifest

RECORD_BYTES_MAX = 8 * 1024 * 1024

Line = dict[str, Any]


async def all_records(bootstrap: str, topics: Sequence[str]) -> list[Seen]:
    """Every record of these topics, partition by partition, in order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=RECORD_BYTES_MAX,
    )
    places = [TopicPartition(name, n) for name in topics for n in range(manifest().partitions)]
    found: dict[TopicPartition, list[Seen]] = {place: [] for place in places}
    try:
        await consumer.start()
        # Not seek_to_beginning: the client's own reset, if it is under way, would overtake it.
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place, begin in (await consumer.beginning_offsets(places)).items():
            consumer.seek(place, begin)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, fetched in (await consumer.getmany(timeout_ms=500)).items():
                found[place].extend(map(seen_record, fetched))
    finally:
        await consumer.stop()
    return [record for place in places for record in found[place]]


def seen_record(record: Any) -> Seen:
    headers = dict(record.headers)
    return Seen(record.topic, record.partition, record.offset, record.key, record.value, headers)


def read_lines(path: Path) -> list[Line]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def received_requests(path: Path) -> list[Received]:
    """In the order in which they came."""
    return list(map(received_of, read_lines(path)))


def received_of(line: Line) -> Received:
    return Received(
        key=line["key"],
        lead=line["lead"],
        campaign=line["campaign"],
        person=line.get("person_sha256") or line["lead"],
        body_sha256=line["body_sha256"],
        taken=line["taken"],
        status=line["status"],
        at=line["at"],
        traceparent=line.get("traceparent"),
    )
