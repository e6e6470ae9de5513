"""The mail in which a customer gets a lead."""

import email
import email.policy
from email.message import EmailMessage
from typing import cast

from pydantic_core import from_json

from services.routing.campaign import sends
from shared.contracts.routing import Claim
from shared.loop.decision import Effect
from tests.builders import NOW, campaign, lead

BY_MAIL = campaign(send={"mode": "email", "to": "leads@northgrid.example"})
PERSONAL = ("dana", "okafor", "head of it")


def delivery() -> tuple[sends.Send, Effect]:
    claim = Claim(campaign="north", campaign_version=1, category="101", lead=lead())
    send = sends.new_send(claim, BY_MAIL)
    return send, sends.effect(send, claim.lead, BY_MAIL, NOW)


def test_a_lead_is_attached_to_a_mail_that_people_can_read() -> None:
    """As the JSON that an endpoint gets; what it is can be read without opening it."""
    send, effect = delivery()
    parsed = email.message_from_bytes(effect.request.body, policy=email.policy.default)
    message = cast(EmailMessage, parsed)  # What this policy makes.
    body, (attached,) = message.get_body(), message.iter_attachments()
    assert body is not None and "north" in body.get_content()
    assert ("application/json", f"{send.id}.json") == (
        attached.get_content_type(),
        attached.get_filename(),
    )
    told = from_json(attached.get_content())
    assert (send.id, "dana@northgrid.example") == (told["key"], told["person"]["email"])


def test_the_headers_of_a_mail_name_the_send_and_nobody() -> None:
    """Mail servers log headers; by its id a mail that comes twice is known."""
    send, effect = delivery()
    head = effect.request.body.partition(b"\r\n\r\n")[0].decode()
    message = email.message_from_string(head)
    expected = {
        "To": "leads@northgrid.example",
        "Message-ID": f"<{send.id}@leadops>",
        "X-Leadops-Key": send.id,
        "X-Leadops-Lead": "lead-1",
        "X-Leadops-Campaign": "north",
    }
    assert expected == {name: message[name] for name in expected}
    assert [] == [word for word in PERSONAL if word in head.casefold()]


def test_a_mail_is_rendered_alike_each_time() -> None:
    """It is sent at least once, always with the same bytes."""
    assert delivery()[1].request == delivery()[1].request
    assert "mailto:leads@northgrid.example" == delivery()[1].request.url
