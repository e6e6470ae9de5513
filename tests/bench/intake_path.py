"""Leads through intake as processes, everything on: from the first upload to the last outcome.

One replica and then two, on one broker and one store; the leads are as dirty as in life, and their
answers are judged against the sample's questions.
"""

import asyncio
import os
import statistics
import sys
import time
from itertools import count
from pathlib import Path

from pymongo import MongoClient

from cli.apply_commands import put
from cli.command import Asker
from cli.documents import read_files
from deploy.local import quiet, stack
from deploy.local.process import wait_for
from deploy.sample import generate
from shared.loop.kafka import KafkaLog
from shared.loop.log import Outgoing
from shared.store import Document
from tests.bench import uploads
from tests.bench.measuring import Row

LEADS = 5_000
LIMIT_SECONDS = 180
SAMPLE = Path(generate.__file__).parent

_seeds = count(5000)


def rows(state: Path, rounds: int) -> list[Row]:
    one, two = (_rate(state / str(replicas), replicas, rounds) for replicas in (1, 2))
    return [
        Row("intake, everything on, one replica", round(one), "leads/s"),
        Row(
            "intake, everything on, two replicas",
            round(two),
            "leads/s",
            baseline=round(one),
            ratio=round(two / one, 2),
            note="baseline: one replica. Broker, store and replicas share this machine's cores",
        ),
    ]


def _rate(state: Path, replicas: int, rounds: int) -> float:
    os.environ["LEADOPS_VAR"] = str(state)
    found = stack.up({"intake": replicas}, fresh=True, lease=True)
    try:
        names = [str(SAMPLE / name) for name in ("affiliates.yaml", "questions.yaml")]
        put(read_files(names, {}), Asker("bench"))
        _burst(found)
        rates = [_burst(found) for _ in range(rounds)]
    finally:
        stack.down()
    shown = ", ".join(f"{rate:.0f}/s" for rate in rates)
    print(f"  {replicas} replicas: {shown}", file=sys.stderr, flush=True)
    return statistics.median(rates)


def _burst(found: dict[str, str]) -> float:
    records = uploads.dirty(LEADS, next(_seeds))
    with MongoClient[Document](found["mongo"]) as client:
        leads = client["leadops_intake"]["leads"]
        before = leads.estimated_document_count()
        began = time.perf_counter()
        asyncio.run(_publish(found["kafka"], records))
        wait_for(
            f"{LEADS} leads to be decided",
            LIMIT_SECONDS,
            lambda: leads.estimated_document_count() >= before + LEADS,
            every=0.05,
        )
        took = time.perf_counter() - began
    quiet.wait_quiet(LIMIT_SECONDS)
    return LEADS / took


async def _publish(kafka: str, records: list[Outgoing]) -> None:
    log = KafkaLog(kafka)
    for start in range(0, len(records), 500):
        await log.publish(records[start : start + 500])
    await log.close()
