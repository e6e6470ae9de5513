"""The first half of a step, pure: which records are taken, and what each of them is.

Advances copies of the shard rows (`next`, `fingerprints`, `seen`), which count once the step
commits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.contracts import envelope as envelopes
from shared.contracts import trace_context
from shared.contracts.bounds import BATCH_BYTES_MAX, record_bytes
from shared.contracts.envelope import Envelope
from shared.contracts.event import Command, Event
from shared.contracts.parsing import Invalid, parse, read
from shared.errors import Poison
from shared.loop.decision import Cause
from shared.loop.item import Disposition, Item, Received, Unreadable, key_of
from shared.loop.log import (
    NO_OFFSET,
    UNOPENED,
    Outgoing,
    Place,
    RawRecord,
    Record,
    fingerprint,
    is_marker,
)
from shared.loop.seal import is_sealed
from shared.loop.shard import Gap, Shard, ShardRow
from shared.store import Document
from shared.topics import manifest, shard_of


@dataclass(slots=True)
class Classified:
    rows: dict[int, ShardRow] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    seek_to: dict[Place, int] = field(default_factory=dict)
    """Places from which not everything was taken, with the offset to read on from."""
    missing: dict[Place, int] = field(default_factory=dict)
    """Places where a record came too early, with its offset."""

    def row(self, shard: Shard) -> ShardRow:
        """A copy of the shard's row, to advance."""
        if shard.number not in self.rows:
            self.rows[shard.number] = shard.row.copy()
        return self.rows[shard.number]


@dataclass(frozen=True, slots=True)
class Reader:
    """What classifying needs to know of the service."""

    kinds: Mapping[str, type[Event]]
    """The event types that the service handles, by name."""
    commands: str
    """Its topic of commands, by which it is told from other readers of the same record."""
    partitions: int
    seal_key: bytes


def classify(
    reader: Reader,
    shards: Mapping[int, Shard],
    records: Iterable[Record],
    limit: int,
    now: datetime,
) -> Classified:
    """Takes at most `limit` records and so many bytes, in the order of each partition, of the open
    shards."""
    found = Classified()
    followed: set[Place] = set()
    """Where the batch is read on from a record that was the next one. A client hands over one run
    of a partition: what comes behind is what the log has next, whatever offsets are missing."""
    size = 0
    for record in records:
        shard = shards.get(record.partition)
        if shard is None:
            continue
        place = (record.topic, record.partition)
        if place in found.seek_to:
            continue
        row = found.row(shard)
        size += record_bytes(record.key, record.value, record.headers)
        is_full = len(found.items) >= limit or (found.items and size > BATCH_BYTES_MAX)
        if is_full or not (place in followed or _is_next(found, shard, record)):
            found.seek_to[place] = row.next.get(record.topic, 0)
            continue
        followed.add(place)
        if record.offset >= row.next.get(record.topic, 0):
            row.next[record.topic] = record.offset + 1
            found.items.append(item_of(reader, shard, row, record, now))
    _take_fingerprints(found)
    return found


def _is_next(found: Classified, shard: Shard, record: Record) -> bool:
    """Whether reading may begin here. A record from beyond the next offset is believed to be the
    next one only if, after seeking, it comes first again: then the log has a hole."""
    expected = found.row(shard).next.get(record.topic, 0)
    if record.offset <= expected or shard.missing_offsets.get(record.topic) == record.offset:
        return True
    found.missing[record.topic, record.partition] = record.offset
    return False


def _take_fingerprints(found: Classified) -> None:
    """Keeps the fingerprint of the last record of each topic, by which a remade topic is told."""
    taken = [item for item in found.items if isinstance(item, Received | Unreadable)]
    last = {(item.shard, item.record.topic): item.record for item in taken}
    for (shard, topic), record in last.items():
        found.rows[shard].fingerprints[topic] = fingerprint(record)


def item_of(reader: Reader, shard: Shard, row: ShardRow, record: Record, now: datetime) -> Item:
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    if is_marker(record):
        return Unreadable(origin, shard.number, Disposition.IGNORED, record)
    item = _read(reader, origin, shard.number, record)
    if isinstance(item, Unreadable):
        return item
    try:
        if manifest().is_open(record.topic):
            item.disposition = _disposition_on_open_topic(reader, record)
        else:
            _check_seal(reader, record, item.envelope)
            item.in_order = manifest().is_ordered(record.topic)
            if _has_dense_numbers(record.topic):
                item.disposition = _disposition_in_stream(shard, row, record, item.envelope, now)
        if item.disposition is Disposition.HANDLED:
            _type(reader, item)
    except Poison as poison:
        item.dead_letter(poison)
    return item


def replay_of(
    reader: Reader, shard: int, record: Record, document: Document, *, is_corrected: bool
) -> Item:
    """The item of a record that was dead-lettered: its stream and its place were settled long
    ago."""
    item = _read(reader, document["_id"], shard, record)
    item.document = document
    try:
        if isinstance(item, Received):
            _type(reader, item)
            # A slip of whoever corrected it is no answer to its sender: it may be corrected again.
            if is_corrected and isinstance(item.event, Invalid):
                raise Poison("invalid", item.event.text)
    except Poison as poison:
        item.dead_letter(poison)
    return item


def early_item(reader: Reader, record: Outgoing) -> Received:
    """The item of a record that is about to be published: its seal and its place are this process's
    own work. Raises `Poison` if its data can't be read."""
    topic, partition, envelope = record.topic, record.partition, record.envelope
    assert envelope is not None
    raw = RawRecord(topic, partition, NO_OFFSET, record.key, record.value, record.headers)
    origin = f"{topic}/{partition}/{envelope.stream}/{envelope.number}"
    cause = cause_of(envelope, key_of(raw), _trace(reader, raw, envelope))
    item = Received(origin, partition, Disposition.HANDLED, raw, envelope, cause)
    item.in_order = manifest().is_ordered(topic)
    _type(reader, item)
    return item


def _read(reader: Reader, origin: str, shard: int, record: Record) -> Received | Unreadable:
    try:
        if record.headers and record.headers[0][0] == UNOPENED:
            text = "a compressed batch is broken, or opens to too much"
            raise Poison("batch_not_opened", text)
        key = envelopes.key_text(record.key)
        envelope = envelopes.read(record.headers, record.value)
    except Poison as poison:
        unreadable = Unreadable(origin, shard, Disposition.DEAD_LETTERED, record)
        unreadable.dead_letter(poison)
        return unreadable
    cause = cause_of(envelope, key, _trace(reader, record, envelope))
    return Received(origin, shard, Disposition.HANDLED, record, envelope, cause)


def _trace(reader: Reader, record: Record, envelope: Envelope) -> str | None:
    """Of the span in which it is decided. What is published again keeps its number, not its offset;
    on an open topic a number is whatever a stranger wrote."""
    numbered = envelope.stream if not manifest().is_open(record.topic) else None
    at = (numbered, str(envelope.number)) if numbered else (str(record.offset),)
    place = record.topic, str(record.partition), *at
    return trace_context.child(envelope.trace, reader.commands, *place)


def cause_of(envelope: Envelope, key: str, trace: str | None) -> Cause:
    return Cause(
        id=envelope.id,
        source=envelope.source,
        key=key,
        time=envelope.time,
        tenant=envelope.tenant,
        actor=envelope.actor,
        role=envelope.role,
        trace=trace,
    )


def _disposition_on_open_topic(reader: Reader, record: Record) -> Disposition:
    if record.key is not None and shard_of(record.key, reader.partitions) != record.partition:
        return Disposition.MISROUTED
    return Disposition.HANDLED


def _check_seal(reader: Reader, record: Record, envelope: Envelope) -> None:
    if not is_sealed(reader.seal_key, (record.topic, record.partition), envelope):
        raise Poison("stream_unknown", "no service of this system gave this record its number")


def _has_dense_numbers(topic: str) -> bool:
    """Compaction takes records for good: whoever waited for one would wait for ever. Every record
    that is left is taken, also twice; the `version` in its data tells old from new."""
    return not manifest().is_compacted(topic)


def _disposition_in_stream(
    shard: Shard, row: ShardRow, record: Record, envelope: Envelope, now: datetime
) -> Disposition:
    """Numbers are dense per stream and topic. One seen before is a duplicate; one too far ahead is
    left, since its predecessor was lost on the way and both are published again. A stream begins at
    1, unless retention has already taken the beginning of its topic."""
    topic, stream, number = record.topic, envelope.stream, envelope.number
    assert stream is not None
    seen = row.seen.setdefault(topic, {})
    if stream not in seen and shard.begins.get(topic, 0) > 0:
        seen[stream] = number - 1
    known = seen.get(stream, 0)
    if number <= known:
        is_echo = (topic, stream, number) in shard.echoes
        return Disposition.ECHO if is_echo else Disposition.DUPLICATE
    if number > known + 1 and (topic, stream) not in row.overtaken:
        row.leave(topic, stream, Gap(number, record.offset, now))
        return Disposition.GAP
    row.take(topic, stream, number)
    return Disposition.HANDLED


def _type(reader: Reader, item: Received) -> None:
    """Unknown events are ignored and counted; unknown commands are left untyped and refused."""
    kind = reader.kinds.get(item.envelope.type)
    if item.record.topic == reader.commands:
        if kind is not None and issubclass(kind, Command):
            item.event = read(kind, item.envelope.data)
    elif kind is None:
        item.disposition = Disposition.IGNORED
    else:
        item.event = parse(kind, item.envelope.data)
