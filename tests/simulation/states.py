"""A compacted topic under the same faults: one service publishes states, another keeps the latest
of each key, and compaction takes what it has not read yet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cli.oracle.evidence import Violation
from shared.contracts import envelope as envelopes
from shared.contracts.envelope import Envelope
from shared.contracts.event import Command, Event
from shared.contracts.values import Name
from shared.loop.collection import collection
from shared.loop.decision import Accepted, Context, Decision, Publish, Verdict
from shared.loop.log import Outgoing
from shared.loop.service import Service
from shared.loop.table import one
from shared.loop.working_set import Ref, ref_by_name
from shared.store import Document
from shared.testing.simulator import Chances, World
from shared.topics import shard_of

PARTITIONS = 4
CHANCES = Chances(wander=0.3)
"""Where offsets are missing anyway, a client that passes over some is hardest to tell."""
STEPS = 60
DIALS = [f"d{number}" for number in range(8)]
STATES = "dials.states.v1"
MANIFEST: list[dict[str, Any]] = [
    {"name": "dials.commands.v1", "owner": "dials", "key": "dial", "open": True},
    {"name": "dials.events.v1", "owner": "dials", "key": "dial"},
    {"name": STATES, "owner": "dials", "key": "tenant/dial", "compacted": True},
    {"name": "desk.commands.v1", "owner": "desk", "key": "dial", "open": True},
]


class TurnDial(
    Command, type="dials.dial.turn.v1", key="{dial}", roles={"op"}, accepted=("turned",)
):
    dial: Name


class DialState(Event, type="dials.dial.state.v1", topic=STATES):
    dial: Name
    version: int


@dataclass(frozen=True, slots=True)
class Dial:
    id: str
    version: int
    turned: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What the desk knows of a dial."""

    id: str
    version: int
    turned: int = 0


def dial_of(event: TurnDial | DialState, context: Context) -> Ref[Dial]:
    return ref_by_name(Dial, context.tenant, event.dial)


def shown_of(event: DialState, context: Context) -> Ref[Shown]:
    return ref_by_name(Shown, context.tenant, event.dial)


def turn(command: TurnDial, before: Dial | None, context: Context) -> Decision:
    before = before or Dial(dial_of(command, context).id, 0)
    after = replace(before, turned=before.turned + 1)
    state = Publish(DialState(dial=command.dial, version=after.turned), after.id)
    return Decision(save=[after], publish=[state], answer=Accepted("turned"))


def show(event: DialState, before: Shown | None, context: Context) -> Decision:
    before = before or Shown(shown_of(event, context).id, 0)
    if event.version <= before.turned:
        return Decision()
    return Decision(save=[replace(before, turned=event.version)])


def dials() -> Service:
    return Service(
        "dials", (), [one(TurnDial, dial_of, turn)], [collection("dials", Dial, schema=1)]
    )


def desk() -> Service:
    rows = [one(DialState, shown_of, show)]
    return Service("desk", [STATES], rows, [collection("shown", Shown, schema=1)])


def turns(world: World) -> Iterator[Outgoing]:
    number = 0
    while True:
        dial = world.random.choice(DIALS)
        number += 1
        yield command(f"c{number}", dial, world.clock.now())


def command(id: str, dial: str, now: datetime) -> Outgoing:  # noqa: A002
    envelope = Envelope(id, "test", TurnDial.TYPE, now, b"", actor="op", role="op")
    data = TurnDial(dial=dial).model_dump_json().encode()
    place, headers = shard_of(dial.encode(), PARTITIONS), envelopes.write(envelope)
    return Outgoing(TurnDial.TOPIC, place, dial.encode(), data, headers)


async def no_answer(_row: Document) -> tuple[Verdict, str]:
    return Verdict.NOT_TRIED, "nothing is sent here"


async def simulate(seed: int) -> tuple[list[Violation], World]:
    """One run from start to rest, and what is wrong then."""
    topics = [str(row["name"]) for row in MANIFEST]
    builds = {"dials": dials, "desk": desk}
    world = World(seed, builds, topics, PARTITIONS, lambda _: no_answer, CHANCES)
    await world.run(turns, STEPS)
    left = "" if await world.drain() else world.why_not_quiet()
    found = list(violations(world, left))
    world.stop()
    return found, world


def violations(world: World, left: str) -> Iterator[Violation]:
    """What the desk shows is what was published last, whatever became of what was before."""
    yield from (Violation("I11", text) for text in world.defects)
    if left:
        yield Violation("I11", left)
    actual, shown = (_turned(world, service, name) for service, name in NAMES)
    if actual != shown:
        yield Violation("I5", f"the dials are at {actual}, and shown at {shown}")
    if world.databases["desk"].documents("dead_letters"):
        yield Violation("I5", "a state was dead-lettered")


NAMES = (("dials", "dials"), ("desk", "shown"))


def _turned(world: World, service: str, name: str) -> dict[str, int]:
    rows: Sequence[Document] = world.databases[service].documents(name)
    return {row["_id"]: row["turned"] for row in rows}
