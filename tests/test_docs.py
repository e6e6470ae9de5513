"""What the documents say of the code, as far as it can be checked without running anything."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.main import build_app
from cli.oracle import oracle
from shared.contracts import forms
from shared.contracts.answers import REFUSE_ANY
from shared.contracts.commands import commands
from shared.loop.item import Disposition
from shared.topics import manifest

ROOT = Path(__file__).parent.parent
OPERATING = ROOT / "docs" / "operating.md"
PUBLISHING = ROOT / "docs" / "publishing.md"
RUNNING = [path.parent for path in ROOT.glob("services/*/__main__.py")]
SOURCES = [path for folder in (*RUNNING, ROOT / "shared") for path in folder.rglob("*.py")]
DOCUMENTED = ("docs", "services", "shared", "cli", "deploy")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(path for name in DOCUMENTED for path in (ROOT / name).rglob("*.md"))]
)


def rooms(folder: Path) -> list[str]:
    """The folders that hold code."""
    return sorted({path.parent.name for path in folder.glob("*/[!_]*.py")})


def section(name: str) -> set[str]:
    """The first column of the table under a heading."""
    text = PUBLISHING.read_text().split(f"\n### {name}\n")[1]
    table = re.split(r"^#", text, flags=re.MULTILINE)[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def codes_in(*callables: str) -> set[str]:
    """The first arguments of these calls, where they are written out."""
    return {code for path in SOURCES for code in first_arguments(path, callables)}


def first_arguments(path: Path, callables: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in callables:
            yield from texts(node.args[0])


def texts(node: ast.expr) -> Iterator[str]:
    """A text that is written out, or both of `one if … else other`."""
    if isinstance(node, ast.IfExp):
        yield from (*texts(node.body), *texts(node.orelse))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def test_every_refusal_is_described() -> None:
    """The codes of the document are those of the code, no fewer and no more. Some are no literals:
    the answer to what was dead-lettered, that to data which is wrong, with the codes that fields
    declare, and the reasons that refuse a lead."""
    reasons = {"lead_code_unknown", "category_unknown", "reference_conflict"}
    composed = {"id_reused", "dead_letter", "invalid"} | reasons | codes_in("PydanticCustomError")
    unknown = {f"{what}_unknown" for what in codes_in("Refused.unknown")}
    written = codes_in("Refused", "refusal", "_refuse")
    assert written | unknown | composed == section("Refused")


def test_every_fault_is_described() -> None:
    """But for the codes that fields declare, which are described as refusals."""
    assert {*forms.CODES.values(), "wrong_type", "invalid"} == section("What is wrong with data")


def test_every_acceptance_is_described() -> None:
    """Written out, given to `_save`, or the outcome of a lead or a send."""
    outcomes = {"accepted", "held", "omitted", "unusable", "waiting", "sent", "refused"}
    composed = outcomes | {"paused", "resumed"}
    assert codes_in("Accepted", "_accept") | saved() | composed == section("Accepted")


def saved() -> set[str]:
    """The change that is answered and said: the second argument of `_save`."""
    return {
        node.args[1].value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "_save"
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    }


def test_every_code_is_that_of_a_command() -> None:
    """What the contracts name as answers are the codes of the document, no fewer and no more; that
    each command is answered with its own only, the component tests look at."""
    kinds = commands().values()
    assert section("Accepted") == {code for kind in kinds for code in kind.ACCEPTED}
    assert section("Refused") == {*REFUSE_ANY, *(code for kind in kinds for code in kind.REFUSED)}


def test_every_reason_is_described() -> None:
    assert codes_in("Reason") == section("Why a lead is unusable")


def test_every_cause_of_a_dead_letter_is_described() -> None:
    assert codes_in("Poison") == section("Why a record was dead-lettered")


def test_every_event_of_the_loop_is_described() -> None:
    """Whoever reads a counter of `leadops_loop_events_total` is told what has happened."""
    loop = "".join(path.read_text() for path in (ROOT / "shared" / "loop").glob("*.py"))
    counted = " ".join(re.findall(r"counters\[([^f].*?)\] \+=", loop))
    events = {*re.findall(r'"(\w+)"', counted), *(f"inputs_{each}" for each in Disposition)}
    text = (
        OPERATING.read_text().split("\n### What happens in the loop\n")[1].strip().split("\n\n")[0]
    )
    told = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in text.splitlines()]
    assert events == {name for names in told for name in names}


def test_the_architecture_has_the_checks_of_the_oracle() -> None:
    """Each beside the invariant that it holds up, and no check that is not there."""
    checks = {invariant: set[str]() for invariant, _ in oracle.CHECKS}
    for invariant, check in oracle.CHECKS:
        checks[invariant].add(check.__name__)
    assert checks == {name: told for name, told in named_checks() if told}


def named_checks() -> Iterator[tuple[str, set[str]]]:
    """By invariant, what stands behind `oracle:` up to the end of that sentence."""
    rows = re.findall(r"^\| (I\d+) \|.*$", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    assert [f"I{number}" for number in range(1, 13)] == rows
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for name, told in re.findall(r"^\| (I\d+) \|.*?\| ([^|]*) \|$", text, re.MULTILINE):
        by_the_oracle = told.split("oracle: ")[1].split(". ")[0] if "oracle: " in told else ""
        yield name, set(re.findall(r"`(\w+)`", by_the_oracle))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link of a document points at a file that is there."""
    text = re.sub(r"`[^`\n]*`", "", document.read_text())
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [link for link in links if not link.startswith(("http://", "https://"))]
    assert [] == [link for link in local if not (document.parent / link).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_paths_are_there(document: Path) -> None:
    """Whoever follows a document finds each file and room that it names from the top. Those of the
    service that is only an example are not there, nor what a decision decided against."""
    text = document.read_text().split("\n## Alternatives\n")[0]
    paths = re.findall(r"`((?:services|shared|cli|deploy|tests|docs)/[\w./-]+)`", text)
    named = [path for path in paths if "visits" not in path]
    assert [] == [path for path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize(
    ("folder", "page"),
    [("cli", "cli"), ("deploy", "deploy"), ("deploy/local", "deploy"), ("shared", "shared")],
)
def test_the_page_of_a_part_names_each_of_its_modules_once(folder: str, page: str) -> None:
    """Who comes first finds all of them there, and what each is for."""
    text = (ROOT / page / "README.md").read_text()
    modules = [path.name for path in (ROOT / folder).glob("[!_]*.py")]
    assert dict.fromkeys(modules, 1) == {name: text.count(f"`{name}`") for name in modules}
    assert [] == [name for name in rooms(ROOT / page) if f"`{name}/`" not in text]


@pytest.mark.parametrize("service", rooms(ROOT / "services"))
def test_the_page_of_a_service_names_each_of_its_rooms(service: str) -> None:
    text = (ROOT / "services" / service / "README.md").read_text()
    assert [] == [name for name in rooms(ROOT / "services" / service) if f"`{name}/`" not in text]


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md"])
def test_every_topic_has_its_place(name: str) -> None:
    """README's picture and the architecture's way of a lead show all topics of the manifest."""
    text = (ROOT / name).read_text()
    assert [] == [topic for topic in manifest().topics if topic not in text]


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text()))
    assert {path.name for path in folder.glob("[0-9]*.md")} == listed


def test_decisions_are_numbered_one_after_the_other() -> None:
    """Two that are written at the same time must not get one number, by which both are named."""
    numbers = [int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]
    assert list(range(1, len(numbers) + 1)) == sorted(numbers)


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")))
def test_every_decision_has_its_parts(path: Path) -> None:
    text = path.read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert ["Context", "Decision", "Consequences", "Alternatives"] == headings
    assert text.startswith(f"# {path.name[:4]} ")


def lines_of_commands() -> Iterator[tuple[str, str]]:
    """What somebody may type, with the document: in backquotes, after a prompt, or as what helps
    with an alert."""
    pattern = re.compile(r"`leadops ([^`]+)`|^\$ leadops (.+?)(?:  |$)", re.MULTILINE)
    for document in DOCUMENTS:
        for one in pattern.finditer(document.read_text()):
            yield document.name, one[1] or one[2]
    for line in re.findall(r"leadops ([a-z].+)", (ROOT / "deploy" / "alerts.yaml").read_text()):
        yield "alerts.yaml", line


@pytest.mark.parametrize(("document", "line"), [*dict.fromkeys(lines_of_commands())])
def test_every_command_that_is_named_is_there(document: str, line: str) -> None:
    """With all of its options."""
    words = line.split()
    command: Any = get_command(build_app(words[0]))
    given = [*command.params]
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"{document}: leadops {line}"
        command = command.commands[words.pop(0)]
        given += command.params
    options = {name for each in given for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    assert {word for word in words if word.startswith("-")} <= options, f"{document}: {line}"


def test_what_skips_a_record_is_written_with_all_that_it_needs() -> None:
    """Who is called at night copies it."""
    command = get_command(build_app("shards"))
    assert isinstance(command, TyperGroup)
    shards = command.commands["shards"]
    assert isinstance(shards, TyperGroup)
    needed = [each.name for each in shards.commands["skip"].params if each.required]
    assert needed == ["service", "topic", "partition", "offset", "reason"]
    written = "leadops shards skip SERVICE TOPIC PARTITION OFFSET --reason …"
    assert f"`{written}`" in OPERATING.read_text()
