"""The first half of a step, pure: which records are taken, and what each of them is.

Advances copies of the shard rows (`next`, `marks`, `seen`), which count once the step commits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.contracts import envelope as envelopes
from shared.contracts.envelope import Envelope
from shared.contracts.event import Event
from shared.errors import Poison
from shared.loop.decision import Cause, DueReached, EffectFinished
from shared.loop.log import Place, Record, fingerprint
from shared.loop.shard import Shard, ShardRow
from shared.store import Document
from shared.topics import shard_of


class Fate(StrEnum):
    DECIDE = "decided"
    DUPLICATE = "duplicate"
    GAP = "gap"
    """Its stream's predecessor is missing: not taken, it comes again."""
    FOREIGN = "foreign"
    """Lies in another partition than its key's: said again to the right one."""
    PARKED = "parked"
    POISON = "poison"
    IGNORED = "ignored"


@dataclass(slots=True)
class Item:
    """One input of a step, on its way to exactly one fate."""

    origin: str
    """Where it came from, for people and for the set-aside: `topic/partition/offset`, `due/id` …"""
    shard: int
    fate: Fate
    record: Record | None = None
    envelope: Envelope | None = None
    event: Event | DueReached | EffectFinished | None = None
    cause: Cause | None = None
    poison: Poison | None = None
    stored: Document | None = None
    """What to keep of an input that is no record, if it must be set aside."""
    document: Document | None = None
    """The set-aside document that this is a replay of."""

    @property
    def key(self) -> str:
        """A record's own key, also where its headers can't be read."""
        if self.record is not None:
            return key_of(self.record)
        return self.cause.key if self.cause else ""


def key_of(record: Record) -> str:
    return (record.key or b"").decode(errors="replace")


@dataclass(slots=True)
class Sorted:
    rows: dict[int, ShardRow] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    rewind: dict[Place, int] = field(default_factory=dict)
    """Places from which not everything was taken, with the offset to read on from."""

    def row(self, shard: Shard) -> ShardRow:
        """A copy of the shard's row, to advance."""
        if shard.number not in self.rows:
            self.rows[shard.number] = shard.row.copy()
        return self.rows[shard.number]


@dataclass(frozen=True, slots=True)
class Reader:
    """What sorting needs to know of the service."""

    kinds: Mapping[str, type[Event]]
    """The event types that the service handles, by name."""
    commands: str
    partitions: int


def sort_out(
    reader: Reader, shards: Mapping[int, Shard], records: Iterable[Record], limit: int
) -> Sorted:
    """Takes at most `limit` records, in the order of each partition, of the open shards."""
    sorted_ = Sorted()
    for record in records:
        shard = shards.get(record.partition)
        if shard is None:
            continue
        place = (record.topic, record.partition)
        if place in sorted_.rewind:
            continue
        row = sorted_.row(shard)
        if len(sorted_.items) >= limit or not _is_next(shard, row, record):
            sorted_.rewind[place] = row.next.get(record.topic, 0)
        elif record.offset >= row.next.get(record.topic, 0):
            row.next[record.topic] = record.offset + 1
            sorted_.items.append(item_of(reader, shard, row, record))
    _mark(sorted_)
    return sorted_


def _is_next(shard: Shard, row: ShardRow, record: Record) -> bool:
    """Whether reading may go on here. A record from beyond the next offset is believed to be the
    next one only if, after seeking, it comes first again: then the log has a hole."""
    expected = row.next.get(record.topic, 0)
    if record.offset <= expected or shard.holes.get(record.topic) == record.offset:
        shard.holes.pop(record.topic, None)
        return True
    shard.holes[record.topic] = record.offset
    return False


def _mark(sorted_: Sorted) -> None:
    """Keeps the fingerprint of the last record of each topic, by which a remade topic is told."""
    last = {(item.shard, item.record.topic): item.record for item in sorted_.items if item.record}
    for (shard, topic), record in last.items():
        sorted_.rows[shard].marks[topic] = fingerprint(record)


def item_of(reader: Reader, shard: Shard, row: ShardRow, record: Record) -> Item:
    item = Item(f"{record.topic}/{record.partition}/{record.offset}", shard.number, Fate.DECIDE)
    item.record = record
    try:
        item.envelope = envelopes.read(record.headers, record.value)
        item.cause = cause_of(item.envelope, key_of(record))
        item.fate = _fate(reader, shard, row, record, item.envelope)
        if item.fate is Fate.DECIDE:
            _type(reader, item)
    except Poison as poison:
        item.fate, item.poison = Fate.POISON, poison
    return item


def replayed(reader: Reader, shard: int, record: Record, document: Document) -> Item:
    """The item of a record that was set aside: its stream and its place were settled long ago."""
    item = Item(document["_id"], shard, Fate.DECIDE, record=record, document=document)
    try:
        item.envelope = envelopes.read(record.headers, record.value)
        item.cause = cause_of(item.envelope, key_of(record))
        _type(reader, item)
    except Poison as poison:
        item.fate, item.poison = Fate.POISON, poison
    return item


def cause_of(envelope: Envelope, key: str) -> Cause:
    return Cause(
        id=envelope.id,
        source=envelope.source,
        key=key,
        time=envelope.time,
        tenant=envelope.tenant,
        actor=envelope.actor,
        role=envelope.role,
        trace=envelope.traceparent,
    )


def _fate(reader: Reader, shard: Shard, row: ShardRow, record: Record, envelope: Envelope) -> Fate:
    if envelope.stream:
        return _fate_in_stream(shard, row, record.topic, envelope.stream, envelope.number)
    if record.key is not None and shard_of(record.key, reader.partitions) != record.partition:
        return Fate.FOREIGN
    return Fate.DECIDE


def _fate_in_stream(shard: Shard, row: ShardRow, topic: str, stream: str, number: int) -> Fate:
    """Numbers are dense per stream and topic. One seen before is a duplicate; one too far ahead is
    left, since its predecessor was lost on the way and both are said again. A stream begins at 1,
    unless retention has already taken the beginning of its topic."""
    seen = row.seen.setdefault(topic, {})
    if stream not in seen and shard.begins.get(topic, 0) > 0:
        seen[stream] = number - 1
    known = seen.get(stream, 0)
    if number <= known:
        return Fate.DUPLICATE
    if number > known + 1:
        return Fate.GAP
    seen[stream] = number
    return Fate.DECIDE


def _type(reader: Reader, item: Item) -> None:
    """Unknown events are ignored and counted; unknown commands are left untyped and refused."""
    assert item.envelope is not None and item.record is not None
    kind = reader.kinds.get(item.envelope.type)
    if kind is not None:
        item.event = envelopes.parse(kind, item.envelope.data)
    elif item.record.topic != reader.commands:
        item.fate = Fate.IGNORED


def too_far_ahead(moment: datetime, now: datetime) -> bool:
    return (moment - now).total_seconds() > 300
