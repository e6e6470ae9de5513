"""What was published of charges, and what has to be published now: a meeting is billable, or is not
any more. Each has a revision of its chain, so a reader knows which is the latest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.appointments.meetings.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Charge:
    """As it was published last of a chain."""

    revision: int
    at: datetime | None
    """Since when it is billable; None if it is not any more."""


def changes(
    published: Mapping[str, Charge], verdicts: Iterable[Verdict]
) -> Iterator[tuple[str, Charge]]:
    """By chain, also of those that have become part of another; what goes comes first, so that at
    no moment two charges stand for one meeting."""
    billable = {
        each.chain.id: each.judgement.at for each in verdicts if each.judgement.state == "billable"
    }
    standing = {chain: charge.at for chain, charge in published.items() if charge.at is not None}
    for chain, at in standing.items():
        if billable.get(chain) != at:
            yield chain, Charge(published[chain].revision + 1, None)
    for chain, at in billable.items():
        if standing.get(chain) != at:
            revision = published[chain].revision if chain in published else 0
            moved = chain in standing
            yield chain, Charge(revision + (2 if moved else 1), at)
