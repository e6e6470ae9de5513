"""Runs routing as a process; wiring, nothing else."""

import asyncio

from services.routing.queries.api import routes
from services.routing.service import routing
from shared.clock import clock
from shared.serve import serve
from shared.settings import Settings


def main() -> None:
    settings = Settings()
    ticking = clock(settings.clock_file)
    asyncio.run(serve(settings, routing(), lambda store: routes(store, ticking)))
