"""What earlier versions stored, brought into today's form."""

import asyncio
from contextlib import suppress

from shared.errors import Infrastructure
from shared.loop import dead_letters, effects, migrations
from shared.store import Insert, Store
from shared.testing.memory import MemoryDatabase, MemoryStore

AMOUNT = 3 * migrations.PAGE // 2
LETTERS = {f"t/0/{number}": ("dead" if number % 2 else "waiting") for number in range(AMOUNT)}


async def others_first(_operation: str) -> None:
    await asyncio.sleep(0)


async def until_nothing_is_left(store: Store) -> None:
    while True:
        with suppress(Infrastructure):
            return await migrations.migrate(store, {"books": "capacities"})


async def test_replicas_that_migrate_at_once_move_each_document_once() -> None:
    """Who comes second finds it moved, and goes on with what is left."""
    database = MemoryDatabase()
    first, second = (MemoryStore(database, others_first) for _ in range(2))
    states = {"dead": "set_aside", "waiting": "parked"}
    rows = [{"_id": id, "state": states[state], "holds_key": True} for id, state in LETTERS.items()]
    async with first.transaction() as transaction:
        await transaction.write(migrations.SET_ASIDE, [Insert(row) for row in rows])
        begun = {"_id": "e1", "state": migrations.BEGUN, "attempt": 2}
        await transaction.write(effects.COLLECTION, [Insert(begun)])
        await transaction.write("books", [Insert({"_id": "north", "used": 3})])
    await asyncio.gather(*map(until_nothing_is_left, (first, second)))
    found = await first.find(dead_letters.COLLECTION, {})
    assert LETTERS == {row["_id"]: row["state"] for row in found}
    assert {("_id", "blocks_key", "state")} == {tuple(sorted(row)) for row in found}
    assert 0 == await second.count(migrations.SET_ASIDE, {})
    expected = [{"_id": "e1", "state": effects.IN_FLIGHT, "attempt": 2}]
    assert expected == await second.find(effects.COLLECTION, {})
    assert [{"_id": "north", "used": 3}] == await first.find("capacities", {})
    assert 0 == await second.count("books", {})
