"""What becomes of uploads: duplicates, held answers, replacements, deliveries, requests."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from services.intake.leads.leads import Lead
from services.intake.store import ROWS
from shared.loop.working_set import Page
from tests.builders import record
from tests.component.leads import Platform

DAY = timedelta(days=1)


async def test_a_person_is_a_duplicate_under_one_lead_code_for_90_days(platform: Platform) -> None:
    """INT-05: on day 89 the same person is omitted; from day 90 on it is a lead again."""
    start = platform.now - 100 * DAY
    for reference, at in (("R-1", start), ("R-2", start + 89 * DAY), ("R-3", start + 90 * DAY)):
        await platform.submit(reference, at=at)
    outcomes = [platform.outcome(one) for one in ("R-1", "R-2", "R-3")]
    assert ["accepted", "omitted", "accepted"] == outcomes
    assert ["duplicate"] == platform.codes("R-2")
    (omitted,) = platform.events("intake.lead.omitted")
    assert "R-2" == omitted["reference"]


async def test_an_upload_of_long_before_is_no_duplicate(platform: Platform) -> None:
    """INT-05: 90 days either way; what counts is when it was uploaded, not when it is read."""
    await platform.submit("R-1")
    await platform.submit("R-2", at=platform.now - 89 * DAY)
    await platform.submit("R-3", at=platform.now - 300 * DAY)
    assert ["omitted", "accepted"] == [platform.outcome(one) for one in ("R-2", "R-3")]


async def test_another_person_or_lead_code_is_no_duplicate(platform: Platform) -> None:
    """INT-05: both must be the same."""
    await platform.submit("R-1")
    await platform.submit("R-2", record={"Mail": "else@northgrid.example"})
    assert "accepted" == platform.outcome("R-2")


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
    with patch("services.intake.decisions.questions.held_for", lambda *_: nobodys):
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
    assert platform.lead()["upload"]["trace"] == platform.requests[0]["cause"]["trace"]
    assert ["ops"] == [change["by"] for change in platform.lead()["changes"]]


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


async def test_a_lead_that_was_not_sent_is_replaced(platform: Platform) -> None:
    """INT-08: routing gives it back, it ends as omitted, and the new one is processed."""
    await platform.campaign(categories=[{"id": "205"}])
    await platform.submit("R-1")
    answer = await platform.submit("R-2", replaces="R-1", record={"Cat": "205"})
    assert "waiting" == answer["code"]
    assert ("omitted", ["replaced"]) == (platform.outcome("R-1"), platform.codes("R-1"))
    assert "accepted" == platform.outcome("R-2")
    assert {platform.lead("R-2")["_id"]: 1} == platform.sent()
    again = await platform.submit("R-2", replaces="R-1", record={"Cat": "205"})
    assert "accepted" == again["details"]["outcome"]


async def test_a_lead_that_was_sent_is_not_replaced(platform: Platform) -> None:
    """INT-08: the re-upload ends as omitted, the first lead stays what it is."""
    await platform.campaign()
    await platform.submit("R-1")
    await platform.submit("R-2", replaces="R-1", record={"Mail": "other@x.example"})
    assert ("omitted", ["replaces_sent"]) == (platform.outcome("R-2"), platform.codes("R-2"))
    assert "accepted" == platform.outcome("R-1")
    assert {platform.lead("R-1")["_id"]: 1} == platform.sent()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"replaces": "R-9"}, "replaced_unknown"),
        ({"replaces": "R-2"}, "replaces_itself"),
    ],
)
async def test_what_cannot_be_replaced_is_refused(
    platform: Platform, changes: dict[str, Any], code: str
) -> None:
    answer = await platform.submit("R-2", **changes)
    assert (False, code) == (answer["accepted"], answer["code"])
    assert [] == platform.stored("leads")


async def test_an_unusable_upload_replaces_nothing(platform: Platform) -> None:
    """INT-08: a broken re-upload does not cost the good lead."""
    await platform.submit("R-1")
    await platform.submit("R-2", replaces="R-1", record={"Mail": "none"})
    assert ("unusable", "accepted") == (platform.outcome("R-2"), platform.outcome("R-1"))


@pytest.mark.parametrize("first", ["held", "unusable"])
async def test_what_was_not_accepted_is_replaced_at_once(platform: Platform, first: str) -> None:
    """INT-08: routing never had it."""
    await platform.question()
    spoilt = {"held": {"Budget": "42"}, "unusable": {"Mail": "none"}}[first]
    await platform.submit("R-1", record=spoilt)
    answer = await platform.submit("R-2", replaces="R-1", record={"Budget": "over 50k"})
    assert "accepted" == answer["details"]["outcome"]
    assert "omitted" == platform.outcome("R-1")


async def test_a_delivery_that_is_short_is_raised_after_a_day(platform: Platform) -> None:
    """INT-10: with the missing references, for the technical contact; not before."""
    await announce(platform, declared=3, references=["R-1", "R-2", "R-3"])
    await platform.submit("R-1", delivery="D-1")
    await platform.submit("R-2", delivery="D-1", record={"Mail": "none"})
    await platform.advance(timedelta(hours=23))
    assert [] == platform.events("intake.delivery.reconciled")
    await platform.advance(timedelta(hours=2))
    (told,) = platform.events("intake.delivery.reconciled")
    assert (False, ["R-3"]) == (told["adds_up"], told["missing"])
    assert {"accepted": 1, "unusable": 1} == told["outcomes"]
    (asked,) = platform.events("intake.request.opened")
    assert ["R-3"] == asked["rows"]


async def test_a_delivery_that_adds_up_asks_for_nothing(platform: Platform) -> None:
    await announce(platform, declared=1)
    await platform.submit("R-1", delivery="D-1")
    await platform.advance(timedelta(hours=25))
    (told,) = platform.events("intake.delivery.reconciled")
    assert told["adds_up"]
    assert [] == platform.events("intake.request.opened")


async def announce(platform: Platform, **changes: Any) -> Any:
    whole = {
        "affiliate": "acme",
        "id": "D-1",
        "month": "2026-03",
        "lead_code": "INT-AAA-BBB-1",
    }
    cause = {"at": changes.pop("at")} if "at" in changes else {}
    return await platform.ask("intake.delivery.announce", "acme:D-1", whole | changes, **cause)


async def test_a_delivery_announced_twice_for_one_instant_is_reconciled_twice(
    platform: Platform,
) -> None:
    """INT-10: two facts with two ids, so that no reader takes the second for the first."""
    at = platform.now
    for declared in (1, 2):
        await announce(platform, declared=declared, at=at)
        await platform.advance(timedelta(hours=25))
    assert 2 == len(set(platform.event_ids("intake.delivery.reconciled")))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"declared": 2, "references": ["R-1"]}, "references_differ"),
        ({"declared": 2, "lead_code": "NO"}, "lead_code_unknown"),
        ({"declared": 2, "affiliate": "nobody"}, "affiliate_unknown"),
    ],
)
async def test_an_announcement_that_cannot_be_is_refused(
    platform: Platform, changes: dict[str, Any], code: str
) -> None:
    answer = await announce(platform, **changes)
    assert (False, code) == (answer["accepted"], answer["code"])


async def test_an_estimate_is_asked_reminded_and_answered(platform: Platform) -> None:
    """INT-16: of the role that it concerns, here empty, so of the main contact; answered whole."""
    asked = {"affiliate": "acme", "id": "E-1", "kind": "estimate", "text": "March?"}
    await platform.ask("intake.request.open", "acme:E-1", asked)
    again = await platform.ask("intake.request.open", "acme:E-1", asked)
    other = await platform.ask("intake.request.open", "acme:E-1", asked | {"text": "April?"})
    assert ("unchanged", "request_exists") == (again["code"], other["code"])
    await platform.advance(timedelta(days=3, hours=1))
    assert [("main", 0), ("main", 1)] == sorted(
        (one["role"], one["reminder"]) for one in platform.events("intake.request.opened")
    )
    partial = {"affiliate": "acme", "id": "E-1", "volume": 500}
    refused = await platform.ask("intake.request.answer", "acme:E-1", partial)
    assert "estimate_incomplete" == refused["code"]
    until = "2026-04-01T00:00:00Z"
    whole = partial | {"price_minor": 4500, "currency": "USD", "valid_until": until}
    assert (await platform.ask("intake.request.answer", "acme:E-1", whole))["accepted"]
    await platform.advance(timedelta(days=10))
    assert 2 == len(platform.events("intake.request.opened"))


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


async def test_of_a_delivery_no_more_is_read_of_its_leads_than_is_counted(
    platform: Platform,
) -> None:
    """INT-10: a delivery may have a hundred thousand."""
    await platform.submit(delivery="D-1")
    (lead,) = platform.stored("leads")
    upload = {"outcome": lead["upload"]["outcome"]}
    part = {"reference": lead["reference"], "upload": upload, "is_sent": lead["is_sent"]}
    assert ("reference", "upload.outcome", "is_sent") == ROWS.fields
    assert ROWS.from_document(lead) == ROWS.from_document(part)


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


async def test_an_upload_that_would_be_a_duplicate_replaces_nothing(platform: Platform) -> None:
    """INT-08: of a third lead; the one that it was to replace stays."""
    await platform.submit("R-1")
    await platform.submit("R-2", record={"Mail": "other@x.example"})
    await platform.submit("R-3", replaces="R-1", record={"Mail": "other@x.example"})
    assert ["accepted", "accepted", "omitted"] == [
        platform.outcome(one) for one in ("R-1", "R-2", "R-3")
    ]
    assert ["duplicate"] == platform.codes("R-3")


async def test_who_comes_with_a_replacement_is_a_contact_whatever_becomes_of_it(
    platform: Platform,
) -> None:
    """INT-04, INT-08."""
    await platform.campaign()
    await platform.submit("R-1")
    await platform.submit("R-2", replaces="R-1", record={"Mail": "new@x.example"})
    assert "omitted" == platform.outcome("R-2")
    assert 2 == len(platform.stored("contacts"))


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_lead_is_replaced_by_one_upload_only(platform: Platform, at_once: bool) -> None:
    """INT-08: whether the second asks after the first has taken the place, or at the same time."""
    await platform.submit("R-1", record={"Cat": "205"})
    await platform.campaign()
    for reference in ("R-2", "R-3"):
        data = {"affiliate": "acme", "reference": reference, "replaces": "R-1"}
        data |= {"record": record(Mail=f"{reference}@x.example")}
        platform.publish("intake.lead.submit", f"acme:{reference}", data)
        if not at_once:
            await platform.rest()
    await platform.rest()
    assert 1 == len(platform.sent())
    leads = [row for row in platform.stored("leads") if row["reference"] != "R-1"]
    outcomes = sorted(row["upload"]["outcome"] for row in leads)
    assert outcomes == (["accepted", "omitted"] if at_once else ["accepted"])


@pytest.mark.parametrize(
    ("mail", "outcome"), [("ann@x.example", "omitted"), ("other@x.example", "unusable")]
)
async def test_a_replaced_lead_keeps_its_end_though_it_was_omitted_before(
    platform: Platform, mail: str, outcome: str
) -> None:
    """INT-05, INT-08: its reference is no new try, and another person's upload a conflict."""
    await platform.submit("R-1", record={"Mail": "ann@x.example"})
    await platform.submit("R-2", record={"Mail": "ann@x.example"})
    assert ["duplicate"] == platform.codes("R-2")
    await platform.submit("R-3", replaces="R-2", record={"Mail": "new@x.example"})
    again = await platform.submit("R-2", record={"Mail": mail, "First": "Other"})
    assert outcome == again["details"]["outcome"]
    assert ["replaced"] == platform.codes("R-2")
    told = platform.events("intake.lead.unusable")
    assert ["reference_conflict"] * (outcome == "unusable") == [
        reason["code"] for event in told for reason in event["reasons"]
    ]


async def test_the_longest_reference_can_be_replaced(platform: Platform) -> None:
    long = "r" * 200
    await platform.submit("R-1")
    await platform.submit(long, replaces="R-1", record={"Mail": "new@x.example"})
    assert "accepted" == platform.outcome(long)


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


async def test_what_was_opened_long_ago_is_reminded_of_from_now_on(platform: Platform) -> None:
    """INT-16: not once for each three days that are past."""
    asked = {"affiliate": "acme", "id": "E-1", "kind": "estimate", "text": "March?"}
    at = platform.now - 300 * DAY
    await platform.ask("intake.request.open", "acme:E-1", asked, at=at)
    await platform.advance(timedelta(days=3, hours=1))
    assert [0, 1] == sorted(one["reminder"] for one in platform.events("intake.request.opened"))


async def test_a_refusal_quotes_no_key_of_the_sender(platform: Platform) -> None:
    """OPS-05: what stands as a key in a mapping may be a name or an address."""
    answers = {"jane.doe@secret.example": "x"}
    asked = {"affiliate": "acme", "reference": "R-1", "answers": answers}
    answer = await platform.ask("intake.lead.release", "acme:R-1", asked)
    assert ("invalid", "answers.*") == (answer["code"], answer["details"]["field"])
    assert "jane" not in str(answer)


async def test_two_aliases_that_are_one_are_refused(platform: Platform) -> None:
    """INT-06: else the same question, put again, would change each time."""
    answer = await platform.question(aliases={"Little": "under 10k", "little ": "over 50k"})
    assert (False, "answer_twice") == (answer["accepted"], answer["code"])


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
