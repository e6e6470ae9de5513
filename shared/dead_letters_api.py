"""What operators and the command line see of the records that were dead-lettered, in every service.

A page never reads the records themselves, which may be a megabyte each; one record is told whole,
its bytes in base64, since nobody can know what a stranger wrote.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from shared import read_api
from shared.loop import dead_letters
from shared.store import Document, Filter, Store

BRIEF = [
    *("shard", "state", "code", "text", "tenant", "key", "at", "behind", "blocks_key"),
    *(f"record.{name}" for name in ("topic", "partition", "offset", "cut")),
]


def routes(store: Store) -> Sequence[Route]:
    api = DeadLettersApi(store)
    return [
        read_api.route("/dead-letters", api.page),
        read_api.route("/dead-letters/{id:path}", api.one),
    ]


class DeadLettersApi:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, request: Request) -> Mapping[str, Any]:
        states = request.query_params.getlist("state")
        where: Filter = {"state": {"$in": states}} if states else {}
        rows = await self._store.find(
            dead_letters.COLLECTION,
            where,
            sort=[("at", 1)],
            limit=read_api.limit(request),
            fields=BRIEF,
        )
        total = await self._store.count(dead_letters.COLLECTION, where)
        return {"total": total, "items": [_brief(row) for row in rows]}

    async def one(self, request: Request) -> Mapping[str, Any]:
        id = request.path_params["id"]  # noqa: A001
        what = "dead letter"
        row = await read_api.one(self._store, dead_letters.COLLECTION, {"_id": id}, what, id)
        return _whole(row)


def _brief(row: Document) -> Document:
    record = row.get("record") or {}
    return {
        "id": row["_id"],
        "shard": row["shard"],
        "state": row["state"],
        "code": row["code"],
        "text": row["text"],
        "tenant": dead_letters.tenant_of(row),
        "key": row["key"],
        "blocks_key": dead_letters.is_blocking(row),
        "kept_whole": not record.get("cut"),
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
        "cut": record.get("cut", {}),
        "has_key": bool(record.get("key")),
        "raw_key": _base64(record.get("key")),
        "value": _base64(record["value"]),
        "headers": [[name, _base64(value)] for name, value in record["headers"]],
    }


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
