"""A limit on what is waited for: too late is a failure of whoever should have answered.

Never around a transaction: a call that is cut off may still be under way in the driver, and its
session must not be used meanwhile. What runs in one is limited by the driver itself.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.errors import Infrastructure

STORE_SECONDS_MAX = 8.0
BROKER_SECONDS_MAX = 5.0


@asynccontextmanager
async def within(seconds: float, who: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise Infrastructure(f"{who} gave no answer within {seconds:.0f} s") from error
