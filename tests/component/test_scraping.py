"""What Prometheus is told, and that it is told whatever else is away."""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from deploy.local.process import free_ports
from shared.loop.pulse import Pulse
from shared.read_api import application
from shared.scraping import metrics_route
from shared.telemetry import LoopMetrics
from tests.apis import client
from tests.component.test_readiness import silent
from tests.component.world import COMMANDS, Town

ANSWERS_WITHIN_SECONDS = 1.0
START_SECONDS_MAX = 25.0
OPENMETRICS = {"accept": "application/openmetrics-text; version=1.0.0"}


def scraper(town: Town) -> httpx.AsyncClient:
    """Without a token."""
    (process,) = town.world.groups[0].members
    app = application("tested", "a token", [])
    metrics = LoopMetrics(process.loop, process.ticker, Pulse(process.loop))
    app.router.routes.append(metrics_route([metrics]))
    return client(app, token="")


async def states(api: httpx.AsyncClient) -> dict[str, float]:
    """Of the shards, by a scrape in time."""
    async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
        answer = await api.get("/metrics")
    assert 200 == answer.status_code
    found = re.findall(r'^leadops_shards{.*state="(\w+)"} (.*)$', answer.text, re.MULTILINE)
    return {state: float(number) for state, number in found if float(number)}


async def test_the_metrics_are_open_as_the_health_checks_are(town: Town) -> None:
    """In Prometheus' format, and in that of OpenMetrics for whoever asks for it."""
    api = scraper(town)
    assert 200 == (await api.head("/metrics")).status_code
    assert 405 == (await api.post("/metrics")).status_code
    assert 401 == (await api.get("/metrics/more")).status_code
    plain, other = await api.get("/metrics"), await api.get("/metrics", headers=OPENMETRICS)
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert other.headers["content-type"].startswith("application/openmetrics-text")
    assert "leadops_shards" in {each.name for each in text_string_to_metric_families(other.text)}


@pytest.mark.parametrize("part", ["store", "log"])
async def test_a_scrape_waits_for_nobody(town: Town, part: str) -> None:
    """While the store or the broker is silent."""
    api = scraper(town)
    async with silent(town, part):
        town.ask("hello")
        await town.for_seconds(3)
        assert {"open"} == (await states(api)).keys()


async def test_a_scrape_during_a_rebalance_tells_what_is_left(town: Town) -> None:
    """Also while the shards that are new can't be opened yet."""
    api, loop = scraper(town), town.loop
    places = [place for shard in loop.shards.values() for place in shard.places]
    loop.assign([])
    assert {} == await states(api)
    async with silent(town, "store"):
        loop.assign(places)
        await asyncio.sleep(1)
        owned = {number for topic, number in places if topic == COMMANDS}
        assert {"closed": len(owned)} == await states(api)


@asynccontextmanager
async def starting(port: int) -> AsyncIterator[None]:
    """A service whose store and broker are not there."""
    nobody, elsewhere = free_ports(2)
    environment = os.environ | {
        "LEADOPS_SECRET": "s",
        "LEADOPS_HTTP_PORT": str(port),
        "LEADOPS_KAFKA": f"127.0.0.1:{nobody}",
        "LEADOPS_MONGO": f"mongodb://127.0.0.1:{elsewhere}/?directConnection=true",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.intake"),
        cwd=Path(__file__).parents[2],
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.mark.timeout(60)
async def test_a_service_that_waits_for_its_store_is_scraped() -> None:
    """From the moment on in which it listens."""
    (port,) = free_ports(1)
    async with starting(port), httpx.AsyncClient() as api:
        until = time.monotonic() + START_SECONDS_MAX
        answer = None
        while answer is None and time.monotonic() < until:
            try:
                url = f"http://127.0.0.1:{port}/metrics"
                answer = await api.get(url, timeout=ANSWERS_WITHIN_SECONDS)
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
        assert answer is not None and 200 == answer.status_code
        assert 'leadops_shards{service="intake",state="open"} 0.0' in answer.text
