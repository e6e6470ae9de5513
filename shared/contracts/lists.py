"""What belongs to no single campaign: lists of companies, the house's rules, accounts, people."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shared.contracts.campaigns import COMMANDS, SETS_UP, SuppressedTitles
from shared.contracts.event import Command
from shared.contracts.values import CategoryId, Id, Instant, Name, ReasonText

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Entry = Annotated[str, StringConstraints(min_length=1, max_length=253)]
"""A company's domain, or its name where it has no dot or a blank."""

PART_ENTRIES_MAX = 10_000
LIST_ENTRIES_MAX = 100_000


class PutListPart(Command):
    """A part of a list, kept under the digest of its entries; lists are put as digests."""

    TYPE: ClassVar[str] = "leadops.routing.list.part.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = SETS_UP

    list: Name
    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=PART_ENTRIES_MAX)]


class PutList(Command):
    """A list of companies, whole: the digests of its parts, which are there before it (RTE-06)."""

    TYPE: ClassVar[str] = "leadops.routing.list.put.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = SETS_UP

    id: Name
    parts: tuple[Digest, ...] = ()
    entries: Annotated[tuple[Entry, ...], Field(max_length=PART_ENTRIES_MAX)] = ()
    """Instead of parts, for short lists."""
    effective_from: Instant | None = None
    """Until then the version before holds; null is at once."""


class EditList(Command):
    """Entries that come and go; a new version of the list."""

    TYPE: ClassVar[str] = "leadops.routing.list.edit.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = SETS_UP

    list: Name
    add: Annotated[tuple[Entry, ...], Field(max_length=PART_ENTRIES_MAX)] = ()
    remove: Annotated[tuple[Entry, ...], Field(max_length=PART_ENTRIES_MAX)] = ()
    reason: Id


class PutRules(Command):
    """What the house decides for all campaigns, once per tenant; its key is its id."""

    TYPE: ClassVar[str] = "leadops.routing.rules.put.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = frozenset({"operator", "project_manager"})

    id: Literal["house"] = "house"
    categories: tuple[CategoryId, ...] = ()
    """All that there are; none is that they are not kept here, and any may be named."""
    suppressed_titles: SuppressedTitles = SuppressedTitles()
    exclusive_lead_codes: tuple[Id, ...] = ()
    """Leads under these are sold to one campaign only (RTE-11)."""
    exclusive_organic: bool = False


class SuspendAccount(Command):
    """Nothing is sent to a customer until it is restored."""

    TYPE: ClassVar[str] = "leadops.routing.account.suspend.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = frozenset({"operator", "customer_success"})

    customer: Name
    reason: Id


class RestoreAccount(Command):
    TYPE: ClassVar[str] = "leadops.routing.account.restore.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = frozenset({"operator", "customer_success"})

    customer: Name
    reason: Id


class BlockPerson(Command):
    """A person is not sent any more, to one customer or to nobody."""

    TYPE: ClassVar[str] = "leadops.routing.person.block.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = SETS_UP

    person_id: Id
    customer: Name | None = None
    """Null: for all."""
    reason: ReasonText


class UnblockPerson(Command):
    TYPE: ClassVar[str] = "leadops.routing.person.unblock.v1"
    TOPIC: ClassVar[str] = COMMANDS
    MAY_ASK: ClassVar[frozenset[str]] = SETS_UP

    person_id: Id
    customer: Name | None = None
    reason: ReasonText
