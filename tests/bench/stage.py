"""One durable stage as it really runs: the intake service on its loop, Kafka in and Kafka out.

Measured from the moment at which its shards are open until the last record is decided, committed
and published.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count

from faststream.kafka import KafkaBroker
from pymongo import MongoClient

from services.intake.service import intake
from shared.clock import SystemClock
from shared.loop.decision import Verdict
from shared.loop.item import Item
from shared.loop.kafka import KafkaLog, subscribe
from shared.loop.loop import INDEXES, Loop, no_observer
from shared.loop.ticker import Ticker
from shared.loop.working_set import WorkingSet
from shared.mongo import MongoStore
from shared.settings import Settings
from shared.store import Document, Store
from tests.bench import uploads
from tests.bench.measuring import Run, Stopwatch

LIMIT_SECONDS = 120

Look = Callable[[Sequence[Item], int, int], None]

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Backends:
    kafka: str
    mongo: str
    name: str


@asynccontextmanager
async def fresh_store(
    backends: Backends, kind: type[MongoStore] = MongoStore
) -> AsyncIterator[MongoStore]:
    """A database of its own, in which the affiliate is known and nothing has been read yet."""
    name = f"bench_{next(_numbers)}"
    store = await kind.connect(backends.mongo, name)
    try:
        await store.migrate([*INDEXES, *intake("").indexes])
        await _put_affiliate(store)
        yield store
    finally:
        await store.close()
        with MongoClient[Document](backends.mongo) as client:
            client.drop_database(name)


async def _put_affiliate(store: Store) -> None:
    state = WorkingSet()
    state.put([uploads.affiliate()])
    async with store.transaction() as transaction:
        await intake(uploads.SECRET).save(transaction, state)


async def _no_effects(_row: Document) -> tuple[Verdict, str]:
    raise AssertionError("intake has no effects")


class Watch:
    """Starts at the first opening of the shards, ends when all records were decided and published:
    a step that fails has them opened again, and its time counts."""

    def __init__(self, records: int, look: Look) -> None:
        self._stopwatch = Stopwatch()
        self._left = self._records = records
        self._look = look
        self._is_started = False
        self._ended: asyncio.Future[Run] = asyncio.get_running_loop().create_future()

    def reach(self, name: str) -> None:
        if name == "open.restored" and not self._is_started:
            self._is_started = True
            self._stopwatch.start()

    def observe(self, items: Sequence[Item], started: int, ended: int) -> None:
        self._look(items, started, ended)
        self._left -= len(items)
        if self._left <= 0 and not self._ended.done():
            self._ended.set_result(self._stopwatch.stop(self._records))

    async def run(self) -> Run:
        return await asyncio.wait_for(self._ended, LIMIT_SECONDS)


async def run(backends: Backends, records: int, *, look: Look = no_observer) -> Run:
    """The service over all records of its topic."""
    async with fresh_store(backends) as store:
        return await through(backends, store, KafkaLog(backends.kafka), records, look)


async def through(
    backends: Backends, store: Store, log: KafkaLog, records: int, look: Look = no_observer
) -> Run:
    uploads.forget_what_was_read()
    watch = Watch(records, look)
    loop = Loop(
        intake(uploads.SECRET),
        store,
        log,
        SystemClock(),
        _no_effects,
        failpoint=watch.reach,
        observe=watch.observe,
    )
    broker = KafkaBroker(backends.kafka, allow_auto_create_topics=False, logger=None)
    subscribe(broker, loop, log, Settings(kafka=backends.kafka))
    ticking = asyncio.create_task(Ticker(loop).run())
    try:
        await broker.start()
        return await watch.run()
    finally:
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        await broker.stop()
        await log.close()
