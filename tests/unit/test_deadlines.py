"""Which deadlines are taken when their time has come."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.loop import deadlines
from shared.loop.decision import Cause, Due
from shared.loop.sort_out import Lane
from shared.store import Insert
from shared.testing.memory import MemoryDatabase, MemoryStore

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


async def reached(keys: list[str], parked: set[Lane], limit: int) -> list[str]:
    """The keys of those that are taken, of deadlines that came one second after another."""
    store = MemoryStore(MemoryDatabase())
    rows = [
        deadlines.row_of(
            Due(f"d{number:04}", "later", key, NOW - timedelta(seconds=len(keys) - number)),
            0,
            Cause(f"c{number}", "test", key, NOW),
        )
        for number, key in enumerate(keys)
    ]
    async with store.transaction() as transaction:
        await transaction.write(deadlines.COLLECTION, [Insert(row) for row in rows])
    return [row["key"] for row in await deadlines.reached(store, [0], NOW, parked, limit)]


@pytest.mark.parametrize("behind", [0, 1, deadlines.PAGE - 1, deadlines.PAGE, 3 * deadlines.PAGE])
async def test_however_many_parked_deadlines_are_older_the_others_are_taken(behind: int) -> None:
    """The oldest first, as many as are asked for; those of parked keys wait."""
    keys = ["parked"] * behind + ["first", "parked", "second", "third"]
    assert ["first", "second"] == await reached(keys, {("main", "parked")}, 2)


async def test_a_key_that_another_tenant_has_parked_does_not_wait() -> None:
    assert ["ann"] == await reached(["ann"], {("other", "ann")}, 2)
