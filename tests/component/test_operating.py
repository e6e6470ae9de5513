"""What operators are told of a service that runs."""

from datetime import timedelta
from typing import Any

import pytest

from shared.loop import effects
from shared.loop.decision import Verdict
from shared.loop.pulse import Pulse
from shared.operating_api import routes
from shared.testing.log import MemoryLog
from shared.topics import shard_of
from tests.apis import app_of, client, found
from tests.component.world import BROKEN, PARTITIONS, Town


async def answer_to(town: Town, path: str) -> Any:
    process = town.world.groups[0].members[0]
    router = routes(process.loop, process.ticker, Pulse(process.loop), 0)
    return await found(client(app_of(router)), path)


async def endpoints(town: Town) -> Any:
    return (await answer_to(town, "/endpoints"))["items"]


async def test_an_endpoint_that_fails_is_shown_with_what_waits_for_it(town: Town) -> None:
    """Until one of its attempts has a clear end."""
    town.answers = [(Verdict.UNKNOWN, "answered 500")] * 5
    town.ask("call", mood="outside")
    await town.for_seconds(200)
    (row,) = await endpoints(town)
    assert {"endpoint": "x.example", "failures": 5, "breaker_open": True, "waiting": 1} == row
    await town.rest()
    assert [] == await endpoints(town)


async def test_the_retries_of_an_endpoint_that_only_fails_are_no_attempts(town: Town) -> None:
    """While its breaker is open: `attempt_at` is a stop of the clock, `next_at` any retry."""
    town.answers = [(Verdict.UNKNOWN, "answered 429")] * 16
    for number in range(16):
        town.ask(f"w{number}", mood="outside")
    await town.for_seconds(5)
    effects = await standing(town)
    assert (16, None) == (effects["waiting"], effects["attempt_at"])
    assert effects["next_at"] <= effects["latest_at"]
    await town.rest()
    effects = await standing(town)
    assert (0, None, None) == tuple(effects[n] for n in ("waiting", "next_at", "attempt_at"))


async def standing(town: Town) -> dict[str, Any]:
    process = town.world.groups[0].members[0]
    shards, worker = list(process.loop.shards), process.loop.worker
    now = process.loop.clock.now()
    full, dead = worker.without_room(), worker.dead()
    return await effects.summary(process.loop.store, shards, now, full=full, dead=dead)


async def test_a_waiting_effect_shows_what_its_attempts_came_to(town: Town) -> None:
    town.answers = [(Verdict.UNKNOWN, "answered 500")] * 2
    town.ask("call", mood="outside")
    await town.for_seconds(15)
    (row,) = town.stored("effects")
    assert ["answered 500"] * 2 == [attempt["text"] for attempt in row["tried"]]
    await town.rest()
    assert [] == town.stored("effects")


async def test_a_deadline_that_waits_for_records_is_told_with_its_shard(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.ask("word", mood="later")
    await town.rest()
    monkeypatch.setattr(MemoryLog, "fetch", lambda _self, _size: [])
    town.ask("in time")
    town.world.clock.ahead += timedelta(days=1)
    await town.for_seconds(2)
    due = (await status(town))["due"]
    assert (1, [shard_of(b"ann", PARTITIONS)]) == (due["now"], due["waiting_for_records"])


async def test_a_deadline_behind_a_dead_letter_waits_and_is_not_due(town: Town) -> None:
    """Until somebody has resolved the record; a reader of the status may rest meanwhile."""
    town.ask("word", mood="later")
    await town.rest()
    BROKEN.add("second")
    town.follow("second")
    await town.for_seconds(5)
    town.world.clock.ahead += timedelta(days=2)
    await town.for_seconds(5)
    assert 1 == len(town.stored("due"))
    due = (await status(town))["due"]
    assert {"now": 0, "next_at": None, "waiting_for_records": []} == due
    (head,) = town.stored("dead_letters")
    town.operate("skip", id=head["_id"], reason="given up")
    await town.rest()
    assert [] == town.stored("due")


async def status(town: Town) -> Any:
    return await answer_to(town, "/status")
