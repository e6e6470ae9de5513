"""Real files go through `leadops import` on a real broker and store, to what `leads show` tells.

Each is small and has a reference of its own; what is understood in all its varieties is in the unit
tests of the readers, which are much faster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cli.lead_commands import flatten
from tests.integration.platform import answer_to, leadops
from tests.workbooks import edited, saved, strict

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.mongo,
    pytest.mark.stack,
    pytest.mark.rule("INT-12"),
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]

NAME, CODE = "files", "TST-FILES-1"
TRIED = "TST-FILES-2"
"""The lead code of what is tried before it is imported; one campaign carries it."""
OWN = {
    "reference": "Ref",
    "email": "Mail",
    "company_name": "Firm",
    "category": "Cat",
    "country": "Land",
    "job_title": "Title",
    "phone": "Tel",
    "consent": "Consent",
}
HEADER = list(OWN.values())


def row(reference: str, **changes: str) -> list[str]:
    usual = [reference, f"{reference.lower()}@brightwater.example", "Brightwater, Inc.", "101"]
    usual += ["Germany", "Head of IT", "+49 30 901820", "c-1"]
    return list((dict(zip(HEADER, usual, strict=True)) | changes).values())


READ = {
    "company.name": "Brightwater, Inc.",
    "category": "101",
    "place.country": "DE",
    "person.job_title": "Head of IT",
    "person.phone": "+4930901820",
    "consent": "c-1",
}
"""Of such a row, each value under its own header."""


def text(*rows: Sequence[str], above: str = "", blank: str = "") -> str:
    quoted = [f",{blank}".join(f'"{cell}"' for cell in each) for each in rows]
    return above + "\n".join(quoted) + "\n"


def hidden_first() -> bytes:
    """The active sheet is the second one; the first, hidden one holds a lead that is none."""
    book = openpyxl.Workbook()
    book.active.sheet_state = "hidden"
    leads = book.create_sheet("Leads")
    for sheet, reference in ((book.active, "F51-hidden"), (leads, "F51")):
        sheet.append(HEADER)
        sheet.append(row(reference))
    book.active = 1
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def with_cell(reference: str, column: str, cell: str) -> bytes:
    """A workbook of one row, one cell of which is XML that the library would not write; the last
    column is one that no mapping names."""
    cells: list[Any] = [*row(reference), "north"]
    cells[ord(column) - ord("A")] = 7
    content = saved([*HEADER, "Region"], cells)
    return edited(content, f'<c r="{column}2" t="n"><v>7</v></c>', cell)


@dataclass(frozen=True)
class File:
    reference: str
    content: str | bytes
    read: Mapping[str, Any] = field(default_factory=dict)
    """What is other than in `READ`."""
    bad: tuple[str, ...] = ()
    conflicts: tuple[tuple[int, int], ...] = ()


TITLES = [{"Title": "TITLE", "Tel": "tel", "Firm": " firm"}.get(name, name) for name in HEADER]
QUESTION = "Do you agree?\n(yes/no)"
CUT = "F12,f12@brightwater.example,Brightwater, Inc.,101,Germany,Head of IT,+49 30 901820,c-1"
SHORT = "F05,f05@brightwater.example,Brightwater,101,Germany"
UNWRITTEN = dict.fromkeys(("person.job_title", "person.phone", "consent"))
ESCAPED = '<c r="B2" t="inlineStr"><is><t>f08@brightwater.example_x000D_</t></is></c>'
WIDE = text(HEADER, row("F14")).replace('","', '"\t"').encode("utf-16-le")
TWO = text(HEADER, row("F36"), row("F36", Mail="other@brightwater.example"))


def usual(reference: str, **changes: str) -> File:
    return File(reference, text(HEADER, row(reference, **changes)))


FILES: Mapping[tuple[str, str], File] = {
    ("01a", "K01"): usual("F01A", Tel="4930901820.0"),
    ("01c", "K01"): usual("F01C", Cat="101.0"),
    ("12d", "K04"): File("F12", f"{','.join(HEADER)}\n{CUT},\n", bad=("cells_too_many",)),
    ("05a", "K05"): File(
        "F05", f"{','.join(HEADER)}\n{SHORT}\n", UNWRITTEN | {"company.name": "Brightwater"}
    ),
    ("04a", "K06"): File("F04", text(HEADER, row("F04"), above="sep=,\n")),
    ("06a", "K06"): File("F06", text([*HEADER, QUESTION], [*row("F06"), "yes"])),
    ("11a", "K07"): File("F11", text(HEADER, row("F11"), blank=" ")),
    ("14a", "K08"): File("F14", WIDE),
    ("15a", "K08"): File("F15", "\ufeff\ufeff" + text(HEADER, row("F15"))),
    ("07a", "K09"): File("F07", text(TITLES, row("F07"))),
    ("36a", "K10"): File("F36", TWO, conflicts=((3, 2),)),
    ("08b", "K21"): File("F08", with_cell("F08", "B", ESCAPED)),
    ("29a", "K22"): File("F29", strict(saved(HEADER, row("F29")))),
    ("30a", "K23"): File("F30A", with_cell("F30A", "I", '<c r="I2" t="e"><v>#N/A</v></c>')),
    ("30b", "K23"): File("F30B", with_cell("F30B", "I", '<c r="I2"><f>VLOOKUP(A2,Z:Z)</f></c>')),
    ("51a", "K24"): File("F51", hidden_first()),
    ("09a", "K25"): usual("F09", Cat='=""0101""'),
    ("61a", "K25"): usual("F61A", Cat="'0101"),
    ("61d", "K25"): usual("F61D", Mail="'f61d@brightwater.example"),
}
CASES = [
    pytest.param(file, id=case, marks=pytest.mark.case("lead-files", case, kind=kind))
    for (case, kind), file in FILES.items()
]


@pytest.fixture(scope="module", autouse=True)
def affiliate(running: dict[str, Any]) -> None:
    whole = {
        "id": NAME,
        "name": NAME,
        "contacts": [{"name": "Mo Ito", "email": "mo@files.example", "roles": ["main"]}],
        "mapping": {"fields": OWN},
        "lead_codes": [CODE, TRIED],
        "categories": ["101"],
    }
    assert answer_to("intake.affiliate.put", NAME, whole).accepted


@pytest.mark.parametrize("file", CASES)
def test_a_file_is_read_with_each_value_under_its_own_header(file: File, tmp_path: Path) -> None:
    """Or its row is told with its line, and is no lead."""
    path = tmp_path / "leads"
    path.write_bytes(file.content.encode() if isinstance(file.content, str) else file.content)
    code, done = leadops("import", str(path), "--affiliate", NAME, "--lead-code", CODE)
    assert (1 if file.bad or file.conflicts else 0) == code, done
    assert file.bad == tuple(bad["reason"] for bad in done["bad"])
    assert file.conflicts == tuple((one["line"], one["line_of"]) for one in done["conflicts"])
    assert ([] if file.bad else [READ | file.read]) == read_of(file.reference)


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    """And a row that was added since is one more lead."""
    path = tmp_path / "leads.csv"
    path.write_text(text(HEADER, row("A-1")))
    leadops("import", str(path), "--affiliate", NAME, "--lead-code", CODE)
    path.write_text(text(HEADER, row("A-1"), row("A-2")))
    code, done = leadops("import", str(path), "--affiliate", NAME, "--lead-code", CODE)
    assert (0, 2, 1) == (code, done["accepted"], done["unchanged"])
    assert [[READ], [READ]] == [read_of("A-1"), read_of("A-2")]


def test_a_file_is_tried_and_then_imported(running: dict[str, Any], tmp_path: Path) -> None:
    """INT-12, RTE-10: trying tells what the import then comes to, and who would want the leads; it
    leaves no lead behind, and afterwards tells that nothing would change."""
    campaign = {"id": "files-try", "customer": NAME, "programme": "standard"}
    campaign |= {"lead_codes": [TRIED], "places": [{"country": "DE"}]}
    url = f"{running['receiver']}/campaigns/files-try"
    campaign |= {"send": {"mode": "webhook", "url": url, "secret": "default"}}
    assert answer_to("routing.campaign.put", "files-try", campaign).accepted
    path = tmp_path / "leads.csv"
    rows = [row("T-1"), row("T-2", Mail="t-1@brightwater.example"), row("T-3", Land="Narnia")]
    rows += [row("", Mail="t-4@brightwater.example"), row("T-5", Land="France", Tel="later")]
    path.write_text(text(HEADER, *rows))
    arguments = (str(path), "--affiliate", NAME, "--lead-code", TRIED)
    code, tried = leadops("try", *arguments)
    assert (1, {"files-try": 1}, 1) == (code, tried["campaigns"], tried["unwanted"])
    assert [] == leadops("leads", "--lead-code", TRIED)[1]["leads"]
    phones = next(each for each in tried["columns"] if each["field"] == "phone")
    why = {"text": "phone is not in a known format", "rows": 1, "examples": ["later"]}
    assert (4, 3, [why]) == (phones["filled"], phones["read"], phones["unknown_why"])
    code, done = leadops("import", *arguments)
    assert (1, tried["tried"]) == (code, done.pop("submitted"))
    assert done == {name: tried[name] for name in done}
    again = leadops("try", *arguments)[1]
    assert (4, done["accepted"], {}) == (again["unchanged"], again["accepted"], again["campaigns"])


def read_of(reference: str) -> list[dict[str, Any]]:
    """What the command line shows of each lead that the row's email finds."""
    email = f"{reference.lower()}@brightwater.example"
    _, found = leadops("leads", "--affiliate", NAME, "--email", email)
    assert {reference} >= {lead["reference"] for lead in found["leads"]}
    shown = [leadops("leads", "show", lead["id"])[1]["accepted"] for lead in found["leads"]]
    told = [dict(flatten(accepted)) for accepted in shown]
    return [{name: lead.get(name) for name in READ} for lead in told]
