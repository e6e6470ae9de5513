"""Of the leads that came one way some are looked at, and stand for all."""

from typing import Any

import pytest

from services.routing.person import leads as routed
from services.routing.queries import sampling
from services.routing.queries.sampling import Sample
from services.routing.store import LEADS
from shared.ids import derived_id
from shared.loop.decision import Cause
from shared.store import Document, Insert, Store
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.builders import NOW, lead

WAY = "code:a"


class CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__(MemoryDatabase())
        self.found: list[int] = []
        """How many documents, each time."""

    async def find(self, *place: Any, **how: Any) -> list[Document]:
        rows = await super().find(*place, **how)
        self.found.append(len(rows))
        return rows


async def store_with(count: int) -> CountingStore:
    store = CountingStore()
    await add(store, count, "a")
    return store


async def add(store: Store, count: int, code: str, tenant: str = "main") -> None:
    cause = Cause("c", "test", "key", NOW, tenant)
    like = LEADS.to_document(routed.new_lead(lead(lead_code=code), 1, cause))
    ids = [derived_id(tenant, code, str(number)) for number in range(count)]
    async with store.transaction() as transaction:
        writes = [Insert(like | {"_id": id, "version": 1}) for id in ids]  # noqa: A001
        await transaction.write(LEADS.name, writes)


async def ids_of(sample: Sample) -> list[str]:
    return [each.id async for each in sample.leads()]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 150])
async def test_where_there_are_no_more_than_may_be_looked_at_all_are(count: int) -> None:
    sample = Sample(await store_with(count), "main", WAY, 150)
    ids = await ids_of(sample)
    assert (count, count, count) == (len(set(ids)), sample.looked_at, sample.of)


@pytest.mark.parametrize("most", [1, 30, 250, 900])
async def test_of_more_about_as_many_are_looked_at_each_once(most: int) -> None:
    """Those with the smallest ids, as far as the last slice that was read."""
    store = await store_with(1_000)
    every = sorted(derived_id("main", "a", str(number)) for number in range(1_000))
    sample = Sample(store, "main", WAY, most)
    ids = await ids_of(sample)
    assert every[: len(ids)] == sorted(ids)
    assert len(ids) == sample.looked_at
    assert most <= len(ids) <= most + 2 * sampling.PAGE


@pytest.mark.parametrize("count", [500, 2_000])
@pytest.mark.parametrize("most", [5, 100, 250])
async def test_how_many_there_are_is_known_about(count: int, most: int) -> None:
    """From how wide the slices were, as exactly as chance has it."""
    sample = Sample(await store_with(count), "main", WAY, most)
    await ids_of(sample)
    assert count == pytest.approx(sample.of, rel=3 / most**0.5)


@pytest.mark.parametrize("count", [3, 300, 2_000])
async def test_a_slice_has_no_more_than_the_loop_can_wait_for(count: int) -> None:
    """Whatever came: of few leads the slices grow wider, of many they do not."""
    store = await store_with(count)
    await ids_of(Sample(store, "main", WAY, 1_000))
    assert max(store.found) <= 3 * sampling.PAGE and len(store.found) <= 20


async def test_leads_of_other_ways_and_tenants_are_not_looked_at() -> None:
    store = await store_with(3)
    for code, tenant in (("b", "main"), ("a", "other")):
        await add(store, 2, code, tenant)
    sample = Sample(store, "main", WAY, 100)
    ids = {derived_id("main", "a", str(number)) for number in range(3)}
    assert (ids, 3) == (set(await ids_of(sample)), sample.of)
