"""Broker and store as containers, started from the repository's own docker-compose.yml.

Each is a compose project of its own with a port of its own. A keeper process watches over it: when
whoever started it ends, even by kill -9, the keeper's input closes and it takes the project down.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.files import CHECKOUT, cache_dir, hold_lock
from deploy.local.process import StackError

COMPOSE = ["docker", "compose", "-f", str(CHECKOUT / "docker-compose.yml")]


def engine_answers() -> bool:
    """A docker command alone means nothing: the engine and compose must both answer."""
    if not shutil.which("docker"):
        return False
    return succeeds(["docker", "info"], 3) and succeeds(["docker", "compose", "version"], 5)


def succeeds(command: list[str], seconds: float) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=seconds).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@dataclass
class DockerBackend:
    name: str
    address: str
    service: str
    project: str
    ports: dict[str, str]
    check: Callable[[], bool]
    container: str = ""
    ended: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    keeper: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def launch(self) -> None:
        """Creates the container or starts it again; the same port and data either way."""
        self.keeper = self.keeper or start_keeper(self.project)
        self.compose("up", "-d", "--no-build", self.service)
        self.container = self.compose("ps", "-a", "-q", self.service).strip()
        self.reap()
        self.ended = subprocess.Popen(
            ["docker", "wait", self.container],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def compose(self, *arguments: str) -> str:
        command = [*COMPOSE, "-p", self.project, *arguments]
        environment = os.environ | self.ports
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
        if done.returncode:
            raise StackError(f"docker compose {arguments[0]} failed:\n{done.stderr[-1500:]}")
        return done.stdout

    def answers(self) -> bool:
        return self.check()

    def alive(self) -> bool:
        return self.ended is not None and self.ended.poll() is None

    def kill(self) -> None:
        succeeds(["docker", "kill", self.container], 30)
        self.reap()

    def reap(self) -> None:
        if self.ended:
            self.ended.terminate()
            self.ended.wait()

    def ask_to_stop(self) -> None:
        if self.keeper and self.keeper.stdin:
            self.keeper.stdin.close()

    def stop(self) -> None:
        self.reap()
        self.ask_to_stop()
        if self.keeper:
            self.keeper.wait(timeout=120)

    def last_words(self) -> str:
        command = ["docker", "logs", "--tail", "15", self.container]
        logged = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return (logged.stdout + logged.stderr).rstrip()

    def handle(self) -> dict[str, object]:
        return {"pid": None, "container": self.container}


def start_keeper(project: str) -> subprocess.Popen[bytes]:
    """Returns once a former keeper of the project has taken it down."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "deploy.local.docker_engine", project],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        start_new_session=True,
    )
    assert keeper.stdout
    with keeper.stdout:
        keeper.stdout.readline()
    return keeper


def keep(project: str) -> None:
    with hold_lock(cache_dir() / f"{project}.lock"):
        print("watching", flush=True)  # noqa: T201
        sys.stdin.read()
        succeeds([*COMPOSE, "-p", project, "down", "-v", "-t", "5"], 100)


if __name__ == "__main__":
    keep(sys.argv[1])
