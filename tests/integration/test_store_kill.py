"""What the whole design stands on, of the store alone: acknowledged is kept, through every kill."""

import asyncio
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from deploy.local import backends
from deploy.local.backend import Backend, ExternalBackend, wait_until_it_answers
from deploy.local.process import StackError
from shared.errors import Infrastructure
from shared.mongo import MongoStore
from shared.store import Index, Insert

pytestmark = [pytest.mark.mongo, pytest.mark.timeout(180)]

KILLS = 5
WRITERS = 4
BETWEEN_KILLS = 40
DATABASE = "kills"
BOTH = ("first", "second")


class Writer:
    """Writes pairs of documents, one pair in each transaction, and remembers the acknowledged."""

    def __init__(self, number: int, store: MongoStore) -> None:
        self.number = number
        self.store = store
        self.tried = 0
        self.acknowledged: set[str] = set()

    async def run(self) -> None:
        while True:
            id = f"{self.number}/{self.tried}"
            self.tried += 1
            try:
                async with self.store.transaction() as transaction:
                    for collection in BOTH:
                        await transaction.write(collection, [Insert({"_id": id})])
                self.acknowledged.add(id)
            except Infrastructure:
                await asyncio.sleep(0.05)


async def wait_for_more(writers: list[Writer]) -> None:
    """Until each has gone on: the next kill finds all of them at work."""
    goals = [len(writer.acknowledged) + BETWEEN_KILLS // WRITERS for writer in writers]
    while any(len(w.acknowledged) < goal for w, goal in zip(writers, goals, strict=True)):
        await asyncio.sleep(0.01)


async def kill_again_and_again(store: Backend, writers: list[Writer]) -> None:
    for _ in range(KILLS):
        await wait_for_more(writers)
        # From this thread, since a process dies with the thread that started it.
        store.kill()
        store.launch()
        await asyncio.to_thread(wait_until_it_answers, "store", store)
    await wait_for_more(writers)


async def write_under_kills(store: Backend) -> list[Writer]:
    connections = [await MongoStore.connect(store.address, DATABASE) for _ in range(WRITERS)]
    await connections[0].migrate([Index(collection, ()) for collection in BOTH])
    writers = [Writer(number, connection) for number, connection in enumerate(connections)]
    tasks = [asyncio.create_task(writer.run()) for writer in writers]
    try:
        await kill_again_and_again(store, writers)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for connection in connections:
            await connection.close()
    return writers


async def stored(address: str) -> list[set[str]]:
    store = await MongoStore.connect(address, DATABASE)
    try:
        return [{row["_id"] for row in await store.find(collection, {})} for collection in BOTH]
    finally:
        await store.close()


async def test_nothing_acknowledged_is_lost_by_kills(tmp_path: Path) -> None:
    """Five times kill -9 under load: what was acknowledged is there, and no transaction is there
    by half."""
    with ExitStack() as stack:
        try:
            store = stack.enter_context(backends.store(tmp_path))
        except StackError as error:
            if "to be had on this machine" not in str(error):
                raise
            pytest.skip(str(error))
        if isinstance(store, ExternalBackend):
            pytest.skip("the store was given, so it is not ours to kill")
        writers = await write_under_kills(store)
        first, second = await stored(store.address)
    acknowledged = set().union(*(writer.acknowledged for writer in writers))
    assert len(acknowledged) >= KILLS * BETWEEN_KILLS
    assert set() == acknowledged - first
    assert first == second
