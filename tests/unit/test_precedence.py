"""For how long deadlines wait for the records that came before them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from shared.loop.log import Place
from shared.loop.precedence import LAG_SECONDS_MAX, Precedence
from shared.loop.shard import Shard, ShardRow
from tests.builders import NOW

PLACE = ("town.commands.v1", 0)


class Ends:
    """A log of which only the ends are asked."""

    async def bounds(self, places: Sequence[Place]) -> Mapping[Place, tuple[int, int]]:
        return dict.fromkeys(places, (0, 100))


def shard(epoch: int, position: int) -> dict[int, Shard]:
    return {0: Shard(0, [PLACE], row=ShardRow(0, epoch=epoch, next={PLACE[0]: position}))}


async def test_a_shard_that_lags_for_too_long_lets_its_deadlines_go() -> None:
    counters: Counter[str] = Counter()
    log: Any = Ends()
    precedence = Precedence(log, counters)
    assert {} == await precedence.free_until(shard(1, 50), NOW, 0)
    assert {} == await precedence.free_until(shard(1, 99), NOW, LAG_SECONDS_MAX - 1)
    assert {0: NOW} == await precedence.free_until(shard(1, 99), NOW, LAG_SECONDS_MAX)
    assert 1 == counters["deadlines_before_records"]


async def test_a_shard_that_was_closed_did_not_lag() -> None:
    """While the store is away, or another process has it, it takes nothing: once it is open again
    its records go first."""
    counters: Counter[str] = Counter()
    log: Any = Ends()
    precedence = Precedence(log, counters)
    assert {} == await precedence.free_until(shard(1, 50), NOW, 0)
    assert {} == await precedence.free_until(shard(2, 50), NOW, 10 * LAG_SECONDS_MAX)
    assert {0: NOW} == await precedence.free_until(shard(2, 100), NOW, 10 * LAG_SECONDS_MAX + 1)
    assert not counters
