"""How long a review may take."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.meetings.business_days import MONDAY_TO_FRIDAY, BusinessDays

UTC_ZONE = ZoneInfo("UTC")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}Z")


@pytest.mark.parametrize(
    ("filed", "number", "end"),
    [
        # A Friday: the first business day is Monday the 8th, the fifth Friday the 12th.
        ("2027-03-05T16:00", 5, "2027-03-13T00:00"),
        ("2027-03-05T16:00", 2, "2027-03-10T00:00"),
        # Filed on a day that is none: the same.
        ("2027-03-07T23:59", 5, "2027-03-13T00:00"),
        # The day of filing never counts.
        ("2027-03-08T00:00", 5, "2027-03-16T00:00"),
    ],
)
def test_the_first_is_the_one_after_the_day_of_filing(filed: str, number: int, end: str) -> None:
    assert at(end) == BusinessDays(UTC_ZONE).end(at(filed), number)


def test_holidays_and_other_weekdays_are_the_tenants() -> None:
    """A week from Sunday to Thursday, with a holiday in it."""
    weekdays = frozenset({6, 0, 1, 2, 3})
    days = BusinessDays(ZoneInfo("Asia/Jerusalem"), weekdays, frozenset({date(2027, 3, 9)}))
    # Thursday the 4th, late in the evening of UTC, is Friday there.
    assert at("2027-03-14T22:00") == days.end(at("2027-03-04T23:00"), 5)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),
    st.integers(1, 30),
    st.sets(st.dates(date(2020, 1, 1), date(2020, 3, 1)), max_size=20),
)
def test_so_many_business_days_lie_before_the_end(
    naive: datetime, number: int, holidays: set[date]
) -> None:
    filed = naive.replace(tzinfo=UTC)
    end = BusinessDays(UTC_ZONE, holidays=holidays).end(filed, number)
    following = (filed.date() + timedelta(days=n) for n in range(1, 200))
    counted = [
        day
        for day in following
        if day < end.date() and day.weekday() in MONDAY_TO_FRIDAY and day not in holidays
    ]
    assert number == len(counted)
    assert counted[-1] + timedelta(days=1) == end.date()
