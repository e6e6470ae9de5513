"""A page of 50 leads under each filter, and under all of them, as the number of leads grows; and
their number by affiliate and outcome.

The leads are put into the store directly, whole as intake writes them; they are searched as its
API does it, by the same windows of time and the same indexes.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any
from uuid import uuid4

from pymongo import MongoClient

from services.intake.catalogue.affiliates import Affiliate
from services.intake.leads import uploads as taken
from services.intake.leads.leads import ACCEPTED, HELD, OUTCOMES, Lead
from services.intake.queries import searching
from services.intake.queries.api import CountsQuery, Reader
from services.intake.queries.searching import Search
from services.intake.service import intake
from services.intake.store import LEADS
from shared.clock import SystemClock
from shared.contracts.intake import LeadAccepted
from shared.loop import migrations
from shared.loop.decision import Cause
from shared.loop.working_set import WorkingSet, ref_by_name
from shared.mongo import MongoStore
from shared.store import Document
from tests.bench import uploads
from tests.bench.measuring import Row
from tests.bench.stage import Backends
from tests.builders import lead as accepted_lead
from tests.builders import record

FEW, MANY = 100_000, 1_000_000
PER_WRITE = 2_000
PAGE = 50
ROUNDS = 7
NEWEST = datetime(2026, 6, 30, tzinfo=UTC)
SPAN = timedelta(days=180)
GOAL_MILLISECONDS, COUNTS_MILLISECONDS = 100, 250
AFFILIATES = 5

FILTERS: Mapping[str, Mapping[str, Any]] = {
    "nothing": {},
    "affiliate": {"affiliate": "a1"},
    "lead code": {"lead_code": "INT-AAA-BBB-7"},
    "outcome": {"upload.outcome": HELD},
    "unsent": {"is_sent": False},
    "source": {"source": "organic"},
    "email": {"person_id": "person-77"},
    "campaign": {"sent_to": "c3"},
    "delivery": {"affiliate": "a1", "delivery": "d5"},
    "affiliate, outcome, lead code and campaign": {
        "affiliate": "a1",
        "upload.outcome": ACCEPTED,
        "lead_code": "INT-AAA-BBB-7",
        "sent_to": "c3",
    },
}


def rows(found: Backends) -> list[Row]:
    return asyncio.run(_rows(found))


async def _rows(found: Backends) -> list[Row]:
    (few, few_counted), (many, counted) = await pages(found, FEW), await pages(found, MANY)
    growth = max(many.values()) / max(few.values())
    slowest = max(many, key=lambda name: many[name])
    rows = [
        Row(
            f"search by {name}: page of {PAGE} at {MANY:,} leads",
            round(milliseconds, 1),
            "ms",
            baseline=round(few[name], 1),
            goal=f"<= {GOAL_MILLISECONDS} ms",
            met=milliseconds <= GOAL_MILLISECONDS,
            note=f"baseline: at {FEW:,} leads",
        )
        for name, milliseconds in many.items()
    ]
    rows.append(
        Row(
            f"counts by affiliate, outcome and reason at {MANY:,} leads",
            round(counted, 1),
            "ms",
            baseline=round(few_counted, 1),
            goal=f"<= {COUNTS_MILLISECONDS} ms",
            met=counted <= COUNTS_MILLISECONDS,
            note=f"baseline: at {FEW:,} leads",
        )
    )
    rows.append(Row(f"slowest search ({slowest}), as leads grow 10 x", round(growth, 2), "x"))
    return rows


async def pages(found: Backends, leads: int) -> tuple[dict[str, float], float]:
    """Median milliseconds by filter, and of the counts."""
    name = f"bench_search_{uuid4().hex[:8]}"
    store = await MongoStore.connect(found.mongo, name)
    # Indexed from the beginning: some stores take an hour to index a million at once.
    await store.migrate(intake("").indexes)
    fill(found.mongo, name, leads)
    medians = {}
    for filter_, where in FILTERS.items():
        search = Search({"tenant": "main", **where}, now=NEWEST.replace(tzinfo=None))
        medians[filter_] = statistics.median([await _once(store, search) for _ in range(ROUNDS)])
    counts = await _counts(store, leads)
    await store.close()
    return medians, counts


async def _counts(store: MongoStore, leads: int) -> float:
    """As its API does it, once the leads that are there have been counted."""
    state, service = WorkingSet(), intake(uploads.SECRET)
    state.put([_affiliate(number) for number in range(AFFILIATES)])
    async with store.transaction() as transaction:
        await service.save(transaction, state)
    began = time.perf_counter()
    await migrations.migrate(store, {}, service.tallies)
    seconds = time.perf_counter() - began
    print(f"  {leads:,} leads were counted in {seconds:.1f} s", file=sys.stderr, flush=True)
    reader, times = Reader(store, uploads.SECRET, SystemClock()), []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = await reader.counts(CountsQuery.model_validate({"reasons": "true"}))
        times.append((time.perf_counter() - began) * 1000)
    assert leads * 0.85 < sum(each.submitted for each in found.affiliates) < leads
    return statistics.median(times)


def _affiliate(number: int) -> Affiliate:
    whole = uploads.affiliate()
    definition = whole.definition.model_copy(update={"id": f"a{number}"})
    id = ref_by_name(Affiliate, "main", definition.id).id  # noqa: A001
    return replace(whole, id=id, definition=definition)


async def _once(store: MongoStore, search: Search) -> float:
    began = time.perf_counter()
    page, _ = await searching.page(store, search, PAGE)
    assert page
    return (time.perf_counter() - began) * 1000


def fill(url: str, database: str, leads: int) -> None:
    """In parts that a store takes at once, and patiently: it may have to make room first."""
    documents = some(leads)
    with MongoClient[Document](url) as client:
        collection = client[database][LEADS.name]
        for start in range(0, leads, PER_WRITE):
            part = list(islice(documents, PER_WRITE))
            collection.insert_many(part, ordered=False)
            if start % 100_000 == 0:
                print(f"  {start:,} of {leads:,} leads", file=sys.stderr, flush=True)


def some(leads: int) -> Iterator[Document]:
    random = Random(1)
    for number in range(leads):
        yield LEADS.to_document(_lead(random, number, leads)) | {"version": 1}


def _lead(random: Random, number: int, leads: int) -> Lead:
    affiliate = f"a{random.randrange(AFFILIATES)}"
    outcome = random.choices(OUTCOMES, [80, 1, 15, 4])[0]
    organic = random.random() < 0.1
    return Lead(
        id=str(uuid4()),
        version=0,
        tenant="main",
        affiliate=None if organic else affiliate,
        reference=f"R-{number}",
        lead_code=None if organic else f"INT-AAA-BBB-{random.randrange(40)}",
        delivery=f"d{random.randrange(200)}",
        upload=replace(UPLOAD, uploaded_at=NEWEST - SPAN * (number / leads), outcome=outcome),
        tries=0,
        mapping_version=1,
        person_id=f"person-{number % (leads // 2)}",
        accepted=CANONICAL if outcome == ACCEPTED else None,
        source="organic" if organic else "affiliate",
        sent_to=_campaigns(random) if outcome == ACCEPTED else (),
    )


def _campaigns(random: Random) -> tuple[str, ...]:
    return tuple(f"c{random.randrange(100)}" for _ in range(random.choice((0, 1, 1, 2))))


CANONICAL: LeadAccepted = accepted_lead()
UPLOAD = taken.upload_of(
    taken.Raw(
        "affiliate",
        "a1",
        "R",
        record(),
        None,
        None,
        None,
        Cause("c", "s", "k", NEWEST, tenant="main", actor="a", role="operator"),
    ),
    ACCEPTED,
)
