"""Things done outside (a customer is sent a lead): in flight, then done, refused or unknown.

Only rows that were committed as *in flight* are executed, with the request that the row holds, so
after a crash the endpoint may see a request again, but only with the same id and body. What is in
flight is not withdrawn; an attempt without a clear result is tried again for 24 h and then left
*uncertain*. What came of the attempts is kept in the row.
"""

import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts import trace_context
from shared.loop.decision import Attempt, Cause, Effect, Outcome, Verdict
from shared.store import Document, Filter, Index, Store

COLLECTION = "effects"
INDEXES = [
    Index(COLLECTION, ("_id", "attempt")),
    Index(COLLECTION, ("state", "due_at")),
    Index(COLLECTION, ("shard", "state", "due_at")),
    Index(COLLECTION, ("state", "shard", "endpoint", "due_at")),
    Index(COLLECTION, ("state", "created_at")),
]

IN_FLIGHT = "in_flight"
WAITING = "waiting"

BACKOFF_SECONDS_MIN = 10
BACKOFF_SECONDS_MAX = 900
GIVE_UP_AFTER = timedelta(hours=24)
TAKEN_MAX = 500
TRIED_FIRST = 5
TRIED_LAST = 20
"""A day of retries is about a hundred attempts; how it began and how it ended says enough."""


async def due_rows(
    store: Store, shards: Sequence[int], now: datetime, full: Sequence[str]
) -> list[Document]:
    """Waiting rows whose next attempt is due, but not those of endpoints that can't take more.
    As with deadlines, whether there are any at all is asked first."""
    if not await store.find(COLLECTION, {"state": WAITING, "due_at": {"$lte": now}}, limit=1):
        return []
    where: dict[str, object] = {
        "state": WAITING,
        "shard": {"$in": list(shards)},
        "due_at": {"$lte": now},
    }
    if full:
        where["endpoint"] = {"$nin": list(full)}
    return await store.find(COLLECTION, where, sort=[("due_at", 1)], limit=TAKEN_MAX)


async def overdue(
    store: Store, shards: Sequence[int], now: datetime, dead: Sequence[str]
) -> list[Document]:
    """Waiting rows whose time is over at endpoints that are dead: no attempt may ever end them."""
    if not dead:
        return []
    where: dict[str, object] = {
        "state": WAITING,
        "shard": {"$in": list(shards)},
        "endpoint": {"$in": list(dead)},
        "created_at": {"$lte": now - GIVE_UP_AFTER},
    }
    return await store.find(COLLECTION, where, sort=[("created_at", 1)], limit=TAKEN_MAX)


async def summary(
    store: Store,
    shards: Sequence[int],
    now: datetime,
    *,
    full: Sequence[str],
    dead: Sequence[str],
) -> Document:
    """How many are under way in the whole service, and when the next attempts are due: `next_at` at
    any endpoint, `latest_at` the last of those that wait, `attempt_at` in these shards at an
    endpoint that takes more. One whose breaker is open does not, so its retries come to nothing
    until it closes; what has waited there for too long ends now."""
    waiting = {"state": WAITING}
    return {
        "in_flight": await store.count(COLLECTION, {"state": IN_FLIGHT}),
        "waiting": await store.count(COLLECTION, waiting),
        "next_at": await _due_at(store, waiting),
        "latest_at": await _due_at(store, waiting, last=True),
        "attempt_at": await attempt_at(store, shards, now, full=full, dead=dead),
    }


async def attempt_at(
    store: Store,
    shards: Sequence[int],
    now: datetime,
    *,
    full: Sequence[str],
    dead: Sequence[str],
) -> datetime | None:
    """When the next attempt in these shards is due, but for endpoints that take no more."""
    if await overdue(store, shards, now, dead):
        return now
    mine = {"state": WAITING, "shard": {"$in": list(shards)}, "endpoint": {"$nin": list(full)}}
    return await _due_at(store, mine)


async def _due_at(store: Store, where: Filter, *, last: bool = False) -> datetime | None:
    sort = [("due_at", -1 if last else 1)]
    rows = await store.find(COLLECTION, where, sort=sort, limit=1, fields=["due_at"])
    return rows[0]["due_at"] if rows else None


@dataclass(frozen=True, slots=True)
class Result:
    id: str
    shard: int
    attempt: int
    verdict: Verdict
    text: str
    outcome_unknown: bool = False
    """A former owner may have made this attempt too, and nobody knows what came of it."""
    wait_seconds: float = 0.0
    """How long the endpoint asked to be left alone."""


@dataclass(frozen=True, slots=True)
class End:
    """How an effect ended that will not be tried again."""

    outcome: Outcome
    text: str
    tried: Sequence[Document]


AttemptResult = tuple[Verdict, str] | tuple[Verdict, str, float]
"""The verdict, what it is based on, and how many seconds the endpoint asked to be left alone."""

Transport = Callable[[Document], Awaitable[AttemptResult]]
"""Executes one row's request. It never raises for what an endpoint may do."""


def new_row(effect: Effect, shard: int, cause: Cause, now: datetime, *, begin: bool) -> Document:
    """The row of a new effect; in flight at once if its endpoint has room for it."""
    request = effect.request
    return {
        "_id": effect.id,
        "schema": 1,
        "shard": shard,
        "kind": effect.purpose.KIND,
        "endpoint": effect.endpoint,
        "request": {
            "url": request.url,
            "body": request.body,
            "headers": dict(request.headers),
            "secret": request.secret,
            "token": request.token,
            "reading": request.reading,
        },
        "data": effect.purpose.model_dump(),
        "cause": cause.document() | ({"trace": effect.trace} if effect.trace else {}),
        "state": IN_FLIGHT if begin else WAITING,
        "attempt": 1 if begin else 0,
        "unknown": False,
        "tried": [],
        "created_at": now,
        "due_at": now,
    }


def cause_of(row: Document, now: datetime, suffix: str) -> Cause:
    cause = row["cause"]
    return Cause(
        id=f"{row['_id']}/{suffix}",
        source=cause["source"],
        key=cause["key"],
        time=now,
        tenant=cause["tenant"],
        trace=cause["trace"],
    )


def attempt_trace(row: Document) -> str | None:
    """Of the span of its current attempt: the same, should a new owner make that attempt again."""
    place = "attempt", row["_id"], str(row["attempt"])
    return trace_context.child(row["cause"]["trace"], *place)


def next_attempt(row: Document) -> Document:
    return row | {"state": IN_FLIGHT, "attempt": row["attempt"] + 1}


def after(row: Document, result: Result, now: datetime) -> Document | End:
    """What follows from an attempt's result: the end, or the row waiting for its next attempt."""
    row = row | {"tried": _with_attempt(row, result, now)}
    unknown = row["unknown"] or result.outcome_unknown or result.verdict is Verdict.UNKNOWN
    if result.verdict is Verdict.DONE:
        return _end(row, Outcome.DONE, result.text)
    if result.verdict is Verdict.REFUSED:
        return _end(row, Outcome.REFUSED, result.text)
    row = row | {"unknown": unknown}
    if is_overdue(row, now):
        return give_up(row, result.text)
    requested_seconds = min(result.wait_seconds, BACKOFF_SECONDS_MAX)
    wait = timedelta(seconds=max(backoff_seconds(row["_id"], row["attempt"]), requested_seconds))
    return row | {"state": WAITING, "due_at": now + wait}


def is_overdue(row: Document, now: datetime) -> bool:
    """Whether it is not tried any more."""
    return bool(now - row["created_at"] >= GIVE_UP_AFTER)


def give_up(row: Document, text: str) -> End:
    """The end of a row that was tried for long enough: what may have happened stays uncertain."""
    outcome = Outcome.UNCERTAIN if row["unknown"] else Outcome.REFUSED
    return _end(row, outcome, f"given up: {text}")


def _with_attempt(row: Document, result: Result, now: datetime) -> list[Document]:
    """As `attempts_of` reads it."""
    attempt = {"number": row["attempt"], "at": now, "verdict": result.verdict.value}
    tried = [*row.get("tried", []), attempt | {"text": result.text}]
    return [*tried[:TRIED_FIRST], *tried[TRIED_FIRST:][-TRIED_LAST:]]


def attempts_of(row: Document) -> Sequence[Attempt]:
    """What came of the attempts so far; rows of an earlier version do not say."""
    return [
        Attempt(**attempt | {"verdict": Verdict(attempt["verdict"])})
        for attempt in row.get("tried", [])
    ]


def _end(row: Document, outcome: Outcome, text: str) -> End:
    return End(outcome, text, row.get("tried", []))


def end_document(row: Document, end: End, now: datetime) -> Document:
    """What is kept of an effect's end, should deciding it fail."""
    ended = {"is": "effect", "outcome": end.outcome, "text": end.text, "at": now}
    return row | ended | {"tried": end.tried}


def backoff_seconds(id: str, attempt: int) -> float:
    """10 s doubling to 15 min, spread by up to a tenth so that retries do not arrive together."""
    base = min(BACKOFF_SECONDS_MIN * float(2 ** min(attempt - 1, 10)), BACKOFF_SECONDS_MAX)
    return base * (1 + zlib.crc32(f"{id}/{attempt}".encode()) % 100 / 1000)
