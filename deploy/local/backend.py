"""What a broker or a store is to the local stack: something with an address that may die.

Launched again after a kill -9 it has the same address and the same data, wherever it runs.
"""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deploy.files import CHECKOUT, tail
from deploy.local.process import StackError, ask_to_stop, spawn, stop, wait_for


class Backend(Protocol):
    name: str
    address: str

    def launch(self) -> None:
        """Starts it, or starts it again, without waiting until it answers."""

    def answers(self) -> bool: ...

    def alive(self) -> bool: ...

    def kill(self) -> None:
        """As with kill -9."""

    def ask_to_stop(self) -> None:
        """Without waiting for it, so that several can stop at the same time."""

    def stop(self) -> None: ...

    def last_words(self) -> str:
        """The end of its log, for whoever has to find out why it died."""

    def handle(self) -> dict[str, object]:
        """How somebody outside finds it: its pid or its container."""


@dataclass
class NativeBackend:
    """A process of our own: a broker, a store, or any other part that listens."""

    name: str
    address: str
    command: list[str]
    log: Path
    check: Callable[[], bool]
    grace: float = 15
    env: dict[str, str] = field(default_factory=dict, repr=False)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def launch(self) -> None:
        self.process = spawn(self.command, self.log, env=os.environ | self.env, cwd=CHECKOUT)

    def answers(self) -> bool:
        return self.check()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def ask_to_stop(self) -> None:
        if self.process:
            ask_to_stop(self.process)

    def stop(self) -> None:
        if self.process:
            stop(self.process, grace=self.grace)

    def last_words(self) -> str:
        return tail(self.log)

    def handle(self) -> dict[str, object]:
        return {"pid": self.process.pid if self.process else None}


@dataclass
class ExternalBackend:
    """Somebody else's, found at an address: it is used, never started or stopped."""

    address: str
    check: Callable[[], bool]
    name: str = "given"

    def launch(self) -> None: ...

    def answers(self) -> bool:
        return self.check()

    def alive(self) -> bool:
        return True

    def ask_to_stop(self) -> None: ...

    def kill(self) -> None:
        raise StackError(f"{self.address} was given, so it is not ours to kill")

    def stop(self) -> None: ...

    def last_words(self) -> str:
        return ""

    def handle(self) -> dict[str, object]:
        return {}


def wait_until_it_answers(part: str, backend: Backend) -> None:
    seconds = 15 if isinstance(backend, ExternalBackend) else 90

    def answers_or_died() -> bool:
        if not backend.alive():
            raise StackError(f"the {part} ({backend.name}) ended:\n{backend.last_words()}")
        return backend.answers()

    what = f"the {part} ({backend.name}) at {backend.address} to answer"
    wait_for(what, seconds, answers_or_died)
