"""How many meetings of an order were booked in one of its months, as far as they may be billed
(APT-01)."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.appointments.orders.months import Months
from shared.contracts.appointments import MeetingCounted
from shared.loop.decision import Context, Decision
from shared.loop.working_set import Page, Ref, ref_by_name


@dataclass(frozen=True, slots=True)
class Counted:
    id: str
    version: int
    tenant: str
    order: str
    booked_at: datetime
    counts: bool


def counted_of(event: MeetingCounted, context: Context) -> Ref[Counted]:
    return ref_by_name(Counted, context.tenant, event.order, event.meeting)


def note(event: MeetingCounted, before: Counted | None, context: Context) -> Decision:
    if before is not None:
        return Decision(save=[replace(before, counts=event.counts)])
    id_ = counted_of(event, context).id
    new = Counted(id_, 0, context.tenant, event.order, event.booked_at, event.counts)
    return Decision(save=[new])


def booked_in(tenant: str, order: str, months: Months, at: datetime) -> Page[Counted]:
    """Those of the month in which that instant lies."""
    number = months.number(at)
    first, end = months.start(number), months.start(number + 1)
    return Page(
        Counted,
        {
            "tenant": tenant,
            "order": order,
            "counts": True,
            "booked_at": {"$gte": first, "$lt": end},
        },
        also=lambda one: (
            (one.tenant, one.order, one.counts) == (tenant, order, True)
            and first <= one.booked_at < end
        ),
    )
