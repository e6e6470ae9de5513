"""What people put, and put again: campaigns, affiliates, questions, the policy's rules.

Every change is a numbered version, with who made it, when, and why where a reason is asked for; the
same again is none. Each version is kept for good, since decisions name the one that they were made
with. What can't hold is refused before it comes here, and leaves the version before in force.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json

from shared.loop.collection import Entity
from shared.loop.decision import Accepted, Context, Decision, Publish


class Definition(Entity, Protocol):
    """`number` counts the versions, from 1; `version` guards the document."""

    @property
    def tenant(self) -> str: ...

    @property
    def number(self) -> int: ...

    @property
    def changed_at(self) -> datetime: ...

    @property
    def changed_by(self) -> str: ...


D = TypeVar("D", bound=Definition)
Change = Literal["created", "changed", "unchanged"]

NO_ALIASES: Mapping[str, str] = {}
ABOUT_THE_VERSION = ("version", "number", "changed_at", "changed_by", "reason")


@dataclass(frozen=True, slots=True)
class Put(Generic[D]):
    """What a put makes of it."""

    entity: D
    change: Change

    def decision(
        self,
        *,
        keep: Sequence[Entity] = (),
        publish: Sequence[Publish] = (),
        code: str = "",
        **details: Any,
    ) -> Decision:
        """`keep` is the version, as it is kept; `code` tells the change in the command's own
        word."""
        version = {"version": self.entity.number}
        if self.change == "unchanged":
            return Decision(answer=Accepted(self.change, details=version))
        answer = Accepted(code or self.change, details=version | details)
        return Decision(save=[self.entity, *keep], publish=publish, answer=answer)


def put(before: D | None, proposed: D, context: Context, *, reason: str = "") -> Put[D]:
    """`proposed` is the version before with what is put in it; without one, the first."""
    if before is not None and _content(before) == _content(proposed):
        return Put(before, "unchanged")
    about: dict[str, Any] = {
        "number": before.number + 1 if before is not None else 1,
        "changed_at": context.now,
        "changed_by": context.cause.actor,
        "reason": reason,
    }
    known = {field.name for field in fields(proposed)}  # type: ignore[arg-type]
    changes = {name: value for name, value in about.items() if name in known}
    after = replace(proposed, **changes)  # type: ignore[type-var]
    return Put(after, "changed" if before is not None and before.number else "created")


def _content(definition: Definition) -> dict[str, Any]:
    """What is put, without what tells of the version; what follows from it is not compared."""
    return {
        field.name: getattr(definition, field.name)
        for field in fields(definition)  # type: ignore[arg-type]
        if field.init and field.name not in ABOUT_THE_VERSION
    }


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it was put; written once."""

    id: str
    version: int
    tenant: str
    of: str
    """The id that the definition is stored under, after its kind."""
    number: int
    definition: str
    """JSON text: it may have keys that no store takes as they are."""
    aliases: str
    """JSON text for the same reason; empty where there are none."""
    changed_at: datetime
    changed_by: str


def versions_of(kind: str, id: str) -> str:  # noqa: A002
    """Under what all versions of one definition are found."""
    return f"{kind} {id}"


def version_of(
    kind: str, entity: Definition, definition: BaseModel, aliases: Mapping[str, str] = NO_ALIASES
) -> Version:
    of = versions_of(kind, entity.id)
    return Version(
        id=f"{of}@{entity.number}",
        version=0,
        tenant=entity.tenant,
        of=of,
        number=entity.number,
        definition=definition.model_dump_json(),
        aliases=to_json(aliases).decode(),
        changed_at=entity.changed_at,
        changed_by=entity.changed_by,
    )
