"""One round of the whole path, by whichever checkout is the current directory; printed as JSON.

`beside` runs this very file in two checkouts, so it uses only what both have.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, os.getcwd())

from tests.bench import whole_path

BURST = 2000
STEADY_PER_SECOND = 120
LOOK_SECONDS = 0.2
BUSY = (0, 1, 2, 5, 6)
"""Of the fields of /proc/stat: user, nice, system, interrupts."""


def busy_seconds() -> float:
    """Processor time that the whole machine has spent: services, broker, store and receiver."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return sum(int(fields[number]) for number in BUSY) / os.sysconf("SC_CLK_TCK")


def burst(kafka: str) -> dict[str, float]:
    """From the first upload until the last receipt: how a side comes to rest, and how often it
    looks whether it did, is its own and no part of a lead's price."""
    before, began = busy_seconds(), time.time()
    dues = asyncio.run(whole_path.publish(kafka, BURST, None))
    receipts: dict[str, float] = {}
    while len(receipts) < len(dues) and time.time() - began < whole_path.LIMIT_SECONDS:
        time.sleep(LOOK_SECONDS)
        receipts |= whole_path.lines(dues)
    spent, seconds = busy_seconds() - before, time.time() - began
    whole_path.received(dues)
    return {
        "rate": BURST / (max(receipts.values()) - began),
        "cpu_micros": spent / BURST * 1e6,
        "busy": spent / seconds,
    }


def measure(replicas: int) -> dict[str, float]:
    with whole_path.running(replicas) as found:
        figures = burst(found["kafka"])
        if replicas > 1:
            return {"rate": figures["rate"]}
        latency = whole_path.stream(found, STEADY_PER_SECOND)
    return figures | {"p50": latency.p50, "p99": latency.p99}


if __name__ == "__main__":
    os.environ["LEADOPS_VAR"] = sys.argv[1]
    print(json.dumps(measure(int(sys.argv[2]))))
