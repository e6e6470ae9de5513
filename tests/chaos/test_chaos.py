"""A short run of chaos, as `make chaos` does it, that is part of every test run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.files import CHECKOUT
from tests.simulation.poison import CLASSES

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420), pytest.mark.xdist_group("stack")]

SEED = 7
MINUTES = 0.5
"""A tenth of what `make chaos` takes."""
RATE = 60
KILLS_MIN = 4
STOPS_MIN = 2
ENDPOINTS_MIN = 4
DUPLICATES_MIN = 0.1


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    var = tmp_path_factory.mktemp("chaos")
    command = [sys.executable, "-m", "tests.chaos", "--seed", str(SEED)]
    done = subprocess.run(
        [*command, "--minutes", str(MINUTES), "--rate", str(RATE)],
        cwd=CHECKOUT,
        env=os.environ | {"LEADOPS_VAR": str(var)},
        capture_output=True,
        text=True,
    )
    if done.returncode == 3 and "to be had on this machine" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode in (0, 1), done.stderr[-3000:]
    found: dict[str, Any] = json.loads((Path(var) / "chaos.json").read_text())
    return found


def happened(report: dict[str, Any], prefix: str) -> int:
    return sum(count for name, count in report["injected"].items() if name.startswith(prefix))


def test_no_fault_breaks_an_invariant(report: dict[str, Any]) -> None:
    """Whatever was killed, stopped, scaled, repeated or spoiled, the oracle finds nothing."""
    assert [] == report["violations"]


def test_the_run_really_did_its_worst(report: dict[str, Any]) -> None:
    """A run that injected too little proves nothing, so what was injected is counted."""
    assert happened(report, "kill -9 intake") + happened(report, "kill -9 routing") >= KILLS_MIN
    assert happened(report, "stop and continue") >= STOPS_MIN
    assert happened(report, "endpoint") >= ENDPOINTS_MIN
    assert happened(report, "duplicate") >= DUPLICATES_MIN * report["injected"]["record"]
    assert {f"poison {name}" for name in CLASSES} <= report["injected"].keys()


@pytest.mark.parametrize("part", ["broker", "store"])
def test_broker_and_store_were_killed_too(report: dict[str, Any], part: str) -> None:
    """kill -9 in the middle of the load; what is not killed on this backend is said."""
    if happened(report, f"{part} in a container not killed"):
        pytest.skip(f"a {part} in a container is not killed; natively it is")
    assert happened(report, f"kill -9 {part}")
