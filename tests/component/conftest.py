"""A world for whoever asks for one: its test then runs in virtual time, as the world does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from shared.testing import virtual_time
from tests.component import agency as agencies
from tests.component import leads, world

WORLDS = {"agency", "platform", "town"}


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """By the fixtures of the test: those that have a world wait in its time."""
    if WORLDS & {*getattr(item, "fixturenames", ())}:
        return {"virtual": virtual_time.new_loop}
    return {"real": asyncio.new_event_loop}


@pytest.fixture
async def platform() -> AsyncIterator[leads.Platform]:
    async with leads.running() as found:
        yield found


@pytest.fixture
async def town() -> AsyncIterator[world.Town]:
    async with world.running() as found:
        yield found


@pytest.fixture
async def agency() -> AsyncIterator[agencies.Agency]:
    async with agencies.running() as found:
        yield found
