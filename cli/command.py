"""Commands as they are published, and the answers that come back for them.

An answer names its command by id. It may come more than once, from a service that was killed after
it had decided: the first counts.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from cli.output import WRONG_USAGE, CliError
from shared.contracts import envelope as envelopes
from shared.contracts.answers import CommandAnswer, accepted_type, refused_type
from shared.contracts.envelope import Envelope
from shared.contracts.event import commands_topic
from shared.loop.log import Outgoing
from shared.topics import manifest, shard_of

SOURCE = "leadops-cli"


@dataclass(frozen=True, slots=True)
class Command:
    """Something to ask. Without a key it goes to the partition that is given."""

    type: str
    data: bytes
    key: str | None
    id: str = field(default_factory=lambda: str(uuid4()))
    source: str = SOURCE
    partition: int = 0

    @property
    def service(self) -> str:
        """The type names the service that is asked."""
        parts = self.type.split(".")
        return parts[1] if len(parts) > 2 and parts[0] == "leadops" else ""

    @property
    def topic(self) -> str:
        return commands_topic(self.service)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, in which role (OPS-07)."""

    actor: str
    role: str = "operator"


@dataclass(frozen=True, slots=True)
class Answer:
    command: str
    accepted: bool
    code: str
    text: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "command": self.command,
            "accepted": self.accepted,
            "code": self.code,
            "text": self.text,
            "details": self.details,
        }


class Awaited:
    """The commands that still have no answer, and the answers so far."""

    def __init__(self, commands: Iterable[Command]) -> None:
        commands = list(commands)
        self.missing = {command.id for command in commands}
        self._sources = {command.id: command.source for command in commands}
        self.found: dict[str, Answer] = {}
        services = {command.service for command in commands}
        self._verdicts = {accepted_type(name).encode(): True for name in services}
        self._verdicts |= {refused_type(name).encode(): False for name in services}

    def take(self, headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> bool:
        """Whether the record is an answer that was still missing."""
        accepted = self._verdicts.get(dict(headers).get("ce_type") or b"")
        if accepted is None or value is None:
            return False
        try:
            answer = CommandAnswer.model_validate_json(value)
        except ValidationError:
            return False  # Somebody else's; the topic is not closed to strangers everywhere.
        id = answer.command
        if id not in self.missing or answer.source not in (None, self._sources[id]):
            return False
        self.missing.remove(id)
        self.found[id] = Answer(id, accepted, answer.code, answer.text, answer.details)
        return True


def check_service(command: Command) -> None:
    if command.topic not in manifest().topics:
        raise CliError("usage", f"no service takes commands of type {command.type!r}", WRONG_USAGE)


def record_of(command: Command, asker: Asker, now: datetime, trace: str | None = None) -> Outgoing:
    key = None if command.key is None else command.key.encode()
    partition = command.partition if key is None else shard_of(key, manifest().partitions)
    envelope = Envelope(
        id=command.id,
        source=command.source,
        type=command.type,
        time=now,
        data=command.data,
        actor=asker.actor,
        role=asker.role,
        trace=trace or new_trace(),
    )
    return Outgoing(command.topic, partition, key, command.data, envelopes.write(envelope))


def new_trace() -> str:
    """Each command starts a trace of its own, and asks that it be kept."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"
