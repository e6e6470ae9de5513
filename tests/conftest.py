"""Backends for the tests that name them; `make test` starts them and passes their addresses."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A deadline of each example would be a timed assert: the first one loads the data files.
settings.register_profile("untimed", deadline=None, derandomize=True)
settings.load_profile("untimed")

# A worker of the test runner has a width of its own, and what is tested would keep to it.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

BACKENDS = {
    "kafka": "LEADOPS_TEST_KAFKA",
    "mongo": "LEADOPS_TEST_MONGO",
    "docker": "LEADOPS_TEST_DOCKER",
}
COUNTED: dict[str, Any] = {"passed": 0, "failed": 0, "skipped": [], "rules": [], "cases": []}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name, variable in BACKENDS.items():
            if item.get_closest_marker(name) and not os.environ.get(variable):
                reason = f"no {name} answers here ({variable} is not set)"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A test's rules and cases travel in its report to the process that writes the counts."""
    report = (yield).get_result()
    report.rules = [mark.args[0] for mark in item.iter_markers("rule")]
    report.cases = [[*mark.args, mark.kwargs.get("kind")] for mark in item.iter_markers("case")]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        COUNTED["skipped"].append({"id": report.nodeid, "reason": reason})
    elif report.failed:
        COUNTED["failed"] += 1
        _count_cases(report, passed=False)
    elif report.when == "call":
        COUNTED["passed"] += 1
        COUNTED["rules"] += getattr(report, "rules", [])
        _count_cases(report, passed=True)


def _count_cases(report: pytest.TestReport, *, passed: bool) -> None:
    """A collection that failed has no test and therefore no cases."""
    COUNTED["cases"] += [[*case, passed] for case in getattr(report, "cases", [])]


def pytest_sessionfinish(session: pytest.Session) -> None:
    part = os.environ.get("LEADOPS_TEST_PART")
    if part and not hasattr(session.config, "workerinput"):
        Path(part).write_text(json.dumps(COUNTED))


@pytest.fixture(scope="session")
def mongo_url() -> str:
    return os.environ["LEADOPS_TEST_MONGO"]


@pytest.fixture(scope="session")
def kafka_address() -> str:
    return os.environ["LEADOPS_TEST_KAFKA"]
