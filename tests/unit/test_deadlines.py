"""Which deadlines are taken when their time has come."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.loop import deadlines
from shared.loop.decision import Cause, Due
from shared.loop.item import Lane
from shared.store import Insert
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.component.world import Later

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


async def stored(keys: list[str]) -> MemoryStore:
    """With deadlines of these keys, that came one second after another and are over."""
    store = MemoryStore(MemoryDatabase())
    rows = [
        deadlines.row_of(
            Due(f"d{number:04}", Later(key=key), key, NOW - timedelta(seconds=len(keys) - number)),
            0,
            Cause(f"c{number}", "test", key, NOW),
        )
        for number, key in enumerate(keys)
    ]
    async with store.transaction() as transaction:
        await transaction.write(deadlines.COLLECTION, [Insert(row) for row in rows])
    return store


async def reached(keys: list[str], blocked: set[Lane], limit: int) -> list[str]:
    """The keys of those that are taken."""
    found = await deadlines.due_rows(await stored(keys), [0], NOW, blocked, limit)
    return [row["key"] for row in found]


@pytest.mark.parametrize("behind", [0, 1, deadlines.PAGE - 1, deadlines.PAGE, 3 * deadlines.PAGE])
async def test_however_many_blocked_deadlines_are_older_the_others_are_taken(behind: int) -> None:
    """The oldest first, as many as are asked for; those of blocked keys wait."""
    keys = ["blocked"] * behind + ["first", "blocked", "second", "third"]
    assert ["first", "second"] == await reached(keys, {("main", "blocked")}, 2)


async def test_a_key_that_another_tenant_has_blocked_does_not_wait() -> None:
    assert ["ann"] == await reached(["ann"], {("other", "ann")}, 2)


@pytest.mark.parametrize("behind", [0, 1, deadlines.PAGE, 2 * deadlines.PAGE + 1])
async def test_what_a_person_has_to_free_is_not_due(behind: int) -> None:
    """Else whoever waits until nothing is left would wait for that person."""
    store = await stored(["blocked"] * behind + ["first", "blocked", "second"])
    standing = await deadlines.summary(store, [0], NOW, {("main", "blocked")})
    assert {"now": 2, "next_at": NOW - timedelta(seconds=3)} == standing


async def test_where_all_is_blocked_nothing_is_due() -> None:
    store = await stored(["blocked"] * 3)
    standing = await deadlines.summary(store, [0], NOW, {("main", "blocked")})
    assert {"now": 0, "next_at": None} == standing


async def test_what_is_due_is_told_by_who_has_the_shard() -> None:
    """So that the amounts of all replicas add up."""
    store = await stored(["first", "second"])
    assert {"now": 0, "next_at": None} == await deadlines.summary(store, [1], NOW, set())
    mine = await deadlines.summary(store, [0, 1], NOW, set())
    assert {"now": 2, "next_at": NOW - timedelta(seconds=2)} == mine
