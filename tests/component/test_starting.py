"""What a service tells while it brings what is stored into the form of today, which may last."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from deploy.local.process import free_ports
from services.intake.service import intake
from shared import operating_api
from shared.door_server import PUBLISH_SECONDS_MAX
from shared.loop import pulse
from shared.loop.kafka import KafkaLog
from shared.loop.ticker import NOT_STARTED
from shared.serve import Process, usable
from shared.settings import Settings
from shared.store import Index
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.builders import SECRET

LONG_SECONDS = 0.3
"""After which whoever says nothing is told of, in a hurry."""


class SlowStore(MemoryStore):
    """It answers at once, but for what brings it into the form of today."""

    def __init__(self) -> None:
        super().__init__(MemoryDatabase())
        self.is_in_form = asyncio.Event()

    async def migrate(self, indexes: Sequence[Index]) -> None:
        await self.is_in_form.wait()
        await super().migrate(indexes)

    async def close(self) -> None:
        pass


@asynccontextmanager
async def starting(store: Any) -> AsyncIterator[str]:
    """The address of a service, once it listens."""
    (port, nobody) = free_ports(2)
    settings = Settings(http_port=port, secret=SECRET, kafka=f"127.0.0.1:{nobody}")
    door_log = KafkaLog(settings.kafka, PUBLISH_SECONDS_MAX)
    process = Process(settings, intake(SECRET), store, usable(settings), (), door_log)
    running = asyncio.create_task(run(process))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        store.is_in_form.set()
        await running


async def run(process: Process) -> None:
    async with process.running(APIRouter()):
        pass


async def not_ready(address: str) -> list[str]:
    async with httpx.AsyncClient() as client:
        while True:
            try:
                answer = await client.get(f"{address}/health/ready")
            except httpx.ConnectError:
                await asyncio.sleep(0.01)
                continue
            assert 503 == answer.status_code
            reasons: list[str] = answer.json()["not_ready"]
            return reasons


async def test_nobody_is_called_silent_or_stuck_while_what_is_stored_is_brought_into_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long it lasts: the store answers, and no turn of the loop has begun."""
    monkeypatch.setattr(pulse, "ASK_SECONDS", LONG_SECONDS / 10)
    monkeypatch.setattr(operating_api, "SILENT_SECONDS_MAX", LONG_SECONDS)
    monkeypatch.setattr(operating_api, "STUCK_SECONDS_MAX", LONG_SECONDS)
    async with starting(SlowStore()) as address:
        await not_ready(address)
        await asyncio.sleep(3 * LONG_SECONDS)
        assert [NOT_STARTED, "no shard is assigned"] == await not_ready(address)
