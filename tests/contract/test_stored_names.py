"""Names under which data lies in a store: by another name, what was stored before is not found."""

from typing import Any

import pytest

from services.appointments.service import appointments
from services.billing.service import billing
from services.intake import store as intake_store
from services.intake.service import intake
from services.routing import store as routing_store
from services.routing.service import routing
from shared.loop import dead_letters, effects
from shared.loop.collection import Collection
from shared.loop.decision import Deadline, Outcome, Purpose
from shared.loop.loop import INDEXES as LOOP
from shared.loop.service import Service
from shared.store import Index

INTAKE, ROUTING = intake("a secret").indexes, routing().indexes


def names(indexes: list[Index]) -> set[str]:
    return {index.collection for index in indexes}


def test_the_loop_keeps_its_collections() -> None:
    """In each service's own database."""
    assert {"shards", "outbox", "inbox", "due", "effects", "dead_letters"} == names(LOOP)


def test_intake_keeps_its_collections() -> None:
    leads = {"leads", "tries", "contacts", "deliveries", "requests"}
    catalogues = {"affiliates", "questions", "versions", "revisions"}
    assert leads | catalogues | {"lead_counts", "tallies"} == names(INTAKE)


def test_routing_keeps_its_collections() -> None:
    campaigns = {"campaigns", "campaign_versions", "campaign_capacities", "rules", "accounts"}
    lists = {"lists", "list_parts", "versions", "revisions"}
    leads = {"leads", "sends", "early_withdrawals", "blocks", "unsent_deliveries"}
    assert campaigns | lists | leads | {"answer_counts", "tallies"} == names(ROUTING)


@pytest.mark.parametrize(
    ("store", "indexes"),
    [(intake_store, INTAKE), (routing_store, ROUTING)],
    ids=["intake", "routing"],
)
def test_what_is_saved_lies_where_its_indexes_are(store: Any, indexes: list[Index]) -> None:
    kept = {kind.name for kind in vars(store).values() if isinstance(kind, Collection)}
    assert kept <= names(indexes)


def test_rows_keep_their_states() -> None:
    """A row that waits while a new version is rolled out has to be found by it."""
    assert ("in_flight", "waiting") == (effects.IN_FLIGHT, effects.WAITING)
    states = (dead_letters.DEAD, dead_letters.WAITING, dead_letters.REPLAYED, dead_letters.SKIPPED)
    assert ("dead", "waiting", "replayed", "skipped") == states


def test_the_end_of_an_effect_keeps_its_words() -> None:
    """They lie in what was dead-lettered, and are read when it is replayed."""
    assert ["done", "refused", "uncertain"] == [outcome.value for outcome in Outcome]


def deadlines(service: Service) -> set[str]:
    return set(service.table.deadlines)


def test_deadlines_keep_their_kinds() -> None:
    """One that was set by an earlier version is decided by the handler of its kind."""
    of_intake = {"recheck", "reconcile", "remind"}
    of_routing = {"list_effective", "look_again", "rescan", "watch", "weekly_send"}
    assert (of_intake, of_routing) == (deadlines(intake("a secret")), deadlines(routing()))


@pytest.mark.parametrize("base", [Deadline, Purpose])
def test_whatever_a_service_sets_has_a_row(base: type[Deadline | Purpose]) -> None:
    """What nobody decides would be dead-lettered once it comes."""
    kinds = {kind for kind in base.__subclasses__() if kind.__module__.startswith("services.")}
    services = (appointments("a secret"), billing(), intake("a secret"), routing())
    decided = {kind for service in services for kind in service.table.kinds}
    assert kinds
    assert set() == kinds - decided
