"""What a lead costs routing as campaigns and history grow, and what deciding again costs.

Steps as the loop takes them, without Kafka: load, decide, save, in one transaction on a real store.
The history is put into the store directly, whole as routing writes it.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import count, islice
from math import isclose
from random import Random
from typing import Any, TypeVar
from uuid import uuid4

from pymongo import MongoClient

from services.routing.orders.campaigns import Campaign, CampaignVersion
from services.routing.person import leads
from services.routing.queries.api import CountsQuery, Reader, UnsentQuery
from services.routing.queries.preview import Previewing
from services.routing.queries.why_not import WhyNot
from services.routing.rematch import widening
from services.routing.service import routing
from services.routing.store import LEADS
from shared.clock import SystemClock
from shared.contracts.campaigns import PutCampaign
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import CampaignWidened
from shared.loop.decision import Decision, Input
from shared.loop.working_set import WorkingSet, ref_by_name
from shared.mongo import MongoStore
from shared.store import Document
from tests.bench.measuring import Row, Run, Stopwatch, medians
from tests.bench.stage import Backends
from tests.builders import NOW, cause, input_of, put_campaign
from tests.builders import lead as some_lead
from tests.deciding import decide_batch

FEW_CAMPAIGNS, MANY_CAMPAIGNS = 1_000, 10_000
FEW_LEADS, MANY_LEADS = 10_000, 1_000_000
BATCH, ROUNDS = 500, 7
STEPS = 41
"""Of each side; one takes up to four times as long as the next."""
PER_WRITE = 2_000
CODES, CATEGORIES = 200, 400
COUNTRIES = [f"{first}{second}" for first in "ABCDEF" for second in "ABCDEFGHIJ"]
FREED = 60
"""As many leads wait for the category that is opened."""
OPENED = "opened-later"
BUSY_NUMBER, BUSY_CODE = 0, "CODE-0"
"""The campaign to whose lead code half of the leads came."""

_numbers = count(1)

T = TypeVar("T")


def rows(found: Backends) -> list[Row]:
    return asyncio.run(_rows(found))


async def _rows(found: Backends) -> list[Row]:
    few = await Side.made(found, FEW_CAMPAIGNS, FEW_LEADS)
    many = await Side.made(found, MANY_CAMPAIGNS, FEW_LEADS)
    by_campaigns = await _alternate(few, many)
    await few.store.close()
    long = await Side.made(found, MANY_CAMPAIGNS, MANY_LEADS)
    by_history = await _alternate(many, long)
    rows = [
        _growth("cost of a lead as campaigns grow 1k to 10k", *by_campaigns),
        _growth("cost of a lead as history grows 10k to 1,000,000", *by_history),
    ]
    rows += await _again(long)
    rows += await _unsent(long)
    await many.store.close()
    await long.store.close()
    return rows


def _growth(name: str, before: Sequence[Run], after: Sequence[Run]) -> Row:
    """In wall time, store and all; the processor's time of this process stands beside it."""
    (slow, slow_cpu), (fast, fast_cpu) = medians(after), medians(before)
    ratio = fast / slow
    return Row(
        name,
        round(1e6 / slow),
        "µs/lead",
        "<= 1.3 x",
        ratio <= 1.3,
        round(1e6 / fast),
        round(ratio, 2),
        cpu=f"{slow_cpu:.0f} / {fast_cpu:.0f}",
    )


async def _alternate(one: "Side", other: "Side") -> tuple[list[Run], list[Run]]:
    await one.step()
    await other.step()
    runs: tuple[list[Run], list[Run]] = ([], [])
    for _ in range(STEPS):
        runs[0].append(await one.step())
        runs[1].append(await other.step())
    return runs


class Side:
    """Routing with so many campaigns and leads behind it."""

    def __init__(self, store: MongoStore, seed: int) -> None:
        self.store = store
        self.service = routing()
        self.random = Random(seed)

    @classmethod
    async def made(cls, found: Backends, campaigns: int, history: int) -> "Side":
        name = f"bench_routing_{uuid4().hex[:8]}"
        store = await MongoStore.connect(found.mongo, name)
        side = cls(store, campaigns)
        await store.migrate(side.service.indexes)
        for start in range(0, campaigns, PER_WRITE):
            await side.put([_campaign(n) for n in range(start, min(start + PER_WRITE, campaigns))])
        await side.put([_later()])
        fill(found.mongo, name, history)
        await side.decide([])
        return side

    async def put(self, campaigns: Sequence[Campaign | CampaignVersion]) -> None:
        state = WorkingSet()
        state.put(campaigns)
        async with self.store.transaction() as transaction:
            await self.service.save(transaction, state)

    async def step(self) -> Run:
        """A batch of leads that nobody has seen, through one transaction."""
        batch = [input_of(_lead(self.random, next(_numbers))) for _ in range(BATCH)]
        watch = Stopwatch()
        watch.start()
        await self.decide(batch)
        return watch.stop(BATCH)

    async def decide(self, batch: Sequence[Input]) -> list[Decision]:
        _, decisions = await decide_batch(self.service, self.store, batch)
        return decisions


async def _again(side: Side) -> list[Row]:
    """RTE-14: a category is opened for one campaign, with a million leads behind."""
    clock = SystemClock()
    previewing = Previewing(side.store, clock, WhyNot(side.store, clock))
    after = _later().definition.model_copy(update={"open_categories": ("c0", "rare")})
    preview, shown = await _timed(lambda: previewing.campaign(after, "main"))
    (campaign,) = shown["campaigns"]
    assert campaign["frees"] == campaign["looked_at"] == FREED, shown
    opened = list(widening.widened_events(_later(), after))
    await side.put([_later(after, number=2, version=1)])
    step, freed = await _timed(lambda: _reopened(side, opened))
    assert freed == FREED, freed
    name = f"category opened, {MANY_LEADS:,} leads behind, {FREED} to free"
    goal, limit = "<= 250 ms", 250
    return [
        Row(f"{name}: preview", round(preview, 1), "ms", goal, preview <= limit),
        Row(f"{name}: deciding again", round(step, 1), "ms", goal, step <= limit),
    ]


async def _unsent(side: Side) -> list[Row]:
    """RTE-10: of a campaign to which half of the leads came, and of as many as a page has."""
    await side.put([CampaignVersion("busy", 0, _campaign(BUSY_NUMBER))])
    reader = Reader(side.store, SystemClock())
    one, of_one = await _timed(lambda: reader.unsent(f"campaign-{BUSY_NUMBER}", UnsentQuery()))
    page, of_page = await _timed(lambda: reader.counts(CountsQuery()))
    assert isclose(MANY_LEADS / 2, of_one.of, rel_tol=0.15), of_one
    name, goal, limit = f"unsent leads by check at {MANY_LEADS:,} leads", "<= 250 ms", 250
    campaigns = len(of_page.campaigns)
    return [
        Row(f"{name}: one campaign", round(one, 1), "ms", goal, one <= limit),
        Row(f"{name}: counts of {campaigns}", round(page, 1), "ms", goal, page <= limit),
    ]


async def _timed(action: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    """The median of several times, in milliseconds, and what came of it; the first doesn't count,
    since it reads the catalogue."""
    found = await action()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = await action()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), found


async def _reopened(side: Side, opened: Sequence[CampaignWidened]) -> int:
    """How many leads are told to be decided again."""
    decisions = await side.decide([input_of(each) for each in opened])
    return sum(len(decision.publish) for decision in decisions)


def _campaign(number: int) -> Campaign:
    """Most of them want leads of one code, five places, three categories."""
    random = Random(number)
    definition = put_campaign(
        id=f"campaign-{number}",
        lead_codes=[f"CODE-{number % CODES}"],
        categories=[{"id": f"c{random.randrange(CATEGORIES)}"} for _ in range(3)],
        places=[{"country": code} for code in random.sample(COUNTRIES, 5)],
        seniorities={"allowed": ["director", "vp", "cxo"]},
        company_size={"intervals": [{"min": 51, "max": 5000}]},
        priority=number,
    )
    return _stored(definition)


def _later(definition: PutCampaign | None = None, number: int = 1, version: int = 0) -> Campaign:
    """One that is to be opened for a rare category."""
    definition = definition or put_campaign(
        id=OPENED,
        lead_codes=["CODE-1"],
        categories=[{"id": "c0"}, {"id": "rare"}],
        open_categories=["c0"],
    )
    return _stored(definition, number, version)


def _stored(definition: PutCampaign, number: int = 1, version: int = 0) -> Campaign:
    id = ref_by_name(Campaign, "main", definition.id).id  # noqa: A001
    return Campaign(id, version, "main", number, definition, NOW, "bench", created_at=NOW)


def _lead(random: Random, number: int, **changes: object) -> LeadAccepted:
    """A third has a code that campaigns carry, so that most match few or none."""
    whole: dict[str, Any] = {
        "lead": str(uuid4()),
        "person_id": f"person-{number}",
        "lead_code": f"CODE-{random.randrange(CODES)}",
        "category": f"c{random.randrange(CATEGORIES)}",
        "place": {"country": random.choice(COUNTRIES)},
    }
    return some_lead(**whole | changes)


def fill(url: str, database: str, count_: int) -> None:
    documents = _history(count_)
    with MongoClient[Document](url) as client:
        collection = client[database][LEADS.name]
        for start in range(0, count_, PER_WRITE):
            collection.insert_many(list(islice(documents, PER_WRITE)), ordered=False)
            if start % 100_000 == 0:
                print(f"  {start:,} of {count_:,} leads", file=sys.stderr, flush=True)


def _history(count_: int) -> Iterator[Document]:
    random = Random(5)
    for number in range(count_):
        accepted = _lead(random, -number, **_changes(number))
        routed = leads.new_lead(accepted, 1, cause())
        yield LEADS.to_document(routed) | {"_id": accepted.lead, "version": 1}


def _changes(number: int) -> dict[str, object]:
    if number < FREED:
        return {"category": "rare", "lead_code": "CODE-1"}
    return {"lead_code": BUSY_CODE} if number % 2 else {}
