"""When a stack is at rest at a stop of its clock, and which stop is the next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local import quiet, stops

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
READ = {"intake.commands.v1/0": 4, "routing.events.v1/3": 7}
SHARDS = list(range(12))


def answer(**changes: Any) -> dict[str, Any]:
    idle = {
        "service": "intake",
        "under_way": [],
        "shards": SHARDS,
        "positions": READ,
        "next_at": LATER.isoformat(),
    }
    return idle | changes


def test_who_has_read_all_and_does_nothing_is_at_rest() -> None:
    assert stops.is_at_rest([answer(), answer(service="routing", next_at=None)], READ, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"under_way": ["a step is under way"]},
        {"shards": SHARDS[1:]},
        {"shards": []},
        {"positions": READ | {"routing.events.v1/3": 6}},
        {"next_at": NOW.isoformat()},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_one_that_has_work_keeps_all_from_rest(changes: dict[str, Any]) -> None:
    """What another has published and it has not read is its work, as is what is due just now."""
    rows = [answer(service="routing"), answer(**changes)]
    assert not stops.is_at_rest(rows, READ, NOW)


def test_replicas_are_at_rest_if_each_shard_is_open_at_one_of_them() -> None:
    first, second = answer(shards=SHARDS[:5]), answer(shards=SHARDS[5:])
    assert stops.is_at_rest([first, second], READ, NOW)
    assert not stops.is_at_rest([first, second, answer(shards=[7])], READ, NOW)


def test_the_earliest_of_all_that_is_due_is_the_next_stop() -> None:
    """Of the retries that wait only the moment at which all are due, and not once it has passed."""
    target, due = NOW + timedelta(days=1), [NOW + timedelta(hours=2), NOW + timedelta(hours=3)]
    retry = NOW + timedelta(hours=1)
    assert retry == quiet.next_stop(target, due, [retry], NOW)
    assert due[0] == quiet.next_stop(target, due, [retry], retry)
    assert target == quiet.next_stop(target, [], [], NOW)


def test_what_became_due_while_it_was_told_is_not_passed() -> None:
    """Time goes on between the answers and the jump; what is due then settles before it."""
    assert NOW == quiet.next_stop(NOW + timedelta(days=1), [NOW, LATER], [], NOW)
