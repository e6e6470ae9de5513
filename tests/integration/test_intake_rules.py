"""Intake's rules through a real broker and store, each with what must not be."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cli.command import Answer, Asker, record_of
from cli.publishing import put_in_log
from deploy.local import quiet
from tests.integration.platform import (
    OPERATOR,
    asked,
    command,
    events,
    get,
    tell,
)
from tests.integration.scene import ASKING, jump_to, leadops

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.mongo,
    pytest.mark.stack,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]

CODE, OTHER_CODE = "TST-INTAKE-1", "TST-INTAKE-2"
FIELDS = {
    "email": "Mail",
    "first_name": "First",
    "country": "Land",
    "category": "Topic",
    "job_title": "Title",
    "company_size": "Staff",
    "captured_at": "When",
}
CONTACTS = [
    {"name": "Mo Ito", "email": "mo@rules.example", "roles": ["main"]},
    {"name": "Ty Ek", "email": "ty@rules.example", "roles": ["technical"]},
]


@pytest.fixture(scope="module", autouse=True)
def campaign(running: dict[str, Any]) -> None:
    """One for the leads of these tests, in the category that is asked for the budget."""
    send = {"mode": "webhook", "url": f"{running['receiver']}/campaigns/all", "secret": "default"}
    whole = {"id": "all", "customer": "acme", "programme": "standard", "send": send}
    whole |= {"lead_codes": [CODE], "categories": [{"id": ASKING}]}
    assert asked("routing.campaign.put", "all", whole).accepted


def put_affiliate(name: str, **changed: Any) -> Answer:
    mapping = {"fields": FIELDS, "answers": {"q_budget": "Budget"}, "date_order": "mdy"}
    whole = {
        "id": name,
        "name": name,
        "contacts": CONTACTS,
        "mapping": mapping | changed.pop("mapping", {}),
        "lead_codes": [CODE, OTHER_CODE],
        "categories": [ASKING, "102"],
    }
    return asked("intake.affiliate.put", name, whole | changed)


def submission(name: str, reference: str, **changed: Any) -> Any:
    record = {"Mail": f"{reference}@{name}.example", "Land": "US", "Topic": ASKING, "Budget": ""}
    data = {"affiliate": name, "reference": reference, "lead_code": CODE}
    data |= {"record": record | changed.pop("record", {})} | changed
    return command("intake.lead.submit", f"{name}:{reference}", data)


def submit(name: str, reference: str, **changed: Any) -> Answer:
    (answer,) = tell(submission(name, reference, **changed))
    return answer


def leads(**wanted: Any) -> dict[str, dict[str, Any]]:
    """By reference, what the search finds."""
    return {row["reference"]: row for row in get("intake", "/leads", **wanted)["leads"]}


def lead(name: str, reference: str) -> dict[str, Any]:
    found: dict[str, Any] = get("intake", f"/leads/{leads(affiliate=name)[reference]['id']}")
    return found


def codes(told: dict[str, Any]) -> list[str]:
    return sorted(reason["code"] for reason in told["reasons"])


@pytest.mark.rule("INT-01")
def test_an_affiliate_is_data_and_is_written_to_by_role(running: dict[str, Any]) -> None:
    """A reupload concerns the technical contact; for an estimate nobody stands, so the main
    contact is asked. Without a main contact an affiliate is refused."""
    assert put_affiliate("roles").accepted
    for id_, kind in (("e", "estimate"), ("r", "reupload")):
        data = {"affiliate": "roles", "id": id_, "kind": kind, "text": "please"}
        assert asked("intake.request.open", f"roles:{id_}", data).accepted
    found = {row["id"]: row["role"] for row in get("intake", "/requests", open="true")["requests"]}
    assert {"e": "main", "r": "technical"} == {name: found[name] for name in ("e", "r")}
    refused = put_affiliate("headless", contacts=CONTACTS[1:])
    assert (False, "main_contact_missing") == (refused.accepted, refused.code)


@pytest.mark.rule("INT-02")
def test_two_formats_become_one_canonical_lead(running: dict[str, Any]) -> None:
    """Fields, words and dates are each affiliate's own; what a mapping does not tell is unknown,
    not guessed; and a mapping that goes in circles is refused."""
    put_affiliate("english")
    german = {
        "fields": dict(
            zip(FIELDS, ("Mail", "Vorname", "Staat", "Thema", "Titel", "MA", "Am"), strict=True)
        ),
        "vocabularies": {"country": {"Amiland": "US"}},
        "date_order": "dmy",
    }
    put_affiliate("german", mapping=german)
    one = {"Mail": " IO.Two@Mail.example", "First": "Io", "Staff": "51 to 200"}
    one |= {"When": "03/04/2026", "Title": "Head of IT"}
    two = {"Mail": "io.two@mail.example", "Vorname": "Io", "MA": "51-200", "Am": "04.03.2026"}
    two |= {"Titel": "Head of IT", "Staat": "Amiland", "Thema": f"0{ASKING}"}
    submit("english", "1", record=one)
    submit("german", "1", record=two, lead_code=OTHER_CODE)
    canonical = [lead(name, "1")["accepted"] for name in ("english", "german")]
    same = ("person", "company", "place", "category", "captured_at", "title_class", "person_id")
    assert [canonical[0][name] for name in same] == [canonical[1][name] for name in same]
    put_affiliate("vague", mapping={"date_order": None})
    submit("vague", "1", record={"When": "03/04/2026"})
    assert lead("vague", "1")["accepted"]["captured_at"] is None
    circle = {"vocabularies": {"country": {"a": "b", "b": "a"}}}
    assert "vocabulary_cycle" == put_affiliate("circle", mapping=circle).code


@pytest.mark.rule("INT-03")
def test_each_record_ends_as_exactly_one_outcome(running: dict[str, Any]) -> None:
    """With every reason, the raw record beside it, and a sum that nothing is missing from."""
    put_affiliate("sums")
    submit("sums", "1")
    submit("sums", "2", record={"Mail": "no address", "Topic": "999", "Land": "Narnia"})
    submit("sums", "3", record={"Budget": "a lot"})
    submit("sums", "4", record={"Mail": "1@sums.example"})
    found = leads(affiliate="sums")
    outcomes = [found[number]["outcome"] for number in "1234"]
    assert ["accepted", "unusable", "held", "omitted"] == outcomes
    assert ["category_unknown", "country_unknown", "email_invalid"] == codes(found["2"])
    assert "Narnia" == lead("sums", "2")["record"]["Land"]
    (counted,) = [
        row for row in get("intake", "/counts", reasons="true")["affiliates"] if row["id"] == "sums"
    ]
    assert 4 == counted["submitted"]
    assert {"duplicate": 1, "email_invalid": 1}.items() <= counted["reasons"].items()


@pytest.mark.rule("INT-05")
def test_references_and_persons_are_leads_once(running: dict[str, Any]) -> None:
    """An accepted reference is that lead forever, any other is tried anew; a person is a duplicate
    for 90 days under one lead code, and a blank field makes none."""
    put_affiliate("person")
    first, again = submit("person", "1"), submit("person", "1", record={"First": "Other"})
    assert first.details == again.details
    assert ["unusable", "accepted"] == [
        submit("person", "2", record={"Mail": mail}).details["outcome"]
        for mail in ("none", "2@person.example")
    ]
    same = {"Mail": "1@person.example"}
    assert "omitted" == submit("person", "3", record=same).details["outcome"]
    assert "accepted" == submit("person", "4", record=same, lead_code=OTHER_CODE).details["outcome"]
    past = quiet.now() - timedelta(days=91)
    person = {"Mail": "past@person.example"}
    put_in_log([record_of(submission("person", "5", record=person), OPERATOR, past)])
    quiet.wait_quiet(30)
    assert "accepted" == submit("person", "6", record=person).details["outcome"]
    assert "accepted" == leads(affiliate="person")["5"]["outcome"]
    blanks = [submit("person", f"b{n}", record={"Mail": ""}).details["outcome"] for n in range(2)]
    assert ["unusable"] * 2 == blanks


@pytest.mark.rule("INT-05")
@pytest.mark.case("lead-files", "35", kind="K10")
def test_the_first_row_of_a_file_wins(running: dict[str, Any], tmp_path: Path) -> None:
    """Of each person the row that stands first is the lead, though rows go to shards that keep no
    order among each other; a reference of two people is told with both lines."""
    put_affiliate("turns", mapping={"fields": FIELDS | {"reference": "Ref"}})
    rows = [f"T{round_}-{who},p{who}@turns.example" for round_ in range(4) for who in range(12)]
    rows += ["C-1,c1@turns.example", "C-1,c2@turns.example", "T0-0,c3@turns.example"]
    lines = ["Ref,Mail,Land,Topic", *(f"{row},US,{ASKING}" for row in rows)]
    file = tmp_path / "leads.csv"
    file.write_text("\n".join(lines) + "\n")
    code, done = leadops("import", str(file), "--affiliate", "turns", "--lead-code", CODE)
    assert (1, 13, 36, 2) == (code, done["accepted"], done["omitted"], done["unusable"])
    assert [(51, 50), (52, 2)] == [(row["line"], row["line_of"]) for row in done["conflicts"]]
    accepted = get("intake", "/leads", affiliate="turns", outcome="accepted", limit="100")["leads"]
    assert {"C-1", *(f"T0-{who}" for who in range(12))} == {lead["reference"] for lead in accepted}
    for number, reference in ((2, "C-1"), (3, "T0-0")):
        (found,) = get("intake", "/leads", email=f"c{number}@turns.example")["leads"]
        assert (reference, ["reference_conflict"]) == (
            found["reference"],
            [reason["code"] for reason in found["reasons"]],
        )


@pytest.mark.rule("INT-06")
def test_an_answer_that_is_not_allowed_holds_the_lead(running: dict[str, Any]) -> None:
    """And alerts at once, with the closest answers, near misses told from serious ones; an allowed
    one passes whatever its case."""
    put_affiliate("smart")
    submit("smart", "1", record={"Budget": " OVER 50K "})
    submit("smart", "2", record={"Budget": "undr 10k"})
    submit("smart", "3", record={"Budget": "ask my boss"})
    found = leads(affiliate="smart")
    assert ["accepted", "held", "held"] == [found[number]["outcome"] for number in "123"]
    alerts = {
        row["reference"]: row
        for row in events(running, "intake.lead.held")
        if row["affiliate"] == "smart"
    }
    assert {"2", "3"} == set(alerts) and CODE == alerts["2"]["lead_code"]
    near, serious = (alerts[number]["answers"][0]["suggestions"] for number in "23")
    assert ("under 10k", True) == (near[0]["answer"], near[0]["near"])
    assert not any(suggestion["near"] for suggestion in serious)


@pytest.mark.rule("INT-07")
def test_a_held_lead_is_released_by_answer_alias_or_upload(running: dict[str, Any]) -> None:
    """An alias frees all that waits for it and all later uploads; what is not allowed is refused
    and frees nothing; each release checks everything again."""
    put_affiliate("free")
    spelling = {"Budget": "10 to 50 thousand"}
    for number in ("1", "2"):
        submit("free", number, record=spelling)
    submit("free", "3", record={"Budget": "plenty"})
    submit("free", "4", record={"Budget": "plenty", "Mail": "1@free.example"})
    wrong = {"question": "q_budget", "given": "plenty", "answer": "a million"}
    assert "answer_not_allowed" == asked("intake.question.alias", "q_budget", wrong).code
    alias = {"question": "q_budget", "given": "10 TO 50 thousand", "answer": "10k-50k"}
    assert asked("intake.question.alias", "q_budget", alias, Asker("ann")).accepted
    quiet.wait_quiet(30)
    found = leads(affiliate="free")
    assert ["accepted", "accepted", "held", "held"] == [found[n]["outcome"] for n in "1234"]
    assert "accepted" == submit("free", "5", record=spelling).details["outcome"]
    questions = {row["id"]: row for row in get("intake", "/questions")["questions"]}
    assert "ann" == questions["q_budget"]["aliases"][-1]["added_by"]
    meant = {"affiliate": "free", "reference": "3", "answers": {"q_budget": "over 50k"}}
    assert "accepted" == asked("intake.lead.release", "free:3", meant).details["outcome"]
    again = asked("intake.lead.release", "free:4", meant | {"reference": "4"})
    assert "omitted" == again.details["outcome"]
    assert "not_held" == asked("intake.lead.release", "free:3", meant).code


@pytest.mark.rule("INT-08")
def test_a_reupload_replaces_what_was_not_sent(running: dict[str, Any]) -> None:
    """Routing withdraws a lead that nobody wants, and not one that was sent; then the re-upload is
    not used, and the first stays."""
    put_affiliate("anew")
    submit("anew", "1", record={"Topic": "102"})
    submit("anew", "2")
    quiet.wait_quiet(30)
    first = submit("anew", "1b", replaces="1", record={"Mail": "1@anew.example"})
    second = submit("anew", "2b", replaces="2", record={"Mail": "2@anew.example"})
    assert ["waiting", "waiting"] == [first.code, second.code]
    quiet.wait_quiet(30)
    found = leads(affiliate="anew")
    assert ("omitted", ["replaced"]) == (found["1"]["outcome"], codes(found["1"]))
    assert ("accepted", ["all"]) == (found["1b"]["outcome"], found["1b"]["sent_to"])
    assert ("accepted", ["all"]) == (found["2"]["outcome"], found["2"]["sent_to"])
    assert ("omitted", ["replaces_sent"]) == (found["2b"]["outcome"], codes(found["2b"]))
    assert "replaced_unknown" == submit("anew", "3", replaces="none").code


@pytest.mark.rule("INT-09")
def test_answers_that_nobody_asked_for_are_reported(running: dict[str, Any]) -> None:
    """An unknown symbol and a question of another category; an asked one is not."""
    put_affiliate("odd")
    submit("odd", "1", record={"q_shoe_size": "44"})
    submit("odd", "2", record={"Topic": "102", "Budget": "over 50k"})
    submit("odd", "3", record={"Budget": "over 50k"})
    found = leads(affiliate="odd")
    assert ["smarter_unknown_symbol"] == codes(found["1"])
    assert ["smarter_question_not_in_category"] == codes(found["2"])
    assert [] == codes(found["3"])
    reported = lead("odd", "1")["accepted"]["reported"]
    assert ["q_shoe_size"] == [reason["field"] for reason in reported]


@pytest.mark.rule("INT-10")
def test_deliveries_are_reconciled(running: dict[str, Any]) -> None:
    """Live, and after a day what does not add up is raised with the missing rows; what does is
    not."""
    put_affiliate("month")
    announce("short", 3, ["1", "2", "3"])
    announce("whole", 1, [])
    submit("month", "1", delivery="short")
    submit("month", "2", delivery="short", record={"Mail": "none"})
    submit("month", "4", delivery="whole")
    quiet.wait_quiet(30)
    told = get("intake", "/deliveries/month/short")
    assert (3, 2, 1, 1, 1) == tuple(
        told[name] for name in ("declared", "received", "accepted", "unusable", "sent")
    )
    assert (["3"], "Ty Ek") == (told["missing"], told["contact"]["name"])
    assert {} == reconciled(running)
    jump_to(running, quiet.now() + timedelta(hours=25))
    raised = reconciled(running)
    assert (False, ["3"]) == (raised["short"]["adds_up"], raised["short"]["missing"])
    assert raised["whole"]["adds_up"]
    asked_for = [
        row
        for row in events(running, "intake.request.opened")
        if row["affiliate"] == "month" and row["rows"]
    ]
    assert [(["3"], "technical")] == [(row["rows"], row["role"]) for row in asked_for[:1]]
    refused = announce("wrong", 2, ["only one"])
    assert (False, "references_differ") == (refused.accepted, refused.code)


def reconciled(running: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = events(running, "intake.delivery.reconciled")
    return {row["delivery"]: row for row in found if row["affiliate"] == "month"}


def announce(name: str, declared: int, references: list[str]) -> Answer:
    data = {"affiliate": "month", "id": name, "month": "2026-03", "lead_code": CODE}
    data |= {"declared": declared, "references": references}
    return asked("intake.delivery.announce", f"month:{name}", data)


@pytest.mark.rule("INT-11")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"affiliate": "seek"}, {"1", "2", "3"}),
        ({"affiliate": "seek", "outcome": "unusable"}, {"2"}),
        ({"affiliate": "seek", "lead_code": OTHER_CODE}, {"3"}),
        ({"affiliate": "seek", "sent": "true"}, {"1"}),
        ({"affiliate": "seek", "sent": "false"}, {"2", "3"}),
        ({"campaign": "all", "email": "1@seek.example"}, {"1"}),
        ({"delivery": "march", "affiliate": "seek"}, {"3"}),
        ({"email": " 3@SEEK.example "}, {"3"}),
        ({"affiliate": "seek", "source": "organic"}, set()),
        ({"affiliate": "seek", "from": "2126-01-01"}, set()),
        ({"affiliate": "seek", "to": "2020-01-01"}, set()),
        ({"email": "nobody@seek.example"}, set()),
    ],
)
def test_leads_are_found(
    running: dict[str, Any], sought: None, wanted: dict[str, str], found: set[str]
) -> None:
    """By each filter, by all of them together, and by none that does not hold."""
    assert found == set(leads(**wanted))


@pytest.fixture(scope="module")
def sought(running: dict[str, Any]) -> None:
    put_affiliate("seek")
    submit("seek", "1")
    submit("seek", "2", record={"Mail": "none"})
    submit("seek", "3", lead_code=OTHER_CODE, delivery="march", record={"Topic": "102"})
    quiet.wait_quiet(30)


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
    running: dict[str, Any], title: str, seniority: str | None, function: str | None
) -> None:
    """With the words that decided; what they do not tell stays unknown."""
    put_affiliate("titled")
    reference = quote(title, safe="")
    submit("titled", reference, record={"Title": title, "Mail": f"{len(title)}@titled.example"})
    told = lead("titled", reference)["accepted"]["title_class"]
    assert (seniority, function) == (told["seniority"], told["function"])
    assert bool(told["rule"]) == bool(seniority or function)


@pytest.mark.rule("INT-15")
def test_an_organic_lead_has_a_source_of_its_own(running: dict[str, Any]) -> None:
    """Converted on the operator's site, with categories and without a lead code; without a
    category it can't be used, and an affiliate can't have its name."""
    data = {
        "reference": "web-1",
        "converted_at": "2026-03-01T10:00:00Z",
        "categories": ["101", "310"],
        "record": {"email": "io.web@mail.example", "country": "DE"},
    }
    assert asked("intake.lead.convert", "organic:web-1", data).accepted
    told = lead_of_source("organic", "web-1")
    assert (None, None, "101") == (told["affiliate"], told["lead_code"], told["category"])
    assert ["101", "310"] == told["accepted"]["categories"]
    without = data | {"reference": "web-2", "categories": []}
    answer = asked("intake.lead.convert", "organic:web-2", without)
    assert "unusable" == answer.details["outcome"]
    assert "id_reserved" == put_affiliate("organic").code


def lead_of_source(source: str, reference: str) -> dict[str, Any]:
    found: dict[str, Any] = get("intake", f"/leads/{leads(source=source)[reference]['id']}")
    return found


@pytest.mark.rule("INT-16")
def test_requests_are_sent_listed_reminded_and_answered(running: dict[str, Any]) -> None:
    """Reminded until they are answered, and not afterwards; an estimate is answered whole, and
    only by whom it was asked."""
    put_affiliate("asked")
    data = {"affiliate": "asked", "id": "march", "kind": "estimate", "text": "How many?"}
    assert asked("intake.request.open", "asked:march", data).accepted
    jump_to(running, quiet.now() + timedelta(days=3, hours=1))
    reminders = {
        row["reminder"]
        for row in events(running, "intake.request.opened")
        if row["request"] == "march"
    }
    assert {0, 1} <= reminders
    answer = {"affiliate": "asked", "id": "march", "volume": 500}
    assert "estimate_incomplete" == asked("intake.request.answer", "asked:march", answer).code
    answer |= {"price_minor": 4500, "currency": "USD", "valid_until": "2030-01-01T00:00:00Z"}
    stranger = asked("intake.request.answer", "asked:march", answer, Asker("other", "affiliate"))
    assert "not_permitted" == stranger.code
    own = asked("intake.request.answer", "asked:march", answer, Asker("asked", "affiliate"))
    assert own.accepted
    listed = [row["id"] for row in get("intake", "/requests", open="true")["requests"]]
    assert "march" not in listed
