"""The months of an order, and when an interruption takes effect (APT-01, APT-14).

Months are counted from the local day of the first prospecting email, always from that one: after 31
January come 28 February and 31 March.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from shared.local_days import first_instant, local_day, months_later

NOTICE = timedelta(hours=24) * 30
"""After the first email, for an order that was interrupted before its campaigns began."""

MonthOf = Literal["order", "calendar"]


@dataclass(frozen=True, slots=True)
class Months:
    """The months of an order whose first email went out at `first_email`."""

    first_email: datetime
    zone: ZoneInfo

    def start(self, number: int) -> datetime:
        """Of its first month (0), its second (1) …"""
        return first_instant(months_later(self._anchor, number), self.zone)

    def number(self, at: datetime) -> int:
        """In which month an instant lies; before the first email, below 0."""
        day = local_day(at, self.zone)
        found = 12 * (day.year - self._anchor.year) + day.month - self._anchor.month
        return found if self.start(found) <= at else found - 1

    @property
    def _anchor(self) -> date:
        return local_day(self.first_email, self.zone)


def interruption_takes_effect(
    received_at: datetime, first_email: datetime | None, zone: ZoneInfo, month: MonthOf = "order"
) -> datetime | None:
    """The first instant at which the order is interrupted; None while no email was sent, which is
    for the operator to end."""
    if first_email is None:
        return None
    if received_at < first_email:
        return first_email + NOTICE
    if month == "order":
        months = Months(first_email, zone)
        return months.start(months.number(received_at) + 1)
    return first_instant(months_later(local_day(received_at, zone).replace(day=1), 1), zone)
