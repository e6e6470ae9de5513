"""A service's doors on a port of their own: what is brought becomes a command, and is acknowledged
once the broker has it.

A sender is told 2xx only then, or where nothing follows from what it brought. With the broker away,
or too slow, it is told to come again, which it may as often as it likes: the command's id is the
sender's. Everything that is turned away is counted by its reason, and nothing of it is kept or
logged.
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from shared.clock import Clock
from shared.contracts import trace_context
from shared.contracts.event import Command
from shared.doors import Delivery, Door, NotNeeded, Opened, TurnedAway, command_record
from shared.errors import Infrastructure, Poison
from shared.loop.log import Outgoing
from shared.metric_families import counters
from shared.read_errors import failure, json
from shared.span_export import Root, Spans

log = structlog.get_logger(__name__)

PLAIN = "identity"
"""No coding of a body's content. What is compressed may open to anything, and is signed before or
after that by each sender in its own way: none of those we know sends it unasked."""
BODY_BYTES_MAX = 1 << 20
READ_SECONDS_MAX = 4.0
PUBLISH_SECONDS_MAX = 5.0
"""After that a sender is told to come again: together with reading less than ten seconds, after
which senders give up."""
COME_AGAIN_SECONDS = 5
CALLS_AT_ONCE_MAX = 500
CALLS_PER_MINUTE = 1200
CALLERS_MAX = 10_000
"""So many are counted each by itself; in the minute in which there are more, those share one."""
WINDOW_SECONDS = 60.0

UNREADABLE = "\ufffd"
"""Stands in a path for what is no UTF-8: two of them would be one."""
NO_DOOR = "none"
"""Stands for the door in the counts of what came to none."""
AT_NO_DOOR: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
}

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]


class Callers:
    """How often each came in this minute."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._until = 0.0
        self._calls: Counter[str] = Counter()

    def may_come(self, caller: str) -> bool:
        now = self._monotonic()
        if now >= self._until:
            self._until = now + WINDOW_SECONDS
            self._calls.clear()
        counted = caller if caller in self._calls or len(self._calls) < CALLERS_MAX else ""
        self._calls[counted] += 1
        return self._calls[counted] <= self._most


def caller_of(host: str) -> str:
    """By whom to count what comes from there. Whoever has one address of IPv6 has a network of
    them to come from, and could leave no room for others to be counted by themselves."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))


class Doors:
    """Of one service; `publish` belongs to them alone, so that no step waits for a delivery."""

    def __init__(
        self,
        doors: Sequence[Door],
        publish: Publish,
        clock: Clock,
        monotonic: Callable[[], float],
        *,
        calls_per_minute: int = CALLS_PER_MINUTE,
        spans: Spans | None = None,
    ) -> None:
        self._spans = spans
        self.names = [door.name for door in doors]
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """By door and outcome, since the process began."""
        self._publish = publish
        self._publishing: set[asyncio.Future[None]] = set()
        """Held here, since nobody else may hold what goes on after its answer."""
        self._clock = clock
        self._callers = Callers(calls_per_minute, monotonic)
        self.under_way = 0
        routes = [Route(door.path, partial(self._answer, door), methods=["POST"]) for door in doors]
        self.app = Starlette(routes=routes, exception_handlers={HTTPException: self._at_no_door})
        # No sender of webhooks goes where it is sent on to.
        self.app.router.redirect_slashes = False

    async def _answer(self, door: Door, request: Request) -> Response:
        outcome = "failed"
        self.under_way += 1
        try:
            outcome, response = await self._outcome(door, request)
            return response
        finally:
            self.under_way -= 1
            self.outcomes[door.name, outcome] += 1

    async def _outcome(self, door: Door, request: Request) -> tuple[str, Response]:
        if self.under_way > CALLS_AT_ONCE_MAX:
            return _failure("too_many_at_once", HTTPStatus.SERVICE_UNAVAILABLE)
        if not self._callers.may_come(caller_of(request.client.host if request.client else "")):
            return _failure("too_many_calls", HTTPStatus.TOO_MANY_REQUESTS)
        if any(UNREADABLE in str(part) for part in request.path_params.values()):
            return _failure("path_not_utf8", HTTPStatus.BAD_REQUEST)
        if _headers(request).get("content-encoding", PLAIN).strip().lower() != PLAIN:
            return _failure("encoded", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            body = await _body(request)
        except TooLarge:
            return _failure("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except (TimeoutError, ClientDisconnect):
            return _failure("too_slow", HTTPStatus.REQUEST_TIMEOUT)
        opening = door.open(_delivery(request, body, self._clock))
        match opening:
            case TurnedAway():
                return _failure(opening.reason, opening.status)
            case NotNeeded():
                return f"not_needed_{opening.reason}", json({"accepted": False})
            case Opened():
                return await self._ask(door, opening)

    async def _at_no_door(self, _request: Request, error: Exception) -> Response:
        """Elsewhere, or not posted."""
        assert isinstance(error, HTTPException)
        reason, response = _failure(AT_NO_DOOR[error.status_code], error.status_code)
        response.headers.update(error.headers or {})
        self.outcomes[NO_DOOR, reason] += 1
        return response

    async def _ask(self, door: Door, opened: Opened) -> tuple[str, Response]:
        root = self._begin_trace(door, opened.command)
        outcome = "failed"
        try:
            outcome, response = await self._send(door, opened, root.trace if root else None)
            return outcome, response
        finally:
            if root:
                root.end(None if outcome == "accepted" else outcome)

    def _begin_trace(self, door: Door, command: Command) -> Root | None:
        """A trace of our own, whatever the caller has: his spans are not told to our collector."""
        if self._spans is None:
            return None
        return self._spans.root(command.TOPIC, command.TYPE, {"leadops.door": door.name})

    async def _send(self, door: Door, opened: Opened, trace: str | None) -> tuple[str, Response]:
        try:
            record = command_record(door.source, door.role, opened, trace)
        except Poison as poison:
            return _failure(poison.code, HTTPStatus.BAD_REQUEST)
        try:
            await self._publish_in_time(record)
        except Infrastructure as error:
            where = trace_context.log_fields(trace)
            text = f"{type(error).__name__}: {error}"
            log.warning("not acknowledged", door=door.name, error=text, **where)
            return _failure("not_acknowledged", HTTPStatus.SERVICE_UNAVAILABLE)
        return "accepted", json({"accepted": True}, HTTPStatus.ACCEPTED)

    async def _publish_in_time(self, record: Outgoing) -> None:
        """Nobody waits until a producer that failed has come to its end."""
        publishing = asyncio.ensure_future(self._publish([record]))
        self._publishing.add(publishing)
        publishing.add_done_callback(self._forget)
        done, _ = await asyncio.wait({publishing}, timeout=PUBLISH_SECONDS_MAX)
        if not done:
            raise Infrastructure("publishing was not acknowledged in time")
        publishing.result()

    def _forget(self, publishing: asyncio.Future[None]) -> None:
        """An end for which nobody waits any more is nobody's error."""
        self._publishing.discard(publishing)
        if not publishing.cancelled():
            publishing.exception()


class TooLarge(Exception):
    """A body has more bytes than a door takes."""


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async with asyncio.timeout(READ_SECONDS_MAX):
        async for part in request.stream():
            size += len(part)
            if size > BODY_BYTES_MAX:
                raise TooLarge
            parts.append(part)
    return b"".join(parts)


def _delivery(request: Request, body: bytes, clock: Clock) -> Delivery:
    path: Mapping[str, Any] = request.path_params
    return Delivery(
        _headers(request),
        dict(request.query_params),
        {name: str(value) for name, value in path.items()},
        body,
        clock.now(),
    )


def _headers(request: Request) -> dict[str, str]:
    """One that comes several times stands for a list (RFC 9110). To take the first, or the last,
    would be to believe another one than whoever has looked at it on the way."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _failure(reason: str, status: int) -> tuple[str, Response]:
    answer = failure(status, reason, TEXTS.get(status, "this is not what the door takes"))
    if status in COME_AGAIN:
        answer.headers["retry-after"] = str(COME_AGAIN_SECONDS)
    return reason, answer


COME_AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
TEXTS: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "there is no such door",
    HTTPStatus.METHOD_NOT_ALLOWED: "what is brought to a door is posted",
    HTTPStatus.TOO_MANY_REQUESTS: "too many calls in this minute; come again",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "a body has to come as it is, not compressed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"a body may have {BODY_BYTES_MAX:,} bytes",
    HTTPStatus.REQUEST_TIMEOUT: f"a body has to come within {READ_SECONDS_MAX:.0f} seconds",
    HTTPStatus.SERVICE_UNAVAILABLE: "it could not be taken; come again",
}


class DoorMetrics(Collector):
    def __init__(self, service: str, doors: Doors) -> None:
        self._service = service
        self._doors = doors

    def collect(self) -> Iterator[Metric]:
        text = "What was brought to a door, by what became of it"
        labels, outcomes = ["door", "outcome"], self._doors.outcomes
        yield counters("leadops_door_deliveries", text, self._service, labels, outcomes)
