"""What is told of a record before it is submitted is what then becomes of it; telling it changes
nothing."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.sample import generate
from services.intake.leads.leads import Lead
from services.intake.queries import trial as trial_module
from services.intake.queries.trial import Submissions, Tried, Trying
from services.intake.queries.views import TriedSubmission
from shared.contracts.intake import LeadAccepted
from shared.loop.decision import Accepted
from shared.store import Document
from shared.testing import virtual_time
from shared.testing.memory import MemoryStore
from tests.builders import put_affiliate, record
from tests.component import leads
from tests.component.leads import Platform
from tests.properties.test_normalizing import NEARLY_RIGHT, PLAUSIBLE
from tests.simulation.lead_path import SECRET

Row = Mapping[str, Any]

CODE = "INT-AAA-BBB-1"


def row(reference: str = "R-1", *, affiliate: str = "acme", **changes: Any) -> dict[str, Any]:
    """A submission's data; what begins with a capital is of the record."""
    written = {name: value for name, value in changes.items() if name[0].isupper()}
    beside = {name: value for name, value in changes.items() if name not in written}
    whole = {"affiliate": affiliate, "reference": reference, "record": record(**written)}
    return whole | beside


def submissions(
    rows: Sequence[Row], earlier: Sequence[Row] = (), source: str = "test", first: int = 0
) -> Submissions:
    numbered = [{"id": f"t-{first + at}", "data": data} for at, data in enumerate(rows)]
    before = [{"id": f"e-{at}", "data": data} for at, data in enumerate(earlier)]
    return Submissions.model_validate(
        {"source": source, "submissions": numbered, "earlier": before}
    )


def trying(platform: Platform) -> Trying:
    store = MemoryStore(platform.world.databases["intake"])
    return Trying(store, SECRET, platform.world.clock)


async def try_(platform: Platform, *rows: Row, earlier: Sequence[Row] = ()) -> list[Tried]:
    return await trying(platform).submissions(submissions(rows, earlier), "main")


def comparable(tried: Tried) -> Document:
    """What can be compared with what becomes of it."""
    lead = tried.lead
    return {
        "accepted": isinstance(tried.answer, Accepted),
        "code": tried.answer.code,
        "details": dict(tried.answer.details),
        "text": tried.answer.text,
        "reasons": [reason.code for reason in tried.reasons],
        "event": lead.accepted if lead else None,
        "held": [held.question for held in lead.held] if lead else [],
        "person_id": lead.person_id if lead else None,
    }


async def became(platform: Platform, data: Row, number: int) -> Document:
    """The row is submitted: the answer, and the lead that it names as it is stored."""
    key = f"{data['affiliate']}:{data['reference']}"
    answer = await platform.ask("intake.lead.submit", key, data, id=f"t-{number}")
    found = [one for one in platform.stored("leads") if one["_id"] == answer["details"].get("lead")]
    lead = found[0] if found else None
    details = {name: value for name, value in answer["details"].items() if name != "dead_letter"}
    return {
        "accepted": answer["accepted"],
        "code": answer["code"],
        "details": details,
        "text": answer["text"],
        "reasons": [reason["code"] for reason in lead["upload"]["reasons"]] if lead else [],
        "event": LeadAccepted.model_validate(lead["accepted"])
        if lead and lead["accepted"]
        else None,
        "held": [held["question"] for held in lead["held"]] if lead else [],
        "person_id": lead["person_id"] if lead else None,
    }


def everything(platform: Platform) -> tuple[object, ...]:
    """All that is stored and all that was published."""
    databases = {
        name: {collection: dict(rows) for collection, rows in database.committed.items()}
        for name, database in platform.world.databases.items()
    }
    records = {place: len(rows) for place, rows in platform.world.broker.records.items()}
    return databases, records


STORIES: Mapping[str, Sequence[Row]] = {
    "usable": [row()],
    "no email": [row(Mail="")],
    "no person": [row(Mail="", Tel="")],
    "no lead code": [row(Code="")],
    "lead code of the upload": [row(Code="", lead_code=CODE)],
    "another lead code": [row(Code="INT-X")],
    "another lead code of the upload": [row(lead_code="INT-X")],
    "another category": [row(Cat="999")],
    "another country": [row(Land="Narnia")],
    "everything wrong": [row(Mail="jo", Cat="999", Code="INT-X", Land="Narnia", Tel="call me")],
    "odd values": [row(Mail=["a", "b"], Cat={"id": 101}, Land=True, Staff=10**40, Title=None)],
    "no record": [{"affiliate": "acme", "reference": "R-1", "record": {}}],
    "an answer to judge": [row(Budget="10 k or so")],
    "an answer of nobody": [row(q_colour="red")],
    "unusable with an answer of nobody": [row(q_colour="red", Land="Narnia")],
    "the same twice": [row(), row()],
    "the same again with another title": [row(), row(Title="CTO")],
    "unusable, then mended": [row(Mail=""), row(), row(Mail="")],
    "held, then mended": [row(Budget="a lot"), row(), row(Budget="a lot")],
    "one person under two references": [
        row(),
        row("R-2"),
        row("R-3", Mail=" DANA@northgrid.example"),
    ],
    "one person, the first one unusable": [row(Land="?"), row("R-2"), row("R-3")],
    "two people under one reference": [row(), row(Mail="al@northgrid.example")],
    "three people under one reference": [
        row(),
        row(Mail="al@northgrid.example"),
        row(Mail="bo@northgrid.example"),
        row(Mail="al@northgrid.example", Title="CTO"),
        row(),
    ],
    "another person takes over what failed": [
        row(Mail="al@x.example", Cat="9"),
        row(),
        row(Tel="1"),
    ],
    "phones only": [row(Mail="", Tel="+49 30 901820"), row(Mail="", Tel="+49 30 901821")],
    "replaces nothing": [row(replaces="R-0")],
    "replaces itself": [row(), row(replaces="R-1")],
    "replaces one that failed": [
        row(Mail=""),
        row("R-2", replaces="R-1"),
        row("R-3", replaces="R-1"),
    ],
    "an unknown affiliate": [row(affiliate="nobody")],
}


OF_FILES = [name for name in STORIES if "replaces" not in name]
"""No row of a file replaces another lead."""


@pytest.mark.parametrize(
    "stored", [[], [row("R-0", Mail="zo@x.example"), row()]], ids=["new", "known"]
)
@pytest.mark.parametrize("name", STORIES)
async def test_what_is_told_is_what_becomes_of_it(
    platform: Platform, name: str, stored: Sequence[Row]
) -> None:
    """INT-03, INT-05: in order, alone or behind what is stored; its answer, reasons and lead."""
    rows = STORIES[name]
    await platform.question()
    for number, data in enumerate(stored):
        await became(platform, data, 100 + number)
    expected = [comparable(one) for one in await try_(platform, *rows)]
    assert expected == [await became(platform, data, at) for at, data in enumerate(rows)]


@pytest.mark.parametrize("affiliate", ["infuse-media", "account-media", "binary-demand"])
async def test_sample_files_become_what_is_told(platform: Platform, affiliate: str) -> None:
    """INT-02, INT-12: 60 rows of a sample file, in the affiliate's own words."""
    definition = generate.affiliate_definition(affiliate)
    own = definition["mapping"]["fields"]["reference"]
    rows = [
        {"affiliate": affiliate, "reference": each[own], "record": each}
        for each in generate.rows(60, 3, affiliate)
    ]
    whole = {name: value for name, value in definition.items() if name != "kind"}
    assert (await platform.ask("intake.affiliate.put", affiliate, whole))["accepted"]
    expected = [comparable(one) for one in await try_(platform, *rows)]
    assert {True, False} == {one["accepted"] for one in expected}
    assert expected == [await became(platform, data, at) for at, data in enumerate(rows)]


async def test_trying_changes_nothing(platform: Platform) -> None:
    """All documents stay byte for byte, and no record is published, whatever is tried."""
    await platform.question()
    await platform.submit("R-1", record={"Budget": "a lot"})
    before = everything(platform)
    for rows in STORIES.values():
        await try_(platform, *rows, earlier=rows)
    await platform.rest()
    assert before == everything(platform)


@pytest.mark.parametrize("name", OF_FILES)
async def test_a_file_in_pages_is_told_as_in_one(platform: Platform, name: str) -> None:
    """INT-05: a row with those before it that were accepted is told as behind all of them."""
    rows = STORIES[name]
    whole = await try_(platform, *rows)
    accepted: list[Row] = []
    alone = []
    for data in rows:
        (one,) = await try_(platform, data, earlier=accepted)
        alone.append(one)
        accepted += [data] if is_of_its_own(one) else []
    assert list(map(comparable, whole)) == list(map(comparable, alone))


def is_of_its_own(one: Tried) -> bool:
    """Whether later rows have to know of it."""
    return one.is_new and bool(one.accepted or one.answer.details.get("conflicts_with"))


async def test_a_command_that_was_answered_is_told_unchanged(platform: Platform) -> None:
    """INT-12: the same row again changes nothing, though it would be read otherwise by now."""
    await became(platform, row(Budget="a lot"), 0)
    await platform.question()
    (again,) = await try_(platform, row(Budget="a lot"))
    (new,) = await trying(platform).submissions(submissions([row(Budget="a lot")], first=1), "main")
    assert (True, "accepted") == (again.unchanged, again.answer.code)
    assert (False, "accepted") == (new.unchanged, new.answer.code)
    told = [TriedSubmission.of(one).answer.details.get("repeated") for one in (again, new)]
    assert [True, None] == told


async def test_a_page_is_tried_with_the_mapping_that_it_was_loaded_with(platform: Platform) -> None:
    """Another page that is asked for meanwhile finds a new one, and other people by it."""
    trial, others = trying(platform), asyncio.Event()

    async def waits(_seconds: float) -> None:
        await others.wait()

    with patch.object(trial_module, "asyncio", SimpleNamespace(sleep=waits)):
        first = asyncio.create_task(trial.submissions(submissions([row(), row("R-2")]), "main"))
        await platform.ask("intake.affiliate.put", "acme", by_another_column())
        second = asyncio.create_task(trial.submissions(submissions([row("R-3")]), "main"))
        await platform.rest()
        others.set()
        tried = [*await first, *await second]
    assert ["accepted", "omitted", "unusable"] == [one.answer.details["outcome"] for one in tried]


def by_another_column() -> Document:
    affiliate = put_affiliate().model_dump(mode="json")
    affiliate["mapping"]["fields"]["email"] = "Other Mail"
    return affiliate


async def test_what_would_be_dead_lettered_is_told(platform: Platform) -> None:
    """INT-03: a record that no service reads has no outcome, and those around it have theirs."""
    large, other = await try_(platform, row(Note="x" * 1_100_000), row("R-2"))
    assert ("dead_letter", None) == (large.answer.code, large.lead)
    assert large.answer.text.startswith("too_large: ")
    assert "accepted" == other.answer.code


async def test_what_stands_is_told_from_what_is_new(platform: Platform) -> None:
    """INT-05: an accepted reference stays that lead, and nothing would be published of it."""
    await platform.submit("R-1")
    stands, new = await try_(platform, row(Title="CTO"), row("R-2", Mail="al@x.example"))
    assert (False, None) == (stands.is_new, stands.accepted)
    assert new.is_new and new.accepted
    assert isinstance(new.lead, Lead) and new.lead.accepted == new.accepted


def is_finite(content: Mapping[str, Any]) -> bool:
    """JSON has no word for what is not."""
    floats = [value for value in content.values() if isinstance(value, float)]
    return all(map(math.isfinite, floats))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.sampled_from(["R-1", "R-2"]), (NEARLY_RIGHT | PLAUSIBLE).filter(is_finite)),
        min_size=1,
        max_size=4,
    )
)
def test_any_record_becomes_what_is_told(drawn: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """INT-03: whatever stands in the fields, and whoever came before."""
    rows = [
        {"affiliate": "acme", "reference": reference, "record": content}
        for reference, content in drawn
    ]

    async def story() -> None:
        async with leads.running() as platform:
            expected = [comparable(one) for one in await try_(platform, *rows)]
            assert expected == [await became(platform, data, at) for at, data in enumerate(rows)]

    virtual_time.run(story())
