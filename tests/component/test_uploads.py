"""What becomes of uploads of odd kinds: organic ones, odd times, large records."""

import pytest

from tests.component.leads import Platform


async def test_an_organic_lead_has_categories_and_no_lead_code(platform: Platform) -> None:
    """INT-15: and is no duplicate of anything."""
    await platform.submit("R-1")
    data = {
        "reference": "O-1",
        "converted_at": "2026-03-02T07:00:00Z",
        "categories": ["101", "310"],
        "record": {"email": "dana@northgrid.example", "country": "US"},
    }
    await platform.ask("intake.lead.convert", "organic:O-1", data)
    lead = platform.lead("O-1", "organic")
    assert ("organic", None) == (lead["source"], lead["lead_code"])
    assert ["101", "310"] == list(lead["accepted"]["categories"])
    assert 0 == lead["mapping_version"], "it has no affiliate, and so no mapping"
    no_category = data | {"reference": "O-2", "categories": []}
    await platform.ask("intake.lead.convert", "organic:O-2", no_category)
    unusable = platform.lead("O-2", "organic")["upload"]
    (reason,) = unusable["reasons"]
    assert ("unusable", "field_missing", "categories") == (
        unusable["outcome"],
        reason["code"],
        reason["field"],
    )


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_time_at_the_end_of_the_calendar_is_one_bad_command(
    platform: Platform, at: str
) -> None:
    """Three of them do not stop the service, as errors that nobody expects would."""
    answers = []
    data = {"converted_at": at, "categories": ["101"], "record": {"email": "a@x.example"}}
    for number in range(4):
        key = f"O-{number}"
        asked = data | {"reference": key}
        answers.append(await platform.ask("intake.lead.convert", f"organic:{key}", asked))
    assert [("invalid", "converted_at")] * 4 == [
        (answer["code"], answer["details"]["field"]) for answer in answers
    ]
    assert "accepted" == (await platform.submit("R-1"))["code"]


async def test_a_refusal_quotes_no_key_of_the_sender(platform: Platform) -> None:
    """OPS-05: what stands as a key in a mapping may be a name or an address."""
    answers = {"jane.doe@secret.example": "x"}
    asked = {"affiliate": "acme", "reference": "R-1", "answers": answers}
    answer = await platform.ask("intake.lead.release", "acme:R-1", asked)
    assert ("invalid", "answers.*") == (answer["code"], answer["details"]["field"])
    assert "jane" not in str(answer)


async def test_a_record_does_not_fill_an_event(platform: Platform) -> None:
    """Sixty thousand answers that nobody asked for are told by their number."""
    many = {f"q_{number}": "x" for number in range(20_000)}
    await platform.submit("R-1", record=many)
    (told,) = platform.events("intake.lead.accepted")
    assert "and 19,951 answers more" == told["reported"][-1]["text"]
    assert [] == platform.stored("dead_letters", "routing")


async def test_a_lead_knows_where_it_was_sent(platform: Platform) -> None:
    """INT-11: told by routing; a lead that no campaign wants stays unsent."""
    await platform.campaign()
    await platform.submit("R-1")
    await platform.submit("R-2", record={"Cat": "205", "Mail": "b@x.example"})
    assert (True, ["north"]) == (platform.lead()["is_sent"], platform.lead()["sent_to"])
    assert not platform.lead("R-2")["is_sent"]
