"""Short words for tests on a real stack: what is asked, what is answered, what the APIs tell."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.api import Api
from cli.command import Answer, Asker, Command
from cli.publishing import ask
from deploy import stack
from deploy.process import StackError
from shared.testing.evidence import Seen
from tests.chaos.evidence import all_records

OPERATOR = Asker("test")


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
            stack.down()


def command(kind: str, key: str, data: Any) -> Command:
    return Command(f"leadops.{kind}.v1", json.dumps(data).encode(), key)


def tell(*commands: Command, asker: Asker = OPERATOR) -> list[Answer]:
    found = ask(commands, asker)
    return [found[each.id] for each in commands]


def asked(kind: str, key: str, data: Any, asker: Asker = OPERATOR) -> Answer:
    (answer,) = tell(command(kind, key, data), asker=asker)
    return answer


def get(service: str, path: str, **query: Any) -> Any:
    with Api() as api:
        return api.get(service, path, **query)


def events(running: Mapping[str, Any], kind: str) -> list[Any]:
    """The data of all events of a type that are on the broker now."""
    records: list[Seen] = asyncio.run(all_records(running["kafka"]))
    return [record.data() for record in records if record.type == f"leadops.{kind}.v1"]
