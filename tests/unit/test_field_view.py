"""A record as it is described to whoever looks at it before it is submitted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as drawn
from pydantic import JsonValue

from services.intake.catalogue.questions import Question, judge
from services.intake.leads.normalizing import normalize
from services.intake.leads.outcomes import submission_of
from services.intake.leads.uploads import raw_submission
from services.intake.queries.field_view import FieldView, view
from shared.contracts.questions import PutQuestion
from tests.builders import NOW, OWN_FIELDS, affiliate, cause, record, submit
from tests.properties.test_normalizing import NEARLY_RIGHT, PLAUSIBLE, RECORDS, RELAXED

MAPPING = {
    "fields": OWN_FIELDS | {"company_revenue": "Revenue"},
    "currency": "EUR",
    "mandatory": ["company_size", "phone"],
    "vocabularies": {"country": {"The States": "US"}, "company_name": {"NG": "Northgrid"}},
    "time_zone": "Europe/Berlin",
}
BUDGET = Question(
    id="main/q_budget",
    version=1,
    tenant="main",
    number=1,
    definition=PutQuestion(
        id="q_budget", text="Budget?", answers=("under 10k", "10k-50k"), categories=("101",)
    ),
    aliases=(),
    changed_at=NOW,
    changed_by="ops",
)
QUESTIONS = {"q_budget": BUDGET}


def described(lead_code: str | None = None, **written: JsonValue) -> Mapping[str, FieldView]:
    known = affiliate(mapping=MAPPING)
    raw = raw_submission(submit(record=record(**written), lead_code=lead_code), cause())
    read = normalize(raw.record, known, raw.lead_code)
    judged = judge(raw.record, known, [read.category], QUESTIONS.get)
    submission = submission_of(raw, known, read, judged, None)
    return {each.field: each for each in view(submission, known)}


@pytest.mark.parametrize(
    ("field", "own", "written", "value", "rule"),
    [
        ("email", "Mail", " Jo@X.example ", "jo@x.example", "an email address"),
        ("phone", "Tel", "212 555 0123", "+12125550123", "a phone number as it is dialled in US"),
        ("first_name", "First", " Jo ", "Jo", "text"),
        ("job_title", "Title", "Owner", "Owner", "a job title: owner, entrepreneurship by 'owner'"),
        (
            "job_title",
            "Title",
            "HR Business",
            "HR Business",
            "a job title: human_resources by 'human resources'",
        ),
        ("job_title", "Title", "Partner", "Partner", "a job title: partner by 'partner'"),
        ("company_name", "Firm", "NG", "Northgrid", "a word of the affiliate's vocabulary"),
        ("company_domain", "Site", "https://www.x.example/", "x.example", "a website or domain"),
        ("company_size", "Staff", "1,000+", "1000+", "a number of employees"),
        ("company_size", "Staff", "51 - 200", "51-200", "a number of employees"),
        (
            "company_revenue",
            "Revenue",
            "$1.2M - 5M",
            "1,200,000-5,000,000 USD",
            "a year's revenue, in EUR if it names no currency",
        ),
        (
            "company_revenue",
            "Revenue",
            "50 Mio.+",
            "50,000,000+ EUR",
            "a year's revenue, in EUR if it names no currency",
        ),
        ("industry", "Branch", "urn:li:industry:4", "4", "an industry, by its code or label"),
        (
            "country",
            "Land",
            "The States",
            "US",
            "a word of the affiliate's vocabulary, then a country, by its code or name",
        ),
        ("country", "Land", "us", "US", "a country, by its code or name"),
        ("subdivision", "State", "Calif.", "US-CA", "a subdivision of US"),
        ("category", "Cat", "0101", "101", "a category of the affiliate"),
        ("lead_code", "Code", "INT-AAA-BBB-1", "INT-AAA-BBB-1", "a lead code of the affiliate"),
        (
            "captured_at",
            "When",
            "03/04/2026",
            "2026-03-03T23:00:00+00:00",
            "a time, in Europe/Berlin if it names no zone, the month before the day",
        ),
        ("q_budget", "Budget", "10K-50K", "10k-50k", "an allowed answer"),
    ],
)
def test_what_is_read(field: str, own: str, written: str, value: str, rule: str) -> None:
    """INT-02: each with its column, what stands there, what was read, and by which rule."""
    assert FieldView(field, own, written, value, "read", rule) == described(**{own: written})[field]


@pytest.mark.parametrize(
    ("field", "own", "written", "code", "text"),
    [
        ("email", "Mail", "jo", "email_invalid", "the email address is not one"),
        ("country", "Land", "Narnia", "country_unknown", "the country is not a known one"),
        ("category", "Cat", "999", "category_unknown", "the affiliate has no such category"),
        ("lead_code", "Code", "X", "lead_code_unknown", "the affiliate has no such lead code"),
        ("phone", "Tel", "call", "field_unreadable", "phone is not in a known format"),
        ("captured_at", "When", "soon", None, "captured_at is not in a known format"),
        (
            "industry",
            "Branch",
            ["4", "6"],
            None,
            "industry is a list of several values, or of no text",
        ),
        ("company_domain", "Site", "nowhere", None, "company_domain is no domain"),
        (
            "company_revenue",
            "Revenue",
            "$5m EUR",
            None,
            "company_revenue names several currencies, or a sign that may be any of several",
        ),
        ("q_budget", "Budget", "10k-5k", "smarter_answer_invalid", "10k-50k"),
    ],
)
def test_what_stays_unknown(
    field: str, own: str, written: JsonValue, code: str | None, text: str
) -> None:
    """INT-02: with the reason that the lead has because of it, if it has one."""
    found = described(**{own: written})[field]
    assert (own, written, None, "unknown", code) == (
        found.column,
        found.given,
        found.value,
        found.state,
        found.code,
    )
    assert text in (found.text or "")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"q_colour": "red"}, "smarter_unknown_symbol"),
        ({"Budget": "10k-50k", "Cat": "205"}, "smarter_question_not_in_category"),
        ({"Budget": "a lot", "Cat": "205"}, "smarter_question_not_in_category"),
    ],
)
def test_an_answer_that_nobody_asks_for_is_told(
    written: Mapping[str, JsonValue], code: str
) -> None:
    """INT-09: it is no fault of the column that it was not judged."""
    (found,) = [each for each in described(**written).values() if each.state == "not_asked"]
    assert (code, None) == (found.code, found.value)


def test_an_answer_is_told_with_what_it_was_held_to() -> None:
    """INT-06: the nearest of the allowed ones stand in its text."""
    found = described(Budget="10k-5k")["q_budget"]
    nearest = "the answer is neither allowed nor a known alias; nearest: '10k-50k', 'under 10k'"
    assert ("an allowed answer", nearest) == (found.rule, found.text)


def test_answers_beyond_those_that_are_told_are_unknown() -> None:
    """INT-09: of a record that is full of them, each still has its line and its column."""
    many = {f"q_{number:03}": "red" for number in range(60)}
    found = [each for field, each in described(**many).items() if field in many]
    assert 60 == len(found)
    assert [(f"q_{number:03}", "red") for number in range(60)] == [
        (each.column, each.given) for each in found
    ]
    assert 50 == sum(each.state == "not_asked" for each in found)
    (text,) = {each.text for each in found if each.state == "unknown"}
    assert "more than 50 answers can't be used; this is one of the others" == text


@pytest.mark.parametrize(
    ("field", "own", "code"),
    [
        ("email", "Mail", "field_missing"),
        ("company_size", "Staff", "field_missing"),
        ("industry", "Branch", None),
        ("q_budget", "Budget", None),
    ],
)
@pytest.mark.parametrize("written", ["", None, "  "])
def test_what_is_blank(field: str, own: str, code: str | None, written: JsonValue) -> None:
    """INT-03: a blank is a reason only where the field is needed."""
    found = described(**{own: written})[field]
    assert (None, "blank", code) == (found.value, found.state, found.code)


@pytest.mark.parametrize(
    ("lead_code", "value", "state", "code"),
    [
        ("INT-AAA-BBB-1", "INT-AAA-BBB-1", "read", None),
        ("INT-X", None, "unknown", "lead_code_unknown"),
    ],
)
def test_what_the_upload_declares(
    lead_code: str, value: str | None, state: str, code: str | None
) -> None:
    """The upload's lead code goes before what the row says, and is told as such."""
    whole = described(lead_code=lead_code, Code="another")
    assert [*described()] == [*whole]
    assert "an email address" == whole["email"].rule
    found = whole["lead_code"]
    assert ("Code", "another") == (found.column, found.given)
    assert (value, state, code, "declared with the upload") == (
        found.value,
        found.state,
        found.code,
        found.rule,
    )


@RELAXED
@drawn(RECORDS | NEARLY_RIGHT | PLAUSIBLE)
def test_the_view_tells_what_the_lead_has(written: dict[str, Any]) -> None:
    """INT-02: of any record the same fields are unknown, and the same blank, as of its lead."""
    known = affiliate(mapping=MAPPING)
    read = normalize(written, known)
    judged = judge(written, known, [read.category], QUESTIONS.get)
    raw = replace(raw_submission(submit(), cause()), record=written)
    found = view(submission_of(raw, known, read, judged, None), known)
    mapped = [each for each in found if each.field in known.definition.mapping.fields]
    assert {*read.unread} == {each.field for each in mapped if each.state == "unknown"}
    assert {*read.blank} == {each.field for each in mapped if each.state == "blank"}
    assert {*judged.answers.values()} == {
        each.value for each in found if each.state == "read" and each not in mapped
    }


@pytest.mark.parametrize(
    ("field", "written", "text"),
    [
        ("phone", {"Tel": "(415) 555-0129"}, "phone has no calling code, and the country"),
        ("phone", {"Tel": "+49"}, "phone is not in a known format"),
        ("phone", {"Tel": "+999 415 555 0129"}, "phone is not in a known format"),
        ("phone", {"Tel": "later"}, "phone is not in a known format"),
        ("phone", {"Tel": "555 55 55 5", "Land": "US"}, "phone is not in a known format"),
        ("subdivision", {"State": "TX"}, "subdivision means nothing without a country"),
        ("subdivision", {"State": "TX", "Land": "DE"}, "subdivision is no known subdivision of DE"),
    ],
)
def test_what_a_country_is_wanted_for_is_unknown_for_want_of_it(
    field: str, written: Mapping[str, str], text: str
) -> None:
    """INT-02: neither the number nor the state is badly written, and nobody need mend it."""
    found = described(**{"Land": "Narnia", **written})[field]
    assert ("unknown", True) == (found.state, (found.text or "").startswith(text)), found
