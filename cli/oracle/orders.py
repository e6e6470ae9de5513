"""When is an order interrupted, and when does a review end? From what was asked, by calendars of
their own (APT-01, APT-07, APT-14)."""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cli.oracle.asked import BY_CUSTOMERS, Asked
from cli.oracle.evidence import Document

BEFORE_THE_FIRST_EMAIL = timedelta(days=30)
REVIEW_DAYS = 5
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Notice(NamedTuple):
    received_at: datetime
    at_once: bool


@dataclass(slots=True)
class Order:
    name: str
    account: str
    zone: ZoneInfo
    interruption_month: str
    first_email_at: datetime | None = None
    notices: list[Notice] = field(default_factory=list)
    """One of these counts: the first that was decided, or one that ends the order at once."""

    def may_be_interrupted_at(self) -> set[datetime | None]:
        """By each of its notices; None where none has an effect."""
        return {self._effect(notice) for notice in self.notices} or {None}

    def _effect(self, notice: Notice) -> datetime | None:
        first, received = self.first_email_at, notice.received_at
        if notice.at_once:
            return received
        if first is None:
            return None
        if received < first:
            return first + BEFORE_THE_FIRST_EMAIL
        day = received.astimezone(self.zone).date()
        if self.interruption_month == "calendar":
            return begin(month_after(day.replace(day=1), 1), self.zone)
        return next(start for start in self._month_starts(first) if start > received)

    def _month_starts(self, first: datetime) -> Iterator[datetime]:
        """Each is counted from the first email's day."""
        anchor = first.astimezone(self.zone).date()
        for number in range(1, 1200):
            yield begin(month_after(anchor, number), self.zone)


def orders_of(asked: Sequence[Asked], accounts: Sequence[Asked]) -> dict[tuple[str, str], Order]:
    """By tenant and name."""
    zones = {
        (each.id.tenant, each.data["account"]): ZoneInfo(each.data.get("time_zone", "UTC"))
        for each in accounts
        if each.type == "account.put" and each.is_accepted
    }
    found: dict[tuple[str, str], Order] = {}
    for each in asked:
        if each.type == "order.put" and each.is_accepted:
            put, tenant = each.data, each.id.tenant
            month, account = put.get("interruption_month", "order"), put["account"]
            order = Order(put["order"], account, zones[tenant, account], month)
            found.setdefault((tenant, put["order"]), order)
    for each in asked:
        order_of_it = found.get((each.id.tenant, each.data.get("order") or ""))
        if order_of_it is not None and each.is_accepted:
            _note(order_of_it, each)
    return found


def _note(order: Order, asked: Asked) -> None:
    match asked:
        case Asked(type="email.request", details={"first": True}):
            order.first_email_at = asked.at
        case Asked(type="order.interrupt", code="recorded", data=data):
            is_theirs = asked.role in BY_CUSTOMERS
            at = asked.at if is_theirs else datetime.fromisoformat(data["received_at"])
            order.notices.append(Notice(at, data.get("at_once", False)))
        case Asked(type="thread.message.record", data={"gives_notice": True}):
            order.notices.append(Notice(asked.at, False))


def end_of_review(reported_at: datetime, days: Document) -> datetime:
    """The first instant behind five business days, as the tenant put them."""
    zone = ZoneInfo(days.get("time_zone", "UTC"))
    weekdays, holidays = days.get("weekdays", WEEK[:5]), days.get("holidays", ())
    day, left = reported_at.astimezone(zone).date(), REVIEW_DAYS
    while left:
        day += timedelta(days=1)
        if WEEK[day.weekday()] in weekdays and day.isoformat() not in holidays:
            left -= 1
    return begin(day + timedelta(days=1), zone)


def month_after(day: date, number: int) -> date:
    """The same day of a later month, or the last that it has."""
    months = day.year * 12 + day.month - 1 + number
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def begin(day: date, zone: ZoneInfo) -> datetime:
    """The first instant that a clock there shows this day, or a later one: looked for from the day
    before, in smaller and smaller steps."""
    found = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30)
    for step in (timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)):
        while (found + step).astimezone(zone).date() < day:
            found += step
    return found + timedelta(seconds=1)
