"""What follows from an attempt's result, and what the effect's row keeps of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.loop import effects
from shared.loop.decision import Attempt, Cause, Effect, Outcome, Request, Verdict
from shared.loop.effects import AttemptResult, End, Result
from shared.loop.worker import (
    DEAD_SECONDS,
    FAILURES_TO_OPEN,
    OPEN_SECONDS,
    Endpoint,
    Worker,
)
from tests.component.world import Call

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CAUSE = Cause("c1", "test", "k", NOW)


def in_flight() -> dict[str, Any]:
    effect = Effect("e1", Call(), "x.example", Request("http://x.example", b"{}"))
    return effects.new_row(effect, 0, CAUSE, NOW, begin=True)


def result(row: dict[str, Any], verdict: Verdict, text: str = "", wait: float = 0.0) -> Result:
    return Result(row["_id"], 0, row["attempt"], verdict, text, wait_seconds=wait)


def waiting(row: dict[str, Any], text: str = "answered 500", wait: float = 0.0) -> dict[str, Any]:
    after = effects.after(row, result(row, Verdict.UNKNOWN, text, wait), NOW)
    assert not isinstance(after, End)
    return after


def test_a_waiting_row_tells_what_came_of_each_attempt() -> None:
    row = waiting(effects.next_attempt(waiting(in_flight())), "no answer")
    expected = [
        Attempt(1, NOW, Verdict.UNKNOWN, "answered 500"),
        Attempt(2, NOW, Verdict.UNKNOWN, "no answer"),
    ]
    assert expected == effects.attempts_of(row)


def test_an_end_tells_all_attempts_the_last_included() -> None:
    row = effects.next_attempt(waiting(in_flight()))
    end = effects.after(row, result(row, Verdict.DONE, "answered 200"), NOW)
    assert isinstance(end, End)
    expected = [
        Attempt(1, NOW, Verdict.UNKNOWN, "answered 500"),
        Attempt(2, NOW, Verdict.DONE, "answered 200"),
    ]
    assert expected == effects.attempts_of(effects.end_document(row, end, NOW))


def test_of_many_attempts_the_first_and_the_latest_are_kept() -> None:
    row = waiting(in_flight())
    for _ in range(99):
        row = waiting(effects.next_attempt(row))
    kept = [attempt.number for attempt in effects.attempts_of(row)]
    assert [*range(1, 6), *range(81, 101)] == kept


def test_a_row_of_an_earlier_version_has_no_attempts() -> None:
    row = in_flight()
    del row["tried"]
    assert [] == effects.attempts_of(row)
    assert [1] == [attempt.number for attempt in effects.attempts_of(waiting(row))]


@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize("outcome_unknown", [True, False])
def test_what_may_have_happened_once_is_uncertain_at_the_end(
    unknown: bool, outcome_unknown: bool
) -> None:
    """By an earlier attempt, or by one that a former owner may have made; else it is refused."""
    row = waiting(in_flight()) if unknown else in_flight()
    last = Result("e1", 0, row["attempt"], Verdict.NOT_TRIED, "not reached", outcome_unknown)
    end = effects.after(row, last, NOW + effects.GIVE_UP_AFTER)
    assert isinstance(end, End)
    assert (Outcome.UNCERTAIN if unknown or outcome_unknown else Outcome.REFUSED) == end.outcome


@pytest.mark.parametrize(("asked", "waited"), [(0, 10), (120, 120), (86_400, 900)])
def test_an_endpoint_may_ask_to_be_left_alone_for_a_while(asked: float, waited: float) -> None:
    """The next attempt is no earlier than that, nor than the usual wait; 15 minutes at most."""
    due_at = waiting(in_flight(), wait=asked)["due_at"]
    assert timedelta(seconds=waited) <= due_at - NOW <= timedelta(seconds=waited * 1.1)


async def test_an_attempt_that_raised_is_unknown_and_tried_again() -> None:
    async def perform(_row: dict[str, Any]) -> AttemptResult:
        raise KeyError("a defect of ours")

    worker = Worker(perform)
    worker.start([in_flight()])
    await asyncio.sleep(0.01)
    expected = Result("e1", 0, 1, Verdict.UNKNOWN, "failed unexpectedly: KeyError")
    assert [expected] == worker.take([0], 10)


async def test_an_endpoint_that_fails_is_told_until_it_answers() -> None:
    """Five failures in a row trip its breaker; one clear end closes it."""
    verdicts = iter([Verdict.UNKNOWN] * 3 + [Verdict.NOT_TRIED] * 2 + [Verdict.DONE])
    time = 0.0

    async def perform(_row: dict[str, Any]) -> AttemptResult:
        return next(verdicts), ""

    worker = Worker(perform, lambda: time)
    told = []
    for number in range(1, 7):
        time += OPEN_SECONDS
        worker.start([in_flight() | {"attempt": number}])
        await asyncio.sleep(0.01)
        told.append([(one.name, one.failures, one.is_open) for one in worker.failing()])
    expected = [[("x.example", n, n >= FAILURES_TO_OPEN)] for n in range(1, 6)]
    assert [*expected, []] == told


async def test_results_of_other_shards_stay() -> None:
    """A step takes its shards' results, as many as it may; the rest are there for the next."""

    async def done(row: dict[str, Any]) -> AttemptResult:
        return Verdict.DONE, row["_id"]

    worker = Worker(done)
    worker.start([in_flight() | {"_id": f"e{n}", "shard": n % 2} for n in range(5)])
    await asyncio.sleep(0)
    taken = [[one.id for one in worker.take(shards, 2)] for shards in ([0], [1], [0, 1], [0, 1])]
    assert [["e0", "e2"], ["e1", "e3"], ["e4"], []] == taken


def test_an_endpoint_that_was_left_alone_is_not_dead() -> None:
    """Only one that has failed for a quarter of an hour, and was asked just now."""
    endpoint = Endpoint("x.example")
    for _ in range(FAILURES_TO_OPEN):
        endpoint.record(Verdict.UNKNOWN, 100.0)
    later = 100.0 + DEAD_SECONDS
    assert not endpoint.is_dead(later)
    endpoint.record(Verdict.NOT_TRIED, later)
    assert endpoint.is_dead(later + 1)
    endpoint.record(Verdict.DONE, later + 2)
    assert not endpoint.is_dead(later + 3)


def test_an_endpoint_is_dead_when_it_has_failed_for_a_quarter_of_an_hour() -> None:
    """Counted from when its breaker opened, however often it failed in between, and only while the
    last failure is fresh; one clear answer, also a refusal, and it lives."""
    endpoint = Endpoint("x.example")
    for second in range(FAILURES_TO_OPEN):
        assert not endpoint.is_open
        endpoint.record(Verdict.UNKNOWN, 100.0 + second)
    dead_at = 100.0 + FAILURES_TO_OPEN - 1 + DEAD_SECONDS
    endpoint.record(Verdict.NOT_TRIED, dead_at - 2)
    moments = (-1, 0, 1, OPEN_SECONDS)
    assert [False, True, True, False] == [endpoint.is_dead(dead_at + more) for more in moments]
    endpoint.record(Verdict.REFUSED, dead_at)
    assert not endpoint.is_dead(dead_at)


def test_an_open_breaker_lets_one_attempt_through_after_ten_seconds() -> None:
    """Not one more, and none before; failing again shuts it anew."""
    endpoint = Endpoint("x.example")
    for _ in range(FAILURES_TO_OPEN):
        endpoint.record(Verdict.UNKNOWN, 100.0)
    again = 100.0 + OPEN_SECONDS
    assert [False, True] == [endpoint.has_room(now) for now in (again - 1, again)]
    assert [True, False] == [endpoint.takes_nothing(now) for now in (again - 1, again)]
    assert not endpoint.has_room(again, reserved=1)
    endpoint.record(Verdict.UNKNOWN, again)
    assert endpoint.takes_nothing(again + 1)
