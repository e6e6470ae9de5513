"""By what leads come to a campaign: their lead code, or that they are organic (RTE-09).

Campaigns and leads are filed by it, too.
"""

from collections.abc import Iterator

from services.routing.filters.rows import (
    CHANGE,
    LEAVE,
    Check,
    Order,
    Remedy,
    Requirement,
    Words,
)
from shared.contracts.campaigns import PutCampaign
from shared.contracts.intake import LeadAccepted
from shared.matching.profiles import Terms

ORGANIC = "organic"
CODE = "code:"


def route_of(lead: LeadAccepted) -> str:
    return ORGANIC if lead.source == "organic" else f"{CODE}{lead.lead_code}"


def routes(campaign: PutCampaign) -> frozenset[str]:
    organic = [ORGANIC] if campaign.organic else []
    return frozenset([*organic, *(f"{CODE}{code}" for code in campaign.lead_codes)])


def _requirements(order: Order) -> Iterator[Requirement]:
    yield "strict", Terms("lead_code_other", "route", routes(order.definition))


ATTRIBUTES = (
    Words(
        "route",
        lambda lead: frozenset([route_of(lead)]),
        lambda _criterion, lead, _subject: lead.lead_code,
        expected=lambda term: term.removeprefix(CODE),
    ),
)

CHECKS = (
    Check(
        "lead_code_other",
        ("lead_codes", "organic"),
        _requirements,
        Remedy(
            "the campaign does not carry the lead's lead code",
            "project_manager",
            f"{CHANGE}: its lead codes; or {LEAVE}",
        ),
    ),
)
