"""The service that `docs/a-service.md` shows, taken out of it and run on the real loop."""

import asyncio
import importlib.util
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from shared import read_api
from shared.contracts import envelope as envelopes
from shared.contracts.envelope import Envelope
from shared.contracts.event import Command
from shared.loop.decision import Verdict
from shared.loop.log import Outgoing
from shared.store import Document
from shared.testing import virtual_time
from shared.testing.memory import MemoryStore
from shared.testing.simulator import CALM, World
from shared.topics import shard_of
from tests.manifests import topics_beside

PAGE = (Path(__file__).parents[2] / "docs" / "a-service.md").read_text()
PARTITIONS = 2
LINES_MAX = 120
DAY = timedelta(days=1)
TOPICS = ["visits.commands.v1", "visits.events.v1"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page's blocks as one module, and its topics beside those that there are."""
    folder = tmp_path_factory.mktemp("visits")
    (folder / "visits.py").write_text("\n\n".join(blocks("python")))
    spec = importlib.util.spec_from_file_location("visits", folder / "visits.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with topics_beside(YAML(typ="safe", pure=True).load("\n".join(blocks("yaml")))):
        spec.loader.exec_module(module)
        yield module


class Office:
    """One replica of it, with an endpoint that notes what it is told."""

    def __init__(self, visits: Any) -> None:
        self.visits = visits
        self.requests: list[Document] = []
        builds = {"visits": visits.visits}
        self.world = World(1, builds, TOPICS, PARTITIONS, lambda _: self._answer, CALM)

    async def _answer(self, row: Document) -> tuple[Verdict, str]:
        self.requests.append(row)
        if "gone" in row["request"]["url"]:
            return Verdict.REFUSED, "answered 410"
        return Verdict.DONE, "answered 200"

    async def ask(self, command: Command) -> str:
        """The code of its answer."""
        id, key = f"c{len(self.events())}", command.key_of(command.model_dump())  # noqa: A001
        now = self.world.clock.now()
        envelope = Envelope(id, "test", command.TYPE, now, b"", actor="op", role="operator")
        record = command.model_dump_json().encode()
        place = shard_of(key.encode(), PARTITIONS)
        headers = envelopes.write(envelope)
        self.world.publish(Outgoing(command.TOPIC, place, key.encode(), record, headers))
        await self.rest()
        return str(self.events()[-1]["code"])

    async def rest(self) -> None:
        assert await self.world.drain(), self.world.why_not_quiet()

    async def advance(self, by: timedelta) -> None:
        self.world.clock.ahead += by
        for _ in range(4):
            await self.world.one_second()
        await self.rest()

    def events(self) -> list[dict[str, Any]]:
        records = self.world.broker.records
        rows = [row for (topic, _), rows in records.items() if topic == TOPICS[1] for row in rows]
        # Of several partitions, in the order in which they were published.
        rows.sort(key=lambda row: dict(row.headers)["ce_time"] or b"")
        return [json.loads(row.value or b"{}") for row in rows]

    async def read(self, path: str) -> Any:
        store = MemoryStore(self.world.databases["visits"])
        app = read_api.application("visits", "token", [self.visits.routes(store)])
        transport = httpx.ASGITransport(app)
        headers = {"authorization": "Bearer token"}
        async with httpx.AsyncClient(transport=transport, headers=headers) as client:
            answer = await client.get(f"http://visits.example{path}")
        assert 200 == answer.status_code
        return answer.json()


def test_it_is_small() -> None:
    """Blank lines left out."""
    lines = [line for block in blocks("python") for line in block.splitlines() if line.strip()]
    assert len(lines) <= LINES_MAX
    assert max(map(len, lines)) <= 100


def test_its_story(visits: Any) -> None:
    """Booked, and reminded of a day before; cancelled, and not; and what can be read of both."""

    async def story() -> None:
        office = Office(visits)
        await office.world.run(lambda _: iter(()), 0)
        await office.rest()
        at = office.world.clock.now() + 3 * DAY
        first = visits.BookVisit(visit="v-1", at=at, endpoint="http://hook.example/v")
        other = visits.BookVisit(visit="v-2", at=at, endpoint="http://hook.example/v")
        late = visits.BookVisit(visit="v-3", at=at - 3 * DAY, endpoint="http://hook.example/v")
        nowhere = visits.BookVisit(visit="v-4", at=at, endpoint="http://[/")
        cancels = [visits.CancelVisit(visit=visit) for visit in ("v-2", "v-9")]
        asked = (first, first, other, late, nowhere, *cancels)
        expected = ["booked", "unchanged", "booked", "too_late", "url_invalid", "cancelled"]
        assert [*expected, "visit_unknown"] == [await office.ask(command) for command in asked]
        gone = visits.BookVisit(visit="v-5", at=at, endpoint="http://hook.example/gone")
        assert "booked" == await office.ask(gone)
        await office.advance(2.5 * DAY)
        requests = [(row["request"]["url"], row["request"]["secret"]) for row in office.requests]
        called = [("http://hook.example/gone", "visits"), ("http://hook.example/v", "visits")]
        assert called == sorted(requests)
        told = sorted((event["visit"], event["outcome"]) for event in office.events()[-2:])
        assert [("v-1", "done"), ("v-5", "refused")] == told
        states = [(one["name"], one["state"]) for one in (await office.read("/visits"))["visits"]]
        assert [("v-1", "reminded"), ("v-2", "cancelled"), ("v-5", "not_reminded")] == states
        assert "/visits" in (await office.read("/openapi.json"))["paths"]
        office.world.stop()
        await asyncio.sleep(0)

    virtual_time.run(story())
