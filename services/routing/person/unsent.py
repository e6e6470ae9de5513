"""Leads that nobody gets are raised, with what stood in their way (RTE-16).

One deadline per lead: a day after it was accepted it is told to whoever counts its delivery, six
days later it is raised by itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.routing.person.leads import RoutedLead
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import DeliveryUnsent, LeadStillUnsent, LeadUnsent
from shared.loop.decision import Context, Deadline, Decision, Due, Publish
from shared.loop.working_set import Ref, ref_by_name

FIRST_LOOK_AFTER = timedelta(hours=24)
UNSENT_AFTER = timedelta(days=7)
RAISED_AT = 3
"""So many unsent leads of one lead code and delivery are a matter of the delivery."""
LEADS_KEPT_MAX = 1000
CAMPAIGNS_JUDGED_MAX = 200
"""Of an organic lead thousands may be: the reasons of so many are enough to raise it."""


class StillUnsent(Deadline, kind="watch"):
    """Whether a lead has been sent by then."""

    lead: str


def watch_id(lead: str) -> str:
    return f"{StillUnsent.KIND}/{lead}"


def first_look(lead: LeadAccepted, accepted_at: datetime) -> Due:
    return _look(lead, accepted_at + FIRST_LOOK_AFTER)


def _look(lead: LeadAccepted, at: datetime) -> Due:
    return Due(watch_id(lead.lead), StillUnsent(lead=lead.lead), lead.person_id, at)


def look(routed: RoutedLead, against: Callable[[], Iterable[str]], now: datetime) -> Decision:
    """`against` finds the checks that keep it from the campaigns of its lead code, as of now; it is
    only asked where they are published, since there may be many campaigns."""
    if routed.withdrawn or routed.state == "sent":
        return Decision()
    if now >= routed.accepted_at + UNSENT_AFTER:
        return Decision(publish=[_unsent(routed, tuple(sorted(against())))])
    lead, again = routed.lead, _look(routed.lead, routed.accepted_at + UNSENT_AFTER)
    if lead.affiliate is None or lead.lead_code is None or routed.state == "waiting":
        return Decision(due=[again])
    still = LeadStillUnsent(
        lead=lead.lead,
        affiliate=lead.affiliate,
        lead_code=lead.lead_code,
        delivery=lead.delivery,
        codes=tuple(sorted(against())),
    )
    return Decision(publish=[Publish(still, group_key(still))], due=[again])


def _unsent(routed: RoutedLead, codes: tuple[str, ...]) -> Publish:
    event = LeadUnsent(
        lead=routed.id,
        person_id=routed.person_id,
        affiliate=routed.lead.affiliate,
        lead_code=routed.lead.lead_code,
        accepted_at=routed.accepted_at,
        claimed=tuple(claim.campaign for claim in routed.claims),
        codes=codes,
    )
    return Publish(event, routed.person_id)


def group_key(still: LeadStillUnsent) -> str:
    return f"{still.affiliate}:{still.lead_code}:{still.delivery or ''}"


@dataclass(frozen=True, slots=True)
class UnsentDelivery:
    """The leads of one lead code and delivery that were unsent a day after their upload."""

    id: str
    version: int
    tenant: str
    affiliate: str
    lead_code: str
    delivery: str | None
    leads: tuple[str, ...]
    codes: tuple[str, ...]
    since: datetime
    raised_at: datetime | None = None


def group_of(still: LeadStillUnsent, context: Context) -> Ref[UnsentDelivery]:
    return ref_by_name(UnsentDelivery, context.tenant, group_key(still))


def count(still: LeadStillUnsent, before: UnsentDelivery | None, context: Context) -> Decision:
    """At the third it is raised, once."""
    group = before or UnsentDelivery(
        group_of(still, context).id,
        0,
        context.tenant,
        still.affiliate,
        still.lead_code,
        still.delivery,
        (),
        (),
        context.now,
    )
    if still.lead in group.leads or len(group.leads) == LEADS_KEPT_MAX:
        return Decision()
    codes = tuple(sorted({*group.codes, *still.codes}))
    group = replace(group, leads=(*group.leads, still.lead), codes=codes)
    if len(group.leads) != RAISED_AT:
        return Decision(save=[group])
    event = DeliveryUnsent(
        affiliate=group.affiliate,
        lead_code=group.lead_code,
        delivery=group.delivery,
        leads=group.leads,
        codes=group.codes,
    )
    return Decision(
        save=[replace(group, raised_at=context.now)], publish=[Publish(event, group_key(still))]
    )
