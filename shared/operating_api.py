"""What operators and the command line ask every service: is it ready, what waits, what fails."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared import read_api
from shared.loop import deadlines, effects, outbox, set_aside
from shared.loop.loop import Loop
from shared.loop.shard import State
from shared.loop.ticker import Ticker
from shared.store import Document, Filter

STUCK_SECONDS_MAX = 30.0


def routes(loop: Loop, ticker: Ticker, instance: int) -> Sequence[Route]:
    api = OperatingApi(loop, ticker, instance)
    return [
        Route("/health/live", api.live),
        Route("/health/ready", api.ready),
        read_api.route("/status", api.status),
        read_api.route("/endpoints", api.endpoints),
        read_api.route("/set-aside", api.set_aside),
        read_api.route("/set-aside/{id:path}", api.set_aside_one),
    ]


class OperatingApi:
    def __init__(self, loop: Loop, ticker: Ticker, instance: int) -> None:
        self._loop = loop
        self._ticker = ticker
        self._instance = instance

    async def live(self, _request: Request) -> Response:
        return read_api.json({"live": True})

    async def ready(self, _request: Request) -> Response:
        reasons = self._not_ready()
        return read_api.json(
            {"ready": not reasons, "not_ready": reasons}, status=503 if reasons else 200
        )

    def _not_ready(self) -> list[str]:
        """Assigned, opened, able to reach the store and the broker a moment ago, and getting on."""
        loop = self._loop
        reasons = [self._ticker.error] if self._ticker.error else []
        if (stuck := self._ticker.stuck_seconds()) > STUCK_SECONDS_MAX:
            reasons.append(f"records wait, and none was taken for {stuck:.0f} s")
        if not loop.shards:
            reasons.append("no shard is assigned")
        for shard in loop.shards.values():
            if shard.state is not State.OPEN:
                reasons.append(f"shard {shard.number} is {shard.state}: {shard.error or 'opening'}")
        return reasons

    async def status(self, _request: Request) -> Mapping[str, Any]:
        loop, store, now = self._loop, self._loop.store, self._loop.clock.now()
        due_later = await store.find(deadlines.COLLECTION, {}, sort=[("due_at", 1)], limit=1)
        reasons = self._not_ready()
        return {
            "service": loop.service.name,
            "instance": self._instance,
            "ready": not reasons,
            "not_ready": reasons,
            "shards": [
                {"shard": shard.number, "state": shard.state, "error": shard.error}
                for shard in loop.shards.values()
            ],
            "lag": await self._lag(),
            "outbox": await store.count(outbox.COLLECTION, {}),
            "effects": await effects.standing(store, list(loop.shards), now, loop.worker),
            "endpoints": {
                "failing": len(loop.worker.failing()),
                "tripped": sum(one.tripped for one in loop.worker.failing()),
            },
            "due": {
                "now": await store.count(deadlines.COLLECTION, {"due_at": {"$lte": now}}),
                "next_at": due_later[0]["due_at"] if due_later else None,
            },
            "set_aside": await store.count(set_aside.COLLECTION, {"state": set_aside.WAITING}),
            "parked": await store.count(set_aside.COLLECTION, {"state": set_aside.PARKED}),
            "progress": loop.counters["steps"],
            "counters": dict(loop.counters),
            "now": now,
        }

    async def endpoints(self, request: Request) -> Mapping[str, Any]:
        """Those that fail, as this process sees them, with what waits for them in its shards."""
        failing = self._loop.worker.failing()[: read_api.limit(request)]
        return {
            "items": [
                {
                    "endpoint": one.name,
                    "failures": one.failures,
                    "tripped": one.tripped,
                    "waiting": await self._waiting_for(one.name),
                }
                for one in failing
            ]
        }

    async def _waiting_for(self, endpoint: str) -> int:
        shards = {"$in": list(self._loop.shards)}
        where = {"state": effects.WAITING, "shard": shards, "endpoint": endpoint}
        return await self._loop.store.count(effects.COLLECTION, where)

    async def _lag(self) -> int:
        """Records not yet decided, in the shards that this process has open."""
        positions = self._loop.positions()
        bounds = await self._loop.log.bounds(list(positions))
        return sum(bounds[place][1] - at for place, at in positions.items())

    async def set_aside(self, request: Request) -> Mapping[str, Any]:
        where: Filter = {}
        if state := request.query_params.get("state"):
            where = {"state": state}
        rows = await self._loop.store.find(
            set_aside.COLLECTION, where, sort=[("at", 1)], limit=read_api.limit(request)
        )
        return {"items": [_brief(row) for row in rows]}

    async def set_aside_one(self, request: Request) -> Mapping[str, Any]:
        rows = await self._loop.store.find(
            set_aside.COLLECTION, {"_id": request.path_params["id"]}, limit=1
        )
        if not rows:
            raise read_api.NotFound("set-aside record")
        return _whole(rows[0])


def _brief(row: Document) -> Document:
    record = row["record"] or {}
    return {
        "id": row["_id"],
        "shard": row["shard"],
        "state": row["state"],
        "code": row["code"],
        "text": row["text"],
        "key": row["key"],
        "at": row["at"],
        "behind": row["behind"],
        "topic": record.get("topic"),
        "partition": record.get("partition"),
        "offset": record.get("offset"),
    }


def _whole(row: Document) -> Document:
    record = row["record"] or {"value": None, "headers": []}
    return _brief(row) | {
        "resolved": row["resolved"],
        "has_key": bool(record.get("key")),
        "value": _base64(record["value"]),
        "headers": [[name, _base64(value)] for name, value in record["headers"]],
    }


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
