"""Whether a stack has come to rest at a stop of its clock, found out in milliseconds.

Each process tells from memory that nothing is under way in it, how far it has read, and what is due
next. Then, once all have answered, the broker tells where their topics end. If everybody has read
that far, nobody has anything to do: the first to do something after its answer must have got it
from a record that it had not read, or from its clock, and neither is so.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from deploy.local import clock, http, stack
from shared.errors import Infrastructure
from shared.loop.kafka import KafkaLog
from shared.loop.log import Place
from shared.topics import manifest

PAUSE_SECONDS = 0.005
"""While a record is on its way to who reads it."""
ANSWER_SECONDS_MAX = 3.0

Answers = Sequence[Mapping[str, Any]]
Ends = Mapping[str, int]
"""The offset that the next record will get, by topic and partition."""


class Stops:
    """Connections to a stack, to be asked at every stop."""

    def __init__(self, found: Mapping[str, Any], runner: asyncio.Runner) -> None:
        self._clock_file = Path(found["clock_file"])
        self._log = KafkaLog(found["kafka"])
        self._runner = runner
        self._services = http.async_client(
            headers={"authorization": f"Bearer {found['token']}"}, timeout=ANSWER_SECONDS_MAX
        )

    def rest(self, seconds: float) -> list[datetime] | None:
        """When each process has something to do next, once nobody has; or None if it takes longer,
        or somebody gives no answer."""
        return self._runner.run(self._rest(seconds))

    async def _rest(self, seconds: float) -> list[datetime] | None:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    answers = await self._ask_all()
                    ends = await self._ends(answers)
                    if is_at_rest(answers, ends, clock.now(self._clock_file)):
                        return moments(answers)
                    await asyncio.sleep(PAUSE_SECONDS)
        except (httpx.HTTPError, Infrastructure, ValueError, OSError):  # Also if its time is over.
            return None

    async def _ask_all(self) -> Answers:
        rows = stack.stack()["processes"]
        return await asyncio.gather(*(self._ask(row["http"]) for row in rows))

    async def _ask(self, address: str) -> Mapping[str, Any]:
        response = await self._services.get(f"{address}/quiet")
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    async def _ends(self, answers: Answers) -> Ends:
        names = {_place(name): name for answer in answers for name in answer["positions"]}
        bounds = await self._log.bounds(list(names))
        return {names[place]: end for place, (_, end) in bounds.items()}

    async def close(self) -> None:
        await self._services.aclose()
        await self._log.close()


@contextmanager
def watch(found: Mapping[str, Any]) -> Iterator[Stops]:
    # Who gives no answer is waited for elsewhere; the client's own log would say it many times.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with asyncio.Runner() as runner:
        stops = Stops(found, runner)
        try:
            yield stops
        finally:
            runner.run(stops.close())


def is_at_rest(answers: Answers, ends: Ends, moment: datetime) -> bool:
    """Given that the ends were read after all had answered, and the time after that."""
    return (
        not any(answer["under_way"] for answer in answers)
        and all(_has_all_shards(service, answers) for service in {a["service"] for a in answers})
        and all(
            at >= ends[place] for answer in answers for place, at in answer["positions"].items()
        )
        and all(due > moment for due in moments(answers))
    )


def _has_all_shards(service: str, answers: Answers) -> bool:
    open_shards = [
        number for answer in answers if answer["service"] == service for number in answer["shards"]
    ]
    return sorted(open_shards) == list(range(manifest().partitions))


def moments(answers: Answers) -> list[datetime]:
    return [datetime.fromisoformat(text) for a in answers if (text := a["next_at"])]


def _place(name: str) -> Place:
    topic, _, number = name.rpartition("/")
    return topic, int(number)
