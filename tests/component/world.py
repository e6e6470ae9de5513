"""A small service of our own on the real loop, with a memory log and store, in virtual time.

Its one command says a word, fails in a chosen way, or waits for a deadline; so the loop's promises
can be shown one at a time, without any business rule.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from cli.oracle.evidence import Seen
from shared.contracts import envelope as envelopes
from shared.contracts.envelope import Envelope
from shared.contracts.event import Command, Event
from shared.errors import Conflict, Poison
from shared.loop.collection import Collection
from shared.loop.decision import (
    Accepted,
    Context,
    Deadline,
    Decision,
    Due,
    Effect,
    EffectFinished,
    Publish,
    Purpose,
    Request,
    Verdict,
)
from shared.loop.log import Outgoing, Place
from shared.loop.loop import Loop
from shared.loop.resolve import Moved, accept_gaps, move, resolve, row_of
from shared.loop.seal import key_of, seal
from shared.loop.service import Service
from shared.loop.table import on, on_end
from shared.loop.working_set import Reads, Ref, WorkingSet
from shared.store import Document, Index
from shared.testing.memory import MemoryStore
from shared.testing.simulator import CALM, SECRET, World
from shared.topics import shard_of

PARTITIONS = 2
COMMANDS, EVENTS = "routing.commands.v1", "routing.events.v1"
ORDERED = "routing.claims.v1"


class Speak(
    Command,
    type="routing.speak.v1",
    roles={"operator", "affiliate", "customer", "representative", "agent"},
    accepted=("accepted",),
):
    word: str
    mood: str = "calm"
    to: str = ""
    """Whom it is handed on to; the same by itself."""


class Follow(Event, type="routing.follow.v1", topic=ORDERED):
    """On an ordered topic: later ones of a key must wait behind one that can't be decided."""

    word: str


class Spoken(Event, type="routing.spoken.v1"):
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class Speaker:
    id: str
    version: int
    count: int = 0


SPEAKERS = Collection(
    "speakers",
    Speaker,
    lambda speaker: {"count": speaker.count},
    lambda row: Speaker(row["_id"], row["version"], row["count"]),
    [Index("speakers", ())],
)


class Later(Deadline, kind="later"):
    key: str


class Call(Purpose, kind="call"):
    pass


def reads(_state: WorkingSet, event: object, context: Context) -> Reads:
    if f"load {getattr(event, 'word', '')}" in BROKEN:
        raise ZeroDivisionError("a bug that loading shows")
    yield [Ref(Speaker, getattr(event, "key", context.cause.key))]


BROKEN: set[str] = set()
"""Words that a bug in the handler can't bear; a test may heal it."""


def speak(state: WorkingSet, command: Speak, context: Context) -> Decision:
    cause = context.cause
    if command.mood == "handed on":
        handed = Publish(Follow(word=command.word), command.to or cause.key)
        return Decision(publish=[handed], answer=Accepted())
    if command.word in BROKEN:
        raise ZeroDivisionError(f"a bug that shows {command.word}")
    if command.mood == "poison":
        raise Poison("unspeakable", "this can never be said")
    if command.mood == "clash":
        raise Conflict("somebody was first")
    if command.mood == "unprepared":
        state.get(Ref(Speaker, "whom nobody loaded"))
    word = command.word * 2_000_000 if command.mood == "endless" else command.word
    decision = replace(_spoken(state, cause.key, word), answer=Accepted())
    if command.mood == "later":
        at = context.now + timedelta(1)
        later = Due(f"later/{cause.id}", Later(key=cause.key), cause.key, at)
        return replace(decision, due=[later])
    if command.mood == "outside":
        request = Request("http://x.example", b"{}")
        return replace(decision, effects=[Effect(cause.id, Call(), "x.example", request)])
    return decision


def follow(state: WorkingSet, event: Follow, context: Context) -> Decision:
    if f"crash {event.word}" in BROKEN:
        raise ZeroDivisionError(f"a bug that shows {event.word}")
    if event.word in BROKEN:
        raise Poison("unspeakable", "this can't be said yet")
    word = event.word * 200_000 if event.word == "endless" else event.word
    return _spoken(state, context.cause.key, word)


def reached(state: WorkingSet, due: Later, _context: Context) -> Decision:
    return _spoken(state, due.key, "it is time")


def finished(state: WorkingSet, end: EffectFinished[Call], context: Context) -> Decision:
    if end.id in BROKEN:
        raise ZeroDivisionError("a bug that shows one end")
    return _spoken(state, context.cause.key, end.outcome)


def _spoken(state: WorkingSet, key: str, word: str) -> Decision:
    before = state.get(Ref(Speaker, key)) or Speaker(key, 0)
    after = replace(before, count=before.count + 1)
    return Decision(save=[after], publish=[Publish(Spoken(word=word, count=after.count), key)])


ROWS = (
    on(Speak, speak, reads=reads),
    on(Follow, follow, reads=reads, early=True),
    on(Later, reached, reads=reads),
    on_end(Call, finished, reads=reads),
)


def service() -> Service:
    return Service("routing", (ORDERED,), ROWS, [SPEAKERS])


class Town:
    """One world with one replica, and short words for what tests do in it."""

    def __init__(self) -> None:
        topics = [COMMANDS, EVENTS, ORDERED]
        self.answers: list[tuple[Verdict, str]] = []
        self.takes_seconds = 0.0
        self.requests: list[Document] = []
        self.published_at_requests: list[int] = []
        """How many words were published when each request was made."""
        self.world = World(1, {"routing": service}, topics, PARTITIONS, lambda _: self._call, CALM)
        self._count = 0
        self._numbers: Counter[Place] = Counter()

    async def _call(self, row: Document) -> tuple[Verdict, str]:
        self.requests.append(row)
        self.published_at_requests.append(len(self.words()))
        await asyncio.sleep(self.takes_seconds)
        return self.answers.pop(0) if self.answers else (Verdict.DONE, "answered 200")

    def ask(self, word: str, *, key: str = "ann", mood: str = "calm", **changed: str) -> None:
        to = changed.pop("to", "")
        data = Speak(word=word, mood=mood, to=to).model_dump_json().encode()
        self.publish(COMMANDS, changed.pop("type", Speak.TYPE), key, data, **changed)

    def follow(self, word: str, key: str = "ann", **changed: str) -> None:
        data = Follow(word=word).model_dump_json().encode()
        self.publish(ORDERED, Follow.TYPE, key, data, **changed)

    def publish(self, topic: str, kind: str, key: str, data: bytes, **changed: str) -> None:
        self._count += 1
        envelope = Envelope(
            id=changed.get("id", f"c{self._count}"),
            source="test",
            type=kind,
            time=self.world.clock.now(),
            data=b"",
            tenant=changed.get("tenant", "main"),
            actor="op",
            role=changed.get("role", "operator"),
            trace=changed.get("trace"),
        )
        place = shard_of(key.encode(), PARTITIONS)
        if topic != COMMANDS:
            envelope = self._numbered((topic, place), replace(envelope, data=data))
        self.world.publish(Outgoing(topic, place, key.encode(), data, envelopes.write(envelope)))

    def _numbered(self, place: Place, envelope: Envelope) -> Envelope:
        """As another service would publish it."""
        self._numbers[place] += 1
        numbered = replace(envelope, stream="elsewhere/0", number=self._numbers[place])
        return replace(numbered, mac=seal(key_of(SECRET), place, numbered))

    async def start(self) -> None:
        await self.world.run(lambda _: iter(()), 0)
        await self.rest()

    async def rest(self) -> None:
        assert await self.world.drain(), self.world.why_not_quiet()

    async def for_seconds(self, seconds: float) -> None:
        """Lets time pass where rest can't be reached."""
        for _ in range(int(seconds * 2)):
            await self.world.one_second()

    def records(self, topic: str = EVENTS) -> list[Seen]:
        return [
            Seen(row.topic, row.partition, row.offset, row.key, row.value, dict(row.headers))
            for (name, _), rows in self.world.broker.records.items()
            if name == topic
            for row in rows
        ]

    def words(self) -> list[str]:
        return [row.data()["word"] for row in self.records() if row.type == Spoken.TYPE]

    def answer_codes(self) -> list[tuple[str, str]]:
        return [
            (row.data()["command"], row.data()["code"])
            for row in self.records()
            if ".command." in row.type
        ]

    def stored(self, collection: str) -> list[Document]:
        return self.world.databases["routing"].documents(collection)

    @property
    def loop(self) -> Loop:
        return self.world.groups[0].members[0].loop

    async def restart(self, *, rest: bool = True) -> None:
        """kill -9, and another process in its place."""
        self.world.groups[0].members[0].crash()
        await self.for_seconds(1)
        if rest:
            await self.rest()

    async def resolve(self, shard: int) -> Moved:
        """What `leadops shards resolve` does."""
        log = self.world.groups[0].members[0].log
        return await resolve(self.store(), log, shard, self.loop.topics())

    async def accept_gaps(self, shard: int) -> Moved:
        return await accept_gaps(self.store(), shard)

    def store(self) -> MemoryStore:
        """A connection of a tool's own."""
        return MemoryStore(self.world.databases["routing"])

    async def read_again(self, shard: int) -> None:
        """A person has all topics of a shard read from their beginning."""
        store = self.store()
        begins = dict.fromkeys(self.loop.topics(), 0)
        await move(store, await row_of(store, shard), begins)

    def operate(self, what: str, **data: str) -> None:
        """An operator's command about a dead letter, with that record's key."""
        (kept,) = [row for row in self.stored("dead_letters") if row["_id"] == data["id"]]
        value = json.dumps(data).encode()
        self.publish(COMMANDS, f"leadops.routing.dead-letter.{what}.v1", kept["key"], value)

    def key_elsewhere(self, key: str) -> str:
        """A key of another shard."""
        mine = shard_of(key.encode(), PARTITIONS)
        names = (f"other{number}" for number in range(100))
        return next(name for name in names if shard_of(name.encode(), PARTITIONS) != mine)


@asynccontextmanager
async def running() -> AsyncIterator[Town]:
    """A town at rest, to be used in virtual time."""
    BROKEN.clear()
    town = Town()
    await town.start()
    yield town
    town.world.stop()
    await asyncio.sleep(0)
