"""`leadops try` on both services as they are, over a memory store: a file in pages, and then
imported."""

import asyncio
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from tempfile import TemporaryFile
from typing import Any

import httpx
import pytest

from cli import trying as pages
from cli.columns import ExpectedColumns
from cli.command import Answer
from cli.earlier import Earlier
from cli.importing import BadRow, Row, Upload, rows_in, table_of
from cli.reading import Reading, summary
from cli.trying import Trial
from services.intake.queries import api as intake_api
from services.intake.service import intake
from services.routing.queries import api as routing_api
from services.routing.queries import trial
from services.routing.service import routing
from shared.clock import SystemClock
from shared.contracts.event import Event
from shared.contracts.intake import SubmitLead
from shared.loop.decision import Input, Refused
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.apis import app_of, client
from tests.builders import OWN_FIELDS, SECRET, input_of, put_affiliate, put_campaign
from tests.deciding import decide_batch

MAPPING = {"fields": OWN_FIELDS | {"reference": "Ref"}}
AFFILIATE = put_affiliate(mapping=MAPPING)
WANTED = ExpectedColumns.of(AFFILIATE.model_dump(mode="json"))
UPLOAD = Upload("acme", None, None, "Code", "Mail")
HEADER = ["Ref", "Mail", "Cat", "Land", "Code", "Staff", "Remark"]
USUAL = ("101", "US", "INT-AAA-BBB-1", "51-200", "")


def row(reference: str, mail: str, *others: str) -> Sequence[str]:
    return [reference, f"{mail}@x.example" if mail else "", *others, *USUAL[len(others) :]]


FILE = [
    row("R-1", "al"),
    row("R-2", "bo", "101", "US", "INT-AAA-BBB-1", "many"),
    row("R-3", "al"),
    row("R-4", ""),
    row("R-1", "al"),
    row("R-1", "cy"),
    row("R-5", "di", "999"),
    row("R-5", "di"),
    row("R-6", "Bo"),
    row("R-1", "cy", "101", "DE"),
    row("", "ed"),
    row("R-7", "fi", "101", "Narnia", "INT-X"),
    row("R-8", "gus", "101", "US", "INT-AAA-BBB-1", "51-200", "call him"),
    row("R-5", "al"),
    row("R-9", "fi", "101", "US", "INT-AAA-BBB-1", "nobody"),
]


def rows(
    cells: Iterable[Sequence[str]] = FILE, header: Sequence[str] = HEADER
) -> Iterable[Row | BadRow]:
    text = "\n".join(",".join(each) for each in [header, *cells])
    return rows_in(table_of(io.BytesIO(f"{text}\n".encode()), WANTED), WANTED)


class Services:
    """Both, with an affiliate and two campaigns, each over a store of its own."""

    def __init__(self) -> None:
        self.databases = {name: MemoryDatabase() for name in ("intake", "routing")}
        self.services = {"intake": intake(SECRET), "routing": routing()}
        self.decide("intake", AFFILIATE)
        self.decide("routing", put_campaign(id="us", places=[{"country": "US"}]))
        self.decide("routing", put_campaign(id="de", places=[{"country": "DE"}]))
        clock, stores = SystemClock(), {n: MemoryStore(d) for n, d in self.databases.items()}
        self.apps = {
            "intake": app_of(intake_api.routes(stores["intake"], SECRET, clock)),
            "routing": app_of(routing_api.routes(stores["routing"], clock)),
        }

    def decide(self, service: str, event: Event, id: str = "command-1") -> Any:  # noqa: A002
        """One event, as the loop would."""

        async def step() -> Any:
            each: Input = input_of(event, id=id, time=SystemClock().now())
            store = MemoryStore(self.databases[service])
            _, [decision] = await decide_batch(self.services[service], store, [each])
            return decision.answer

        return asyncio.run(step())

    def ask(self, service: str, path: str, question: Any) -> Any:
        async def post() -> httpx.Response:
            async with client(self.apps[service]) as api:
                return await api.post(path, json=question)

        answer = asyncio.run(post())
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tried(
        self,
        cells: Iterable[Sequence[str]] = FILE,
        shown: int = 2,
        header: Sequence[str] = HEADER,
    ) -> dict[str, Any]:
        with TemporaryFile() as kept:
            file = Trial(self, Reading(UPLOAD), Earlier(kept), shown)
            return summary(file.reading, file.answers(rows(cells, header))) | file.as_json()

    def imported(self, cells: Iterable[Sequence[str]] = FILE) -> dict[str, Any]:
        """In the order of the file, as `leadops import` does it."""
        reading = Reading(UPLOAD)

        def answers() -> Iterable[Answer]:
            for command, _ in reading.new(rows(cells)):
                event = SubmitLead.model_validate_json(command.data)
                answer = self.decide("intake", event, command.id)
                is_accepted = not isinstance(answer, Refused)
                details = dict(answer.details)
                yield Answer(command.id, is_accepted, answer.code, answer.text, details)

        return summary(reading, answers())


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.mark.parametrize("page_rows", [1, 2, 3, 200])
def test_a_file_is_summed_up_as_its_import(
    services: Services, page_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INT-05, INT-12: whatever the size of a page, with its conflicts and bad rows by line; and
    nothing is stored by trying."""
    monkeypatch.setattr(pages, "PAGE_ROWS", page_rows)
    monkeypatch.setattr(trial, "SENDS_AT_ONCE", page_rows)
    monkeypatch.setattr(trial, "CAMPAIGNS_AT_ONCE", page_rows)
    before = services.databases["intake"].committed.copy()
    tried = services.tried()
    assert before == services.databases["intake"].committed
    expected = services.imported()
    assert expected == {name: tried[name] for name in expected}
    counts = {"accepted": 5, "omitted": 2, "unusable": 6, "repeated": 1, "bad_rows": 1}
    assert counts == {name: tried[name] for name in counts}
    assert {"us": 5} == tried["campaigns"]
    reasons = {"duplicate": 2, "field_missing": 1, "reference_conflict": 3, "category_unknown": 1}
    reasons |= {"country_unknown": 1, "lead_code_unknown": 1}
    assert reasons == tried["reasons"]


def test_a_page_has_a_bound_of_bytes(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long rows go in smaller pages."""
    monkeypatch.setattr(pages, "PAGE_BYTES", 1_000)
    asked: Counter[str] = Counter()
    ask = services.ask
    monkeypatch.setattr(
        services, "ask", lambda *question: asked.update([question[1]]) or ask(*question)
    )
    wide = [(*row(f"R-{number}", f"p{number}")[:-1], "x" * 600) for number in range(6)]
    assert 6 == services.tried(wide)["accepted"]
    assert 3 * 2 == asked["/try"]


def test_a_row_that_no_record_can_hold_is_told(services: Services) -> None:
    """Twice as long in JSON as in the file, it is a bad row; its neighbours are tried, and imported
    without waiting for an answer that never comes."""
    names = [f"Note {number}" for number in range(20)]
    blank, long = [""] * 20, ["\\" * 40_000] * 20
    cells = [[*row("R-1", "al"), *blank], [*row("R-2", "bo"), *long], [*row("R-3", "cy"), *blank]]
    tried = services.tried(cells, 3, [*HEADER, *names])
    assert (2, 2, 1) == (tried["accepted"], tried["submitted"], tried["bad_rows"])
    (bad,) = tried["bad"]
    assert (3, "row_too_long") == (bad["line"], bad["reason"])
    assert ["R-1", "R-3"] == [each["reference"] for each in tried["shown"]]


def test_the_rows_that_are_shown_have_their_campaigns(services: Services) -> None:
    """Who would want a lead, and what keeps it from others; of a row that is no lead nothing."""
    tried = services.tried(shown=4)
    first, _, again, blank = tried["shown"]
    assert (2, "accepted", True) == (first["line"], first["outcome"], first["is_new"])
    assert ["us"] == [each["campaign"] for each in first["campaigns"]["candidates"]]
    (other,) = first["campaigns"]["others"]
    assert ("de", ["filter.place"]) == (
        other["campaign"],
        [failing["code"] for failing in other["failing"]],
    )
    assert ("omitted", None) == (again["outcome"], again["campaigns"])
    assert ("unusable", None) == (blank["outcome"], blank["campaigns"])
    assert {"us": 5} == tried["campaigns"]


def test_the_columns_are_counted(services: Services) -> None:
    """INT-02: each that the mapping names, with what it is read as, and those that nobody reads."""
    tried = services.tried()
    columns = {each["column"]: each for each in tried["columns"]}
    assert {
        "column": "Staff",
        "field": "company_size",
        "filled": 13,
        "read": 11,
        "unknown": 2,
        "not_asked": 0,
        "examples": [{"given": "51-200", "value": "51-200"}],
        "unknown_why": [
            {
                "text": "company_size is not in a known format",
                "rows": 2,
                "examples": ["many", "nobody"],
            }
        ],
    } == columns["Staff"]
    assert (1, None) == (columns["Remark"]["filled"], columns["Remark"]["field"])
    assert (0, "phone") == (columns["Tel"]["filled"], columns["Tel"]["field"])


def test_what_was_imported_is_told_unchanged(services: Services) -> None:
    """INT-12: rows that stand come out as they are, and no campaign is asked for them again."""
    services.imported()
    tried = services.tried()
    assert {} == tried["campaigns"]
    assert services.imported()["accepted"] == tried["accepted"]
    assert not any(each["is_new"] and each["outcome"] == "accepted" for each in tried["shown"])
