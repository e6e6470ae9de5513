"""The base of the published language: what a typed event or command looks like.

A type name carries its major version and is never reused for another shape. Readers ignore fields
they do not know; every field added later is optional.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.envelope import TENANT_DEFAULT

PREFIX = "leadops."
_NAMED: dict[str, "type[Event]"] = {}
"""Every type name that was given, former ones too, and the class that has it."""


def events_topic(service: str) -> str:
    return f"{service}.events.v1"


def commands_topic(service: str) -> str:
    return f"{service}.commands.v1"


class Event(BaseModel):
    """Something that happened, in its owner's words.

    A contract says what it is as keywords of its class: its type, which begins with the service
    that owns it, what that was called `formerly`, and its topic where that is not the owner's topic
    of events. Without a type it is a base of others, or one type a service."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, populate_by_name=True
    )

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    FORMER_TYPES: ClassVar[tuple[str, ...]] = ()
    """What it was called: records of then are read as it, and none is published any more."""

    def __init_subclass__(
        cls, *, type: str | None = None, topic: str | None = None, formerly: tuple[str, ...] = ()
    ) -> None:
        super().__init_subclass__()
        if type is None:
            return
        cls.TYPE, cls.FORMER_TYPES = PREFIX + type, tuple(PREFIX + name for name in formerly)
        cls.TOPIC = topic or cls.topic_of(type.partition(".")[0])
        names = (cls.TYPE, *cls.FORMER_TYPES)
        # A reader that finds two classes under one name would take the wrong one.
        if taken := [name for name in names if name in _NAMED]:
            raise TypeError(f"{taken[0]} is the type of {_NAMED[taken[0]].__name__} already")
        _NAMED.update(dict.fromkeys(names, cls))

    @classmethod
    def topic_of(cls, owner: str) -> str:
        return events_topic(owner)


def formerly(name: str, default: Any = ...) -> Any:
    """A field that had this name until its words were changed; what was written then is read."""
    return Field(default, validation_alias=name)


class Command(Event):
    """Something asked of a service; always answered with accepted or refused.

    What others have to know of a command stands with it, as keywords too: `docs/commands.md` is
    written from these classes, their docstrings and those of their fields."""

    ROLES: ClassVar[AbstractSet[str]]
    """Those that may ask it; anyone else is refused with `not_permitted`."""
    KEY: ClassVar[str] = ""
    """Of its record, with fields of the data in braces, and `{tenant}`. Empty: it has none, and
    goes to the partition of the shard that it is about."""
    ACCEPTED: ClassVar[tuple[str, ...]]
    """The codes that accept it."""
    REFUSED: ClassVar[tuple[str, ...]] = ()
    """The codes that refuse it, beside those that refuse any (`answers.REFUSE_ANY`)."""

    def __init_subclass__(
        cls,
        *,
        roles: AbstractSet[str] | None = None,
        accepted: tuple[str, ...] | None = None,
        refused: tuple[str, ...] | None = None,
        key: str | None = None,
        type: str | None = None,
        topic: str | None = None,
        formerly: tuple[str, ...] = (),
    ) -> None:
        declared = {"ROLES": roles, "ACCEPTED": accepted, "REFUSED": refused, "KEY": key}
        for name, value in declared.items():
            if value is not None:
                setattr(cls, name, value)
        for name in ("ROLES", "ACCEPTED"):
            if not getattr(cls, name, None):
                raise TypeError(f"the command {cls.__name__} names no {name.lower()}")
        super().__init_subclass__(type=type, topic=topic, formerly=formerly)

    @classmethod
    def topic_of(cls, owner: str) -> str:
        return commands_topic(owner)

    @classmethod
    def key_of(cls, data: Mapping[str, object], tenant: str = TENANT_DEFAULT) -> str:
        """The key that a record with this data has; raises `KeyError` for a field that is
        missing."""
        return cls.KEY.format_map({**data, "tenant": tenant})
