"""What became of each lead at each campaign, from what was published of it."""

from dataclasses import dataclass

from cli.demo.evidence import Evidence, Row
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
    claimed: dict[Pair, list[Row]]
    waiting: dict[Pair, Row]
    refused: dict[Pair, Row]
    granted: dict[Pair, Row]
    sent: dict[Pair, Row]
    not_sent: dict[Pair, Row]
    uncertain: dict[Pair, Row]
    leads: dict[str, Row]
    """Those that were accepted, whole."""

    @property
    def ended(self) -> set[Pair]:
        return {*self.sent, *self.not_sent, *self.uncertain}

    def codes(self, pair: Pair) -> set[str]:
        """Why the campaign refused the lead, if it did."""
        refused = self.refused.get(pair, {"failing": ()})
        return {failing["code"] for failing in refused["failing"]}


def claims_of(evidence: Evidence) -> Claims:
    claimed: dict[Pair, list[Row]] = {}
    for data in evidence.of_type(Claim.TYPE):
        claimed.setdefault(pair_of(data), []).append(data)

    def published(kind: str) -> dict[Pair, Row]:
        return {pair_of(data): data for data in evidence.of_type(kind)}

    return Claims(
        claimed=claimed,
        waiting=published(ClaimWaiting.TYPE),
        refused=published(ClaimRefused.TYPE),
        granted=published(ClaimGranted.TYPE),
        sent=published(LeadSent.TYPE),
        not_sent=published(LeadNotSent.TYPE),
        uncertain=published(LeadUncertain.TYPE),
        leads={data["lead"]: data for data in evidence.of_type(LeadAccepted.TYPE)},
    )


def pair_of(data: Row) -> Pair:
    """A claim carries the lead whole."""
    lead = data["lead"]
    return data["campaign"], lead if isinstance(lead, str) else lead["lead"]
