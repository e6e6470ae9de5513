"""What becomes of an uploaded record, and how affiliates are kept."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic_core import to_json

from services.intake.catalogue.affiliates import Affiliate, AffiliateIndex
from services.intake.catalogue.questions import QuestionIndex
from services.intake.decisions.leads import Leads
from services.intake.decisions.lookup import Lookup
from services.intake.leads.contacts import Contact
from services.intake.leads.leads import Lead, Try, lead_id
from services.intake.service import intake, service_with
from shared.contracts.intake import LeadAccepted, LeadUnusable, ReleaseLead, SubmitLead
from shared.contracts.questions import PutQuestion
from shared.contracts.routing import LeadSent
from shared.loop.decision import Accepted, Decision, Input, Refused
from shared.loop.working_set import Ref, WorkingSet
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.builders import NOW, SECRET, affiliate, input_of, put_affiliate, record, submit
from tests.deciding import Everything, decide_all, decide_batch, every

LEAD = lead_id("main", "acme", "R-1")


def decide(*inputs: Input, known: Sequence[Affiliate] = ()) -> tuple[WorkingSet, list[Decision]]:
    """Decides in order, as the loop does, with the affiliates that are known before."""
    lookup, state = Lookup(AffiliateIndex(), QuestionIndex()), Everything()
    lookup.affiliates.apply(known)
    return state, decide_all(service_with(Leads(lookup, SECRET)), state, inputs)


def upload(*commands: Any, **cause: Any) -> tuple[WorkingSet, list[Decision]]:
    return decide(*[input_of(command, **cause) for command in commands], known=[affiliate()])


def test_accepted() -> None:
    """INT-03: a usable record is accepted, answered, and published under the person's key."""
    state, [decision] = upload(submit())
    assert decision.answer == Accepted(details={"lead": LEAD, "outcome": "accepted"})
    [event] = decision.publish
    assert isinstance(event.event, LeadAccepted)
    assert (event.key, event.event.lead) == (event.event.person_id, LEAD)
    stored = state.get(Ref(Lead, LEAD))
    assert stored is not None and '"Mail":"dana@northgrid.example"' in stored.upload.record


def test_unusable() -> None:
    """INT-03: an unusable record is kept, and published with reasons and without personal data."""
    _, [decision] = upload(submit(record=record(Mail="dana at northgrid")))
    assert decision.answer == Accepted("unusable", details={"lead": LEAD, "outcome": "unusable"})
    [event] = decision.publish
    assert isinstance(event.event, LeadUnusable)
    codes = [reason.code for reason in event.event.reasons]
    assert codes == ["email_invalid", "smarter_unknown_symbol"]
    assert "dana" not in event.event.model_dump_json().lower()


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"Code": "NOPE"}, "lead_code_unknown"), ({"Cat": "9"}, "category_unknown")],
)
def test_unknown_catalogue_entry(changes: dict[str, str], code: str) -> None:
    """An unknown lead code or category is refused, and the lead is kept all the same."""
    state, [decision] = upload(submit(record=record(**changes)))
    assert isinstance(decision.answer, Refused) and decision.answer.code == code
    stored = state.get(Ref(Lead, LEAD))
    assert stored is not None and stored.outcome == "unusable"


def test_declared_lead_code_goes_first() -> None:
    """The lead code that the upload was declared with is the lead's."""
    state, _ = upload(submit(lead_code="INT-AAA-BBB-1", record=record(Code="NOPE")))
    stored = state.get(Ref(Lead, LEAD))
    assert stored is not None and stored.lead_code == "INT-AAA-BBB-1"


def test_contact_of_a_failed_lead() -> None:
    """INT-04: the contact is created also where the lead fails."""
    state, _ = upload(submit(record=record(Cat="9")))
    assert [contact.person.email for contact in every(state, Contact)] == ["dana@northgrid.example"]


def test_contact_only_once() -> None:
    """INT-04: one person is one contact, whatever the affiliate's spelling of the email."""
    again = submit(reference="R-2", record=record(Mail=" DANA@northgrid.example"))
    state, decisions = upload(submit(), again)
    assert len(every(state, Contact)) == 1
    assert not any(isinstance(entity, Contact) for entity in decisions[1].save)


def test_accepted_reference_again() -> None:
    """INT-05: an accepted reference is that lead forever; nothing is published again."""
    _, [first, second] = upload(submit(), submit())
    assert (second.answer, second.save, second.publish) == (first.answer, (), ())


def test_accepted_reference_with_another_record() -> None:
    """INT-05: a record that differs changes nothing about the lead, but is kept."""
    state, [_, second] = upload(submit(), submit(record=record(First="Else")))
    assert second.publish == ()
    assert [earlier.upload.outcome for earlier in every(state, Try)] == ["repeated"]
    stored = state.get(Ref(Lead, LEAD))
    assert stored is not None and stored.accepted is not None
    assert stored.accepted.person.first_name == "Dana"


def test_unusable_reference_again() -> None:
    """INT-05: after an unusable one the same reference is a new try that replaces it."""
    state, [_, second] = upload(submit(record=record(Mail="")), submit())
    assert second.answer == Accepted(details={"lead": LEAD, "outcome": "accepted"})
    assert [earlier.upload.outcome for earlier in every(state, Try)] == ["unusable"]
    assert [lead.outcome for lead in every(state, Lead)] == ["accepted"]


@pytest.mark.parametrize(
    ("command", "cause", "code"),
    [
        (submit(affiliate="other"), {}, "affiliate_unknown"),
        (submit(), {"role": "affiliate", "actor": "other"}, "not_permitted"),
        (submit(), {"tenant": "elsewhere"}, "affiliate_unknown"),
        (submit(replaces="R-0"), {}, "replaced_unknown"),
    ],
)
def test_refused(command: Any, cause: dict[str, str], code: str) -> None:
    """What may not be, or cannot be, taken in is refused and leaves nothing behind."""
    _, [decision] = upload(command, **cause)
    assert isinstance(decision.answer, Refused) and decision.answer.code == code
    assert (decision.save, decision.publish) == ((), ())


def test_own_leads_are_permitted() -> None:
    """An affiliate submits its own leads."""
    _, [decision] = upload(submit(), role="affiliate", actor="acme")
    assert isinstance(decision.answer, Accepted)


def test_affiliate_versions() -> None:
    """INT-01: a put is a new version, the same again is none."""
    puts = [put_affiliate(), put_affiliate(), put_affiliate(name="Acme")]
    _, decisions = decide(*[input_of(put) for put in puts])
    assert [decision.answer for decision in decisions] == [
        Accepted("created", details={"version": 1}),
        Accepted("unchanged", details={"version": 1}),
        Accepted("changed", details={"version": 2}),
    ]


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        (
            {"mapping": {"fields": {"phone": "Tel"}}},
            "mapping_incomplete",
            "the mapping does not say where the email is",
        ),
        ({"contacts": []}, "main_contact_missing", "nobody holds the role main"),
        ({"id": "organic"}, "id_reserved", "organic is no affiliate's id"),
    ],
)
def test_an_affiliate_that_could_not_work_is_refused(
    changes: dict[str, Any], code: str, text: str
) -> None:
    """INT-01: with what is missing of it, or what it may not be called."""
    _, [decision] = decide(input_of(put_affiliate(**changes)))
    assert Refused(code, text) == decision.answer


@pytest.mark.parametrize(
    ("vocabulary", "is_circle"),
    [
        ({"a": "b", "b": "a"}, True),
        ({"x": "US", "a": "b", "b": "c", "c": "a"}, True),
        ({"x": "a", "a": "b", "b": "a"}, True),
        ({"Uncle": "sam", "SAM": "uncle"}, True),
        ({"US": "us"}, False),
        ({"a": "b", "b": "US", "c": "b", "d": "a"}, False),
    ],
)
def test_a_vocabulary_that_leads_back_to_itself_is_refused(
    vocabulary: dict[str, str], is_circle: bool
) -> None:
    """INT-02: in a circle no word means anything; a word that means itself does."""
    mapping = {"vocabularies": {"company_name": {"NG": "Northgrid"}, "country": vocabulary}}
    _, [decision] = decide(input_of(put_affiliate(mapping=mapping)))
    text = "the vocabulary of country leads back to itself"
    refused = Refused("vocabulary_cycle", text)
    assert (
        refused if is_circle else Accepted("created", details={"version": 1})
    ) == decision.answer


def test_a_lead_that_waits_to_replace_another_is_not_replaced_itself() -> None:
    """INT-08: a chain of uploads, each in the place of the one before, waits for its first link."""
    state, decisions = upload(
        submit(),
        submit(reference="R-2", replaces="R-1"),
        submit(reference="R-3", replaces="R-2"),
    )
    codes = [decision.answer.code for decision in decisions if decision.answer]
    assert ["accepted", "waiting", "replaced_waiting"] == codes
    assert ["R-1", "R-2"] == [lead.reference for lead in every(state, Lead)]


def test_lead_behind_its_affiliate() -> None:
    """A lead in the batch of its affiliate's registration is read with it."""
    _, [_, decision] = decide(input_of(put_affiliate()), input_of(submit()))
    assert isinstance(decision.answer, Accepted)


def test_a_lead_knows_each_campaign_that_it_was_sent_to_once() -> None:
    """INT-11: also of an event that comes again; what is said of a lead that is not here is let
    be."""
    sent = [
        LeadSent(
            lead=lead,
            person_id="p",
            campaign=campaign,
            customer="northgrid",
            campaign_version=1,
            category="101",
            key="k",
            sent_at=NOW,
        )
        for lead, campaign in ((LEAD, "north"), (LEAD, "north"), (LEAD, "south"), ("gone", "north"))
    ]
    state, _ = upload(submit(), *sent)
    assert [("north", "south")] == [lead.sent_to for lead in every(state, Lead)]


BUDGET = PutQuestion(
    id="q_budget", text="Budget?", answers=("under 10k", "10k-50k"), categories=("101",)
)


def test_a_held_lead_is_not_released_for_a_question_that_nobody_knows() -> None:
    """INT-06: the lead stays as it is, and whoever asked is told which question it is."""
    put = [input_of(put_affiliate()), input_of(BUDGET)]
    before, _ = decide(*put, input_of(submit(record=record(Budget="a lot"))))
    [lead] = every(before, Lead)
    lookup, state = Lookup(AffiliateIndex(), QuestionIndex()), Everything()
    lookup.affiliates.apply([affiliate()])
    state.put([lead])
    release = ReleaseLead(affiliate="acme", reference="R-1", answers={"q_budget": "10k-50k"})
    [decision] = decide_all(service_with(Leads(lookup, SECRET)), state, [input_of(release)])
    refused = Refused("answer_not_allowed", "q_budget allows no answer any more")
    assert (refused, ()) == (decision.answer, decision.save)


def test_a_lead_behind_its_question() -> None:
    """An answer in the batch in which its question is put is judged by it."""
    put = [input_of(put_affiliate()), input_of(BUDGET)]
    state, _ = decide(*put, input_of(submit(record=record(Budget="10K-50K"))))
    [lead] = every(state, Lead)
    assert lead.accepted is not None
    assert {"q_budget": "10k-50k"} == lead.accepted.answers


async def run(store: MemoryStore, *batches: Sequence[Input]) -> WorkingSet:
    """Batches as the loop runs them, each with a service that knows nothing yet."""
    state = WorkingSet()
    for batch in batches:
        state, _ = await decide_batch(intake(SECRET), store, batch)
    return state


async def test_stored_and_loaded() -> None:
    """What a batch has stored is what the next one decides on."""
    database = MemoryDatabase()
    batches = [
        [input_of(put_affiliate())],
        [input_of(submit(record=record(Mail="")))],
        [input_of(submit())],
    ]
    await run(MemoryStore(database), *batches)
    state = await run(MemoryStore(database), [input_of(submit())])
    [lead], [contact] = every(state, Lead), every(state, Contact)
    assert (lead.outcome, lead.tries, lead.version) == ("accepted", 1, 2)
    assert (contact.person.email, contact.first_lead) == ("dana@northgrid.example", LEAD)
    assert len(database.documents("tries")) == 1


async def test_contact_known_under_the_new_mapping() -> None:
    """A mapping put in the same batch does not hide a contact that exists already."""
    database = MemoryDatabase()
    store = MemoryStore(database)
    await run(store, [input_of(put_affiliate())], [input_of(submit())])
    moved = put_affiliate(
        mapping={"fields": {"email": "Email", "category": "Cat", "lead_code": "Code"}}
    )
    again = submit(reference="R-2", record=record(Mail="", Email="dana@northgrid.example"))
    await run(store, [input_of(moved), input_of(again)])
    assert len(database.documents("contacts")) == 1
    assert len(database.documents("leads")) == 2


async def test_any_record_can_be_stored() -> None:
    """INT-03: field names and numbers that no store takes are kept all the same."""
    database = MemoryDatabase()
    odd = record(**{"a.b": 1, "$c": {"": 10**30}, "nul\x00": float("nan")})
    sent = {"affiliate": "acme", "reference": "R-1", "record": odd}
    command = SubmitLead.model_validate_json(to_json(sent))
    await run(MemoryStore(database), [input_of(put_affiliate())], [input_of(command)])
    [document] = database.documents("leads")
    assert document["upload"]["outcome"] == "accepted"
