"""How leads are found (INT-11): newest first, a page at a time, through windows of time.

The store is asked for what has the most telling of the wanted values, through the index of that
one, and for a bounded span of uploads, which begins with the newest hour and grows until the page
is full. The other values are compared here. So no store has to sort or scan what a page does not
need, and an index per filter is enough for all their combinations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.intake.leads.leads import instant_text
from services.intake.store import LEADS
from shared.store import Document, Filter, Store

ORDER = "order"
FIRST_WINDOW = timedelta(hours=1)
GROWTH = 8
AFTER_ALL = "~"
EXAMINED_MAX = 20_000
"""So many leads one page looks at; then it ends short, and says where to go on."""
COMPARED_AT_FIRST = 1_000
"""So many rows are asked for where values are compared here; then four times as many, and so on."""
EARLIEST_YEAR = 1990
MOST_TELLING = (
    "person_id",
    "delivery",
    "held_for",
    "sent_to",
    "lead_code",
    "reason_codes",
    "upload.outcome",
    "affiliate",
    "source",
    "is_sent",
)


@dataclass(frozen=True, slots=True)
class Search:
    """What leads must have, all of it; `first` and `last` bound the upload, both included."""

    where: Mapping[str, Any]
    first: datetime | None = None
    last: datetime | None = None
    before: str | None = None
    """The order of the last lead of the page before."""
    now: datetime = field(default_factory=lambda: datetime.max)

    @property
    def index_filter(self) -> Filter:
        """What the store is asked for: the tenant, and one value that an index knows."""
        telling = next((name for name in MOST_TELLING if name in self.where), None)
        return {name: self.where[name] for name in ("tenant", telling) if name}

    def accepts(self, row: Document) -> bool:
        return all(_has(row, path, value) for path, value in self.where.items())

    @property
    def is_answered(self) -> bool:
        """Whether what the store is asked for is all that is wanted."""
        return len(self.where) == len(self.index_filter)

    def span(self) -> tuple[str, str, datetime]:
        """Between which orders to look, and how far back the first window reaches from."""
        top = self.before or (instant_text(self.last) + AFTER_ALL if self.last else AFTER_ALL)
        bottom = instant_text(self.first) if self.first else ""
        return bottom, top, min(_at(top) or self.now, self.now)


def is_order(text: str) -> bool:
    """Whether a page may begin there."""
    return _at(text) is not None


def _at(order: str) -> datetime | None:
    try:
        text = order.partition("/")[0].removesuffix(AFTER_ALL)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Orders are compared as texts: another spelling of an instant lies somewhere else.
    return moment if instant_text(moment) == text else None


def _back(newest: datetime, span: timedelta) -> str:
    """So long before the newest; nothing is older than ten years."""
    naive = newest.replace(tzinfo=None)
    if span > timedelta(days=3650) or naive.year < EARLIEST_YEAR:
        return ""
    return instant_text(naive - span)


def _has(row: Document, path: str, condition: Any) -> bool:
    value: Any = row
    for name in path.split("."):
        value = value.get(name)
    if isinstance(condition, Mapping):
        return value in condition["$in"]
    return bool(condition in value if isinstance(value, list) else condition == value)


async def page(store: Store, search: Search, limit: int) -> tuple[list[Document], str | None]:
    """Up to `limit` leads, and where the next page begins if there may be one."""
    rows, following = await _matching(store, search, limit)
    if search.is_answered:
        return rows, following
    ids = [row["_id"] for row in rows]
    whole = {row["_id"]: row for row in await store.find(LEADS.name, {"_id": {"$in": ids}})}
    return [whole[id] for id in ids if id in whole], following


async def _matching(store: Store, search: Search, limit: int) -> tuple[list[Document], str | None]:
    """Of rows that have to be compared here only what is compared is read."""
    fields = () if search.is_answered else (*search.where, ORDER)
    found: list[Document] = []
    bottom, top, newest = search.span()
    window, examined, many = FIRST_WINDOW, 0, COMPARED_AT_FIRST
    while top > bottom and examined < EXAMINED_MAX:
        low = max(bottom, _back(newest, window))
        where = {**search.index_filter, ORDER: {"$gte": low, "$lt": top}}
        most = limit - len(found) if search.is_answered else min(many, EXAMINED_MAX - examined)
        rows = await store.find(LEADS.name, where, sort=[(ORDER, -1)], limit=most, fields=fields)
        for row in rows:
            found += [row] if search.accepts(row) else []
            if len(found) == limit:
                return found, row[ORDER]
        examined, many = examined + len(rows), many * 4
        if len(rows) == most:
            top = rows[-1][ORDER]
        else:
            top, window = low, window * GROWTH
    return found, top if top > bottom else None
