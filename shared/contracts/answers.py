"""How every command is answered: an event of the asked service that carries the command's id."""

from typing import Any

from shared.contracts.event import Event

PUT = ("created", "changed", "unchanged")
"""How a definition is accepted that is put whole."""
REFUSE_ANY = (
    "unknown_command",
    "not_permitted",
    "time_ahead",
    "time_too_old",
    "invalid",
    "id_reused",
    "dead_letter",
)
"""The codes that the loop refuses any command with."""


class CommandAnswer(Event):
    """`code` is closed and for programs, `text` is for people and holds no personal data."""

    command: str
    source: str | None = None
    """Whose command it was: the ids of two sources may be the same."""
    code: str
    text: str = ""
    details: dict[str, Any] = {}


def accepted_type(service: str) -> str:
    return f"leadops.{service}.command.accepted.v1"


def refused_type(service: str) -> str:
    return f"leadops.{service}.command.refused.v1"
