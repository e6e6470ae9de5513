"""A door on a real broker that is killed while two hundred deliveries are under way: what was
acknowledged is there, and in the end all is."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy import topics
from deploy.local.backend import NativeBackend, wait_until_it_answers
from deploy.local.kafka_native import native_kafka, what_is_missing
from deploy.local.process import free_ports
from shared.clock import SystemClock
from shared.contracts import envelope as envelopes
from shared.door_server import PUBLISH_SECONDS_MAX, Doors
from shared.http_server import listening
from shared.loop.kafka import KafkaLog
from shared.topics import manifest
from tests.doors import CALENDAR, BookMeeting, body_of, signature_of

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

DELIVERIES = 200
PAUSE_SECONDS = 0.2
"""After which a sender that was not acknowledged comes again."""
KILLED_AFTER = DELIVERIES // 4
NO_ANSWER = 0


@asynccontextmanager
async def open_door(address: str) -> AsyncIterator[tuple[Doors, str]]:
    log = KafkaLog(address, PUBLISH_SECONDS_MAX)
    doors = Doors([CALENDAR], log.publish, SystemClock(), time.monotonic)
    port = free_ports(1)[0]
    async with listening(doors.app, "127.0.0.1", port):
        yield doors, f"http://127.0.0.1:{port}/calendar/main"
    await log.close()


class Senders:
    """Each brings its delivery until it is told that it arrived."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: Counter[int] = Counter()
        self.acknowledged: set[str] = set()

    async def bring_all(self) -> None:
        limits = httpx.Limits(max_connections=DELIVERIES)
        async with httpx.AsyncClient(limits=limits, timeout=15) as client:
            await asyncio.gather(*(self._bring(client, n) for n in range(DELIVERIES)))

    async def _bring(self, client: httpx.AsyncClient, number: int) -> None:
        body = body_of(number, datetime.now(UTC))
        while f"e-{number}" not in self.acknowledged:
            status = await self._status(client, body)
            self.answers[status] += 1
            if status == httpx.codes.ACCEPTED:
                self.acknowledged.add(f"e-{number}")
            else:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _status(self, client: httpx.AsyncClient, body: bytes) -> int:
        try:
            answer = await client.post(self.url, content=body, headers=signature_of(body))
        except httpx.TransportError:  # It does not listen yet.
            return NO_ANSWER
        return answer.status_code


async def commands_in(address: str) -> set[str]:
    """Their ids, of all that lie in the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(BookMeeting.TOPIC, n) for n in range(manifest().partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends, found = await consumer.end_offsets(places), set[str]()
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found |= {envelopes.read(one.headers, one.value).id for one in records}
        return found
    finally:
        await consumer.stop()


def test_what_is_acknowledged_is_a_command_whatever_happens_to_the_broker(tmp_path: Path) -> None:
    """In a process of its own: clients that fail while they connect leave their connections to the
    collector of garbage, which would tell of them in some later test."""
    if missing := what_is_missing():
        pytest.skip(f"a broker of its own needs {', '.join(missing)}")
    story = get_context("spawn").Process(target=with_a_broker_of_its_own, args=(tmp_path,))
    story.start()
    story.join()
    assert 0 == story.exitcode


def with_a_broker_of_its_own(folder: Path) -> None:
    broker = native_kafka(folder, free_ports(1)[0])
    broker.launch()
    try:
        wait_until_it_answers("broker", broker)
        asyncio.run(deliver_all(broker))
    finally:
        broker.stop()


async def deliver_all(broker: NativeBackend) -> None:
    await topics.ensure(broker.address)
    async with open_door(broker.address) as (doors, url):
        senders = Senders(url)
        bringing = asyncio.create_task(senders.bring_all())
        while len(senders.acknowledged) < KILLED_AFTER and not bringing.done():
            await asyncio.sleep(0.001)
        # From this thread, since a process dies with the thread that started it.
        broker.kill()
        before = set(senders.acknowledged)
        broker.launch()
        await asyncio.to_thread(wait_until_it_answers, "broker", broker)
        assert before <= await commands_in(broker.address)
        await bringing
    assert DELIVERIES == len(senders.acknowledged)
    assert senders.acknowledged == await commands_in(broker.address)
    assert senders.answers[503] == doors.outcomes["calendar", "not_acknowledged"] > 0
