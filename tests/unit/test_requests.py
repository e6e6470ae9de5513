"""What an affiliate is asked for."""

import pytest

from services.intake.deliveries import requests
from shared.contracts.affiliates import OpenRequest
from tests.builders import NOW, affiliate, cause

ASKED = OpenRequest(affiliate="acme", id="R-1", kind="estimate", text="How many, and for how much?")


@pytest.mark.parametrize(
    ("again", "code"),
    [
        (ASKED, "unchanged"),
        (ASKED.model_copy(update={"text": "How many?"}), "request_exists"),
    ],
)
def test_a_request_is_opened_once(again: OpenRequest, code: str) -> None:
    """INT-16: the same again changes nothing; another one needs an id of its own."""
    opened = requests.open_(ASKED, None, affiliate(), cause(), NOW)
    [request] = opened.save
    second = requests.open_(again, request, affiliate(), cause(), NOW)
    assert opened.answer and second.answer
    assert ("created", code) == (opened.answer.code, second.answer.code)
    assert () == (*second.save, *second.publish, *second.due)
