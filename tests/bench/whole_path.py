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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from math import ceil
from pathlib import Path

from cli.command import Asker, Command
from cli.publishing import ask
from deploy import quiet, stack
from deploy.files import var_dir
from deploy.process import wait_for
from shared.contracts.campaigns import PutCampaign
from shared.contracts.intake import PutAffiliate
from shared.loop.kafka import KafkaLog
from tests.bench import uploads
from tests.bench.measuring import Row, at_most

BURST = 1000
STREAM_SECONDS = 4
CHUNK_SECONDS = 0.01
LIMIT_SECONDS = 120

WHY_NOT_SOONER = (
    "a lead takes three steps, of intake and twice of routing, and waits before each as long as one"
    " or two steps take: what arrives during a step is fetched while the next one runs. At this"
    " rate broker, store and services together keep both cores busy"
)

_seeds = count(1000)

Dues = dict[str, float]
"""By lead, when its upload was due, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Latency:
    p50: float
    p99: float


def rows(state: Path, rounds: int) -> list[Row]:
    os.environ["LEADOPS_VAR"] = str(state)
    found = stack.up(fresh=True, lease=True)
    try:
        set_up(found)
        burst(found)
        rates, halves, latencies = [], [], []
        for number in range(rounds):
            rates.append(burst(found))
            halves.append(rates[-1] / 2)
            latencies.append(stream(found, halves[-1]))
            shown = f"{rates[-1]:.0f}/s; at {halves[-1]:.0f}/s p50 {latencies[-1].p50:.0f} ms"
            print(f"  round {number + 1} of {rounds}: {shown}", file=sys.stderr, flush=True)
    finally:
        stack.down()
    name = f"upload to send at half load ({statistics.median(halves):.0f} leads/s)"
    latency = [
        at_most(f"{name}: p50", [one.p50 for one in latencies], "ms", 60),
        at_most(f"{name}: p99", [one.p99 for one in latencies], "ms", 250),
    ]
    for row in latency:
        row.note = None if row.met else WHY_NOT_SOONER
    return [*latency, Row("whole path, upload to send", round(statistics.median(rates)), "leads/s")]


def set_up(found: Mapping[str, object]) -> None:
    """The affiliate, and one campaign for each of its categories."""
    affiliate = Command(
        PutAffiliate.TYPE, uploads.definition().model_dump_json().encode(), "affiliates"
    )
    campaigns = [campaign(category, str(found["receiver"])) for category in uploads.CATEGORIES]
    answers = ask([affiliate, *campaigns], Asker("bench"))
    assert all(answer.accepted for answer in answers.values()), answers
    quiet.wait_quiet(LIMIT_SECONDS)


def campaign(category: str, receiver: str) -> Command:
    name = f"bench-{category}"
    whole = {
        "id": name,
        "customer": "northgrid",
        "programme": "standard",
        "lead_codes": ["INT-FFA-ESF-2541"],
        "categories": [{"id": category}],
        "send": {"mode": "webhook", "url": f"{receiver}/campaigns/{name}", "secret": "bench"},
    }
    return Command(PutCampaign.TYPE, json.dumps(whole).encode(), name)


def burst(found: Mapping[str, str]) -> float:
    """Leads per second from the first upload to the last receipt."""
    began = time.time()
    dues = asyncio.run(publish(found["kafka"], BURST, None))
    return BURST / (max(received(dues).values()) - began)


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
    texts: Sequence[str] = (var_dir() / "received.jsonl").read_text().splitlines()
    told = [json.loads(text) for text in texts[-2 * len(dues) :]]
    return {row["lead"]: seconds(row["at"]) for row in reversed(told) if row["lead"] in dues}


def seconds(at: str) -> float:
    return datetime.fromisoformat(at).astimezone(UTC).timestamp()
