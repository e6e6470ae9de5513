"""`make fuzz`: hostile records by the thousand, on all cores; what became of them, what is broken.

Exits 1 if a record had no outcome, an error was one that nobody foresaw, or a shard did not go on.
"""

import argparse
import json
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.fuzz.bombard import AT_ONCE, bombarded

ROOT = Path(__file__).parent.parent.parent
VAR = Path(os.environ.get("LEADOPS_VAR") or ROOT / "var")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1, help="the first seed; one per 500 records")
    asked = parser.parse_args()
    seeds = range(asked.seed, asked.seed + -(-asked.records // AT_ONCE))
    outcomes: Counter[str] = Counter()
    records, broken = 0, []
    with ProcessPoolExecutor() as pool:
        for future in as_completed([pool.submit(bombarded, seed) for seed in seeds]):
            run = future.result()
            records += run.records
            outcomes.update(run.outcomes)
            broken += [f"seed {run.seed}: {one.invariant} {one.text}" for one in run.violations]
            print(f"{records} of {asked.records} records", file=sys.stderr, flush=True)
    report = {"records": records, "outcomes": dict(outcomes.most_common()), "violations": broken}
    (VAR / "fuzz.json").parent.mkdir(parents=True, exist_ok=True)
    (VAR / "fuzz.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
