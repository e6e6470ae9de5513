"""What operators and the command line see of the records that were dead-lettered, in every service.

A page never reads the records themselves, which may be a megabyte each; one record is told whole,
its bytes in base64, since nobody can know what a stranger wrote.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from shared.loop import dead_letters
from shared.read_api import View, route
from shared.read_errors import NotFound
from shared.read_params import Limited, OneOf
from shared.store import Document, Filter, Store

BRIEF = [
    *("shard", "state", "code", "text", "tenant", "key", "at", "behind", "blocks_key"),
    *(f"record.{name}" for name in ("topic", "partition", "offset", "cut")),
]


class DeadLetter(View):
    id: str
    shard: int
    state: str
    code: str
    text: str
    tenant: str
    key: str
    blocks_key: bool
    kept_whole: bool
    at: datetime
    behind: str | None
    """The dead letter that it waits behind."""
    topic: str | None
    partition: int | None
    offset: int | None


class DeadLetters(View):
    total: int
    items: list[DeadLetter]


class Resolved(View):
    by: str
    reason: str
    at: datetime


class WholeDeadLetter(DeadLetter):
    """With its bytes, in base64."""

    resolved: Resolved | None
    cut: Mapping[str, Any]
    """What was left out of a record that is too large, with its size and its hash."""
    has_key: bool
    raw_key: str | None
    value: str | None
    headers: list[tuple[str, str | None]]


class DeadLetterSearch(Limited):
    state: list[Annotated[str, OneOf(dead_letters.STATES)]] = []
    """One or several."""


def routes(store: Store) -> APIRouter:
    api, router = DeadLettersApi(store), APIRouter()
    route(router, "/dead-letters", api.page, several=("state",))
    route(router, "/dead-letters/{id:path}", api.one)
    return router


class DeadLettersApi:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, query: Annotated[DeadLetterSearch, Query()]) -> DeadLetters:
        """Oldest first."""
        where: Filter = {"state": {"$in": query.state}} if query.state else {}
        rows = await self._store.find(
            dead_letters.COLLECTION, where, sort=[("at", 1)], limit=query.limit, fields=BRIEF
        )
        total = await self._store.count(dead_letters.COLLECTION, where)
        return DeadLetters(total=total, items=[DeadLetter(**_brief(row)) for row in rows])

    async def one(self, id: str) -> WholeDeadLetter:
        """One, with its record."""
        rows = await self._store.find(dead_letters.COLLECTION, {"_id": id}, limit=1)
        if not rows:
            raise NotFound("dead letter", id)
        return WholeDeadLetter(**_whole(rows[0]))


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
