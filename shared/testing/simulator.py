"""The seeded simulator: real services on a memory log and store, in virtual time, under every
fault.

Processes crash at named failpoints, freeze past their session and come back, join and leave, some
in good order; commits end without a known result, both ways; batches are half written; effects
time out. The same seed takes the same course. What must hold afterwards is the oracle's business,
not this module's.
"""

import asyncio
import random
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.errors import Infrastructure, UnknownOutcome
from shared.loop.dating import Dating
from shared.loop.decision import Verdict
from shared.loop.log import Outgoing, Place
from shared.loop.loop import INDEXES, Loop
from shared.loop.service import Service
from shared.loop.ticker import Ticker
from shared.store import Document
from shared.testing.log import Faults, MemoryBroker, MemoryLog
from shared.testing.memory import Crashed, MemoryDatabase, MemoryStore
from shared.topics import manifest

EPOCH = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SESSION_SECONDS = 10.0
STOP_SECONDS = 1.0
TRANSACTION_SECONDS_MAX = 60.0
STALL_SECONDS = (1, 6)
DRAIN_SECONDS_MAX = 1800.0
DRAIN_STEPS_MAX = 20_000
"""A run has some hundred steps in all: what fails and is tried again at once has no end."""
REPLICAS_MAX = 3
SECRET = "simulated-secret"
TRUSTED = "door"
"""The `ce_source` whose dates are believed, whoever asks."""

Endpoint = Callable[[Document], Awaitable[tuple[Verdict, str]]]
Build = Callable[[], Service]


@dataclass(frozen=True, slots=True)
class Chances:
    """How often each fault happens, per opportunity."""

    crash: float = 0.004
    store_error: float = 0.004
    commit_lost: float = 0.01
    commit_unknown: float = 0.01
    publish_error: float = 0.01
    wander: float = 0.01
    freeze_per_second: float = 0.05
    thaw_on_open: float = 0.5
    """A frozen owner comes back just while another takes its shards: the worst moment."""
    rescale_per_second: float = 0.03
    jump_per_second: float = 0.05
    compact_per_second: float = 0.3
    """Of each topic that is compacted."""
    stall: float = 0.0
    """Of each fetch: the client hands over nothing for some seconds."""


CALM = Chances(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


class SimulatedClock:
    def __init__(self) -> None:
        self.ahead = timedelta()
        """How far it was advanced: time that has passed for endpoints, too."""
        self.set_by = timedelta()
        """How far a machine's clock was put forward or back, which takes no time."""

    def now(self) -> datetime:
        seconds = asyncio.get_running_loop().time()
        moment = EPOCH + timedelta(seconds=seconds) + self.ahead + self.set_by
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def passing(self) -> float:
        """Seconds that pass for endpoints, as those of `shared.clock.Passing` do."""
        return asyncio.get_running_loop().time() + self.ahead.total_seconds()


class Process:
    """One replica of one service: it runs until it crashes, and may freeze on the way."""

    def __init__(self, world: "World", service: str, build: Build) -> None:
        self.world = world
        self.service = service
        self.dead = False
        self.thawed = asyncio.Event()
        self.thawed.set()
        self.frozen_at: float | None = None
        self.assigned: set[int] = set()
        self.log = MemoryLog(
            world.broker,
            self.gate,
            world.random,
            Faults(world.chances.publish_error, world.chances.wander),
        )
        self.loop = Loop(
            build(),
            MemoryStore(world.databases[service], self.gate),
            self.log,
            world.clock,
            self._attempt,
            secret=SECRET,
            dating=Dating(trusted_sources=frozenset({TRUSTED})),
            partitions=world.broker.partitions,
            batch_size_max=world.random.choice([3, 20, 200]),
            failpoint=self.failpoint,
            monotonic=asyncio.get_running_loop().time,
            endpoints_time=world.clock.passing,
            random=world.random,
        )
        self.ticker = Ticker(self.loop)
        self._tasks = [
            asyncio.create_task(self._alive(self.ticker.run())),
            asyncio.create_task(self._alive(self._read())),
        ]

    async def _alive(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Crashed:
            self.crash()
        except Exception:
            self.world.defects.append(traceback.format_exc())
            self.crash()

    async def _read(self) -> None:
        while True:
            await self.gate("log.fetch")
            if self.world.draw(self.world.chances.stall):
                self.world.injected["stall"] += 1
                await asyncio.sleep(self.world.random.uniform(*STALL_SECONDS))
            batch = self.log.fetch(self.world.random.choice([1, 5, 50, 500]))
            if batch:
                await self.loop.on_records(batch)
            else:
                await self.log.news()

    async def _attempt(self, row: Document) -> tuple[Verdict, str]:
        await self.gate("effect.request")
        answer = await self.world.endpoint(row)
        await self.gate("effect.answered")
        return answer

    def failpoint(self, name: str) -> None:
        """A named failpoint: the process may end here, at once and for good."""
        if self.dead:
            raise Crashed
        self.world.reached[name] += 1
        if name == "open.killed" and self.world.draw(self.world.chances.thaw_on_open):
            self.world.thaw(self.service)
        if self.world.draw(self.world.chances.crash):
            self.world.injected[f"crash {name}"] += 1
            self.crash()
            raise Crashed

    async def gate(self, point: str) -> None:
        """Where the outside takes time, fails, or never comes back because we are gone."""
        try:
            await asyncio.sleep(self.world.random.uniform(0.0005, 0.01))
            await self.thawed.wait()
        except asyncio.CancelledError:
            if self.dead:
                raise Crashed from None
            raise
        if self.dead:
            raise Crashed
        self._maybe_fail(point)

    def _maybe_fail(self, point: str) -> None:
        chances = self.world.chances
        if point == "store.commit" and self.world.draw(chances.commit_lost):
            self.world.injected["commit unknown, still open"] += 1
            raise UnknownOutcome("the answer to the commit was lost")
        if point == "store.committed" and self.world.draw(chances.commit_unknown):
            self.world.injected["commit unknown, done"] += 1
            raise UnknownOutcome("the answer to the commit was lost")
        if point.startswith(("store.find", "store.write", "log.bounds")) and self.world.draw(
            chances.store_error
        ):
            self.world.injected["infrastructure error"] += 1
            raise Infrastructure("simulated")

    def crash(self) -> None:
        """kill -9: nothing more happens here; locks and half-done work stay as they are."""
        if self.dead:
            return
        self.dead = True
        self._expire_transaction()
        running = self.loop.worker._running.values()
        for task in (*self._tasks, *running):
            if task is not asyncio.current_task():
                task.cancel()

    async def stop(self) -> None:
        """SIGTERM, as `shared.serve` has it: what is under way may end, and what effects came to is
        decided yet."""
        with suppress(Infrastructure, Crashed):
            await self.loop.stop(STOP_SECONDS, self._tasks)
        self.crash()

    def _expire_transaction(self) -> None:
        """The server ends what a dead client left open, after a while."""
        store = self.loop.store
        assert isinstance(store, MemoryStore)
        asyncio.get_running_loop().call_later(
            TRANSACTION_SECONDS_MAX, store.database.end, store.session
        )

    def freeze(self) -> None:
        self.frozen_at = asyncio.get_running_loop().time()
        self.thawed.clear()

    def thaw(self) -> None:
        self.frozen_at = None
        self.thawed.set()

    def is_lost(self) -> bool:
        """Whether the group has given this member up."""
        if self.frozen_at is None:
            return self.dead
        return asyncio.get_running_loop().time() - self.frozen_at > SESSION_SECONDS

    async def reassign(self, numbers: set[int]) -> None:
        """What the client does in a rebalance: revoke, wait a bounded time, assign."""
        self.loop.close(list(self.loop.shards))
        try:
            await asyncio.wait_for(self.loop.lock.acquire(), 5)
            self.loop.lock.release()
        except TimeoutError:
            pass
        places: set[Place] = {(topic, number) for topic in self.loop.topics() for number in numbers}
        self.log.assign(places)
        self.loop.assign(sorted(places))


@dataclass(slots=True)
class Group:
    """The replicas of one service, and which of them should be there."""

    service: str
    build: Build
    replicas: int
    members: list[Process] = field(default_factory=list)
    assigned: dict[int, set[int]] = field(default_factory=dict)


class World:
    """Everything that one run consists of."""

    def __init__(
        self,
        seed: int,
        builds: Mapping[str, Build],
        topics: Sequence[str],
        partitions: int,
        endpoint: Callable[["World"], Endpoint],
        chances: Chances = Chances(),
    ) -> None:
        self.random = random.Random(seed)
        self.chances = chances
        self.clock = SimulatedClock()
        self.topics = topics
        self.broker = MemoryBroker(topics, partitions)
        self.databases = {name: MemoryDatabase() for name in builds}
        self.groups = [Group(name, build, 1) for name, build in builds.items()]
        self.endpoint = endpoint(self)
        self.injected: Counter[str] = Counter()
        self.reached: Counter[str] = Counter()
        self.defects: list[str] = []

    def draw(self, chance: float) -> bool:
        return chance > 0 and self.random.random() < chance

    @property
    def steps(self) -> int:
        return self.reached["step.begin"]

    def publish(self, record: Outgoing) -> None:
        self.broker.append(record)

    async def run(self, load: Callable[["World"], Iterable[Outgoing]], steps: int) -> None:
        """Publishes the load bit by bit until enough steps were taken under faults, then lets
        everything recover and drain."""
        for group in self.groups:
            store = MemoryStore(self.databases[group.service])
            await store.migrate([*INDEXES, *group.build().indexes])
        records = iter(load(self))
        while self.steps < steps and not self.has_given_up():
            for _ in range(self.random.choice([0, 1, 1, 2, 5, 20])):
                self.publish(next(records))
            await self.one_second()

    def has_given_up(self) -> bool:
        """Whether a process failed in a way that no fault explains."""
        stopped = [one.loop.stopped for group in self.groups for one in group.members]
        self.defects.extend(reason for reason in stopped if reason)
        return bool(self.defects)

    async def one_second(self) -> None:
        for _ in range(2):
            self._end_transactions()
            await self._keep_members()
            await asyncio.sleep(0.25)
        for group in self.groups:
            self._disturb(group)
        for topic in filter(manifest().is_compacted, self.topics):
            if self.draw(self.chances.compact_per_second):
                self.broker.compact(topic, self.random)
                self.injected["compaction"] += 1
        if self.draw(self.chances.jump_per_second):
            self.clock.set_by += timedelta(hours=self.random.choice([-1, 1, 26, 24 * 4]))
            self.injected["clock jump"] += 1

    def _disturb(self, group: Group) -> None:
        if self.draw(self.chances.rescale_per_second):
            group.replicas = self.random.randint(1, REPLICAS_MAX)
            self.injected["rescale"] += 1
        running = [one for one in group.members if not one.dead and one.frozen_at is None]
        if running and self.draw(self.chances.freeze_per_second):
            victim = self.random.choice(running)
            victim.freeze()
            self.injected["freeze"] += 1
            asyncio.get_running_loop().call_later(self.random.uniform(2, 30), victim.thaw)

    def _end_transactions(self) -> None:
        """Transactions whose owner never learnt their outcome end some time, either way."""
        for database in self.databases.values():
            for transaction in list(database.undecided):
                if self.random.random() < 0.3:
                    database.end_transaction(transaction, commit=self.random.random() < 0.5)

    async def _keep_members(self) -> None:
        for group in self.groups:
            alive = [one for one in group.members if not one.dead]
            for extra in alive[group.replicas :]:
                await self._end(extra)
            while len(alive) < group.replicas:
                alive.append(Process(self, group.service, group.build))
            group.members = alive
            await self._rebalance(group)

    async def _end(self, extra: Process) -> None:
        if extra.frozen_at is None and self.random.random() < 0.5:
            self.injected["stop"] += 1
            await extra.stop()
        else:
            extra.crash()

    async def _rebalance(self, group: Group) -> None:
        """Range assignment over the members that the group still believes in. A lost member keeps
        believing in its own until it hears otherwise."""
        members = [one for one in group.members if not one.is_lost()][: group.replicas]
        assignment: dict[int, set[int]] = {id(one): set() for one in members}
        for number in range(self.broker.partitions):
            if members:
                owner = members[number * len(members) // self.broker.partitions]
                assignment[id(owner)].add(number)
        if assignment == group.assigned:
            return
        group.assigned = assignment
        self.injected["rebalance"] += 1
        for one in members:
            one.assigned = assignment[id(one)]
            if one.frozen_at is None:
                await one.reassign(one.assigned)
            else:
                asyncio.create_task(self._reassign_late(one))

    def thaw(self, service: str) -> None:
        """Frozen owners go on, and some of them die soon after: what they do in between is all
        that anybody ever sees of it."""
        frozen = [
            one
            for group in self.groups
            for one in group.members
            if group.service == service and one.frozen_at is not None
        ]
        for one in frozen:
            one.thaw()
            self.injected["thawed by an opening"] += 1
            if self.draw(0.7):
                delay = self.random.uniform(0.02, 0.2)
                asyncio.get_running_loop().call_later(delay, one.crash)

    async def _reassign_late(self, process: Process) -> None:
        """A frozen member hears the latest once it thaws, not what was meant for it before."""
        await process.thawed.wait()
        await process.reassign(process.assigned)

    async def drain(self) -> bool:
        """No more faults: everything is thawed, and must come to rest by itself."""
        self.chances = CALM
        for group in self.groups:
            group.replicas = max(1, group.replicas)
            for one in group.members:
                one.thaw()
                one.log.faults = Faults()
        limit = asyncio.get_running_loop().time() + DRAIN_SECONDS_MAX
        most = self.steps + DRAIN_STEPS_MAX
        quiet = 0
        while quiet < 3:
            is_late = asyncio.get_running_loop().time() > limit or self.steps > most
            if is_late or self.has_given_up():
                return False
            await self.one_second()
            self._skip_waiting()
            quiet = quiet + 1 if self.is_quiet() else 0
        return True

    def _skip_waiting(self) -> None:
        """Nobody watches a clock: if effects only wait for their next attempt, it is time."""
        for database in self.databases.values():
            rows = database.documents("effects")
            if rows and all(row["state"] == "waiting" for row in rows):
                wait = min(row["due_at"] for row in rows) - self.clock.now()
                self.clock.ahead += max(wait, timedelta())

    def is_quiet(self) -> bool:
        return all(self._is_quiet(group) for group in self.groups)

    def _is_quiet(self, group: Group) -> bool:
        database = self.databases[group.service]
        opened = {number for one in group.members for number in one.loop.currently_open()}
        stored = database.documents("shards")
        rows = {row["_id"]: dict(row["next"]) for row in stored}
        topics = group.members[0].loop.topics() if group.members else []
        return (
            opened == set(range(self.broker.partitions))
            and not database.committed.get("outbox")
            and not any(row["outbox"] for row in stored)
            and not database.committed.get("effects")
            and all(
                rows.get(number, {}).get(topic, 0) == len(self.broker.records[topic, number])
                for topic in topics
                for number in range(self.broker.partitions)
            )
        )

    def why_not_quiet(self) -> str:
        """What is left, for the report of a run that did not drain."""
        parts = []
        for group in self.groups:
            database = self.databases[group.service]
            states = Counter(
                str(shard.state) for one in group.members for shard in one.loop.shards.values()
            )
            errors = {one.ticker.error for one in group.members} - {None}
            stopped = {one.loop.stopped for one in group.members} - {None}
            parts.append(
                f"{group.service}: shards {dict(states)}, outbox "
                f"{len(database.documents('outbox'))}, effects "
                f"{len(database.documents('effects'))}, {errors or ''} {stopped or ''}"
            )
        return "; ".join(parts)

    def stop(self) -> None:
        for group in self.groups:
            for one in group.members:
                one.crash()
