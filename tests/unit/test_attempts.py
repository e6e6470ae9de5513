"""How many attempts a step begins at an endpoint."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

from shared.loop.batch import Batch


def test_each_attempt_that_a_step_begins_takes_room_at_its_endpoint() -> None:
    batch: Any = SimpleNamespace(reserved=Counter(), attempts=[])
    for endpoint in ("a.example", "b.example", "a.example"):
        Batch.attempt(cast(Batch, batch), {"endpoint": endpoint})
    assert {"a.example": 2, "b.example": 1} == batch.reserved
    assert 3 == len(batch.attempts)
