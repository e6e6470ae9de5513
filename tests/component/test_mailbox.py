"""The mailbox that invites to meetings, as it is put."""

import pytest

from tests.component.agency import Agency, codes

MAILBOX = {"email": "meetings@house.example", "name": "The meetings of the house"}


async def test_the_mailbox_for_meetings_has_versions(agency: Agency) -> None:
    other = {**MAILBOX, "email": "calendar@house.example"}
    asked = (MAILBOX, MAILBOX, other)
    answers = [await agency.ask("appointments.mailbox.put", each) for each in asked]
    assert ["created", "unchanged", "changed"] == codes(answers)
    assert [1, 1, 2] == [answer["details"]["version"] for answer in answers]


@pytest.mark.parametrize("email", ["no address", "meetings@house.example\r\nBcc: a@b.example"])
async def test_no_mailbox_is_what_no_mail_arrives_at(agency: Agency, email: str) -> None:
    answer = await agency.ask("appointments.mailbox.put", {"email": email})
    assert ("email_invalid", "email") == (answer["code"], answer["details"]["field"])


async def test_a_customer_puts_no_mailbox(agency: Agency) -> None:
    customer = {"role": "customer", "actor": "acme"}
    answer = await agency.ask("appointments.mailbox.put", MAILBOX, **customer)
    assert "not_permitted" == answer["code"]
