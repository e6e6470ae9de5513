"""What a lead's own shard knows of the campaigns that were asked for it."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from services.routing.person import leads
from services.routing.person.leads import Candidate, ClaimRecord, ClaimState, RoutedLead
from tests.builders import NOW, cause, lead

STATES: tuple[ClaimState, ...] = get_args(ClaimState)
ENDS: set[str] = {"sent", "not_sent"}
FOLLOWED_BY: dict[ClaimState, set[str]] = {
    "claimed": {"waiting", "granted", "refused", "uncertain"} | ENDS,
    "waiting": {"granted", "refused", "uncertain"} | ENDS,
    "granted": {"refused", "uncertain"} | ENDS,
    "refused": ENDS,
    "uncertain": ENDS,
    "sent": set(),
    "not_sent": set(),
}


def lead_with(*claims: ClaimRecord, is_exclusive: bool = False) -> RoutedLead:
    return replace(leads.new_lead(lead(), 7, cause()), claims=claims, is_exclusive=is_exclusive)


@pytest.mark.parametrize("before", STATES)
def test_an_answer_that_is_read_again_changes_nothing_back(before: ClaimState) -> None:
    """Whatever it was: an answer counts only if it comes later in the course of a claim."""
    followed = {
        after
        for after in STATES
        if lead_with(ClaimRecord("north", 1, before))
        .with_answer(ClaimRecord("north", 2, after))
        .claims
        == (ClaimRecord("north", 2, after),)
    }
    assert FOLLOWED_BY[before] == followed


def test_a_send_day_may_be_put_off() -> None:
    """And the same day told again is no news."""
    first, second = NOW, NOW + timedelta(days=7)
    waits = lead_with(ClaimRecord("north", 1, "waiting", until=first))
    assert waits == waits.with_answer(ClaimRecord("north", 2, "waiting", until=first))
    (after,) = waits.with_answer(ClaimRecord("north", 2, "waiting", until=second)).claims
    assert second == after.until


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "unsent"),
        (["refused", "not_sent"], "unsent"),
        (["refused", "claimed"], "claimed"),
        (["claimed", "waiting"], "waiting"),
        (["waiting", "granted", "claimed"], "granted"),
        (["granted", "uncertain", "refused"], "uncertain"),
        (["uncertain", "sent", "granted"], "sent"),
    ],
)
def test_a_lead_is_as_far_as_the_campaign_that_is_furthest(
    states: list[ClaimState], expected: str
) -> None:
    claims = [ClaimRecord(f"c{number}", 1, state) for number, state in enumerate(states)]
    assert expected == lead_with(*claims).state


def test_each_time_that_a_campaign_is_asked_is_counted() -> None:
    """By campaign: what it refused before is known by that."""
    routed = lead_with(
        ClaimRecord("north", 1, "refused", attempt=2), ClaimRecord("south", 1, "refused")
    )
    assert [3, 1, 0] == [routed.attempts_of(name) for name in ("north", "south", "east")]


@pytest.mark.parametrize("held", sorted(leads.OPEN))
@pytest.mark.parametrize("is_exclusive", [False, True])
def test_who_else_may_be_asked_for_a_lead_that_a_campaign_has(
    held: ClaimState, *, is_exclusive: bool
) -> None:
    """RTE-11: of a shared one everybody, of an exclusive one nobody; others may stand behind until
    it is sent."""
    routed = lead_with(ClaimRecord("north", 1, held), is_exclusive=is_exclusive)
    others = routed.is_open_to("south"), routed.may_queue("south")
    assert (not is_exclusive, is_exclusive and held != "sent") == others
    assert (False, False) == (routed.is_open_to("north"), routed.may_queue("north"))


def test_a_campaign_stands_in_the_queue_once() -> None:
    """However often a change frees the lead for it."""
    held = lead_with(ClaimRecord("north", 1, "granted"), is_exclusive=True)
    queued = replace(held, queue=(Candidate("south", 1, "101", 0, 1, 0),))
    assert [False, True] == [queued.may_queue(name) for name in ("south", "east")]


def test_asked_anew_a_campaign_has_one_answer_still_to_give() -> None:
    """What the others have answered stays."""
    refused, waiting = ClaimRecord("north", 1, "refused"), ClaimRecord("south", 1, "waiting")
    anew = ClaimRecord("north", 2, attempt=1)
    assert (waiting, anew) == lead_with(refused, waiting).with_claim(anew).claims


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ClaimRecord("north", 1, "refused"), "claimed"),
        (ClaimRecord("north", 1, "refused", attempt=1), "refused"),
        (ClaimRecord("north", 1, "granted"), "granted"),
        (ClaimRecord("north", 1, "waiting", until=NOW), "waiting"),
        (ClaimRecord("north", 1, "sent"), "sent"),
    ],
)
def test_only_a_refusal_is_overtaken_by_asking_again(answer: ClaimRecord, expected: str) -> None:
    """RTE-14: what the campaign grants counts, whichever of its asks that answers."""
    (after,) = lead_with(ClaimRecord("north", 1, attempt=1)).with_answer(answer).claims
    assert (expected, 1) == (after.state, after.attempt)
