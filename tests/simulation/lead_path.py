"""What the simulated upstream systems do, and what the simulated customers answer."""

import asyncio
import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from cli.oracle.evidence import Evidence, Received, Seen, Unresolved
from services.intake.leads.leads import lead_id
from services.intake.service import intake
from services.routing.service import routing
from shared.clock import Clock
from shared.contracts import envelope as envelopes
from shared.contracts.envelope import Envelope
from shared.contracts.operations import skip_type
from shared.contracts.routing import ClaimGranted
from shared.ids import pseudonym
from shared.loop.decision import Verdict
from shared.loop.log import Outgoing, Place
from shared.loop.seal import key_of, seal
from shared.store import Document
from shared.testing import simulator
from shared.testing.simulator import Build, Endpoint, World
from shared.topics import manifest, shard_of
from tests import stored
from tests.simulation import poison, strangers

PARTITIONS = 4
OPERATOR_LOOKS = 0.03
"""The chance, per record, that an operator looks at what is dead-lettered."""
OUTAGE = 0.01
"""The chance, per request, that its endpoint can't be reached for a while."""
SECRET = "simulated-secret"
SURNAME = "Canaryson"
CODES = ["SIM-AAA-BBB-1", "SIM-AAA-BBB-2"]
SOLD_ONCE = "SIM-AAA-BBB-3"
DOMAINS = [f"firm{number}.example" for number in range(6)]
BUILDS: dict[str, Build] = {
    "intake": lambda: intake(SECRET),
    "routing": routing,
}
TOPICS = [name for name in manifest().topics if name.split(".")[0] in BUILDS]

AFFILIATE = {
    "id": "sim",
    "name": "Simulated",
    "contacts": [{"name": "Main", "email": "main@sim.example", "roles": ["main"]}],
    "mapping": {
        "fields": {
            "email": "e",
            "last_name": "n",
            "country": "c",
            "category": "k",
            "company_domain": "d",
        },
        "answers": {"q_size": "a"},
    },
    "lead_codes": [*CODES, SOLD_ONCE],
    "categories": ["101", "102"],
}
QUESTION = {
    "id": "q_size",
    "text": "How large?",
    "answers": ["small", "medium", "large"],
    "categories": ["101", "102"],
}
GIVEN = ["small", "Medium ", "", "smal", "medum", "huge"]
CAMPAIGNS: list[dict[str, Any]] = [
    {"id": "open", "lead_codes": CODES},
    {"id": "capped", "lead_codes": CODES, "caps": {"total": 10}},
    {"id": "tight", "lead_codes": CODES[:1], "caps": {"total": 3}},
    {"id": "germany", "lead_codes": CODES, "places": [{"country": "DE"}]},
    {"id": "second", "lead_codes": CODES[1:], "categories": [{"id": "102"}]},
    {
        "id": "paced",
        "lead_codes": CODES,
        "organic": True,
        "caps": {"day": 6, "per_domain": 4},
        "categories": [{"id": "101", "amount": 12}, {"id": "102", "amount": 5}],
    },
    {
        "id": "weekly",
        "lead_codes": CODES[:1],
        "weekly": {"weekday": "tuesday"},
        "caps": {"total": 15},
    },
    {
        "id": "listed",
        "lead_codes": CODES[1:],
        "customer": "other",
        "open_categories": ["101"],
        "suppressed": [{"list": "bad", "strictness": "strict"}],
    },
    {"id": "first", "lead_codes": [SOLD_ONCE], "priority": 1, "caps": {"total": 8}},
    {"id": "then", "lead_codes": [SOLD_ONCE], "priority": 2, "caps": {"total": 12}},
    {"id": "last", "lead_codes": [SOLD_ONCE], "priority": 2, "weekly": {"weekday": "friday"}},
]
RULES = {"exclusive_lead_codes": [SOLD_ONCE]}
LIST = {"id": "bad", "entries": DOMAINS[:2]}


def email_of(number: int) -> str:
    """At the person's company."""
    return f"{SURNAME.lower()}{number}@{DOMAINS[number % len(DOMAINS)]}"


class Surroundings(Protocol):
    """What an upstream system needs of the simulated world, or of the real one."""

    random: random.Random
    injected: Counter[str]

    @property
    def clock(self) -> Clock: ...


class Upstream:
    """Publishes commands, some of them twice, misplaced, reused or broken."""

    partitions = PARTITIONS
    people = 150
    address = "http://x.example"
    secret = simulator.SECRET
    strangers = tuple(strangers.KINDS)

    def __init__(self, world: Surroundings) -> None:
        self.world = world
        self.random = world.random
        self.sent: list[Outgoing] = []
        self.invalid: list[tuple[Outgoing, Outgoing]] = []
        """Commands whose data is wrong, each with what it should have been."""
        self.count = 0
        self.numbers: Counter[Place] = Counter()
        self.noticed: dict[str, int] = {}
        """How far the partition of each dead letter went when it was seen first."""
        self.emails: dict[str, str] = {}
        """By reference, the person who was uploaded last."""

    def load(self) -> Iterator[Outgoing]:
        yield self.command("intake.affiliate.put", "sim", AFFILIATE)
        yield self.command("intake.question.put", "q_size", QUESTION)
        yield self.command("routing.rules.put", "house", RULES)
        yield self.command("routing.list.put", "bad", LIST)
        for campaign in CAMPAIGNS:
            yield self.campaign(campaign)
        while True:
            record = self._one()
            self.world.injected["record"] += 1
            yield record

    def command(self, kind: str, key: str, data: dict[str, Any], **attributes: str) -> Outgoing:
        self.count += 1
        topic = f"{kind.split('.')[0]}.commands.v1"
        envelope = Envelope(
            id=attributes.get("id", f"c{self.count}"),
            source="upstream",
            type=f"leadops.{kind}.v1",
            time=self.world.clock.now(),
            data=b"",
            actor="op",
            role="operator",
            trace=f"00-{self.count:032x}-{self.count:016x}-00",
        )
        value = json.dumps(data).encode()
        place = shard_of(key.encode(), self.partitions)
        return Outgoing(topic, place, key.encode(), value, envelopes.write(envelope))

    def campaign(self, campaign: dict[str, Any]) -> Outgoing:
        whole = {"customer": "cust", "programme": "standard", "active": {}} | campaign
        send = {"mode": "webhook", "url": f"{self.address}/{campaign['id']}", "secret": "s"}
        return self.command("routing.campaign.put", campaign["id"], whole | {"send": send})

    def submit(self, reference: str | None = None, **changed: Any) -> Outgoing:
        number = self.random.randrange(self.people)
        reference = reference or f"r{self.count}"
        record = {
            "e": email_of(number),
            "n": SURNAME,
            "c": self.random.choice(["US", "DE", "UK"]),
            "k": self.random.choice(["101", "0102"]),
            "a": self.random.choices(GIVEN, [40, 20, 20, 8, 8, 4])[0],
            "d": DOMAINS[number % len(DOMAINS)],
        }
        self.emails[reference] = record["e"]
        data = {
            "affiliate": "sim",
            "lead_code": self.random.choice([*CODES, SOLD_ONCE]),
            "reference": reference,
            "record": record | changed.pop("record", {}),
        }
        return self.command("intake.lead.submit", f"sim:{reference}", data | changed)

    def _one(self) -> Outgoing:
        kinds = [
            (60, self._fresh),
            (14, self._duplicate),
            (8, self._poison),
            (3, self._misrouted),
            (2, self._reused_id),
            (2, self._invalid_again),
            (3, lambda: self.submit(self._earlier())),
            (4, lambda: self.submit(record={"e": "not an address"})),
            (1, lambda: self.submit(affiliate="nobody")),
            (1, lambda: self.submit(lead_code="NO-SUCH-CODE-1")),
            (2, self._pause_or_resume),
            (2, self._garbage_inside),
            (4, self._stranger),
            (6, lambda: self.submit(replaces=self._earlier())),
            (3, self._release),
            (1, self._alias),
            (3, self._convert),
            (1, self._announce),
            (2, self._open_or_close),
            (2, self._edit_list),
            (4, self._send_by_hand),
            (1, self._block),
            (1, self._suspend_or_restore),
        ]
        weights, makers = zip(*kinds, strict=True)
        record: Outgoing = self.random.choices(makers, weights)[0]()
        return record

    def _earlier(self) -> str:
        return f"r{self.random.randrange(1, self.count + 1)}"

    def _release(self) -> Outgoing:
        reference = self._earlier()
        answers = {"q_size": self.random.choice(["small", "tiny"])}
        data = {"affiliate": "sim", "reference": reference, "answers": answers}
        return self.command("intake.lead.release", f"sim:{reference}", data)

    def _alias(self) -> Outgoing:
        given, answer = self.random.choice([("smal", "small"), ("medum", "medium")])
        data = {"question": "q_size", "given": given, "answer": answer}
        return self.command("intake.question.alias", "q_size", data)

    def _convert(self) -> Outgoing:
        number = self.random.randrange(self.people)
        data = {
            "reference": f"o{number}",
            "converted_at": "2026-03-01T12:00:00Z",
            "categories": ["101"],
            "record": {"email": email_of(number), "last_name": SURNAME},
        }
        return self.command("intake.lead.convert", f"organic:o{number}", data)

    def _announce(self) -> Outgoing:
        delivery = f"d{self.random.randrange(3)}"
        data: dict[str, Any] = {"affiliate": "sim", "id": delivery, "month": "2026-03"}
        data |= {"lead_code": CODES[0], "declared": self.random.randrange(50)}
        return self.command("intake.delivery.announce", f"sim:{delivery}", data)

    def _open_or_close(self) -> Outgoing:
        """Opening a category frees the leads that only waited for that (RTE-14)."""
        listed = next(each for each in CAMPAIGNS if each["id"] == "listed")
        opened = self.random.choice([["101"], ["101", "102"]])
        return self.campaign(listed | {"open_categories": opened})

    def _edit_list(self) -> Outgoing:
        edit = self.random.choice(["add", "remove"])
        data = {"list": "bad", edit: [self.random.choice(DOMAINS)], "reason": "simulated"}
        return self.command("routing.list.edit", "bad", data)

    def _send_by_hand(self) -> Outgoing:
        """Whoever it is, waiting, sent or unknown: most are refused."""
        reference = self._earlier()
        lead = lead_id("main", "sim", reference)
        person = pseudonym(SECRET, "main", self.emails.get(reference, ""))
        campaign = self.random.choice(["weekly", "last", "paced", "listed"])
        data = {"lead": lead, "person_id": person, "campaign": campaign, "reason": "simulated"}
        return self.command("routing.lead.send", person, data)

    def _person(self) -> str:
        number = self.random.randrange(self.people)
        return pseudonym(SECRET, "main", email_of(number))

    def _block(self) -> Outgoing:
        person = self._person()
        kind = self.random.choice(["block", "unblock"])
        data = {"person_id": person, "reason": "simulated"}
        return self.command(f"routing.person.{kind}", person, data)

    def _suspend_or_restore(self) -> Outgoing:
        kind = self.random.choice(["suspend", "restore", "restore"])
        data = {"customer": "other", "reason": "simulated"}
        return self.command(f"routing.account.{kind}", "other", data)

    def _fresh(self) -> Outgoing:
        record = self.submit()
        self.sent.append(record)
        return record

    def _duplicate(self) -> Outgoing:
        self.world.injected["duplicate"] += 1
        return self.random.choice(self.sent) if self.sent else self._fresh()

    def _poison(self) -> Outgoing:
        return self.spoiled(poison.any_class(self.random))

    def spoiled(self, name: str) -> Outgoing:
        self.world.injected[f"poison {name}"] += 1
        whole = self.submit()
        bad = poison.spoiled(name, whole)
        if name in poison.INVALID:
            self.invalid.append((bad, whole))
        return bad

    def _invalid_again(self) -> Outgoing:
        """As it was, which has its answer; or mended under the id that it had, which is taken."""
        if not self.invalid:
            return self._fresh()
        self.world.injected["invalid again"] += 1
        return self.random.choice(self.random.choice(self.invalid))

    def _misrouted(self) -> Outgoing:
        """As a client with another partitioner would publish it."""
        self.world.injected["misrouted"] += 1
        record = self.submit()
        other = (record.partition + 1) % self.partitions
        return Outgoing(record.topic, other, record.key, record.value, record.headers)

    def _reused_id(self) -> Outgoing:
        if not self.sent:
            return self._fresh()
        before = self.random.choice(self.sent)
        value = (before.value or b"").replace(b'"reference"', b'"delivery": "other", "reference"')
        return Outgoing(before.topic, before.partition, before.key, value, before.headers)

    def _pause_or_resume(self) -> Outgoing:
        campaign = self.random.choice(CAMPAIGNS)["id"]
        kind = self.random.choice(["pause", "resume"])
        data = {"campaign": campaign, "reason": "simulated"}
        return self.command(f"routing.campaign.{kind}", campaign, data)

    def _garbage_inside(self) -> Outgoing:
        """A service of this system that is broken: its record has its place in the order of its
        key, and can't be decided, so the key must be blocked."""
        self.world.injected["garbage on an ordered topic"] += 1
        key = self.random.choice(CAMPAIGNS)["id"].encode()
        place = ("routing.claims.v1", shard_of(key, self.partitions))
        self.numbers[place] += 1
        envelope = Envelope(
            id=f"g{place[1]}/{self.numbers[place]}",
            source="leadops/broken",
            type="leadops.routing.claim.requested.v1",
            time=self.world.clock.now(),
            data=b"garbage",
            stream="broken/0",
            number=self.numbers[place],
        )
        sealed = replace(envelope, mac=seal(key_of(self.secret), place, envelope))
        return Outgoing(*place, key, envelope.data, envelopes.write(sealed))

    def _stranger(self) -> Outgoing:
        name = self.random.choice(self.strangers)
        self.world.injected[f"stranger {name}"] += 1
        return strangers.KINDS[name](self.random, self.submit())

    def resolutions(self, sends: Iterable[Document], taken: Set[str]) -> list[Outgoing]:
        """An operator asks the customer what became of the sends that are uncertain."""
        return [
            self.command(
                "routing.send.resolve",
                send["campaign"],
                {
                    "campaign": send["campaign"],
                    "send": send["_id"],
                    "outcome": "sent" if send["_id"] in taken else "refused",
                    "reason": "asked the customer",
                },
            )
            for send in sends
            if send["status"] == "uncertain"
        ]

    def skips(self, rows: Iterable[Document]) -> list[Outgoing]:
        """An operator gives up what blocks a key, of the records that routing has dead-lettered."""
        waiting = [row for row in rows if row["state"] == "dead" and row["record"]]
        return [
            self.command(
                skip_type("routing").removeprefix("leadops.").removesuffix(".v1"),
                row["record"]["key"].decode(),
                {"id": row["_id"], "reason": "simulated"},
            )
            for row in waiting
            if row["record"]["topic"] == "routing.claims.v1"
        ]


class Customers:
    """Endpoints that act on a lead or not, and say so or not."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.received: list[Received] = []
        self.refused: set[str] = set()
        self.away_until: dict[str, float] = {}
        self._granted: set[str] = set()
        self._read: Counter[Place] = Counter()

    async def __call__(self, row: Document) -> tuple[Verdict, str]:
        if self.world.chances.crash == 0:
            if row["_id"] in self.refused:
                return self._answer(row, False, Verdict.REFUSED, "answered 422")
            return self._answer(row, True, Verdict.DONE, "answered 200")
        if self._is_away(row["endpoint"]):
            self.world.injected["endpoint away"] += 1
            return Verdict.NOT_TRIED, "the endpoint could not be reached"
        taken, verdict, text, seconds = self.world.random.choices(
            [
                (True, Verdict.DONE, "answered 200", 0.05),
                (True, Verdict.UNKNOWN, "no answer in time", 10.0),
                (True, Verdict.UNKNOWN, "the connection failed", 0.05),
                (False, Verdict.UNKNOWN, "answered 500", 0.05),
                (False, Verdict.REFUSED, "answered 422", 0.05),
                (False, Verdict.NOT_TRIED, "the endpoint could not be reached", 0.01),
            ],
            [80, 3, 6, 5, 3, 3],
        )[0]
        if verdict is Verdict.REFUSED and self._has_taken(row["_id"]):
            taken, verdict, text = True, Verdict.DONE, "answered 200"
        if verdict is Verdict.REFUSED or (taken and row["_id"] in self.refused):
            self.refused.add(row["_id"])
            taken, verdict, text = False, Verdict.REFUSED, "answered 422"
        self.world.injected[f"endpoint {text}"] += 1
        answer = self._answer(row, taken, verdict, text)
        await asyncio.sleep(seconds)
        return answer

    def _is_away(self, endpoint: str) -> bool:
        """An endpoint goes away for a while, which a jump of the clock can make a day."""
        now = asyncio.get_running_loop().time()
        if self.world.draw(OUTAGE):
            self.away_until[endpoint] = now + self.world.random.uniform(5, 60)
        return now < self.away_until.get(endpoint, 0.0)

    def _has_taken(self, key: str) -> bool:
        return any(one.key == key and one.taken for one in self.received)

    def _answer(
        self, row: Document, taken: bool, verdict: Verdict, text: str
    ) -> tuple[Verdict, str]:
        if verdict is not Verdict.NOT_TRIED:
            body = json.loads(row["request"]["body"])
            digest = hashlib.sha256(row["request"]["body"]).hexdigest()
            person = body["person"]["email"]
            self.received.append(
                Received(
                    row["_id"],
                    body["lead"],
                    body["campaign"],
                    person,
                    digest,
                    taken,
                    was_granted=self._is_granted(row["_id"]),
                )
            )
        return verdict, text

    def _is_granted(self, send: str) -> bool:
        """Whether the log holds its grant by now."""
        for place, rows in self.world.broker.records.items():
            if place[0] == ClaimGranted.TOPIC:
                new = rows[self._read[place] :]
                self._read[place] += len(new)
                kinds = (dict(row.headers)["ce_type"] for row in new)
                self._granted |= {
                    json.loads(row.value or b"")["send"]
                    for row, kind in zip(new, kinds, strict=True)
                    if kind == ClaimGranted.TYPE.encode()
                }
        return send in self._granted


async def simulate(seed: int, steps: int) -> tuple[Evidence, World]:
    """One run from start to rest, and what is left to be judged."""
    world = World(seed, BUILDS, TOPICS, PARTITIONS, customers)
    upstream = Upstream(world)
    await world.run(lambda world: _operated(world, upstream), steps)
    rested = await world.drain()
    unresolved = _unresolved(world, upstream.noticed)
    while rested and (skips := upstream.skips(_waiting(world))):
        for record in skips:
            world.publish(record)
        rested = await world.drain()
    world.clock.ahead += timedelta(days=8)
    rested = rested and await world.drain()
    for resolution in upstream.resolutions(_sends(world), _taken(world)):
        world.publish(resolution)
    rested = rested and await world.drain()
    evidence = gather(world, "" if rested else world.why_not_quiet(), unresolved)
    world.stop()
    return evidence, world


def _operated(world: World, upstream: Upstream) -> Iterator[Outgoing]:
    """The load, and an operator who now and then gives up what blocks a key."""
    for record in upstream.load():
        _notice(world, upstream.noticed)
        yield record
        if world.draw(OPERATOR_LOOKS):
            for skip in upstream.skips(_waiting(world)):
                world.injected["skipped by an operator"] += 1
                yield skip


def _waiting(world: World) -> list[Document]:
    rows = world.databases["routing"].documents("dead_letters")
    return [row for row in rows if row["state"] in ("dead", "waiting")]


def _unresolved(world: World, noticed: Mapping[str, int]) -> Unresolved:
    ends = {place: len(rows) for place, rows in world.broker.records.items()}
    left = stored.dead_letters("routing", {"dead_letters": _waiting(world)})
    return Unresolved(left, ends, noticed)


def _notice(world: World, noticed: dict[str, int]) -> None:
    """How far the partition of each dead letter goes when it is seen first."""
    if len(world.databases["routing"].committed.get("dead_letters", {})) == len(noticed):
        return
    for row in world.databases["routing"].documents("dead_letters"):
        record = row["record"] or {"topic": "", "partition": -1}
        there = world.broker.records.get((record["topic"], record["partition"]), [])
        noticed.setdefault(row["_id"], len(there))


def _sends(world: World) -> list[Document]:
    """Half of what is uncertain stays so."""
    return world.databases["routing"].documents("sends")[::2]


def _taken(world: World) -> set[str]:
    return {one.key for one in world.customers.received if one.taken}  # type: ignore[attr-defined]


def customers(world: World) -> Endpoint:
    world.customers = Customers(world)  # type: ignore[attr-defined]
    return world.customers  # type: ignore[attr-defined,no-any-return]


def gather(world: World, left: str, unresolved: Unresolved | None = None) -> Evidence:
    return stored.evidence(
        seen_in(world),
        stored_in(world),
        world.customers.received,  # type: ignore[attr-defined]
        drained=left,
        personal=[SURNAME],
        unresolved=unresolved,
    )


def seen_in(world: World) -> list[Seen]:
    return [
        Seen(row.topic, row.partition, row.offset, row.key, row.value, dict(row.headers))
        for rows in world.broker.records.values()
        for row in rows
    ]


def stored_in(world: World) -> stored.Stores:
    return {
        name: {collection: database.documents(collection) for collection in database.committed}
        for name, database in world.databases.items()
    }
