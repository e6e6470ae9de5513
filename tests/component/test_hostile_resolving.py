"""Replays and skips as nobody meant them: each is answered, and stops nothing."""

import json

import pytest

from tests.component.world import COMMANDS, Speak, Town, in_town

REPLAY, SKIP = (f"leadops.routing.dead-letter.{what}.v1" for what in ("replay", "skip"))


def told(town: Town, kind: str, key: str, **data: str) -> None:
    town.publish(COMMANDS, kind, key, json.dumps(data).encode())


def states(town: Town) -> list[str]:
    return [row["state"] for row in town.stored("dead_letters")]


def test_a_replay_that_was_dead_lettered_is_not_replayed() -> None:
    """Corrected, it could ask for itself, without end."""

    async def story(town: Town) -> None:
        for _ in range(4):
            told(town, REPLAY, "ann", wrong="field")
        await town.rest()
        for row in town.stored("dead_letters"):
            told(town, REPLAY, "ann", id=row["_id"], value=json.dumps({"id": row["_id"]}))
        town.ask("and on")
        await town.rest()
        assert 4 == [code for _, code in town.answer_codes()].count("not_replayable")
        assert ["replayed"] * 4 == states(town)
        assert ["and on"] == town.words()

    in_town(story)


@pytest.mark.parametrize("second", [REPLAY, SKIP])
def test_of_two_commands_about_one_record_the_first_counts(second: str) -> None:
    """Also if both come in one batch, and the second brings another value, or none."""

    async def story(town: Town) -> None:
        town.publish(COMMANDS, Speak.TYPE, "ann", b"{}")
        await town.rest()
        (row,) = town.stored("dead_letters")
        told(town, REPLAY, "ann", id=row["_id"], value='{"word": "first"}')
        told(town, second, "ann", id=row["_id"], value='{"word": "second"}', reason="no")
        await town.restart()
        assert ["first"] == town.words()
        assert [("c2", "accepted"), ("c3", "dead_letter_unknown")] == town.answer_codes()[-2:]
        assert ["replayed"] == states(town)

    in_town(story)


def test_a_value_that_fails_takes_nothing_from_the_next_one() -> None:
    """Of one batch."""

    async def story(town: Town) -> None:
        town.publish(COMMANDS, Speak.TYPE, "ann", b"{}")
        await town.rest()
        (row,) = town.stored("dead_letters")
        told(town, REPLAY, "ann", id=row["_id"], value="null")
        told(town, REPLAY, "ann", id=row["_id"], value='{"word": "second"}')
        await town.restart()
        assert ["second"] == town.words()
        assert ("c2", "still_fails") in town.answer_codes()
        assert ["replayed"] == states(town)

    in_town(story)
