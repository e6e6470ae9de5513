"""Effects: begun after their step, tried again, given up."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from shared.loop.decision import Verdict
from tests.component.world import BROKEN, Town


def ask_of_a_dead_endpoint(town: Town, times: int) -> None:
    """It takes half a minute to give no answer."""
    town.answers, town.takes_seconds = [(Verdict.UNKNOWN, "no answer")] * 1_000, 30
    for number in range(times):
        town.ask(f"w{number}", mood="outside")


async def test_an_effect_is_tried_again_with_the_same_request_until_it_is_done(town: Town) -> None:
    """Unknown results are retried; the endpoint sees one id and one body."""
    town.answers = [(Verdict.UNKNOWN, "no answer"), (Verdict.NOT_TRIED, "unreachable")]
    town.ask("call", mood="outside")
    await town.rest()
    assert ["call", "done"] == town.words()
    assert 3 == len(town.requests)
    assert 1 == len({(row["_id"], row["request"]["body"]) for row in town.requests})


@pytest.mark.parametrize(
    ("verdict", "outcome"), [(Verdict.UNKNOWN, "uncertain"), (Verdict.NOT_TRIED, "refused")]
)
async def test_an_effect_is_given_up_after_a_day(
    town: Town, verdict: Verdict, outcome: str
) -> None:
    """Without a clear result it stays uncertain; if it certainly never happened it is refused."""
    town.answers = [(verdict, "failing")] * 500
    town.ask("call", mood="outside")
    await town.rest()
    assert ["call", outcome] == town.words()


async def test_an_effect_begins_once_the_events_of_its_step_are_published(town: Town) -> None:
    """Nobody hears of a send before the claim that it follows from."""
    for number in range(3):
        town.ask(f"w{number}", mood="outside")
        await town.rest()
    assert [1, 3, 5] == town.published_at_requests


async def test_what_stands_behind_a_dead_endpoint_is_given_up_too(town: Town) -> None:
    """One attempt at a time is made there, so most rows would never get another one: they end with
    the day all the same, and only those that were tried may have happened."""
    ask_of_a_dead_endpoint(town, 60)
    await town.for_seconds(120)
    town.world.clock.set_by += timedelta(hours=24)
    await town.for_seconds(60)
    assert town.stored("effects"), "it may come round yet"
    town.world.clock.ahead += timedelta(minutes=15)
    await town.for_seconds(60)
    tried = {row["_id"] for row in town.requests}
    ends = Counter(word for word in town.words() if not word.startswith("w"))
    assert {"uncertain": len(tried), "refused": 60 - len(tried)} == ends
    assert ends["refused"]
    assert not town.stored("effects")


async def test_many_ends_at_once_do_not_hide_one_that_fails(town: Town) -> None:
    """Halving the batch halves what is given up too, until one input is left to blame."""
    ask_of_a_dead_endpoint(town, 60)
    await town.for_seconds(120)
    waiting = [row["_id"] for row in town.stored("effects") if row["state"] == "waiting"]
    BROKEN.add(waiting[-1])
    town.world.clock.ahead += timedelta(hours=24)
    await town.for_seconds(300)
    (kept,) = town.stored("dead_letters")
    assert ("unexpected", f"effect/{waiting[-1]}") == (kept["code"], kept["_id"])
    assert not town.stored("effects")


async def test_a_definite_refusal_ends_an_effect_at_once(town: Town) -> None:
    """It is not tried again."""
    town.answers = [(Verdict.REFUSED, "answered 422")]
    town.ask("call", mood="outside")
    await town.rest()
    assert ["call", "refused"] == town.words()
    assert 1 == len(town.requests)


async def test_a_stop_at_any_moment_makes_no_attempt_a_second_time(town: Town) -> None:
    """What an endpoint has answered is decided on the way out, also where a step had just taken it:
    whoever comes next would have to ask again."""
    town.takes_seconds = 0.02
    for moment in range(60):
        town.ask(f"w{moment}", mood="outside")
        await asyncio.sleep(moment * 0.004)
        await town.world.groups[0].members[0].stop()
        await town.rest()
    assert 60 == len(town.requests) == len({row["_id"] for row in town.requests})
    assert not town.stored("effects")
