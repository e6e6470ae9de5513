"""The benchmark of a stage counts the time of what fails, too."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.bench import measuring
from tests.bench.stage import Watch


async def test_a_step_that_fails_does_not_flatter_the_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The shards are opened again after it, and what went before counts all the same."""
    seconds = iter([100.0, 104.0])
    clocks = SimpleNamespace(perf_counter=lambda: next(seconds), process_time=lambda: 0.0)
    monkeypatch.setattr(measuring, "time", clocks)
    watch = Watch(2, lambda *_: None)
    for name in ("open.restored", "step.begin", "open.restored"):
        watch.reach(name)
    items: Any = [object(), object()]
    watch.observe(items, 0, 0)
    assert 4.0 == (await watch.run()).seconds
