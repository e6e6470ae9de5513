"""What a lead's own shard knows of the campaigns that were asked for it."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from services.routing import leads
from services.routing.leads import Asked, Candidate, ClaimState, RoutedLead
from tests.builders import NOW, cause, lead

STATES: tuple[ClaimState, ...] = get_args(ClaimState)
ENDS: set[str] = {"sent", "not_sent"}
FOLLOWED_BY: dict[ClaimState, set[str]] = {
    "asked": {"waiting", "granted", "refused", "uncertain"} | ENDS,
    "waiting": {"granted", "refused", "uncertain"} | ENDS,
    "granted": {"refused", "uncertain"} | ENDS,
    "refused": ENDS,
    "uncertain": ENDS,
    "sent": set(),
    "not_sent": set(),
}


def asked_of(*asked: Asked, is_exclusive: bool = False) -> RoutedLead:
    return replace(leads.new_lead(lead(), 7, cause()), asked=asked, is_exclusive=is_exclusive)


@pytest.mark.parametrize("before", STATES)
def test_an_answer_that_is_read_again_changes_nothing_back(before: ClaimState) -> None:
    """Whatever it was: an answer counts only if it comes later in the course of a claim."""
    followed = {
        after
        for after in STATES
        if asked_of(Asked("north", 1, before)).answered(Asked("north", 2, after)).asked
        == (Asked("north", 2, after),)
    }
    assert FOLLOWED_BY[before] == followed


def test_a_send_day_may_be_put_off() -> None:
    """And the same day told again is no news."""
    first, second = NOW, NOW + timedelta(days=7)
    waits = asked_of(Asked("north", 1, "waiting", until=first))
    assert waits == waits.answered(Asked("north", 2, "waiting", until=first))
    (after,) = waits.answered(Asked("north", 2, "waiting", until=second)).asked
    assert second == after.until


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "unsent"),
        (["refused", "not_sent"], "unsent"),
        (["refused", "asked"], "asked"),
        (["asked", "waiting"], "waiting"),
        (["waiting", "granted", "asked"], "granted"),
        (["granted", "uncertain", "refused"], "uncertain"),
        (["uncertain", "sent", "granted"], "sent"),
    ],
)
def test_a_lead_is_as_far_as_the_campaign_that_is_furthest(
    states: list[ClaimState], expected: str
) -> None:
    asked = [Asked(f"c{number}", 1, state) for number, state in enumerate(states)]
    assert expected == asked_of(*asked).state


def test_each_time_that_a_campaign_is_asked_is_counted() -> None:
    """By campaign: what it refused before is known by that."""
    routed = asked_of(Asked("north", 1, "refused", ask=2), Asked("south", 1, "refused"))
    assert [3, 1, 0] == [routed.asks_of(name) for name in ("north", "south", "east")]


@pytest.mark.parametrize("held", sorted(leads.OPEN))
@pytest.mark.parametrize("is_exclusive", [False, True])
def test_who_else_may_be_asked_for_a_lead_that_a_campaign_has(
    held: ClaimState, *, is_exclusive: bool
) -> None:
    """RTE-11: of a shared one everybody, of an exclusive one nobody; others may stand behind until
    it is sent."""
    routed = asked_of(Asked("north", 1, held), is_exclusive=is_exclusive)
    others = routed.is_open_to("south"), routed.may_queue("south")
    assert (not is_exclusive, is_exclusive and held != "sent") == others
    assert (False, False) == (routed.is_open_to("north"), routed.may_queue("north"))


def test_a_campaign_stands_in_the_queue_once() -> None:
    """However often a change frees the lead for it."""
    held = asked_of(Asked("north", 1, "granted"), is_exclusive=True)
    queued = replace(held, queue=(Candidate("south", 1, "101", 0, 1, 0),))
    assert [False, True] == [queued.may_queue(name) for name in ("south", "east")]


def test_asked_anew_a_campaign_has_one_answer_still_to_give() -> None:
    """What the others have answered stays."""
    refused, waiting = Asked("north", 1, "refused"), Asked("south", 1, "waiting")
    anew = Asked("north", 2, ask=1)
    assert (waiting, anew) == asked_of(refused, waiting).asking(anew).asked


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Asked("north", 1, "refused"), "asked"),
        (Asked("north", 1, "refused", ask=1), "refused"),
        (Asked("north", 1, "granted"), "granted"),
        (Asked("north", 1, "waiting", until=NOW), "waiting"),
        (Asked("north", 1, "sent"), "sent"),
    ],
)
def test_only_a_refusal_is_overtaken_by_asking_again(answer: Asked, expected: str) -> None:
    """RTE-14: what the campaign grants counts, whichever of its asks that answers."""
    (after,) = asked_of(Asked("north", 1, ask=1)).answered(answer).asked
    assert (expected, 1) == (after.state, after.ask)
