"""What one step takes, what it decides on, and what it gathers to be written: a value that knows no
loop."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.loop import dead_letters, effects
from shared.loop.bisect import Bisection
from shared.loop.classify import Reader
from shared.loop.dating import Dating
from shared.loop.decision import Count
from shared.loop.effects import Result
from shared.loop.item import READ_OVER, Item, Lane, Received
from shared.loop.log import Outgoing, Place, Record
from shared.loop.outbox import EnvelopeWriter
from shared.loop.service import Service
from shared.loop.shard import Shard, ShardRow
from shared.loop.working_set import WorkingSet
from shared.store import Document, Insert, Replace, Store, Write


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a step is given: records, effect results, and rows whose time has come."""

    records: Sequence[Record] = ()
    results: Sequence[Result] = ()
    due: Sequence[Document] = ()
    retries: Sequence[Document] = ()
    lanes: Sequence[tuple[int, Lane]] = ()
    """Lanes by shard whose head was resolved while much waited behind it."""
    leftovers: Sequence[int] = ()
    """Shards whose row or documents hold what is published by now, or that have read over more than
    their row knows: these take part even without an input."""

    def __bool__(self) -> bool:
        return bool(
            self.records or self.results or self.due or self.retries or self.lanes or self.leftovers
        )

    def shards(self) -> set[int]:
        """The shards that take part for another reason than records."""
        rows = {row["shard"] for row in (*self.due, *self.retries)}
        lanes = {shard for shard, _ in self.lanes}
        return rows | {result.shard for result in self.results} | lanes | set(self.leftovers)


@dataclass(frozen=True, slots=True)
class Setup:
    """What every step of a process works with, and none changes."""

    service: Service
    store: Store
    reader: Reader
    writer: EnvelopeWriter
    dating: Dating
    failpoint: Callable[[str], None]
    early: Set[str]
    """The types that are decided in the step that publishes them."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What endpoints can take when the step begins."""

    has_room: Callable[[str, int], bool]
    """Of this one for one more, beside so many that the step is about to commit."""
    dead: Collection[str]


@dataclass(slots=True)
class Batch:
    """What one step takes and gathers; written at its end, forgotten if it fails."""

    setup: Setup
    now: datetime
    inputs: Inputs
    shards: Mapping[int, Shard]
    """The open shards of the process; those that take part have a row here."""
    rows: dict[int, ShardRow]
    items: list[Item]
    seek_to: Mapping[Place, int]
    missing: Mapping[Place, int]
    blocked: dict[int, dict[Lane, str]]
    bisection: Bisection
    endpoints: Endpoints
    released_at_once: int
    """How many of what waits in a lane: while an input is hunted, no more than of others."""
    counters: Counter[str] = field(default_factory=Counter)
    counted: Counter[Count] = field(default_factory=Counter)
    """By decisions."""
    state: WorkingSet = field(default_factory=WorkingSet)
    known: dict[str, Document] = field(default_factory=dict)
    replays: dict[dead_letters.Target, dead_letters.Waiting] = field(default_factory=dict)
    releases: dict[tuple[int, Lane], list[Item]] = field(default_factory=dict)
    due: dict[str, Document | None] = field(default_factory=dict)
    attempts: list[Document] = field(default_factory=list)
    outgoing: dict[int, list[Outgoing]] = field(default_factory=dict)
    not_looked_at: list[Outgoing] = field(default_factory=list)
    """Those of them that nobody has looked at for early decisions."""
    deciding_early: list[Received] = field(default_factory=list)
    """Those that are being decided early."""
    decided_early: list[Received] = field(default_factory=list)
    """Those that were."""
    documents: dict[int, list[str]] = field(default_factory=dict)
    writes: dict[str, list[Write]] = field(default_factory=dict)
    reserved: Counter[str] = field(default_factory=Counter)
    known_dead_letters: set[str] = field(default_factory=set)
    """Ids of dead letters that exist already: these records are read a second time."""
    order: int = 0
    replayed: list[Item] = field(default_factory=list)
    """What was dead-lettered, or waited, and is decided now."""
    replaying: Item | None = None
    """What was dead-lettered and is being decided now: if the step fails here, it is to blame."""

    def join(self, number: int) -> ShardRow:
        """The row of a shard, which takes part from here on, if it did not."""
        if number not in self.rows:
            self.rows[number] = self.shards[number].row.copy()
            self.rows[number].steps += 1
            self.blocked[number] = dict(self.shards[number].blocked)
        return self.rows[number]

    @property
    def is_idle(self) -> bool:
        """Whether it only reads on: what came was decided when it was published, or is nothing that
        this service looks at."""
        idle = all(item.disposition in READ_OVER for item in self.items)
        return bool(self.items) and idle and not self.inputs.shards()

    def write(self, collection: str, write: Write) -> None:
        self.writes.setdefault(collection, []).append(write)

    def rewrite(self, write: Replace) -> None:
        """Replaces a dead letter, which may be new in this very step."""
        key, writes = write.document["_id"], self.writes.setdefault(dead_letters.COLLECTION, [])
        for at, other in enumerate(writes):
            if isinstance(other, Insert | Replace) and other.document["_id"] == key:
                writes[at] = replace(other, document=write.document)
                return
        writes.append(write)

    def publish(self, item: Item, record: Outgoing) -> None:
        self.outgoing.setdefault(item.shard, []).append(record)
        self.not_looked_at.append(record)

    def has_room(self, endpoint: str) -> bool:
        return self.endpoints.has_room(endpoint, self.reserved[endpoint])

    def effect(self, row: Document) -> None:
        self.write(effects.COLLECTION, Insert(row))
        if row["state"] == effects.IN_FLIGHT:
            self.attempt(row)

    def attempt(self, row: Document) -> None:
        """Noted to be begun, but only once the step is committed."""
        self.reserved[row["endpoint"]] += 1
        self.attempts.append(row)

    def next_order(self, shard: int) -> int:
        """Keeps dead letters of a shard in the order in which they came."""
        self.order += 1
        return self.rows[shard].steps * 1_000_000 + self.order
