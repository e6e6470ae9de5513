"""Whatever anybody writes to a topic has an outcome that can be seen, and stops nothing."""

import pytest

from tests.fuzz.bombard import bombarded


@pytest.mark.parametrize("seed", range(1, 5))
def test_strangers_stop_nothing(seed: int) -> None:
    """Of 500 hostile records each is answered, dead-lettered or ignored, and all shards go on."""
    run = bombarded(seed)
    assert [] == run.violations[:3]
    assert 500 == run.records
    assert 0 == run.outcomes.get("inputs_gap", 0)
    assert len(run.outcomes) > 10
