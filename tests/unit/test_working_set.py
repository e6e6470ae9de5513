"""What a batch of decisions knows, and what it must not pretend to know."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from shared.errors import NotLoaded
from shared.loop.collection import View
from shared.loop.working_set import Page, Ref, WorkingSet
from shared.store import Insert
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.component.world import SPEAKERS, Speaker

ANN, BEA = Speaker("ann", 1), Speaker("bea", 1)


async def loaded(ids: Iterable[str], *, where: dict[str, object] | None = None) -> WorkingSet:
    """Where ann and bea are stored, and cid is not."""
    store, state = MemoryStore(MemoryDatabase()), WorkingSet()
    async with store.transaction() as transaction:
        rows = [{"_id": who.id, "version": 1, "count": 0} for who in (ANN, BEA)]
        await transaction.write(SPEAKERS.name, [Insert(row) for row in rows])
        pages = [Page(Speaker, where)] if where is not None else []
        reads = [Ref(Speaker, id) for id in ids]  # noqa: A001
        await state.read(transaction, {Speaker: SPEAKERS}, [iter([[*reads, *pages]])])
    return state


async def test_what_does_not_exist_is_none() -> None:
    """That somebody looked and found nothing is an answer."""
    state = await loaded(["ann", "cid"])
    assert (ANN, None) == (state.get(Ref(Speaker, "ann")), state.get(Ref(Speaker, "cid")))


@pytest.mark.parametrize("ids", [[], ["ann"], ["cid"]])
async def test_what_nobody_loaded_is_an_error(ids: list[str]) -> None:
    """Bea exists, so a decision that took her for nobody would be a wrong one."""
    state = await loaded(ids)
    with pytest.raises(NotLoaded, match="Speaker"):
        state.get(Ref(Speaker, "bea"))


async def test_an_error_names_no_id() -> None:
    """Ids may be pseudonyms of people."""
    with pytest.raises(NotLoaded) as error:
        WorkingSet().get(Ref(Speaker, "person-7"))
    assert "person-7" not in str(error.value)


async def test_who_peeks_is_told_of_nothing_that_is_missing() -> None:
    """For those who have a second place to look at."""
    state = await loaded(["ann"])
    assert (ANN, None) == (state.peek(Ref(Speaker, "ann")), state.peek(Ref(Speaker, "bea")))


async def test_what_was_put_or_found_is_known() -> None:
    """An id that was looked up in vain may come into being in the batch."""
    state = await loaded(["cid"], where={"_id": "bea"})
    cid = Speaker("cid", 0, 3)
    state.put([cid])
    assert (BEA, cid) == (state.get(Ref(Speaker, "bea")), state.get(Ref(Speaker, "cid")))


async def test_a_view_reads_its_own_fields() -> None:
    """Of many documents no more is read than what is needed of them."""
    store, state = MemoryStore(MemoryDatabase()), WorkingSet()
    view = View(SPEAKERS.name, dict, ("count",), dict)
    page = Page(dict, {})
    async with store.transaction() as transaction:
        await transaction.write(SPEAKERS.name, [Insert({"_id": "ann", "version": 1, "count": 7})])
        await state.read(transaction, {dict: view}, [iter([[page]])])
    assert [{"_id": "ann", "count": 7}] == state.page(page).rows


async def test_what_is_put_into_a_branch_is_seen_there_alone() -> None:
    """A decision that turns out to be none leaves nothing behind that would be saved."""
    state = await loaded(["ann"])
    branch, more = state.branch(), replace(ANN, count=3)
    branch.put([more])
    found = (
        branch.get(Ref(Speaker, "ann")),
        state.get(Ref(Speaker, "ann")),
        state.changes_of(Speaker),
    )
    assert (more, ANN, []) == found
