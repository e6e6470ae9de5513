"""The months of an order for appointments, and when its interruption takes effect."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.orders.months import MonthOf, Months, interruption_takes_effect

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00Z")


JANUARY_31 = at("2027-01-31T15:00")


def test_months_are_counted_from_the_day_of_the_first_email() -> None:
    """After a shorter month the day is that of the first again."""
    months = Months(JANUARY_31, NEW_YORK)
    starts = ["2027-01-31T05:00", "2027-02-28T05:00", "2027-03-31T04:00", "2027-04-30T04:00"]
    assert [at(text) for text in starts] == [months.start(number) for number in range(4)]


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.integers(0, 900))
def test_each_instant_lies_in_one_month(first_email: datetime, days: int) -> None:
    months = Months(first_email.replace(tzinfo=NEW_YORK), NEW_YORK)
    instant = months.first_email + timedelta(days=days)
    number = months.number(instant)
    assert months.start(number) <= instant < months.start(number + 1)
    assert 0 <= number


@pytest.mark.parametrize(
    ("received", "effective", "month"),
    [
        ("2027-03-30T16:00", "2027-03-31T04:00", "order"),
        ("2027-03-31T03:59", "2027-03-31T04:00", "order"),
        ("2027-03-31T04:00", "2027-04-30T04:00", "order"),
        ("2027-03-31T04:01", "2027-04-30T04:00", "order"),
        ("2027-03-31T03:59", "2027-04-01T04:00", "calendar"),
        ("2027-04-01T03:59", "2027-04-01T04:00", "calendar"),
        ("2027-04-01T04:00", "2027-05-01T04:00", "calendar"),
    ],
)
def test_an_interruption_takes_effect_after_the_running_month(
    received: str, effective: str, month: MonthOf
) -> None:
    found = interruption_takes_effect(at(received), JANUARY_31, NEW_YORK, month)
    assert at(effective) == found


def test_before_the_first_email_it_takes_effect_thirty_days_after_that() -> None:
    """While none was sent nothing is running that could end."""
    notice, first_email = at("2027-02-01T08:00"), at("2027-02-03T10:00")
    assert at("2027-03-05T10:00") == interruption_takes_effect(notice, first_email, NEW_YORK)
    assert interruption_takes_effect(notice, None, NEW_YORK) is None
