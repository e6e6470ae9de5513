"""Intake and routing as they are, with two replicas of routing, on a memory log and store.

They are asked and waited for as a stack is, but days pass in no time and each run takes the same
course. The customer is that of the local stack, without its network.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from cli.command import Answer, Asker, Awaited, Command, record_of
from deploy import received
from services.intake.queries import api as intake_api
from services.routing.queries import api as routing_api
from shared import dead_letters_api
from shared.contracts.event import events_topic
from shared.loop.decision import Verdict
from shared.loop.webhook import TIMEOUT_SECONDS, verdict_of
from shared.store import Document
from shared.testing import virtual_time
from shared.testing.memory import MemoryStore
from shared.testing.simulator import CALM, SECRET, World
from shared.topics import shard_of
from tests.apis import app_of, client, found
from tests.scenes.platform import OPERATOR, Platform
from tests.simulation.lead_path import BUILDS, PARTITIONS, TOPICS

T = TypeVar("T")
UNANSWERED = Verdict.UNKNOWN, "the connection ended without an answer"


class Customer:
    """Behaves and remembers as the receiver of a stack does."""

    def __init__(self) -> None:
        self.behaviours = received.Behaviours()
        self.decided = received.Decided()
        self.attempts: Counter[str] = Counter()
        self.lines: list[str] = []

    async def call(self, row: Document) -> tuple[Verdict, str]:
        request = row["request"]
        headers = {b"webhook-id": row["_id"].encode()}
        campaign = request["url"].rpartition("/")[2]
        delivery = received.from_webhook(campaign, headers, request["body"])
        wanted = self.behaviours.for_campaign(campaign).answer(
            delivery.key, self.attempts[delivery.key]
        )
        self.attempts[delivery.key] += 1
        answer = self.decided.answer(delivery.key, wanted)
        taken = delivery.key in self.decided.taken
        self.lines.append(received.line(delivery, answer.status, taken=taken))
        await asyncio.sleep(min(answer.seconds, TIMEOUT_SECONDS))
        is_answered = answer.instead is None and answer.seconds < TIMEOUT_SECONDS
        return verdict_of(answer.status) if is_answered else UNANSWERED


class Simulated(Platform):
    customer_url = "http://customer.example/campaigns"

    def __init__(self) -> None:
        self.time = virtual_time.new_loop()
        self.customer = Customer()
        self.world = World(1, BUILDS, TOPICS, PARTITIONS, lambda _: self.customer.call, CALM)
        self.groups = {group.service: group for group in self.world.groups}
        stores = {name: MemoryStore(found) for name, found in self.world.databases.items()}
        routes = {
            "intake": intake_api.routes(stores["intake"], SECRET, self.world.clock),
            "routing": routing_api.routes(stores["routing"], self.world.clock),
        }
        self.apis = {
            name: client(app_of(one, dead_letters_api.routes(stores[name])))
            for name, one in routes.items()
        }
        self.groups["routing"].replicas = 2
        self._run(self.world.run(lambda _: iter(()), 0))
        self.rest()

    def _run(self, work: Awaitable[T]) -> T:
        return self.time.run_until_complete(work)

    def publish(
        self, *commands: Command, asker: Asker = OPERATOR, at: datetime | None = None
    ) -> list[Answer]:
        """As of now, or as of an earlier moment."""
        moment = at or self.now()
        for command in commands:
            record = record_of(command, asker, moment)
            place = shard_of(record.key or b"", PARTITIONS)
            self.world.publish(replace(record, partition=place))
        self.rest()
        awaited = Awaited(commands)
        for topic in {events_topic(command.service) for command in commands}:
            for record in self._records(topic):
                awaited.take(record.headers, record.value)
        return [awaited.found[command.id] for command in commands]

    def get(self, service: str, path: str, **query: Any) -> Any:
        return self._run(found(self.apis[service], path, **query))

    def events(self, kind: str) -> list[Any]:
        kept = f"leadops.{kind}.v1".encode()
        return [
            json.loads(record.value or b"")
            for record in self._records(events_topic(kind.partition(".")[0]))
            if dict(record.headers).get("ce_type") == kept
        ]

    def _records(self, topic: str) -> Iterator[Any]:
        for (name, _), records in self.world.broker.records.items():
            if name == topic:
                yield from records

    def rest(self) -> None:
        assert self._run(self.world.drain()), self.world.why_not_quiet()

    def now(self) -> datetime:
        return self._run(self._now())

    async def _now(self) -> datetime:
        return self.world.clock.now()

    def jump_to(self, moment: datetime) -> None:
        self.pass_until(moment)
        self.rest()

    def pass_until(self, moment: datetime) -> None:
        """Whether or not anything comes to rest."""
        self.world.clock.ahead += moment - self.now()
        self._run(self._some_seconds())

    async def _some_seconds(self) -> None:
        """What has become due is looked for in between."""
        for _ in range(4):
            await self.world.one_second()

    def behave(self, campaign: str, mode: str, **how: Any) -> None:
        self.customer.behaviours.tell(campaign, mode=mode, **how)

    def received(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.customer.lines]

    @contextmanager
    def without(self, service: str) -> Iterator[None]:
        """Its replicas are killed, and others are there afterwards."""
        group = self.groups[service]
        replicas, group.replicas = group.replicas, 0
        self._run(self.world.one_second())
        yield
        group.replicas = replicas
        self.rest()

    def stop(self) -> None:
        """What nobody foresaw fails the test at its end."""
        kept = [
            row["text"]
            for database in self.world.databases.values()
            for row in database.documents("dead_letters")
            if row["code"] == "unexpected"
        ]
        virtual_time.end(self.time)
        assert [] == kept
