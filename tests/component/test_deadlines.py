"""Deadlines, and what keeps them back."""

from datetime import timedelta

from tests.component.world import BROKEN, Town


async def test_a_blocked_key_blocks_its_deadlines_too(town: Town) -> None:
    """A deadline of a blocked key fires only when its records were dealt with."""
    town.ask("hello", mood="later")
    await town.rest()
    BROKEN.add("second")
    town.follow("second")
    await town.rest()
    town.world.clock.ahead += timedelta(days=2)
    await town.for_seconds(5)
    assert "it is time" not in town.words()
    (head,) = town.stored("dead_letters")
    town.operate("skip", id=head["_id"], reason="given up")
    await town.for_seconds(5)
    assert "it is time" in town.words()


async def test_a_deadline_fires_once_at_its_time(town: Town) -> None:
    """Not before, and not again."""
    town.ask("hello", mood="later")
    await town.rest()
    assert ["hello"] == town.words()
    town.world.clock.ahead += timedelta(days=1)
    await town.for_seconds(5)
    await town.restart()
    assert ["hello", "it is time"] == town.words()
    assert [] == town.stored("due")
