"""What must be published, kept with the state that it follows from until Kafka has it.

It lies in the shard's row, which every step writes anyhow; what is above 4 MiB lies in documents
beside it. The next step, which begins only once all is confirmed, writes its own there. Whoever
opens the shard publishes what is left, whole and in order; readers drop what they saw.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from shared.contracts import envelope as envelopes
from shared.contracts.bounds import record_bytes
from shared.contracts.envelope import Envelope
from shared.loop.decision import Cause
from shared.loop.log import Outgoing, Record
from shared.loop.seal import seal
from shared.loop.shard import ShardRow
from shared.store import Document, Index, Store
from shared.topics import shard_of

COLLECTION = "outbox"
INDEXES = [Index(COLLECTION, ("shard", "step"))]
BYTES_MAX = 4 * 1024 * 1024
NUMBERING = frozenset({"ce_stream", "ce_number", "ce_mac"})


class EnvelopeWriter:
    """Gives records their place, their number and their headers."""

    def __init__(self, service: str, partitions: int, seal_key: bytes) -> None:
        self._service = service
        self._seal_key = seal_key
        self._source = f"leadops/{service}"
        self._partitions = partitions

    def event(
        self,
        row: ShardRow,
        cause: Cause,
        id: str,
        type: str,
        topic: str,
        key: str,
        data: bytes,
    ) -> Outgoing:
        """A new event, carrying its cause's tenant and trace, at the time of the fact."""
        raw = key.encode()
        partition = shard_of(raw, self._partitions) if raw else row.shard
        envelope = Envelope(
            id=id,
            source=self._source,
            type=type,
            time=cause.time,
            data=data,
            tenant=cause.tenant,
            trace=cause.trace,
            stream=row.stream(self._service),
            number=row.number(topic, partition),
        )
        mac = seal(self._seal_key, (topic, partition), envelope).encode()
        headers = [*envelopes.write(envelope), ("ce_mac", mac)]
        return Outgoing(topic, partition, raw or None, data, headers, envelope)

    def again(self, record: Record) -> Outgoing:
        """A record of an open topic that lay in another partition than its key's, published again
        to the right one, without the numbers that mean nothing there."""
        assert record.key is not None
        headers = [(name, value) for name, value in record.headers if name not in NUMBERING]
        partition = shard_of(record.key, self._partitions)
        return Outgoing(record.topic, partition, record.key, record.value, headers)


def keep(row: ShardRow, outgoing: Sequence[Outgoing]) -> list[Document]:
    """Puts what a step publishes into its shard's row. Returns the documents for what the row has
    no room for, none above the size that a transaction bears well."""
    first, *others = [[_to_list(record) for record in part] for part in _parts(outgoing)] or [[]]
    row.outbox = first
    return [
        {
            "_id": f"{row.shard}/{row.epoch}/{row.steps}/{part}",
            "shard": row.shard,
            "step": [row.steps, part],
            "records": records,
        }
        for part, records in enumerate(others, 1)
    ]


def _parts(outgoing: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    part: list[Outgoing] = []
    size = 0
    for record in outgoing:
        weight = _weight(record)
        if part and size + weight > BYTES_MAX:
            yield part
            part, size = [], 0
        part.append(record)
        size += weight
    if part:
        yield part


def _weight(record: Outgoing) -> int:
    return record_bytes(record.key, record.value, record.headers)


def _to_list(record: Outgoing) -> list[Any]:
    flat = [part for header in record.headers for part in header]
    return [record.topic, record.partition, record.key, record.value, flat]


def batches(row: ShardRow, documents: Sequence[Document]) -> Iterator[list[Outgoing]]:
    """All that a shard may not have published, in order: its row's, then what lies beside it. That
    is put in order here: two numbers in a list are sorted by some stores by the smaller of them."""
    beside = sorted(documents, key=lambda document: document["step"])
    for kept in (row.outbox, *(document["records"] for document in beside)):
        if kept:
            yield [_from_list(record) for record in kept]


async def unconfirmed_names(store: Store, shards: Sequence[int]) -> list[str]:
    """The rows and documents of these shards that hold records which nobody has confirmed yet, or
    which no step has removed since; each by a name that another step's has not, and that it keeps
    however often its shard is opened."""
    mine = list(shards)
    fields = ["steps", "outbox_records"]
    rows = await store.find("shards", {"_id": {"$in": mine}}, fields=fields)
    beside = await store.find(COLLECTION, {"shard": {"$in": mine}}, fields=["_id"])
    in_rows = (row for row in rows if row.get("outbox_records"))
    names = [f"{row['_id']}/{row['steps']}" for row in in_rows]
    return [*names, *(document["_id"] for document in beside)]


def _from_list(row: list[Any]) -> Outgoing:
    topic, partition, key, value, flat = row
    return Outgoing(topic, partition, key, value, list(zip(flat[::2], flat[1::2], strict=True)))
