"""The loop that carries a service: batches in, one transaction a step, then published, then begun.

A shard is closed, open or refused. Records, deadlines and effect results of open shards are decided
under one lock; whatever fails closes the shards that took part, and the ticker opens them again
(`open`). So there is one way forward (`step`) and one way to recover.
"""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from shared.clock import Clock
from shared.contracts.event import commands_topic
from shared.contracts.operations import operations
from shared.errors import Conflict, Contended, Infrastructure
from shared.loop import dead_letters, deadlines, effects, inbox, outbox, seal
from shared.loop.batch import Batch, Endpoints, Inputs, Setup
from shared.loop.bisect import Bisection
from shared.loop.classify import Reader
from shared.loop.counts import Counts
from shared.loop.dating import Dating
from shared.loop.effects import Transport
from shared.loop.item import Disposition, Item, Lane, Received, span_of
from shared.loop.log import Log, Place, Record
from shared.loop.outbox import EnvelopeWriter
from shared.loop.service import Service
from shared.loop.shard import Shard, State
from shared.loop.step import commit, prepare, suspects_of
from shared.loop.worker import Worker
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
CONTENDED_PAUSES = (0.02, 0.05, 0.1)
"""Seconds before a step is decided again because another transaction was first; after that its
shards are opened anew."""
DUPLICATES_LISTED = 100
STEP_END_SECONDS = 3.0
"""What the step that is under way may still take when the loop is stopped."""


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
        self.observe = observe
        self.monotonic = monotonic
        partitions = partitions or manifest().partitions
        seal_key = seal.key_of(secret)
        self.reader = _reader(service, partitions, seal_key)
        self.writer = EnvelopeWriter(service.name, partitions, seal_key)
        early = frozenset(kind.TYPE for kind in service.table.early)
        self._setup = Setup(service, store, self.reader, self.writer, dating, failpoint, early)
        self.worker = Worker(transport, endpoints_time or monotonic)
        self.lock = asyncio.Lock()
        self.shards: dict[int, Shard] = {}
        self.counters: Counter[str] = Counter()
        self.counts = Counts()
        self._bisection = Bisection(batch_size_max, limit=batch_size_max)
        self.woken = asyncio.Event()
        self._stopping = False
        self._random = random
        self._conflicts = 0
        self.duplicates: deque[tuple[str, str, int, datetime]] = deque(maxlen=DUPLICATES_LISTED)
        """The latest records that were dropped: place, stream, number, when."""
        self.failures = 0
        self.retry_at = 0.0

    @property
    def limit(self) -> int:
        """How many inputs a step may take: fewer while a bad one is hunted."""
        return self._bisection.limit

    @property
    def stopped(self) -> str | None:
        """Why nothing is taken any more, if so."""
        return self._bisection.stopped

    def topics(self) -> list[str]:
        return [self.reader.commands, *self.service.topics]

    def missing_topics(self) -> list[str]:
        """Those of which this process got no partition with its shards: the broker has none. (Where
        somebody added partitions to a topic, the shards beyond the last have that topic alone.)"""
        shards = [shard for number, shard in self.shards.items() if number < self.reader.partitions]
        held = {topic for shard in shards for topic, _ in shard.places}
        return [topic for topic in self.topics() if shards and topic not in held]

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
        self.worker.forget_others(self.shards)
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

    def currently_open(self) -> dict[int, Shard]:
        return {number: shard for number, shard in self.shards.items() if shard.state is State.OPEN}

    def blocked_lanes(self) -> set[Lane]:
        """The lanes of open shards in which something waits for a person."""
        return {lane for shard in self.currently_open().values() for lane in shard.blocked}

    def positions(self) -> dict[Place, int]:
        """How far each place of the open shards is read."""
        return {
            place: shard.row.next.get(place[0], 0)
            for shard in self.currently_open().values()
            for place in shard.places
        }

    async def stop(self, seconds: float, beating: Iterable[asyncio.Task[None]] = ()) -> None:
        """Takes no more records, lets what is under way end, and records how it ended. Who would
        begin something else is cancelled between two steps: one that is cut off forgets what came
        of attempts, and they would be made again."""
        self._stopping = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self.lock.acquire(), STEP_END_SECONDS)
            self.lock.release()
        for task in beating:
            task.cancel()
        async with self.lock:
            await self.worker.stop(seconds)
            shards = self.currently_open()
            results = self.worker.take(list(shards), self.limit)
            if results:
                await self.step(shards, Inputs(results=results))
            self.close(list(self.shards))

    async def on_records(self, records: Sequence[Record]) -> None:
        """Takes a batch as it was fetched, with what effects came to meanwhile. What it does not
        take will be read again."""
        async with self.lock:
            shards = self.currently_open()
            mine = [record for record in records if record.partition in shards]
            self.counters["batches_full" if self._is_full(records) else "batches_short"] += 1
            if mine and not self._stopping and not self.stopped:
                results = self.worker.take(list(shards), self.limit // 2)
                await self.step(shards, Inputs(records=mine, results=results))

    def _is_full(self, records: Sequence[Record]) -> bool:
        """Whether the client may hold more that it has fetched and not handed over."""
        return len(records) >= self._bisection.batch_size_max

    async def step(self, shards: Mapping[int, Shard], inputs: Inputs) -> None:
        """One step and what follows: kept, published, begun; or closed, and opened again."""
        started, began = time.time_ns(), time.perf_counter_ns()
        batch = self._prepare(shards, inputs)
        if batch.is_idle:
            self._read_over(batch)
            return
        error = await _commit_error(batch)
        for pause in CONTENDED_PAUSES:
            if not isinstance(error, Contended):
                break
            self.counters["steps_contended"] += 1
            await asyncio.sleep(pause * self._random.uniform(0.5, 1.0))
            batch = self._prepare(shards, inputs)
            error = await _commit_error(batch)
        if error is not None:
            self._handle_failure(batch, error)
            return
        # 1. What the step knew in copies becomes what the shards are. Only memory: it can't fail.
        self._keep(batch)
        # 2. The events, as they lie in the outbox. Should it fail, opening publishes them again,
        #    and begins what is in flight: as of another owner's, without knowing what came of it.
        if await self._publish(batch):
            # 3. The attempts, last: nobody hears of a send before the claim that it follows from.
            self.worker.start(batch.attempts)
        ended = started + time.perf_counter_ns() - began
        self.observe([*batch.items, *batch.decided_early, *batch.replayed], started, ended)

    def _prepare(self, shards: Mapping[int, Shard], inputs: Inputs) -> Batch:
        endpoints = Endpoints(self.worker.has_room, self.worker.dead())
        now = self.clock.now()
        return prepare(self._setup, shards, inputs, self._bisection, endpoints, now)

    def _read_over(self, batch: Batch) -> None:
        """Costs no transaction: should it be forgotten, it is read again, and read over again."""
        for number, row in batch.rows.items():
            shard = batch.shards[number]
            row.steps = shard.row.steps
            shard.row, shard.is_ahead = row, True
        self._read_on(batch)

    def _keep(self, batch: Batch) -> None:
        for number, row in batch.rows.items():
            shard = batch.shards[number]
            shard.row, shard.blocked, shard.confirmed = row, batch.blocked[number], []
            shard.is_ahead = False
        for item in batch.decided_early:
            batch.shards[item.shard].echoes.add(item.numbered)
        self.failures = self._conflicts = 0
        self._bisection.record_success(batch.items)
        self.counters["steps"] += 1
        self._read_on(batch)

    def _read_on(self, batch: Batch) -> None:
        self._count(batch)
        for (topic, number), offset in batch.missing.items():
            batch.shards[number].missing_offsets[topic] = offset
        self.log.resume(
            {place: at for place, at in batch.seek_to.items() if self._is_open(place[1])}
        )

    def _count(self, batch: Batch) -> None:
        self.counters.update(batch.counters)
        self.counts.add(batch.counted)
        self.counters["inputs_early"] += len(batch.decided_early)
        for item in batch.items:
            self.counters[f"inputs_{item.disposition}"] += 1
            if not isinstance(item, Received):
                continue
            if item.disposition is Disposition.DUPLICATE:
                self.duplicates.append((item.origin, *item.numbered[1:], batch.now))
            elif item.disposition is Disposition.ECHO:
                batch.shards[item.shard].echoes.discard(item.numbered)

    async def _publish(self, batch: Batch) -> bool:
        """Whether all that was committed is published."""
        outgoing = [record for records in batch.outgoing.values() for record in records]
        if not outgoing:
            return True
        try:
            await self.log.publish(outgoing)
        except BaseException as error:
            # Also if a stop cancels it: another step would write its own in the place of what
            # nobody may have read yet.
            self.back_off(batch.rows)
            if not isinstance(error, Infrastructure):
                raise
            log.warning("publishing failed", error=str(error))
            return False
        self._setup.failpoint("publish.confirmed")
        for number, ids in batch.documents.items():
            batch.shards[number].confirmed = ids
        self.counters["records_published"] += len(outgoing)
        return True

    def _handle_failure(self, batch: Batch, error: Exception) -> None:
        """Mostly nothing was decided and no input is to blame: back off, open, read again. A guard
        that fires again and again on the same batch is another matter, as is any other error."""
        if not isinstance(error, Infrastructure):
            self._suspect(batch, error)
            return
        log.warning("step failed", error=f"{type(error).__name__}: {error}")
        if isinstance(error, Conflict):
            self.counters["guards_fired"] += 1
            self._conflicts += 1
        if self._conflicts >= CONFLICTS_BEFORE_SUSPICION:
            self._suspect(batch, error)
        else:
            self.worker.give_back(batch.inputs.results)
            self.back_off(batch.rows)

    def _suspect(self, batch: Batch, error: Exception) -> None:
        """An error that the infrastructure does not explain is of one of the inputs."""
        reason = self._bisection.record_failure(suspects_of(batch), batch.replaying, error)
        alone = span_of(batch.items[0]) if len(batch.items) == 1 else {}
        log.error("step raised", error=reason, inputs=len(batch.items), **alone)
        # The store did answer: what is halved next needs neither long waits nor many conflicts.
        self._conflicts = CONFLICTS_BEFORE_SUSPICION - 1
        self.failures = 0
        self.worker.give_back(batch.inputs.results)
        self.back_off(batch.rows)
        if self.stopped:
            log.critical("stopped: this looks like a bad deployment", reason=self.stopped)
            self.close(list(self.shards))

    def back_off(self, shards: Iterable[int]) -> None:
        """Closes the shards; they are opened again after a doubling wait, spread so that replicas
        do not come back together."""
        ceiling = min(BACKOFF_SECONDS_MIN * 2 ** min(self.failures, 10), BACKOFF_SECONDS_MAX)
        self.failures += 1
        self.counters["retries"] += 1
        self.retry_at = self.monotonic() + ceiling * self._random.uniform(0.5, 1.0)
        self.close(shards)


async def _commit_error(batch: Batch) -> Exception | None:
    """Why the batch was not committed, if so."""
    try:
        await commit(batch)
    except Exception as error:
        return error
    return None


def _reader(service: Service, partitions: int, seal_key: bytes) -> Reader:
    """What of the service's table classifying needs: event types by their wire name."""
    kinds = {
        name: kind for kind in service.table.events for name in (kind.TYPE, *kind.FORMER_TYPES)
    }
    all_kinds = {**kinds, **operations(service.name)}
    return Reader(all_kinds, commands_topic(service.name), partitions, seal_key)
