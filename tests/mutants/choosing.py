"""Which tests may notice a mutant: those that run its lines, and of these first who tell most of
its module for their time.

What hardly another test runs is what a test is about: so each line counts by how few run it. A
mutant that is built when a module is imported runs in no test: for it, those of its whole module
are chosen, and those of the test files that import it.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import coverage

from tests.mutants.generate import ROOT, Mutant, module_of
from tests.mutants.tracing import DIRECTORY, FAILED, IMPORTING, LINES, SECONDS

OURS = ("cli", "deploy", "services", "shared", "tests")
TESTS = (
    ("tests/unit", "tests/properties", "tests/contract", "tests/scenes"),
    ("tests/component",),
)
"""In two halves of about the same length, run beside each other."""
OWN = "tests/unit/test_mutants.py"
CONTRACTS = "tests/contract"
"""They are about names, wherever these stand."""
QUICK = 0.01
SECONDS_MAX = 40.0
"""So much of traced test time a mutant is given; what runs in every test is not tried by all."""
TESTS_FAILED = 1
"""pytest's exit code."""
FAILED_MAX = 10
NO_ORDER = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=0")


@dataclass(frozen=True, slots=True)
class Chosen:
    tests: Sequence[str]
    seconds: float
    """How much computing they took while they were traced."""
    is_imported: bool
    """Whether the mutant's lines run when modules are imported."""


class Traced:
    """Which test runs which line of which module."""

    def __init__(self, directory: Path) -> None:
        self._seconds: dict[str, float] = {}
        self._lines: Mapping[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for part in sorted(path for path in directory.iterdir() if path.is_dir()):
            self._seconds |= json.loads((part / SECONDS).read_text())
            data = coverage.CoverageData(str(part / LINES))
            data.read()
            for name in data.measured_files():
                lines = self._lines[str(Path(name).relative_to(ROOT))]
                for line, tests in data.contexts_by_lineno(name).items():
                    lines[line] |= set(tests)

    @property
    def modules(self) -> list[str]:
        """Of all tests."""
        files = {test.partition("::")[0] for test in self._seconds}
        return sorted(map(module_of, files))

    def chosen(self, mutant: Mutant) -> Chosen:
        lines = self._lines[mutant.path]
        found = set().union(*(lines.get(line, set()) for line in mutant.lines))
        is_imported = not mutant.function or IMPORTING in found or not _is_in_function(mutant)
        importing: set[str] = set()
        if not mutant.function or is_imported and not found - {IMPORTING}:
            importing = self._importing(module_of(mutant.path))
            found = set().union(*lines.values()) | importing
        found &= self._seconds.keys()
        tells = _tells(lines.values())
        tests: list[str] = []
        spent = 0.0
        for test in sorted(found, key=lambda test: self._turn(test, importing, tells)):
            if tests and spent + self._seconds[test] > SECONDS_MAX:
                break
            tests.append(test)
            spent += self._seconds[test]
        return Chosen(tests, spent, is_imported)

    def _turn(
        self, test: str, importing: Set[str], tells: Mapping[str, float]
    ) -> tuple[bool, float, str]:
        """What imports a module is about its names and tables, the quick ones first, which may run
        none of its lines; what only runs it is so hardly."""
        if test in importing:
            return False, self._cost(test), test
        return True, -tells[test] / self._cost(test), test

    def _cost(self, test: str) -> float:
        return max(self._seconds[test], QUICK)

    def _importing(self, module: str) -> set[str]:
        """The tests of files that import a module; they may read only what it has made by then."""
        return {
            test
            for test in self._seconds
            if test.startswith(CONTRACTS) or module in _imports(test.partition("::")[0])
        }


def _tells(lines: Iterable[set[str]]) -> Mapping[str, float]:
    """By test, how much it tells of the module of which each line is run by these tests."""
    tells: dict[str, float] = defaultdict(float)
    for tests in lines:
        for test in tests:
            tells[test] += 1 / len(tests)
    return tells


@cache
def _imports(file: str) -> frozenset[str]:
    """The modules that a file imports, or takes names from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return frozenset(found)


def _is_in_function(mutant: Mutant) -> bool:
    return mutant.function.rpartition(".")[2][:1].islower()


def trace(directory: Path) -> Traced:
    """Runs the tests once without a mutant, unless that was done with just these sources and
    tests: lines are known by their numbers. What fails then, as on a busy machine, chooses nothing;
    raises if that is more than some."""
    kept = directory / f"traced-{_version()}"
    if not kept.exists():
        unfinished = directory / "traced.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _run_traced(unfinished)
        unfinished.rename(kept)
    return Traced(kept)


def _version() -> str:
    files = sorted(path for name in OURS for path in (ROOT / name).rglob("*.py"))
    parts = (part for path in files for part in (str(path).encode(), path.read_bytes()))
    return sha256(b"\0".join(parts)).hexdigest()[:16]


def _run_traced(directory: Path) -> None:
    running = []
    for number, folders in enumerate(TESTS):
        part = directory / str(number)
        part.mkdir(parents=True)
        command = [sys.executable, "-m", "pytest", *folders, *NO_ORDER]
        command += ["-p", "tests.mutants.tracing", "--timeout=0", f"--ignore={OWN}"]
        environment = {**os.environ, DIRECTORY: str(part)}
        with (directory / f"{number}.txt").open("w") as output:
            running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output))
    codes = [process.wait() for process in running]
    broken = [number for number, code in enumerate(codes) if code not in (0, TESTS_FAILED)]
    failed = [
        test
        for number, code in enumerate(codes)
        if code == TESTS_FAILED
        for test in json.loads((directory / str(number) / FAILED).read_text())
    ]
    if broken or len(failed) > FAILED_MAX:
        which = broken[0] if broken else codes.index(TESTS_FAILED)
        raise SystemExit(f"the tests fail without a mutant: {directory}/{which}.txt")
    if failed:
        print("not chosen, since they failed without a mutant:", *failed, sep="\n  ", flush=True)
