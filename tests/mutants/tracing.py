"""A pytest plugin that notes which test runs which lines, and how much computing each test takes:
seconds of the clock would tell more of what else the machine does.

Contexts are set by hand, since coverage's own find a test by the function that is running, which
is no help in coroutines.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

DIRECTORY = "LEADOPS_MUTANTS_TRACED"
LINES, SECONDS, FAILED = "lines", "seconds.json", "failed.json"
IMPORTING = ""
"""The context of what runs in no test."""


class Tracing:
    def __init__(self, directory: Path) -> None:
        self._seconds: dict[str, float] = {}
        self._failed: set[str] = set()
        self._directory = directory
        self._coverage = coverage.Coverage(
            data_file=str(directory / LINES), source=["services", "shared"], config_file=False
        )
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        began = time.process_time()
        self._coverage.switch_context(item.nodeid)
        result = yield
        self._coverage.switch_context(IMPORTING)
        self._seconds[item.nodeid] = time.process_time() - began
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        passed = {test: took for test, took in self._seconds.items() if test not in self._failed}
        (self._directory / SECONDS).write_text(json.dumps(passed))
        (self._directory / FAILED).write_text(json.dumps(sorted(self._failed)))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tracing(Path(os.environ[DIRECTORY])))
