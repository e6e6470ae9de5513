"""One mutant against its tests, in a process of its own, forked from one with everything loaded.

The function with the mistake takes the place of the real one. Where that is not enough, since it
was run when modules were imported, our own are imported again, the one with the mistake among them.
"""

import gc
import importlib
import importlib.abc
import importlib.util
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutants.choosing import NO_ORDER, OURS, Chosen
from tests.mutants.generate import ROOT, Mutant, module_of
from tests.mutants.swapping import swapped

FIRST = "tests.conftest"
"""It sets what holds for all of Hypothesis, and has to before tests are made."""
PASSED, FAILED, NOT_BEGUN, NO_TESTS = 0, 1, 4, 5
"""With what pytest ends. It does not begin without a test of that name, or if a conftest fails."""
SECONDS_MIN, TIMES_AS_LONG = 60, 5
"""Of computing, so that a busy machine makes no mutant loop."""
WAITED_MAX = 20
"""So many times as long it may take all in all."""


class Result(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"
    """It loops, so it was noticed."""
    NOT_RUN = "not run by any test"


@dataclass(slots=True)
class Attempt:
    mutant: Mutant
    process: int
    until: float


class Mistake(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, mutant: Mutant) -> None:
        self._name = module_of(mutant.path)
        self._path, self._source = str(ROOT / mutant.path), mutant.made()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_loader(name, self, origin=self._path)

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._path
        exec(compile(self._source, self._path, "exec"), module.__dict__)


def load(tests: Sequence[str]) -> None:
    """Imports these modules once, and with them all others, pytest's plugins too. What is there by
    then is no garbage of a test: pytest collects it several times a run, which took half of it."""
    for name in (FIRST, *tests):
        importlib.import_module(name)
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    gc.freeze()


def begin(mutant: Mutant, chosen: Chosen) -> Attempt:
    seconds = max(SECONDS_MIN, TIMES_AS_LONG * int(chosen.seconds))
    process = os.fork()
    if process == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        os._exit(_judged(mutant, chosen))
    return Attempt(mutant, process, time.monotonic() + WAITED_MAX * seconds)


def _judged(mutant: Mutant, chosen: Chosen) -> int:
    """In the forked process: pytest's exit code. What it prints is of no use."""
    os.setpgid(0, 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.chdir(ROOT)
    try:
        _make(mutant, anew=chosen.is_imported)
        code = _run(chosen.tests)
        return of_whole_files(chosen.tests) if code in (NOT_BEGUN, NO_TESTS) else code
    except BaseException:
        return FAILED


def of_whole_files(tests: Sequence[str]) -> int:
    """Where a test's name follows from what the mutant changed, it has another name now.

    The files are there, since they were loaded before. So what can't begin even with whole files
    is a conftest that imports the mistake, and that is noticed by every test below it.
    """
    code = _run([*dict.fromkeys(test.partition("::")[0] for test in tests)])
    return FAILED if code == NOT_BEGUN else code


def _run(tests: Sequence[str]) -> int:
    return int(pytest.main([*tests, "-x", "--assert=plain", *NO_ORDER]))


def _make(mutant: Mutant, *, anew: bool) -> None:
    module = sys.modules[module_of(mutant.path)]
    if anew or not swapped(module, mutant.function, mutant.made()):
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        sys.meta_path.insert(0, Mistake(mutant))


def ended(attempt: Attempt) -> Result | None:
    """What came of it, if it has come to an end."""
    process, status = os.waitpid(attempt.process, os.WNOHANG)
    if process:
        return _result(os.waitstatus_to_exitcode(status), attempt.mutant)
    if time.monotonic() < attempt.until:
        return None
    os.killpg(attempt.process, signal.SIGKILL)
    os.waitpid(attempt.process, 0)
    return Result.TIMED_OUT


def _result(code: int, mutant: Mutant) -> Result:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return Result.TIMED_OUT
    if code in (NOT_BEGUN, NO_TESTS):
        raise RuntimeError(f"pytest ends with {code} for the tests of {mutant.path}")
    return Result.SURVIVED if code == PASSED else Result.KILLED


def scratch(directory: Path) -> None:
    """Where the tests of mutants may leave what they leave."""
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(directory / "hypothesis")
    os.environ["TMPDIR"] = str(directory)
