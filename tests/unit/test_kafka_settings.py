"""The defaults of the Kafka clients lose data; none of those that matter is left to them."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.clock import SystemClock
from shared.errors import Infrastructure
from shared.loop import kafka
from shared.loop.decision import Verdict
from shared.loop.kafka import KafkaLog, subscribe
from shared.loop.log import CONTROL, RawRecord
from shared.loop.loop import Loop
from shared.loop.service import Service
from shared.loop.sharing import ShardAssignor
from shared.settings import Settings
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.manifests import topics_beside
from tests.simulation import states


async def perform(_row: Any) -> tuple[Verdict, str]:
    return Verdict.DONE, ""


@pytest.fixture
def subscriber(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the loop asks of FastStream's one subscriber."""
    asked: dict[str, Any] = {}
    right = KafkaBroker.subscriber

    def subscriber(self: KafkaBroker, *topics: str, **options: Any) -> Any:
        asked.update(options, topics=topics)
        return right(self, *topics, **options)

    monkeypatch.setattr(KafkaBroker, "subscriber", subscriber)

    async def build() -> None:
        service = Service("routing", ("routing.claims.v1",), (), ())
        store = MemoryStore(MemoryDatabase())
        log = KafkaLog("127.0.0.1:1")
        loop = Loop(service, store, log, SystemClock(), perform)
        subscribe(KafkaBroker("127.0.0.1:1"), loop, log, Settings(session_timeout_ms=8000))

    asyncio.run(build())
    return asked


def test_positions_are_ours_and_nothing_is_acknowledged_for_us(subscriber: dict[str, Any]) -> None:
    """No automatic commits, no automatic reset, no acknowledgement by the framework."""
    assert AckPolicy.MANUAL == subscriber["ack_policy"]
    assert "none" == subscriber["auto_offset_reset"]
    assert "auto_commit" not in subscriber


def test_one_subscriber_holds_the_same_partitions_of_all_topics(subscriber: dict[str, Any]) -> None:
    """One group with an explicit name, whose members share shards, not topics."""
    assert ("routing.commands.v1", "routing.claims.v1") == subscriber["topics"]
    assert (ShardAssignor,) == subscriber["partition_assignment_strategy"]
    assert "routing" == subscriber["group_id"]
    assert subscriber["batch"] and subscriber["batch_timeout_ms"] <= 20


def test_deadlines_nest(subscriber: dict[str, Any]) -> None:
    """A heart beats several times in a session, and a session ends long before a slow poll."""
    assert 8000 == subscriber["session_timeout_ms"]
    assert subscriber["heartbeat_interval_ms"] * 3 <= subscriber["session_timeout_ms"]
    assert subscriber["session_timeout_ms"] < subscriber["max_poll_interval_ms"]


async def test_a_write_counts_only_when_all_replicas_have_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The producer waits for all, and is idempotent."""
    asked: dict[str, Any] = {}

    class Producer:
        def __init__(self, **options: Any) -> None:
            asked.update(options)

        async def start(self) -> None: ...

    monkeypatch.setattr(kafka, "AIOKafkaProducer", Producer)
    await KafkaLog("127.0.0.1:1")._running_producer()
    assert ("all", True) == (asked["acks"], asked["enable_idempotence"])


class Producers:
    """Stands for the client's: notes how many were started and stopped, and fails on demand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[Any] = []
        self.stopped: list[Any] = []
        self.fail: asyncio.Event | None = None
        producers = self

        class Producer:
            def __init__(self, **_options: Any) -> None: ...

            async def start(self) -> None:
                await asyncio.sleep(0)
                producers.started.append(self)

            async def stop(self) -> None:
                producers.stopped.append(self)

        async def send(producer: Any, _records: Any) -> None:
            if producers.fail and producer is producers.started[0]:
                await producers.fail.wait()
                raise KafkaConnectionError

        monkeypatch.setattr(kafka, "AIOKafkaProducer", Producer)
        monkeypatch.setattr(kafka, "_send", send)


async def test_all_who_publish_at_once_have_one_producer(monkeypatch: pytest.MonkeyPatch) -> None:
    producers, log = Producers(monkeypatch), KafkaLog("127.0.0.1:1")
    await asyncio.gather(*(log.publish([]) for _ in range(20)))
    assert 1 == len(producers.started)


async def test_a_producer_that_failed_is_replaced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many it failed, and nobody who failed late takes the new one from the others."""
    producers, log = Producers(monkeypatch), KafkaLog("127.0.0.1:1")
    producers.fail = asyncio.Event()
    failing = [asyncio.create_task(log.publish([])) for _ in range(3)]
    await asyncio.sleep(0.01)
    producers.fail.set()
    await asyncio.wait(failing)
    await log.publish([])
    await log._give_up(producers.started[0])
    await log.publish([])
    assert [isinstance(task.exception(), Infrastructure) for task in failing] == [True] * 3
    assert (2, producers.started[:1]) == (len(producers.started), producers.stopped)


async def test_a_publish_that_is_not_acknowledged_in_time_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    producers, log = Producers(monkeypatch), KafkaLog("127.0.0.1:1", publish_seconds_max=0.01)
    producers.fail = asyncio.Event()
    with pytest.raises(Infrastructure, match="in time"):
        await log.publish([])
    assert producers.started == producers.stopped


STATE, FACT = "dials.states.v1", "routing.events.v1"


class Consumer:
    """As much of a client as looking back needs: it has one record at each place, or none."""

    def __init__(self, records: dict[str, RawRecord]) -> None:
        self.records = records

    def assign(self, _places: Any) -> None: ...

    def seek(self, _place: Any, _offset: int) -> None: ...

    def pause(self, place: Any) -> None:
        self.records.pop(place.topic)

    async def getmany(self, **_options: Any) -> dict[TopicPartition, list[RawRecord]]:
        await asyncio.sleep(0)
        return {TopicPartition(topic, 0): [one] for topic, one in self.records.items()}


def at(topic: str, offset: int, *headers: tuple[str, bytes]) -> RawRecord:
    return RawRecord(topic, 0, offset, b"k", b"v", headers)


@pytest.fixture
def compacted() -> Iterator[None]:
    with topics_beside(states.MANIFEST):
        yield


@pytest.mark.usefixtures("compacted")
@pytest.mark.parametrize(
    ("topic", "record", "is_there"),
    [
        (FACT, at(FACT, 7), True),
        (FACT, at(FACT, 7, (CONTROL, b"60")), True),
        (STATE, at(STATE, 7), True),
        (STATE, at(STATE, 9), False),
        (STATE, at(STATE, 7, (CONTROL, b"60")), False),
        (STATE, None, False),
    ],
    ids=["there", "end of a transaction", "left", "taken", "batch left empty", "nothing left"],
)
async def test_what_compaction_took_is_not_there_where_one_looks_back(
    monkeypatch: pytest.MonkeyPatch, topic: str, record: RawRecord | None, is_there: bool
) -> None:
    """And is waited for no longer than what is slow; an ordinary topic has lost nothing."""
    monkeypatch.setattr(kafka, "LOOK_BACK_SECONDS", 0.05)
    consumer = Consumer({topic: record} if record else {})
    found = await KafkaLog("")._look_back(consumer, {(topic, 0): 7})
    assert is_there == bool(found)


@pytest.mark.usefixtures("compacted")
async def test_what_an_ordinary_topic_does_not_give_in_time_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kafka, "LOOK_BACK_SECONDS", 0.05)
    with pytest.raises(Infrastructure, match="could not be read in time"):
        await KafkaLog("")._look_back(Consumer({}), {(FACT, 0): 7, (STATE, 0): 7})
