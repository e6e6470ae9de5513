"""What Prometheus scrapes, by its client's own application, in the format that is asked for.

Every figure is in memory when it is asked for: a scrape asks neither the store nor the broker, so
it is answered during a start, a rebalance, and while both are away.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, make_asgi_app
from prometheus_client.registry import Collector
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from shared.decision_metrics import DecisionMetrics
from shared.door_server import DoorMetrics, Doors
from shared.durations import Durations
from shared.http_server import ConnectionMetrics
from shared.loop.loop import Loop
from shared.loop.pulse import Pulse
from shared.loop.ticker import Ticker
from shared.stored_gauges import StoredGauges
from shared.telemetry import LoopMetrics
from shared.tracing import Tracing

PATH = "/metrics"


class Measured(Protocol):
    """What of a process is told."""

    loop: Loop
    ticker: Ticker
    pulse: Pulse
    tracing: Tracing | None
    doors: Doors
    durations: Durations
    stored_gauges: StoredGauges


def collectors(process: Measured) -> list[Collector]:
    return [
        LoopMetrics(process.loop, process.ticker, process.pulse, process.tracing),
        DecisionMetrics(process.loop),
        DoorMetrics(process.loop.service.name, process.doors),
        ConnectionMetrics(process.loop.service.name),
        process.durations,
        process.stored_gauges,
    ]


class Scraping:
    """An application; a function of its arguments would be taken for one that gets a request."""

    def __init__(self, collectors: Iterable[Collector]) -> None:
        registry = CollectorRegistry()
        for collector in collectors:
            registry.register(collector)
        self._app: Any = make_asgi_app(registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def metrics_route(collectors: Iterable[Collector]) -> BaseRoute:
    return Route(PATH, Scraping(collectors), methods=["GET"])
