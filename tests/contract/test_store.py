"""What every store must hold, on the fake and on the real server. The whole design stands on it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from bson.errors import InvalidDocument

from shared.errors import Conflict, Contended, Infrastructure
from shared.mongo import MongoStore
from shared.store import Delete, Index, Insert, Put, Remove, Replace, Store
from shared.testing.memory import MemoryDatabase, MemoryStore

Connect = Callable[[], Awaitable[Store]]
INDEXES = [Index("rows", ("name",), unique=True), Index("plain", ()), Index("due", ("shard", "at"))]


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.mongo)])
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    """Opens further connections to one fresh database."""
    opened: list[MongoStore] = []
    database, name = MemoryDatabase(), f"contract_{uuid4().hex[:12]}"

    async def open_store() -> Store:
        if request.param == "memory":
            return MemoryStore(database)
        opened.append(await MongoStore.connect(request.getfixturevalue("mongo_url"), name))
        return opened[-1]

    await (await open_store()).migrate(INDEXES)
    yield open_store
    for store in opened:
        await store.close()


async def test_a_committed_transaction_is_read_back(connect: Connect) -> None:
    """What was committed is there, with its types."""
    store = await connect()
    async with store.transaction() as transaction:
        await transaction.write(
            "plain", [Insert({"_id": "a", "raw": b"\xff\x00", "deep": {"n": [1, None]}})]
        )
    assert [{"_id": "a", "raw": b"\xff\x00", "deep": {"n": [1, None]}}] == await store.find(
        "plain", {}
    )


async def test_a_raising_block_writes_nothing(connect: Connect) -> None:
    """An error inside the block undoes all of it and rises unchanged."""
    store = await connect()
    with pytest.raises(KeyError):
        async with store.transaction() as transaction:
            await transaction.write("plain", [Insert({"_id": "a"})])
            raise KeyError("a defect")
    assert [] == await store.find("plain", {})
    async with store.transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": "a"})])
    assert 1 == await store.count("plain", {})


async def test_a_second_transaction_at_once_is_refused(connect: Connect) -> None:
    """Whoever asks beside the loop must not end what the loop has begun: it is refused, and the
    first one commits whole."""
    store = await connect()
    async with store.transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": "a"})])
        with pytest.raises(AssertionError, match="one transaction at a time"):
            async with store.transaction():
                pass
        await transaction.write("plain", [Insert({"_id": "b"})])
        assert [] == await store.find("plain", {})
    assert 2 == await store.count("plain", {})


async def test_a_former_index_goes(connect: Connect) -> None:
    """From a store that has it as from one that never had."""
    store = await connect()
    former = Index("rows", ("name",), unique=True, is_former=True)
    twins = [Insert({"_id": id, "name": "ann"}) for id in "ab"]
    for _ in range(2):
        await store.migrate([former])
        await (await connect()).migrate([former, Index("rows", ("place",))])
    async with store.transaction() as transaction:
        await transaction.write("rows", twins)
    assert 2 == await store.count("rows", {"name": "ann"})


async def test_a_count_goes_no_further_than_its_limit(connect: Connect) -> None:
    store = await connect()
    async with store.transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": id}) for id in "abc"])
    where = {"_id": {"$gt": "a"}}
    assert [1, 2, 2] == [await store.count("plain", where, limit=limit) for limit in (1, 2, 3)]
    assert 3 == await store.count("plain", {})


async def test_own_writes_are_seen_and_others_are_not(connect: Connect) -> None:
    """A transaction reads its snapshot and its own writes."""
    ours, theirs = await connect(), await connect()
    async with ours.transaction() as transaction:
        assert [] == await transaction.find("plain", {"_id": "b"})
        async with theirs.transaction() as other:
            await other.write("plain", [Insert({"_id": "b"})])
        await transaction.write("plain", [Insert({"_id": "a"})])
        assert ["a"] == [row["_id"] for row in await transaction.find("plain", {})]
    assert 2 == await theirs.count("plain", {})


async def test_a_failed_guard_is_a_conflict(connect: Connect) -> None:
    """A replacement whose guard does not hold aborts the whole transaction."""
    store = await connect()
    async with store.transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": "a", "version": 2})])
    with pytest.raises(Conflict):
        async with store.transaction() as transaction:
            await transaction.write("plain", [Insert({"_id": "b"})])
            await transaction.write("plain", [Replace({"_id": "a", "version": 2}, {"version": 1})])
    assert ["a"] == [row["_id"] for row in await store.find("plain", {})]


@pytest.mark.parametrize("write", [Delete("gone"), Replace({"_id": "gone"})])
async def test_writing_what_is_not_there_is_a_conflict(
    connect: Connect, write: Delete | Replace
) -> None:
    """A write that would change nothing says so."""
    store = await connect()
    with pytest.raises(Conflict):
        async with store.transaction() as transaction:
            await transaction.write("plain", [write])


async def test_what_is_put_or_removed_need_not_be_known(connect: Connect) -> None:
    """Beside guarded replacements, which still say what they did not find."""
    store = await connect()
    async with store.transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": id}) for id in ("known", "old", "kept")])
    async with store.transaction() as transaction:
        put = [Put({"_id": id, "count": 1}) for id in ("known", "new")]
        kept = Replace({"_id": "kept", "count": 2})
        await transaction.write("plain", [*put, Remove("old"), Remove("gone"), kept])
    found = {row["_id"]: row["count"] for row in await store.find("plain", {})}
    assert {"known": 1, "new": 1, "kept": 2} == found
    with pytest.raises(Conflict):
        async with store.transaction() as transaction:
            await transaction.write("plain", [*put, Replace({"_id": "old"})])


async def test_a_unique_violation_aborts(connect: Connect) -> None:
    """Two documents under one unique key: the second transaction leaves nothing behind."""
    store = await connect()
    async with store.transaction() as transaction:
        await transaction.write("rows", [Insert({"_id": "a", "name": "x"})])
    with pytest.raises(Conflict):
        async with store.transaction() as transaction:
            await transaction.write(
                "rows", [Insert({"_id": "b", "name": "y"}), Insert({"_id": "c", "name": "x"})]
            )
    assert ["a"] == [row["_id"] for row in await store.find("rows", {})]


async def test_of_two_concurrent_conditional_updates_one_wins(connect: Connect) -> None:
    """The loser's failure says that nothing was written and that it may be tried again."""
    stores = [await connect(), await connect()]
    async with stores[0].transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": "row", "n": 0})])
    both_read = asyncio.Barrier(2)

    async def raise_by_one(store: Store) -> str:
        try:
            async with store.transaction() as transaction:
                row = (await transaction.find("plain", {"_id": "row"}))[0]
                await both_read.wait()
                await transaction.write(
                    "plain", [Replace({"_id": "row", "n": row["n"] + 1}, {"n": row["n"]})]
                )
                await asyncio.sleep(0.02)
        except Contended:
            return "lost"
        return "won"

    assert ["lost", "won"] == sorted(await asyncio.gather(*map(raise_by_one, stores)))
    assert [{"_id": "row", "n": 1}] == await stores[0].find("plain", {})


async def test_a_stale_writer_loses(connect: Connect) -> None:
    """A document that was changed after our snapshot can't be written from it."""
    ours, theirs = await connect(), await connect()
    async with ours.transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": "row", "n": 0})])
    with pytest.raises(Contended):
        async with ours.transaction() as transaction:
            await transaction.find("plain", {"_id": "row"})
            async with theirs.transaction() as other:
                await other.write("plain", [Replace({"_id": "row", "n": 5})])
            await transaction.write("plain", [Replace({"_id": "row", "n": 1})])
    assert [{"_id": "row", "n": 5}] == await theirs.find("plain", {})


async def test_a_killed_session_commits_nothing_and_holds_nothing(connect: Connect) -> None:
    """A former owner that was killed loses its open transaction; its documents are free at once."""
    former, owner = await connect(), await connect()
    async with owner.transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": "row", "n": 0})])
    with pytest.raises(Infrastructure):
        async with former.transaction() as transaction:
            await transaction.write("plain", [Replace({"_id": "row", "n": 1})])
            await owner.kill(former.session)
            async with owner.transaction() as mine:
                await mine.write("plain", [Replace({"_id": "row", "n": 2}, {"n": 0})])
    assert [{"_id": "row", "n": 2}] == await owner.find("plain", {})
    async with former.transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": "after"})])
    assert 2 == await owner.count("plain", {})


async def test_an_array_meets_a_filter_with_any_of_its_elements(connect: Connect) -> None:
    """Leads are found by the companies and categories that they have among others."""
    store = await connect()
    async with store.transaction() as transaction:
        rows = [{"_id": 1, "of": ["a", "b"]}, {"_id": 2, "of": ["c"]}, {"_id": 3, "of": []}]
        await transaction.write("plain", [Insert(row) for row in rows])
    assert [1] == [row["_id"] for row in await store.find("plain", {"of": "b"})]
    wanted = {"of": {"$in": ["b", "c", "d"]}, "_id": {"$lt": 3}}
    found = await store.find("plain", wanted, sort=[("_id", 1)])
    assert [1, 2] == [row["_id"] for row in found]


@pytest.mark.parametrize(
    "value", [2**63, datetime.fromisoformat("0001-01-01T00:00:00+14:00"), {"a\0": 1}, {1, 2}]
)
async def test_nobody_can_ask_for_what_no_document_can_hold(
    connect: Connect, value: object
) -> None:
    """Who is told so by the fake is not surprised by a server."""
    store = await connect()
    with pytest.raises((OverflowError, InvalidDocument)):
        await store.find("plain", {"of": value})
    with pytest.raises((OverflowError, InvalidDocument)):
        async with store.transaction() as transaction:
            await transaction.find("plain", {"of": value})


async def test_an_instant_is_asked_for_to_the_millisecond(connect: Connect) -> None:
    """As it is kept: who asks for what a clock told finds it."""
    store = await connect()
    at = datetime(2026, 3, 2, 8, 0, 0, 123_456, UTC)
    async with store.transaction() as transaction:
        await transaction.write("plain", [Insert({"_id": 1, "at": at})])
    assert [1] == [row["_id"] for row in await store.find("plain", {"at": at})]


async def test_filters_sorting_and_limits(connect: Connect) -> None:
    """The part of the filter language that the port promises."""
    store = await connect()
    async with store.transaction() as transaction:
        rows = [{"_id": n, "shard": n % 2, "at": 10 - n, "to": {"name": f"e{n}"}} for n in range(6)]
        await transaction.write("due", [Insert(row) for row in rows])
        found = await transaction.find(
            "due",
            {"shard": {"$in": [0]}, "at": {"$lte": 8}, "to.name": {"$nin": ["e4"]}},
            sort=[("at", 1)],
            limit=5,
        )
    assert [2] == [row["_id"] for row in found]
    assert [5, 4] == [row["_id"] for row in await store.find("due", {}, sort=[("at", 1)], limit=2)]
    assert [3] == [
        row["_id"] for row in await store.find("due", {}, sort=[("at", 1)], limit=1, skip=2)
    ]
