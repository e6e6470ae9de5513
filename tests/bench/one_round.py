"""One round of the whole path, by whichever checkout is the current directory; printed as JSON.

`beside` runs this very file in two checkouts, so it uses only what both have.
"""

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, os.getcwd())

from tests.bench import whole_path

BURST = 2000
STEADY_PER_SECOND = 120
BUSY = (0, 1, 2, 5, 6)
"""Of the fields of /proc/stat: user, nice, system, interrupts."""


def busy_seconds() -> float:
    """Processor time that the whole machine has spent: services, broker, store and receiver."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return sum(int(fields[number]) for number in BUSY) / os.sysconf("SC_CLK_TCK")


def measure(replicas: int) -> dict[str, float]:
    with whole_path.running(replicas) as found:
        before, began = busy_seconds(), time.time()
        rate = whole_path.burst(found, BURST)
        spent, seconds = busy_seconds() - before, time.time() - began
        if replicas > 1:
            return {"rate": rate}
        latency = whole_path.stream(found, STEADY_PER_SECOND)
    cpu = spent / BURST * 1e6
    return {
        "rate": rate,
        "cpu_micros": cpu,
        "busy": spent / seconds,
        "p50": latency.p50,
        "p99": latency.p99,
    }


if __name__ == "__main__":
    os.environ["LEADOPS_VAR"] = sys.argv[1]
    print(json.dumps(measure(int(sys.argv[2]))))
