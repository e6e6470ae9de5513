"""An account is suspended as long as anybody says so, and each lifts what is its own."""

from dataclasses import replace
from typing import Any

import pytest

from cli.account_commands import others_of
from cli.command import Answer
from services.routing.orders.policy import Account, set_account
from shared.contracts.lists import RestoreAccount, SuspendAccount
from shared.loop.decision import Accepted, Decision
from tests.builders import NOW, context

UNPAID = {"billing": "invoice 7 is overdue"}


def account(**by: str) -> Account:
    return Account("main/acme", 3, "main", "acme", "before", NOW, "op", by)


def suspended(before: Account | None) -> Decision:
    return set_account(SuspendAccount(customer="acme", reason="fraud"), before, context())


def restored(before: Account | None) -> Decision:
    return set_account(RestoreAccount(customer="acme", reason="cleared"), before, context())


def after(decision: Decision) -> Account:
    (saved,) = decision.save
    assert isinstance(saved, Account)
    return saved


def code_of(decision: Decision) -> tuple[str, Any]:
    assert isinstance(decision.answer, Accepted)
    return decision.answer.code, dict(decision.answer.details)


def test_an_operator_suspends_beside_another() -> None:
    decision = suspended(account(**UNPAID))
    assert ("suspended", {"suspended_by": ["billing"]}) == code_of(decision)
    assert UNPAID | {"operator": "fraud"} == after(decision).suspended_by


def test_an_operator_lifts_nobody_elses_suspension() -> None:
    decision = restored(account(**UNPAID, operator="fraud"))
    assert ("restored", {"suspended_by": ["billing"]}) == code_of(decision)
    kept = after(decision)
    assert (True, UNPAID, "invoice 7 is overdue") == (
        kept.is_suspended,
        kept.suspended_by,
        kept.why_suspended,
    )


def test_what_was_suspended_by_one_alone_is_restored() -> None:
    kept = after(restored(account(operator="fraud")))
    assert (False, {}, "cleared") == (kept.is_suspended, kept.suspended_by, kept.reason)


@pytest.mark.parametrize(
    ("decision", "details"),
    [
        (restored(account(**UNPAID)), {"suspended_by": ["billing"]}),
        (restored(None), {}),
        (suspended(account(operator="fraud")), {}),
    ],
)
def test_nothing_changes_where_it_is_so_already(decision: Decision, details: Any) -> None:
    assert ("unchanged", details) == code_of(decision)
    assert not decision.save


def test_all_reasons_are_told() -> None:
    both = replace(account(**UNPAID, operator="fraud"))
    assert "invoice 7 is overdue; fraud" == both.why_suspended


@pytest.mark.parametrize(
    ("details", "text"),
    [({}, ""), ({"suspended_by": ["billing"]}, "; suspended by billing too")],
)
def test_an_operator_is_told_who_else_suspends(details: dict[str, Any], text: str) -> None:
    assert text == others_of(Answer("c-1", True, "restored", details=details))
