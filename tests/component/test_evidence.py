"""One kind of evidence: who may only ask the read APIs sees of services what lies in their stores,
so that both are judged by the same checks."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from cli.demo import holdings
from cli.oracle import oracle
from cli.oracle.evidence import Evidence
from services.intake.queries import api as intake_api
from services.routing.queries import api as routing_api
from shared import dead_letters_api
from shared.testing import virtual_time
from shared.testing.memory import MemoryStore
from shared.testing.simulator import SECRET, World
from tests.apis import app_of, client
from tests.simulation.lead_path import simulate

STEPS = 120


class ReadApis:
    """Those of a simulated run, asked as the command line does."""

    def __init__(self, world: World) -> None:
        stores = {name: MemoryStore(database) for name, database in world.databases.items()}
        asking = {
            "intake": intake_api.routes(stores["intake"], SECRET, world.clock),
            "routing": routing_api.routes(stores["routing"], world.clock),
        }
        dead = {name: dead_letters_api.routes(store) for name, store in stores.items()}
        self.apps = {name: app_of(asking[name], dead[name]) for name in stores}
        self.stack = {"http": dict.fromkeys(stores, "in this process")}

    def get(self, service: str, path: str, **query: Any) -> Any:
        given = {name: value for name, value in query.items() if value is not None}

        async def ask() -> httpx.Response:
            async with client(self.apps[service]) as api:
                return await api.get(path, params=given)

        answer = asyncio.run(ask())
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def both() -> tuple[Evidence, ReadApis]:
    evidence, world = virtual_time.run(simulate(1, STEPS))
    return evidence, ReadApis(world)


def test_leads_are_told_as_they_are_stored(both: tuple[Evidence, ReadApis]) -> None:
    """With their reasons, and what is held of them."""
    evidence, api = both
    told = {lead.id: lead for lead in holdings.leads(api)}
    stored = {lead.id: replace(lead, sent_to=tuple(lead.sent_to)) for lead in evidence.leads}
    assert stored == {id: replace(lead, sent_to=tuple(lead.sent_to)) for id, lead in told.items()}
    assert {"accepted", "held", "unusable", "omitted"} <= {lead.outcome for lead in told.values()}


def test_sends_are_told_as_they_are_stored(both: tuple[Evidence, ReadApis]) -> None:
    evidence, api = both
    names = [campaign.name for campaign in evidence.campaigns]
    told = {send.key: send for send in holdings.sends(api, names)}
    assert {send.key: send for send in evidence.sends} == told
    assert "waiting" in {entry.what for send in told.values() for entry in send.history}


def test_campaigns_are_told_with_their_versions_and_slots(both: tuple[Evidence, ReadApis]) -> None:
    evidence, api = both
    stored = {campaign.name: campaign for campaign in evidence.campaigns}
    told = {campaign.name: campaign for campaign in holdings.campaigns(api)}
    assert stored.keys() == told.keys()
    for name, campaign in told.items():
        kept = stored[name]
        assert kept.versions.keys() == campaign.versions.keys()
        assert all(kept.versions[n].items() <= campaign.versions[n].items() for n in kept.versions)
        slots = (campaign.reserved, campaign.used, campaign.uncertain)
        assert (kept.reserved, kept.used, kept.uncertain) == slots


def test_questions_and_dead_letters_are_told_as_they_are_stored(
    both: tuple[Evidence, ReadApis],
) -> None:
    evidence, api = both
    assert evidence.questions == holdings.questions(api)
    told = {letter.id: letter for letter in holdings.dead_letters(api)}
    assert {letter.id: letter for letter in evidence.dead_letters} == told
    assert told


def test_who_only_asks_comes_to_the_same_judgement(both: tuple[Evidence, ReadApis]) -> None:
    """And sees a send that nobody published, and a customer that got what is no send."""
    evidence, api = both
    names = [campaign.name for campaign in evidence.campaigns]
    asked = replace(
        evidence,
        leads=holdings.leads(api),
        questions=holdings.questions(api),
        sends=holdings.sends(api, names),
        campaigns=holdings.campaigns(api),
        dead_letters=holdings.dead_letters(api),
        inside=None,
    )
    assert [] == oracle.violations(asked)
    tampered = replace(asked, sends=asked.sends[1:], leads=asked.leads[1:])
    assert {"I5", "I7"} <= {found.invariant for found in oracle.violations(tampered)}


def test_what_only_the_stores_tell_is_there(both: tuple[Evidence, ReadApis]) -> None:
    """Under the names by which it is read: without it the checks that need it would see nothing."""
    evidence, _ = both
    told = evidence.inside
    assert told is not None
    accepted = {lead.id for lead in evidence.leads if lead.outcome == "accepted"}
    assert accepted == {lead.id for lead in told.routed if not lead.withdrawn}
    known = {lead.person for lead in evidence.leads if lead.person}
    # Whoever a reference was about before another person came under it is a contact still.
    assert 0 < len(known) <= len(told.contacts)
    assert {("intake", "intake.commands.v1"), ("routing", "routing.claims.v1")} <= {
        (service, topic) for service, topic, _ in told.positions
    }
    assert evidence.policy is not None
