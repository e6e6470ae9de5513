"""Gives the services what strangers write, beside honest leads, and looks what became of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from cli.oracle import streams
from cli.oracle.evidence import Evidence, Violation
from cli.oracle.oracle import Check
from shared.loop.log import Outgoing
from shared.testing import virtual_time
from shared.testing.simulator import CALM, World
from tests.fuzz.wire import hostile
from tests.simulation.lead_path import BUILDS, PARTITIONS, TOPICS, Upstream, customers, gather

AT_ONCE = 500
HONEST_EVERY = 10
CHECKS: Sequence[tuple[str, Check]] = (
    ("I6", streams.streams_are_dense),
    ("I6", streams.nothing_is_pending),
    ("I8", streams.everything_was_read),
    ("I5", streams.every_command_has_one_outcome),
    ("I5", streams.commands_are_refused_for_their_data),
    ("I5", streams.nothing_was_unexpected),
)


@dataclass(frozen=True, slots=True)
class Bombarded:
    seed: int
    records: int
    honest: int
    outcomes: dict[str, int] = field(default_factory=dict)
    """How many inputs came to what, and how many of what was dead-lettered has which code."""
    violations: Sequence[Violation] = ()


def bombarded(seed: int, count: int = AT_ONCE) -> Bombarded:
    """One world of its own, in virtual time, without any other fault."""
    structlog.configure(processors=[_drop])
    return virtual_time.run(_bombard(seed, hostile(count, seed, PARTITIONS)))


def _drop(_logger: object, _method: str, _event: object) -> dict[str, object]:
    raise structlog.DropEvent


async def _bombard(seed: int, records: Sequence[Outgoing]) -> Bombarded:
    world = World(seed, BUILDS, TOPICS, PARTITIONS, customers, CALM)
    upstream = Upstream(world)
    await world.run(lambda _: iter(()), 0)
    honest = 0
    for number, record in enumerate(_opened(upstream, records)):
        world.publish(record)
        if number % HONEST_EVERY == 0:
            honest += 1
            world.publish(upstream.submit())
    rested = await world.drain()
    evidence = gather(world, "" if rested else world.why_not_quiet())
    outcomes = _outcomes(world, evidence)
    found = [Violation("I11", text) for text in (*world.defects, evidence.drained) if text]
    found += [Violation(name, text) for name, check in CHECKS for text in check(evidence)]
    world.stop()
    return Bombarded(seed, len(records), honest, outcomes, found)


def _opened(upstream: Upstream, records: Sequence[Outgoing]) -> Iterator[Outgoing]:
    """The house as it is opened for business, then the strangers."""
    opening = upstream.load()
    for _ in range(15):
        yield next(opening)
    yield from records


def _outcomes(world: World, evidence: Evidence) -> dict[str, int]:
    found: dict[str, int] = {}
    for group in world.groups:
        for member in group.members:
            for name, number in member.loop.counters.items():
                if name.startswith("inputs_"):
                    found[name] = found.get(name, 0) + number
    for letter in evidence.dead_letters:
        found[letter.code] = found.get(letter.code, 0) + 1
    return found
