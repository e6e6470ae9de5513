"""A campaign's slots: what they count under, what is full, and what is forgotten."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.routing.orders.capacity import Capacity, counters_of, full
from shared.contracts.lead_fields import Place
from tests.builders import NOW, campaign, lead


def capacity(**changes: Any) -> Capacity:
    return Capacity("main/north", 1, "main", **changes)


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        (
            "UTC",
            datetime(2025, 12, 31, 23, 59, tzinfo=UTC),
            ["2025-12-31", "2026-01", "2025-12"],
        ),
        ("UTC", datetime(2027, 1, 1, tzinfo=UTC), ["2027-01-01", "2026-53", "2027-01"]),
        (
            "America/New_York",
            datetime(2026, 3, 1, 4, 59, tzinfo=UTC),
            ["2026-02-28", "2026-09", "2026-02"],
        ),
        (
            "America/New_York",
            datetime(2026, 3, 2, 5, 0, tzinfo=UTC),
            ["2026-03-02", "2026-10", "2026-03"],
        ),
        (
            "Pacific/Kiritimati",
            datetime(2026, 3, 31, 10, 0, tzinfo=UTC),
            ["2026-04-01", "2026-14", "2026-04"],
        ),
    ],
)
def test_a_slot_counts_for_its_day_week_and_month(
    zone: str, at: datetime, expected: list[str]
) -> None:
    """RTE-12: in the campaign's time zone; a week begins on Monday, also across years."""
    slots = counters_of(campaign(time_zone=zone), lead(), "101", at)
    assert [slot.partition("/")[2] for slot in slots] == [*expected, "101", "US"]


def test_a_lead_without_a_country_counts_for_none() -> None:
    """RTE-05."""
    slots = counters_of(campaign(), lead(place=Place()), "101", NOW)
    assert not any(slot.startswith("country/") for slot in slots)


@pytest.mark.parametrize(
    ("caps", "counted", "told"),
    [
        ({"day": 2}, {"day/2026-03-02": 2}, ["day/2026-03-02"]),
        ({"day": 2}, {"day/2026-03-01": 9, "day/2026-03-02": 1}, []),
        ({"week": 1}, {"week/2026-10": 1}, ["week/2026-10"]),
        ({"month": 1}, {"month/2026-03": 1}, ["month/2026-03"]),
        ({}, {"category/101": 5}, ["category/101"]),
        ({}, {"category/205": 5}, []),
        ({"total": 3}, {}, ["total"]),
        (
            {"total": 3, "day": 1, "week": 1, "month": 1},
            {"day/2026-03-02": 1, "week/2026-10": 1, "month/2026-03": 1, "category/101": 5},
            ["total", "day/2026-03-02", "week/2026-10", "month/2026-03", "category/101"],
        ),
    ],
)
def test_every_limit_that_is_reached_is_told(
    caps: dict[str, int], counted: dict[str, int], told: list[str]
) -> None:
    """RTE-12: what was used, reserved and left in doubt counts alike."""
    wanted = campaign(caps=caps, categories=[{"id": "101", "amount": 5}])
    held = capacity(reserved=1, used=1, uncertain=1, counted=counted)
    found = full(wanted, held, counters_of(wanted, lead(), "101", NOW))
    assert [each.rule for each in found] == told


def test_a_campaign_without_a_capacity_is_empty() -> None:
    """RTE-12: unless nothing is wanted at all."""
    none = campaign(caps={"day": 0})
    assert len(list(full(none, None, counters_of(none, lead(), "101", NOW)))) == 1
    one = campaign(caps={"day": 1})
    assert not list(full(one, None, counters_of(one, lead(), "101", NOW)))


@pytest.mark.parametrize("over", ["day", "week", "month"])
def test_a_period_that_is_over_is_forgotten(over: str) -> None:
    """RTE-12: so that it stays small; what is counted over all time stays."""
    first = ["day/1", "week/1", "month/1", "category/101", "country/US"]
    second = [f"{over}/2" if slot == f"{over}/1" else slot for slot in first]
    after = capacity().reserve(first).reserve(second)
    expected = dict.fromkeys(second, 2) | {f"{over}/2": 1}
    assert expected == dict(after.counted)


def test_a_slot_that_was_reserved_is_used_when_it_is_sent() -> None:
    """RTE-12: it is taken before and after."""
    reserved = capacity().reserve(["day/1"]).reserve(["day/1"])
    used = reserved.use()
    assert (2, 0, 2) == (reserved.reserved, reserved.used, reserved.taken)
    assert (1, 1, 2) == (used.reserved, used.used, used.taken)
    assert {"day/1": 2} == dict(used.counted)


def test_a_slot_is_released_where_it_was_taken() -> None:
    """RTE-12: one of a day that is over frees nothing of today's."""
    yesterday = ["day/1", "category/101"]
    held = capacity().reserve(yesterday).reserve(["day/2", "category/101"])
    after = held.release(yesterday)
    assert (after.taken, dict(after.counted)) == (1, {"day/2": 1, "category/101": 1})


@pytest.mark.parametrize(("sent", "counts"), [(True, (0, 1, 0, 1)), (False, (0, 0, 0, 0))])
def test_what_is_uncertain_counts_until_it_is_resolved(sent: bool, counts: tuple[int, ...]) -> None:
    """RTE-12: then it is used, or nowhere."""
    uncertain = capacity().reserve(["day/1"]).mark_uncertain()
    assert (uncertain.uncertain, uncertain.taken, uncertain.counted["day/1"]) == (1, 1, 1)
    after = uncertain.resolve(["day/1"], sent=sent)
    assert (after.uncertain, after.used, after.reserved, after.counted["day/1"]) == counts
