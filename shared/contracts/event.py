"""The base of the published language: what a typed event or command looks like.

A type name carries its major version and is never reused for another shape. Readers ignore fields
they do not know; every field added later is optional.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Event(BaseModel):
    """Something that happened, in its owner's words."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, populate_by_name=True
    )

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    FORMER_TYPES: ClassVar[tuple[str, ...]] = ()
    """What it was called: records of then are read as it, and none is published any more."""


def formerly(name: str, default: Any = ...) -> Any:
    """A field that had this name until its words were changed; what was written then is read."""
    return Field(default, validation_alias=name)


class Command(Event):
    """Something asked of a service; always answered with accepted or refused.

    What others have to know of a command stands with it: `docs/commands.md` is written from these
    classes, their docstrings and those of their fields."""

    MAY_ASK: ClassVar[frozenset[str]]
    """The roles that may ask it; anyone else is refused with `not_permitted`."""
    KEY: ClassVar[str] = ""
    """Of its record, with fields of the data in braces. Empty: it has none, and goes to the
    partition of the shard that it is about."""
    ACCEPTED: ClassVar[tuple[str, ...]]
    """The codes that accept it."""
    REFUSED: ClassVar[tuple[str, ...]] = ()
    """The codes that refuse it, beside those that refuse any (`answers.REFUSE_ANY`)."""

    @classmethod
    def key_of(cls, data: Mapping[str, object]) -> str:
        """The key that a record with this data has; raises `KeyError` for a field that is
        missing."""
        return cls.KEY.format_map(data)
