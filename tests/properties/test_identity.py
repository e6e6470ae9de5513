"""Whom a record is about (INT-04, INT-15), whatever is written in it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.catalogue.affiliates import ORGANIC_SOURCE
from services.intake.leads.contacts import Identity, identity
from services.intake.leads.normalizing import identity_of, normalize
from tests.builders import affiliate, record

SOURCES = [
    affiliate(),
    affiliate(mapping={"vocabularies": {"country": {"the old country": "DE"}}}),
    ORGANIC_SOURCE,
]
MAILS = st.sampled_from(
    ["dana@x.example", " DANA@X.example", "'dana@x.example", "", "  ", None, "dana at x", [], 0]
)
PHONES = st.sampled_from(
    [
        "+44 20 7946 0018",
        "030 901820",
        "p:+4930901820",
        "",
        None,
        "030 1234 / 1235",
        ["1"],
        4930901820,
    ]
)
COUNTRIES = st.sampled_from(["DE", "the old country", "Germany", "US", "", None, 49])
OWN = {"Mail": "email", "Tel": "phone", "Land": "country", "State": "subdivision"}


@settings(deadline=None)
@given(MAILS, PHONES, COUNTRIES, st.sampled_from(SOURCES))
def test_who_is_loaded_is_who_is_decided_about(
    mail: Any, phone: Any, country: Any, source: Any
) -> None:
    """A contact that nobody loaded would be made a second time."""
    own = {"Mail": mail, "Tel": phone, "Land": country, "State": ""}
    own |= {OWN[name]: value for name, value in own.items()}
    read = normalize(record(**own), source).person
    assert identity_of(record(**own), source) == (read and identity(read.email, read.phone))


@given(st.none() | st.text(min_size=1), st.none() | st.text(min_size=1))
def test_the_email_goes_before_the_phone(email: str | None, phone: str | None) -> None:
    """Whatever the phone, who has an email is the same person; who has neither is nobody."""
    known = identity(email, phone)
    if email is not None:
        assert Identity("email", email) == known == identity(email, None)
    else:
        assert (Identity("phone", phone) if phone else None) == known


@pytest.mark.parametrize("mail", ["dana@x.example", None])
def test_a_usable_lead_of_an_affiliate_or_the_own_site_has_an_email(mail: str | None) -> None:
    """INT-03: a phone makes a person known, and not a lead usable."""
    read = normalize(record(Mail=mail), affiliate())
    assert (mail is None) == bool(read.reasons)
    assert read.person is not None
    expected = replace(read.person, email=mail)
    assert expected == read.person
