"""The loop that carries a service: batches in, one transaction a step, then begun and published.

A shard is closed, open or refused. Records, deadlines and effect results of open shards are decided
under one lock; whatever fails closes the shards that took part, and the ticker opens them again
(`open`). So there is one way forward (`step`) and one way to recover.
"""

import asyncio
import random
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from shared.clock import Clock
from shared.contracts.answers import commands_topic
from shared.contracts.event import Event
from shared.contracts.operations import operations
from shared.errors import Conflict, Infrastructure
from shared.loop import dead_letters, deadlines, effects, inbox, outbox, seal
from shared.loop.classify import Disposition, Item, Lane, Reader
from shared.loop.dating import Dating
from shared.loop.decision import Service
from shared.loop.effects import Transport, Worker
from shared.loop.log import Log, Place, Record
from shared.loop.outbox import EnvelopeWriter
from shared.loop.shard import Shard, State
from shared.loop.step import Inputs, Step, commit, prepare, suspected
from shared.store import Index, Store
from shared.topics import manifest

log = structlog.get_logger(__name__)

INDEXES = [
    Index("shards", ()),
    *outbox.INDEXES,
    *inbox.INDEXES,
    *deadlines.INDEXES,
    *effects.INDEXES,
    *dead_letters.INDEXES,
]

BACKOFF_SECONDS_MIN = 0.1
BACKOFF_SECONDS_MAX = 15.0
CONFLICTS_BEFORE_SUSPICION = 5
SAME_ERRORS_TO_STOP = 3
DUPLICATES_LISTED = 100


_RANDOM = random.Random()
_DATING = Dating()


def no_observer(_items: Sequence[Item], _started: int, _ended: int) -> None:
    """Without telemetry."""


def no_failpoints(_name: str) -> None:
    """Failpoints do nothing but in the simulator and in chaos builds."""


class Loop:
    def __init__(
        self,
        service: Service,
        store: Store,
        log: Log,
        clock: Clock,
        transport: Transport,
        *,
        secret: str = "",
        dating: Dating = _DATING,
        partitions: int | None = None,
        batch_size_max: int = 500,
        failpoint: Callable[[str], None] = no_failpoints,
        observe: Callable[[Sequence[Item], int, int], None] = no_observer,
        monotonic: Callable[[], float] = time.monotonic,
        endpoints_time: Callable[[], float] | None = None,
        random: random.Random = _RANDOM,
    ) -> None:
        self.service = service
        self.store = store
        self.log = log
        self.clock = clock
        self.failpoint = failpoint
        self._observe = observe
        self.monotonic = monotonic
        partitions = partitions or manifest().partitions
        seal_key = seal.key_of(secret)
        self.reader = _reader(service, partitions, seal_key)
        self.writer = EnvelopeWriter(service.name, partitions, seal_key)
        self.dating = dating
        self.worker = Worker(transport, endpoints_time or monotonic)
        self.lock = asyncio.Lock()
        self.shards: dict[int, Shard] = {}
        self.counters: Counter[str] = Counter()
        self.limit = self._batch_size_max = batch_size_max
        self.suspects: dict[str, str] = {}
        self.stopped: str | None = None
        self.woken = asyncio.Event()
        self._stopping = False
        self._random = random
        self._conflicts = 0
        self._same_error: tuple[str, set[str]] = ("", set())
        self.duplicates: deque[tuple[str, str, int, datetime]] = deque(maxlen=DUPLICATES_LISTED)
        """The latest records that were dropped: place, stream, number, when."""
        self.failures = 0
        self.retry_at = 0.0

    def topics(self) -> list[str]:
        return [self.reader.commands, *self.service.topics]

    def assign(self, places: Iterable[Place]) -> None:
        """Knows the shards of these places, all closed; who holds a shard's commands owns it, and
        other places than an owned shard's stay paused."""
        held = set(places)
        owned = {number for topic, number in held if topic == self.reader.commands}
        self.shards = {
            number: Shard(number, [place for place in sorted(held) if place[1] == number])
            for number in sorted(owned)
        }
        self.retry_at, self.failures = 0.0, 0
        self.wake()

    def close(self, numbers: Iterable[int]) -> None:
        """Takes nothing more of these shards until they are opened again."""
        for number in numbers:
            shard = self.shards.get(number)
            if shard is not None and shard.state is State.OPEN:
                shard.state = State.CLOSED
                self.log.pause(shard.places)

    def wake(self) -> None:
        """Makes the ticker look now instead of at its next turn."""
        self.woken.set()

    def _is_open(self, number: int) -> bool:
        return number in self.shards and self.shards[number].state is State.OPEN

    def open(self) -> dict[int, Shard]:
        return {number: shard for number, shard in self.shards.items() if shard.state is State.OPEN}

    def blocked(self) -> set[Lane]:
        """The lanes of open shards in which something waits for a person."""
        return {lane for shard in self.open().values() for lane in shard.blocked}

    def positions(self) -> dict[Place, int]:
        """How far each place of the open shards is read."""
        return {
            place: shard.row.next.get(place[0], 0)
            for shard in self.open().values()
            for place in shard.places
        }

    async def stop(self, seconds: float) -> None:
        """Takes no more records, lets what is under way end, and records how it ended."""
        self._stopping = True
        async with self.lock:
            await self.worker.stop(seconds)
            shards = self.open()
            results = self.worker.take(list(shards), self.limit)
            if results:
                await self.step(shards, Inputs(results=results))
            self.close(list(self.shards))

    async def on_records(self, records: Sequence[Record]) -> None:
        """Takes a batch as it was fetched, with what effects came to meanwhile. What it does not
        take will be read again."""
        async with self.lock:
            shards = self.open()
            mine = [record for record in records if record.partition in shards]
            self.counters["batches_full" if self._is_full(records) else "batches_short"] += 1
            if mine and not self._stopping and not self.stopped:
                results = self.worker.take(list(shards), self.limit // 2)
                await self.step(shards, Inputs(records=mine, results=results))

    def _is_full(self, records: Sequence[Record]) -> bool:
        """Whether the client may hold more that it has fetched and not handed over."""
        return len(records) >= self._batch_size_max

    async def step(self, shards: Mapping[int, Shard], inputs: Inputs) -> None:
        """One step and what follows: begun, published, confirmed; or closed and opened again."""
        started = time.time_ns()
        step = prepare(self, shards, inputs)
        try:
            await commit(step)
        except Infrastructure as error:
            self._failed(step, error)
        except Exception as error:
            self._suspect(step, error)
        else:
            self._keep(step)
            await self._publish(step)
            self._observe(step.items, started, time.time_ns())

    def _keep(self, step: Step) -> None:
        """The step is committed: what it knew in copies becomes what the shards are."""
        for number, row in step.rows.items():
            shard = step.shards[number]
            shard.row, shard.blocked, shard.confirmed = row, step.blocked[number], []
        self.failures = self._conflicts = 0
        self.limit = min(self.limit * 2, self._batch_size_max)
        for item in step.items:
            self.counters[f"inputs_{item.disposition}"] += 1
            self.suspects.pop(item.origin, None)
            if item.disposition is Disposition.DUPLICATE and item.envelope:
                numbered = (item.envelope.stream or "", item.envelope.number)
                self.duplicates.append((item.origin, *numbered, step.now))
        if any(item.disposition is Disposition.HANDLED for item in step.items):
            self._same_error = ("", set())
        self.counters["steps"] += 1
        self.worker.start(step.attempts)
        self.log.resume(
            {place: at for place, at in step.seek_to.items() if self._is_open(place[1])}
        )

    async def _publish(self, step: Step) -> None:
        """Publishes what was committed. Failing here loses nothing: opening publishes it again."""
        outgoing = [record for records in step.outgoing.values() for record in records]
        if not outgoing:
            return
        try:
            await self.log.publish(outgoing)
        except Infrastructure as error:
            log.warning("publishing failed", error=str(error))
            self.back_off(step.shards)
            return
        self.failpoint("publish.confirmed")
        for number, ids in step.documents.items():
            step.shards[number].confirmed = ids
        self.counters["records_published"] += len(outgoing)

    def _failed(self, step: Step, error: Infrastructure) -> None:
        """Nothing was decided and no input is to blame: back off, open, read again. A guard that
        fires again and again on the same batch is another matter."""
        log.warning("step failed", error=f"{type(error).__name__}: {error}")
        if isinstance(error, Conflict):
            self.counters["guards_fired"] += 1
            self._conflicts += 1
        if self._conflicts >= CONFLICTS_BEFORE_SUSPICION:
            self._suspect(step, error)
        else:
            self.worker.give_back(step.inputs.results)
            self.back_off(step.shards)

    def _suspect(self, step: Step, error: Exception) -> None:
        """An error that the infrastructure does not explain. Which input it is of is known if one
        that was dead-lettered is being decided again; otherwise it is hunted."""
        reason = f"{type(error).__name__} at {_place(error)}"
        log.error("step raised", error=reason, inputs=len(step.items))
        if step.replaying:
            self.suspects[step.replaying.origin] = reason
        else:
            self._halve(suspected(step), reason)
        # The store did answer: what is halved next needs neither long waits nor many conflicts.
        self._conflicts = CONFLICTS_BEFORE_SUSPICION - 1
        self.failures = 0
        self.worker.give_back(step.inputs.results)
        self.back_off(step.shards)

    def _halve(self, items: Sequence[Item], reason: str) -> None:
        """Until one input is left. That it fails alone, after the shard could be opened again,
        makes it poison."""
        if len(items) == 1:
            self._blame(items[0].origin, reason)
        self.limit = max(1, len(items) // 2)

    def _blame(self, origin: str, reason: str) -> None:
        """One input that fails three times is one bad input; three different ones are not."""
        known, origins = self._same_error
        self._same_error = (reason, (origins if known == reason else set()) | {origin})
        if len(self._same_error[1]) >= SAME_ERRORS_TO_STOP:
            self.stopped = f"{SAME_ERRORS_TO_STOP} inputs in a row failed with {reason}"
            log.critical("stopped: this looks like a bad deployment", reason=self.stopped)
            self.close(list(self.shards))
        else:
            self.suspects[origin] = reason

    def back_off(self, shards: Iterable[int]) -> None:
        """Closes the shards; they are opened again after a doubling wait, spread so that replicas
        do not come back together."""
        ceiling = min(BACKOFF_SECONDS_MIN * 2 ** min(self.failures, 10), BACKOFF_SECONDS_MAX)
        self.failures += 1
        self.retry_at = self.monotonic() + ceiling * self._random.uniform(0.5, 1.0)
        self.close(shards)


def _place(error: BaseException) -> str:
    """Where an error rose: file and line, never its values."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 2)[-1]}:{frames[-1].lineno}" if frames else "?"


def _reader(service: Service, partitions: int, seal_key: bytes) -> Reader:
    """What of the service's handlers sorting needs: event types by their wire name."""
    kinds = {
        name: kind
        for kind in service.handlers
        if isinstance(kind, type) and issubclass(kind, Event)
        for name in (kind.TYPE, *kind.FORMER_TYPES)
    }
    all_kinds = {**kinds, **operations(service.name)}
    return Reader(all_kinds, commands_topic(service.name), partitions, seal_key)
