"""What affiliates write in a cell, through topics, to the outcome: who a lead is about, and what
its fields mean."""

from typing import Any

import pytest

from tests.builders import put_affiliate, record
from tests.component.leads import Platform


def case(id: str, kind: str | None = None) -> pytest.MarkDecorator:  # noqa: A002
    return pytest.mark.case("lead-files", id, kind=kind)


@pytest.mark.parametrize(
    ("country", "given", "expected"),
    [
        pytest.param("DE", "4930901820.0", "+4930901820", marks=case("01a", "K01")),
        pytest.param("US", "+1 212-555-0123 ext. 45", "+12125550123", marks=case("26-01", "K31")),
        pytest.param("DE", 4.930901820e9, "+4930901820", marks=case("P01")),
        pytest.param("US", "p:+12125550123", "+12125550123", marks=case("P03")),
        pytest.param("DE", "030 1234 / 1235", None, marks=case("P04")),
        pytest.param("DE", "4.93090182E+9", None, marks=case("P05")),
        pytest.param("DE", "\u202a+49 30 901820\u202c", "+4930901820", marks=case("P06")),
    ],
)
async def test_phone(platform: Platform, country: str, given: Any, expected: str | None) -> None:
    """INT-02: a lead has the number of its person, or none."""
    await platform.submit(record={"Land": country, "Tel": given})
    assert expected == platform.lead()["accepted"]["person"]["phone"]


@pytest.mark.rule("INT-02")
@case("01c", "K01")
@pytest.mark.parametrize("given", ["101.0", "101,0", 101.0, "0101", ["101"], ["", "101.0"]])
async def test_category_of_a_spreadsheet(platform: Platform, given: Any) -> None:
    """A whole number is the same with decimals; another one is not."""
    await platform.submit("R-1", record={"Cat": given})
    await platform.submit("R-2", record={"Cat": "101.5", "Mail": "al@x.example"})
    assert "101" == platform.lead("R-1")["accepted"]["category"]
    assert ["category_unknown"] == platform.codes("R-2")


@pytest.mark.rule("INT-04")
@case("02a", "K02")
@case("02b", "K02")
async def test_two_registrations_are_two_people(platform: Platform) -> None:
    """INT-04, INT-05: straße is not strasse, and the second is no duplicate of the first; another
    spelling of the same is."""
    await platform.submit("R-1", record={"Mail": "jo@straße.example"})
    await platform.submit("R-2", record={"Mail": "jo@strasse.example"})
    await platform.submit("R-3", record={"Mail": "JO@XN--STRAE-OQA.example"})
    assert "jo@xn--strae-oqa.example" == platform.lead("R-1")["accepted"]["person"]["email"]
    assert "accepted" == platform.outcome("R-2")
    assert "omitted" == platform.outcome("R-3")


@case("P11")
@case("P23")
async def test_case_is_one_person_and_tags_are_others(platform: Platform) -> None:
    """INT-04: of one mailbox there is one contact; a tag and a dot may make another mailbox."""
    for number, mail in enumerate(("jo.l@x.example", "Jo.L@X.example ", "jol@x.example"), 1):
        await platform.submit(f"R-{number}", record={"Mail": mail})
    await platform.submit("R-4", record={"Mail": "jo.l+web@x.example"})
    outcomes = [platform.outcome(f"R-{number}") for number in range(1, 5)]
    assert ["accepted", "omitted", "accepted", "accepted"] == outcomes


async def put_vocabulary(platform: Platform, **vocabularies: dict[str, str]) -> None:
    definition = put_affiliate(mapping={"vocabularies": vocabularies})
    await platform.ask("intake.affiliate.put", "acme", definition.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("given", "country"),
    [
        pytest.param("日本", "JP", marks=case("03a", "K03")),
        pytest.param("韓国", "KR", marks=case("03a", "K03")),
        pytest.param("ロシア", None, marks=case("03c", "K03")),
        pytest.param("???", None, marks=case("03c", "K03")),
        ("中国人", None),
        ("—", None),
        ("Ελλάδα ", "GR"),
        ("россия", "RU"),
    ],
)
async def test_vocabulary_in_any_script(
    platform: Platform, given: str, country: str | None
) -> None:
    """INT-02: a word of a vocabulary means what it says there; another one is unknown, never a
    country that somebody else meant."""
    words = {"日本": "JP", "中国": "CN", "韓国": "KR", "ΕΛΛΆΔΑ": "GR", "Россия": "RU"}
    await put_vocabulary(platform, country=words)
    await platform.submit(record={"Land": given, "State": "", "Budget": ""})
    if country:
        assert country == platform.lead()["accepted"]["place"]["country"]
    else:
        assert ["country_unknown"] == platform.codes()


@case("24b", "K34")
async def test_lists_as_values(platform: Platform) -> None:
    """INT-03: the only value of a list is read; of several none is, and the reason says so."""
    await platform.submit("R-1", record={"Mail": ["24b@x.example"], "Cat": ["101"]})
    await platform.submit("R-2", record={"Mail": ["a@x.example", "b@x.example"], "Budget": ""})
    assert "24b@x.example" == platform.lead("R-1")["accepted"]["person"]["email"]
    (reason,) = platform.lead("R-2")["upload"]["reasons"]
    expected = ("field_unreadable", "email is a list of several values, or of no text")
    assert expected == (reason["code"], reason["text"])


@pytest.mark.rule("INT-07")
@case("23g", "K27")
@pytest.mark.parametrize(
    ("given", "written"),
    [
        (False, "false"),
        (["under 10k"], '["under 10k"]'),
        (["a", "b"], '["a","b"]'),
        ({"v": 1}, '{"v":1}'),
    ],
)
async def test_an_alias_frees_an_answer_that_is_no_text(
    platform: Platform, given: Any, written: str
) -> None:
    """INT-07: it is held as it is written, and an alias of that frees it and all that come."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": given})
    assert "held" == platform.outcome("R-1")
    alias = {"question": "q_budget", "given": written, "answer": "under 10k"}
    await platform.ask("intake.question.alias", "q_budget", alias)
    await platform.submit("R-2", record={"Budget": given, "Mail": "al@x.example"})
    assert ["accepted", "accepted"] == [platform.outcome("R-1"), platform.outcome("R-2")]


@pytest.mark.parametrize(
    "given",
    [
        *("3–6 months", "3-Jun", "TRUE", "Y", "ｙｅｓ"),
        *(True, ["x", "y"], {"v": "under 10k"}, 1, 1.5, ["over 50k"]),
    ],
)
@case("P14")
@case("P15")
async def test_answers_that_are_not_allowed_are_held(platform: Platform, given: Any) -> None:
    """INT-06: whatever its kind, an answer is never dropped and never taken for another."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": given})
    await platform.submit("R-2", record={"Budget": "Over 50K ", "Mail": "al@x.example"})
    assert ["held", "accepted"] == [platform.outcome("R-1"), platform.outcome("R-2")]


async def submit_people(platform: Platform, *people: str, **changes: Any) -> list[dict[str, Any]]:
    """All under one reference, in one batch; the answers in their order."""
    for number, name in enumerate(people):
        data = {"affiliate": "acme", "reference": "R-1"}
        data |= {"record": record(Mail=f"{name}@x.example", **changes)}
        platform.publish("intake.lead.submit", "acme:R-1", data, id=f"u{number}")
    await platform.rest()
    answers = {one["command"]: one for one in platform.answers()}
    return [answers[f"u{number}"] for number in range(len(people))]


@pytest.mark.rule("INT-05")
@case("35", "K10")
@case("36a", "K10")
@pytest.mark.parametrize("people", [("ann", "bob", "cyn"), ("ann", "bob"), ("ann", "ANN", "bob")])
async def test_one_reference_of_several_people(platform: Platform, people: tuple[str, ...]) -> None:
    """The first keeps it; each other is told with both leads, can't be used, and is found by the
    email. The first again, however it is spelled, is the first."""
    answers = await submit_people(platform, *people, Budget="")
    first = platform.lead()["_id"]
    others = {name.lower() for name in people} - {"ann"}
    told = [one for one in answers if one["code"] == "reference_conflict"]
    assert len(others) == len(told) == len(platform.events("intake.lead.unusable"))
    assert {first} == {one["details"]["conflicts_with"] for one in told}
    for one in told:
        lead = next(row for row in platform.stored("leads") if row["_id"] == one["details"]["lead"])
        assert ["reference_conflict"] == lead["reason_codes"]
        assert lead["person_id"] in {row["_id"] for row in platform.stored("contacts")}
    assert 1 + len(others) == len({row["person_id"] for row in platform.stored("leads")})
    assert 1 == len(platform.events("intake.lead.accepted"))


async def test_a_conflict_again_is_the_same_conflict(platform: Platform) -> None:
    """INT-05: uploaded again, in another file and batch, it is no third lead."""
    await submit_people(platform, "ann", "bob", Budget="")
    changed = await platform.submit(record={"Mail": "Bob@X.example", "Budget": "", "First": "B"})
    assert "reference_conflict" == changed["code"]
    assert 2 == len(platform.stored("leads"))
    assert 1 == len(platform.events("intake.lead.unusable"))


@pytest.mark.parametrize("mail", ["nobody", "", ["a@x.example", "b@x.example"]])
async def test_nobody_is_no_other_person(platform: Platform, mail: Any) -> None:
    """INT-05: without an email that can be read, the same reference is the lead that it was."""
    await platform.submit(record={"Budget": ""})
    again = await platform.submit(record={"Mail": mail, "Budget": ""})
    assert "accepted" == again["details"]["outcome"]
    assert 1 == len(platform.stored("leads"))


async def test_each_other_record_of_a_lead_is_kept(platform: Platform) -> None:
    """INT-05: under a number of its own."""
    for name in ("Ann", "Bea", "Ann", "Cyn"):
        await platform.submit(record={"Budget": "", "First": name})
    lead, kept = platform.lead(), platform.stored("tries")
    assert 2 == lead["tries"]
    assert {f"{lead['_id']}/{number}" for number in range(2)} == {row["_id"] for row in kept}


@pytest.mark.parametrize("spoilt", [{"Land": "Narnia"}, {"Budget": "none of them"}])
async def test_a_reference_that_was_not_accepted_is_free(
    platform: Platform, spoilt: dict[str, Any]
) -> None:
    """INT-05: after unusable or held the same reference is a new try, also of another person."""
    await platform.question()
    await platform.submit(record={"Mail": "ann@x.example"} | spoilt)
    assert platform.outcome() in ("unusable", "held")
    await platform.submit(record={"Mail": "bob@x.example", "Budget": "under 10k"})
    assert "accepted" == platform.outcome()


async def test_a_person_in_conflict_may_come_under_another_reference(platform: Platform) -> None:
    """INT-05: nothing was accepted, so nothing is a duplicate."""
    await submit_people(platform, "ann", "bob", Budget="")
    await platform.submit("R-2", record={"Mail": "bob@x.example", "Budget": ""})
    assert "accepted" == platform.outcome("R-2")


async def test_an_organic_reference_of_two_people(platform: Platform) -> None:
    """INT-05, INT-15: on the operator's own site as well."""
    await platform.convert(1)
    await platform.convert(1, email="other@x.example")
    assert 2 == len(platform.stored("leads"))
    (told,) = platform.events("intake.lead.unusable")
    assert ["reference_conflict"] == [reason["code"] for reason in told["reasons"]]


async def test_a_lead_keeps_which_fields_were_blank_and_which_nobody_understands(
    platform: Platform,
) -> None:
    """INT-03: also where it can't be used, and as its last upload has it."""
    await platform.submit(record={"Land": "Narnia", "State": "", "Tel": "", "Budget": ""})
    assert (["country"], ["phone", "subdivision"]) == (
        platform.lead()["unread"],
        platform.lead()["blank"],
    )
    await platform.submit(record={"Staff": "many", "Budget": ""})
    assert (["company_size"], []) == (platform.lead()["unread"], platform.lead()["blank"])


def by_phone(**changes: Any) -> dict[str, Any]:
    """Of somebody who has no email; in the builder's record it is a number in London."""
    return {"Mail": "", "Budget": ""} | changes


@pytest.mark.rule("INT-15")
@pytest.mark.parametrize("mail", ["", None, "dana at northgrid"])
async def test_who_has_no_email_is_known_by_the_phone(platform: Platform, mail: Any) -> None:
    """However it is written, one number is one contact; the lead can't be used all the same."""
    written = ["+44 20 7946 0018", "020 7946 0018", "p:+44 (0)20 7946 0018"]
    for number, phone in enumerate(written):
        own = {"Mail": mail, "Tel": phone, "Land": "GB", "State": "", "Budget": ""}
        await platform.submit(f"R-{number}", record=own)
    (contact,) = platform.stored("contacts")
    assert (None, "+442079460018") == (contact["person"]["email"], contact["person"]["phone"])
    assert [(contact["_id"], "phone", "unusable")] * 3 == [
        (lead["person_id"], lead["known_by"], lead["upload"]["outcome"])
        for lead in platform.stored("leads")
    ]
    assert "+44" not in contact["_id"]


@pytest.mark.rule("INT-15")
async def test_the_email_makes_another_contact_than_the_phone(platform: Platform) -> None:
    """Both stay, whichever came first; who has the email is a duplicate by it only."""
    await platform.submit("R-1", record=by_phone())
    await platform.submit("R-2", record={"Budget": ""})
    await platform.submit("R-3", record=by_phone())
    kinds = {row["reference"]: row["known_by"] for row in platform.stored("leads")}
    assert {"R-1": "phone", "R-2": "email", "R-3": "phone"} == kinds
    assert 2 == len(platform.stored("contacts"))
    assert "accepted" == platform.outcome("R-2")


@pytest.mark.rule("INT-05")
@pytest.mark.parametrize("phone", ["+44 20 7946 0018", "+49 30 901820", ""])
async def test_a_phone_does_not_make_another_person_of_a_reference(
    platform: Platform, phone: str
) -> None:
    """An email and a phone can't be compared: who has only the second may be the same."""
    await platform.submit(record={"Budget": ""})
    again = await platform.submit(record=by_phone(Tel=phone))
    assert "accepted" == again["details"]["outcome"]
    assert 1 == len(platform.stored("leads"))
