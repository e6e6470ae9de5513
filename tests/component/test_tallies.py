"""Counts that are kept as leads change are what a count over the leads would find."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.service import intake
from services.intake.store import LEAD_COUNTS, OF_OUTCOME
from shared.errors import Infrastructure
from shared.loop import migrations, tally
from shared.loop.service import Service
from shared.loop.tally import Counted, Tally
from shared.loop.working_set import WorkingSet
from shared.store import Delete, Document, Store
from shared.testing import virtual_time
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.builders import SECRET
from tests.component.leads import LEAD_CODE, Platform, person
from tests.component.world import SPEAKERS, Speaker
from tests.simulation.tallies import violations

Step = dict[str, int]


def _loudness(name: str, count: int) -> Iterator[Counted]:
    if count:
        yield Counted("main", name[0], "loud" if count > 2 else "low.voice")


SPEECH = Tally(
    "speech",
    SPEAKERS,
    schema=1,
    of_entity=lambda speaker: _loudness(speaker.id, speaker.count),
    fields=("count",),
    of_row=lambda row: _loudness(row["_id"], row["count"]),
)
SERVICE = Service("town", (), (), (SPEAKERS,), tallies=(SPEECH,))


async def put(store: Store, shard: int, counts: Step) -> None:
    """What a step of this shard makes of the speakers, the first of them twice."""
    async with store.transaction() as transaction:
        rows = await transaction.find(SPEAKERS.name, {})
        known = {row["_id"]: SPEAKERS.from_document(row) for row in rows}
        state = WorkingSet()
        state._known[Speaker] = {name: known.get(name) for name in counts}
        for name, count in [*list(counts.items())[:1], *counts.items()]:
            version = known[name].version if name in known else 0
            state.put([Speaker(name, version, count)], shard)
        await SERVICE.save(transaction, state)


async def sums(store: Store, kept: Tally[Speaker]) -> Counter[Counted]:
    found = await tally.read(store, kept, "main")
    flat = {Counted("main", name, what): n for name in found for what, n in found[name].items()}
    return Counter({each: number for each, number in flat.items() if number})


NAMES = st.sampled_from(["ann", "abe", "bob", "cid"])
STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.dictionaries(NAMES, st.integers(0, 4), min_size=1)), max_size=12
)


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_after_any_steps_of_any_shards_the_sums_are_those_of_the_documents(
    steps: list[tuple[int, Step]],
) -> None:
    async def story() -> None:
        store = MemoryStore(MemoryDatabase())
        for shard, counts in steps:
            await put(store, shard, counts)
        assert await tally.count_anew(store, SPEECH) == await sums(store, SPEECH)

    virtual_time.run(story())


async def test_what_is_kept_is_what_a_count_finds(platform: Platform) -> None:
    """Of leads that were accepted, held, released, replaced, repeated and refused, of two shards
    and organic."""
    await platform.campaign()
    await platform.upload(*range(1, 6))
    await platform.upload(6, Mail="")
    await platform.upload(6)
    await platform.upload(1)
    await platform.submit("R-7", record=person(7), replaces="R-2")
    await platform.submit("R-8", record=person(3))
    await platform.convert(9, "205")
    assert [] == list(violations(platform.world))
    store = MemoryStore(platform.world.databases["intake"])
    counts = (await tally.read(store, LEAD_COUNTS, "main"))["acme"]
    outcomes = Counter(
        row["upload"]["outcome"]
        for row in platform.stored("leads", "intake")
        if row["affiliate"] == "acme"
    )
    assert outcomes == {
        what.removeprefix(OF_OUTCOME): number
        for what, number in counts.items()
        if what.startswith(OF_OUTCOME) and number
    }
    # By the names that are stored, for ever.
    assert {"outcome/accepted", "reason/duplicate"} <= counts.keys()


async def test_what_is_there_before_is_counted_once(platform: Platform) -> None:
    """And again where nothing says that it was."""
    await platform.upload(1, 2)
    database = platform.world.databases["intake"]
    store, service = MemoryStore(database), intake(SECRET)
    rows = database.documents(LEAD_COUNTS.name)
    async with store.transaction() as transaction:
        await transaction.write(LEAD_COUNTS.name, [Delete(row["_id"]) for row in rows])
    for _ in range(2):
        await migrations.migrate(store, {}, service.tallies)
    await platform.submit("R-3", record=person(3), lead_code=LEAD_CODE)
    assert 3 == await _accepted(store)
    async with store.transaction() as transaction:
        await transaction.write(tally.MARKS, [Delete(LEAD_COUNTS.name)])
    await migrations.migrate(store, {}, service.tallies)
    assert 3 == await _accepted(store)
    marks: list[Document] = database.documents(tally.MARKS)
    assert [{"_id": LEAD_COUNTS.name, "schema": 1}] == marks


@patch("shared.loop.tally.PAGE", 2)
async def test_all_pages_are_counted() -> None:
    """Also where the last one is full."""
    for speakers in range(6):
        store = MemoryStore(MemoryDatabase())
        for number in range(speakers):
            await put(store, 0, {f"ann {number}": 1})
        assert speakers == (await tally.count_anew(store, SPEECH)).total()


async def test_what_a_former_schema_counted_is_counted_anew() -> None:
    store = MemoryStore(MemoryDatabase())
    await put(store, 0, {"ann": 1, "bob": 3})
    await migrations.migrate(store, {}, [replace(SPEECH, of_row=lambda _: ())])
    assert not await sums(store, SPEECH)
    await migrations.migrate(store, {}, [replace(SPEECH, schema=2)])
    assert await tally.count_anew(store, SPEECH) == await sums(store, SPEECH)
    assert 2 == len(await sums(store, SPEECH))


async def test_replicas_that_count_at_once_count_once(platform: Platform) -> None:
    """Who comes second is told so, and finds it counted."""
    await platform.upload(1, 2)
    database = platform.world.databases["intake"]

    async def others_first(_operation: str) -> None:
        await asyncio.sleep(0)

    async def until_counted(store: Store) -> int:
        try:
            await migrations.migrate(store, {}, intake(SECRET).tallies)
        except Infrastructure:
            return 1 + await until_counted(store)
        return 0

    stores = [MemoryStore(database, others_first) for _ in range(2)]
    refused = await asyncio.gather(*map(until_counted, stores))
    assert (1, 2) == (sum(refused), await _accepted(stores[0]))


async def _accepted(store: Store) -> int:
    return (await tally.read(store, LEAD_COUNTS, "main"))["acme"][f"{OF_OUTCOME}accepted"]
