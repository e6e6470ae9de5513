"""Days of a time zone follow each other without a gap or an overlap, whatever its clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local_days import first_instant, local_day, months_later

INSTANT = timedelta(microseconds=1)
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))


@given(DAYS, ZONES)
def test_a_day_begins_with_its_first_instant(day: date, zone: ZoneInfo) -> None:
    found = first_instant(day, zone)
    assert local_day(found - INSTANT, zone) < day <= local_day(found, zone)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("UTC", date(2027, 3, 1), "2027-03-01T00:00:00+00:00"),
        ("America/New_York", date(2027, 3, 31), "2027-03-31T04:00:00+00:00"),
        # Clocks went forward at midnight: the day begins at one.
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00+00:00"),
        # They go back at one: midnight comes twice, and the first counts.
        ("America/Havana", date(2027, 11, 7), "2027-11-07T04:00:00+00:00"),
        # They went back at midnight: the day before had its last hour twice.
        ("America/Sao_Paulo", date(2018, 2, 18), "2018-02-18T03:00:00+00:00"),
        # The day was left out: the next one begins where it would have.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00+00:00"),
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00+00:00"),
    ],
)
def test_days_whose_midnight_is_missing_or_comes_twice(zone: str, day: date, begins: str) -> None:
    assert datetime.fromisoformat(begins) == first_instant(day, ZoneInfo(zone))


@given(DAYS, st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_months_are_counted_from_one_day(day: date, one: int, other: int) -> None:
    """The later, the later; the day is the same, or the last of a month that has it not."""
    found = months_later(day, one)
    assert (one < other) == (found < months_later(day, other))
    is_last = (found + timedelta(days=1)).month != found.month
    assert found.day == day.day or (found.day < day.day and is_last)


def test_the_instant_is_in_utc() -> None:
    assert UTC is first_instant(date(2027, 1, 1), ZoneInfo("Asia/Kathmandu")).tzinfo
