"""How leads are found (INT-11): newest first, a page at a time, through windows of time.

Each query asks for a bounded span of uploads, beginning with the newest hour and growing until the
page is full. So a filter that most leads pass costs a few hundred rows however many leads there
are, and one that few pass has an index of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.intake.domain import instant_text
from services.intake.store import LEADS
from shared.store import Document, Filter, Store

ORDER = "order"
FIRST_WINDOW = timedelta(hours=1)
GROWTH = 8
AFTER_ALL = "~"


@dataclass(frozen=True, slots=True)
class Search:
    """What leads must have, all of it; `first` and `last` bound the upload, both included."""

    where: Mapping[str, Any]
    first: datetime | None = None
    last: datetime | None = None
    before: str | None = None
    """The order of the last lead of the page before."""
    now: datetime = field(default_factory=lambda: datetime.max)

    def windows(self) -> Iterator[Filter]:
        """Neighbouring spans of the order, from the newest to everything that is left."""
        top = self.before or (instant_text(self.last) + AFTER_ALL if self.last else AFTER_ALL)
        bottom = instant_text(self.first) if self.first else ""
        span, newest = FIRST_WINDOW, min(_at(top) or self.now, self.now)
        while top > bottom:
            low = max(bottom, _back(newest, span))
            yield {**self.where, ORDER: {"$gte": low, "$lt": top}}
            top, span = low, span * GROWTH


def _at(order: str) -> datetime | None:
    try:
        text = order.partition("/")[0].removesuffix(AFTER_ALL)
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f")
    except ValueError:
        return None


def _back(newest: datetime, span: timedelta) -> str:
    """So long before the newest; nothing is older than ten years."""
    naive = newest.replace(tzinfo=None)
    return instant_text(naive - span) if span < timedelta(days=3650) else ""


async def page(store: Store, search: Search, limit: int) -> tuple[list[Document], str | None]:
    """Up to `limit` leads, and where the next page begins if there may be one."""
    found: list[Document] = []
    for window in search.windows():
        rows = await store.find(LEADS.name, window, sort=[(ORDER, -1)], limit=limit - len(found))
        found += rows
        if len(found) == limit:
            return found, found[-1][ORDER]
    return found, None
