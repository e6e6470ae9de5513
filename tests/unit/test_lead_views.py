"""What the command line shows of leads, as a person reads it in a terminal of 80 columns."""

from typing import Any

import pytest

from cli.campaign_commands import describe
from cli.explain_commands import rows_of, show_campaigns
from cli.held_commands import rows_of as held_rows
from cli.held_commands import show_held
from cli.intake_commands import whom
from cli.lead_commands import flatten, print_lead, show_ids
from cli.output import show_further, show_table

LEAD = "fef0374c-594f-5371-a6cf-97f21c0fa09"


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def held(number: int, given: str, answer: str | None) -> dict[str, Any]:
    suggestions = [{"answer": answer, "score": 90, "near": True}] if answer else []
    asked = {"question": "q_timeframe", "given": given, "suggestions": suggestions}
    of = {"id": f"{LEAD}{number}", "affiliate": "technology-advice", "reference": f"R-{number}"}
    return of | {"lead_code": "A", "held": [asked]}


def test_held_leads_of_one_answer_stand_together(capsys: pytest.CaptureFixture[str]) -> None:
    """With the command that frees them all, ready to be copied; where nothing comes close there is
    none."""
    leads = [held(1, "3-6 monhts", "3-6 months"), held(2, "soon", None)]
    leads += [held(3, "3-6 monhts", "3-6 months")]
    show_held(3, [row for lead in leads for row in held_rows(lead)])
    assert [
        "3 held leads",
        "",
        "q_timeframe: '3-6 monhts', near miss",
        "  closest allowed answer: 3-6 months (90)",
        "  if it means that: leadops held alias q_timeframe '3-6 monhts' '3-6 months'",
        "",
        "lead                                  affiliate          reference",
        f"{LEAD}1  technology-advice  R-1",
        f"{LEAD}3  technology-advice  R-3",
        "",
        "q_timeframe: 'soon', serious",
        "  closest allowed answer: none",
        "",
        "lead                                  affiliate          reference",
        f"{LEAD}2  technology-advice  R-2",
    ] == capsys.readouterr().out.splitlines()


def test_explaining_names_a_campaign_once(capsys: pytest.CaptureFixture[str]) -> None:
    place = {
        "code": "filter.place",
        "value": "US-TX",
        "expected": ["GB", "IE"],
        "rule": None,
        "text": "the campaign does not want leads from there",
        "who": "customer",
        "how": "change the campaign: its places; or don't send it to anybody who is there",
    }
    title = place | {"code": "title_suppressed", "value": None, "expected": [], "rule": "intern"}
    told = {"campaign": "north", "version": 2, "state": "not_claimed", "failing": [place, title]}
    sent = {"campaign": "south", "version": 1, "state": "sent", "failing": []}
    show_campaigns(row for each in (told, sent) for row in rows_of(each))
    mending = [
        "    the campaign does not want leads from there",
        "    customer: change the campaign: its places; or don't send it to anybody who",
        "    is there",
    ]
    assert [
        "",
        "north, version 2: not claimed",
        "  filter.place; is US-TX; expected: GB, IE",
        *mending,
        "  title_suppressed; by the rule: intern",
        *mending,
        "",
        "south, version 1: sent",
    ] == capsys.readouterr().out.splitlines()


def test_a_lead_is_shown_as_it_came_and_as_it_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    """Also what was not read: its field is there, with a dash."""
    names = ["affiliate", "reference", "lead_code", "category", "outcome", "person_id"]
    names += ["mapping_version", "trace_id"]
    lead: dict[str, Any] = {"id": f"{LEAD}1", **dict.fromkeys(names, "x")}
    lead |= {"reasons": [], "held": [], "history": [], "changes": [], "routing": None}
    lead |= {"record": {"Mail": "jo@brightwater.example", "Size": "some"}, "other_contacts": []}
    company = {"name": "Brightwater", "size": None, "industries": ["4", "6"]}
    lead |= {"accepted": {"person": {"email": "jo@brightwater.example"}, "company": company}}
    print_lead(lead)
    shown = capsys.readouterr().out.split("\n\n")
    assert "as it was read" == shown[1].splitlines()[0]
    assert [
        "person.email        jo@brightwater.example",
        "company.name        Brightwater",
        "company.size        -",
        "company.industries  4, 6",
    ] == shown[1].splitlines()[2:]
    assert ["as it came", "field  value"] == shown[2].splitlines()[:2]
    assert ["Mail   jo@brightwater.example", "Size   some"] == shown[2].splitlines()[2:]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"a": {"b": {"c": 1}}}, {"a.b.c": 1}),
        ({"a": [1, "two", {"x": None}]}, {"a": '1, two, {"x": null}'}),
        ({"a": [], "b": {}, "c": ""}, {"a": None, "b": None, "c": None}),
        ({"a": 0, "b": False}, {"a": 0, "b": "false"}),
    ],
)
def test_each_value_stands_under_the_way_to_it(
    content: dict[str, Any], expected: dict[str, Any]
) -> None:
    """0 and false are values, and nothing is none."""
    assert expected == dict(flatten(content))


@pytest.mark.parametrize("ids", [[], ["l-1"], ["l-1", "l-2"]])
def test_ids_alone_are_a_line_each(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And no line where no lead was found."""
    show_ids([{"id": id, "affiliate": "acme"} for id in ids])
    assert ids == capsys.readouterr().out.splitlines()


def test_tables_below_each_other_are_kept_apart(capsys: pytest.CaptureFixture[str]) -> None:
    show_table("north", ["id"], [{"id": "1"}])
    show_further("slots", ["used"], [])
    assert ["north", "id", "1", "", "slots: none"] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("contact", "text"),
    [
        (None, "nobody is named"),
        ({"name": "Ann", "email": "ann@acme.example"}, "Ann <ann@acme.example>"),
    ],
)
def test_whom_to_ask_for_what_a_delivery_lacks(contact: dict[str, str] | None, text: str) -> None:
    assert text == whom(contact)


def test_a_campaign_is_described_in_words() -> None:
    """What is given of it, a line each; what is left open is left out."""
    campaign = {
        "id": "north",
        "active": {"from": "2026-01-01", "to": None},
        "lead_codes": ["A", "B"],
        "categories": [{"id": "101", "amount": 5000}, {"id": "102", "amount": None}],
        "caps": {"total": None, "day": 0},
        "places": [{"country": "US", "subdivisions": ["US-CA", "US-NY"]}],
        "organic": False,
        "approved": [],
    }
    assert [
        ("id", "north"),
        ("active.from", "2026-01-01"),
        ("lead_codes", "A, B"),
        ("categories", "id 101, amount 5000"),
        ("categories", "id 102"),
        ("caps.day", "0"),
        ("places", "country US, subdivisions US-CA, US-NY"),
        ("organic", "no"),
    ] == [(row["field"], row["value"]) for row in describe(campaign)]
