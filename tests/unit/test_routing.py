"""Which campaigns a lead is for, who gets a slot, and how a send ends."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from pydantic import ValidationError
from pydantic_core import from_json

from services.routing import store as routing_store
from services.routing.campaign import claims
from services.routing.campaign.sends import Send
from services.routing.fit.catalogue import Catalogues
from services.routing.fit.checks import failing_codes
from services.routing.fit.criteria import subjects
from services.routing.handlers import rows
from services.routing.orders.campaigns import Campaign, CampaignVersion
from services.routing.orders.capacity import Capacity
from services.routing.orders.policy import Rules, no_rules
from services.routing.person import leads
from services.routing.person.leads import RoutedLead
from services.routing.queries import explanation
from services.routing.service import routing
from shared.contracts.campaigns import PauseCampaign, ResumeCampaign, SuppressedTitles
from shared.contracts.event import Command
from shared.contracts.intake import WithdrawalRequested
from shared.contracts.lead_fields import Place
from shared.contracts.lists import BlockPerson, PutList, PutRules, UnblockPerson
from shared.contracts.operations import SkipDeadLetter
from shared.contracts.routing import (
    Claim,
    ClaimGranted,
    ClaimRefused,
    ClaimWithdrawn,
    Failing,
    LeadNotSent,
    LeadSent,
    LeadToRematch,
    LeadUncertain,
    ResolveSend,
    SendCompleted,
    SendLead,
    WithdrawalAnswered,
)
from shared.loop.decision import (
    Accepted,
    Attempt,
    Decision,
    Effect,
    EffectFinished,
    Input,
    Outcome,
    Refused,
    Verdict,
)
from shared.loop.service import Service
from shared.loop.working_set import WorkingSet
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.builders import NOW, campaign, cause, input_of, later, lead, put_campaign
from tests.deciding import Everything, decide_all, decide_batch, every

EVERYTHING_WRONG = {
    "status": "paused",
    "lead_codes": ["OTHER"],
    "places": [{"country": "DE"}],
    "open_categories": ["9"],
    "categories": [{"id": "8"}],
}


def decide(
    *inputs: Input, state: WorkingSet | None = None, known: Sequence[Campaign] = ()
) -> tuple[WorkingSet, list[Decision]]:
    """Decides in order, as the loop does; the known campaigns are stored and indexed."""
    state = state or Everything()
    state.put(known)
    catalogues = memory(*known)
    catalogues.apply_rules(every(state, Rules))
    service = Service("routing", (), rows(catalogues, lambda: 7), ())
    return state, decide_all(service, state, inputs)


def memory(*known: Campaign) -> Catalogues:
    catalogues = Catalogues()
    catalogues.apply_campaigns(known)
    return catalogues


def failing(candidate: Campaign, at: datetime = NOW, **changes: Any) -> list[str]:
    found = memory(candidate).evaluate(candidate, lead(**changes), at)[1]
    return [each.code for each in found]


def claim(number: int = 1, **changes: Any) -> Input:
    """The claim of the lead and person with that number."""
    claimed = lead(**{"lead": f"lead-{number}", "person_id": f"person-{number}", **changes})
    asked = {"campaign": "north", "campaign_version": 1, "category": "101", "lead": claimed}
    return input_of(Claim.model_validate(asked))


def finished(effect: Effect, outcome: Outcome) -> Input:
    return input_of(EffectFinished(effect.id, effect.purpose, outcome, "", 1))


@pytest.mark.parametrize(
    ("changed", "code"),
    [({}, "sent"), ({"tenant": "other"}, "send_unknown"), ({"campaign": "south"}, "send_unknown")],
)
def test_a_send_is_resolved_by_its_own_campaign_and_tenant(
    changed: dict[str, str], code: str
) -> None:
    """Another's book would change with it, also where its campaign has the same name."""
    books = [Capacity(id, 1, "main", uncertain=1) for id in ("main/south", "other/north")]  # noqa: A001
    state, [granted] = decide(claim(), known=[campaign()])
    state.put(books)
    state, _ = decide(finished(granted.effects[0], Outcome.UNCERTAIN), state=state)
    asked = {"campaign": "north", "send": granted.effects[0].id, "outcome": "sent"}
    command = ResolveSend.model_validate({**asked, **changed, "reason": "they said so"})
    tenant = changed.get("tenant", "main")
    _, [resolved] = decide(input_of(command, tenant=tenant), state=state)
    assert resolved.answer is not None and code == resolved.answer.code


def test_explain_in_order() -> None:
    """RTE-09: all checks are evaluated, none short-circuited, in the order of the rule."""
    assert failing(campaign(**EVERYTHING_WRONG)) == [
        "campaign_inactive",
        "lead_code_other",
        "filter.place",
        "category_closed",
        "category_not_as_ordered",
    ]


def test_explain_match() -> None:
    """RTE-09: a lead matches if nothing fails."""
    assert failing(campaign(places=[{"country": "US", "subdivisions": ["US-NY"]}])) == []


@pytest.mark.parametrize(
    ("places", "place", "expected"),
    [
        ([], Place(), []),
        ([{"country": "US"}], Place("US"), []),
        ([{"country": "US"}], Place("DE"), ["filter.place"]),
        ([{"country": "US"}], Place(), ["filter.place"]),
        ([{"country": "US", "subdivisions": ["US-CA"]}], Place("US", "US-NY"), ["filter.place"]),
        ([{"country": "US", "subdivisions": ["US-CA"]}], Place("US"), ["filter.place"]),
        ([{"country": "US", "subdivisions": ["US-CA"]}, {"country": "US"}], Place("US"), []),
    ],
)
def test_place(places: list[Any], place: Place, expected: list[str]) -> None:
    """RTE-02: an unset filter accepts all, an unknown place is not a wanted one."""
    assert failing(campaign(places=places), place=place) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"categories": [], "open_categories": None}, []),
        ({"open_categories": ["0101"]}, []),
        ({"open_categories": []}, ["category_closed"]),
        ({"categories": [{"id": "205"}]}, ["category_not_as_ordered"]),
    ],
)
def test_category(changes: dict[str, Any], expected: list[str]) -> None:
    """A category that is closed is told from one that was not ordered."""
    assert failing(campaign(**changes)) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 3, 1, 4, 59, tzinfo=UTC), ["campaign_inactive"]),
        (datetime(2026, 3, 1, 5, 0, tzinfo=UTC), []),
        (datetime(2026, 4, 1, 3, 59, tzinfo=UTC), []),
        (datetime(2026, 4, 1, 4, 0, tzinfo=UTC), ["campaign_inactive"]),
        (datetime(1, 1, 1, tzinfo=UTC), ["campaign_inactive"]),
    ],
)
def test_active_dates(at: datetime, expected: list[str]) -> None:
    """The first and last day are whole days in the campaign's time zone."""
    dated = campaign(
        active={"from": "2026-03-01", "to": "2026-03-31"}, time_zone="America/New_York"
    )
    assert failing(dated, at) == expected


def test_match_asks_every_wanting_campaign() -> None:
    """RTE-11: each campaign that wants the lead is asked, and only those."""
    known = [campaign(id="b"), campaign(id="a", number=3), campaign(id="c", status="paused")]
    state, [decision] = decide(input_of(lead()), known=known)
    assert [(event.key, event.event.campaign_version) for event in decision.publish] == [
        ("a", 3),
        ("b", 1),
    ]  # type: ignore[attr-defined]
    [routed] = every(state, RoutedLead)
    assert (routed.state, routed.revision) == ("claimed", 7)


def test_match_nobody() -> None:
    """A lead that nobody wants is kept as unsent; why is recomputed when asked."""
    state, [decision] = decide(input_of(lead()), known=[campaign(status="paused")])
    [routed] = every(state, RoutedLead)
    assert (decision.publish, routed.state) == ([], "unsent")


def test_match_same_lead_again() -> None:
    """A lead that comes again is not matched again."""
    _, [_, second] = decide(input_of(lead()), input_of(lead()), known=[campaign()])
    assert second == Decision()


def test_match_other_tenant() -> None:
    """Campaigns of one tenant never see leads of another."""
    _, [decision] = decide(input_of(lead(), tenant="elsewhere"), known=[campaign()])
    assert decision.publish == []


def test_catalogue_forgets_old_codes() -> None:
    """A campaign that no longer carries a lead code is not found by it."""
    catalogues = memory(campaign())
    catalogues.apply_campaigns([campaign(number=2, lead_codes=["OTHER"])])
    assert catalogues.on_route("main", "code:INT-AAA-BBB-1") == []
    assert [found.number for found in catalogues.on_route("main", "code:OTHER")] == [2]
    assert catalogues.matches("main", lead(), NOW) == []
    assert len(catalogues.matches("main", lead(lead_code="OTHER"), NOW)) == 1


def test_granted() -> None:
    """RTE-12: a granted claim reserves a slot and sends, in one decision."""
    state, [decision] = decide(claim(), known=[campaign()])
    [effect], [event], [send] = decision.effects, decision.publish, every(state, Send)
    assert isinstance(event.event, ClaimGranted) and event.key == "person-1"
    assert [book.reserved for book in every(state, Capacity)] == [1]
    assert (effect.id, send.status) == (send.id, "reserved")
    assert effect.endpoint == "127.0.0.1:9/main/north"


def test_request() -> None:
    """RTE-15: the request is rendered whole, with its idempotency key and a secret's name only."""
    _, [decision] = decide(claim(), known=[campaign()])
    [effect] = decision.effects
    body = from_json(effect.request.body)
    assert (body["key"], body["lead"], body["campaign"]) == (effect.id, "lead-1", "north")
    assert body["person"]["email"] == "dana@northgrid.example"
    assert (effect.request.url, effect.request.secret) == ("http://127.0.0.1:9/north", "north")


def test_same_person_never_twice() -> None:
    """RTE-08: another lead of the same person is refused."""
    _, [_, second] = decide(claim(), claim(lead="lead-9"), known=[campaign()])
    assert refusal(second) == ["already_sent"]


def test_same_claim_again() -> None:
    """A claim that comes again is neither granted nor refused again."""
    _, [_, second] = decide(claim(), claim(), known=[campaign()])
    assert second == Decision()


def test_cap() -> None:
    """RTE-12: what is over the cap is refused and says so."""
    _, decisions = decide(claim(1), claim(2), claim(3), known=[campaign(caps={"total": 2})])
    assert [refusal(decision) for decision in decisions] == [[], [], ["cap_reached"]]


def test_claim_decided_on_the_stored_campaign() -> None:
    """RTE-09: a pause holds from the moment that the campaign's shard took it."""
    _, [decision] = decide(claim(), known=[campaign(number=2, status="paused")])
    assert refusal(decision) == ["campaign_inactive"]


def test_claim_on_a_newer_version() -> None:
    """A lead that still fits is granted, on the version that decided."""
    state, _ = decide(claim(), known=[campaign(number=5)])
    assert [send.campaign_version for send in every(state, Send)] == [5]


def test_claim_on_an_unknown_campaign() -> None:
    """A claim on a campaign that does not exist is refused, not lost."""
    _, [decision] = decide(claim())
    assert refusal(decision) == ["campaign_unknown"]


def refusal(decision: Decision) -> list[str]:
    [event] = decision.publish
    if not isinstance(event.event, ClaimRefused):
        return []
    assert not decision.effects and not decision.save
    return [failing.code for failing in event.event.failing]


@pytest.mark.parametrize(
    ("outcome", "event", "slots"),
    [
        (Outcome.DONE, LeadSent, (0, 1, 0)),
        (Outcome.REFUSED, LeadNotSent, (0, 0, 0)),
        (Outcome.UNCERTAIN, LeadUncertain, (0, 0, 1)),
    ],
)
def test_send_ended(outcome: Outcome, event: type, slots: tuple[int, int, int]) -> None:
    """RTE-12: a slot is used, released, or kept in doubt, and both sides are told."""
    state, [granted] = decide(claim(), known=[campaign()])
    end = finished(granted.effects[0], outcome)
    state, [decision, again] = decide(end, end, state=state)
    assert [type(each.event) for each in decision.publish] == [event, SendCompleted]
    assert [(b.reserved, b.used, b.uncertain) for b in every(state, Capacity)] == [slots]
    assert again == Decision()


def test_definite_refusal_is_not_asked_again() -> None:
    """The slot of a refused send is free for others, but not for the same person."""
    state, [granted] = decide(claim(1), known=[campaign(caps={"total": 1})])
    refused = finished(granted.effects[0], Outcome.REFUSED)
    _, [_, same, other] = decide(refused, claim(1, lead="lead-9"), claim(2), state=state)
    assert (refusal(same), refusal(other)) == (["already_sent"], [])


def test_answers_reach_the_lead() -> None:
    """The person's shard learns how each claim ended, and an old answer changes nothing back."""
    state, [matched] = decide(input_of(lead()), known=[campaign()])
    [asked] = matched.publish
    state, [granted] = decide(input_of(asked.event), state=state)
    [answer] = granted.publish
    state, _ = decide(input_of(answer.event), state=state)
    assert [routed.state for routed in every(state, RoutedLead)] == ["granted"]
    state, [ended] = decide(finished(granted.effects[0], Outcome.DONE), state=state)
    completed = input_of(ended.publish[1].event)
    state, [_, late] = decide(completed, input_of(answer.event), state=state)
    assert [routed.state for routed in every(state, RoutedLead)] == ["sent"]
    assert late == Decision()


def test_explained_by_what_was_answered() -> None:
    """RTE-10: what the campaign's shard answered is told, the rest is recomputed."""
    full, paused = campaign(caps={"total": 0}), campaign(status="paused", id="x")
    state, [matched] = decide(input_of(lead()), known=[full])
    state, [refused] = decide(input_of(matched.publish[0].event), state=state, known=[full])
    state, _ = decide(input_of(refused.publish[0].event), state=state)
    [routed] = every(state, RoutedLead)
    told = explanation.of_claim(routed.claims[0], full)
    assert (told.state, [each.code for each in told.failing]) == ("refused", ["cap_reached"])
    known = memory(full, paused)
    codes = failing_codes(paused, NOW, known.context_of(paused), subjects(routed.lead))
    assert {"campaign_inactive"} == codes


def by_hand(**changes: Any) -> Input:
    asked = {"lead": "lead-1", "person_id": "person-1", "campaign": "north", "reason": "in time"}
    return input_of(SendLead.model_validate(asked | changes))


def test_blank_reason() -> None:
    """RTE-14: what is done by hand is audited, and blanks say nothing."""
    for command in (SendLead, ResolveSend, BlockPerson, UnblockPerson, SkipDeadLetter):
        assert ("reason",) in faults(command, reason=" \t "), command
        assert ("reason",) not in faults(command, reason=" in time "), command


def faults(command: type[Command], **fields: str) -> set[tuple[int | str, ...]]:
    with pytest.raises(ValidationError) as found:
        command.model_validate(fields)
    return {error["loc"] for error in found.value.errors()}


def test_refusal_of_an_earlier_ask() -> None:
    """RTE-11, RTE-14: what is dropped on the send day while an operator sends it through refuses
    nothing any more, so nobody else is asked for a lead that is sold once."""
    known = [campaign(weekly={"weekday": "monday"}), campaign(id="south", priority=1)]
    state = Everything()
    state.put([replace(no_rules("main"), number=1, exclusive_lead_codes=("INT-AAA-BBB-1",))])
    state, [matched] = decide(input_of(lead()), state=state, known=known)
    state, [waits] = decide(input_of(matched.publish[0].event), state=state, known=known)
    state, _ = decide(input_of(waits.publish[0].event), state=state, known=known)
    state, [sent] = decide(by_hand(), state=state, known=known)
    late = ClaimRefused(
        lead="lead-1", person_id="person-1", campaign="north", campaign_version=1, failing=()
    )
    state, [nothing] = decide(input_of(late), state=state, known=known)
    assert (sent.publish[0].event.attempt, nothing) == (1, Decision())  # type: ignore[attr-defined]
    refused = late.model_copy(update={"attempt": 1})
    _, [following] = decide(input_of(refused), state=state, known=known)
    assert [event.key for event in following.publish] == ["south"]


def test_by_hand_while_it_is_asked_back() -> None:
    """INT-08: a lead whose place another upload is taking is not sent through."""
    back = WithdrawalRequested(lead="lead-1", person_id="person-1", replacement="2", reply_key="k")
    known = [campaign(weekly={"weekday": "monday"})]
    state, [matched] = decide(input_of(lead()), known=known)
    state, [waits] = decide(input_of(matched.publish[0].event), state=state, known=known)
    state, _ = decide(input_of(waits.publish[0].event), input_of(back), state=state, known=known)
    _, [decision] = decide(by_hand(), state=state, known=known)
    assert isinstance(decision.answer, Refused)
    assert ("withdrawing", {}) == (decision.answer.code, decision.answer.details)


def waiting_beside(state: str) -> RoutedLead:
    """A lead that waits for north's send day, and that south has answered like this."""
    routed = leads.new_lead(lead(), 7, cause())
    asked = (leads.ClaimRecord("south", 1, state), leads.ClaimRecord("north", 1, "waiting"))  # type: ignore[arg-type]
    return replace(routed, claims=asked)


BACK = WithdrawalRequested(lead="lead-1", person_id="person-1", replacement="2", reply_key="k")


def test_asked_back_though_one_campaign_has_it() -> None:
    """INT-08: it is too late, which is told at once, and nothing is taken from the send day."""
    decision = leads.withdraw(BACK, waiting_beside("sent"), None, cause())
    assert ["already_sent"] == [event.event.outcome for event in decision.publish]  # type: ignore[attr-defined]
    [after] = decision.save
    assert isinstance(after, RoutedLead)
    assert ["sent", "waiting"] == [asked.state for asked in after.claims]


def test_asked_back_while_one_campaign_has_not_answered() -> None:
    """INT-08: the send day keeps it until nobody else may have it, and then gives it back."""
    decision = leads.withdraw(BACK, waiting_beside("claimed"), None, cause())
    [after] = decision.save
    assert isinstance(after, RoutedLead) and not decision.publish
    refused = leads.note(after, leads.ClaimRecord("south", 1, "refused"))
    assert [ClaimWithdrawn] == [type(event.event) for event in refused.publish]


@pytest.mark.parametrize("is_exclusive", [False, True])
def test_asked_back_it_is_put_to_nobody_anew(*, is_exclusive: bool) -> None:
    """INT-08, RTE-14: a change frees no lead whose place another upload is taking, not even for the
    queue behind who has it; the same lead is put to north if nobody asked for it back."""
    routed = leads.new_lead(lead(), 7, cause())
    routed = replace(routed, claims=(leads.ClaimRecord("south", 1),), is_exclusive=is_exclusive)
    back = replace(routed, withdrawals=(leads.Withdrawal("2", "k"),))
    freed = input_of(LeadToRematch(lead="lead-1", person_id="person-1", campaign="north"))
    known = [campaign()]
    found = []
    for one in (routed, back):
        state = Everything()
        state.put([one])
        _, [decision] = decide(freed, state=state, known=known)
        found.append(decision == Decision())
    assert [False, True] == found


def test_given_back_and_then_too_late() -> None:
    """INT-08: who gave it back is asked anew if another campaign has it after all."""
    given_up = leads.ClaimRecord("south", 1, "refused", (Failing(code="withdrawn"),))
    routed = replace(
        waiting_beside("waiting"),
        claims=(given_up, leads.ClaimRecord("north", 1, "waiting")),
        withdrawals=(leads.Withdrawal("2", "k"),),
    )
    decision = leads.note(routed, leads.ClaimRecord("north", 1, "granted"))
    assert [WithdrawalAnswered, Claim] == [type(event.event) for event in decision.publish]
    assert ("south", 1) == (decision.publish[1].key, decision.publish[1].event.attempt)  # type: ignore[attr-defined]


async def test_two_send_days_in_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """RTE-13: however many runs fall together, everybody who waits goes."""
    monkeypatch.setattr(claims, "RUN_MAX", 2)
    store = MemoryStore(MemoryDatabase())
    await run(routing(), store, input_of(put_campaign(weekly={"weekday": "monday"})))
    days = []
    for late in (timedelta(), timedelta(days=7)):
        some = [later(claim(n + late.days), late) for n in range(3)]
        waits = await run(routing(), store, *some)
        days += [waits[0].due[0]]
    due = [day.deadline for day in days]
    sent = 0
    for _ in range(10):
        inputs = [later(input_of(each), timedelta(days=20)) for each in due]
        decisions = await run(routing(), store, *inputs)
        sent += sum(len(decision.effects) for decision in decisions)
        again = {day.id: day for decision in decisions for day in decision.due}
        due = [day.deadline for day in again.values()]
    assert (6, []) == (sent, due)


async def test_a_run_takes_of_those_that_wait_its_own_page_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """RTE-13, RTE-22: what else is looked at in the batch was not loaded with its person's block,
    so it is not sent with the run, however well it would fit."""
    monkeypatch.setattr(claims, "RUN_MAX", 1)
    store = MemoryStore(MemoryDatabase())
    weekly = put_campaign(weekly={"weekday": "monday"}, shares={"DE": 100})
    await run(routing(), store, input_of(weekly))
    first, blocked = claim(1), claim(2, place=Place("DE", None))
    await run(routing(), store, first)
    waits = await run(routing(), store, later(blocked, timedelta(seconds=1)))
    await run(routing(), store, input_of(BlockPerson(person_id="person-2", reason="they asked")))
    [day] = waits[0].due
    send = waits[0].save[0].id
    asked = ResolveSend(campaign="north", send=send, outcome="sent", reason="they said so")
    due = input_of(day.deadline)
    then = [later(each, timedelta(days=20)) for each in (due, input_of(asked))]
    sent, _ = await run(routing(), store, *then)
    assert ["lead-1"] == [each.event.lead for each in sent.publish]  # type: ignore[attr-defined]


def test_what_a_step_tried_is_not_remembered() -> None:
    """RTE-09: a version that was not committed must not judge leads later."""
    catalogues = memory(campaign())
    tried = replace(campaign(places=[{"country": "DE"}]), number=2)
    assert ["filter.place"] == [each.code for each in catalogues.evaluate(tried, lead(), NOW)[1]]
    stored = replace(campaign(places=[{"country": "US"}]), number=2)
    assert [] == catalogues.evaluate(stored, lead(), NOW)[1]


def test_campaign_versions() -> None:
    """RTE-01: every change is a new version that is kept, the same again is none."""
    puts = [put_campaign(), put_campaign(), put_campaign(priority=1)]
    state, decisions = decide(*[input_of(put) for put in puts])
    assert [decision.answer for decision in decisions] == [
        Accepted("created", details={"version": 1}),
        Accepted("unchanged", details={"version": 1}),
        Accepted("changed", details={"version": 2}),
    ]
    assert [kept.id for kept in every(state, CampaignVersion)] == ["main/north@1", "main/north@2"]


def test_pause_and_resume() -> None:
    """A pause is a new version, once."""
    pause = PauseCampaign(campaign="north", reason="budget")
    resume = ResumeCampaign(campaign="north", reason="budget is back")
    _, decisions = decide(input_of(pause), input_of(pause), input_of(resume), known=[campaign()])
    assert [decision.answer.code for decision in decisions if decision.answer] == [
        "paused",
        "unchanged",
        "resumed",
    ]


@pytest.mark.parametrize(
    ("name", "actor", "code"),
    [("nothing", "northgrid", "campaign_unknown"), ("north", "helvion", "not_permitted")],
)
def test_pause_refused(name: str, actor: str, code: str) -> None:
    """OPS-07: a customer pauses its own campaigns only."""
    command = PauseCampaign(campaign=name, reason="why not")
    _, [decision] = decide(input_of(command, role="customer", actor=actor), known=[campaign()])
    assert isinstance(decision.answer, Refused) and decision.answer.code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"customer": "helvion"}, "customer_changed"),
        ({"active": {"from": "2026-03-02", "to": "2026-03-01"}}, "dates_contradict"),
        ({"categories": [{"id": "1"}, {"id": "01"}]}, "category_twice"),
        ({"places": [{"country": "US", "subdivisions": ["DE-BY"]}]}, "places_contradict"),
        ({"places": [{"country": "US", "subdivisions": ["US-ZZ"]}]}, "filter_value_unknown"),
        ({"excluded_places": [{"country": "ZZ"}]}, "filter_value_unknown"),
        ({"caps": {"total": 2}}, "cap_below_sent"),
        ({"send": {"mode": "webhook", "url": "http://h:99999/", "secret": "s"}}, "url_invalid"),
    ],
)
def test_put_refused(changes: dict[str, Any], code: str) -> None:
    """A campaign that contradicts itself, or what happened already, is refused."""
    before = campaign()
    state = Everything()
    state.put([Capacity(before.id, 1, "main", reserved=1, used=1, uncertain=1)])
    _, [decision] = decide(input_of(put_campaign(**changes)), state=state, known=[before])
    assert isinstance(decision.answer, Refused) and decision.answer.code == code
    assert decision.save == ()


def test_all_that_contradicts_is_told_at_once() -> None:
    """The code and the field are those of the most basic; the others stand in the details."""
    changes = {"shares": {"US": 60, "DE": 50}, "categories": [{"id": "1"}, {"id": "01"}]}
    _, [decision] = decide(input_of(put_campaign(**changes)))
    assert isinstance(decision.answer, Refused)
    assert ("category_twice", "categories") == (
        decision.answer.code,
        decision.answer.details["field"],
    )
    texts = ["categories: a category is ordered twice"]
    texts += ["shares: the shares are more than 100 in all"]
    assert "; ".join(texts) == decision.answer.text
    assert ["category_twice", "shares_contradict"] == [
        fault["code"] for fault in decision.answer.details["faults"]
    ]


def test_a_cap_that_is_below_what_was_sent_already_may_stay() -> None:
    """Only a change of it is refused: what else is put does not wait for the day to end."""
    before = campaign(caps={"day": 1})
    state = WorkingSet()
    counted = {f"day/{before.local_day(NOW)}": 2}
    state.put([Capacity(before.id, 1, "main", used=2, counted=counted)])
    command = put_campaign(caps={"day": 1}, priority=3)
    _, [decision] = decide(input_of(command), state=state, known=[before])
    assert isinstance(decision.answer, Accepted)


async def run(service: Service, store: MemoryStore, *batch: Input) -> list[Decision]:
    """One batch as the loop runs it."""
    _, decisions = await decide_batch(service, store, batch)
    return decisions


async def test_from_lead_to_sent_through_the_store() -> None:
    """A lead is matched, claimed, granted, sent and completed, each step from stored state."""
    database = MemoryDatabase()
    service, store = routing(), MemoryStore(database)
    changes = {"active": {"from": "2026-01-01"}, "places": [{"country": "US"}]}
    await run(service, store, input_of(put_campaign(**changes)))
    [matched] = await run(service, store, input_of(lead()))
    [granted] = await run(routing(), store, input_of(matched.publish[0].event))
    [ended] = await run(routing(), store, finished(granted.effects[0], Outcome.DONE))
    answers = [granted.publish[0], ended.publish[1]]
    await run(routing(), store, *[input_of(event.event) for event in answers])
    [routed], [book] = database.documents("leads"), database.documents("campaign_capacities")
    assert (routed["state"], routed["revision"]) == ("sent", 1)
    assert (book["used"], book["reserved"]) == (1, 0)


def test_a_send_tells_what_came_of_each_request() -> None:
    """OPS-01."""
    tried = [
        Attempt(1, NOW, Verdict.UNKNOWN, "no answer"),
        Attempt(2, NOW, Verdict.DONE, "answered 200"),
    ]
    state, [granted] = decide(claim(), known=[campaign()])
    effect = granted.effects[0]
    ended = EffectFinished(effect.id, effect.purpose, Outcome.DONE, "answered 200", 2, tried)
    state, _ = decide(input_of(ended), state=state)
    [send] = every(state, Send)
    assert [
        ("reserved", ""),
        ("attempt", "1: unknown: no answer"),
        ("attempt", "2: done: answered 200"),
        ("sent", "answered 200"),
    ] == [(entry.what, entry.text) for entry in send.history]


async def test_a_lead_that_comes_after_its_withdrawal_is_withdrawn() -> None:
    """INT-08: asked of another shard, the withdrawal may be read first; then nobody claims it."""
    service, store = routing(), MemoryStore(MemoryDatabase())
    await run(service, store, input_of(put_campaign()))
    [answered] = await run(service, store, input_of(BACK.model_copy(update={"lead": lead().lead})))
    [matched] = await run(service, store, input_of(lead()))
    assert "withdrawn" == answered.publish[0].event.outcome  # type: ignore[attr-defined]
    assert ([], []) == ([*matched.publish], [*matched.due])
    assert [True] == [one.withdrawn for one in matched.save if isinstance(one, RoutedLead)]


@pytest.mark.parametrize("in_line_max", [0, 200])
async def test_long_changes_are_applied_beside_the_event_loop(in_line_max: int) -> None:
    """A long list, and titles that change for many campaigns: as if it were done in line."""
    service, store = routing(), MemoryStore(MemoryDatabase())
    strict = {"list": "bad", "strictness": "strict"}
    listed = PutList(id="bad", entries=("northgrid.example",))
    rules = PutRules(suppressed_titles=SuppressedTitles(phrases=("head",)))
    with (
        patch.object(routing_store, "ENTRIES_IN_LINE_MAX", in_line_max),
        patch.object(routing_store, "CAMPAIGNS_IN_LINE_MAX", in_line_max),
    ):
        await run(service, store, input_of(put_campaign(suppressed=[strict])))
        await run(service, store, input_of(put_campaign(id="other")))
        await run(service, store, input_of(listed))
        await run(service, store, input_of(PutRules()))
        [matched] = await run(service, store, input_of(lead()))
        assert [event.key for event in matched.publish] == ["other"]
        await run(service, store, input_of(rules))
        [matched] = await run(service, store, input_of(lead(lead="L-2")))
        assert matched.publish == []


def test_a_run_keeps_to_the_shares_as_it_goes_on() -> None:
    """RTE-05: however many wait from one country, the next is from the one furthest behind."""
    wanted = campaign(weekly={"weekday": "tuesday"}, shares={"US": 60, "DE": 30})
    places = [Place("US")] * 20 + [Place("DE")] * 20 + [Place("FR")] * 20
    claimed = [claim(number, place=place) for number, place in enumerate(places)]
    state, _ = decide(*claimed, known=[wanted])
    chosen = claims.next_of(every(state, Send), wanted, None)[:10]
    countries = Counter(send.claim.lead.place.country for send in chosen if send.claim)
    assert {"US": 6, "DE": 3, "FR": 1} == countries
