"""What an earlier version stored is read: what it did not know has the value that it went by."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake import store as intake
from services.routing import store as routing
from shared.loop.collection import Collection
from shared.loop.decision import Cause
from shared.loop.outbox import EnvelopeWriter
from shared.loop.resolve import row_of
from shared.loop.seal import key_of
from shared.loop.shard import to_document
from shared.store import Document, Insert, Replace
from shared.testing.memory import MemoryStore
from shared.testing.simulator import SECRET
from tests.component.leads import Platform
from tests.component.test_loop_edges import MINE
from tests.component.world import EVENTS, PARTITIONS, Spoken, Town

NEW_SINCE: list[tuple[str, Collection[Any], Document]] = [
    (
        "intake",
        intake.LEADS,
        {
            "known_by": "email",
            "source": "affiliate",
            "replaces": None,
            "held": (),
            "given": {},
            "sent_to": (),
            "changes": (),
            "categories": (),
            "converted_at": None,
            "conflicts_with": None,
            "blank": (),
            "unread": (),
        },
    ),
    ("intake", intake.CONTACTS, {"accepted": ()}),
    ("routing", routing.CAMPAIGNS, {"created_at": None}),
    ("routing", routing.VERSIONS, {"revision": 0}),
    ("routing", routing.CAPACITIES, {"counted": {}}),
    ("routing", routing.SENDS, {"counters": (), "rank": 0, "claim": None, "trace": None}),
    (
        "routing",
        routing.LEADS,
        {"withdrawn": False, "withdrawals": (), "is_exclusive": False, "queue": ()},
    ),
]


@pytest.mark.parametrize(
    ("service", "collection", "new"),
    NEW_SINCE,
    ids=[f"{service} {collection.name}" for service, collection, _ in NEW_SINCE],
)
async def test_what_was_not_kept_is_as_it_was_then(
    platform: Platform, service: str, collection: Collection[Any], new: Document
) -> None:
    await platform.campaign()
    await platform.submit()
    row = platform.stored(collection.name, service)[0]
    kept = {name: value for name, value in row.items() if name not in new}
    assert kept.keys() | new.keys() == row.keys()
    entity = collection.from_document(kept)
    assert new == {name: getattr(entity, name) for name in new}


async def test_what_was_called_otherwise_is_read(platform: Platform) -> None:
    await platform.campaign()
    await platform.submit()
    (send,) = platform.stored("sends", "routing")
    of_then = {**send, "schema": 2, "slots": send["counters"]}
    del of_then["counters"]
    assert routing.SENDS.from_document(send) == routing.SENDS.from_document(of_then)
    (lead,) = platform.stored("leads", "routing")
    (claim,) = lead["claims"]
    lead["claims"] = [claim | {"state": "claimed", "attempt": 2}]
    of_then = {**lead, "schema": 2, "asked": [claim | {"state": "asked", "ask": 2}]}
    del of_then["claims"]
    assert routing.LEADS.from_document(lead) == routing.LEADS.from_document(of_then)


async def test_a_deadline_that_nobody_can_read_is_kept_and_the_others_come(town: Town) -> None:
    """One that a newer version set lies there after going back to this one."""
    town.ask("hello", mood="later")
    town.ask("hello", key="bea", mood="later")
    await town.rest()
    newer, _ = town.stored("due")
    async with MemoryStore(town.world.databases["routing"]).transaction() as transaction:
        await transaction.write("due", [Replace({**newer, "kind": "of a newer version"})])
    town.world.clock.ahead += timedelta(days=2)
    await town.for_seconds(5)
    (kept,) = town.stored("dead_letters")
    assert ("kind_unknown", "of a newer version") == (kept["code"], kept["stored"]["kind"])
    assert ["hello", "hello", "it is time"] == town.words()
    assert [] == town.stored("due")


async def test_what_lies_beside_the_row_to_be_published_is_published(town: Town) -> None:
    """An earlier version kept all of it in documents of its own, and knew no outbox in the row."""
    town.ask("first")
    await town.rest()
    town.world.groups[0].members[0].crash()
    row = await row_of(town.store(), MINE)
    writer = EnvelopeWriter("routing", PARTITIONS, key_of(SECRET))
    cause = Cause("c9", "test", "ann", town.world.clock.now())
    data = Spoken(word="left", count=9).model_dump_json().encode()
    record = writer.event(row, cause, "e9", Spoken.TYPE, EVENTS, "ann", data)
    headers = [part for header in record.headers for part in header]
    flat = [record.topic, record.partition, record.key, record.value, headers]
    left = {"_id": f"{MINE}/1/9/0", "shard": MINE, "step": [9, 0], "records": [flat]}
    new = ("outbox", "outbox_records", "overtaken")
    of_then = {name: value for name, value in to_document(row).items() if name not in new}
    async with town.store().transaction() as transaction:
        await transaction.write("shards", [Replace(of_then)])
        await transaction.write("outbox", [Insert(left)])
    await town.for_seconds(1)
    await town.rest()
    town.ask("after")
    await town.rest()
    assert (["first", "left", "after"], []) == (town.words(), town.stored("outbox"))
