"""Intake's rules, each with what must not be."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from cli.command import Answer, Asker
from tests.scenes.scene import ASKING
from tests.scenes.simulated import Simulated
from tests.scenes.uploads import CODE, CONTACTS, FIELDS, OTHER_CODE, Uploads, codes


@pytest.fixture
def uploads(simulated: Simulated) -> Uploads[Simulated]:
    uploads = Uploads(simulated)
    uploads.put_campaign()
    return uploads


@pytest.mark.rule("INT-01")
def test_an_affiliate_is_data_and_is_written_to_by_role(uploads: Uploads[Simulated]) -> None:
    """A reupload concerns the technical contact; for an estimate nobody stands, so the main
    contact is asked. Without a main contact an affiliate is refused."""
    assert uploads.put_affiliate("roles").accepted
    for id_, kind in (("e", "estimate"), ("r", "reupload")):
        data = {"affiliate": "roles", "id": id_, "kind": kind, "text": "please"}
        assert uploads.ask("request.open", f"roles:{id_}", data).accepted
    found = {row["id"]: row["role"] for row in uploads.get("/requests", open="true")["requests"]}
    assert {"e": "main", "r": "technical"} == {name: found[name] for name in ("e", "r")}
    refused = uploads.put_affiliate("headless", contacts=CONTACTS[1:])
    assert (False, "main_contact_missing") == (refused.accepted, refused.code)


@pytest.mark.rule("INT-02")
def test_two_formats_become_one_canonical_lead(uploads: Uploads[Simulated]) -> None:
    """Fields, words and dates are each affiliate's own; what a mapping does not tell is unknown,
    not guessed; and a mapping that goes in circles is refused."""
    uploads.put_affiliate("english")
    german = {
        "fields": dict(
            zip(FIELDS, ("Mail", "Vorname", "Staat", "Thema", "Titel", "MA", "Am"), strict=True)
        ),
        "vocabularies": {"country": {"Amiland": "US"}},
        "date_order": "dmy",
    }
    uploads.put_affiliate("german", mapping=german)
    one = {"Mail": " IO.Two@Mail.example", "First": "Io", "Staff": "51 to 200"}
    one |= {"When": "03/04/2026", "Title": "Head of IT"}
    two = {"Mail": "io.two@mail.example", "Vorname": "Io", "MA": "51-200", "Am": "04.03.2026"}
    two |= {"Titel": "Head of IT", "Staat": "Amiland", "Thema": f"0{ASKING}"}
    uploads.submit("english", "1", record=one)
    uploads.submit("german", "1", record=two, lead_code=OTHER_CODE)
    canonical = [uploads.lead("1", affiliate=name)["accepted"] for name in ("english", "german")]
    same = ("person", "company", "place", "category", "captured_at", "title_class", "person_id")
    assert [canonical[0][name] for name in same] == [canonical[1][name] for name in same]
    uploads.put_affiliate("vague", mapping={"date_order": None})
    uploads.submit("vague", "1", record={"When": "03/04/2026"})
    assert uploads.lead("1", affiliate="vague")["accepted"]["captured_at"] is None
    circle = {"vocabularies": {"country": {"a": "b", "b": "a"}}}
    assert "vocabulary_cycle" == uploads.put_affiliate("circle", mapping=circle).code


@pytest.mark.rule("INT-03")
def test_each_record_ends_as_exactly_one_outcome(uploads: Uploads[Simulated]) -> None:
    """With every reason, the raw record beside it, and a sum that nothing is missing from."""
    uploads.put_affiliate("sums")
    uploads.submit("sums", "1")
    uploads.submit("sums", "2", record={"Mail": "no address", "Topic": "999", "Land": "Narnia"})
    uploads.submit("sums", "3", record={"Budget": "a lot"})
    uploads.submit("sums", "4", record={"Mail": "1@sums.example"})
    found = uploads.leads(affiliate="sums")
    outcomes = [found[number]["outcome"] for number in "1234"]
    assert ["accepted", "unusable", "held", "omitted"] == outcomes
    assert ["category_unknown", "country_unknown", "email_invalid"] == codes(found["2"])
    assert "Narnia" == uploads.lead("2", affiliate="sums")["record"]["Land"]
    (counted,) = [
        row for row in uploads.get("/counts", reasons="true")["affiliates"] if row["id"] == "sums"
    ]
    assert 4 == counted["submitted"]
    assert {"duplicate": 1, "email_invalid": 1}.items() <= counted["reasons"].items()


@pytest.mark.rule("INT-05")
def test_references_and_persons_are_leads_once(uploads: Uploads[Simulated]) -> None:
    """An accepted reference is that lead forever, any other is tried anew; a person is a duplicate
    for 90 days under one lead code, and a blank field makes none."""
    uploads.put_affiliate("person")
    first, again = (
        uploads.submit("person", "1"),
        uploads.submit("person", "1", record={"First": "Other"}),
    )
    assert first.details == again.details
    assert ["unusable", "accepted"] == [
        uploads.outcome("person", "2", record={"Mail": mail})
        for mail in ("none", "2@person.example")
    ]
    same = {"Mail": "1@person.example"}
    assert "omitted" == uploads.outcome("person", "3", record=same)
    assert "accepted" == uploads.outcome("person", "4", record=same, lead_code=OTHER_CODE)
    past = uploads.platform.now() - timedelta(days=91)
    person = {"Mail": "past@person.example"}
    uploads.platform.publish(uploads.submission("person", "5", record=person), at=past)
    uploads.platform.rest()
    assert "accepted" == uploads.outcome("person", "6", record=person)
    assert "accepted" == uploads.leads(affiliate="person")["5"]["outcome"]
    blanks = [uploads.outcome("person", f"b{n}", record={"Mail": ""}) for n in range(2)]
    assert ["unusable"] * 2 == blanks


@pytest.mark.rule("INT-06")
def test_an_answer_that_is_not_allowed_holds_the_lead(uploads: Uploads[Simulated]) -> None:
    """And alerts at once, with the closest answers, near misses told from serious ones; an allowed
    one passes whatever its case."""
    uploads.put_affiliate("smart")
    uploads.submit("smart", "1", record={"Budget": " OVER 50K "})
    uploads.submit("smart", "2", record={"Budget": "undr 10k"})
    uploads.submit("smart", "3", record={"Budget": "ask my boss"})
    found = uploads.leads(affiliate="smart")
    assert ["accepted", "held", "held"] == [found[number]["outcome"] for number in "123"]
    alerts = {
        row["reference"]: row
        for row in uploads.platform.events("intake.lead.held")
        if row["affiliate"] == "smart"
    }
    assert {"2", "3"} == set(alerts) and CODE == alerts["2"]["lead_code"]
    near, serious = (alerts[number]["answers"][0]["suggestions"] for number in "23")
    assert ("under 10k", True) == (near[0]["answer"], near[0]["near"])
    assert not any(suggestion["near"] for suggestion in serious)


@pytest.mark.rule("INT-07")
def test_a_held_lead_is_released_by_answer_alias_or_upload(uploads: Uploads[Simulated]) -> None:
    """An alias frees all that waits for it and all later uploads; what is not allowed is refused
    and frees nothing; each release checks everything again."""
    uploads.put_affiliate("free")
    spelling = {"Budget": "10 to 50 thousand"}
    for number in ("1", "2"):
        uploads.submit("free", number, record=spelling)
    uploads.submit("free", "3", record={"Budget": "plenty"})
    uploads.submit("free", "4", record={"Budget": "plenty", "Mail": "1@free.example"})
    wrong = {"question": "q_budget", "given": "plenty", "answer": "a million"}
    assert "answer_not_allowed" == uploads.ask("question.alias", "q_budget", wrong).code
    alias = {"question": "q_budget", "given": "10 TO 50 thousand", "answer": "10k-50k"}
    assert uploads.ask("question.alias", "q_budget", alias, Asker("ann")).accepted
    uploads.platform.rest()
    found = uploads.leads(affiliate="free")
    assert ["accepted", "accepted", "held", "held"] == [found[n]["outcome"] for n in "1234"]
    assert "accepted" == uploads.outcome("free", "5", record=spelling)
    questions = {row["id"]: row for row in uploads.get("/questions")["questions"]}
    assert "ann" == questions["q_budget"]["aliases"][-1]["added_by"]
    meant = {"affiliate": "free", "reference": "3", "answers": {"q_budget": "over 50k"}}
    assert "accepted" == uploads.ask("lead.release", "free:3", meant).details["outcome"]
    again = uploads.ask("lead.release", "free:4", meant | {"reference": "4"})
    assert "omitted" == again.details["outcome"]
    assert "not_held" == uploads.ask("lead.release", "free:3", meant).code


@pytest.mark.rule("INT-09")
def test_answers_that_nobody_asked_for_are_reported(uploads: Uploads[Simulated]) -> None:
    """An unknown symbol and a question of another category; an asked one is not."""
    uploads.put_affiliate("odd")
    uploads.submit("odd", "1", record={"q_shoe_size": "44"})
    uploads.submit("odd", "2", record={"Topic": "102", "Budget": "over 50k"})
    uploads.submit("odd", "3", record={"Budget": "over 50k"})
    found = uploads.leads(affiliate="odd")
    assert ["smarter_unknown_symbol"] == codes(found["1"])
    assert ["smarter_question_not_in_category"] == codes(found["2"])
    assert [] == codes(found["3"])
    reported = uploads.lead("1", affiliate="odd")["accepted"]["reported"]
    assert ["q_shoe_size"] == [reason["field"] for reason in reported]


@pytest.mark.rule("INT-10")
def test_deliveries_are_reconciled(uploads: Uploads[Simulated]) -> None:
    """Live, and after a day what does not add up is raised with the missing rows; what does is
    not."""
    uploads.put_affiliate("month")
    announce(uploads, "short", 3, ["1", "2", "3"])
    announce(uploads, "whole", 1, [])
    uploads.submit("month", "1", delivery="short")
    uploads.submit("month", "2", delivery="short", record={"Mail": "none"})
    uploads.submit("month", "4", delivery="whole")
    uploads.platform.rest()
    told = uploads.get("/deliveries/month/short")
    assert (3, 2, 1, 1, 1) == tuple(
        told[name] for name in ("declared", "received", "accepted", "unusable", "sent")
    )
    assert (["3"], "Ty Ek") == (told["missing"], told["contact"]["name"])
    assert {} == reconciled(uploads)
    uploads.platform.jump_to(uploads.platform.now() + timedelta(hours=25))
    raised = reconciled(uploads)
    assert (False, ["3"]) == (raised["short"]["adds_up"], raised["short"]["missing"])
    assert raised["whole"]["adds_up"]
    asked_for = [
        row
        for row in uploads.platform.events("intake.request.opened")
        if row["affiliate"] == "month" and row["rows"]
    ]
    assert [(["3"], "technical")] == [(row["rows"], row["role"]) for row in asked_for[:1]]
    refused = announce(uploads, "wrong", 2, ["only one"])
    assert (False, "references_differ") == (refused.accepted, refused.code)


def reconciled(uploads: Uploads[Simulated]) -> dict[str, dict[str, Any]]:
    found = uploads.platform.events("intake.delivery.reconciled")
    return {row["delivery"]: row for row in found if row["affiliate"] == "month"}


def announce(
    uploads: Uploads[Simulated], name: str, declared: int, references: list[str]
) -> Answer:
    data: dict[str, Any] = {"affiliate": "month", "id": name, "month": "2026-03", "lead_code": CODE}
    data |= {"declared": declared, "references": references}
    return uploads.ask("delivery.announce", f"month:{name}", data)


@pytest.mark.rule("INT-13")
@pytest.mark.parametrize(
    ("title", "seniority", "function"),
    [
        ("VP, Sales & Marketing", "vp", "sales"),
        ("Head of IT", "director", "information_technology"),
        ("Sr. Mgr InfoSec", "manager", "information_technology"),
        ("Chief Happiness Wizard of n/a", None, None),
    ],
)
def test_titles_are_classified(
    uploads: Uploads[Simulated], title: str, seniority: str | None, function: str | None
) -> None:
    """With the words that decided; what they do not tell stays unknown."""
    uploads.put_affiliate("titled")
    reference = quote(title, safe="")
    uploads.submit(
        "titled", reference, record={"Title": title, "Mail": f"{len(title)}@titled.example"}
    )
    told = uploads.lead(reference, affiliate="titled")["accepted"]["title_class"]
    assert (seniority, function) == (told["seniority"], told["function"])
    assert bool(told["rule"]) == bool(seniority or function)


@pytest.mark.rule("INT-15")
def test_an_organic_lead_has_a_source_of_its_own(uploads: Uploads[Simulated]) -> None:
    """Converted on the operator's site, with categories and without a lead code; without a
    category it can't be used, and an affiliate can't have its name."""
    data = {
        "reference": "web-1",
        "converted_at": "2026-03-01T10:00:00Z",
        "categories": ["101", "310"],
        "record": {"email": "io.web@mail.example", "country": "DE"},
    }
    assert uploads.ask("lead.convert", "organic:web-1", data).accepted
    told = uploads.lead("web-1", source="organic")
    assert (None, None, "101") == (told["affiliate"], told["lead_code"], told["category"])
    assert ["101", "310"] == told["accepted"]["categories"]
    without = data | {"reference": "web-2", "categories": []}
    answer = uploads.ask("lead.convert", "organic:web-2", without)
    assert "unusable" == answer.details["outcome"]
    assert "id_reserved" == uploads.put_affiliate("organic").code


@pytest.mark.rule("INT-16")
def test_requests_are_sent_listed_reminded_and_answered(uploads: Uploads[Simulated]) -> None:
    """Reminded until they are answered, and not afterwards; an estimate is answered whole, and
    only by whom it was asked."""
    uploads.put_affiliate("asked")
    data = {"affiliate": "asked", "id": "march", "kind": "estimate", "text": "How many?"}
    assert uploads.ask("request.open", "asked:march", data).accepted
    uploads.platform.jump_to(uploads.platform.now() + timedelta(days=3, hours=1))
    reminders = {
        row["reminder"]
        for row in uploads.platform.events("intake.request.opened")
        if row["request"] == "march"
    }
    assert {0, 1} <= reminders
    answer = {"affiliate": "asked", "id": "march", "volume": 500}
    assert "estimate_incomplete" == uploads.ask("request.answer", "asked:march", answer).code
    answer |= {"price_minor": 4500, "currency": "USD", "valid_until": "2030-01-01T00:00:00Z"}
    stranger = uploads.ask("request.answer", "asked:march", answer, Asker("other", "affiliate"))
    assert "not_permitted" == stranger.code
    own = uploads.ask("request.answer", "asked:march", answer, Asker("asked", "affiliate"))
    assert own.accepted
    listed = [row["id"] for row in uploads.get("/requests", open="true")["requests"]]
    assert "march" not in listed
