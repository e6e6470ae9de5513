"""What the oracle asks of matching: whom a campaign wants it is claimed for, and nobody else
(RTE-02, RTE-09), judged anew by code that shares nothing with the services'."""

from collections.abc import Iterator

from cli.oracle.evidence import Evidence
from cli.oracle.wants import Judge
from shared.contracts.routing import Claim

MOVING = {"campaign_inactive", "company_suppressed", "domain_not_approved", "title_suppressed"}
"""What does not follow from a campaign's version alone: its status, lists, the policy."""


def claims_are_wanted(evidence: Evidence) -> Iterator[str]:
    """Each claim names a version of the campaign that wants the lead."""
    versions = {campaign.name: campaign.versions for campaign in evidence.campaigns}
    judge = Judge({"suppressed_titles": {"phrases": [], "functions": []}}, {}, {})
    for claim in evidence.of_type(Claim.TYPE):
        version = versions[claim["campaign"]][claim["campaign_version"]]
        against = judge.codes(version | {"suppressed": [], "approved": []}, claim["lead"]) - MOVING
        if against:
            text = f"{claim['lead']['lead']} was claimed by {claim['campaign']}"
            yield f"{text}, though {', '.join(sorted(against))}"
