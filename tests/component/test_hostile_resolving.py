"""Replays and skips as nobody meant them: each is answered, and stops nothing."""

import json

import pytest

from tests.component.world import COMMANDS, Speak, Town

REPLAY, SKIP = (f"leadops.routing.dead-letter.{what}.v1" for what in ("replay", "skip"))


def publish(town: Town, kind: str, key: str, **data: str) -> None:
    town.publish(COMMANDS, kind, key, json.dumps(data).encode())


def states(town: Town) -> list[str]:
    return [row["state"] for row in town.stored("dead_letters")]


async def test_a_replay_that_was_dead_lettered_is_not_replayed(town: Town) -> None:
    """Corrected, it could ask for itself, without end."""
    for _ in range(4):
        town.publish(COMMANDS, REPLAY, "ann", b"no JSON")
    await town.rest()
    for row in town.stored("dead_letters"):
        publish(town, REPLAY, "ann", id=row["_id"], value=json.dumps({"id": row["_id"]}))
    town.ask("and on")
    await town.rest()
    assert 4 == [code for _, code in town.answer_codes()].count("not_replayable")
    assert ["replayed"] * 4 == states(town)
    assert ["and on"] == town.words()


@pytest.mark.parametrize("second", [REPLAY, SKIP])
async def test_of_two_commands_about_one_record_the_first_counts(town: Town, second: str) -> None:
    """Also if both come in one batch, and the second brings another value, or none."""
    town.publish(COMMANDS, Speak.TYPE, "ann", b"[]")
    await town.rest()
    (row,) = town.stored("dead_letters")
    publish(town, REPLAY, "ann", id=row["_id"], value='{"word": "first"}')
    publish(town, second, "ann", id=row["_id"], value='{"word": "second"}', reason="no")
    await town.restart()
    assert ["first"] == town.words()
    assert [("c2", "accepted"), ("c3", "dead_letter_unknown")] == town.answer_codes()[-2:]
    assert ["replayed"] == states(town)


async def test_a_value_that_fails_takes_nothing_from_the_next_one(town: Town) -> None:
    """Of one batch."""
    town.publish(COMMANDS, Speak.TYPE, "ann", b"[]")
    await town.rest()
    (row,) = town.stored("dead_letters")
    publish(town, REPLAY, "ann", id=row["_id"], value="null")
    publish(town, REPLAY, "ann", id=row["_id"], value='{"word": "second"}')
    await town.restart()
    assert ["second"] == town.words()
    assert ("c2", "still_fails") in town.answer_codes()
    assert ["replayed"] == states(town)
