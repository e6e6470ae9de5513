"""A platform of its own for each story, in virtual time."""

from collections.abc import Iterator

import pytest

from tests.scenes.scene import policy, questions
from tests.scenes.simulated import Simulated


@pytest.fixture
def simulated() -> Iterator[Simulated]:
    """With the policy and the questions of all scenes."""
    platform = Simulated()
    answers = platform.publish(policy(), *questions())
    assert all(answer.accepted for answer in answers), answers
    yield platform
    platform.stop()
