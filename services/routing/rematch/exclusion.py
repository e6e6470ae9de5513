"""Whether it was the change that kept a lead from a campaign until now (RTE-14).

What came while the campaign was paused, or before there was one, failed nothing that has changed:
it is not freed by loosening something else.
"""

from services.routing.fit.checks import MatchContext
from services.routing.fit.criteria import profile, subjects, title_profile
from services.routing.orders.campaigns import Campaign
from services.routing.orders.policy import Rules
from services.routing.person.leads import RoutedLead
from shared.contracts.routing import CampaignWidened
from shared.matching.profiles import Profile, explain

NO_ROOM = frozenset({"cap_reached", "domain_cap"})


def before_of(widened: CampaignWidened, version: Campaign | None, rules: Rules) -> Profile | None:
    """What the change has loosened, as it was; None, where whoever is found was kept by it."""
    if widened.titles is not None:
        return title_profile(widened.titles)
    return profile(version, rules) if version is not None else None


def was_excluded(
    lead: RoutedLead, widened: CampaignWidened, before: Profile | None, context: MatchContext
) -> bool:
    """In one of its categories: what failed then, and does not now."""
    claim = lead.of(widened.campaign)
    refused = claim.failing if claim is not None and claim.state == "refused" else ()
    if widened.has_more_room and any(failing.code in NO_ROOM for failing in refused):
        return True
    if before is None:
        return not widened.has_more_room
    return any(
        explain(before, subject, context.lists)
        and not explain(context.required, subject, context.lists)
        for subject in subjects(lead.lead).values()
    )
