"""A pytest plugin that notes which test runs which lines, and how long each test takes.

Contexts are set by hand, since coverage's own find a test by the function that is running, which
is no help in coroutines.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

DIRECTORY = "LEADOPS_MUTANTS_TRACED"
LINES, SECONDS = "lines", "seconds.json"


class Tracing:
    def __init__(self, directory: Path) -> None:
        self._seconds: dict[str, float] = {}
        self._directory = directory
        self._coverage = coverage.Coverage(
            data_file=str(directory / LINES), source=["services", "shared"], config_file=False
        )
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        result = yield
        self._coverage.switch_context("")
        return result  # type: ignore[return-value]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        (self._directory / SECONDS).write_text(json.dumps(self._seconds))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tracing(Path(os.environ[DIRECTORY])))
