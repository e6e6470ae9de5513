"""Unsent leads by check, of all leads or of some that stand for them."""

from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.routing.queries import api
from services.routing.service import routing
from shared.clock import SystemClock
from shared.ids import derived_id
from shared.loop.decision import Verdict
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.apis import app_of, client, found
from tests.builders import input_of, lead, put_campaign
from tests.component.leads import MONDAY, Platform
from tests.deciding import decide_batch
from tests.simulation.tallies import violations


@pytest.fixture
async def asking() -> httpx.AsyncClient:
    """300 leads, a third of them from abroad, two campaigns of their way, and one of none."""
    store, service = MemoryStore(MemoryDatabase()), routing()
    far = put_campaign(id="far", places=[{"country": "DE"}])
    campaigns = [put_campaign(), far, put_campaign(id="idle", lead_codes=["NONE"])]
    await decide_batch(service, store, [input_of(each) for each in campaigns])
    leads = []
    for number in range(300):
        whole: dict[str, Any] = {"lead": derived_id(str(number)), "person_id": f"person-{number}"}
        if number % 3 == 0:
            whole["place"] = {"country": "DE"}
        leads.append(input_of(lead(**whole)))
    await decide_batch(service, store, leads)
    return client(app_of(api.routes(store, SystemClock())))


async def test_as_many_as_may_be_looked_at_are_counted(asking: httpx.AsyncClient) -> None:
    """RTE-10: then the counts are exact."""
    answer = await found(asking, "/campaigns/far/unsent")
    assert {"filter.place": 200} == answer["unsent"]
    assert (300, 300) == (answer["looked_at"], answer["of"])


async def test_of_more_some_stand_for_all(asking: httpx.AsyncClient) -> None:
    """RTE-10: their share, of as many as there are about."""
    answer = await found(asking, "/campaigns/far/unsent?leads=90")
    assert 90 <= answer["looked_at"] < 150
    assert 300 == pytest.approx(answer["of"], rel=0.3)
    assert 2 / 3 == pytest.approx(answer["unsent"]["filter.place"] / answer["of"], abs=0.15)


async def test_campaigns_are_counted_side_by_side(asking: httpx.AsyncClient) -> None:
    """Those of one way by the same leads; one that nobody came to has none."""
    rows = {row["id"]: row for row in (await found(asking, "/counts"))["campaigns"]}
    unsent = {"far": {"filter.place": 200}, "idle": {}, "north": {}}
    assert unsent == {name: row["unsent"] for name, row in rows.items()}
    assert [300, 0] == [rows[name]["of"] for name in ("north", "idle")]
    few = (await found(asking, "/counts?leads=100"))["campaigns"]
    looked_at = {row["id"]: row["looked_at"] for row in few}
    assert looked_at["far"] == looked_at["north"] < 300


async def test_counts_come_by_pages(asking: httpx.AsyncClient) -> None:
    first = await found(asking, "/counts?limit=2")
    second = await found(asking, f"/counts?limit=2&after={first['next']}")
    names = [[row["id"] for row in page["campaigns"]] for page in (first, second)]
    assert ([["far", "idle"], ["north"]], None) == (names, second["next"])


@pytest.mark.parametrize("leads", ["0", "-1", "many", "1.5"])
async def test_how_many_are_looked_at_is_a_number(asking: httpx.AsyncClient, leads: str) -> None:
    for path in ("/counts", "/campaigns/far/unsent"):
        answer = await asking.get(f"{path}?leads={leads}")
        error = "leads can't be read; wanted is a number from 1 on"
        assert (400, error) == (answer.status_code, answer.json()["error"]["text"])


def test_of_leads_no_more_than_a_hundred_thousand_are_looked_at() -> None:
    assert 100_000 == api.UnsentQuery.model_validate({"leads": "1000000"}).leads


async def test_sends_are_counted_as_they_are(platform: Platform) -> None:
    """RTE-12: by status, those that have a slot and those that have none."""
    await platform.campaign("weekly", weekly=MONDAY | {"weekday": "thursday"})
    for name in ("refusing", "silent", "taking"):
        await platform.campaign(name)
    platform.verdicts = {"refusing": Verdict.REFUSED, "silent": Verdict.UNKNOWN}
    await platform.upload(1, 2)
    assert {"uncertain": 2, "sent": 2, "refused": 2, "waiting": 2} == await counted(platform)


async def test_what_campaigns_answered_is_counted_exactly(platform: Platform) -> None:
    """RTE-10: however few of the leads are looked at, and as it changes: two that waited are sent,
    two others have no slot."""
    await platform.campaign("capped", caps={"total": 1})
    await platform.campaign(
        "weekly", weekly={"weekday": "monday", "at": "09:00"}, caps={"total": 2}
    )
    await platform.upload(*range(1, 5))
    answered = {"capped": {"cap_reached": 3}, "weekly": {"awaiting_send_day": 4}}
    assert answered == await unsent(platform)
    await platform.advance(timedelta(days=1))
    assert answered | {"weekly": {"cap_reached": 2}} == await unsent(platform)
    assert [] == list(violations(platform.world))


async def unsent(platform: Platform) -> dict[str, Any]:
    store = MemoryStore(platform.world.databases["routing"])
    answer = await found(client(app_of(api.routes(store, platform.world.clock))), "/counts?leads=1")
    return {row["id"]: row["unsent"] for row in answer["campaigns"]}


async def counted(platform: Platform) -> dict[str, int]:
    """Sends by status, which are those that are stored."""
    store = MemoryStore(platform.world.databases["routing"])
    answer = await found(client(app_of(api.routes(store, platform.world.clock))), "/counts")
    statuses = ("waiting", "reserved", "sent", "refused", "uncertain")
    counts = [((row["id"], name), row[name]) for row in answer["campaigns"] for name in statuses]
    rows = platform.stored("sends", "routing")
    assert Counter((row["campaign"], row["status"]) for row in rows) == Counter(dict(counts))
    by_status: Counter[str] = Counter()
    for (_, status), number in counts:
        by_status[status] += number
    return {status: number for status, number in by_status.items() if number}
