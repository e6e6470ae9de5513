"""Things done outside (a customer is sent a lead): in flight, then done, refused or unknown.

Only rows that were committed as *in flight* are executed, with the request that the row holds, so
after a crash the endpoint may see a request again, but only with the same id and body. What is in
flight is not withdrawn; an attempt without a clear result is tried again for 24 h and then left
*uncertain*. What came of the attempts is kept in the row.
"""

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

import structlog

from shared.loop.decision import Attempt, Cause, Effect, EffectFinished, Outcome
from shared.store import Document, Filter, Index, Store

log = structlog.get_logger(__name__)

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
CONCURRENCY_PER_ENDPOINT = 16
QUEUED_PER_ENDPOINT_MAX = 256
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 10.0
DEAD_SECONDS = 900.0
"""An endpoint that has given no clear answer for so long lets nothing else through either."""
TAKEN_MAX = 500
TRIED_FIRST = 5
TRIED_LAST = 20
"""A day of retries is about a hundred attempts; how it began and how it ended says enough."""


async def reached(
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


async def standing(
    store: Store, shards: Sequence[int], now: datetime, worker: "Worker"
) -> Document:
    """How many are under way in the whole service, and when the next attempts are due: `next_at` at
    any endpoint, `latest_at` the last of those that wait, `attempt_at` in these shards at an
    endpoint that would be asked. One whose breaker is open would not, so its retries come to
    nothing until it is asked once; what has waited there for too long ends now."""
    waiting = {"state": WAITING}
    mine = {**waiting, "shard": {"$in": list(shards)}}
    asked = {**mine, "endpoint": {"$nin": worker.without_room()}}
    ends = await overdue(store, shards, now, worker.dead())
    return {
        "in_flight": await store.count(COLLECTION, {"state": IN_FLIGHT}),
        "waiting": await store.count(COLLECTION, waiting),
        "next_at": await _due_at(store, waiting),
        "latest_at": await _due_at(store, waiting, last=True),
        "attempt_at": now if ends else await _due_at(store, asked),
    }


async def _due_at(store: Store, where: Filter, *, last: bool = False) -> datetime | None:
    sort = [("due_at", -1 if last else 1)]
    rows = await store.find(COLLECTION, where, sort=sort, limit=1, fields=["due_at"])
    return rows[0]["due_at"] if rows else None


class Verdict(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """It may have happened: no answer, or one that doesn't say."""
    NOT_TRIED = "not_tried"
    """Certainly not happened: the endpoint was not reached."""


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
        "kind": effect.kind,
        "endpoint": effect.endpoint,
        "request": {
            "url": request.url,
            "body": request.body,
            "headers": dict(request.headers),
            "secret": request.secret,
        },
        "data": dict(effect.data),
        "cause": cause_document(cause) | ({"trace": effect.trace} if effect.trace else {}),
        "state": IN_FLIGHT if begin else WAITING,
        "attempt": 1 if begin else 0,
        "unknown": False,
        "tried": [],
        "created_at": now,
        "due_at": now,
    }


def cause_document(cause: Cause) -> Document:
    """An effect's results and deadlines carry their cause's tenant and trace on."""
    return {
        "id": cause.id,
        "source": cause.source,
        "key": cause.key,
        "tenant": cause.tenant,
        "trace": cause.trace,
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


def next_attempt(row: Document) -> Document:
    return row | {"state": IN_FLIGHT, "attempt": row["attempt"] + 1}


def after(row: Document, result: Result, now: datetime) -> Document | EffectFinished:
    """What follows from an attempt's result: the end, or the row waiting for its next attempt."""
    row = row | {"tried": _noted(row, result, now)}
    unknown = row["unknown"] or result.outcome_unknown or result.verdict is Verdict.UNKNOWN
    if result.verdict is Verdict.DONE:
        return _finished(row, Outcome.DONE, result.text)
    if result.verdict is Verdict.REFUSED:
        return _finished(row, Outcome.REFUSED, result.text)
    row = row | {"unknown": unknown}
    if is_overdue(row, now):
        return given_up(row, result.text)
    asked = min(result.wait_seconds, BACKOFF_SECONDS_MAX)
    wait = timedelta(seconds=max(backoff_seconds(row["_id"], row["attempt"]), asked))
    return row | {"state": WAITING, "due_at": now + wait}


def is_overdue(row: Document, now: datetime) -> bool:
    """Whether it is not tried any more."""
    return bool(now - row["created_at"] >= GIVE_UP_AFTER)


def given_up(row: Document, text: str) -> EffectFinished:
    """The end of a row that was tried for long enough: what may have happened stays uncertain."""
    outcome = Outcome.UNCERTAIN if row["unknown"] else Outcome.REFUSED
    return _finished(row, outcome, f"given up: {text}")


def _noted(row: Document, result: Result, now: datetime) -> list[Document]:
    attempt = Attempt(row["attempt"], now, result.verdict.value, result.text)
    tried = [*row.get("tried", []), asdict(attempt)]
    return [*tried[:TRIED_FIRST], *tried[TRIED_FIRST:][-TRIED_LAST:]]


def tried_of(row: Document) -> Sequence[Attempt]:
    """What came of the attempts so far; rows of an earlier version do not say."""
    return [Attempt(**attempt) for attempt in row.get("tried", [])]


def _finished(row: Document, outcome: Outcome, text: str) -> EffectFinished:
    return EffectFinished(
        row["_id"], row["kind"], outcome, text, row["attempt"], row["data"], tried_of(row)
    )


def ended(row: Document, event: EffectFinished, now: datetime) -> Document:
    """What is kept of an effect's end, should deciding it fail."""
    tried = [asdict(attempt) for attempt in event.tried]
    end = {"is": "effect", "outcome": event.outcome, "text": event.text, "at": now}
    return row | end | {"tried": tried}


def backoff_seconds(id: str, attempt: int) -> float:
    """10 s doubling to 15 min, spread by up to a tenth so that retries do not arrive together."""
    base = min(BACKOFF_SECONDS_MIN * float(2 ** min(attempt - 1, 10)), BACKOFF_SECONDS_MAX)
    return base * (1 + zlib.crc32(f"{id}/{attempt}".encode()) % 100 / 1000)


def _result(row: Document, verdict: Verdict, text: str, wait_seconds: float = 0.0) -> Result:
    number = row["attempt"]
    return Result(row["_id"], row["shard"], number, verdict, text, wait_seconds=wait_seconds)


@dataclass(slots=True)
class Endpoint:
    """One endpoint's concurrency limit and breaker."""

    name: str
    slots: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(CONCURRENCY_PER_ENDPOINT)
    )
    accepted: int = 0
    failures: int = 0
    opened_at: float = 0.0
    open_until: float = 0.0

    def has_room(self, now: float, reserved: int = 0) -> bool:
        """While its breaker is open it takes nothing, then one attempt; a good result closes the
        breaker."""
        if self.is_open:
            return now >= self.open_until and self.accepted + reserved == 0
        return self.accepted + reserved < QUEUED_PER_ENDPOINT_MAX

    @property
    def is_open(self) -> bool:
        return self.failures >= FAILURES_TO_OPEN

    def is_dead(self, now: float) -> bool:
        """It has failed for so long, and just now again: who was only left alone may be well."""
        return self.takes_nothing(now) and now >= self.opened_at + DEAD_SECONDS

    def takes_nothing(self, now: float) -> bool:
        return self.is_open and now < self.open_until

    def record(self, verdict: Verdict, now: float) -> None:
        if verdict in (Verdict.DONE, Verdict.REFUSED):
            if self.is_open:
                log.info("endpoint answers again", endpoint=self.name)
            self.failures = 0
            return
        self.failures += 1
        if self.is_open:
            self.open_until = now + OPEN_SECONDS
            if self.failures == FAILURES_TO_OPEN:
                self.opened_at = now
                log.error("endpoint failing", endpoint=self.name)


class Worker:
    """Executes rows in flight beside the loop; one slow or dead endpoint delays no other."""

    def __init__(
        self,
        transport: Transport,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._monotonic = monotonic
        self._endpoints: dict[str, Endpoint] = {}
        self._running: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._taken_over: set[tuple[str, int]] = set()
        self.results: list[Result] = []

    def has_room(self, endpoint: str, reserved: int = 0) -> bool:
        """Whether one more may begin, beside those that a step is about to commit."""
        return self._endpoint(endpoint).has_room(self._monotonic(), reserved)

    def dead(self) -> list[str]:
        now = self._monotonic()
        return [name for name, known in self._endpoints.items() if known.is_dead(now)]

    def without_room(self) -> list[str]:
        now = self._monotonic()
        return [name for name, known in self._endpoints.items() if not known.has_room(now)]

    @property
    def running(self) -> int:
        return len(self._running)

    def failing(self) -> list[Endpoint]:
        """Endpoints whose latest attempt came to nothing, those that fail longest first."""
        found = (one for one in self._endpoints.values() if one.failures)
        return sorted(found, key=lambda one: (-one.failures, one.name))

    def start_again(self, rows: Iterable[Document]) -> None:
        """Takes rows that were found in flight when their shard was opened. Another owner may have
        made the same attempt in between, so what came of it is not known even where the result is
        our own."""
        rows = list(rows)
        self._taken_over |= {(row["_id"], row["attempt"]) for row in rows}
        self.start(rows)

    def start(self, rows: Iterable[Document]) -> None:
        """Takes committed rows. An attempt that is under way already is not made a second time."""
        known = set(self._running) | {(result.id, result.attempt) for result in self.results}
        for row in rows:
            attempt = (row["_id"], row["attempt"])
            if attempt not in known:
                self._endpoint(row["endpoint"]).accepted += 1
                self._running[attempt] = task = asyncio.create_task(self._execute(row))
                task.add_done_callback(partial(self._raised, row))

    async def _execute(self, row: Document) -> None:
        endpoint = self._endpoint(row["endpoint"])
        try:
            result = await self._attempt(endpoint, row)
            self.results.append(result)
        finally:
            endpoint.accepted -= 1
            del self._running[row["_id"], row["attempt"]]

    def _raised(self, row: Document, task: asyncio.Task[None]) -> None:
        """An error that nobody expected must not leave the row in flight for good: it is tried
        again, since what the attempt did is unknown."""
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            log.error("attempt raised", error=type(error).__name__, id=row["_id"])
            text = f"failed unexpectedly: {type(error).__name__}"
            self.results.append(_result(row, Verdict.UNKNOWN, text))

    async def _attempt(self, endpoint: Endpoint, row: Document) -> Result:
        async with endpoint.slots:
            if endpoint.takes_nothing(self._monotonic()):
                return _result(row, Verdict.NOT_TRIED, "the endpoint's breaker is open")
            verdict, text, *wait = await self._transport(row)
            endpoint.record(verdict, self._monotonic())
            return _result(row, verdict, text, *wait)

    def take(self, shards: Sequence[int], limit: int) -> list[Result]:
        """Results that belong to these shards, once; a step that fails gives them back."""
        mine = [result for result in self.results if result.shard in shards]
        others = [result for result in self.results if result.shard not in shards]
        self.results = [*mine[limit:], *others]
        return [self._judged(result) for result in mine[:limit]]

    def _judged(self, result: Result) -> Result:
        attempt = (result.id, result.attempt)
        if attempt not in self._taken_over:
            return result
        self._taken_over.remove(attempt)
        return replace(result, outcome_unknown=True)

    def give_back(self, results: Iterable[Result]) -> None:
        self.results.extend(results)

    async def stop(self, seconds: float) -> None:
        """Lets attempts end within the limit; the rest is made again by whoever owns it next."""
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()

    def _endpoint(self, name: str) -> Endpoint:
        return self._endpoints.setdefault(name, Endpoint(name))
