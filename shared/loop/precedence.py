"""Records go before deadlines: one that came due is decided once its shard has taken all that lay
in its topics then.

Without this a deadline would overtake what came in time, and find that it had not come: after a
pause of the service, behind a long queue, or when the clock of a stack jumps by a day. No shard
waits for ever: what lags longer lets its deadlines go, and that is counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.loop.log import Log, Place
from shared.loop.shard import Shard
from shared.loop.within import BROKER_SECONDS_MAX, within

LAG_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Awaited:
    """What lay in a shard's topics at a moment, and has to be taken before its deadlines of up to
    then are decided."""

    moment: datetime
    ends: Mapping[Place, int]
    since: float
    epoch: int

    def is_taken(self, shard: Shard) -> bool:
        return all(shard.row.next.get(topic, 0) >= end for (topic, _), end in self.ends.items())


class Precedence:
    def __init__(self, log: Log, counters: Counter[str]) -> None:
        self._log = log
        self._counters = counters
        self._free: dict[int, datetime] = {}
        self._awaited: dict[int, Awaited] = {}

    def waiting(self, shards: Iterable[int]) -> set[int]:
        """Those of these whose deadlines wait for records."""
        return self._awaited.keys() & set(shards)

    async def free_until(
        self, shards: Mapping[int, Shard], now: datetime, monotonic: float
    ) -> dict[int, datetime]:
        """Of shards in which something is due, the moment up to which it may be decided; a shard
        that has to take records first, and had none before, is not among them."""
        self._forget_what_was_closed(shards)
        self._free_what_was_taken(shards, monotonic)
        await self._await_what_lies_there(shards, now, monotonic)
        self._free_what_was_taken(shards, monotonic)
        return {number: self._free[number] for number in shards if number in self._free}

    def _forget_what_was_closed(self, shards: Mapping[int, Shard]) -> None:
        """While a shard is not open it takes nothing, which is no lag; opening raises its epoch."""
        for number in self._awaited.keys() & shards.keys():
            if self._awaited[number].epoch != shards[number].row.epoch:
                del self._awaited[number]

    def _free_what_was_taken(self, shards: Mapping[int, Shard], monotonic: float) -> None:
        for number in self._awaited.keys() & shards.keys():
            awaited = self._awaited[number]
            is_taken = awaited.is_taken(shards[number])
            if not is_taken and monotonic - awaited.since < LAG_SECONDS_MAX:
                continue
            if not is_taken:
                self._counters["deadlines_before_records"] += 1
            self._free[number] = awaited.moment
            del self._awaited[number]

    async def _await_what_lies_there(
        self, shards: Mapping[int, Shard], now: datetime, monotonic: float
    ) -> None:
        new = [shard for number, shard in shards.items() if number not in self._awaited]
        places = [place for shard in new for place in shard.places]
        async with within(BROKER_SECONDS_MAX, "the broker"):
            bounds = await self._log.bounds(places)
        for shard in new:
            ends = {place: bounds[place][1] for place in shard.places}
            self._awaited[shard.number] = Awaited(now, ends, monotonic, shard.row.epoch)
