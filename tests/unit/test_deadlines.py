"""Which deadlines are taken when their time has come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    found = await deadlines.due_rows(
        await stored(keys), [0], NOW, blocked, limit, deadlines.Horizon()
    )
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


def worked_off(ages: list[float], size: int) -> tuple[list[float], list[int]]:
    """The ages of deadlines in the order in which they are taken, page after page, until none is
    left; and how many each of the questions found, beyond those that it gave, too."""
    left, taken, looked_at = sorted(ages, reverse=True), [], []
    horizon = deadlines.Horizon()
    while left:
        reached: list[float] = []
        for until in horizon.instants(NOW):
            reached = [age for age in left if NOW - timedelta(seconds=age) <= until]
            looked_at.append(len(reached))
            if len(reached) >= size:
                break
        page = reached[:size]
        rows = [{"due_at": NOW - timedelta(seconds=age)} for age in page]
        horizon.note(rows, full=len(page) >= size)
        taken, left = [*taken, *page], left[len(page) :]
    return taken, looked_at


def test_however_many_are_due_a_question_finds_few_of_them() -> None:
    """The first finds a quarter at most, those behind it no more than some pages."""
    ages = [60.0 * number for number in range(10_000)]
    taken, looked_at = worked_off(ages, 100)
    assert sorted(ages, reverse=True) == taken
    first = next(index for index, count in enumerate(looked_at) if count)
    assert looked_at[first] <= 2_500
    assert max(looked_at[first + 1 :]) <= 300
    assert len(looked_at) < 400


@given(st.lists(st.floats(0, 1e9), max_size=60), st.integers(1, 7))
def test_all_that_is_due_is_taken_oldest_first(ages: list[float], size: int) -> None:
    """Whenever it came due: all at once, in bursts, or before anybody thought it could."""
    ages = [round(age, 3) for age in ages]
    taken, _ = worked_off(ages, size)
    assert sorted(ages, reverse=True) == taken


def test_while_no_page_is_full_one_question_asks_for_all() -> None:
    """A clock that jumps a month, or a service that rests, pays for no more than that."""
    horizon = deadlines.Horizon()
    assert 1 < len(list(horizon.instants(NOW)))
    horizon.note([], full=False)
    later = NOW + timedelta(days=31)
    assert [later] == list(horizon.instants(later))
