"""Runs intake as a process; wiring, nothing else."""

import asyncio

from services.intake.queries.api import routes
from services.intake.service import intake
from shared.clock import clock
from shared.serve import serve
from shared.settings import Settings


def main() -> None:
    settings = Settings()
    secret, ticking = settings.secret, clock(settings.clock_file)
    asyncio.run(serve(settings, intake(secret), lambda store: routes(store, secret, ticking)))
