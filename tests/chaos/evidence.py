"""What a real stack left behind, as the oracle wants it: topics, stored documents, received lines.

The services' databases are read directly here, as nobody but a test may: the oracle must not have
to trust what a service says of itself.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from bson.codec_options import CodecOptions
from pymongo import MongoClient

from cli.oracle.evidence import Document, Evidence, Received, Seen, Violation
from shared.topics import manifest
from tests import stored

SERVICES = ("intake", "routing")
RECORD_BYTES_MAX = 8 * 1024 * 1024
TOLD = ("log", "spans.jsonl")
"""Where services tell what they do, and no person must be named."""


async def gather(
    found: Mapping[str, Any], left: str = "", personal: Sequence[str] = ()
) -> Evidence:
    records = await all_records(found["kafka"])
    stores = {name: documents(found["mongo"], name) for name in SERVICES}
    return stored.evidence(
        records, stores, received(Path(found["var"])), drained=left, personal=personal
    )


async def all_records(bootstrap: str, topics: Sequence[str] = ()) -> list[Seen]:
    """Every record of every topic, or of some, partition by partition, in order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=RECORD_BYTES_MAX,
    )
    names = topics or [name for name in manifest().topics if name.split(".")[0] in SERVICES]
    places = [TopicPartition(name, n) for name in names for n in range(manifest().partitions)]
    rows: dict[TopicPartition, list[Seen]] = {place: [] for place in places}
    try:
        await consumer.start()
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place, begin in (await consumer.beginning_offsets(places)).items():
            consumer.seek(place, begin)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, fetched in (await consumer.getmany(timeout_ms=500)).items():
                rows[place].extend(map(seen, fetched))
    finally:
        await consumer.stop()
    return [row for place in places for row in rows[place]]


def seen(record: Any) -> Seen:
    headers = dict(record.headers)
    return Seen(record.topic, record.partition, record.offset, record.key, record.value, headers)


def documents(url: str, service: str, only: Sequence[str] = ()) -> dict[str, list[Document]]:
    """All collections of a service's database, or some."""
    client: MongoClient[Document] = MongoClient(url, serverSelectionTimeoutMS=2000)
    try:
        options = CodecOptions[Document](tz_aware=True, tzinfo=UTC)
        database = client.get_database(f"leadops_{service}", codec_options=options)
        names = only or database.list_collection_names()
        return {name: list(database[name].find()) for name in names}
    finally:
        client.close()


def received(var: Path) -> list[Received]:
    return [
        Received(
            line["key"],
            line["lead"],
            line["campaign"],
            line.get("person_sha256", line["lead"]),
            line["body_sha256"],
            line["taken"],
        )
        for line in lines(var / "received.jsonl")
    ]


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as rows:
        yield from map(json.loads, rows)


def personal_data_told(var: Path, personal: Iterable[str]) -> Iterator[Violation]:
    """I10 for what only real processes have: their logs and their spans."""
    needles = [text.lower() for text in personal]
    for path in told(var):
        with path.open(encoding="utf-8", errors="replace") as rows:
            for number, row in enumerate(rows, start=1):
                if any(needle in row.lower() for needle in needles):
                    yield Violation("I10", f"{path.name}:{number} names a person")


def told(var: Path) -> Iterator[Path]:
    for name in TOLD:
        path = var / name
        yield from sorted(path.iterdir()) if path.is_dir() else [path] * path.exists()
