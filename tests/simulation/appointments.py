"""Orders and meetings under the same faults: stories that are told late, twice and in any order,
while the clock leaps from one of them to the next."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cli.oracle.evidence import Evidence, Violation
from cli.oracle.oracle import violations
from cli.oracle.streams import answer_records
from shared.contracts.appointments import MeetingBillable
from shared.loop.decision import Verdict
from shared.loop.log import Outgoing
from shared.store import Document
from shared.testing.simulator import CALM, EPOCH, TRUSTED, Chances, World
from tests import stored
from tests.component.agency import BUILDS, PARTITIONS, TOPICS, command
from tests.simulation.lead_path import seen_in, stored_in
from tests.simulation.meeting_stories import DAY, OPERATOR, Line, acceptances, lines, prologue

DECIDED_AFTER = timedelta(minutes=5)
CALM_RUNS = 0.5
"""The share of runs in which nothing fails, but clocks leap and reading stalls."""
SECONDS_BETWEEN = (0, 0, 0, 1, 2)
REST, RESTS_MAX = timedelta(days=45), 12


async def simulate(seed: int) -> tuple[list[Violation], World]:
    """One run from start to rest, and what is wrong then."""
    world = World(seed, BUILDS, TOPICS, PARTITIONS, lambda _: answer, CALM)
    await world.run(lambda _: iter(()), 0)
    rested = await _begin(world)
    is_calm = world.random.random() < CALM_RUNS
    _let_it_fail(world, Chances(stall=0.05) if not is_calm else replace(CALM, stall=0.3))
    published_at: dict[str, datetime] = {}
    for number, line in enumerate(lines(world.random)):
        world.clock.ahead += max(line.told_at - world.clock.now(), timedelta())
        world.publish(_record(line, f"c{number}"))
        published_at[f"c{number}"] = world.clock.now()
        for _ in range(world.random.choice(SECONDS_BETWEEN)):
            await world.one_second()
    rested = rested and await world.drain() and await _until_all_is_decided(world)
    found = [Violation("I11", text) for text in world.defects]
    evidence = gather(world, "" if rested else world.why_not_quiet())
    found += violations(evidence)
    if is_calm:
        found += [Violation("I5", text) for text in overtaken(evidence, published_at)]
    world.stop()
    return found, world


def overtaken(evidence: Evidence, published_at: Mapping[str, datetime]) -> Iterator[str]:
    """What was told of a meeting before its deadline is decided before that charges it. Where a
    shard lags for a minute that is given up, so it holds for calm runs only."""
    charges = [
        (record, record.data()) for record in evidence.published.get(MeetingBillable.TYPE, ())
    ]
    for kind, id_, answer in answer_records(evidence, "appointments"):
        told_at = published_at.get(id_.id)
        if kind != "accepted" or told_at is None:
            continue
        for record, charge in charges:
            billable_at = _instant(charge["start"]) + DAY
            is_by_deadline = _instant(charge["billable_at"]) == billable_at
            is_of_it = answer.key == record.key and answer.offset > record.offset
            if is_by_deadline and is_of_it and told_at < billable_at + DECIDED_AFTER:
                yield f"{id_.id} was told by {told_at}, and {charge['meeting']} charged before it"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def _begin(world: World) -> bool:
    """What has to be there before anything is booked."""
    put = [Line(EPOCH, kind, data, OPERATOR, EPOCH) for kind, data in prologue(world.random)]
    for number, line in enumerate([*put, *acceptances()]):
        world.publish(_record(line, f"p{number}"))
        if not await world.drain():
            return False
    return True


def _let_it_fail(world: World, chances: Chances) -> None:
    world.chances = chances
    for group in world.groups:
        for one in group.members:
            one.crash()


async def _until_all_is_decided(world: World) -> bool:
    for _ in range(RESTS_MAX):
        world.clock.ahead += REST
        if not await world.drain():
            return False
        if not world.databases["appointments"].documents("due"):
            return True
    return False


def _record(line: Line, id_: str) -> Outgoing:
    return command(line.kind, line.data, id=id_, source=line.source, at=line.at, **line.who)


async def answer(_row: Document) -> tuple[Verdict, str]:
    return Verdict.DONE, "answered 200"


def gather(world: World, left: str) -> Evidence:
    return stored.evidence(
        seen_in(world),
        stored_in(world),
        [],
        drained=left,
        at=world.clock.now(),
        trusted_sources={TRUSTED},
    )
