"""A platform that an earlier version has left in the middle of its work goes on in this one.

`before/words_of_then.json` has what that version stored, dumped from its own stores after a story:
before the language was changed, so all that is called otherwise now is in it. Positions are left
out, since its topics are not there.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from bson import json_util

from cli.dead_letter_text import what_helps
from shared.dead_letters_api import routes
from shared.loop import migrations
from shared.mongo import decode, encode
from shared.store import Insert
from shared.testing import virtual_time
from shared.testing.memory import MemoryStore
from shared.testing.simulator import EPOCH
from tests.apis import app_of, client, found
from tests.component.leads import Platform
from tests.simulation.lead_path import BUILDS
from tests.simulation.tallies import violations

BEFORE: Any = json_util.loads((Path(__file__).parent / "before/words_of_then.json").read_text())
DAY = timedelta(days=1)


async def upgraded() -> Platform:
    """Its documents in the stores, moved to where they lie now, and the clock where it was."""
    platform = Platform()
    platform.world.clock.ahead = datetime.fromisoformat(BEFORE["now"]) - EPOCH
    for group in platform.world.groups:
        store = MemoryStore(platform.world.databases[group.service])
        async with store.transaction() as transaction:
            for name, rows in BEFORE[group.service].items():
                documents = [decode(encode(row)) for row in rows]
                await transaction.write(name, [Insert(document) for document in documents])
        service = group.build()
        await migrations.migrate(store, service.former, service.tallies)
    await platform.world.run(lambda _: iter(()), 0)
    await platform.rest()
    return platform


def test_what_was_under_way_is_ended() -> None:
    """A send that is tried again, one that waits for its day, a held lead, a delivery, a rescan."""

    async def story() -> None:
        platform = await upgraded()
        assert ["R-5"] == list(platform.got("fails"))
        assert {"capped", "fails", "shut", "waits"} == platform.states("R-5").keys()
        await platform.advance(4 * DAY + timedelta(hours=2))
        # Of one company one: the limit of then holds.
        assert 3 == len(platform.got("waits"))
        assert {"sent"} == {platform.states(f"R-{n}")["waits"] for n in (1, 2, 5)}
        assert 1 == len(platform.events("intake.delivery.reconciled"))
        kinds = {row["kind"] for s in BUILDS for row in platform.stored("due", s)}
        assert kinds <= {"remind", "watch"}
        await release(platform)

    run(story())


async def release(platform: Platform) -> None:
    data = {"affiliate": "acme", "reference": "R-3", "answers": {"q_budget": "under 10k"}}
    assert (await platform.ask("intake.lead.release", "acme:R-3", data))["accepted"]
    assert "accepted" == platform.outcome("R-3")


def test_what_was_counted_counts() -> None:
    """A cap that was reached stays so; who was sent, and which reference was taken, is known."""

    async def story() -> None:
        platform = await upgraded()
        assert {"reserved": 0, "used": 3, "uncertain": 0} == platform.capacity("capped")
        assert [] == list(violations(platform.world))
        await platform.upload(1, 7, Budget="under 10k")
        assert ["cap_reached"] == platform.against("R-7", "capped")
        assert [] == list(platform.got("capped"))
        assert {"capped", "fails", "shut", "waits"} == platform.states("R-7").keys()
        events = [event["reference"] for event in platform.events("intake.lead.accepted")]
        assert ["R-7"] == events

    run(story())


def test_what_was_put_is_as_it_was_put() -> None:
    """The same again is no new version; what was set aside is a dead letter."""

    async def story() -> None:
        platform = await upgraded()
        caps = {"caps": {"total": 3}}
        await platform.campaign("capped", **caps)
        (campaign,) = [
            row for row in platform.stored("campaigns", "routing") if row["_id"] == "main/capped"
        ]
        assert 1 == campaign["number"]
        (kept,) = platform.stored("dead_letters")
        assert ("invalid", "dead") == (kept["code"], kept["state"])
        assert [] == platform.stored("set_aside") + platform.stored("campaign_books", "routing")

    run(story())


def test_what_helps_with_a_command_that_was_dead_lettered_for_its_data_is_told() -> None:
    """It is listed; a corrected value helps, and so does a replay as it is."""

    async def story() -> None:
        platform = await upgraded()
        api = client(app_of(routes(MemoryStore(platform.world.databases["intake"]))))
        (brief,) = (await found(api, "/dead-letters", state=["dead"]))["items"]
        item = await found(api, f"/dead-letters/{quote(brief['id'])}")
        replay = f"leadops dead-letters replay {item['id']}"
        assert {replay, f"{replay} --value FILE"} <= {*what_helps(item)}

    run(story())


GOOD = '{"affiliate": "acme", "reference": "R-9", "record": {}}'


@pytest.mark.parametrize(
    ("what", "data", "state", "answers"),
    [
        ("replay", {}, "replayed", ["accepted", "invalid"]),
        ("replay", {"value": GOOD}, "replayed", ["accepted", "unusable"]),
        ("replay", {"value": GOOD.replace("R-9", "")}, "dead", ["still_fails"]),
        ("skip", {"reason": "mended and published anew"}, "skipped", ["accepted"]),
    ],
)
def test_a_command_that_was_dead_lettered_for_its_data_can_still_be_resolved(
    what: str, data: dict[str, str], state: str, answers: list[str]
) -> None:
    """As it is, it is refused as today; corrected, it is decided; and it is still listed."""

    async def story() -> None:
        platform = await upgraded()
        (kept,) = platform.stored("dead_letters")
        asked = data | {"id": kept["_id"]}
        await platform.ask(f"intake.dead-letter.{what}", kept["key"], asked)
        (kept,) = platform.stored("dead_letters")
        assert (state, "invalid") == (kept["state"], kept["code"])
        assert answers == sorted(answer["code"] for answer in platform.answers())

    run(story())


def run(story: Any) -> None:
    async def whole() -> None:
        await story
        await asyncio.sleep(0)

    virtual_time.run(whole())
