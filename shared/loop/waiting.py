"""For how long each place has held records that nobody took, told per place.

A place counts from the first look at which the log held more than was read; its age starts anew
with every record that is taken. While every batch that the client hands over is full, a place may
be waiting its turn behind others: its age grows, but it is not called stuck.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.loop.log import Place

STUCK_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Records that lie at a place from this offset on."""

    offset: int
    records: int
    since: float
    """When this offset was first seen to wait, on the monotonic clock."""
    idle_since: float
    """The same, but begun anew whenever the client had no room to spare."""

    def seconds(self, now: float) -> float:
        return now - self.since

    def is_stuck(self, now: float, seconds: float = STUCK_SECONDS_MAX) -> bool:
        return now - self.idle_since >= seconds


def update(
    before: Mapping[Place, Waiting],
    positions: Mapping[Place, int],
    ends: Mapping[Place, int],
    now: float,
    *,
    busy: bool,
) -> dict[Place, Waiting]:
    """What waits at this look, given what waited at the one before."""
    found: dict[Place, Waiting] = {}
    for place, at in positions.items():
        records = ends.get(place, 0) - at
        if records > 0:
            found[place] = _waiting_at(before.get(place), at, records, now, busy=busy)
    return found


def _waiting_at(
    former: Waiting | None, at: int, records: int, now: float, *, busy: bool
) -> Waiting:
    if former is None or former.offset != at:
        return Waiting(at, records, now, now)
    return Waiting(at, records, former.since, now if busy else former.idle_since)
