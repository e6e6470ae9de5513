"""A shard: the unit of ownership, of ordering and of recovery. Its row is the truth about it.

The row says who may write (`epoch`), how far each topic was read (`next`), how many records were
published to each output partition (`published`), how many were taken from each input stream
(`seen`), and what the last step published (`outbox`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.loop.log import Place
from shared.store import Document, Replace

GAP_CLOSES_WITHIN = timedelta(minutes=1)
"""What was lost on the way is published again when its shard is opened, within seconds."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Records of a stream that were not taken, since those before them had not come."""

    number: int
    """The first that was left: the gap is closed when it has come again and was taken."""
    offset: int
    since: datetime


@dataclass(slots=True)
class ShardRow:
    """One per service and shard. A step works on a copy and keeps it once it is committed."""

    shard: int
    epoch: int = 0
    steps: int = 0
    """Raised by every step, so a row that was read before another step can't be written."""
    generation: int = 0
    """Raised when the store was restored behind what was published: a new stream begins."""
    session: Any = None
    next: dict[str, int] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    """The fingerprint of the last record taken, by topic."""
    published: dict[str, int] = field(default_factory=dict)
    """The last number used, by `topic/partition`."""
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    """The last number taken, by topic and stream."""
    gaps: dict[tuple[str, str], Gap] = field(default_factory=dict)
    """What is missing, by topic and stream; kept, since what was left may not come again."""
    overtaken: set[tuple[str, str]] = field(default_factory=set)
    """Streams, by topic, of which retention took what was not read: their next record is taken,
    whatever its number."""
    outbox: list[Any] = field(default_factory=list)
    """What the last step published, as `outbox` keeps it: until the next one that is known to be
    committed, nobody knows whether it arrived."""

    def copy(self) -> "ShardRow":
        return ShardRow(
            self.shard,
            self.epoch,
            self.steps,
            self.generation,
            self.session,
            dict(self.next),
            dict(self.fingerprints),
            dict(self.published),
            {topic: dict(streams) for topic, streams in self.seen.items()},
            dict(self.gaps),
            set(self.overtaken),
            self.outbox,
        )

    def leave(self, topic: str, stream: str, gap: Gap) -> None:
        """The first gap of a stream counts: what comes behind it closes with it."""
        self.gaps.setdefault((topic, stream), gap)

    def expected_number(self, topic: str, stream: str) -> int:
        return self.seen.get(topic, {}).get(stream, 0) + 1

    def take(self, topic: str, stream: str, number: int) -> None:
        self.seen.setdefault(topic, {})[stream] = number
        self.overtaken.discard((topic, stream))
        gap = self.gaps.get((topic, stream))
        if gap and number >= gap.number:
            del self.gaps[topic, stream]

    def stream(self, service: str) -> str:
        suffix = f".{self.generation}" if self.generation else ""
        return f"{service}/{self.shard}{suffix}"

    def number(self, topic: str, partition: int) -> int:
        """The next dense number for an output partition; readers see any gap in them."""
        place = f"{topic}/{partition}"
        self.published[place] = self.published.get(place, 0) + 1
        return self.published[place]

    def guarded_write(self, *, epoch: int, steps: int) -> Replace:
        """Written only by the owner that still is one, and only over the row as it was known."""
        return Replace(to_document(self), {"epoch": epoch, "steps": steps})


def to_document(row: ShardRow) -> Document:
    """Maps are kept as pairs, since topic names hold dots."""
    return {
        "_id": row.shard,
        "epoch": row.epoch,
        "steps": row.steps,
        "generation": row.generation,
        "session": row.session,
        "next": [[topic, offset] for topic, offset in row.next.items()],
        "fingerprints": [[topic, value] for topic, value in row.fingerprints.items()],
        "published": [[place, number] for place, number in row.published.items()],
        "seen": [
            [topic, [[stream, number] for stream, number in streams.items()]]
            for topic, streams in row.seen.items()
        ],
        "gaps": [
            [topic, stream, gap.number, gap.offset, gap.since]
            for (topic, stream), gap in row.gaps.items()
        ],
        "overtaken": [list(stream) for stream in sorted(row.overtaken)],
        "outbox": row.outbox,
        "outbox_records": len(row.outbox),
    }


FORMER = {"marks": "fingerprints", "said": "published"}


def from_document(document: Document) -> ShardRow:
    document = {FORMER.get(name, name): value for name, value in document.items()}
    return ShardRow(
        document["_id"],
        document["epoch"],
        document["steps"],
        document["generation"],
        document["session"],
        dict(document["next"]),
        dict(document["fingerprints"]),
        dict(document["published"]),
        {topic: dict(streams) for topic, streams in document["seen"]},
        {(topic, stream): Gap(*gap) for topic, stream, *gap in document.get("gaps", ())},
        {(topic, stream) for topic, stream in document.get("overtaken", ())},
        document.get("outbox", []),
    )


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    REFUSED = "refused"


@dataclass(slots=True)
class Shard:
    """What a process knows of a shard that it is assigned; all of it can be read anew."""

    number: int
    places: list[Place]
    state: State = State.CLOSED
    error: str | None = None
    retry_at: float = 0.0
    """Not opened before, by the monotonic clock: what it failed of is its own."""
    row: ShardRow = field(default_factory=lambda: ShardRow(-1))
    blocked: dict[tuple[str, str], str] = field(default_factory=dict)
    """Tenants' keys that wait behind a record that was dead-lettered, with that record's id."""
    begins: dict[str, int] = field(default_factory=dict)
    """The first offset of each topic when the shard was opened."""
    missing_offsets: dict[str, int] = field(default_factory=dict)
    """Offsets that came too early once, by topic; the same again is a hole in the log."""
    confirmed: list[str] = field(default_factory=list)
    """Outbox documents beside the row that are published; the next step deletes them."""
    echoes: set[tuple[str, str, int]] = field(default_factory=set)
    """What was decided when it was published and will be read yet: topic, stream, number."""
    is_ahead: bool = False
    """Whether more was read over than the stored row knows of; the next step tells it."""

    @property
    def has_leftovers(self) -> bool:
        """Whether its next step leaves less behind, even without an input."""
        return bool(self.row.outbox or self.confirmed or self.is_ahead)

    @property
    def is_known(self) -> bool:
        """Whether its row was read since it was assigned."""
        return self.row.shard == self.number
