"""A real process that is kept: killed, silent, slow; with a short patience."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.local.backend import NativeBackend
from deploy.local.kept import Kept
from deploy.local.process import StackError, free_ports, wait_for
from deploy.local.questions import Patience, Questions

IMPATIENT = Patience(ask_seconds=0.1, answer_seconds=1, questions=3, silent_seconds=0.5)


@pytest.fixture
def part(tmp_path: Path) -> Iterator[NativeBackend]:
    """A little web server that answers until something is done to it."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    started = NativeBackend("server", url, command, tmp_path / "log", partial(responds, port))
    yield started
    started.kill()


def responds(port: int) -> bool:
    """Taking the connection is not enough: the kernel does that for a stopped process, too."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return bool(connection.recv(1))
    except OSError:
        return False


def kept(part: NativeBackend, patience: Patience = IMPATIENT) -> Kept:
    """Launched, and known to answer."""
    one = Kept("server", part, ask=partial(Questions, patience=patience))
    one.launch()
    assert one.questions is not None
    wait_for("the server", 60, one.questions.was_answered)
    return one


def tick_until(one: Kept, seconds: float, check: Callable[[], bool]) -> None:
    def ticked() -> bool:
        one.tick()
        return check()

    wait_for("the tick", seconds, ticked, every=0.02)


def process_id(part: NativeBackend) -> object:
    return part.handle()["pid"]


def test_what_lives_but_does_not_answer_is_killed_and_started_again(
    part: NativeBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    one = kept(part)
    before = process_id(part)
    assert part.process
    os.kill(part.process.pid, signal.SIGSTOP)
    tick_until(one, 30, lambda: process_id(part) != before)
    wait_for("the server", 60, part.answers)
    assert (1, 1) == (one.silenced, one.restarts)
    assert "server lives, but has not answered for" in capsys.readouterr().err


def test_what_is_silent_for_less_is_left_alone(part: NativeBackend) -> None:
    one = kept(part, Patience(ask_seconds=0.1, answer_seconds=0.3, silent_seconds=60))
    assert part.process
    os.kill(part.process.pid, signal.SIGSTOP)
    with pytest.raises(StackError):
        tick_until(one, 2, lambda: one.silenced > 0)
    os.kill(part.process.pid, signal.SIGCONT)
    wait_for("the server", 60, part.answers)
    assert (0, 0) == (one.silenced, one.restarts)


def test_what_has_not_answered_yet_may_take_its_time_to_start(part: NativeBackend) -> None:
    part.check = lambda: False
    one = Kept("server", part, ask=partial(Questions, patience=IMPATIENT))
    one.launch()
    with pytest.raises(StackError):
        tick_until(one, 2, lambda: one.silenced > 0)
    assert one.questions is not None and one.questions.silent_seconds() >= 2


def test_a_question_that_never_ends_does_not_hold_up_the_watch(part: NativeBackend) -> None:
    """And it counts as no answer."""
    one = kept(part)
    asked: list[bool] = []

    def never_ends() -> bool:
        asked.append(True)
        time.sleep(60)
        return True

    part.check = never_ends
    tick_until(one, 30, lambda: one.silenced == 1)
    assert len(asked) >= IMPATIENT.questions
