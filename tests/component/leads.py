"""Intake and routing as they are, on a memory log and store in virtual time: stories of leads."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from services.intake.leads.leads import lead_id
from shared.contracts import envelope as envelopes
from shared.contracts.answers import REFUSE_ANY
from shared.contracts.commands import commands
from shared.contracts.envelope import Envelope
from shared.contracts.event import Command
from shared.loop.decision import Verdict
from shared.loop.log import Outgoing
from shared.store import Document
from shared.testing.simulator import CALM, World
from shared.topics import shard_of
from tests.builders import put_affiliate, put_campaign, record
from tests.simulation.lead_path import BUILDS, PARTITIONS, TOPICS


def codes_of(kind: type[Command], *, accepted: bool) -> tuple[str, ...]:
    """All codes that a command may be answered with."""
    return kind.ACCEPTED if accepted else (*kind.REFUSED, *REFUSE_ANY)


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = {"weekday": "monday", "at": "09:00"}
"""In an hour: stories begin on a Monday at eight."""
STRICT = {"strictness": "strict"}
LEAD_CODE = "INT-AAA-BBB-1"
EXCLUSIVE = {"exclusive_lead_codes": [LEAD_CODE]}


def person(number: int, **changes: Any) -> Document:
    """Each of a company of its own, by its email as by its website."""
    return record(Mail=email_of(number), Site=f"firm{number}.example") | changes


def email_of(number: int) -> str:
    return f"p{number}@firm{number}.example"


class Platform:
    """One world with one replica of each service, and short words for what tests do in it."""

    def __init__(self) -> None:
        self.verdict: tuple[Verdict, str] = (Verdict.DONE, "answered 200")
        self.verdicts: dict[str, Verdict] = {}
        """Of single campaigns' endpoints."""
        self.world = World(1, BUILDS, TOPICS, PARTITIONS, lambda _: self._call, CALM)
        self.requests: list[Document] = []
        self._count = 0
        self._asked: dict[str, str] = {}
        """The type of each command, by its id."""

    async def _call(self, row: Document) -> tuple[Verdict, str]:
        self.requests.append(row)
        own = self.verdicts.get(row["data"]["campaign"].removeprefix("main/"))
        return (own, "as the test wants it") if own else self.verdict

    async def ask(self, kind: str, key: str, data: Any, **changed: Any) -> Document:
        """One command and its answer: code, text, details, and whether it was accepted."""
        id = self.publish(kind, key, data, **changed)  # noqa: A001
        await self.rest()
        return next(one for one in self.answers() if one["command"] == id)

    def publish(self, kind: str, key: str, data: Any, **changed: Any) -> str:
        self._count += 1
        id = changed.get("id", f"c{self._count}")  # noqa: A001
        self._asked[id] = f"leadops.{kind}.v1"
        envelope = Envelope(
            id=id,
            source="test",
            type=f"leadops.{kind}.v1",
            time=changed.get("at") or self.now,
            data=b"",
            actor=changed.get("actor", "ops"),
            role=changed.get("role", "operator"),
            trace=f"00-{self._count:032x}-{self._count:016x}-01",
        )
        topic = f"{kind.split('.')[0]}.commands.v1"
        place = shard_of(key.encode(), PARTITIONS)
        value = json.dumps(data).encode()
        self.world.publish(Outgoing(topic, place, key.encode(), value, envelopes.write(envelope)))
        return str(id)

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    async def start(self) -> None:
        await self.world.run(lambda _: iter(()), 0)
        await self.ask("intake.affiliate.put", "acme", put_affiliate().model_dump(mode="json"))

    async def rest(self) -> None:
        assert await self.world.drain(), self.world.why_not_quiet()

    async def advance(self, span: timedelta) -> None:
        self.world.clock.ahead += span
        for _ in range(4):
            await self.world.one_second()
        await self.rest()

    async def campaign(self, name: str = "north", **changes: Any) -> None:
        whole = put_campaign(id=name, **changes).model_dump(mode="json")
        assert (await self.ask("routing.campaign.put", name, whole))["accepted"]

    async def question(self, name: str = "q_budget", **changes: Any) -> Document:
        answers = ["under 10k", "10k-50k", "over 50k"]
        whole = {"id": name, "text": "Budget?", "answers": answers, "categories": ["101"]}
        return await self.ask("intake.question.put", name, whole | changes)

    async def submit(self, reference: str = "R-1", **changes: Any) -> Document:
        cause = {
            name: changes.pop(name) for name in ("at", "role", "actor", "id") if name in changes
        }
        data = {"affiliate": "acme", "reference": reference}
        data |= {"record": record(**changes.pop("record", {}))} | changes
        return await self.ask("intake.lead.submit", f"acme:{reference}", data, **cause)

    async def upload(self, *numbers: int, **record: Any) -> None:
        """A lead each, of different people: R-1 of the first, and so on."""
        for number in numbers:
            data = {"affiliate": "acme", "reference": f"R-{number}", "delivery": "D-1"}
            data |= {"record": person(number, **record)}
            self.publish("intake.lead.submit", f"acme:R-{number}", data)
        await self.rest()

    async def convert(self, number: int = 1, *categories: str, **record: Any) -> None:
        """An organic lead, O-1 of the first person, and so on."""
        data = {
            "reference": f"O-{number}",
            "converted_at": "2026-03-02T07:00:00Z",
            "categories": categories or ["101"],
            "record": {"email": email_of(number), "country": "US"} | record,
        }
        await self.ask("intake.lead.convert", f"organic:O-{number}", data)

    async def rules(self, **changes: Any) -> Document:
        return await self.ask("routing.rules.put", "house", changes)

    async def company_list(self, name: str, *entries: str, **changes: Any) -> Document:
        return await self.ask("routing.list.put", name, {"id": name, "entries": entries} | changes)

    async def edit(self, name: str, **changes: Any) -> Document:
        data = {"list": name, "reason": "they asked"} | changes
        return await self.ask("routing.list.edit", name, data)

    async def by_hand(self, number: int = 1, campaign: str = "north", **cause: Any) -> Document:
        lead = self.routed(f"R-{number}")
        data = {"lead": lead["_id"], "person_id": lead["person_id"], "campaign": campaign}
        data |= {"reason": "they called"}
        return await self.ask("routing.lead.send", lead["person_id"], data, **cause)

    def routed(self, reference: str = "R-1") -> Document:
        """A lead as routing has it; an organic one's reference begins with O."""
        source = "organic" if reference.startswith("O") else "acme"
        id = lead_id("main", source, reference)  # noqa: A001
        return next(row for row in self.stored("leads", "routing") if row["_id"] == id)

    def states(self, reference: str = "R-1") -> dict[str, str]:
        """By campaign, how it stands with the lead."""
        return {row["campaign"]: row["state"] for row in self.routed(reference)["claims"]}

    def against(self, reference: str = "R-1", campaign: str = "north") -> Sequence[str]:
        """What the campaign answered that speaks against the lead."""
        claims = self.routed(reference)["claims"]
        (answer,) = [row for row in claims if row["campaign"] == campaign]
        return [failing["code"] for failing in answer["failing"]]

    def capacity(self, campaign: str = "north") -> dict[str, int]:
        rows = self.stored("campaign_capacities", "routing")
        (row,) = [each for each in rows if each["_id"] == f"main/{campaign}"]
        return {name: row[name] for name in ("reserved", "used", "uncertain")}

    def got(self, campaign: str = "north") -> Sequence[str]:
        """The references of the leads that a campaign's endpoint was called with, in order."""
        of = {row["_id"]: row["reference"] for row in self.stored("leads")}
        bodies = [json.loads(row["request"]["body"]) for row in self.requests]
        return [of[body["lead"]] for body in bodies if body["campaign"] == campaign]

    def lead(self, reference: str = "R-1", source: str = "acme") -> Document:
        id = lead_id("main", source, reference)  # noqa: A001
        return next(row for row in self.stored("leads") if row["_id"] == id)

    def outcome(self, reference: str = "R-1") -> str:
        return str(self.lead(reference)["upload"]["outcome"])

    def codes(self, reference: str = "R-1") -> list[str]:
        return [reason["code"] for reason in self.lead(reference)["upload"]["reasons"]]

    def stored(self, collection: str, service: str = "intake") -> list[Document]:
        return self.world.databases[service].documents(collection)

    def unexpected(self) -> list[str]:
        """What nobody foresaw: a mistake of the code, not of the record that it met."""
        rows = [row for service in BUILDS for row in self.stored("dead_letters", service)]
        return [row["text"] for row in rows if row["code"] == "unexpected"]

    def undeclared(self) -> set[tuple[str, str]]:
        """Each type with a code that it was answered with and its contract does not have."""
        answered = {
            (self._asked[row["command"]], row["accepted"], row["code"])
            for row in self.answers()
            if row["command"] in self._asked
        }
        return {
            (kind, code)
            for kind, accepted, code in answered
            if kind in commands() and code not in codes_of(commands()[kind], accepted=accepted)
        }

    def events(self, kind: str) -> list[Document]:
        """The data of all events of a type, in order of their topic's partitions."""
        return [
            json.loads(row.value or b"{}")
            for _, rows in sorted(self.world.broker.records.items())
            for row in rows
            if dict(row.headers).get("ce_type") == f"leadops.{kind}.v1".encode()
        ]

    def event_ids(self, kind: str) -> list[bytes | None]:
        return [
            dict(row.headers)["ce_id"]
            for rows in self.world.broker.records.values()
            for row in rows
            if dict(row.headers).get("ce_type") == f"leadops.{kind}.v1".encode()
        ]

    def answers(self) -> Sequence[Document]:
        return [
            {**row, "accepted": kind == "accepted"}
            for service in BUILDS
            for kind in ("accepted", "refused")
            for row in self.events(f"{service}.command.{kind}")
        ]

    def sent(self) -> Counter[str]:
        """Requests by lead."""
        return Counter(json.loads(row["request"]["body"])["lead"] for row in self.requests)


@asynccontextmanager
async def running() -> AsyncIterator[Platform]:
    """A platform at rest, to be used in virtual time; what happens there must have been foreseen,
    and answered with what the contracts declare."""
    platform = Platform()
    await platform.start()
    yield platform
    assert [] == platform.unexpected()
    assert set() == platform.undeclared()
    platform.world.stop()
    await asyncio.sleep(0)


def opened(platform: Platform) -> int:
    """How many times a campaign said that it may want more."""
    return len(platform.events("routing.campaign.widened"))


async def resolve(
    platform: Platform, campaign: str, outcome: str, how: str = "resolve", **changes: Any
) -> Any:
    (send,) = [row for row in platform.stored("sends", "routing") if row["campaign"] == campaign]
    data = {"campaign": campaign, "send": send["_id"], "outcome": outcome, "reason": "asked them"}
    return await platform.ask(f"routing.send.{how}", campaign, data | changes)


def pause(campaign: str) -> dict[str, str]:
    return {"campaign": campaign, "reason": "budget"}


async def block(platform: Platform, number: int, *, undo: bool = False, **changes: Any) -> Any:
    """Blocks the person of a lead that is there."""
    of = platform.routed(f"R-{number}")["person_id"]
    kind = "routing.person.unblock" if undo else "routing.person.block"
    return await platform.ask(kind, of, {"person_id": of, "reason": "asked us"} | changes)


async def part(platform: Platform, *entries: str) -> str:
    data = {"list": "big", "entries": entries}
    return str((await platform.ask("routing.list.part", "big", data))["details"]["digest"])
