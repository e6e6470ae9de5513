"""The simulator bites: some planted defects, which nearly every seed shows, break their invariant.

`make defects` plants all of them; some take dozens of seeds, which is too long for every run.
"""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(120)


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.simulation", "--seeds", "2", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=110)


@pytest.mark.parametrize(
    ("defect", "invariant"),
    [
        ("publish_before_commit", "I6"),
        ("numbers_reset_at_restart", "I6"),
        ("one_seen_per_stream", "I5"),
        ("seen_not_stored", "I8"),
        ("slot_released_on_timeout", "I3"),
        ("cap_counted_on_delivery", "I3"),
    ],
)
def test_a_planted_defect_is_caught_by_name(defect: str, invariant: str) -> None:
    done = simulate("--defect", defect)
    assert 1 == done.returncode
    assert invariant in done.stdout


def test_without_a_defect_the_same_seeds_hold() -> None:
    assert 0 == simulate().returncode


def test_an_unknown_defect_is_wrong_usage() -> None:
    assert 2 == simulate("--defect", "no_such_defect").returncode
