"""The attempts of effects that are in flight, beside the loop; a slow or dead endpoint delays no
other.

Each endpoint has a concurrency limit and a breaker. An attempt's result waits here until a step of
its shard takes it.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from shared.contracts import trace_context
from shared.loop.decision import Verdict
from shared.loop.effects import Result, Transport, attempt_trace
from shared.store import Document

log = structlog.get_logger(__name__)

CONCURRENCY_PER_ENDPOINT = 16
QUEUED_PER_ENDPOINT_MAX = 256
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 10.0
DEAD_SECONDS = 900.0
"""An endpoint that has given no clear answer for so long lets nothing else through either."""


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
                self._running[attempt] = asyncio.create_task(self._execute(row))

    async def _execute(self, row: Document) -> None:
        """An error that nobody expected must not leave the row in flight for good: it is tried
        again, since what the attempt did is unknown."""
        endpoint = self._endpoint(row["endpoint"])
        try:
            result = await self._attempt(endpoint, row)
            self.results.append(result)
        except Exception as error:
            kind, where = type(error).__name__, trace_context.log_fields(attempt_trace(row))
            log.error("attempt raised", error=kind, id=row["_id"], **where)
            self.results.append(_result(row, Verdict.UNKNOWN, f"failed unexpectedly: {kind}"))
        finally:
            endpoint.accepted -= 1
            del self._running[row["_id"], row["attempt"]]

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
        return [self._as_known(result) for result in mine[:limit]]

    def _as_known(self, result: Result) -> Result:
        attempt = (result.id, result.attempt)
        if attempt not in self._taken_over:
            return result
        self._taken_over.remove(attempt)
        return replace(result, outcome_unknown=True)

    def forget_others(self, shards: Collection[int]) -> None:
        """What came of attempts in shards that another process owns now, which makes them again."""
        self.results = [result for result in self.results if result.shard in shards]

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


def _result(row: Document, verdict: Verdict, text: str, wait_seconds: float = 0.0) -> Result:
    number = row["attempt"]
    return Result(row["_id"], row["shard"], number, verdict, text, wait_seconds=wait_seconds)
