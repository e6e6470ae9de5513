"""What a story of leads needs of the platform that it runs on, whether it is real or simulated."""

import json
from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from cli.command import Answer, Asker, Command

OPERATOR = Asker("test")


def command(kind: str, key: str, data: Any) -> Command:
    return Command(f"leadops.{kind}.v1", json.dumps(data).encode(), key)


class Platform(ABC):
    """Intake and routing with a customer who receives leads."""

    customer_url: str
    """Where the customer's endpoints lie, each by the name of its campaign."""

    @abstractmethod
    def publish(self, *commands: Command, asker: Asker = OPERATOR) -> list[Answer]:
        """The answers, in the order of the commands."""

    @abstractmethod
    def get(self, service: str, path: str, **query: Any) -> Any:
        """What a read API answers."""

    @abstractmethod
    def events(self, kind: str) -> list[Any]:
        """The data of all events of a type so far."""

    @abstractmethod
    def rest(self) -> None:
        """Until nothing is left to do."""

    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    def jump_to(self, moment: datetime) -> None:
        """From rest to rest. All that is due by then is done, late, as after a standstill."""

    @abstractmethod
    def behave(self, campaign: str, mode: str, **how: Any) -> None:
        """How the customer answers from now on."""

    @abstractmethod
    def received(self) -> list[dict[str, Any]]:
        """All requests that the customer was sent."""

    def ask(self, kind: str, key: str, data: Any, asker: Asker = OPERATOR) -> Answer:
        (answer,) = self.publish(command(kind, key, data), asker=asker)
        return answer
