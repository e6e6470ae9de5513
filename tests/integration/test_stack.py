"""The local stack with stand-ins for services: real broker and store, real kills."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from deploy.files import CHECKOUT
from deploy.local import backends, plan, quiet, stack
from deploy.local.health import broker_answers, store_answers
from deploy.local.process import StackError, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180), pytest.mark.xdist_group("stack")]

STANDIN = str(Path(__file__).with_name("standin.py"))
COMMANDS = {name: [STANDIN, name] for name in plan.services_here()}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADOPS_VAR", str(tmp_path_factory.mktemp("var")))
        patch.setenv("PYTHONPATH", str(CHECKOUT))
        try:
            found = stack.up({"routing": 2}, fresh=True, lease=True, commands=COMMANDS)
        except StackError as error:
            if "to be had on this machine" not in str(error):
                raise
            pytest.skip(str(error))
        yield found
        stack.down()


def process(service: str, instance: int = 0) -> dict[str, Any]:
    rows = stack.stack()["processes"]
    (row,) = [r for r in rows if (r["service"], r["instance"]) == (service, instance)]
    return dict(row)


def test_up_says_where_everything_is(running: dict[str, Any]) -> None:
    """stack.json carries what scripts rely on, and both addresses answer."""
    assert {"intake", "routing"} == running["http"].keys()
    assert len(running["processes"]) == 3
    assert broker_answers(running["kafka"]) and store_answers(running["mongo"])
    assert running["backend"]["kafka"] and running["backend"]["mongo"]


def test_a_killed_service_comes_back_at_the_same_address(running: dict[str, Any]) -> None:
    before = process("intake")
    os.kill(before["pid"], signal.SIGKILL)
    wait_for("another pid", 10, lambda: process("intake")["pid"] != before["pid"])
    assert before["http"] == process("intake")["http"]


def test_a_stopped_service_is_not_taken_for_dead(running: dict[str, Any]) -> None:
    before = process("routing", 1)
    os.kill(before["pid"], signal.SIGSTOP)
    with pytest.raises(StackError):
        wait_for("another pid", 1.5, lambda: process("routing", 1)["pid"] != before["pid"])
    os.kill(before["pid"], signal.SIGCONT)


@pytest.mark.parametrize("part", ["broker", "store"])
def test_a_killed_backend_comes_back_at_the_same_address(
    running: dict[str, Any], part: str
) -> None:
    if running["backend"]["kafka" if part == "broker" else "mongo"] == "given":
        pytest.skip(f"the {part} was given")
    before = stack.stack()["parts"][part]
    if part == "broker" and before.get("container"):
        # The official image takes storage that is already formatted; imitations of it do not.
        pytest.skip("a broker in a container is not killed; natively it is")
    stack.kill(part)
    if before.get("pid"):
        wait_for("another pid", 10, lambda: stack.stack()["parts"][part] != before)
    answers = {"broker": lambda: broker_answers(running["kafka"])}
    wait_for(part, 60, answers.get(part, lambda: store_answers(running["mongo"])))


def test_a_second_up_changes_the_replicas(running: dict[str, Any]) -> None:
    assert len(stack.up({"routing": 3})["processes"]) == 4
    assert len(stack.up({"routing": 2})["processes"]) == 3


def test_the_clock_moves_once_everything_is_quiet(running: dict[str, Any]) -> None:
    """Three days later it has passed the stand-ins' deadline, and time has not run backwards."""
    before = quiet.now()
    after = quiet.advance(timedelta(days=3), 30)
    assert timedelta(days=3) <= after - before < timedelta(days=3, minutes=1)


def test_a_stopped_instance_is_named_by_wait(
    running: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    pid = process("routing", 1)["pid"]
    os.kill(pid, signal.SIGSTOP)
    assert run(["wait", "--drained", "--timeout", "0.1", "--json"]) == 3
    os.kill(pid, signal.SIGCONT)
    assert "routing 1 can't be reached" in capsys.readouterr().out


def test_topics_match_the_manifest(
    running: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "--json"]) == 0
    assert '"differences": []' in capsys.readouterr().out


def test_killing_the_starter_of_a_leased_stack_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backends.docker_is_there():
        pytest.skip("covered with native parts; containers take longer to go")
    monkeypatch.setenv("LEADOPS_VAR", str(tmp_path))
    script = "from deploy.local import stack; stack.up(lease=True, commands={}); input()"
    starter = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, cwd=CHECKOUT)
    wait_for("the stack", 60, lambda: (tmp_path / "stack.json").exists())
    parts = stack.stack()["parts"]
    starter.kill()
    starter.communicate()
    wait_for("the supervisor to stop", 30, lambda: not stack.is_up(tmp_path))
    assert not [part["pid"] for part in parts.values() if Path(f"/proc/{part['pid']}").exists()]
