"""Which positions are moved, by a real log: topics made anew, overtaken, never read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.loop.kafka import KafkaLog
from shared.loop.log import fingerprint
from shared.loop.resolve import on_log, resolve, row_of
from shared.loop.shard import ShardRow, to_document
from shared.mongo import MongoStore
from shared.store import Index, Insert
from tests.integration.test_kafka_log import delete_before, outgoing

pytestmark = [pytest.mark.kafka, pytest.mark.mongo]

SHARD = 1
READ, NEVER_READ = "read", "never-read"


@dataclass(slots=True)
class Place:
    """Two topics of which a shard has read three records of one, and its row."""

    address: str
    log: KafkaLog
    store: MongoStore
    read: str
    never_read: str

    async def publish(self, topic: str, *values: bytes) -> None:
        await self.log.publish([outgoing(topic, SHARD, value) for value in values])

    async def make_anew(self, topic: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
        await admin.start()
        try:
            await admin.delete_topics([topic])
            await self.log.close()
            await create(admin, topic)
        finally:
            await admin.close()

    async def resolve(self) -> dict[str, tuple[int, int]]:
        """By the short names of the topics."""
        async with on_log(self.address) as log:
            moved = await resolve(self.store, log, SHARD, [self.read, self.never_read])
        names = {self.read: READ, self.never_read: NEVER_READ}
        return {names[topic]: positions for topic, positions in moved.topics.items()}


async def create(admin: AIOKafkaAdminClient, topic: str) -> None:
    """A topic that was just deleted may still be there for a moment."""
    while topic in await admin.list_topics():
        pass
    await admin.create_topics([NewTopic(topic, SHARD + 1, 1)])


@asynccontextmanager
async def place(address: str, url: str) -> AsyncIterator[Place]:
    name = uuid4().hex[:12]
    store = await MongoStore.connect(url, f"test_{name}")
    found = Place(address, KafkaLog(address), store, f"test.{name}.a", f"test.{name}.b")
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        for topic in (found.read, found.never_read):
            await create(admin, topic)
        await store.migrate([Index("shards", ())])
        await found.publish(found.read, b"0", b"1", b"2")
        async with on_log(address) as log:
            last = (await log.records_at({(found.read, SHARD): 2}))[found.read, SHARD]
        row = ShardRow(SHARD, next={found.read: 3}, fingerprints={found.read: fingerprint(last)})
        async with store.transaction() as transaction:
            await transaction.write("shards", [Insert(to_document(row))])
        yield found
    finally:
        await admin.close()
        await found.log.close()
        await store.close()


async def nothing(_place: Place) -> None:
    """As it was read."""


async def made_anew(at: Place) -> None:
    await at.make_anew(at.read)
    await at.publish(at.read, b"0")


async def made_anew_and_as_long(at: Place) -> None:
    await at.make_anew(at.read)
    await at.publish(at.read, b"other", b"than", b"before")


async def overtaken(at: Place) -> None:
    await at.publish(at.read, b"3", b"4", b"5")
    await delete_before(at.address, (at.read, SHARD), 5)


async def begins_late(at: Place) -> None:
    await at.publish(at.never_read, b"0", b"1", b"2")
    await delete_before(at.address, (at.never_read, SHARD), 2)


CASES: list[tuple[Callable[[Place], Awaitable[None]], dict[str, tuple[int, int]]]] = [
    (nothing, {}),
    (made_anew, {READ: (3, 0)}),
    (made_anew_and_as_long, {READ: (3, 0)}),
    (overtaken, {READ: (3, 5)}),
    (begins_late, {NEVER_READ: (0, 2)}),
]


@pytest.mark.parametrize(("what", "moved"), CASES, ids=lambda case: getattr(case, "__name__", ""))
async def test_only_what_does_not_fit_the_log_is_moved(
    kafka_address: str,
    mongo_url: str,
    what: Callable[[Place], Awaitable[None]],
    moved: dict[str, tuple[int, int]],
) -> None:
    """Once; after that all of it fits, and nothing is written."""
    async with place(kafka_address, mongo_url) as at:
        await what(at)
        assert moved == await at.resolve()
        row = await row_of(at.store, SHARD)
        assert (1 if moved else 0) == row.epoch
        assert {} == await at.resolve()
        assert row == await row_of(at.store, SHARD)
