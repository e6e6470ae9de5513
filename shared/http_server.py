"""HTTP in a service's own process: listens as long as it is needed, and leaves signals alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn

STOP_SECONDS_MAX = 3.0


class Server(uvicorn.Server):
    """Leaves signals to FastStream, which stops the consumer first."""

    @contextmanager
    def capture_signals(self) -> Any:
        yield


@asynccontextmanager
async def listening(
    app: Any, host: str, port: int, **limits: Any
) -> AsyncIterator[asyncio.Task[None]]:
    """The task that serves it; on the way out what is being answered is answered."""
    config = uvicorn.Config(app, host, port, log_config=None, access_log=False, **limits)
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        yield serving
    finally:
        server.should_exit = True
        with suppress(TimeoutError):
            await asyncio.wait_for(serving, STOP_SECONDS_MAX)
