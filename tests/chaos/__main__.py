"""`make chaos`: real processes under real faults; the report goes to `var/chaos.json`.

Exits 1 if an invariant is broken, or if nothing was done to the processes.
"""

import argparse
import json
import logging
import os
import sys
import time
from typing import Any

import structlog

from deploy.files import var_dir, write_json
from deploy.local.process import StackError, progress
from tests.chaos.run import run
from tests.simulation.defects import DEFECTS

RATE = 40.0
SHOWN_MAX = 20


def main() -> int:
    chosen = arguments()
    if chosen.defect and chosen.defect not in DEFECTS:
        progress(f"unknown defect {chosen.defect!r}; there are: {', '.join(DEFECTS)}")
        return 2
    path = var_dir() / "chaos.json"
    path.unlink(missing_ok=True)
    # Its own stack, so that an operator's is left alone.
    os.environ["LEADOPS_VAR"] = str(var_dir() / "chaos")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(processors=[say_nothing])
    try:
        report = run(chosen.seed, chosen.minutes * 60, chosen.rate, chosen.defect)
    except StackError as error:
        progress(str(error))
        return 3
    found = report.as_json()
    write_json(path, found)
    print(json.dumps(found | {"violations": found["violations"][:SHOWN_MAX]}, indent=1))
    return 0 if found["ok"] else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--minutes", type=float, default=5, help="how long to disturb")
    parser.add_argument("--rate", type=float, default=RATE, help="records a second")
    parser.add_argument("--defect", default=os.environ.get("LEADOPS_DEFECT") or None)
    return parser.parse_args()


def say_nothing(_logger: Any, _method: str, _event: Any) -> Any:
    """The publisher's own log; the services have theirs."""
    raise structlog.DropEvent


if __name__ == "__main__":
    sys.exit(main())
