"""What a newer version stored, while this one runs beside it or after it: nothing of it is lost."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.routing.queries import api as routing_api
from shared.loop import dead_letters
from shared.store import Replace
from shared.testing.memory import MemoryStore
from tests.apis import app_of, client
from tests.builders import put_affiliate
from tests.component.leads import Platform, pause

OF_NEWER = {"of_newer": {"score": 7}}
NEWER_SCHEMA = 99


async def change(platform: Platform, service: str, collection: str, **changes: Any) -> None:
    """All documents of a collection, as another version might write them."""
    store = MemoryStore(platform.world.databases[service])
    rows = await store.find(collection, {})
    assert rows
    async with store.transaction() as transaction:
        await transaction.write(collection, [Replace(row | changes) for row in rows])


async def pause_north(platform: Platform) -> None:
    await platform.ask("routing.campaign.pause", "north", pause("north"))


async def upload_another(platform: Platform) -> None:
    await platform.upload(2)


async def upload_again(platform: Platform) -> None:
    await platform.submit("R-9")


async def rename_acme(platform: Platform) -> None:
    changed = put_affiliate().model_dump(mode="json") | {"name": "Acme Leads"}
    await platform.ask("intake.affiliate.put", "acme", changed)


@pytest.mark.parametrize(
    ("service", "collection", "act"),
    [
        ("routing", "campaigns", pause_north),
        ("routing", "campaign_capacities", upload_another),
        ("intake", "leads", upload_again),
        ("intake", "affiliates", rename_acme),
    ],
)
async def test_what_a_newer_version_added_is_still_there(
    platform: Platform, service: str, collection: str, act: Callable[[Platform], Awaitable[None]]
) -> None:
    """Its replicas and this one write the same documents, until this one is stopped."""
    await platform.campaign()
    await platform.submit("R-9", record={"Mail": ""})
    await platform.upload(1)
    await change(platform, service, collection, **OF_NEWER)
    before = {row["_id"]: row["version"] for row in platform.stored(collection, service)}
    await act(platform)
    known = [row for row in platform.stored(collection, service) if row["_id"] in before]
    assert [row for row in known if row["version"] > before[row["_id"]]]
    assert [OF_NEWER["of_newer"]] * len(before) == [row.get("of_newer") for row in known]


async def test_what_only_a_newer_version_can_read_waits_for_it(platform: Platform) -> None:
    """It is neither read wrong nor dead-lettered, and who asks is told why."""
    await platform.campaign()
    (stored,) = platform.stored("campaigns", "routing")
    await change(platform, "routing", "campaigns", schema=NEWER_SCHEMA)
    id = platform.publish("routing.campaign.pause", "north", pause("north"))  # noqa: A001
    for _ in range(5):
        await platform.world.one_second()
    assert id not in [answer["command"] for answer in platform.answers()]
    assert [] == platform.stored(dead_letters.COLLECTION, "routing")
    store = MemoryStore(platform.world.databases["routing"])
    answer = await client(app_of(routing_api.routes(store, platform.world.clock))).get("/campaigns")
    assert (503, True) == (answer.status_code, "a newer version" in answer.json()["error"]["text"])
    await change(platform, "routing", "campaigns", schema=stored["schema"])
    await platform.rest()
    (answered,) = [one for one in platform.answers() if one["command"] == id]
    assert "paused" == answered["code"]
