"""When the store and the broker last answered, asked all the time beside the loop and its lock.

Nobody waits for these questions, so one may hang as long as the other side does: readiness looks
only at how long ago the last answer came. There is at most one question to each under way, or a
silent store would use up the threads of its driver.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from shared.errors import Infrastructure

if TYPE_CHECKING:
    from shared.loop.loop import Loop

ASK_SECONDS = 1.0
# Readiness has to tell within 10 s; on a busy machine an answer may well take three.
SILENT_SECONDS_MAX = 6.0


class Pulse:
    def __init__(self, loop: "Loop") -> None:
        self._loop = loop
        self._heard_at = dict.fromkeys(("store", "broker"), loop.monotonic())

    async def run(self) -> None:
        """Asks until it is cancelled."""
        await asyncio.gather(
            self._keep_asking("store", self._ask_store),
            self._keep_asking("broker", self._ask_broker),
        )

    def silent_seconds(self) -> Mapping[str, float]:
        now = self._loop.monotonic()
        return {name: now - heard for name, heard in self._heard_at.items()}

    async def _keep_asking(self, name: str, ask: Callable[[], Awaitable[object]]) -> None:
        while True:
            with suppress(Infrastructure):
                await ask()
                self._heard_at[name] = self._loop.monotonic()
            await asyncio.sleep(ASK_SECONDS)

    async def _ask_store(self) -> None:
        await self._loop.store.find("shards", {}, limit=1, fields=["_id"])

    async def _ask_broker(self) -> None:
        """Asks for the end of one partition, as reading does. Without a shard there is none to ask
        for, and readiness says that no shard is assigned."""
        places = next((shard.places for shard in self._loop.shards.values()), [])
        await self._loop.log.bounds(places[:1])
