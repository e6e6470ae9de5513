"""Calendars tell what they know twice, late, and in any order, and call one person by several
addresses: in the end each meeting is billed as the oracle says, and under one person."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.oracle import meetings
from services.appointments.meetings.dossier import meeting_id
from shared.ids import pseudonym
from shared.testing.simulator import SECRET, Chances
from tests.component.agency import Agency
from tests.component.test_meetings import open_order

Fact = Mapping[str, Any]
FIRST = datetime(2027, 3, 1, tzinfo=UTC)
AT_REST = FIRST + timedelta(days=400)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SIDES = ("prospect", "customer", "team", "unknown")


def facts(chance: random.Random, of: str = "") -> list[Fact]:
    """Of up to six slots of up to three addresses, some of them moved from one to another; `of`
    tells the people of one story from those of another."""
    slots: list[Fact] = []
    for name in [f"{letter}{of}" for letter in "uvwxyz"[: chance.randint(1, 6)]]:
        at = FIRST + chance.choice([0, 1, 5, 40, 95]) * DAY + chance.randint(0, 5) * HOUR
        start = at + chance.choice([HOUR, 3 * DAY, 8 * DAY])
        who = f"{chance.choice('abc')}{of}"
        slots.append({"kind": "booked", "slot": name, "at": at, "start": start, "who": who})
    told, moved_at = [*slots], set()
    for _ in range(chance.randint(0, 4)):
        old, new = chance.choice(slots), chance.choice(slots)
        if old is not new:
            at = chance.choice([new["at"], old["start"] - HOUR, old["start"] + HOUR])
            if at in moved_at:
                # Which of two moves in one instant came first nobody can know.
                continue
            moved_at.add(at)
            move = {"kind": "moved", "slot": old["slot"], "to": new["slot"], "at": at}
            told.append({**move, "by": chance.choice(SIDES)})
    for _ in range(chance.randint(0, 2)):
        slot = chance.choice(slots)
        at = slot["start"] + chance.choice([-HOUR, HOUR])
        told.append(
            {"kind": "cancelled", "slot": slot["slot"], "at": at, "by": chance.choice(SIDES)}
        )
    return [fact for fact in told if chance.randrange(12)]


def expected(told: list[Fact]) -> dict[str, tuple[str, datetime]]:
    """By meeting, whose it is and since when it is billable."""
    of_person = defaultdict(list)
    for together in _connected(told):
        booked = [fact for fact in together if fact["kind"] == "booked"]
        if booked:
            owner = min((fact["at"], person_of(fact)) for fact in booked)[1]
            of_person[owner] += [{"order": "o", **fact} for fact in together]
    return {
        meeting_id("main", each.id): (owner, each.reasons["due"])
        for owner, known in of_person.items()
        for each in meetings.judge_all(known, AT_REST)
        if each.state == "billable"
    }


def _connected(told: list[Fact]) -> Iterator[list[Fact]]:
    groups: dict[str, set[str]] = {}
    for fact in told:
        names = {fact["slot"], fact.get("to", fact["slot"])}
        whole = names.union(*(groups.get(name, ()) for name in names))
        groups |= dict.fromkeys(whole, whole)
    for group in {frozenset(group) for group in groups.values()}:
        yield [fact for fact in told if fact["slot"] in group]


def person_of(fact: Fact) -> str:
    return pseudonym(SECRET, "main", address(fact))


def address(fact: Fact) -> str:
    return f"{fact['who']}@prospect.example"


def command(fact: Fact) -> tuple[str, dict[str, Any]]:
    match fact["kind"]:
        case "booked":
            start: datetime = fact["start"]
            data = {"order": "o", "start": start.isoformat(), "end": (start + HOUR).isoformat()}
            return "book", {"slot": fact["slot"], "prospect": {"email": address(fact)}, **data}
        case "moved":
            return "move", {name: fact[name] for name in ("slot", "to", "by")}
        case _:
            return "cancel", {name: fact[name] for name in ("slot", "by")}


@pytest.mark.parametrize("seed", range(40))
async def test_what_calendars_tell_comes_to_the_same_in_any_order(
    agency: Agency, seed: int
) -> None:
    chance = random.Random(seed)
    await open_order(agency)
    told = facts(chance)
    twice = [*told, *chance.sample(told, len(told) // 2)]
    chance.shuffle(twice)
    knows_late = chance.random() < 0.5
    await agency.advance((AT_REST if knows_late else FIRST) - agency.now)
    for fact in sorted(twice, key=lambda fact: 0 if knows_late else fact["at"]):
        if fact["at"] > agency.now:
            await agency.advance(fact["at"] - agency.now)
        kind, data = command(fact)
        agency.publish(f"appointments.meeting.{kind}", data, at=fact["at"])
        if chance.random() < 0.3:
            await agency.rest()
    await agency.advance(max(AT_REST - agency.now, HOUR))
    assert expected(told) == billed(agency)
    assert [] == agency.stored("appointments", "dead_letters")


@pytest.mark.parametrize("seed", range(40, 60))
async def test_faults_change_nothing_of_it(agency: Agency, seed: int) -> None:
    """Crashes, frozen replicas, lost commits, conflicts, and clocks that jump."""
    chance = random.Random(seed)
    await open_order(agency)
    await agency.advance(AT_REST - agency.now)
    agency.world.random, agency.world.chances = chance, Chances(crash=0.02, store_error=0.02)
    told = [fact for _ in range(4) for fact in facts(chance, f"{_}")]
    twice = [*told, *chance.sample(told, len(told) // 2)]
    chance.shuffle(twice)
    for fact in twice:
        kind, data = command(fact)
        agency.publish(f"appointments.meeting.{kind}", data, at=fact["at"])
        for _ in range(chance.choice([0, 0, 1, 3])):
            await agency.world.one_second()
    await agency.rest()
    await agency.advance(HOUR)
    assert agency.world.injected.total() > 0
    assert expected(told) == billed(agency)
    assert [] == agency.stored("appointments", "dead_letters")


def billed(agency: Agency) -> dict[str, tuple[str, datetime]]:
    """By meeting, what stands of it; with two persons it must not stand at both."""
    latest: dict[tuple[str, str], Fact] = {}
    events = [each for each in agency.events("appointments.events.v1") if "revision" in each]
    for event in sorted(events, key=lambda event: event["revision"]):
        latest[event["meeting"], event["person"]] = event
    standing = [
        (meeting, (person, datetime.fromisoformat(event["billable_at"]).astimezone(UTC)))
        for (meeting, person), event in latest.items()
        if "billable_at" in event
    ]
    assert len(standing) == len(dict(standing))
    return dict(standing)
