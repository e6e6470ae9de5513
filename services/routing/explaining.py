"""Why a lead was, or was not, sent to a campaign (RTE-10), recomputed when somebody asks.

What a campaign's shard answered is kept with the lead and told as it was decided. The rest is not
stored per lead and campaign: it follows from the lead and the campaign's version.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.routing.campaigns import Campaign, CampaignBook
from services.routing.domain import Asked, RoutedLead, Send
from services.routing.matching import TEXTS, explain, explain_slot
from shared.contracts.routing import Failing

NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Explanation:
    campaign: str
    campaign_version: int
    state: str
    """How the claim stands, or `not_asked` where the campaign was not asked at all."""
    failing: tuple[Failing, ...]

    def as_told(self) -> Mapping[str, object]:
        return {
            "campaign": self.campaign,
            "version": self.campaign_version,
            "state": self.state,
            "sent": self.state == "sent",
            "failing": [
                {**failing.model_dump(), "text": TEXTS.get(failing.code, "")}
                for failing in self.failing
            ],
        }


def explain_lead(
    routed: RoutedLead,
    campaign: Campaign,
    book: CampaignBook | None = None,
    send: Send | None = None,
) -> Explanation:
    if asked := asked_of(routed, campaign.name):
        return Explanation(asked.campaign, asked.campaign_version, asked.state, asked.failing)
    failing = explain(campaign, routed.lead, routed.accepted_at)
    failing += explain_slot(campaign, book, send.status if send else None)
    return Explanation(campaign.name, campaign.number, NOT_ASKED, tuple(failing))


def asked_of(routed: RoutedLead, campaign: str) -> Asked | None:
    return next((asked for asked in routed.asked if asked.campaign == campaign), None)


def unsent_by_check(campaign: Campaign, leads: Iterable[RoutedLead]) -> Mapping[str, int]:
    """Among the leads that carry one of its lead codes: how many each check keeps away."""
    counts: Counter[str] = Counter()
    for routed in leads:
        if routed.lead.lead_code in campaign.definition.lead_codes:
            counts.update(_codes(explain_lead(routed, campaign).failing))
    return dict(counts)


def _codes(failing: Sequence[Failing]) -> set[str]:
    return {each.code for each in failing}
