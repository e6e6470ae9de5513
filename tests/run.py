"""`make test`: starts the strongest backends that this machine has, runs all tests, and reports.

The backends run as long as the tests do. What can't run here is skipped, visibly, with the reason;
the rules that tests carry are printed as proven, all others of docs/rules.md as unproven.
"""

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.local import backends, docker_engine
from deploy.local.process import StackError

ROOT = Path(__file__).parent.parent
VAR = Path(os.environ.get("LEADOPS_VAR") or ROOT / "var")
REPORT = VAR / "test-report.json"
PARTS = VAR / "test-parts"
RULE = re.compile(r"^\| ([A-Z]{3}-\d\d) \|.*\| (proven by|partly|not built)", re.MULTILINE)

Case = tuple[str, str, str | None, bool]
"""Collection, id and kind of a case, and whether a test of it passed."""


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """The environment that tells the tests which backends there are."""
    with tempfile.TemporaryDirectory(prefix="leadops-test-") as state:
        environment: dict[str, str] = {}
        with _part(backends.broker, Path(state), "kafka", environment):  # noqa: SIM117
            with _part(backends.store, Path(state), "mongo", environment):
                if docker_engine.engine_answers():
                    environment["LEADOPS_TEST_DOCKER"] = "1"
                yield environment


@contextmanager
def _part(start: Any, state: Path, name: str, environment: dict[str, str]) -> Iterator[None]:
    """One backend; without it the tests that need it are skipped."""
    try:
        manager = start(state)
        backend = manager.__enter__()
    except StackError as error:
        print(f"{name}: none ({error})", flush=True)
        yield
        return
    try:
        print(f"{name}: {backend.name} at {backend.address}", flush=True)
        environment[f"LEADOPS_TEST_{name.upper()}"] = backend.address
        environment[f"LEADOPS_TEST_{name.upper()}_NAME"] = backend.name
        yield
    finally:
        manager.__exit__(None, None, None)


def pytest(arguments: list[str], environment: dict[str, str], part: str) -> int:
    PARTS.mkdir(parents=True, exist_ok=True)
    (PARTS / f"{part}.json").unlink(missing_ok=True)
    return subprocess.call(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=ROOT,
        env=os.environ
        | environment
        | {"PYTHONHASHSEED": "0", "LEADOPS_TEST_PART": str(PARTS / f"{part}.json")},
    )


SHORT_LIVED_JVM = "-XX:TieredStopAtLevel=1"
"""A broker of a few minutes never earns what its best compiler costs: a third of each start."""


NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Where it is set, each of some hundred processes compiles all of the code anew."""


ROOMS_OF_THE_STACK = ("tests/integration", "tests/chaos")
"""Where all tests of the stack are, so that the others need not be imported twice."""


NOTHING_COLLECTED = 5
"""pytest's exit code where no test was found."""
SEEDS = 50
"""A tenth of what `make simulate` takes, as of every big proof."""
SIMULATOR_TOLD_SECONDS = 20


@contextmanager
def simulating() -> Iterator["subprocess.Popen[bytes]"]:
    """The seeded simulator, each seed of at least 300 steps, in what the tests leave of the
    processors: those of the stack wait much. What it says is shown when they are done."""
    with tempfile.TemporaryFile() as printed:
        running = subprocess.Popen(
            [sys.executable, "-m", "tests.simulation", "--seeds", str(SEEDS)],
            cwd=ROOT,
            stdout=printed,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.nice(15),
        )
        try:
            yield running
            while running.poll() is None:
                last = os.pread(printed.fileno(), 1 << 20, 0).decode().splitlines()[-1:]
                print("waiting for the simulator, which ran beside the tests:", *last, flush=True)
                time.sleep(SIMULATOR_TOLD_SECONDS)
        finally:
            running.terminate()
            running.wait()
            printed.seek(0)
            sys.stdout.write(printed.read().decode())


def main() -> int:
    started = time.monotonic()
    # A broker that is being started is asked often; each refusal would be a line.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    os.environ.setdefault("JAVA_TOOL_OPTIONS", SHORT_LIVED_JVM)
    os.environ.pop(NO_BYTECODE, None)
    only = sys.argv[1:]
    with served() as environment:
        codes = [pytest([*only, "-m", "not stack", "-n", "2"], environment, "fast")]
    # Those of the stack start backends of their own: these would only be in their way.
    of_the_stack = [*(only or ROOMS_OF_THE_STACK), "-m", "stack and not slow"]
    if only:
        codes.append(pytest(of_the_stack, environment, "stack"))
    else:
        with simulating() as simulator:
            codes.append(pytest(of_the_stack, environment, "stack"))
        codes.append(simulator.returncode)
    report = merged(environment)
    REPORT.write_text(json.dumps(report, indent=1))
    show(report, time.monotonic() - started)
    print(f"{report['passed']} passed, {report['failed']} failed, {len(report['skipped'])} skipped")
    return 1 if report["failed"] or is_failed(codes, some_only=bool(only)) else 0


def is_failed(codes: Iterable[int], *, some_only: bool) -> bool:
    """Where only some tests were asked for, one part may have none of them, but not both."""
    ended = {code for code in codes if not (some_only and code == NOTHING_COLLECTED)}
    return ended != {0}


def merged(environment: dict[str, str]) -> dict[str, Any]:
    parts = [json.loads(path.read_text()) for path in sorted(PARTS.glob("*.json"))]
    states = dict(RULE.findall((ROOT / "docs" / "rules.md").read_text()))
    passed = {rule for part in parts for rule in part["rules"]}
    proven = sorted(rule for rule in passed if states.get(rule) == "proven by")
    results = [case for part in parts for case in part["cases"]]
    return {
        "passed": sum(part["passed"] for part in parts),
        "failed": sum(part["failed"] for part in parts),
        "skipped": [skip for part in parts for skip in part["skipped"]],
        "backend": {
            name: environment.get(f"LEADOPS_TEST_{name.upper()}_NAME", "none")
            for name in ("kafka", "mongo")
        },
        "rules": {"proven": proven, "unproven": sorted(set(states) - set(proven))},
        "cases": cases(results),
        "kinds": kinds(results),
    }


def cases(results: Iterable[Case]) -> dict[str, dict[str, int]]:
    """By collection. A case passed if each of its tests did; a skipped test counts neither way."""
    verdicts: dict[str, dict[str, bool]] = {}
    for collection, case, _, passed in results:
        found = verdicts.setdefault(collection, {})
        found[case] = passed and found.get(case, True)
    return {
        name: {"passed": sum(found.values()), "failed": len(found) - sum(found.values())}
        for name, found in sorted(verdicts.items())
    }


def kinds(results: Iterable[Case]) -> dict[str, int]:
    """By collection, of how many kinds its cases are; those without a kind are of none."""
    return dict(Counter(name for name, _ in {(each[0], each[2]) for each in results if each[2]}))


def show(report: dict[str, Any], seconds: float) -> None:
    print(f"\nbackends: {report['backend']}, {seconds:.0f} s")
    for skip in report["skipped"]:
        print(f"skipped: {skip['id']}: {skip['reason']}")
    print(f"rules proven ({len(report['rules']['proven'])}): {' '.join(report['rules']['proven'])}")
    print(f"rules unproven: {len(report['rules']['unproven'])}, see var/test-report.json")
    for name, found in report["cases"].items():
        of = f"{report['kinds'].get(name, 0)} kinds, {sum(found.values())} cases"
        print(f"cases {name}: {of}, {found['passed']} passed, {found['failed']} failed")


if __name__ == "__main__":
    sys.exit(main())
