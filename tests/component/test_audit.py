"""The audit: who asked what, and what was answered."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared import audit_api
from shared.contracts.envelope import TENANT_DEFAULT
from shared.loop import inbox
from shared.store import Delete, Document, Filter, Insert
from tests.apis import app_of, client, found
from tests.component.leads import Platform
from tests.component.world import COMMANDS, Speak, Town

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def api_of(town: Town) -> httpx.AsyncClient:
    return client(app_of(audit_api.routes(town.store(), town.world.clock)))


async def audit(town: Town, **query: Any) -> list[dict[str, Any]]:
    """All that is found, a page of two at a time."""
    asked, api = {"limit": 2, **query}, api_of(town)
    rows: list[dict[str, Any]] = []
    while True:
        page = await found(api, "/commands", **asked)
        rows += page["commands"]
        if page["next"] is None:
            return rows
        asked["after"] = page["next"]


def ids(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


async def test_every_command_is_told_with_who_asked_and_what_was_answered(town: Town) -> None:
    town.ask("hello", id="c-1", trace=TRACE)
    await town.rest()
    (row,) = await audit(town)
    at = row.pop("at")
    assert town.world.clock.now().isoformat() > at
    assert {
        "source": "test",
        "id": "c-1",
        "type": Speak.TYPE,
        "entity": "ann",
        "by": "op",
        "role": "operator",
        "accepted": True,
        "code": "accepted",
        "text": "",
        "trace_id": TRACE.split("-")[1],
    } == row


@pytest.mark.rule("OPS-07")
async def test_what_was_refused_is_told_too(town: Town) -> None:
    """Also from a role that may not ask, of a type that there is not, and with wrong data."""
    town.ask("hello", id="c-1", role="stranger")
    town.ask("hello", id="c-2", type="leadops.routing.nonsense.v1")
    town.publish(COMMANDS, Speak.TYPE, "ann", b"{}", id="c-3")
    await town.rest()
    codes = {row["id"]: (row["accepted"], row["code"], row["role"]) for row in await audit(town)}
    assert {
        "c-1": (False, "not_permitted", "stranger"),
        "c-2": (False, "unknown_command", "operator"),
        "c-3": (False, "invalid", "operator"),
    } == codes


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"entity": "bob"}, ["c-3"]),
        ({"code": "not_permitted"}, ["c-4"]),
        ({"role": "operator"}, ["c-3", "c-2", "c-1"]),
        ({"by": "op"}, ["c-4", "c-3", "c-2", "c-1"]),
        ({"by": "nobody"}, []),
        ({"type": Speak.TYPE, "entity": "ann"}, ["c-4", "c-2", "c-1"]),
        ({"type": "leadops.routing.other.v1"}, []),
        ({"tenant": "other"}, []),
        ({"from": "2026-03-03"}, []),
        ({"to": "2026-03-01"}, []),
        ({"from": "2026-03-02", "to": "2026-03-02"}, ["c-4", "c-3", "c-2", "c-1"]),
    ],
)
async def test_it_is_searched_by_all_that_is_given(
    town: Town, query: dict[str, str], expected: list[str]
) -> None:
    """The latest first, page by page."""
    for number, (key, role) in enumerate(
        [("ann", "operator"), ("ann", "operator"), ("bob", "operator"), ("ann", "stranger")], 1
    ):
        town.ask("hello", id=f"c-{number}", key=key, role=role)
        await town.rest()
    assert expected == ids(await audit(town, **query))


async def test_of_many_that_were_decided_at_once_none_is_passed_over(town: Town) -> None:
    """A step decides them at one instant, and a page may end anywhere among them."""
    expected = [f"c-{number:02}" for number in range(11)]
    for name in expected:
        town.ask("hello", id=name)
    await town.rest()
    rows = await audit(town)
    assert len({row["at"] for row in rows}) < len(rows)
    assert expected == sorted(ids(rows))


AGES = [timedelta(minutes=-10), *(timedelta(minutes=8**power) for power in range(7))]
"""From what was decided by a clock that is ahead to half a year ago; so each in another window."""


async def put_of_ages(town: Town) -> list[str]:
    """Two commands of each, decided at one instant; the latest first."""
    town.ask("hello")
    await town.rest()
    (entry,), now = town.stored("inbox"), town.world.clock.now()
    entries = [
        entry | {"_id": f"{place}{twin}", "command": f"{place}{twin}", "at": now - age}
        for place, age in enumerate(AGES, 1)
        for twin in "ba"
    ]
    async with town.store().transaction() as transaction:
        await transaction.write(inbox.COLLECTION, [Delete(entry["_id"])])
        await transaction.write(inbox.COLLECTION, [Insert(entry) for entry in entries])
    return [entry["command"] for entry in entries]


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_however_old_a_command_is_it_is_found_in_its_place(town: Town, limit: int) -> None:
    expected, now = await put_of_ages(town), town.world.clock.now()
    since = (now - timedelta(days=40)).isoformat()
    until = (now - timedelta(hours=2)).isoformat()
    assert expected == ids(await audit(town, limit=limit))
    assert expected[:14] == ids(await audit(town, limit=limit, **{"from": since}))
    assert expected[8:] == ids(await audit(town, limit=limit, to=until))
    assert expected[8:14] == ids(await audit(town, limit=limit, to=until, **{"from": since}))
    assert [] == await audit(town, limit=limit, to="0001-01-01")


async def test_a_page_of_what_is_new_asks_for_nothing_old(town: Town) -> None:
    """However much of it there is: some stores sort all of it first."""
    await put_of_ages(town)
    store, asked = town.store(), list[Filter]()
    find = store.find

    async def noted(collection: str, where: Filter, **how: Any) -> list[Document]:
        asked.append(where)
        return await find(collection, where, **how)

    store.find = noted  # type: ignore[method-assign]
    api = client(app_of(audit_api.routes(store, town.world.clock)))
    await found(api, "/commands", limit=2)
    assert [["$gte"]] == [list(where["at"]) for where in asked]
    assert asked[0]["at"]["$gte"] == town.world.clock.now() - audit_api.FIRST_WINDOW


async def test_a_repeated_command_is_told_once(town: Town) -> None:
    for _ in range(2):
        town.ask("hello", id="c-1")
        await town.rest()
    assert ["c-1"] == ids(await audit(town))


@pytest.mark.parametrize(
    "after",
    [
        *("x", "2026-03-02", "2026-03-02T08:00:00 a|b|c", "never x"),
        "2026-03-02T08:00:00+01:00 a|b|c",
        "20260302T080000+00:00 a|b|c",
        # Neither is an instant that a store can be asked for.
        "0001-01-01T00:00:00+14:00 a|b|c",
        "9999-12-31T23:59:59-14:00 a|b|c",
    ],
)
async def test_only_a_next_is_a_page(town: Town, after: str) -> None:
    answer = await api_of(town).get("/commands", params={"after": after})
    assert (400, "the `next` of the page before" in answer.text) == (answer.status_code, True)


async def test_entries_from_before_there_was_an_audit_are_passed_over(town: Town) -> None:
    """They do not say who asked; what was decided then is still known."""
    then = {"_id": f"{TENANT_DEFAULT}|test|c-0", "hash": "x", "at": town.world.clock.now()}
    then |= {"accepted": True, "code": "accepted", "text": "", "details": {}}
    async with town.store().transaction() as transaction:
        await transaction.write(inbox.COLLECTION, [Insert(then)])
    assert [] == await audit(town)


async def test_nothing_of_a_commands_data_is_told(platform: Platform) -> None:
    await platform.campaign()
    await platform.upload(1)
    kept = json.dumps(platform.stored("inbox", "intake"), default=str)
    assert "@" not in kept
