"""Orders for meetings: what may be put and accepted, which email may go, and whose a meeting is."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.appointments.orders import accounts
from services.appointments.orders.accounts import Account
from services.appointments.orders.counts import Counted, booked_in
from services.appointments.orders.months import Months
from services.appointments.orders.preparation import Preparation
from shared.contracts.accounts import AccountState
from tests.builders import NOW, context
from tests.component.agency import Agency
from tests.component.test_meetings import EMAIL, open_order, prepare

DAY = timedelta(days=1)
THEIRS = {"role": "representative", "actor": "acme/robin"}


async def answer(agency: Agency, kind: str, data: dict[str, Any], **changed: Any) -> str:
    return str((await agency.ask(f"appointments.{kind}", data, **changed))["code"])


async def book(agency: Agency, slot: str, who: str = "kim", **changed: Any) -> Any:
    start = agency.now + 8 * DAY
    data = {"slot": slot, "order": "o", "start": start.isoformat()}
    data |= {"end": (start + timedelta(hours=1)).isoformat()}
    data |= {"prospect": {"email": f"{who}@prospect.example"}} | changed
    return await agency.ask("appointments.meeting.book", data)


def order(**changed: Any) -> dict[str, Any]:
    whole = {"order": "o", "account": "acme", "wanted_per_month": 2, "price_minor": 4000}
    return {**whole, "currency": "USD", **changed}


async def put_account(agency: Agency, **changed: Any) -> None:
    await agency.ask("billing.account.put", {"account": "acme", "currency": "USD"} | changed)


async def test_an_order_needs_an_account_and_its_currency(agency: Agency) -> None:
    assert "account_unknown" == await answer(agency, "order.put", order())
    await put_account(agency)
    assert "currency_mismatch" == await answer(agency, "order.put", order(currency="EUR"))
    assert "created" == await answer(agency, "order.put", order())
    assert "unchanged" == await answer(agency, "order.put", order())
    await put_account(agency, account="other")
    assert "account_changed" == await answer(agency, "order.put", order(account="other"))


async def test_a_price_holds_once_both_sides_have_accepted_the_same_version(agency: Agency) -> None:
    await put_account(agency)
    await answer(agency, "order.put", order())
    await prepare(agency)
    accepts = {"order": "o", "account": "acme", "version": 1}
    assert "not_in_force" == await answer(agency, "email.request", EMAIL)
    assert "accepted" == await answer(agency, "order.accept", accepts)
    assert "unchanged" == await answer(agency, "order.accept", accepts)
    assert "not_in_force" == await answer(agency, "email.request", EMAIL)
    stranger = {"role": "customer", "actor": "other"}
    assert "not_permitted" == await answer(agency, "order.accept", accepts, **stranger)
    assert "in_force" == await answer(agency, "order.accept", accepts, **THEIRS)
    assert "allowed" == await answer(agency, "email.request", EMAIL)
    await answer(agency, "order.put", order(price_minor=5000))
    assert "version_outdated" == await answer(agency, "order.accept", accepts)
    second = accepts | {"version": 2}
    assert "accepted" == await answer(agency, "order.accept", second)
    told = [event for event in agency.events("appointments.events.v1") if "in_force" in event]
    assert (2, 1, 4000) == tuple(told[-1][name] for name in ("version", "in_force", "price_minor"))


async def test_no_email_goes_without_a_link_or_without_an_order(agency: Agency) -> None:
    await open_order(agency)
    no_link = EMAIL | {"has_scheduling_link": False}
    assert "link_missing" == await answer(agency, "email.request", no_link)
    assert "order_unknown" == await answer(agency, "email.request", EMAIL | {"order": "none"})


@pytest.mark.parametrize("frees", [False, True])
async def test_the_number_wanted_stops_emails_as_long_as_the_meetings_may_be_billed(
    agency: Agency, frees: bool
) -> None:
    await open_order(agency)
    await agency.ask("appointments.order.put", order())
    for changed in ({}, THEIRS):
        accepts = {"order": "o", "account": "acme", "version": 2}
        await agency.ask("appointments.order.accept", accepts, **changed)
    assert "allowed" == await answer(agency, "email.request", EMAIL)
    await agency.advance(DAY)
    await book(agency, "a", "kim")
    assert "allowed" == await answer(agency, "email.request", EMAIL)
    await book(agency, "b", "lee")
    assert "enough_booked" == await answer(agency, "email.request", EMAIL)
    if frees:
        await answer(agency, "meeting.cancel", {"slot": "b", "by": "prospect"})
        assert "allowed" == await answer(agency, "email.request", EMAIL)
    else:
        await agency.advance(31 * DAY)
        assert "allowed" == await answer(agency, "email.request", EMAIL)


async def test_an_order_ends_at_once_only_while_no_email_was_sent(agency: Agency) -> None:
    await open_order(agency)
    notice = {"order": "o", "account": "acme", "received_at": agency.now.isoformat()}
    notice |= {"reason": "they said so", "at_once": True}
    assert "not_permitted" == await answer(agency, "order.interrupt", notice, **THEIRS)
    later = notice | {"received_at": (agency.now + DAY).isoformat()}
    assert "received_later" == await answer(agency, "order.interrupt", later)
    await answer(agency, "email.request", EMAIL)
    assert "emails_sent" == await answer(agency, "order.interrupt", notice)


@pytest.mark.parametrize(("who", "days"), [({}, 31), (THEIRS, 61)])
async def test_a_notice_is_dated_back_by_the_house_alone(
    agency: Agency, who: dict[str, str], days: int
) -> None:
    """A customer's comes with its command, so it takes effect a month later."""
    await open_order(agency)
    await answer(agency, "email.request", EMAIL)
    first_email_at = agency.now
    await agency.advance(32 * DAY)
    notice = {"order": "o", "account": "acme", "reason": "they said so"}
    notice |= {"received_at": (agency.now - 5 * DAY).isoformat()}
    told = await agency.ask("appointments.order.interrupt", notice, **who)
    effective_at = datetime.fromisoformat(told["details"]["effective_at"])
    assert days == (effective_at.date() - first_email_at.date()).days


async def test_a_booking_for_no_order_that_is_known_is_kept_until_there_is_one(
    agency: Agency,
) -> None:
    await put_account(agency)
    start = agency.now + 8 * DAY
    assert "unassigned" == (await book(agency, "a"))["code"]
    (slot,) = agency.stored("appointments", "slots")
    assert slot["is_unassigned"]
    await answer(agency, "order.put", order())
    again = {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()}
    assert "slot_taken" == (await book(agency, "a", "lee"))["code"]
    assert "booked" == (await book(agency, "a", **again))["code"]
    assert "unchanged" == (await book(agency, "a", **again))["code"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"start": "2026-06-01T09:00:00Z", "end": "2026-06-01T09:00:00Z"}, "ends_before_start"),
        ({"prospect": {"email": "nobody"}}, "email_invalid"),
        ({"start": "2026-06-01"}, "invalid"),
    ],
)
async def test_a_booking_that_makes_no_sense_is_refused(
    agency: Agency, wrong: dict[str, Any], code: str
) -> None:
    await open_order(agency)
    assert code == (await book(agency, "a", **wrong))["code"]
    assert [] == agency.stored("appointments", "slots")


async def test_customers_that_share_a_calendar_have_meetings_of_their_own(agency: Agency) -> None:
    """Also where one's booking takes the place of another's."""
    await open_order(agency)
    await put_account(agency, account="other")
    await answer(agency, "order.put", order(order="p", account="other"))
    await book(agency, "a")
    await book(agency, "b", order="p", moves="a")
    owners = {
        slot["slot"]: slot["owner"]["account"] for slot in agency.stored("appointments", "slots")
    }
    assert {"a": "acme", "b": "other"} == owners


@pytest.mark.parametrize("entry", ["gmail.com", "co.uk", "", "Acme Ltd", "@", "https://"])
async def test_an_exclusion_is_a_person_or_a_company(agency: Agency, entry: str) -> None:
    """A public mail provider is neither, and no name is: of two that are alike one is meant."""
    data = {"account": "acme", "entries": ["lee@prospect.example", entry]}
    assert await answer(agency, "exclusions.add", data) in ("entries_invalid", "invalid")
    assert [] == agency.stored("appointments", "exclusions")


@pytest.mark.parametrize(
    "entry",
    [
        "Kim@Prospect.example",
        "https://www.prospect.example/team",
        "@prospect.example",
        "https://www.linkedin.com/in/Kim-Example/?trk=mail",
    ],
)
async def test_who_is_excluded_before_the_booking_is_not_billed(agency: Agency, entry: str) -> None:
    await open_order(agency)
    data = {"account": "acme", "entries": [entry]}
    assert "added" == await answer(agency, "exclusions.add", data)
    assert "unchanged" == await answer(agency, "exclusions.add", data)
    person = {"email": "kim@prospect.example", "profile_url": "linkedin.com/in/kim-example"}
    await book(agency, "a", prospect=person)
    await agency.advance(30 * DAY)
    told = [event for event in agency.events("appointments.events.v1") if "state" in event]
    assert ("not_billable", "excluded") == (told[-1]["state"], told[-1]["code"])


async def test_an_email_goes_when_its_step_is_validated_and_its_domain_ready(
    agency: Agency,
) -> None:
    """A step that is written anew is a draft again; what is not done for a domain is told."""
    await open_order(agency)
    step = {"name": "second", "subject": "Again", "body": "Did you see it?"}
    prepared = {"order": "o", "brief": "directors", "steps": [step]}
    assert "changed" == await answer(agency, "preparation.put", prepared)
    assert "step_unknown" == await answer(agency, "email.request", EMAIL)
    second = EMAIL | {"step": "second"}
    assert "not_validated" == await answer(agency, "email.request", second)
    move = {"order": "o", "step": "second", "to": "visible"}
    assert "not_validated" == await answer(agency, "preparation.step", move)
    for state in ("validated", "visible"):
        assert "changed" == await answer(agency, "preparation.step", move | {"to": state})
        assert "allowed" == await answer(agency, "email.request", second)
    again = prepared | {"steps": [step | {"body": "Did you?"}]}
    assert "changed" == await answer(agency, "preparation.put", again)
    assert "not_validated" == await answer(agency, "email.request", second)
    await answer(agency, "preparation.step", move | {"to": "validated"})
    domain = {"order": "o", "domain": "meet.example", "done": ["warm_up", "spf", "cname", "dkim"]}
    await answer(agency, "preparation.domain", domain)
    refused = await agency.ask("appointments.email.request", second)
    assert ("domain_not_ready", "still to do: dmarc") == (refused["code"], refused["text"])


async def test_a_sequence_has_each_step_once(agency: Agency) -> None:
    await open_order(agency)
    step = {"name": "second", "subject": "Again", "body": "Did you see it?"}
    prepared = {"order": "o", "brief": "directors", "steps": [step, step]}
    refused = await agency.ask("appointments.preparation.put", prepared)
    assert ("step_twice", "steps") == (refused["code"], refused["details"]["field"])
    draft = prepared | {"steps": [step]}
    await agency.ask("appointments.preparation.put", draft)
    refused = await agency.ask("appointments.email.request", EMAIL | {"step": "second"})
    assert ("not_validated", "step") == (refused["code"], refused["details"]["field"])


async def test_nobody_interrupts_an_order_that_is_not_there(agency: Agency) -> None:
    data = {"order": "none", "account": "acme", "received_at": agency.now, "reason": "they wrote"}
    assert "order_unknown" == await answer(agency, "order.interrupt", data)


async def test_an_account_has_versions_and_the_latest_holds(agency: Agency) -> None:
    """Whatever comes after it."""
    await put_account(agency)
    await put_account(agency, time_zone="Europe/Warsaw")
    states = agency.events("billing.accounts.v1")
    assert [(1, "UTC"), (2, "Europe/Warsaw")] == [
        (each["version"], each["time_zone"]) for each in states
    ]
    versions = agency.stored("billing", "versions")
    ids = {f"account main/acme@{number}" for number in (1, 2)}
    assert ids == {each["_id"] for each in versions}


@pytest.mark.parametrize(("told", "kept"), [(1, 2), (2, 2), (3, 3)])
def test_an_older_state_of_an_account_changes_nothing(told: int, kept: int) -> None:
    before = Account("main/acme", 1, "main", "acme", 2, "USD", "UTC")
    state = AccountState(
        account="acme",
        version=told,
        currency="USD",
        time_zone="UTC",
        terms_days=0,
        changed_at=NOW,
    )
    saved = accounts.note(state, before, context()).save
    assert ([3] if kept == 3 else []) == [each.number for each in saved]  # type: ignore[attr-defined]


def test_a_month_of_an_order_has_the_meetings_that_were_booked_in_it() -> None:
    """Also of those that a step has counted and not yet stored."""
    page = booked_in("main", "o", Months(NOW, ZoneInfo("UTC")), NOW)
    counted = Counted("id", 1, "main", "o", NOW, True)
    assert page.also is not None
    found = [page.also(replace(counted, booked_at=NOW + days * DAY)) for days in (0, 29, 31, -1)]
    assert [True, True, False, False] == found
    others = [
        replace(counted, counts=False),
        replace(counted, tenant="t"),
        replace(counted, order="p"),
    ]
    assert not any(map(page.also, others))


async def test_what_an_order_costs_the_house_is_recorded_once(agency: Agency) -> None:
    await open_order(agency)
    cost = {"order": "o", "id": "d1", "what": "a domain", "amount_minor": 900, "currency": "USD"}
    assert "recorded" == await answer(agency, "preparation.cost", cost)
    assert "unchanged" == await answer(agency, "preparation.cost", cost)
    assert "cost_exists" == await answer(agency, "preparation.cost", cost | {"amount_minor": 90})
    assert "order_unknown" == await answer(agency, "preparation.cost", cost | {"order": "none"})


@pytest.mark.parametrize(
    ("wanted", "own", "mailboxes", "domains"),
    [(1, None, 1, 1), (20, None, 7, 3), (20, 12, 12, 4), (100, None, 34, 12)],
)
def test_mailboxes_and_domains_are_planned_from_the_number_wanted(
    wanted: int, own: int | None, mailboxes: int, domains: int
) -> None:
    plan = Preparation("main/o", 1, "main", "o", own_mailboxes=own)
    assert (mailboxes, domains) == (plan.mailboxes(wanted), plan.domains_needed(wanted))
