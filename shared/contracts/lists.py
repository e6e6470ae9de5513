"""What belongs to no single campaign: lists of companies, the policy's rules, accounts, people."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.answers import PUT
from shared.contracts.campaigns import SETS_UP, SuppressedTitles
from shared.contracts.event import Command
from shared.contracts.values import CategoryId, Flag, Id, Instant, Name, ReasonText

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""Of a list's part: SHA-256, as the answer to the part told it."""
Entry = Annotated[str, StringConstraints(min_length=1, max_length=253)]
"""A company's domain, or its name where it has no dot or a blank."""

PART_ENTRIES_MAX = 10_000
LIST_ENTRIES_MAX = 100_000


class PutListPart(
    Command,
    type="routing.list.part.v1",
    key="{list}",
    roles=SETS_UP,
    accepted=("kept", "unchanged"),
    refused=("entries_invalid",),
):
    """A part of a list of companies, kept under the digest of its entries. It does nothing until a
    list names it, and belongs to one list.

    An entry is a domain if it is an address or has a dot and no blank, otherwise a company's name.
    A company is its registrable domain, so `www.Stonegate.example`,
    `https://it.stonegate.example/contact` and `stonegate.example` are one entry. Names are compared
    as words, without case, accents and what says how a company is incorporated (Ltd, GmbH,
    Sp. z o.o. …), so `Larkspur Ltd` is `larkspur` ([what is read](lead-files.md#companies)). An
    entry that says several things (a name with a domain beside it, a name and a former one) is
    compared by each. A public suffix (`co.uk`), the domain of a public mail provider and a page on
    a platform are no entries.

    `details` has the part's `digest`, by which the list names it, and its number of `entries`."""

    list: Name
    """The list that it is a part of."""
    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=PART_ENTRIES_MAX)]


class PutList(
    Command,
    type="routing.list.put.v1",
    key="{id}",
    roles=SETS_UP,
    accepted=("created", "changed", "unchanged", "coming"),
    refused=("entries_invalid", "list_parts_missing", "list_too_long"),
):
    """A list of companies, whole (RTE-06): the digests of its parts, which are there before it, or,
    if it is short, its entries; 100,000 entries in all. Campaigns name it as suppressed or
    approved.

    With `effective_from` in the future, the version before holds until then; only one version can
    be coming, and the next that comes takes its place. A put without it holds at once, and what was
    to come is dropped.

    `details` has `version` and `entries`; of a list that is `coming` also `effective_from`. Each
    version that holds is told by `leadops.routing.list.changed.v1`. Leads of companies that left a
    suppressed list, or came on an approved one, are decided again for the campaigns where the list
    is strict."""

    id: Name
    parts: tuple[Digest, ...] = ()
    """Digests, as the answers to the parts told them."""
    entries: Annotated[tuple[Entry, ...], Field(max_length=PART_ENTRIES_MAX)] = ()
    """Instead of parts, for short lists; beside them, a part of its own."""
    effective_from: Instant | None = None
    """Until then the version before holds; null is at once."""


class EditList(
    Command,
    type="routing.list.edit.v1",
    key="{list}",
    roles=SETS_UP,
    accepted=("changed", "unchanged"),
    refused=("list_unknown", "list_change_coming", "entries_invalid", "list_too_long"),
):
    """Entries that come and go; a new version of the list as it holds now. What is coming is not
    edited. What it frees is decided again, as with a put.

    `unchanged` if all was so already."""

    list: Name
    add: Annotated[tuple[Entry, ...], Field(max_length=PART_ENTRIES_MAX)] = ()
    remove: Annotated[tuple[Entry, ...], Field(max_length=PART_ENTRIES_MAX)] = ()
    reason: Id


class PutRules(
    Command,
    type="routing.rules.put.v1",
    key="house",
    roles={"operator", "project_manager"},
    accepted=PUT,
    refused=("filter_value_unknown", "phrase_invalid"),
):
    """What holds for all campaigns, whole; there is one such set per tenant.

    If other titles are suppressed than before, the leads of the campaigns that have no titles of
    their own are decided again. How a lead is sold is decided when it comes."""

    id: Literal["house"] = "house"
    """Always this."""
    categories: tuple[CategoryId, ...] = ()
    """All that there are: a campaign that names another is refused. None: categories are not kept
    here, and any may be named."""
    suppressed_titles: SuppressedTitles = SuppressedTitles()
    """Whose leads are sent to nobody, unless a campaign has titles of its own."""
    exclusive_lead_codes: tuple[Id, ...] = ()
    """Leads under these are sold to one campaign only, all others to each that wants them
    (RTE-11)."""
    exclusive_organic: Flag = False
    """The same for organic leads."""


class SuspendAccount(
    Command,
    type="routing.account.suspend.v1",
    key="{customer}",
    roles={"operator", "customer_success"},
    accepted=("suspended", "unchanged"),
):
    """Nothing more is sent to a customer, whatever the campaign, until it is restored. What has a
    slot already is sent.

    `unchanged` if an operator had suspended it."""

    customer: Name
    reason: Id


class RestoreAccount(
    Command,
    type="routing.account.restore.v1",
    key="{customer}",
    roles={"operator", "customer_success"},
    accepted=("restored", "unchanged"),
):
    """Lifts what an operator has suspended. The customer is sent to again, unless somebody else has
    suspended the account too: the details tell that as `suspended_by`. Leads that were decided
    meanwhile are not decided again.

    `unchanged` if no operator had suspended it."""

    customer: Name
    reason: Id


class BlockPerson(
    Command,
    type="routing.person.block.v1",
    key="{person_id}",
    roles=SETS_UP,
    accepted=("blocked", "unchanged"),
):
    """From now on a person is not sent to a customer, or to nobody. What has a slot already is
    sent.

    `unchanged` if the person was blocked, for the same reason."""

    person_id: Id
    """As `leadops leads show --json` tells it."""
    customer: Name | None = None
    """Null: for all."""
    reason: ReasonText


class UnblockPerson(
    Command,
    type="routing.person.unblock.v1",
    key="{person_id}",
    roles=SETS_UP,
    accepted=("unblocked",),
    refused=("not_blocked",),
):
    """The person is sent again, to the customer, or to all. A block for all and one for a customer
    are two. Leads that were decided meanwhile are not decided again.

    `not_blocked` if the person was not blocked so."""

    person_id: Id
    """As `leadops leads show --json` tells it."""
    customer: Name | None = None
    """Null: for all."""
    reason: ReasonText
