"""The local stack as the platform of a story, and short words for what is asked of it."""

import asyncio
import base64
import contextlib
import io
import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cli.api import Api
from cli.command import Answer, Asker, Command
from cli.main import run
from cli.oracle.evidence import Seen
from cli.publishing import Connection, asking, check_services
from cli.stack_records import all_records
from deploy.local import clock, quiet, stack
from deploy.local.process import StackError
from shared.contracts.event import events_topic
from tests.scenes.platform import OPERATOR, Platform, command

T = TypeVar("T")
TURNING = ["whsec_" + base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
"""The two secrets of a customer who changes them; campaigns name both as `turning`."""
WAIT_SECONDS = 60
ON_THE_STACK = [
    pytest.mark.kafka,
    pytest.mark.mongo,
    pytest.mark.stack,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]
"""The marks of tests that ask the one stack that they all share."""


@contextmanager
def stack_of_its_own(
    var: Path, replicas: Mapping[str, int] | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Any]:
    """Skips where this machine can't have one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADOPS_VAR", str(var))
        try:
            found = stack.up(dict(replicas or {}), fresh=True, lease=True, env=env)
        except StackError as error:
            if "to be had on this machine" not in str(error):
                raise
            pytest.skip(str(error))
        try:
            yield found
        finally:
            operator().hang_up()
            stack.down()


class Operator:
    """Asks as `cli.publishing.ask` does, over one connection per stack instead of one per call.

    The connection lives on an event loop of its own thread, which also runs between the calls: a
    client that stood still meanwhile would take its requests for lost.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.asking = threading.Lock()
        self.connections = AsyncExitStack()
        self.connection: Connection | None = None
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def ask(self, commands: Sequence[Command], asker: Asker) -> dict[str, Answer]:
        check_services(commands)
        with self.asking:
            return self._run(self._ask(stack.stack(), commands, asker))

    def hang_up(self) -> None:
        """Before the stack goes; a client without a broker would look for it without end."""
        self._run(self.connections.aclose())
        self.connection = None

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def _ask(
        self, found: Mapping[str, Any], commands: Sequence[Command], asker: Asker
    ) -> dict[str, Answer]:
        if self.connection is None:
            opening = asking(found, found["http"])
            self.connection = await self.connections.enter_async_context(opening)
        return await self.connection.ask(commands, asker)


@cache
def operator() -> Operator:
    return Operator()


def tell(*commands: Command, asker: Asker = OPERATOR) -> list[Answer]:
    found = operator().ask(commands, asker)
    return [found[each.id] for each in commands]


def answer_to(kind: str, key: str, data: Any, asker: Asker = OPERATOR) -> Answer:
    (answer,) = tell(command(kind, key, data), asker=asker)
    return answer


def get(service: str, path: str, **query: Any) -> Any:
    with Api() as api:
        return api.get(service, path, **query)


def events(running: Mapping[str, Any], kind: str) -> list[Any]:
    """The data of all events of a type that are on the broker now."""
    topic = events_topic(kind.partition(".")[0])
    records: list[Seen] = asyncio.run(all_records(running["kafka"], [topic]))
    return [record.data() for record in records if record.type == f"leadops.{kind}.v1"]


class RealStack(Platform):
    def __init__(self, found: Mapping[str, Any]) -> None:
        self.found = found
        self.customer_url = f"{found['receiver']}/campaigns"

    def publish(self, *commands: Command, asker: Asker = OPERATOR) -> list[Answer]:
        return tell(*commands, asker=asker)

    def get(self, service: str, path: str, **query: Any) -> Any:
        return get(service, path, **query)

    def events(self, kind: str) -> list[Any]:
        return events(self.found, kind)

    def rest(self) -> None:
        quiet.wait_quiet(WAIT_SECONDS)

    def now(self) -> datetime:
        return quiet.now()

    def jump_to(self, moment: datetime) -> None:
        clock.jump_to(Path(self.found["clock_file"]), moment)
        self.rest()

    def behave(self, campaign: str, mode: str, **how: Any) -> None:
        behaviour = {"campaign": campaign, "mode": mode} | how
        request = urllib.request.Request(
            f"{self.found['receiver']}/behaviour",
            json.dumps(behaviour).encode(),
            {"content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()

    def received(self) -> list[dict[str, Any]]:
        lines = (Path(self.found["var"]) / "received.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


def wait_until(holds: Callable[[], bool]) -> None:
    """For what goes on by itself, such as attempts, so that it never becomes quiet."""
    limit = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.2)


def leadops(*arguments: str) -> tuple[int, Any]:
    """The exit code of the command line, and what it says as JSON."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = run([*arguments, "--json"])
    return code, json.loads(printed.getvalue())
