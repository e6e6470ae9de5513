"""Runs intake as a process; wiring, nothing else."""

import asyncio

from services.intake.api import routes
from services.intake.service import intake
from shared.serve import serve
from shared.settings import Settings


def main() -> None:
    settings = Settings()
    secret = settings.secret
    asyncio.run(serve(settings, intake(secret), lambda store: routes(store, secret)))
