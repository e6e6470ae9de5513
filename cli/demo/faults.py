"""Customers that fail, and what becomes of it: one comes round, the other means it."""

from datetime import timedelta

import httpx

from cli.demo import days
from cli.demo.evidence import pending_of
from cli.output import progress
from deploy import stack

FLAKY = "brightwater-uk"
"""Answers 503 to a part of the requests, anew each time: they are tried again."""
REFUSING = "northgrid-us"
"""Answers 422 to some leads, and that is that."""
FAULTS = (
    {"campaign": FLAKY, "mode": "flaky", "status": 503, "share": 0.3},
    {"campaign": REFUSING, "mode": "fail", "status": 422, "share": 0.1},
)
RETRIES_MAX = 8


def begin() -> None:
    for fault in FAULTS:
        tell(**fault)
        progress(f"{fault['campaign']} answers {fault['status']} to {fault['share']:.0%}")


def end() -> None:
    """One round of retries meets them as they are, then all is well before more time goes by."""
    retry()
    tell(campaign="*", mode="ok")
    progress("the customers have mended what was wrong")
    for _ in range(RETRIES_MAX):
        if not retry():
            return


def retry() -> int:
    """Lets the moment come at which what failed is tried again; how many those were."""
    failed = pending_of(stack.status())["sends"]
    if failed:
        progress(f"{failed} sends failed and are tried again")
        days.later(timedelta(minutes=5))
    return failed


def tell(**behaviour: object) -> None:
    address = f"{stack.stack()['receiver']}/behaviour"
    httpx.post(address, json=behaviour, timeout=10).raise_for_status()
