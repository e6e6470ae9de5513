"""The clock of a stack stops wherever something is due, be it set by what was due just before."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from cli.publishing import publish
from cli.stack_records import all_records
from deploy.local import quiet, stops
from deploy.sample import generate
from tests.integration.platform import ON_THE_STACK, answer_to
from tests.scenes.platform import OPERATOR, command

pytestmark = ON_THE_STACK
AFFILIATE = "clock-stops"
DEFINITION = generate.affiliate_definition("infuse-media") | {"id": AFFILIATE}
DAYS = timedelta(days=3)
SLACK = timedelta(minutes=1)


def test_no_moment_is_passed_that_the_one_before_has_set(running: dict[str, Any]) -> None:
    """Each reminder of a request sets the next, three days after it was decided itself."""
    answer_to("intake.affiliate.put", AFFILIATE, DEFINITION)
    wanted = {"affiliate": AFFILIATE, "id": "E-1", "kind": "estimate", "text": "March?"}
    assert answer_to("intake.request.open", f"{AFFILIATE}:E-1", wanted).accepted
    quiet.advance(timedelta(days=10), 120)
    told = reminders(running)
    assert [0, 1, 2, 3] == [number for number, _ in told]
    assert all(DAYS <= later - sooner < DAYS + SLACK for (_, sooner), (_, later) in pairwise(told))


def reminders(running: dict[str, Any], request: str = "E-1") -> list[tuple[int, datetime]]:
    """What was asked of the affiliate so far, with the number of the reminder and the time."""
    records = asyncio.run(all_records(running["kafka"], ["intake.events.v1"]))
    told = [one for one in records if one.type == "leadops.intake.request.opened.v1"]
    return [
        (one.data()["reminder"], datetime.fromisoformat(one.text("ce_time")))
        for one in told
        if (one.data()["affiliate"], one.data()["request"]) == (AFFILIATE, request)
    ]


def test_a_stop_is_over_only_when_all_that_was_published_is_decided(
    running: dict[str, Any],
) -> None:
    """Also what nobody has in hand yet: a command that lies in its topic."""
    answer_to("intake.affiliate.put", AFFILIATE, DEFINITION)
    with stops.watch(running) as watched:
        assert watched.rest(60) is not None
        for number in range(10):
            name = f"S-{number}"
            wanted = {"affiliate": AFFILIATE, "id": name, "kind": "estimate", "text": "March?"}
            key = f"{AFFILIATE}:{name}"
            publish([command("intake.request.open", key, wanted)], OPERATOR)
            assert watched.rest(60) is not None
            assert [0] == [number for number, _ in reminders(running, name)]
