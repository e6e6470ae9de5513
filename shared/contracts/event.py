"""The base of the published language: what a typed event or command looks like.

A type name carries its major version and is never reused for another shape. Readers ignore fields
they do not know; every field added later is optional.
"""

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
    """Something asked of a service; always answered with accepted or refused."""

    MAY_ASK: ClassVar[frozenset[str]]
    """The roles that may ask it; anyone else is refused with `not_permitted`."""
