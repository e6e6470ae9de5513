"""What a broker or a store is to the local stack: something with an address that may die.

Launched again after a kill -9 it has the same address and the same data, wherever it runs.
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deploy.files import tail
from deploy.process import StackError, spawn, stop, wait_for


class Backend(Protocol):
    name: str
    address: str

    @property
    def log(self) -> Path | None: ...

    def launch(self) -> None:
        """Starts it, or starts it again, without waiting until it answers."""

    def answers(self) -> bool: ...

    def alive(self) -> bool: ...

    def kill(self) -> None:
        """As with kill -9."""

    def stop(self) -> None: ...

    def handle(self) -> dict[str, object]:
        """How somebody outside finds it: its pid or its container."""


@dataclass
class NativeBackend:
    """A process of our own."""

    name: str
    address: str
    command: list[str]
    log: Path
    check: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def launch(self) -> None:
        self.process = spawn(self.command, self.log)

    def answers(self) -> bool:
        return self.check()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        if self.process:
            stop(self.process, grace=15)

    def handle(self) -> dict[str, object]:
        return {"pid": self.process.pid if self.process else None}


@dataclass
class GivenBackend:
    """Somebody else's, found at an address: it is used, never started or stopped."""

    address: str
    check: Callable[[], bool]
    name: str = "given"
    log: Path | None = None

    def launch(self) -> None: ...

    def answers(self) -> bool:
        return self.check()

    def alive(self) -> bool:
        return True

    def kill(self) -> None:
        raise StackError(f"{self.address} was given, so it is not ours to kill")

    def stop(self) -> None: ...

    def handle(self) -> dict[str, object]:
        return {}


def wait_until_it_answers(part: str, backend: Backend, seconds: float = 90) -> None:
    def answers_or_died() -> bool:
        if not backend.alive():
            raise StackError(f"the {part} ({backend.name}) ended at once:\n{last_words(backend)}")
        return backend.answers()

    wait_for(f"the {part} ({backend.name}) to answer", seconds, answers_or_died)


def last_words(backend: Backend) -> str:
    return tail(backend.log) if backend.log else ""
