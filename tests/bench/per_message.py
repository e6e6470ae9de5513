"""The same stage as it is commonly written: one record, one transaction, one confirmed send each.

It parses, decides and writes with the service's own code, and writes lead, contact, inbox entry and
position. It has no outbox, no dense numbers and no fencing, so it is faster than one that is as
safe would be.
"""

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from services.intake.service import intake
from shared.clock import SystemClock
from shared.contracts import envelope as envelopes
from shared.contracts.answers import CommandAnswer, accepted_type, refused_type
from shared.contracts.envelope import Envelope
from shared.contracts.event import Event, events_topic
from shared.contracts.intake import SubmitLead
from shared.contracts.parsing import parse
from shared.ids import derived_id
from shared.loop import inbox
from shared.loop.classify import cause_of
from shared.loop.decision import Accepted, Context, Decision, Input
from shared.mongo import MongoStore
from shared.store import Insert, Replace
from shared.topics import manifest
from tests.bench import bare, stage, uploads
from tests.bench.measuring import Run, Stopwatch
from tests.bench.stage import Backends

SOURCE = "leadops/intake"

Message = tuple[str, Event, str]
"""A type, an event and the key that it is said with."""


class PerMessage:
    def __init__(self, store: MongoStore, producer: Any) -> None:
        self._store = store
        self._producer = producer
        self._service = intake(uploads.SECRET)

    async def take(self, record: Any) -> None:
        envelope = envelopes.read(record.headers, record.value)
        submitted = parse(SubmitLead, envelope.data)
        cause = cause_of(envelope, record.key.decode(), envelope.trace)
        decision = await self._commit(
            record, envelope, Input(submitted, Context(cause, SystemClock().now()))
        )
        for kind, event, key in _messages(decision, envelope, cause.key):
            await self._send(envelope, kind, event, key)

    async def _commit(self, record: Any, envelope: Envelope, input_: Input) -> Decision:
        async with self._store.transaction() as transaction:
            known = await inbox.load(transaction, [envelope])
            assert not known
            state = await self._service.load(transaction, [input_])
            decision = self._service.table.decide(state, input_)
            assert decision.answer is not None
            state.put(decision.save)
            await self._service.save(transaction, state)
            entry = inbox.entry(
                envelope, input_.context.cause.key, decision.answer, input_.context.now
            )
            await transaction.write(inbox.COLLECTION, [Insert(entry)])
            position = {"_id": record.partition, "next": record.offset + 1}
            await transaction.write("shards", [Replace(position)])
        return decision

    async def _send(self, cause: Envelope, kind: str, event: Event, key: str) -> None:
        envelope = Envelope(
            id=derived_id(cause.source, cause.id, kind),
            source=SOURCE,
            type=kind,
            time=cause.time,
            data=event.model_dump_json().encode(),
            tenant=cause.tenant,
            trace=cause.trace,
        )
        await self._producer.send_and_wait(
            events_topic("intake"),
            envelope.data,
            key=key.encode(),
            headers=envelopes.write(envelope),
        )


def _messages(decision: Decision, envelope: Envelope, key: str) -> Sequence[Message]:
    answer = decision.answer
    assert answer is not None
    kind = accepted_type if isinstance(answer, Accepted) else refused_type
    data = CommandAnswer(
        command=envelope.id, code=answer.code, text=answer.text, details=dict(answer.details)
    )
    events = [(each.event.TYPE, each.event, each.key) for each in decision.publish]
    return [*events, (kind("intake"), data, key)]


async def run(backends: Backends, records: int) -> Run:
    """Over the first records of the topic only: it is slow."""
    async with stage.fresh_store(backends) as store:
        await _make_positions(store)
        producer = AIOKafkaProducer(
            bootstrap_servers=backends.kafka, acks="all", enable_idempotence=True
        )
        await producer.start()
        consumer = await bare.reader(backends)
        stage_ = PerMessage(store, producer)
        uploads.forget_what_was_read()
        stopwatch = Stopwatch()
        stopwatch.start()
        for _ in range(records):
            await stage_.take(await consumer.getone())
        done = stopwatch.stop(records)
        await consumer.stop()
        await producer.stop()
        return done


async def _make_positions(store: MongoStore) -> None:
    async with store.transaction() as transaction:
        rows = [Insert({"_id": number, "next": 0}) for number in range(manifest().partitions)]
        await transaction.write("shards", rows)
