"""The simulator bites: some planted defects, which nearly every seed shows, break their invariant.

`make defects` plants all of them; some take dozens of seeds, which is too long for every run.
"""

import subprocess
import sys
from multiprocessing import get_context

import pytest

from tests.simulation.defects import DEFECTS

pytestmark = pytest.mark.timeout(120)


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.simulation", "--seeds", "2", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=110)


@pytest.mark.parametrize(
    ("defect", "invariants"),
    [
        ("publish_before_commit", {"I6"}),
        ("numbers_reset_at_restart", {"I6"}),
        ("one_seen_per_stream", {"I5", "I8"}),
        ("seen_not_stored", {"I5", "I8"}),
        ("refused_and_forgotten", {"I5"}),
        ("dead_lettered_for_its_data", {"I5"}),
        ("slot_released_on_timeout", {"I3"}),
        ("cap_counted_on_delivery", {"I3"}),
    ],
)
def test_a_planted_defect_is_caught_by_name(defect: str, invariants: set[str]) -> None:
    """A record that is taken as known, or taken twice, shows in whichever order breaks first."""
    done = simulate("--defect", defect)
    assert 1 == done.returncode
    assert invariants & {line.split()[2] for line in done.stdout.splitlines() if "seed " in line}


def test_without_a_defect_the_same_seeds_hold() -> None:
    assert 0 == simulate().returncode


def test_an_unknown_defect_is_wrong_usage() -> None:
    assert 2 == simulate("--defect", "no_such_defect").returncode


@pytest.mark.parametrize("name", DEFECTS)
def test_each_defect_can_be_planted(name: str) -> None:
    """What it takes the place of is there, by the name that it has by now."""
    planting = get_context("fork").Process(target=DEFECTS[name])
    planting.start()
    planting.join()
    assert 0 == planting.exitcode
