"""Whether it was the change that kept a lead from a campaign until now (RTE-14).

What came while the campaign was paused, or before there was one, failed nothing that has changed:
it is not freed by loosening something else.
"""

from services.routing.binding import profile, subjects, title_profile
from services.routing.campaigns import Campaign
from services.routing.checks import House
from services.routing.house import Rules
from services.routing.leads import RoutedLead
from shared.contracts.routing import CampaignOpened
from shared.matching.profiles import Profile, explain

NO_ROOM = frozenset({"cap_reached", "domain_cap"})


def before_of(opened: CampaignOpened, version: Campaign | None, rules: Rules) -> Profile | None:
    """What the change has loosened, as it was; None, where whoever is found was kept by it."""
    if opened.titles is not None:
        return title_profile(opened.titles)
    return profile(version, rules) if version is not None else None


def was_kept(
    lead: RoutedLead, opened: CampaignOpened, before: Profile | None, house: House
) -> bool:
    """In one of its categories: what failed then, and does not now."""
    asked = lead.of(opened.campaign)
    refused = asked.failing if asked is not None and asked.state == "refused" else ()
    if opened.has_more_room and any(failing.code in NO_ROOM for failing in refused):
        return True
    if before is None:
        return not opened.has_more_room
    return any(
        explain(before, subject, house.lists) and not explain(house.wanted, subject, house.lists)
        for subject in subjects(lead.lead).values()
    )
