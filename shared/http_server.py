"""HTTP in a service's own process: listens as long as it is needed, and leaves signals alone.

A connection on which no request comes is ended soon, whatever trickles in on it, and so is one that
does not take its answer: otherwise some hundreds of them would take all that this process may have
open, its store's and its broker's too. For the same reason there are only so many at once.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.metric_families import counters

STOP_SECONDS_MAX = 3.0
HEAD_SECONDS_MAX = 5.0
"""What a connection has, from its begin or its latest answer on, until the next request begins."""
ANSWER_SECONDS_MAX = 30.0
"""What a connection has to take of its answers what the machine does not hold for it."""
CONNECTIONS_MAX = 600
"""More than a door answers at once; with both ports and all of our own below what a process may
have open where nobody has raised that (1,024), as long as not both are full."""

ENDED: Counter[tuple[str]] = Counter()
"""Of this process: connections that no application has answered, by why they were ended."""


class Server(uvicorn.Server):
    """Leaves signals to FastStream, which stops the consumer first."""

    @contextmanager
    def capture_signals(self) -> Any:
        yield


class Connection(H11Protocol):
    """The web server's own timer ends connections that rest; it begins with the first answer, and
    each byte stops it. None of its timers ends one whose answer is not taken."""

    _ending: asyncio.TimerHandle | None = None
    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            ENDED["too_many",] += 1
            transport.abort()
        else:
            self._wait_for_a_request()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._giving_up = self.loop.call_later(ANSWER_SECONDS_MAX, self._give_up)

    def _give_up(self) -> None:
        ENDED["answer_not_taken",] += 1
        self.transport.abort()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_giving_up()

    def send_400_response(self, msg: str) -> None:
        ENDED["no_http",] += 1
        super().send_400_response(msg)

    def timeout_keep_alive_handler(self) -> None:
        if self.cycle is None:
            ENDED["nothing_asked",] += 1
        super().timeout_keep_alive_handler()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_asked():
            self._stop_waiting()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_asked():
            self._wait_for_a_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()
        self._stop_giving_up()

    def _is_asked(self) -> bool:
        """Whether a request is being answered: how long its body may take, its reader says."""
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_for_a_request(self) -> None:
        self._stop_waiting()
        self._ending = self.loop.call_later(HEAD_SECONDS_MAX, self.timeout_keep_alive_handler)

    def _stop_waiting(self) -> None:
        if self._ending is not None:
            self._ending.cancel()

    def _stop_giving_up(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()


class ConnectionMetrics(Collector):
    def __init__(self, service: str) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        text = "Connections that were ended without an application's answer, by why"
        yield counters("leadops_http_connections_ended", text, self._service, ["reason"], ENDED)


@asynccontextmanager
async def listening(app: Any, host: str, port: int) -> AsyncIterator[asyncio.Task[None]]:
    """The task that serves it; on the way out what is being answered is answered."""
    config = uvicorn.Config(app, host, port, http=Connection, log_config=None, access_log=False)
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        yield serving
    finally:
        server.should_exit = True
        with suppress(TimeoutError):
            await asyncio.wait_for(serving, STOP_SECONDS_MAX)
