"""Short words for tests on a real stack: what is asked, what is answered, what the APIs tell."""

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cli.api import Api
from cli.command import Answer, Asker, Command
from cli.oracle.evidence import Seen
from cli.publishing import Connection, asking, check_services
from cli.stack_records import all_records
from deploy.local import stack
from deploy.local.process import StackError
from shared.contracts.event import events_topic

OPERATOR = Asker("test")
T = TypeVar("T")


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


def command(kind: str, key: str, data: Any) -> Command:
    return Command(f"leadops.{kind}.v1", json.dumps(data).encode(), key)


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


def asked(kind: str, key: str, data: Any, asker: Asker = OPERATOR) -> Answer:
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
