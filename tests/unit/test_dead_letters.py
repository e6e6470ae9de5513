"""How much of a record is kept that was dead-lettered."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.bounds import KEPT_BYTES_MAX
from shared.errors import Poison
from shared.loop import dead_letters
from shared.loop.item import Disposition, Unreadable
from shared.loop.log import RawRecord
from shared.store import Insert
from shared.testing.memory import MemoryDatabase, MemoryStore

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
Headers = list[tuple[str, bytes | None]]


def kept(headers: Headers) -> dict[str, Any]:
    record = RawRecord("routing.commands.v1", 0, 7, b"ann", b"{}", headers)
    item = Unreadable(
        "routing.commands.v1/0/7", 0, Disposition.DEAD_LETTERED, record, poison=Poison("x", "why")
    )
    document = dead_letters.new_document(item, 1, NOW, None)
    raw: dict[str, Any] = document["record"]
    return raw


@pytest.mark.parametrize("room", [0, 1, 2])
def test_headers_are_kept_up_to_a_bound(room: int) -> None:
    """Of the one that is beyond it the first part, of those behind it nothing, and what is cut is
    told."""
    long = ("a", b"x" * (KEPT_BYTES_MAX - 2 - room))
    raw = kept([long, ("b", b"yy"), ("c", b"z")])
    parts: list[list[list[Any]]] = [[], [["b", b"y"]], [["b", b"yy"]]]
    assert [[*long], *parts[room]] == raw["headers"]
    assert {"headers"} == raw["cut"].keys()


def test_headers_that_fit_are_kept_whole() -> None:
    headers: Headers = [("a", b"x"), ("b", None), ("", b""), ("a", b"y")]
    raw = kept(headers)
    assert [list(header) for header in headers] == raw["headers"]
    assert {} == raw["cut"]


def test_headers_without_anything_in_them_count_too() -> None:
    """Millions of them are a few bytes on the wire."""
    raw = kept([("", b"")] * (KEPT_BYTES_MAX + 1))
    assert KEPT_BYTES_MAX == len(raw["headers"])


async def test_a_shard_is_opened_with_the_lanes_that_wait_in_it() -> None:
    """Of each tenant its own: behind a dead letter that blocks its key, or behind one that was
    resolved while much waits. An earlier version named no tenant, and not what is blocked."""
    ordered = {"topic": "routing.claims.v1"}
    rows: list[dict[str, Any]] = [
        {"_id": "dead", "shard": 1, "tenant": "north", "key": "ann", "blocks_key": True},
        {"_id": "skipped", "shard": 1, "tenant": "north", "key": "bea", "state": "skipped"},
        {"_id": "alone", "shard": 1, "tenant": "north", "key": "cid", "blocks_key": False},
        {"_id": "earlier", "shard": 1, "key": "ann", "record": ordered},
        {"_id": "released", "shard": 2, "tenant": "main", "key": "ann", "state": "waiting"},
        {"_id": "head", "shard": 2, "tenant": "main", "key": "bea", "blocks_key": True},
        {"_id": "behind", "shard": 2, "tenant": "main", "key": "bea", "state": "waiting"},
        {"_id": "elsewhere", "shard": 3, "tenant": "main", "key": "ann", "blocks_key": True},
    ]
    store = MemoryStore(MemoryDatabase())
    async with store.transaction() as transaction:
        inserts = [Insert({"version": 1, "state": "dead", **row}) for row in rows]
        await transaction.write(dead_letters.COLLECTION, inserts)
    assert {
        1: {("north", "ann"): "dead", ("main", "ann"): "earlier"},
        2: {("main", "ann"): dead_letters.RELEASING, ("main", "bea"): "head"},
        4: {},
    } == await dead_letters.blocked_lanes(store, [1, 2, 4])
