"""What operators and the command line ask every service: is it ready, what waits, what fails.

Readiness waits for nobody: it tells from what the ticker and the pulse noted, and how long ago.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from shared import operating_views as views
from shared.errors import Infrastructure
from shared.loop import dead_letters, deadlines, effects, outbox
from shared.loop.log import Place
from shared.loop.loop import Loop
from shared.loop.pulse import SILENT_SECONDS_MAX, Pulse
from shared.loop.quietness import Quietness
from shared.loop.shard import GAP_CLOSES_WITHIN, State
from shared.loop.ticker import Ticker
from shared.loop.waiting import STUCK_SECONDS_MAX, Waiting
from shared.loop.within import within
from shared.read_api import route
from shared.read_params import Limited
from shared.wording import quantity

STATUS_SECONDS_MAX = 3.0
QUIET_SECONDS_MAX = 1.0
UNKNOWN = {
    "outbox": None,
    "effects": dict.fromkeys(("in_flight", "waiting", "next_at", "latest_at", "attempt_at")),
    "due": {"now": None, "next_at": None},
    "dead_letters": None,
    "blocked": None,
}
"""What the store would have told."""


def routes(loop: Loop, ticker: Ticker, pulse: Pulse, instance: int) -> APIRouter:
    api, router = OperatingApi(loop, ticker, pulse, instance), APIRouter()
    router.add_api_route("/health/live", api.live)
    router.add_api_route("/health/ready", api.ready, responses={503: {"model": views.Ready}})
    route(router, "/status", api.status)
    route(router, "/quiet", api.quiet)
    route(router, "/endpoints", api.endpoints)
    return router


class OperatingApi:
    def __init__(self, loop: Loop, ticker: Ticker, pulse: Pulse, instance: int) -> None:
        self._loop = loop
        self._ticker = ticker
        self._pulse = pulse
        self._instance = instance
        self._quietness = Quietness(loop)

    async def live(self) -> views.Live:
        """Whether the process answers."""
        return views.Live(live=True)

    async def ready(self, response: Response) -> views.Ready:
        """Whether it gets on, with what is in its way."""
        reasons = self._not_ready()
        response.status_code = 503 if reasons else 200
        return views.Ready(ready=not reasons, not_ready=reasons)

    def _not_ready(self) -> list[str]:
        """Assigned, opened, in touch with the store and the broker a moment ago, and getting on."""
        loop, ticker = self._loop, self._ticker
        reasons = [ticker.error] if ticker.error else []
        reasons += [
            f"the {name} has not answered for {seconds:.0f} s"
            for name, seconds in self._pulse.silent_seconds().items()
            if seconds > SILENT_SECONDS_MAX
        ]
        if (seconds := ticker.seconds_since_turn()) > STUCK_SECONDS_MAX:
            reasons.append(f"the loop has been busy with one turn for {seconds:.0f} s")
        if not loop.shards:
            reasons.append("no shard is assigned")
        reasons += [f"the broker has no topic {topic}" for topic in loop.missing_topics()]
        for shard in loop.shards.values():
            if shard.state is not State.OPEN:
                reasons.append(f"shard {shard.number} is {shard.state}: {shard.error or 'opening'}")
        return reasons + [row.help for row in self._waiting_places() if row.help]

    def _waiting_places(self) -> list[views.WaitingView]:
        """The places of this process at which records wait, the longest wait first."""
        stuck, now = self._ticker.stuck(), self._loop.monotonic()
        rows = [
            views.WaitingView(
                topic=place[0],
                partition=place[1],
                offset=one.offset,
                records=one.records,
                seconds=round(one.seconds(now), 1),
                stuck=place in stuck,
                help=self._help(place, one, now) if place in stuck else None,
            )
            for place, one in self._ticker.waiting.items()
        ]
        return sorted(rows, key=lambda row: -row.seconds)

    def _gaps(self) -> list[views.GapView]:
        """What is missing in the streams of this process's shards, and since when."""
        service, now = self._loop.service.name, self._loop.clock.now()
        return [
            views.GapView(
                topic=topic,
                partition=shard.number,
                stream=stream,
                expected=shard.row.expected_number(topic, stream),
                found=gap.number,
                offset=gap.offset,
                since=gap.since,
                alert=now - gap.since >= GAP_CLOSES_WITHIN,
                help=f"{stream} has to publish again what is missing; if it never will: "
                f"leadops shards resolve {service} {shard.number} --accept-gaps",
            )
            for shard in self._loop.shards.values()
            for (topic, stream), gap in shard.row.gaps.items()
        ]

    def _help(self, place: Place, one: Waiting, now: float) -> str:
        service, (topic, partition) = self._loop.service.name, place
        skip = f"leadops shards skip {service} {topic} {partition} {one.offset} --reason …"
        return (
            f"{topic}/{partition} stands at offset {one.offset} for {one.seconds(now):.0f} s, "
            f"{quantity(one.records, 'record')} waiting; it is sought again every few seconds. "
            f"If the record can't be read: {skip}"
        )

    async def status(self) -> views.Status:
        """Figures that the store or the broker does not give in time are null."""
        loop = self._loop
        reasons = self._not_ready()
        stored, lag = await asyncio.gather(self._stored_in_time(), self._lag_in_time())
        waiting, failing = self._waiting_places(), loop.worker.failing()
        records_first = sorted(self._ticker.precedence.waiting(loop.shards))
        return views.Status(
            service=loop.service.name,
            instance=self._instance,
            ready=not reasons,
            not_ready=reasons,
            topics=loop.topics(),
            shards=[views.ShardView.of(shard) for shard in loop.shards.values()],
            lag=lag,
            waiting=waiting,
            oldest_seconds=waiting[0].seconds if waiting else None,
            silent_seconds=self._pulse.silent_seconds(),
            gaps=self._gaps(),
            duplicates=[views.Duplicate.of(each) for each in loop.duplicates],
            **{**stored, "due": {**stored["due"], "waiting_for_records": records_first}},
            endpoints=views.EndpointsCounted(
                failing=len(failing), breakers_open=sum(one.is_open for one in failing)
            ),
            progress=loop.counters["steps"],
            counters=dict(loop.counters),
            now=loop.clock.now(),
        )

    async def _stored_in_time(self) -> Mapping[str, Any]:
        """A store that is silent is not asked: each question would hold a thread of its driver."""
        if self._pulse.silent_seconds()["store"] > SILENT_SECONDS_MAX:
            return UNKNOWN
        try:
            async with within(STATUS_SECONDS_MAX, "the store"):
                return await self._store_status()
        except Infrastructure:
            return UNKNOWN

    async def _store_status(self) -> Mapping[str, Any]:
        loop, store, now = self._loop, self._loop.store, self._loop.clock.now()
        return {
            "outbox": len(await outbox.unconfirmed_names(store, range(loop.reader.partitions))),
            "effects": await effects.summary(
                store,
                list(loop.shards),
                now,
                full=loop.worker.without_room(),
                dead=loop.worker.dead(),
            ),
            "due": await deadlines.summary(
                store, list(loop.currently_open()), now, loop.blocked_lanes()
            ),
            "dead_letters": await store.count(
                dead_letters.COLLECTION, {"state": dead_letters.DEAD}
            ),
            "blocked": await store.count(dead_letters.COLLECTION, {"state": dead_letters.WAITING}),
        }

    async def quiet(self) -> views.Quiet:
        """Whether nothing is under way, told as soon as that is so, or after a second; and how far
        it has read, since only the log knows what others have published meanwhile."""
        standing = await self._quietness.standing(QUIET_SECONDS_MAX)
        return views.Quiet.of(self._loop.service.name, self._instance, standing)

    async def endpoints(self, query: Annotated[Limited, Query()]) -> views.Endpoints:
        """Those that fail, as this process sees them, with what waits for them in its shards."""
        failing = self._loop.worker.failing()[: query.limit]
        return views.Endpoints(
            items=[
                views.EndpointView(
                    endpoint=one.name,
                    failures=one.failures,
                    breaker_open=one.is_open,
                    waiting=await self._waiting_for(one.name),
                )
                for one in failing
            ]
        )

    async def _waiting_for(self, endpoint: str) -> int:
        shards = {"$in": list(self._loop.shards)}
        where = {"state": effects.WAITING, "shard": shards, "endpoint": endpoint}
        return await self._loop.store.count(effects.COLLECTION, where)

    async def _lag_in_time(self) -> int | None:
        try:
            async with within(STATUS_SECONDS_MAX, "the broker"):
                return await self._lag()
        except Infrastructure:
            return None

    async def _lag(self) -> int:
        """Records not yet decided, in the shards that this process has open."""
        positions = self._loop.positions()
        bounds = await self._loop.log.bounds(list(positions))
        return sum(bounds[place][1] - at for place, at in positions.items())
