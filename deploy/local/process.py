"""Starting, watching and stopping processes, with a limit on every wait.

Processes die with the thread that started them (see child.py), so start them from a thread that
lives as long as they should: the main thread.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

WRAPPER = Path(__file__).with_name("child.py")
REMIND_SECONDS = 10.0


class StackError(Exception):
    """The stack or a part of it can't be reached or started; the text says which and what to do."""


class WrongRequest(StackError):
    """What was asked makes no sense, whatever the state of the stack."""


def progress(text: str) -> None:
    """Progress, for a person: never on stdout, which belongs to the result."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


class Reminder:
    """Says what is waited for, every few seconds, so that nobody takes a long wait for a hang."""

    def __init__(self) -> None:
        self._due = time.monotonic() + REMIND_SECONDS

    def remind(self, what: str) -> None:
        if time.monotonic() >= self._due:
            progress(f"waiting for {what}")
            self._due = time.monotonic() + REMIND_SECONDS


def wait_for(what: str, seconds: float, check: Callable[[], bool], every: float = 0.1) -> None:
    deadline, reminder = time.monotonic() + seconds, Reminder()
    while not check():
        if time.monotonic() > deadline:
            raise StackError(f"waited {seconds:.0f} s for {what}, in vain")
        reminder.remind(what)
        time.sleep(every)


def spawn(
    command: list[str], log: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    wrapped = [sys.executable, "-I", "-S", str(WRAPPER), str(os.getpid()), *command]
    with log.open("ab") as output:
        return subprocess.Popen(
            wrapped, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd=cwd
        )


def ask_to_stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM; SIGCONT too, since a process that was stopped would never see it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)


def stop(*processes: subprocess.Popen[bytes], grace: float) -> None:
    for process in processes:
        ask_to_stop(process)
    deadline = time.monotonic() + grace
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_GIVEN: deque[int] = deque(maxlen=1_000)
"""The latest."""


def free_ports(count: int, besides: Iterable[int] = ()) -> list[int]:
    """Below the ephemeral range, so that no outgoing connection takes one while a part restarts.
    None is given twice, or one of those that are named: whoever got it may not listen yet."""
    _GIVEN.extend(besides)
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)
        if port not in _GIVEN and is_free(port):
            _GIVEN.append(port)
            found.append(port)
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
