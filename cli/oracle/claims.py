"""What became of each lead at each campaign, from what was published of it."""

from collections import defaultdict
from dataclasses import dataclass

from cli.oracle.evidence import Document, Evidence
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import (
    Claim,
    ClaimGranted,
    ClaimRefused,
    ClaimWaiting,
    LeadNotSent,
    LeadSent,
    LeadUncertain,
)

Pair = tuple[str, str]
"""Campaign and lead."""


@dataclass(frozen=True, slots=True)
class Claims:
    claimed: dict[Pair, list[Document]]
    waiting: dict[Pair, Document]
    refused: dict[Pair, Document]
    granted: dict[Pair, Document]
    sent: dict[Pair, Document]
    not_sent: dict[Pair, Document]
    uncertain: dict[Pair, Document]
    leads: dict[str, Document]
    """Those that were accepted, whole."""

    @property
    def ended(self) -> set[Pair]:
        return {*self.sent, *self.not_sent, *self.uncertain}

    @property
    def by_hand(self) -> set[Pair]:
        return {pair for pair, rows in self.claimed.items() if any(row["by_hand"] for row in rows)}

    def codes(self, pair: Pair) -> set[str]:
        """Why the campaign refused the lead, if it did."""
        refused = self.refused.get(pair, {"failing": ()})
        return {failing["code"] for failing in refused["failing"]}


def claims_of(evidence: Evidence) -> Claims:
    claimed: dict[Pair, list[Document]] = defaultdict(list)
    for data in evidence.of_type(Claim.TYPE):
        claimed[pair_of(data)].append(data)

    def events_by_pair(kind: str) -> dict[Pair, Document]:
        return {pair_of(data): data for data in evidence.of_type(kind)}

    return Claims(
        claimed=dict(claimed),
        waiting=events_by_pair(ClaimWaiting.TYPE),
        refused=events_by_pair(ClaimRefused.TYPE),
        granted=events_by_pair(ClaimGranted.TYPE),
        sent=events_by_pair(LeadSent.TYPE),
        not_sent=events_by_pair(LeadNotSent.TYPE),
        uncertain=events_by_pair(LeadUncertain.TYPE),
        leads={data["lead"]: data for data in evidence.of_type(LeadAccepted.TYPE)},
    )


def pair_of(data: Document) -> Pair:
    """A claim carries the lead whole."""
    lead = data["lead"]
    return data["campaign"], lead if isinstance(lead, str) else lead["lead"]
