"""Routing's rules on when leads are sent and how many, with two replicas of routing, each with what
must not be."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.scenes.scene import Scene
from tests.scenes.simulated import Simulated

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def on_day(moment: datetime) -> dict[str, Any]:
    return {"weekly": {"weekday": f"{moment:%A}".lower(), "at": f"{moment:%H:%M}"}}


@pytest.mark.rule("RTE-05")
def test_shares_are_steered_toward_and_not_promised(simulated: Simulated) -> None:
    """On the send day the country that is behind its share goes first, also if its leads came
    last; where there are none of it, others take its place. An exact split warns."""
    scene = Scene(simulated, "shares")
    day = on_day(simulated.now() + timedelta(days=1, hours=1)) | {"caps": {"total": 4}}
    shares = {"shares": {"US": 50, "DE": 50}}
    scene.put(
        without=day,
        shared=day | shares,
        alone=day | shares | {"excluded_places": [{"country": "DE"}]},
    )
    (exact,) = simulated.publish(scene.campaign("exact", exact_split=True, **shares))
    assert any("can't be promised" in warning for warning in exact.details["warnings"])
    assert [] == scene.about("shared")["warnings"]
    scene.upload("us1", "us2", "us3", "us4", Land="US")
    scene.upload("de1", "de2", "de3", Land="DE")
    simulated.jump_to(simulated.now() + DAY * 2)
    assert ["us1", "us2", "us3", "us4"] == scene.got("without") == scene.got("alone")
    assert ["de", "de", "us", "us"] == [reference[:2] for reference in scene.got("shared")]


PERIODS: dict[str, Callable[[date], object]] = {
    "day": lambda day: day,
    "week": lambda day: day.isocalendar()[:2],
    "month": lambda day: (day.year, day.month),
}


@pytest.mark.rule("RTE-12")
def test_no_cap_is_exceeded(simulated: Simulated) -> None:
    """In all, by period and by category, however many come at once to two replicas while the
    endpoint is slow. What is over says so and stays; a new period has room again, the total has
    not."""
    scene = Scene(simulated, "caps")
    scene.put_all({period: {"caps": {period: 2}} for period in PERIODS})
    scene.put(
        total={"caps": {"total": 3}},
        category={"categories": [{"id": "101", "amount": 1}, {"id": "102"}]},
        free={},
    )
    for name in ("total", "day", "category"):
        scene.behave(name, "slow", seconds=1)
    simulated.jump_to((simulated.now() + DAY).replace(hour=9))
    days = [simulated.now().date()]
    many = {f"{topic}-{n}": {"Topic": topic} for topic in ("101", "102") for n in range(10)}
    scene.upload_each(many, settle=False)
    assert all(slots_taken(scene, name) <= most for name, most in (("total", 3), ("day", 2)))
    simulated.rest()
    assert (3, 20) == tuple(len(scene.got(name)) for name in ("total", "free"))
    assert ["1", *"2" * 10] == [reference[2] for reference in scene.got("category")]
    assert {"cap_reached": 17} == simulated.get(
        "routing", f"/campaigns/{scene.id('total')}/unsent"
    )["unsent"]
    assert {"reserved": 0, "used": 3, "uncertain": 0} == scene.about("total")["capacity"]
    left = next(reference for reference in many if reference not in scene.got("day"))
    check = scene.explain(left, "day")["failing"][0]
    assert ("cap_reached", "2", ["2"]) == (check["code"], check["value"], check["expected"])
    for gap in (1, 7, 31):
        simulated.jump_to(simulated.now() + DAY * gap)
        days.append(simulated.now().date())
        scene.upload(*(f"{gap}-{n}" for n in range(3)))
    assert {name: 2 * len({*map(of, days)}) for name, of in PERIODS.items()} == {
        name: len(scene.got(name)) for name in PERIODS
    }
    assert 3 == len(scene.got("total"))


def slots_taken(scene: Scene, campaign: str) -> int:
    return sum(scene.about(campaign)["capacity"].values())


@pytest.mark.rule("RTE-13")
def test_a_weekly_campaign_sends_on_its_day_once(simulated: Simulated) -> None:
    """Until then leads wait, while another campaign has them at once. A run that did not take place
    on the day is made up for when routing is there again, once."""
    scene = Scene(simulated, "weekly")
    day = (simulated.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    scene.put(weekly=on_day(day), daily={})
    scene.upload("a", "b")
    assert ([], ["a", "b"]) == (scene.got("weekly"), scene.got("daily"))
    until = scene.explain("a", "weekly")["failing"][0]["value"]
    assert day == datetime.fromisoformat(until)
    simulated.jump_to(day - MINUTE)
    assert [] == scene.got("weekly")
    simulated.jump_to(day + MINUTE)
    assert ["a", "b"] == scene.got("weekly")
    scene.upload("c")
    with simulated.without("routing"):
        simulated.pass_until(day + timedelta(days=9))
        assert ["a", "b"] == scene.got("weekly")
    assert ["a", "b", "c"] == scene.got("weekly")
    simulated.jump_to(day + timedelta(days=15))
    assert ["a", "b", "c"] == scene.got("weekly")


@pytest.mark.rule("RTE-16")
def test_leads_that_nobody_gets_are_raised(simulated: Simulated) -> None:
    """Three of one delivery after a day, each after seven, with what stood in their way; not what
    was sent, not what waits for its day, and not fewer than three."""
    scene = Scene(simulated, "watch")
    weekly = on_day(simulated.now() + DAY * 2) | {"places": [{"country": "DE"}]}
    scene.put(north={"places": [{"country": "NO"}]}, weekly=weekly)
    lands = {"lost": "ES", "few": "ES", "waiting": "DE", "fine": "NO"}
    count = {"few": 2}
    scene.upload_each(
        {
            f"{name}{n}": {"Land": land, "delivery": name}
            for name, land in lands.items()
            for n in range(count.get(name, 3))
        }
    )
    assert [] == raised(scene)
    simulated.jump_to(simulated.now() + DAY + MINUTE)
    (event,) = raised(scene)
    lost = {scene.leads[f"lost{n}"] for n in range(3)}
    assert ("lost", lost, ["filter.place"]) == (
        event["delivery"],
        {*event["leads"]},
        event["codes"],
    )
    watched = {
        group["delivery"]: (group["unsent"], group["raised_at"] is not None)
        for group in simulated.get("routing", "/watch")["deliveries"]
        if group["affiliate"] == scene.name
    }
    assert {"lost": (3, True), "few": (2, False)} == watched
    assert set() == unsent(scene)
    simulated.jump_to(simulated.now() + DAY * 2)
    assert 3 == len(scene.got("weekly"))
    simulated.jump_to(simulated.now() + DAY * 4)
    assert lost | {scene.leads[f"few{n}"] for n in range(2)} == unsent(scene)
    assert 1 == len(raised(scene))


def raised(scene: Scene) -> list[dict[str, Any]]:
    found = scene.platform.events("routing.delivery.unsent")
    return [row for row in found if row["affiliate"] == scene.name]


def unsent(scene: Scene) -> set[str]:
    found = scene.platform.events("routing.lead.unsent")
    return {row["lead"] for row in found if row["affiliate"] == scene.name}
