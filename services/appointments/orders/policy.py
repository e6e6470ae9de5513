"""What holds for all of a tenant's meetings: on which days it works (APT-07)."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared import definitions
from shared.contracts.orders import PutBusinessDays
from shared.loop.decision import Context, Decision
from shared.loop.working_set import Ref, ref_by_name


@dataclass(frozen=True, slots=True)
class Policy:
    """`number` counts the versions of the definition."""

    id: str
    version: int
    tenant: str
    number: int
    definition: PutBusinessDays
    changed_at: datetime
    changed_by: str


def policy_of(context: Context) -> Ref[Policy]:
    return ref_by_name(Policy, context.tenant, "house")


def put_of(_command: PutBusinessDays, context: Context) -> Ref[Policy]:
    return policy_of(context)


def put(command: PutBusinessDays, before: Policy | None, context: Context) -> Decision:
    if before is None:
        id_, who = policy_of(context).id, context.cause.actor
        proposed = Policy(id_, 0, context.tenant, 1, command, context.now, who)
    else:
        proposed = replace(before, definition=command)
    made = definitions.put(before, proposed, context)
    return made.decision(keep=[definitions.version_of("business_days", made.entity, command)])
