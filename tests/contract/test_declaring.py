"""A contract says what it is as keywords of its class, and can't exist without them."""

import types
from typing import Any

import pytest

from shared.contracts.campaigns import PauseCampaign
from shared.contracts.event import Command, Event
from shared.contracts.intake import LeadAccepted, SubmitLead
from shared.contracts.routing import CLAIMS, Claim, SendCompleted

DECLARED: list[tuple[type[Event], str, str]] = [
    (SubmitLead, "leadops.intake.lead.submit.v1", "intake.commands.v1"),
    (PauseCampaign, "leadops.routing.campaign.pause.v1", "routing.commands.v1"),
    (LeadAccepted, "leadops.intake.lead.accepted.v1", "intake.events.v1"),
    (Claim, "leadops.routing.claim.requested.v1", CLAIMS),
]


@pytest.mark.parametrize(("kind", "name", "topic"), DECLARED)
def test_the_topic_follows_from_the_owner(kind: type[Event], name: str, topic: str) -> None:
    """Commands lie on the owner's commands, events on its events, unless a topic is named."""
    assert (name, topic) == (kind.TYPE, kind.TOPIC)


OPERATOR = {"operator"}
DONE = ("done",)
INCOMPLETE: dict[str, tuple[dict[str, Any], str]] = {
    "neither roles nor codes": ({}, "no roles"),
    "no role": ({"accepted": DONE}, "no roles"),
    "nobody's role": ({"accepted": DONE, "roles": set()}, "no roles"),
    "no code that accepts": ({"roles": OPERATOR}, "no accepted"),
    "an unknown word": ({"roles": OPERATOR, "accepted": DONE, "may_ask": OPERATOR}, "'may_ask'"),
}


def declare(base: type[Event], **words: Any) -> None:
    types.new_class("Declared", (base,), words)


@pytest.mark.parametrize("case", INCOMPLETE)
def test_an_incomplete_command_cannot_exist(case: str) -> None:
    """One that names no roles would be asked by nobody, one without codes answered by none."""
    words, text = INCOMPLETE[case]
    with pytest.raises(TypeError, match=text):
        declare(Command, **words)


@pytest.mark.parametrize(
    "words",
    [
        {"type": "routing.claim.requested.v1"},
        {"type": "intake.lead.submit.v1"},
        {"type": SendCompleted.FORMER_TYPES[0].removeprefix("leadops.")},
        {"type": "routing.unheard_of.v1", "formerly": ("routing.claim.requested.v1",)},
        {"type": "routing.said.v1", "formerly": ("routing.said.v1", "routing.send.settled.v1")},
    ],
)
def test_no_two_contracts_have_one_type(words: dict[str, Any]) -> None:
    """Neither under its name nor under a former one."""
    with pytest.raises(TypeError, match="already"):
        declare(Event, **words)
