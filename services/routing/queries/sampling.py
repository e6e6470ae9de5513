"""Some of the leads that came one way, in place of all of them, so that an answer takes as long at
a million as at a thousand.

The id of a lead is a digest, so which ids begin alike is chance: the leads in a slice of all ids
stand for the others, and how many these are follows from how wide the slice is.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.routing.person.leads import RoutedLead
from services.routing.store import LEADS
from shared.store import Store

DIGITS = 8
ALL = 16**DIGITS
"""So many slices there are, by the first digits of the ids."""
FIRST = ALL >> 14
"""Has 60 leads where a million came."""
GROWTH_MAX = 64
"""Where a slice had none, the next one may be so much wider and still has few hundred."""
PAGE = 100
"""Between two of them the loop, which has the same processor, gets its turn."""


@dataclass(slots=True)
class Sample:
    """About so many leads of a way, `most`; the numbers are known once they have been read."""

    store: Store
    tenant: str
    way: str
    most: int
    looked_at: int = 0
    _end: int = 0

    @property
    def of(self) -> int:
        """So many leads came that way: about so many, unless all of them were looked at."""
        return round(self.looked_at * ALL / self._end) if self._end else 0

    async def leads(self) -> AsyncIterator[RoutedLead]:
        """A slice after the other, not sorted: some stores would sort all that is found."""
        width = FIRST
        while self.looked_at < self.most and self._end < ALL:
            begin, self._end = self._end, min(self._end + width, ALL)
            rows = await self.store.find(LEADS.name, self._between(begin, self._end))
            self.looked_at += len(rows)
            for row in rows:
                yield LEADS.from_document(row)
            further = min(PAGE, self.most - self.looked_at)
            width = max(1, round(width * min(GROWTH_MAX, further / max(1, len(rows)))))

    def _between(self, begin: int, end: int) -> Mapping[str, Any]:
        ids = {"$gte": _prefix(begin), "$lt": _prefix(end)}
        return {"tenant": self.tenant, "route": self.way, "_id": ids}


def _prefix(number: int) -> str:
    """What the ids from that one on begin with; at the end, what lies behind every id."""
    return f"{number:0{DIGITS}x}" if number < ALL else "~"
