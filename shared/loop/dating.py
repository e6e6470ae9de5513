"""Whose date of a command is believed, and how far it may lie from now.

Business rules are decided on the time of the fact, so whoever could choose it freely could choose
the rule: a lead dated half a year back is no duplicate of yesterday's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.envelope import Envelope
from shared.loop.decision import Refused

AHEAD_MAX = timedelta(minutes=5)
"""Clocks differ; what is ahead by less counts as now."""
UNDATED = frozenset({"customer", "representative", "agent"})
"""For what these ask the time of the decision counts, unless a trusted entry set the date."""


@dataclass(frozen=True, slots=True)
class Dating:
    affiliate_days_back: int = 30
    trusted_sources: frozenset[str] = frozenset()
    """Entries of the operator's own, by their `ce_source`."""

    def of(self, command: Envelope, now: datetime) -> datetime | Refused:
        """The time that counts, or why none does."""
        if command.time - now > AHEAD_MAX:
            return Refused("time_ahead", "ce_time is more than five minutes ahead")
        if command.source in self.trusted_sources:
            return min(command.time, now)
        if command.role in UNDATED:
            return now
        oldest = now - timedelta(days=self.affiliate_days_back)
        if command.role == "affiliate" and command.time < oldest:
            text = f"ce_time is more than {self.affiliate_days_back} days back"
            return Refused("time_too_old", text)
        return min(command.time, now)
