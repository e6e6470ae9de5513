"""What the command line says to a slip of the pen: what is wanted, and what is nearest."""

import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from annotated_types import GroupedMetadata
from pydantic import BaseModel

import cli
from cli.apply_commands import check_type
from cli.command import Asker, Command
from cli.documents import Document, put_commands
from cli.known import IDS, OUTCOMES, check, unknown
from cli.main import MODULES, run
from cli.options import actor_of, reason_of
from cli.output import UNREACHABLE, WRONG_USAGE, CliError, show_error
from cli.readable import check_readable
from cli.shard_commands import check_number
from shared.contracts.commands import MODULES as CONTRACTS
from shared.contracts.commands import commands
from shared.contracts.event import Event
from shared.contracts.forms import FORMS

PAUSE = "leadops.routing.campaign.pause.v1"
CAMPAIGN = {
    "kind": "campaign",
    "id": "north",
    "customer": "northgrid",
    "programme": "standard",
    "lead_codes": ["A"],
    "send": {"mode": "webhook", "url": "https://hooks.example/", "secret": "own"},
}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("acepted", "there is no outcome 'acepted' (did you mean accepted?); there are: accepted"),
        ("ACCEPTED", "did you mean accepted?"),
        ("hold", "did you mean held?"),
        ("xyz", "there is no outcome 'xyz'; there are: accepted, held, unusable, omitted, waiting"),
    ],
)
def test_a_value_that_can_match_nothing_is_told_with_the_nearest(given: str, text: str) -> None:
    with pytest.raises(CliError, match=re.escape(text)) as error:
        check("outcome", given, OUTCOMES)
    assert ("outcome_unknown", WRONG_USAGE) == (error.value.code, error.value.exit_code)


@pytest.mark.parametrize("given", [None, *OUTCOMES])
def test_a_value_that_there_is_passes(given: str | None) -> None:
    check("outcome", given, OUTCOMES)


def test_of_many_values_only_the_nearest_are_named() -> None:
    known = [f"campaign-{number}" for number in range(100)] + ["northgrid-us"]
    assert "there is no campaign 'nortgrid-us' (did you mean northgrid-us?)" == (
        unknown("campaign", "nortgrid-us", known).text
    )


def test_where_there_is_none_yet_it_says_so() -> None:
    assert "there is no lead code 'A'; there is none yet" == unknown("lead_code", "A", []).text


@pytest.mark.parametrize("what", ["outcome", "source", "status", "state"])
def test_a_closed_filter_is_checked_before_anything_is_asked(
    what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a stack, too."""
    commands = {"status": ["sends", "north"], "state": ["dead-letters", "list"]}
    assert WRONG_USAGE == run([*commands.get(what, ["leads"]), f"--{what}", "nonsense"])
    assert f"there is no {what} 'nonsense'" in capsys.readouterr().err


def test_each_id_that_leads_are_sought_by_is_looked_up() -> None:
    assert {"affiliate", "lead_code", "delivery", "question", "campaign", "list"} == IDS.keys()


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("leadops.routing.campaign.paus.v1", PAUSE),
        ("leadops.routing.campaing.put.v1", "leadops.routing.campaign.put.v1"),
        ("leadops.intake.lead.sumbit.v1", "leadops.intake.lead.submit.v1"),
        ("leadops.routing.dead_letters.skip.v1", "leadops.routing.dead-letter.skip.v1"),
    ],
)
def test_a_misspelled_type_of_command_is_told_with_the_nearest(given: str, nearest: str) -> None:
    """A service would dead-letter the record, and nobody would be answered."""
    with pytest.raises(CliError, match=re.escape(f"did you mean {nearest}")) as error:
        check_type(Document("a.yaml", 1, {"type": given, "data": {}}))
    assert ("type_unknown", WRONG_USAGE) == (error.value.code, error.value.exit_code)


@pytest.mark.parametrize("known", sorted(commands()))
def test_a_type_that_a_service_takes_passes(known: str) -> None:
    check_type(Document("a.yaml", 1, {"type": known, "data": {}}))


def patterns(kind: Any) -> Iterator[str]:
    """Of every text that a model holds, however deep."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for field in kind.model_fields.values():
            yield from (p for data in field.metadata for p in pattern_of(data))
            yield from patterns(field.annotation)
        return
    for data in getattr(kind, "__metadata__", ()):
        yield from pattern_of(data)
    if origin := getattr(kind, "__origin__", None):
        yield from patterns(origin) if origin is not kind and not isinstance(origin, type) else ()
    for part in getattr(kind, "__args__", ()):
        yield from patterns(part)


def pattern_of(data: Any) -> Iterator[str]:
    for one in [data, *(data if isinstance(data, GroupedMetadata) else ())]:
        if isinstance(pattern := getattr(one, "pattern", None), str):
            yield pattern


def contracts() -> list[type[Event]]:
    kinds = [kind for module in CONTRACTS for kind in vars(module).values()]
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Event)]


def test_each_pattern_of_the_contracts_has_its_words() -> None:
    """So that nobody is shown a regular expression."""
    found = {pattern for kind in contracts() for pattern in patterns(kind)}
    assert len(found) > 8
    assert set() == found - FORMS.keys()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({5: 1}, "field 5: must have a text as its name"),
        ({"id": "north grid"}, "field id: must be a name without blanks and slashes"),
        ({"places": [{"country": "us"}]}, "field places.0.country: must be a country of two"),
        ({"programme": "stnd"}, "field programme: must be 'standard' or 'intent'"),
        ({"send": {"mode": "webhok"}}, "field send: 'mode' must be one of 'webhook', 'email'"),
        ({"send": {}}, "field send: 'mode' is needed"),
        ({"lead_codes": None}, "field lead_codes: must be a list"),
        ({"lead_codes": "A"}, "field lead_codes: must be a list"),
        ({"id": 5}, "field id: must be a text"),
        ({"places": [1]}, "field places.0: must be an object with fields"),
        ({"send": "hook"}, "field send: must be an object with fields"),
        ({"organic": "maybe"}, "field organic: must be true or false"),
        ({"priority": 1.5}, "field priority: must be a whole number"),
        ({"caps": {"total": -1}}, "field caps.total: must be 0 or more"),
        ({"active": {"from": "soon"}}, "field active.from: must be a day, such as 2026-03-01"),
    ],
)
def test_the_wanted_form_is_told_in_words(changes: dict[Any, Any], text: str) -> None:
    with pytest.raises(CliError, match=re.escape(text)) as error:
        put_commands([Document("a.yaml", 1, CAMPAIGN | changes)])
    foreign = ("pattern", "^", "Input should", "tuple", "dictionary", "Keys")
    assert [] == [word for word in foreign if word in error.value.text]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["leads", "--limit", "0"], "'--limit': must be 1 or more"),
        (["dead-letters", "list", "--limit", "5000"], "'--limit': must be 1000 or less"),
        (["leads", "--limit", "many"], "'--limit': must be a whole number"),
        (["shards", "resolve", "intake", "1.5"], "'SHARD': must be a whole number"),
        (["wait", "--drained", "--timeout", "long"], "'--timeout': must be a number"),
    ],
)
def test_what_is_wrong_with_an_option_is_told_in_words(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert WRONG_USAGE == run(arguments)
    assert f"error: Invalid value for {text}\n" == capsys.readouterr().err


def test_all_that_is_wrong_with_documents_is_told_at_once() -> None:
    """Of each document every fault, and of a file every document."""
    bad = CAMPAIGN | {"prioriti": 3, "id": "a b", "caps": {"total": -1, "daily": 2}}
    documents = [Document("a.yaml", number, bad) for number in (1, 2)]
    with pytest.raises(CliError) as error:
        put_commands([*documents, Document("a.yaml", 3, CAMPAIGN)])
    first, second = error.value.text.splitlines()
    assert second == first.replace("document 1", "document 2")
    parts = ["field id: ", "field caps.total: ", "unknown field caps.daily", "unknown field prior"]
    assert [] == [part for part in parts if part not in first]


@pytest.mark.parametrize("kind", [["list"], {"list": 1}, 5, None, True, "lists"], ids=str)
def test_a_kind_that_is_none_is_told_with_those_there_are(kind: object) -> None:
    """Whatever stands there."""
    with pytest.raises(CliError, match="field kind: one of affiliate, campaign"):
        put_commands([Document("a.yaml", 1, CAMPAIGN | {"kind": kind})])


@pytest.mark.parametrize(
    ("command", "content", "text"),
    [
        ("publish", CAMPAIGN, "this is a document of kind campaign, for `leadops apply`"),
        ("apply", {"type": PAUSE, "data": {}}, "this is a command, for `leadops publish`"),
        ("preview", {"type": PAUSE, "data": {}}, "this is a command, for `leadops publish`"),
    ],
)
def test_what_another_command_takes_is_told_with_its_name(
    command: str,
    content: dict[str, Any],
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LEADOPS_VAR", str(tmp_path))
    (file := tmp_path / "a.json").write_text(json.dumps(content))
    assert WRONG_USAGE == run([command, str(file)])
    assert f"error: {file}, document 1: {text}\n" == capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == run(["--version"])
    assert re.fullmatch(r"leadops \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_each_command_is_found_in_its_module() -> None:
    """Else its first word would not lead to it."""
    found = {}
    for module in pkgutil.iter_modules(cli.__path__):
        if module.name.endswith("_commands"):
            app = typer.Typer(callback=lambda: None)
            importlib.import_module(f"cli.{module.name}").register(app)
            found[module.name] = {*vars(typer.main.get_command(app))["commands"]}
    assert found == {name: {*words} for name, words in MODULES.items()}


def test_a_command_imports_no_other() -> None:
    """Each costs as much as the shell of a command that only reads."""
    asks = "import sys, cli.main as m; m.run(['leads', 'show', '--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    names = done.stdout.splitlines()[-1].split()
    loaded = [name for name in names if re.fullmatch(r"cli\.\w+_commands", name)]
    assert ["cli.lead_commands"] == loaded


def test_a_shell_can_complete_what_is_typed() -> None:
    """As bash asks, in a process of its own."""
    asking = {"_LEADOPS_COMPLETE": "complete_bash", "COMP_WORDS": "leadops camp", "COMP_CWORD": "1"}
    command = [sys.executable, "-m", "cli.main"]
    done = subprocess.run(command, env=os.environ | asking, capture_output=True, text=True)
    assert ["campaigns"] == done.stdout.split()


def about_a_record(**changed: Any) -> Command:
    data = {"id": "routing.commands.v1/3/17/ab", "reason": "theirs"} | changed
    return Command("leadops.routing.dead-letter.skip.v1", json.dumps(data).encode(), None)


@pytest.mark.parametrize(
    ("command", "asker", "text"),
    [
        (about_a_record(reason=" "), Asker("cli"), "field reason: must not be blank"),
        (about_a_record(reason="x" * 2001), Asker("cli"), "must have at most 2000 characters"),
        (about_a_record(id=""), Asker("cli"), "field id: must not be blank"),
        (about_a_record(reason=None), Asker("cli"), "field reason: "),
        (about_a_record(), Asker("x" * 1025), "an attribute has over 1024 bytes"),
        (about_a_record(), Asker("a\nb"), "an attribute holds a control character"),
        (about_a_record(id="x" * 1_048_576), Asker("cli"), "1048576 are allowed"),
        (Command(PAUSE, b"{}", "k" * 4097), Asker("cli"), "the key has 4097 bytes"),
        (Command(PAUSE, b"{}", "north"), Asker("cli"), "field campaign: is needed"),
    ],
    ids=["blank", "long", "no id", "none", "long actor", "two lines", "large", "key", "missing"],
)
def test_what_a_service_would_dead_letter_is_wrong_usage(
    command: Command, asker: Asker, text: str
) -> None:
    """Else a slip of the pen becomes a record that somebody has to skip."""
    with pytest.raises(CliError, match=re.escape(text)) as error:
        check_readable(command, asker)
    assert ("usage", WRONG_USAGE) == (error.value.code, error.value.exit_code)


def test_what_a_service_reads_is_published() -> None:
    check_readable(about_a_record(), Asker("Zoë"))


@pytest.mark.parametrize(
    "arguments", [["leads", "show", "\udcff"], ["dead-letters", "skip", "x", "--reason", "a\udc80"]]
)
def test_an_argument_that_is_no_text_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """As a shell passes bytes that are not UTF-8."""
    assert WRONG_USAGE == run(arguments)
    assert "is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("service", "shard", "text"),
    [
        ("intake", 12, "intake has no shard 12; its shards are the partitions 0 to 11"),
        ("intake", -1, "intake has no shard -1"),
    ],
)
def test_a_shard_that_there_is_not_is_told_with_those_there_are(
    service: str, shard: int, text: str
) -> None:
    with pytest.raises(CliError, match=re.escape(text)) as error:
        check_number(service, shard)
    assert WRONG_USAGE == error.value.exit_code


@pytest.mark.parametrize("given", ["", " \t", "x" * 2001])
def test_a_reason_is_in_words(given: str) -> None:
    with pytest.raises(CliError, match="--reason: must ") as error:
        reason_of(given)
    assert WRONG_USAGE == error.value.exit_code


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("a\nb", "--as: an attribute holds a control character"),
        ("x" * 1025, "--as: an attribute has over 1024 bytes"),
    ],
)
def test_who_asks_can_be_told_to_a_service(given: str, text: str) -> None:
    """Else the command is dead-lettered, and whoever typed it waits for an answer."""
    with pytest.raises(CliError, match=text) as error:
        actor_of(given)
    assert WRONG_USAGE == error.value.exit_code


NO_FILE, LEAD = "nobody.yaml", "6b1d0d34"
WRONG_BEFORE_ALL = [
    ["apply", NO_FILE],
    ["publish", NO_FILE],
    ["preview", NO_FILE],
    ["campaigns", "lint", NO_FILE],
    ["import", NO_FILE, "--affiliate", "infuse-media"],
    ["import", os.devnull, "--affiliate", "infuse-media"],
    ["lists", "import", NO_FILE, "--list", "rivals"],
    ["dead-letters", "replay", "x", "--value", NO_FILE],
    ["dead-letters", "skip", "x", "--reason", " "],
    ["shards", "skip", "intake", "intake.commands.v1", "1", "7", "--reason", " "],
    ["shards", "resolve", "intake", "12"],
    ["people", "block", LEAD, "--reason", ""],
    ["accounts", "suspend", "north grid\n", "--reason", "x"],
    ["send", LEAD, "north grid", "--reason", "x"],
    ["lists", "add", "rivals", "a.example", "--reason", "x", "--as", "a\nb"],
    ["held", "release", LEAD],
    ["held", "release", LEAD, "--answer", "q_budget"],
    ["held", "alias", "q budget", "a", "b"],
    ["clock", "advance", "soon"],
    ["up", "routing=x"],
    ["wait", "--drained", "--timeout", "nan"],
]


@pytest.mark.parametrize("arguments", WRONG_BEFORE_ALL, ids=" ".join)
def test_what_is_typed_wrong_is_told_before_that_no_stack_is_up(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LEADOPS_VAR", str(tmp_path))
    assert WRONG_USAGE == run(arguments), capsys.readouterr().err


@pytest.mark.parametrize("command", ["apply", "publish", "preview", "campaigns lint", "import"])
@pytest.mark.parametrize(
    ("content", "kind"), [(b"%PDF-1.4 x", "a PDF"), (b"\x1f\x8b.", "a gzip archive")]
)
def test_a_file_of_another_kind_is_told_with_its_kind(
    command: str,
    content: bytes,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LEADOPS_VAR", str(tmp_path))
    (file := tmp_path / "campaigns.yaml").write_bytes(content)
    options = ["--affiliate", "infuse-media"] if command == "import" else []
    assert WRONG_USAGE == run([*command.split(), str(file), *options])
    error = capsys.readouterr().err
    assert (error.startswith(f"error: {file}: "), error.endswith(f"it is {kind}\n")) == (True, True)


def test_a_sheet_is_asked_of_a_workbook_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADOPS_VAR", str(tmp_path))
    (file := tmp_path / "leads.csv").write_text("a,b\n1,2\n")
    arguments = ["import", str(file), "--affiliate", "infuse-media", "--sheet", "Leads"]
    assert WRONG_USAGE == run(arguments)
    assert f"error: {file} is no workbook: it has no sheets\n" == capsys.readouterr().err


@pytest.mark.parametrize("text", [json.dumps(CAMPAIGN), "kind: rules\ncategories: []\n"])
@pytest.mark.parametrize("command", ["apply", "campaigns lint"])
def test_of_a_good_file_it_is_told_that_no_stack_is_up(
    command: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_VAR", str(tmp_path))
    (file := tmp_path / "campaigns.yaml").write_text(text)
    is_read = command == "apply" or "campaign" in text
    assert (UNREACHABLE if is_read else WRONG_USAGE) == run([*command.split(), str(file)])


@pytest.mark.parametrize("group", ["dead-letters", "shards", "lists", "clock"])
def test_a_group_without_a_command_names_its_commands(
    group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert WRONG_USAGE == run([group])
    assert "Missing command; there are: " in capsys.readouterr().err


@pytest.mark.parametrize("data", [{}, {"nothing": "known"}, "no object"], ids=str)
def test_a_misspelled_type_is_told_before_what_would_follow_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: object
) -> None:
    """Such as the key, which nobody could know yet."""
    file = tmp_path / "command.json"
    file.write_text(json.dumps({"type": "leadops.intake.lead.submt.v1", "data": data}))
    assert 2 == run(["publish", str(file), "--json"])
    told = json.loads(capsys.readouterr().out)["error"]
    assert "type_unknown" == told["code"]
    assert "did you mean leadops.intake.lead.submit.v1" in told["text"]


def test_an_error_is_no_wider_than_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its short lines stay as they are, such as those of a log."""
    monkeypatch.setenv("COLUMNS", "80")
    log = '  File "main.py", line 3'
    text = f"there is no dead letter 'x'; there are: {'intake.commands.v1/10/4, ' * 4}\n{log}"
    show_error(CliError("unknown", text, WRONG_USAGE), as_json=False)
    first, second, last = capsys.readouterr().err.splitlines()
    assert f"{first} {second}" == f"error: {text}".split("\n")[0].rstrip()
    assert max(map(len, (first, second))) <= 80
    assert log == last


def test_an_error_in_a_pipe_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    show_error(CliError("unknown", "word " * 40, WRONG_USAGE), as_json=False)
    assert f"error: {'word ' * 40}\n" == capsys.readouterr().err


def test_of_a_file_with_many_wrong_documents_the_first_are_told() -> None:
    """All of them are there for a program."""
    wrong = [Document("a.yaml", number, {"a": 1}) for number in range(1, 1_054)]
    with pytest.raises(CliError) as error:
        put_commands(wrong)
    lines = error.value.text.splitlines()
    assert (51, "and 1,003 documents more") == (len(lines), lines[-1])
    assert 1_053 == len(error.value.details["faults"])
