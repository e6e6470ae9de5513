"""Each class of bad input, alone and with any other: it has the outcome that the documents promise,
and the records around it go on."""

import itertools
import random

import pytest

from shared.loop.log import Outgoing
from tests.component.bad_input import ANSWERED, NOTHING, REFUSED, TABLE
from tests.component.leads import Platform, person

TOPIC = "intake.commands.v1"
PAIRS = 120
HONEST = 2
"""Answers to what each story begins and ends with."""


def honest(platform: Platform, number: int) -> Outgoing:
    """A lead's record, taken back from its topic."""
    data = {"affiliate": "acme", "reference": f"B-{number}", "record": person(number)}
    platform.publish("intake.lead.submit", f"acme:B-{number}", data)
    (place,) = [
        place
        for place, rows in platform.world.broker.records.items()
        if place[0] == TOPIC and rows and rows[-1].key == f"acme:B-{number}".encode()
    ]
    record = platform.world.broker.records[place].pop()
    return Outgoing(*place, record.key, record.value, list(record.headers))


def outcomes(platform: Platform) -> list[str]:
    """Codes of what was dead-lettered, and what answers there are beside the honest ones'."""
    aside = [row["code"] for row in platform.stored("dead_letters")]
    answers = [one["code"] for one in platform.answers() if one["code"] != "dead_letter"]
    refused = answers.count("invalid")
    return aside + [REFUSED] * refused + [ANSWERED] * (len(answers) - HONEST - refused)


@pytest.mark.parametrize("name", TABLE)
async def test_each_class_has_its_outcome(platform: Platform, name: str) -> None:
    """Dead-lettered under its code, refused, answered, or (an end of a transaction) nothing."""
    spoil, expected = TABLE[name]
    platform.world.publish(spoil(honest(platform, 1)))
    await platform.submit("R-9")
    assert ([] if expected == NOTHING else [expected]) == outcomes(platform)


async def test_any_two_classes_in_one_record_have_one_outcome(platform: Platform) -> None:
    """Whichever is noticed first."""
    pairs = list(itertools.permutations(TABLE, 2))
    chosen = random.Random(42).sample(pairs, PAIRS)
    for number, (first, second) in enumerate(chosen):
        record = TABLE[second][0](TABLE[first][0](honest(platform, number)))
        platform.world.publish(record)
    await platform.rest()
    await platform.submit("R-9")
    counted = platform.world.groups[0].members[0].loop.counters
    dispositions = ("inputs_handled", "inputs_dead_lettered", "inputs_ignored")
    assert PAIRS <= sum(counted[name] for name in dispositions)
    assert "unexpected" not in outcomes(platform)


def test_the_table_names_what_was_promised() -> None:
    """At least the 42 classes that held before there was a table."""
    assert len(TABLE) >= 42
