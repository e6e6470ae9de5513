"""Days and months of a time zone, as the instants at which they begin.

A zone may leave out a midnight, have it twice, or leave out a whole day; the first instant of each
day is defined all the same, so days and months follow each other without a gap or an overlap.
"""

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of which the zone says that it is this day, or a later one, in UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    found = midnight.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return found
    # Left out: the day begins where clocks were put forward, somewhere between what midnight would
    # have been by the clocks of before and by those of after.
    before, found = midnight.replace(fold=1).astimezone(UTC), found
    while found - before > _SECOND:
        between = before + (found - before) // 2
        if local_day(between, zone) < day:
            before = between
        else:
            found = between
    return found.replace(microsecond=0)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the last that it has: 31 January, 28 February, 31 March."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
