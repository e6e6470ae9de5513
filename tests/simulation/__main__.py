"""`make simulate` and `make defects`: many seeds on all cores; what was injected, what is broken.

Exits 1 if an invariant is broken, which is what a planted defect must lead to.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.defects import DEFECTS
from tests.simulation.runs import STEPS, Run, first_catch, planted


def many(seeds: Sequence[int], steps: int, defect: str | None) -> Iterator[Run]:
    with ProcessPoolExecutor() as pool:
        futures = [pool.submit(planted, seed, steps, defect) for seed in seeds]
        for future in as_completed(futures):
            yield future.result()


def main() -> int:
    arguments = _arguments()
    if arguments.defects:
        return _all_defects()
    if arguments.defect and arguments.defect not in DEFECTS:
        print(f"unknown defect {arguments.defect!r}; there are: {', '.join(DEFECTS)}")
        return 2
    seeds = [arguments.seed] if arguments.seed else range(1, arguments.seeds + 1)
    return _simulate(list(seeds), arguments.steps, arguments.defect)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="run the seeds 1 to N")
    parser.add_argument("--seed", type=int, help="run this seed alone")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps under faults, at least")
    parser.add_argument("--defect", default=os.environ.get("LEADOPS_DEFECT") or None)
    parser.add_argument("--defects", action="store_true", help="every planted defect in turn")
    return parser.parse_args()


def _simulate(seeds: Sequence[int], steps: int, defect: str | None) -> int:
    injected: Counter[str] = Counter()
    failed: list[Run] = []
    taken = 0
    for done, run in enumerate(many(seeds, steps, defect), start=1):
        injected += run.injected
        taken += run.steps
        if run.found:
            failed.append(run)
            print(f"seed {run.seed}: {run.found[0].invariant} {run.found[0].text}", flush=True)
        if done % 50 == 0:
            print(f"{done} of {len(seeds)} seeds, {taken} steps", file=sys.stderr, flush=True)
    report = {
        "seeds": len(seeds),
        "steps": taken,
        "failed": [run.seed for run in failed],
        "injected": dict(sorted(injected.items())),
    }
    print(json.dumps(report, indent=1))
    return 1 if failed or not injected else 0


def _all_defects() -> int:
    missed = 0
    with ProcessPoolExecutor(max_tasks_per_child=1) as pool:
        for name, violation, seeds in pool.map(first_catch, DEFECTS):
            if violation is None:
                missed += 1
                print(f"{name}: missed after {seeds} seeds", flush=True)
            else:
                print(f"{name}: caught by {violation.invariant} after {seeds} seeds", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            os.environ | {"PYTHONHASHSEED": "0"},
        )
    sys.exit(main())
