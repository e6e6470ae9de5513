"""What holds for all campaigns: the policy's rules, suspended accounts, blocked people."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from shared import definitions
from shared.contracts.campaigns import SuppressedTitles
from shared.contracts.intake import LeadAccepted
from shared.contracts.lists import (
    BlockPerson,
    PutRules,
    RestoreAccount,
    SuspendAccount,
    UnblockPerson,
)
from shared.loop.decision import Accepted, Context, Decision, Refused
from shared.loop.working_set import ref_by_name

EVERYBODY = "*"
NEVER = datetime.min.replace(tzinfo=UTC)


POLICY = "house"
"""The id of the rules as commands have it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`number` counts their versions; 0 is before the first."""

    id: str
    version: int
    tenant: str
    number: int
    categories: tuple[str, ...]
    suppressed_titles: SuppressedTitles
    exclusive_lead_codes: tuple[str, ...]
    exclusive_organic: bool
    changed_at: datetime
    changed_by: str

    def is_exclusive(self, lead: LeadAccepted) -> bool:
        """RTE-11: whether it is sold to one campaign only."""
        if lead.source == "organic":
            return self.exclusive_organic
        return lead.lead_code in self.exclusive_lead_codes


def no_rules(tenant: str) -> Rules:
    ref = ref_by_name(Rules, tenant, POLICY)
    return Rules(ref.id, 0, tenant, 0, (), SuppressedTitles(), (), False, NEVER, "")


def put_rules(command: PutRules, before: Rules | None, context: Context) -> Decision:
    proposed = replace(
        before or no_rules(context.tenant),
        categories=command.categories,
        suppressed_titles=command.suppressed_titles,
        exclusive_lead_codes=command.exclusive_lead_codes,
        exclusive_organic=command.exclusive_organic,
    )
    made = definitions.put(before, proposed, context)
    return made.decision(keep=[definitions.version_of("rules", made.entity, command)])


OPERATOR = "operator"
"""Whose suspensions come and go by command."""


@dataclass(frozen=True, slots=True)
class Account:
    """Suspended as long as anybody says so: each source lifts its own suspension and no other's."""

    id: str
    version: int
    tenant: str
    customer: str
    reason: str
    """Of the last change, with when it was made and by whom."""
    changed_at: datetime
    changed_by: str
    suspended_by: Mapping[str, str] = field(default_factory=dict)
    """The reason of each source that suspends it."""

    @property
    def is_suspended(self) -> bool:
        return bool(self.suspended_by)

    @property
    def why_suspended(self) -> str:
        return "; ".join(self.suspended_by.values())


def set_account(
    command: SuspendAccount | RestoreAccount, before: Account | None, context: Context
) -> Decision:
    """BIL-10: a suspended account is sent nothing; money that arrives lifts it."""
    cause, suspend = context.cause, isinstance(command, SuspendAccount)
    others = dict(before.suspended_by) if before else {}
    was_suspended = others.pop(OPERATOR, None) is not None
    details = {"suspended_by": sorted(others)} if others else {}
    if suspend == was_suspended:
        return Decision(answer=Accepted("unchanged", details=details))
    suspended_by = others | ({OPERATOR: command.reason} if suspend else {})
    after = Account(
        ref_by_name(Account, cause.tenant, command.customer).id,
        before.version if before else 0,
        cause.tenant,
        command.customer,
        command.reason,
        context.now,
        cause.actor,
        suspended_by,
    )
    answer = Accepted("suspended" if suspend else "restored", details=details)
    return Decision(save=[after], answer=answer)


@dataclass(frozen=True, slots=True)
class Block:
    """To which customers a person is not sent, and why; `EVERYBODY` stands for all."""

    id: str
    version: int
    tenant: str
    reasons: tuple[tuple[str, str], ...]
    """Customer and reason."""

    def hits(self, customer: str) -> str | None:
        """The customer, or `EVERYBODY`, that the person is blocked for."""
        names = dict(self.reasons)
        return next((name for name in (EVERYBODY, customer) if name in names), None)


def set_block(
    command: BlockPerson | UnblockPerson, before: Block | None, context: Context
) -> Decision:
    """RTE-22: from the moment of entry; what was sent already stays sent."""
    ref = ref_by_name(Block, context.tenant, command.person_id)
    block = before or Block(ref.id, 0, context.tenant, ())
    name = command.customer or EVERYBODY
    left = tuple(pair for pair in block.reasons if pair[0] != name)
    if isinstance(command, UnblockPerson):
        if left == block.reasons:
            return Decision(answer=Refused("not_blocked", "the person is not blocked so"))
        return Decision(save=[replace(block, reasons=left)], answer=Accepted("unblocked"))
    reasons = (*left, (name, command.reason))
    if reasons == block.reasons:
        return Decision(answer=Accepted("unchanged"))
    return Decision(save=[replace(block, reasons=reasons)], answer=Accepted("blocked"))
