"""A catalogue's revision: what was saved last is what everybody has once they have looked."""

from shared.loop.catalogue import Catalogue, refresh
from shared.loop.working_set import WorkingSet
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.component.world import SPEAKERS, Speaker


async def saved(store: MemoryStore, catalogue: Catalogue[Speaker], *speakers: Speaker) -> int:
    state = WorkingSet()
    state.put(speakers)
    async with store.transaction() as transaction:
        return await catalogue.save(transaction, state)


async def test_each_change_is_applied_once_by_whoever_looks() -> None:
    """The revision that saving returns is the one that a replica has once it has looked."""
    store, applied = MemoryStore(MemoryDatabase()), list[str]()
    catalogue = Catalogue(SPEAKERS, lambda changed: applied.extend(one.id for one in changed))
    revisions = []
    for speakers in ([Speaker("ann", 0), Speaker("bea", 0)], [Speaker("cid", 0)], []):
        told = await saved(store, catalogue, *speakers)
        async with store.transaction() as transaction:
            await refresh(transaction, catalogue)
        revisions.append((told, catalogue.revision))
    assert [(1, 1), (2, 2), (0, 2)] == revisions
    assert ["ann", "bea", "cid"] == applied
