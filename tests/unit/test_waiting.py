"""What waits where, since when, and what is called stuck."""

import pytest

from shared.loop.log import Place
from shared.loop.waiting import STUCK_SECONDS_MAX, Waiting, update

PLACE: Place = ("routing.claims.v1", 3)


def after(
    looks: list[tuple[float, int, int]], *, busy: bool = False, place: Place = PLACE
) -> dict[Place, Waiting]:
    """What waits after these looks, each with its moment, position and end."""
    found: dict[Place, Waiting] = {}
    for now, at, end in looks:
        found = update(found, {place: at}, {place: end}, now, busy=busy)
    return found


def test_what_is_read_to_its_end_does_not_wait() -> None:
    assert {} == after([(0, 0, 5), (9, 5, 5)])


def test_a_place_waits_from_when_records_lay_there_and_not_from_its_last_move() -> None:
    """An hour without a record is no hour of waiting."""
    assert {PLACE: Waiting(5, 2, 3600, 3600)} == after([(0, 5, 5), (3600, 5, 7)])


def test_more_records_do_not_make_the_oldest_younger() -> None:
    assert {PLACE: Waiting(5, 9, 1, 1)} == after([(1, 5, 6), (4, 5, 14)])


def test_with_every_record_that_is_taken_the_age_begins_anew() -> None:
    assert {PLACE: Waiting(6, 8, 4, 4)} == after([(1, 5, 14), (4, 6, 14)])


def test_a_place_whose_end_nobody_told_does_not_wait() -> None:
    assert {} == update({}, {PLACE: 4}, {}, 1, busy=False)


@pytest.mark.parametrize(("seconds", "stuck"), [(STUCK_SECONDS_MAX - 1, False), (31, True)])
def test_what_waits_for_long_is_stuck(seconds: float, stuck: bool) -> None:
    assert stuck is after([(0, 5, 6), (seconds, 5, 6)])[PLACE].is_stuck(seconds)


def test_while_every_batch_is_full_a_place_only_waits_its_turn() -> None:
    """Its age is told all the same."""
    found = after([(0, 5, 6), (300, 5, 6)], busy=True)[PLACE]
    assert (False, 300) == (found.is_stuck(300), found.seconds(300))
