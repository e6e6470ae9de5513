"""Leads that an answer holds: who is told, and what frees them."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from services.intake.leads.leads import Lead
from shared.contracts.trace_context import trace_id
from shared.loop.working_set import Page
from tests.builders import record
from tests.component.leads import Platform


async def test_an_answer_that_is_not_allowed_holds_the_lead_and_is_told_at_once(
    platform: Platform,
) -> None:
    """INT-06: with the question, what was given, and what may be meant, best first."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": " Under  10K "})
    await platform.submit("R-2", record={"Budget": "undr 10k", "Mail": "b@x.example"})
    await platform.submit("R-3", record={"Budget": "42", "Mail": "c@x.example"})
    assert ["accepted", "held", "held"] == [platform.outcome(one) for one in ("R-1", "R-2", "R-3")]
    assert {"q_budget": "under 10k"} == platform.lead("R-1")["accepted"]["answers"]
    held = {one["reference"]: one for one in platform.events("intake.lead.held")}
    (answer,) = held["R-2"]["answers"]
    assert ("q_budget", "undr 10k") == (answer["question"], answer["given"])
    best, *others = answer["suggestions"]
    assert ("under 10k", True) == (best["answer"], best["near"])
    assert not any(other["near"] for other in others)
    assert not any(one["near"] for one in held["R-3"]["answers"][0]["suggestions"])


async def test_an_alias_frees_the_whole_batch_and_all_later_uploads(platform: Platform) -> None:
    """INT-07: and nothing that was held for another answer."""
    await platform.campaign()
    await platform.question()
    for number in range(5):
        budget = {"Budget": "undr 10k", "Mail": f"p{number}@x.example"}
        await platform.submit(f"R-{number}", record=budget)
    await platform.submit("other", record={"Budget": "42", "Mail": "q@x.example"})
    alias = {"question": "q_budget", "given": "UNDR 10k", "answer": "under 10k"}
    answer = await platform.ask("intake.question.alias", "q_budget", alias)
    assert ("changed", 2) == (answer["code"], answer["details"]["version"])
    assert {"accepted"} == {platform.outcome(f"R-{number}") for number in range(5)}
    assert "held" == platform.outcome("other")
    later = await platform.submit("later", record={"Budget": "Undr 10K", "Mail": "z@x.example"})
    assert "accepted" == later["details"]["outcome"]
    assert 6 == len(platform.sent())
    (question,) = platform.stored("questions")
    assert ("ops", "UNDR 10k") == (
        question["aliases"][0]["added_by"],
        question["aliases"][0]["given"],
    )


async def test_every_version_of_a_question_is_kept_with_who_and_when(platform: Platform) -> None:
    """INT-07: the same again is no version."""
    await platform.question()
    alias = {"question": "q_budget", "given": "little", "answer": "under 10k"}
    for actor in ("ann", "bob"):
        await platform.ask("intake.question.alias", "q_budget", alias, actor=actor)
    kept = [row for row in platform.stored("versions") if row["of"].startswith("question")]
    assert [(1, "ops"), (2, "ann")] == sorted((row["number"], row["changed_by"]) for row in kept)


async def test_a_lead_held_while_its_alias_was_added_is_looked_at_again(platform: Platform) -> None:
    """INT-07: neither decision saw the other; the deadline of the held lead does."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": "undr 10k"})
    alias = {"question": "q_budget", "given": "undr 10k", "answer": "under 10k"}
    nobodys = Page(Lead, {"tenant": "nobody"}, limit=1)
    with patch("services.intake.decisions.questions.held_leads", lambda *_: nobodys):
        await platform.ask("intake.question.alias", "q_budget", alias)
    assert "held" == platform.outcome()
    await platform.advance(timedelta(minutes=2))
    assert "accepted" == platform.outcome()
    assert [] == platform.stored("due")


@pytest.mark.parametrize(
    ("answers", "code", "text"),
    [
        ({"q_budget": "a million"}, "answer_not_allowed", "q_budget allows: under 10k | "),
        ({"q_size": "under 10k"}, "answer_not_held", "held for q_size, but for q_budget"),
    ],
)
async def test_a_release_needs_an_allowed_answer_to_what_is_held(
    platform: Platform, answers: dict[str, str], code: str, text: str
) -> None:
    """INT-07: anything else is refused, with what could be said, and the lead stays held."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": "42"})
    asked = {"affiliate": "acme", "reference": "R-1", "answers": answers}
    answer = await platform.ask("intake.lead.release", "acme:R-1", asked)
    assert (False, code) == (answer["accepted"], answer["code"])
    assert text in answer["text"]
    assert "held" == platform.outcome()


@pytest.mark.parametrize(
    ("answers", "ends"),
    [
        (["under 10k", "over 10k"], "; q_budget allows: under 10k | over 10k"),
        ([f"answer {number}" for number in range(500)], " …"),
    ],
    ids=["few", "many"],
)
async def test_an_alias_for_what_is_not_allowed_is_told_what_is(
    platform: Platform, answers: list[str], ends: str
) -> None:
    """As far as a text bears it."""
    await platform.question(answers=answers)
    alias = {"question": "q_budget", "given": "a lot", "answer": "a million"}
    answer = await platform.ask("intake.question.alias", "q_budget", alias)
    assert "answer_not_allowed" == answer["code"]
    assert (True, True) == (answer["text"].endswith(ends), len(answer["text"]) < 300)


async def test_a_release_runs_every_check_again(platform: Platform) -> None:
    """INT-07: meanwhile the person was accepted under this lead code."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": "42"})
    await platform.submit("R-2", record={"Budget": "over 50k"})
    asked = {"affiliate": "acme", "reference": "R-1", "answers": {"q_budget": "under 10k"}}
    answer = await platform.ask("intake.lead.release", "acme:R-1", asked)
    assert ("omitted", ["duplicate"]) == (answer["details"]["outcome"], platform.codes())


async def test_a_release_decides_as_of_the_upload(platform: Platform) -> None:
    """INT-07, INT-05: whoever uploads the person again in between does not make the held lead a
    duplicate, since 90 days lie between the uploads, and none between the decisions."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": "lots"})
    await platform.advance(timedelta(days=100))
    await platform.submit("R-2", record={"Budget": "under 10k"})
    asked = {"affiliate": "acme", "reference": "R-1", "answers": {"q_budget": "under 10k"}}
    await platform.ask("intake.lead.release", "acme:R-1", asked)
    assert ["accepted", "accepted"] == [platform.outcome(one) for one in ("R-1", "R-2")]


async def test_a_released_lead_goes_its_way_in_its_own_trace(platform: Platform) -> None:
    """INT-07, OPS-01: the trace is that of the upload, not of the release."""
    await platform.campaign()
    await platform.question()
    await platform.submit("R-1", record={"Budget": "42"})
    asked = {"affiliate": "acme", "reference": "R-1", "answers": {"q_budget": "under 10k"}}
    await platform.ask("intake.lead.release", "acme:R-1", asked)
    assert 1 == len(platform.requests)
    traces = platform.lead()["upload"]["trace"], platform.requests[0]["cause"]["trace"]
    assert 1 == len({*map(trace_id, traces)} - {""})
    assert ["ops"] == [change["by"] for change in platform.lead()["changes"]]


async def test_a_lead_is_held_until_each_of_its_answers_is_read(platform: Platform) -> None:
    """INT-07: what a release answers only in part is held for the rest."""
    await platform.question()
    await platform.question("q_tools", answers=["hammer", "saw"])
    await platform.submit("R-1", record={"Budget": "42", "q_tools": "axe"})
    asked = {"affiliate": "acme", "reference": "R-1"}
    for answers, left in (
        ({"q_budget": "under 10k"}, ["q_tools"]),
        ({"q_tools": "saw"}, []),
    ):
        answer = await platform.ask("intake.lead.release", "acme:R-1", asked | {"answers": answers})
        assert ("held" if left else "accepted") == answer["details"]["outcome"]
        assert left == platform.lead("R-1")["held_for"]


async def test_a_released_lead_stays_one_of_its_delivery(platform: Platform) -> None:
    """INT-10: or the delivery would never be complete."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": "42"}, delivery="D-1")
    asked = {"affiliate": "acme", "reference": "R-1", "answers": {"q_budget": "under 10k"}}
    await platform.ask("intake.lead.release", "acme:R-1", asked)
    assert ("accepted", "D-1") == (platform.outcome("R-1"), platform.lead("R-1")["delivery"])


async def test_answers_that_nobody_asked_for_are_reported(platform: Platform) -> None:
    """INT-09: an unknown symbol, and a question of another category; neither is dropped."""
    await platform.question(categories=["205"])
    await platform.submit("R-1", record={"Budget": "under 10k", "q_shoe_size": "44"})
    wanted = ["smarter_question_not_in_category", "smarter_unknown_symbol"]
    assert ("accepted", wanted) == (platform.outcome(), sorted(platform.codes()))
    (accepted,) = platform.events("intake.lead.accepted")
    assert wanted == sorted(one["code"] for one in accepted["reported"])
    await platform.submit("R-2", record={"Cat": "205", "Budget": "over 50k", "Mail": "d@x.example"})
    assert [] == platform.codes("R-2")


async def test_an_organic_answer_is_held_and_freed_like_any_other(platform: Platform) -> None:
    """INT-06, INT-15: its categories and its time of conversion stay what they were."""
    await platform.question()
    data = {
        "reference": "O-1",
        "converted_at": "2026-03-02T07:00:00Z",
        "categories": ["101"],
        "record": {"email": "dana@northgrid.example", "q_budget": "undr 10k"},
    }
    answer = await platform.ask("intake.lead.convert", "organic:O-1", data)
    assert "held" == answer["details"]["outcome"]
    await platform.advance(timedelta(minutes=5))
    alias = {"question": "q_budget", "given": "undr 10k", "answer": "under 10k"}
    await platform.ask("intake.question.alias", "q_budget", alias)
    lead = platform.lead("O-1", "organic")
    assert ("accepted", "101") == (lead["upload"]["outcome"], lead["accepted"]["category"])
    assert lead["accepted"]["converted_at"] is not None
    assert [] == platform.stored("dead_letters")


@pytest.mark.parametrize("given", ["y" * 2001, True, ["under 10k"], {"a": 1}, 42])
async def test_an_answer_that_is_no_text_passes_no_more_than_a_wrong_one(
    platform: Platform, given: Any
) -> None:
    """INT-06: it fails closed; blank is no answer."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": given})
    await platform.submit("R-2", record={"Budget": None, "Mail": "b@x.example"})
    assert ["held", "accepted"] == [platform.outcome(one) for one in ("R-1", "R-2")]


@patch("services.intake.leads.leads.HELD_AT_ONCE", 2)
async def test_an_alias_frees_page_after_page_whatever_happens_beside(platform: Platform) -> None:
    """INT-07: also when one of a page is uploaded anew at that moment."""
    await platform.question()
    for number in range(6):
        spelling = {"Budget": "undr 10k", "Mail": f"p{number}@x.example"}
        await platform.submit(f"R-{number}", record=spelling)
    first = min(platform.stored("leads"), key=lambda row: str(row["_id"]))
    alias = {"question": "q_budget", "given": "undr 10k", "answer": "under 10k"}
    platform.publish("intake.question.alias", "q_budget", alias)
    data = {"affiliate": "acme", "reference": first["reference"]}
    data |= {"record": record(Mail="again@x.example", Budget="over 50k")}
    platform.publish("intake.lead.submit", f"acme:{first['reference']}", data)
    await platform.rest()
    assert {"accepted"} == {row["upload"]["outcome"] for row in platform.stored("leads")}


async def test_two_aliases_that_are_one_are_refused(platform: Platform) -> None:
    """INT-06: else the same question, put again, would change each time."""
    answer = await platform.question(aliases={"Little": "under 10k", "little ": "over 50k"})
    assert (False, "answer_twice") == (answer["accepted"], answer["code"])
