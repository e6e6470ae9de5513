"""What Prometheus scrapes, by its client's own application, in the format that is asked for.

Every figure is in memory when it is asked for: a scrape asks neither the store nor the broker, so
it is answered during a start, a rebalance, and while both are away.
"""

from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, make_asgi_app
from prometheus_client.registry import Collector
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

PATH = "/metrics"


class Scraping:
    """An application; a function of its arguments would be taken for one that gets a request."""

    def __init__(self, collectors: Iterable[Collector]) -> None:
        registry = CollectorRegistry()
        for collector in collectors:
            registry.register(collector)
        self._app: Any = make_asgi_app(registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def scraped(collectors: Iterable[Collector]) -> BaseRoute:
    return Route(PATH, Scraping(collectors), methods=["GET"])
