"""Customers that fail and come round: one says that it can't, the other takes and says nothing."""

from datetime import timedelta

import httpx

from cli.demo import days
from cli.demo.evidence import Row, pending_of
from cli.output import progress
from deploy.local import stack
from shared.wording import quantity

FLAKY = "brightwater-uk"
"""Answers 503 to a part of the requests, anew each time: they are tried again."""
CLOSING = "northgrid-us"
"""Takes some leads and closes the connection without an answer, so they come again. Also anew each
time: after five failures in a row it would be called only once in ten seconds."""
FAULTS: tuple[Row, ...] = (
    {"campaign": FLAKY, "mode": "flaky", "status": 503, "share": 0.3},
    {"campaign": CLOSING, "mode": "close", "share": 0.1, "anew": True},
)
RETRIES_MAX = 8


def begin() -> None:
    for fault in FAULTS:
        tell(**fault)
        progress(
            f"{fault['campaign']} {fault_text(fault)}, for {fault['share']:.0%} of its requests"
        )


def fault_text(fault: Row) -> str:
    return f"answers {fault['status']}" if "status" in fault else "closes without an answer"


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
        progress(f"failed, and tried again: {quantity(failed, 'send')}")
        days.later(timedelta(minutes=5))
    return failed


def tell(**behaviour: object) -> None:
    address = f"{stack.stack()['receiver']}/behaviour"
    httpx.post(address, json=behaviour, timeout=10).raise_for_status()
