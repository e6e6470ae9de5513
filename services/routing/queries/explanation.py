"""Why a lead was, or was not, sent to a campaign (RTE-10), recomputed on demand.

What a campaign's shard answered is kept with the lead and told as it was decided. The rest is not
stored per lead and campaign: it follows from the lead and the campaign's version of then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.routing.orders.campaigns import Campaign
from services.routing.person.leads import ClaimRecord, RoutedLead
from services.routing.queries.remedies import remedy
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import Failing

NOT_CLAIMED = "not_claimed"


@dataclass(frozen=True, slots=True)
class Explanation:
    campaign: str
    campaign_version: int
    state: str
    """How the claim stands, or `not_claimed` where nothing was claimed from the campaign."""
    failing: tuple[Failing, ...]
    is_open: bool = True
    """Whether the campaign has a list of open categories beside the order."""

    def view(self, lead: LeadAccepted) -> dict[str, object]:
        return {
            "campaign": self.campaign,
            "version": self.campaign_version,
            "state": self.state,
            "sent": self.state == "sent",
            "failing": [self._view(failing, lead) for failing in self.failing],
        }

    def _view(self, failing: Failing, lead: LeadAccepted) -> Mapping[str, object]:
        codes = {each.code for each in self.failing}
        if not self.is_open:
            codes.add("category_closed")
        mended = remedy(failing.code, codes)
        shown = {"value": lead.person.job_title} if is_of_title(failing) else {}
        view = {"text": mended.text, "who": mended.who, "how": mended.how}
        return failing.model_dump() | shown | view


def is_of_title(failing: Failing) -> bool:
    """Whose value is kept out of events, and shown to whoever may read the lead."""
    return failing.code == "filter.title" or (
        failing.code == "title_suppressed" and failing.value is None
    )


def of_claim(claim: ClaimRecord, campaign: Campaign | None) -> Explanation:
    """As it was decided."""
    failing = claim.failing
    if claim.state == "waiting" and claim.until is not None:
        failing = (Failing(code="awaiting_send_day", value=claim.until.isoformat()),)
    return Explanation(
        claim.campaign, claim.campaign_version, claim.state, failing, _has_open(campaign)
    )


def of_version(campaign: Campaign, failing: Sequence[Failing]) -> Explanation:
    """As it follows from a version."""
    return Explanation(
        campaign.name, campaign.number, NOT_CLAIMED, tuple(failing), _has_open(campaign)
    )


def _has_open(campaign: Campaign | None) -> bool:
    return campaign is not None and campaign.definition.open_categories is not None


def of_exclusive(routed: RoutedLead, campaign: Campaign) -> Explanation | None:
    """A campaign that wants an exclusive lead, and stands behind the one that was claim."""
    for place, candidate in enumerate(routed.queue, start=1):
        if candidate.campaign == campaign.name:
            state = f"next in line: {place}"
            return Explanation(campaign.name, candidate.campaign_version, state, ())
    return None
