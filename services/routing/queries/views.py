"""What routing's read API answers, as models: `/openapi.json` is made of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.routing.campaign.sends import Send, SendEntry, SendStatus
from services.routing.orders.campaigns import Campaign
from services.routing.orders.checklist import Task
from services.routing.orders.lists import CompanyList
from services.routing.person.leads import Candidate, ClaimState
from services.routing.person.unsent import UnsentDelivery
from shared.contracts.campaigns import PutCampaign
from shared.contracts.routing import Failing
from shared.loop.decision import Attempt, Refused
from shared.read_api import View, omitted_if_none, part_of

Counted = Mapping[str, int]


class CampaignView(PutCampaign):
    """A version of a campaign as it was put."""

    version: int
    changed_at: datetime
    changed_by: str
    reason: str

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignView":
        return cls(**_put(campaign))


def _put(campaign: Campaign) -> dict[str, Any]:
    return {
        **vars(campaign.definition),
        "version": campaign.number,
        "changed_at": campaign.changed_at,
        "changed_by": campaign.changed_by,
        "reason": campaign.reason,
    }


class Slots(View):
    reserved: int
    used: int
    uncertain: int


class CampaignWhole(CampaignView):
    capacity: Slots
    counted: Counted
    """Slots by what limits count: a period, a category, a country."""
    warnings: tuple[str, ...]
    checklist: list[Task]
    versions: list[CampaignView]
    """Oldest first."""

    @classmethod
    def whole(cls, campaign: Campaign, **beside: Any) -> "CampaignWhole":
        return cls(**_put(campaign), **beside)


class Looked(View):
    unsent: Counted
    """Leads by the check that keeps them away; about, if not all were looked at."""
    looked_at: int
    of: int
    """So many leads came its ways; about, if not all were looked at."""


class Unsent(Looked):
    campaign: str
    version: int


class SendView(View):
    key: str
    """The idempotency key, as the customer's endpoint saw it."""
    campaign: str
    version: int
    lead: str
    status: SendStatus
    history: tuple[SendEntry, ...]
    tried: Sequence[Attempt]
    """What came of the attempts so far, while it is under way."""

    @classmethod
    def of(cls, send: Send, tried: Sequence[Attempt]) -> "SendView":
        return cls(
            key=send.id,
            campaign=send.campaign,
            version=send.campaign_version,
            lead=send.lead,
            status=send.status,
            history=send.history,
            tried=tried,
        )


class Sends(View):
    sends: list[SendView]
    next: str | None


class ClaimView(View):
    campaign: str
    version: int = part_of("campaign_version")
    state: ClaimState
    until: datetime | None
    failing: tuple[Failing, ...]


class LeadView(View):
    """A lead's way, without its person."""

    id: str
    state: str
    person_id: str
    lead_code: str | None = part_of("lead", "lead_code")
    category: str = part_of("lead", "category")
    accepted_at: datetime
    catalogue_revision: int = part_of("revision")
    trace: str | None
    is_exclusive: bool
    claims: tuple[ClaimView, ...]
    queue: tuple[Candidate, ...]


class LeadWhole(LeadView):
    sends: list[SendView]


class Failed(Failing):
    """A check that keeps the lead away, and what helps."""

    text: str
    who: str
    how: str


class RefusedByHand(View):
    at: datetime
    text: str


class Explained(View):
    campaign: str
    version: int
    state: str
    """How the claim stands, or `not_claimed`."""
    sent: bool
    failing: tuple[Failed, ...]
    refused_by_hand: RefusedByHand | None = omitted_if_none()
    """Why an operator could not send what waits."""
    now: "Explained | None" = omitted_if_none()
    """As the campaign's version of now has it, where another was in force then."""


class WhyNot(View):
    lead: str
    state: str
    campaigns: list[Explained]
    closest: list[Explained]
    """Campaigns that one check keeps the lead from."""


class WhatIf(View):
    campaign: str
    frees: int
    queues: int
    looked_at: int
    stay_unsent: Counted
    leads: list[str]
    """Some of those that it frees."""


class Previewed(View):
    """What a change would free; or why it would be refused."""

    refused: Refused | None = omitted_if_none()
    campaigns: list[WhatIf] | None = omitted_if_none()
    warnings: tuple[str, ...] | None = omitted_if_none()
    """Of a campaign, like its checklist."""
    checklist: list[Task] | None = omitted_if_none()


class TriedCandidate(View):
    campaign: str
    version: int
    category: str
    rank: int
    sends_at: datetime | None


class TriedOther(View):
    campaign: str
    version: int
    failing: tuple[Failed, ...]
    failing_left_out: int


class TriedLead(View):
    lead: str
    is_exclusive: bool
    candidates: list[TriedCandidate]
    others: list[TriedOther]
    others_left_out: int


class TriedLeads(View):
    leads: list[TriedLead]


class ListView(View):
    id: str
    version: int
    entries: int
    parts: tuple[str, ...]
    coming_at: datetime | None
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, found: CompanyList) -> "ListView":
        return cls(
            id=found.name,
            version=found.number,
            entries=found.content.entries,
            parts=found.content.parts,
            coming_at=found.coming_at,
            changed_at=found.changed_at,
            changed_by=found.changed_by,
        )


class ListWhole(ListView):
    used_by: list[str]
    """Campaigns."""
    terms: list[str]
    """Its entries as they are compared."""


class UnsentDeliveryView(View):
    affiliate: str
    lead_code: str
    delivery: str | None
    unsent: int
    since: datetime
    raised_at: datetime | None
    codes: tuple[str, ...]
    """Of all that were unsent once."""
    leads: list[str]
    """Those that are unsent now."""

    @classmethod
    def of(cls, delivery: UnsentDelivery, unsent: Collection[str]) -> "UnsentDeliveryView":
        left = [lead for lead in delivery.leads if lead in unsent]
        return cls(
            affiliate=delivery.affiliate,
            lead_code=delivery.lead_code,
            delivery=delivery.delivery,
            unsent=len(left),
            since=delivery.since,
            raised_at=delivery.raised_at,
            codes=delivery.codes,
            leads=left,
        )


class UnsentDeliveries(View):
    deliveries: list[UnsentDeliveryView]


class CampaignCounts(Looked):
    id: str
    version: int
    waiting: int
    reserved: int
    sent: int
    refused: int
    uncertain: int


class Counts(View):
    campaigns: list[CampaignCounts]
    next: str | None
