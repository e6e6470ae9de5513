"""One stack for all tests of rules and examples, since a start costs as much as a dozen of them.

A test keeps to names of its own, and stands it that others move the clock. The stack is there from
its first test on until all tests are done, so its tests come last; among them those first that need
it as it is after the start, those last that move its clock by months.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import quiet
from deploy.local.plan import services_here
from tests.integration.platform import (
    TURNING,
    WAIT_SECONDS,
    RealStack,
    get,
    stack_of_its_own,
    tell,
)
from tests.scenes.scene import policy, questions

HERE = Path(__file__).parent
FIRST, LAST = "test_publishing_examples", "test_sending_rules"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    if item.path.parent != HERE or "platform" not in getattr(item, "fixturenames", ()):
        return 0
    # Without it, it would have a stack started for it among the tests that need none.
    assert item.get_closest_marker("stack"), f"{item.nodeid} is not marked as one of the stack"
    return {FIRST: 1, LAST: 3}.get(item.path.stem, 2)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """With two replicas of routing; what nobody foresaw fails it at the end."""
    env = {"LEADOPS_WEBHOOK_SECRETS": json.dumps({"turning": " ".join(TURNING)})}
    with stack_of_its_own(tmp_path_factory.mktemp("var"), {"routing": 2}, env) as found:
        yield found
        items = [
            item
            for service in services_here()
            for item in get(service, "/dead-letters", limit=1000)["items"]
        ]
        assert [] == [item["text"] for item in items if item["code"] == "unexpected"]


@pytest.fixture(scope="session")
def running(platform: dict[str, Any]) -> dict[str, Any]:
    """The stack with the policy and the questions of all scenes."""
    answers = tell(policy(), *questions())
    assert all(answer.accepted for answer in answers), answers
    quiet.wait_quiet(WAIT_SECONDS)
    return platform


@pytest.fixture(scope="session")
def real(running: dict[str, Any]) -> RealStack:
    return RealStack(running)
