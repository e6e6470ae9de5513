"""Business days of the tenant: its weekdays, without its holidays, in its time zone (APT-07)."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from services.appointments.orders.policy import Policy
from shared.contracts.campaigns import Weekday
from shared.local_days import first_instant, local_day

WEEK = get_args(Weekday)
MONDAY_TO_FRIDAY = frozenset(range(5))
NO_HOLIDAYS: Set[date] = frozenset()


@dataclass(frozen=True, slots=True)
class BusinessDays:
    zone: ZoneInfo
    weekdays: Set[int] = MONDAY_TO_FRIDAY
    """From Monday, 0, to Sunday, 6; at least one."""
    holidays: Set[date] = NO_HOLIDAYS

    def end(self, after: datetime, number: int) -> datetime:
        """The first instant behind so many whole business days; the first of them is the first
        after the day of `after`, whatever that is itself."""
        day = local_day(after, self.zone)
        while number:
            day += timedelta(days=1)
            number -= day.weekday() in self.weekdays and day not in self.holidays
        return first_instant(day + timedelta(days=1), self.zone)


def business_days(policy: Policy | None) -> BusinessDays:
    if policy is None:
        return BusinessDays(ZoneInfo("UTC"))
    put = policy.definition
    weekdays = frozenset(map(WEEK.index, put.weekdays))
    return BusinessDays(ZoneInfo(put.time_zone), weekdays, frozenset(put.holidays))
