"""Why a lead was, or was not, sent to a campaign (RTE-10), recomputed when somebody asks.

What a campaign's shard answered is kept with the lead and told as it was decided. The rest is not
stored per lead and campaign: it follows from the lead and the campaign's version of then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.routing.campaigns import Campaign
from services.routing.leads import Asked, RoutedLead
from services.routing.remedies import remedy
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import Failing

NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Explanation:
    campaign: str
    campaign_version: int
    state: str
    """How the claim stands, or `not_asked` where the campaign was not asked at all."""
    failing: tuple[Failing, ...]
    is_open: bool = True
    """Whether the campaign has a list of open categories beside the order."""

    def as_told(self, lead: LeadAccepted) -> dict[str, object]:
        return {
            "campaign": self.campaign,
            "version": self.campaign_version,
            "state": self.state,
            "sent": self.state == "sent",
            "failing": [self._told(failing, lead) for failing in self.failing],
        }

    def _told(self, failing: Failing, lead: LeadAccepted) -> Mapping[str, object]:
        codes = {each.code for each in self.failing}
        if not self.is_open:
            codes.add("category_closed")
        mended = remedy(failing.code, codes)
        shown = {"value": lead.person.job_title} if is_of_title(failing) else {}
        told = {"text": mended.text, "who": mended.who, "how": mended.how}
        return failing.model_dump() | shown | told


def is_of_title(failing: Failing) -> bool:
    """Whose value is kept out of events, and shown to whoever may read the lead."""
    return failing.code == "filter.title" or (
        failing.code == "title_suppressed" and failing.value is None
    )


def of_asked(asked: Asked, campaign: Campaign | None) -> Explanation:
    """As it was decided."""
    failing = asked.failing
    if asked.state == "waiting" and asked.until is not None:
        failing = (Failing(code="awaiting_send_day", value=asked.until.isoformat()),)
    return Explanation(
        asked.campaign, asked.campaign_version, asked.state, failing, _has_open(campaign)
    )


def of_version(campaign: Campaign, failing: Sequence[Failing]) -> Explanation:
    """As it follows from a version."""
    return Explanation(
        campaign.name, campaign.number, NOT_ASKED, tuple(failing), _has_open(campaign)
    )


def _has_open(campaign: Campaign | None) -> bool:
    return campaign is not None and campaign.definition.open_categories is not None


def of_exclusive(routed: RoutedLead, campaign: Campaign) -> Explanation | None:
    """A campaign that wants an exclusive lead, and stands behind the one that was asked."""
    for place, candidate in enumerate(routed.queue, start=1):
        if candidate.campaign == campaign.name:
            state = f"next in line: {place}"
            return Explanation(campaign.name, candidate.campaign_version, state, ())
    return None
