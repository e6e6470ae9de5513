"""The one background process of a local stack: parent of broker, store, receiver and services.

It starts them in order, starts again what dies, and what of its own broker and store lives but does
not answer, keeps `stack.json` true, and stops everything in the opposite order. Killed with -9 it
leaves nothing: its children die with it (child.py).
"""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO

from deploy import topics
from deploy.files import try_lock, write_json
from deploy.local import backends, plan
from deploy.local.backend import Backend, NativeBackend, wait_until_it_answers
from deploy.local.health import port_open
from deploy.local.kept import Kept
from deploy.local.process import StackError, free_ports, progress, wait_for
from deploy.local.questions import Questions

SERVICE_GRACE_SECONDS = 40
"""As in docker-compose.yml: longer than a service's own graceful stop."""
TICK_SECONDS = 0.1
SENDER = "leads@leadops.example"


class StopRequested(BaseException):
    """SIGTERM, SIGINT, or the end of the process that holds the lease."""


GIVES_MEMORY_BACK = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
"""As in the image: blocks of a megabyte and more go back to the system when they are freed. Left to
itself glibc keeps what one record of many megabytes took once, for good."""


class Supervisor:
    def __init__(self, var: Path) -> None:
        self.var = var
        self.plan = plan.load(var)
        self.clock_file = var / "clock.json"
        self.drop_folder = var / "drop"
        (self.smtp_port,) = free_ports(1)
        self.parts: dict[str, Kept] = {}
        self.services: dict[tuple[str, int], Kept] = {}
        self.retiring: list[tuple[Backend, float]] = []
        self.plan_changed = False

    def start(self) -> None:
        for part, choose in (("broker", backends.choose_broker), ("store", backends.choose_store)):
            self.keep(part, choose(self.var / "data"), questioned=True)
            progress(f"{part}: {self.parts[part].part.name} at {self.parts[part].part.address}")
        self.drop_folder.mkdir(mode=0o700, exist_ok=True)
        self.keep("receiver", self.receiver())
        for part, kept in self.parts.items():
            wait_until_it_answers(part, kept.part)
        self.create_topics()
        self.apply_plan()

    def keep(self, name: str, part: Backend, *, questioned: bool = False) -> None:
        """What is somebody else's, or a container, is not ours to kill for its silence."""
        ours = questioned and isinstance(part, NativeBackend)
        self.parts[name] = Kept(name, part, ask=Questions if ours else None)
        self.parts[name].launch()

    def create_topics(self) -> None:
        states = asyncio.run(topics.ensure(self.parts["broker"].part.address))
        for state in states:
            if state.differences:
                progress(f"topic {state.name}: {'; '.join(state.differences)}")

    def apply_plan(self) -> None:
        planned = {
            (service, instance)
            for service in self.plan.commands
            for instance in range(self.plan.count(service))
        }
        for key in sorted(self.services.keys() - planned):
            self.retire(self.services.pop(key).part)
        for service, instance in sorted(planned - self.services.keys()):
            kept = Kept(f"{service} {instance}", self.service(service, instance))
            self.services[service, instance] = kept
            kept.launch()
        self.write_stack()

    def retire(self, part: Backend) -> None:
        part.ask_to_stop()
        self.retiring.append((part, time.monotonic() + SERVICE_GRACE_SECONDS))

    def receiver(self) -> NativeBackend:
        env = {
            "LEADOPS_VAR": str(self.var),
            "LEADOPS_WEBHOOK_SECRET": self.plan.webhook_secret,
            "LEADOPS_SMTP_PORT": str(self.smtp_port),
        }
        command, port = ["-m", "deploy.receiver"], self.plan.receiver_port
        return self.python_process("receiver", command, env, grace=5, port=port)

    def service(self, service: str, instance: int) -> NativeBackend:
        receiver = self.parts["receiver"].part.address
        env = {
            "LEADOPS_KAFKA": self.parts["broker"].part.address,
            "LEADOPS_MONGO": self.parts["store"].part.address,
            "LEADOPS_INSTANCE": str(instance),
            "LEADOPS_TOKEN": self.plan.token,
            "LEADOPS_SECRET": self.plan.secret,
            "LEADOPS_WEBHOOK_SECRET": self.plan.webhook_secret,
            "LEADOPS_WEBHOOK_PRIVATE_TARGETS": "true",
            "LEADOPS_SMTP_HOST": "127.0.0.1",
            "LEADOPS_SMTP_PORT": str(self.smtp_port),
            "LEADOPS_SMTP_SENDER": SENDER,
            "LEADOPS_DROP_FOLDER": str(self.drop_folder),
            "LEADOPS_CLOCK_FILE": str(self.clock_file),
            "LEADOPS_OTLP_ENDPOINT": receiver,
            "LEADOPS_RECEIVER": receiver,
            "LEADOPS_VAR": str(self.var),
        }
        command = self.plan.commands[service]
        name = f"{service}-{instance}"
        return self.python_process(name, command, env | self.plan.env, grace=SERVICE_GRACE_SECONDS)

    def python_process(
        self,
        name: str,
        command: list[str],
        env: dict[str, str],
        *,
        grace: float,
        port: int | None = None,
    ) -> NativeBackend:
        port = port or free_ports(1)[0]
        return NativeBackend(
            name,
            f"http://127.0.0.1:{port}",
            [sys.executable, *command],
            self.var / "log" / f"{name}.log",
            partial(port_open, "127.0.0.1", port),
            grace,
            env | GIVES_MEMORY_BACK | {"LEADOPS_HTTP_PORT": str(port)},
        )

    def watch(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            if self.plan_changed:
                self.plan_changed, self.plan = False, plan.load(self.var)
                self.apply_plan()
            restarted = [kept.tick() for kept in (*self.parts.values(), *self.services.values())]
            if any(restarted):
                self.write_stack()
            self.kill_overdue()

    def kill_overdue(self) -> None:
        for part, deadline in self.retiring:
            if part.alive() and time.monotonic() > deadline:
                part.kill()
        self.retiring = [(part, deadline) for part, deadline in self.retiring if part.alive()]

    def write_stack(self) -> None:
        broker, store = self.parts["broker"].part, self.parts["store"].part
        http = {name: kept.part.address for (name, i), kept in self.services.items() if i == 0}
        write_json(
            self.var / "stack.json",
            {
                "backend": {"kafka": broker.name, "mongo": store.name},
                "kafka": broker.address,
                "mongo": store.address,
                "http": http,
                "token": self.plan.token,
                "secret": self.plan.secret,
                "webhook_secret": self.plan.webhook_secret,
                "receiver": self.parts["receiver"].part.address,
                "smtp": f"127.0.0.1:{self.smtp_port}",
                "drop": str(self.drop_folder),
                "clock_file": str(self.clock_file),
                "var": str(self.var),
                "supervisor": os.getpid(),
                "parts": {
                    name: kept.part.handle()
                    | {"restarts": kept.restarts, "killed_silent": kept.silenced}
                    for name, kept in self.parts.items()
                },
                "processes": [self.describe(key, kept) for key, kept in self.services.items()],
            },
        )

    def describe(self, key: tuple[str, int], kept: Kept) -> dict[str, object]:
        service, instance = key
        place = {"service": service, "instance": instance, "http": kept.part.address}
        return place | kept.part.handle() | {"restarts": kept.restarts}

    def shutdown(self) -> None:
        """Services first: what they still want to say needs the broker and the store."""
        for kept in self.parts.values():
            kept.end()
        services = [kept.part for kept in self.services.values()]
        stop_together([*services, *(part for part, _ in self.retiring)])
        for name in ("receiver", "store", "broker"):
            if name in self.parts:
                self.parts[name].part.stop()
        (self.var / "stack.json").unlink(missing_ok=True)


def stop_together(parts: list[Backend]) -> None:
    for part in parts:
        part.ask_to_stop()
    for part in parts:
        part.stop()


def hold_lease() -> None:
    """Ends the stack when whoever started it is gone without having said that it shall stay."""

    def wait_for_the_end() -> None:
        if not sys.stdin.read():
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_the_end, daemon=True).start()


def listen_to_signals(supervisor: Supervisor) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        raise StopRequested

    def replan(_signal: int, _frame: FrameType | None) -> None:
        supervisor.plan_changed = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, replan)


def own(var: Path) -> IO[str]:
    """One supervisor per state directory; that this lock is held means that the stack is up."""
    held: list[IO[str]] = []

    def try_to_own() -> bool:
        lock = try_lock(var / "supervisor.lock")
        held.extend([lock] if lock else [])
        return bool(lock)

    wait_for("the other supervisor of this directory to end", 2, try_to_own)
    held[0].truncate(0)
    held[0].write(str(os.getpid()))
    held[0].flush()
    return held[0]


def main() -> int:
    var = Path(sys.argv[1])
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        lock = own(var)
    except StackError as error:
        progress(str(error))
        return 3
    with lock:
        return supervise(Supervisor(var))


def supervise(supervisor: Supervisor) -> int:
    listen_to_signals(supervisor)
    hold_lease()
    try:
        supervisor.start()
        supervisor.watch()
    except StopRequested:
        return 0
    except StackError as error:
        write_json(supervisor.var / "failure.json", {"text": str(error)})
        return 3
    finally:
        supervisor.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
