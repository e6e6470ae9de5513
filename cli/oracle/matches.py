"""What the oracle asks of matching: whom a campaign wants it is claimed for, and nobody else
(RTE-02, RTE-09), judged anew by code that shares nothing with the services'."""

from collections.abc import Iterator
from datetime import datetime

from cli.oracle.evidence import Document, Evidence, Policy
from cli.oracle.wants import Judge
from shared.contracts.routing import Claim

NO_TITLES: Document = {"phrases": [], "functions": []}
NO_POLICY = Policy(exclusive_lead_codes=(), suppressed_titles=NO_TITLES, since=datetime.min)
STANDING: Document = {
    "status": "active",
    "suppressed": [],
    "approved": [],
    "suppressed_titles": NO_TITLES,
}
"""In the place of what a version leaves to others: lists and the policy change beside it, and a
claim may come while the campaign is being paused."""


def claims_fit_campaigns(evidence: Evidence) -> Iterator[str]:
    """Each claim names a version of the campaign that wants the lead."""
    judge = Judge(NO_POLICY, {})
    versions = {
        (campaign.name, number): version | STANDING
        for campaign in evidence.campaigns
        for number, version in campaign.versions.items()
    }
    for claim in evidence.of_type(Claim.TYPE):
        text = f"{claim['lead']['lead']} was claimed by {claim['campaign']}"
        version = versions.get((claim["campaign"], claim["campaign_version"]))
        if version is None:
            yield f"{text}, of which there is no version {claim['campaign_version']}"
        elif against := judge.codes(version, claim["lead"]):
            yield f"{text}, though {', '.join(sorted(against))}"
