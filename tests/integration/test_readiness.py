"""What replicas tell while the real broker or store hangs, and what gets them going again."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.main import run
from deploy.local import quiet, stack
from deploy.local.process import wait_for
from shared.loop.resolve import on_log
from shared.topics import manifest
from tests.integration.platform import stack_of_its_own

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300), pytest.mark.xdist_group("readiness")]

TOLD_WITHIN_SECONDS = 10
SCRAPED_WITHIN_SECONDS = 1
COMMANDS = "routing.commands.v1"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with stack_of_its_own(tmp_path_factory.mktemp("var")) as found:
        yield found


def ready() -> list[bool]:
    return [stack.is_ready(row) for row in stack.stack()["processes"]]


def seconds_of_slowest_scrape() -> float:
    took = []
    for row in stack.stack()["processes"]:
        began = time.monotonic()
        answer = httpx.get(f"{row['http']}/metrics", timeout=10)
        took.append(time.monotonic() - began)
        assert "leadops_stored_age_seconds{" in answer.text
    return max(took)


def seconds_until(what: str, seconds: float, check: Callable[[], bool]) -> float:
    began = time.monotonic()
    wait_for(what, seconds, check)
    return time.monotonic() - began


@pytest.mark.parametrize("part", ["store", "broker"])
def test_readiness_tells_within_ten_seconds_that_a_part_hangs(running: Any, part: str) -> None:
    """Of every replica; status and scrapes still answer. Once it goes on, all are ready again."""
    pid = stack.stack()["parts"][part].get("pid")
    if pid is None:
        pytest.skip(f"the {part} is not a process of ours")
    wait_for("all to be ready", 60, lambda: all(ready()))
    os.kill(pid, signal.SIGSTOP)
    try:
        told = seconds_until("all to tell", TOLD_WITHIN_SECONDS, lambda: not any(ready()))
        scrape = seconds_of_slowest_scrape()
        rows = stack.status()
    finally:
        os.kill(pid, signal.SIGCONT)
    back = seconds_until("all to be ready", 60, lambda: all(ready()))
    print(f"{part}: not ready after {told:.1f} s, ready {back:.1f} s after it went on")
    assert scrape < SCRAPED_WITHIN_SECONDS
    reasons = [" ".join(row["status"]["not_ready"]) for row in rows]
    assert [] == [reason for reason in reasons if f"the {part} " not in reason]


async def make_anew(address: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.delete_topics([topic])
        while topic in await admin.list_topics():
            await asyncio.sleep(0.1)
        await admin.create_topics([NewTopic(topic, manifest().partitions, 1)])
    finally:
        await admin.close()


async def partitions_with_records(address: str, topic: str) -> list[int]:
    places = [(topic, number) for number in range(manifest().partitions)]
    async with on_log(address) as log:
        bounds = await log.bounds(places)
    return [number for (_, number), (_, end) in bounds.items() if end]


def refused() -> list[int]:
    rows = [row["status"] for row in stack.status() if row["service"] == "routing"]
    states = [one for row in rows if row for one in row["shards"]]
    return [one["shard"] for one in states if one["state"] == "refused"]


def test_a_topic_that_was_made_anew_is_resolved_shard_by_shard(
    running: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each shard that had read it refuses, for as long as nobody resolves it; where there is
    nothing to resolve nothing is done, and the exit code says so."""
    wait_for("all to be ready", 60, lambda: all(ready()))
    assert run(["apply", "deploy/sample/campaigns.yaml", "--json"]) == 0
    quiet.wait_quiet(60)
    expected = asyncio.run(partitions_with_records(running["kafka"], COMMANDS))
    assert expected
    asyncio.run(make_anew(running["kafka"], COMMANDS))
    wait_for("the shards to refuse", 60, lambda: expected == sorted(refused()))
    for _ in range(5):
        assert expected == sorted(refused())
        time.sleep(0.7)
    codes = {shard: run(["shards", "resolve", "routing", str(shard)]) for shard in range(12)}
    assert {shard: 0 if shard in expected else 2 for shard in range(12)} == codes
    assert f"{COMMANDS} read up to " in capsys.readouterr().out
    wait_for("all to be ready", 60, lambda: all(ready()))
    assert run(["apply", "deploy/sample/campaigns.yaml", "--json"]) == 0
