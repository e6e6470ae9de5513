"""The whole way as processes, from the upload to the line of the receiver, each lead sent once.

A burst, everything at once, tells how many leads get through in a second. A steady stream at half
of that then tells how long one lead takes, counted from the moment at which its upload was due.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from math import ceil
from pathlib import Path

from cli.command import Asker, Command
from cli.publishing import ask
from deploy.files import var_dir
from deploy.local import quiet, stack
from deploy.local.process import wait_for
from shared.contracts.affiliates import PutAffiliate
from shared.contracts.campaigns import PutCampaign
from shared.contracts.lists import PutList
from shared.loop.kafka import KafkaLog
from tests.bench import uploads
from tests.bench.measuring import Row, at_most

BURST = 1000
BURST_SINGLY = 100
BATCH_OF_ONE = {"LEADOPS_BATCH_SIZE_MAX": "1"}
STREAM_SECONDS = 4
CHUNK_SECONDS = 0.01
LIMIT_SECONDS = 120

WHY_NOT_SOONER = (
    "a lead takes a step of intake and one of routing, and waits before each as long as one or two"
    " steps take: what arrives during a step is fetched while the next one runs. At this rate"
    " broker, store and services together keep both cores busy"
)

LIST = {"id": "bench", "entries": [f"suppressed-{number}.example" for number in range(1000)]}

_seeds = count(1000)

Dues = dict[str, float]
"""By lead, when its upload was due, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Latency:
    p50: float
    p99: float


def rows(state: Path, rounds: int) -> list[Row]:
    os.environ["LEADOPS_VAR"] = str(state)
    with running(1) as found:
        rates, halves, latencies = [], [], []
        for number in range(rounds):
            rates.append(burst(found))
            halves.append(rates[-1] / 2)
            latencies.append(stream(found, halves[-1]))
            shown = f"{rates[-1]:.0f}/s; at {halves[-1]:.0f}/s p50 {latencies[-1].p50:.0f} ms"
            print(f"  round {number + 1} of {rounds}: {shown}", file=sys.stderr, flush=True)
    with running(2) as found:
        of_two = [burst(found) for _ in range(rounds)]
    with running(1, BATCH_OF_ONE) as found:
        singly = [burst(found, BURST_SINGLY) for _ in range(rounds)]
    name = f"upload to send at half load ({statistics.median(halves):.0f} leads/s)"
    latency = [
        at_most(f"{name}: p50", [one.p50 for one in latencies], "ms", 60),
        at_most(f"{name}: p99", [one.p99 for one in latencies], "ms", 250),
    ]
    for row in latency:
        row.note = None if row.met else WHY_NOT_SOONER
    return [
        *latency,
        against("whole path, upload to send, one replica of each", rates, singly),
        against("whole path, upload to send, two replicas of each", of_two, singly),
    ]


def against(name: str, rates: Sequence[float], singly: Sequence[float]) -> Row:
    """The baseline is the same services, with each record in a transaction of its own."""
    ours, baseline = statistics.median(rates), statistics.median(singly)
    ratio = ours / baseline
    return Row(
        name, round(ours), "leads/s", ">= 10 x", ratio >= 10, round(baseline), round(ratio, 1)
    )


@contextmanager
def running(replicas: int, env: Mapping[str, str] | None = None) -> Iterator[Mapping[str, str]]:
    """A fresh stack with everything on, that has been through one burst."""
    counts = dict.fromkeys(("intake", "routing"), replicas)
    found = stack.up(counts, fresh=True, lease=True, env=dict(env or {}))
    try:
        set_up(found)
        burst(found, BURST_SINGLY if env else BURST)
        yield found
    finally:
        stack.down()


def set_up(found: Mapping[str, object]) -> None:
    """The affiliate, a suppression list, and one campaign for each of its categories."""
    affiliate = Command(
        PutAffiliate.TYPE, uploads.definition().model_dump_json().encode(), "affiliates"
    )
    suppressed = Command(PutList.TYPE, json.dumps(LIST).encode(), "bench")
    campaigns = [campaign(category, str(found["receiver"])) for category in uploads.CATEGORIES]
    answers = ask([affiliate, suppressed, *campaigns], Asker("bench"))
    assert all(answer.accepted for answer in answers.values()), answers
    quiet.wait_quiet(LIMIT_SECONDS)


def campaign(category: str, receiver: str) -> Command:
    name = f"bench-{category}"
    whole = {
        "id": name,
        "customer": "northgrid",
        "programme": "standard",
        "lead_codes": ["INT-FFA-ESF-2541"],
        "categories": [{"id": category, "amount": 1_000_000}],
        "caps": {"total": 10_000_000, "day": 1_000_000},
        "excluded_places": [{"country": "AQ"}],
        "industries": {"allowed": ["1594", "1810"], "strictness": "preferred"},
        "titles": {"excluded": ["student", "intern"], "strictness": "strict"},
        "suppressed": [{"list": "bench", "strictness": "strict"}],
        "send": {"mode": "webhook", "url": f"{receiver}/campaigns/{name}", "secret": "bench"},
    }
    return Command(PutCampaign.TYPE, json.dumps(whole).encode(), name)


def burst(found: Mapping[str, str], leads: int = BURST) -> float:
    """Leads per second from the first upload to the last receipt."""
    began = time.time()
    dues = asyncio.run(publish(found["kafka"], leads, None))
    return leads / (max(received(dues).values()) - began)


def stream(found: Mapping[str, str], rate: float) -> Latency:
    dues = asyncio.run(publish(found["kafka"], round(rate * STREAM_SECONDS), rate))
    at = received(dues)
    waited = sorted((at[lead] - due) * 1000 for lead, due in dues.items())
    return Latency(statistics.median(waited), waited[ceil(len(waited) * 0.99) - 1])


async def publish(kafka: str, leads: int, rate: float | None) -> Dues:
    """At a steady rate, or all at once. A lead that is published late was due all the same."""
    uploaded = uploads.clean(leads, next(_seeds))
    log = KafkaLog(kafka)
    await log.publish([])
    chunk = max(1, round(rate * CHUNK_SECONDS)) if rate else 500
    dues: Dues = {}
    began = time.time()
    for start in range(0, leads, chunk):
        due = began + start / rate if rate else time.time()
        await asyncio.sleep(max(0.0, due - time.time()))
        part = uploaded[start : start + chunk]
        dues |= {lead: due for lead, _ in part}
        await log.publish([record for _, record in part])
    await log.close()
    return dues


def received(dues: Dues) -> Dues:
    """When each lead was received, once all of them were and the services have come to rest."""
    found: Dues = {}

    def complete() -> bool:
        found.update(lines(dues))
        return len(found) == len(dues)

    wait_for(f"{len(dues)} leads to be received", LIMIT_SECONDS, complete, every=0.3)
    quiet.wait_quiet(LIMIT_SECONDS)
    return found


def lines(dues: Dues) -> Dues:
    # The last one may be half written.
    texts = (var_dir() / "received.jsonl").read_text().rpartition("\n")[0].splitlines()
    rows = [json.loads(text) for text in texts[-2 * len(dues) :]]
    return {row["lead"]: seconds(row["at"]) for row in reversed(rows) if row["lead"] in dues}


def seconds(at: str) -> float:
    return datetime.fromisoformat(at).astimezone(UTC).timestamp()
