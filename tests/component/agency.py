"""Billing and appointments as they are, on a memory log and store in virtual time: stories of
orders and meetings."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
from fastapi import APIRouter

from services.appointments.service import appointments as build_appointments
from services.billing.queries.api import routes as billing_routes
from services.billing.service import billing
from shared import read_api
from shared.contracts import accounts, appointments, orders, threads
from shared.contracts import envelope as envelopes
from shared.contracts.commands import service_of
from shared.contracts.envelope import TENANT_DEFAULT, Envelope
from shared.contracts.event import PREFIX, Command
from shared.loop.decision import Verdict
from shared.loop.log import Outgoing, Record
from shared.loop.service import Service
from shared.store import Document, Store
from shared.testing.memory import MemoryStore
from shared.testing.simulator import CALM, SECRET, World
from shared.topics import shard_of
from tests.manifests import topics_beside

PARTITIONS = 2
OPEN, ORDERED, COMPACTED = {"open": True}, {"ordered": True}, {"compacted": True}
ROWS: Sequence[dict[str, Any]] = [
    {"name": f"{name}.v1", "owner": name.partition(".")[0], "key": key, **kind}
    for name, key, kind in (
        ("billing.commands", "tenant/account", OPEN),
        ("billing.events", "tenant/account", {}),
        ("billing.accounts", "tenant/account", COMPACTED),
        ("appointments.commands", "tenant/order; tenant/slot; person", OPEN),
        ("appointments.events", "person; tenant/order", {}),
        ("appointments.facts", "person", ORDERED),
        ("appointments.counts", "tenant/order", ORDERED),
        ("appointments.slots", "tenant/slot", {}),
        ("appointments.rechecks", "tenant/order or tenant/account; person", {}),
    )
]
"""Until both services run, their topics are in no manifest."""
MODULES = (accounts, appointments, orders, threads)
COMMANDS = {
    kind.TYPE: kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Command) and hasattr(kind, "TYPE")
}
BUILDS: Mapping[str, Callable[[], Service]] = {
    "appointments": partial(build_appointments, SECRET),
    "billing": billing,
}
TOPICS = [row["name"] for row in ROWS]


def command(
    kind: str,
    data: Mapping[str, Any],
    *,
    id: str,  # noqa: A002
    source: str,
    at: datetime,
    tenant: str = TENANT_DEFAULT,
    actor: str = "ops",
    role: str = "operator",
) -> Outgoing:
    type_ = f"{PREFIX}{kind}.v1"
    envelope = Envelope(
        id=id, source=source, type=type_, time=at, data=b"", tenant=tenant, actor=actor, role=role
    )
    contract = COMMANDS[type_]
    key = contract.key_of(data, tenant).encode()
    value = json.dumps(data, default=str).encode()
    place = shard_of(key, PARTITIONS)
    return Outgoing(contract.TOPIC, place, key, value, envelopes.write(envelope))


class Agency:
    """One world with one replica of each service, and short words for what tests do in it."""

    def __init__(self) -> None:
        self.world = World(1, BUILDS, TOPICS, PARTITIONS, lambda _: self._answer, CALM)
        self.requests: list[Document] = []
        self._count = 0

    async def _answer(self, row: Document) -> tuple[Verdict, str]:
        self.requests.append(row)
        return Verdict.DONE, "answered 200"

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    async def ask(self, kind: str, data: Mapping[str, Any], **changed: Any) -> Document:
        """One command and its answer: code, text, details."""
        id = self.publish(kind, data, **changed)  # noqa: A001
        await self.rest()
        found = self.events(f"{service_of(PREFIX + kind)}.events.v1")
        return next(one for one in found if one.get("command") == id)

    def publish(self, kind: str, data: Mapping[str, Any], **changed: Any) -> str:
        self._count += 1
        told = {"id": f"c{self._count}", "source": "test", "at": self.now, **changed}
        record = command(kind, data, **told)
        self.world.publish(record)
        return str(told["id"])

    async def rest(self) -> None:
        assert await self.world.drain(), self.world.why_not_quiet()

    async def advance(self, span: timedelta) -> None:
        self.world.clock.ahead += span
        for _ in range(4):
            await self.world.one_second()
        await self.rest()

    def events(self, topic: str) -> list[Document]:
        """Of several partitions, in the order of their times."""
        records = self.world.broker.records
        rows = [row for (name, _), rows in records.items() if name == topic for row in rows]
        rows.sort(key=lambda row: dict(row.headers)["ce_time"] or b"")
        return [{"type": _type(row), **json.loads(row.value or b"{}")} for row in rows]

    def times(self, topic: str) -> list[tuple[str, datetime]]:
        """Of each record its type, and the minute in which it was published."""
        records = self.world.broker.records
        rows = [row for (name, _), rows in records.items() if name == topic for row in rows]
        found = [((dict(row.headers)["ce_time"] or b"").decode(), _type(row)) for row in rows]
        return [(kind, _minute(at)) for at, kind in sorted(found)]

    def keys(self, topic: str) -> set[str]:
        records = self.world.broker.records
        rows = [row for (name, _), rows in records.items() if name == topic for row in rows]
        return {(row.key or b"").decode() for row in rows}

    def stored(self, service: str, collection: str) -> list[Document]:
        return self.world.databases[service].documents(collection)

    async def read(self, service: str, path: str) -> Any:
        store = MemoryStore(self.world.databases[service])
        app = read_api.application(service, "token", [ROUTES[service](store)])
        transport = httpx.ASGITransport(app)
        headers = {"authorization": "Bearer token"}
        async with httpx.AsyncClient(transport=transport, headers=headers) as client:
            answer = await client.get(f"http://{service}.example{path}")
        assert 200 == answer.status_code, answer.text
        return answer.json()


def _type(row: Record) -> str:
    return (dict(row.headers)["ce_type"] or b"").decode()


def _minute(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(UTC).replace(second=0, microsecond=0)


def _billing(store: Store) -> APIRouter:
    return billing_routes(store)


ROUTES = {"billing": _billing}


def codes(answers: Sequence[Document]) -> list[str]:
    return [answer["code"] for answer in answers]


@asynccontextmanager
async def running() -> AsyncIterator[Agency]:
    with topics_beside(ROWS):
        agency = Agency()
        await agency.world.run(lambda _: iter(()), 0)
        yield agency
