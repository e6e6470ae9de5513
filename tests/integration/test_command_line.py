"""README's session of an operator on a fresh stack, line by line; and how the command line ends.

What README shows of a command's output is compared with what comes, so its figures stay true.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.main import run
from deploy.files import CHECKOUT
from deploy.local import stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600), pytest.mark.xdist_group("stack")]

SESSION_SECONDS = 560
WIDTH = 80
STOPS_MAX = 12
MARK = "@@ line"
FAILS = "ends with 1"
"""Said in the comment of a line that has something to tell."""


@dataclass(frozen=True)
class Line:
    """One that is typed, and what README shows below it."""

    command: str
    shown: tuple[str, ...]

    @property
    def ends_with(self) -> int:
        return 1 if FAILS in self.command else 0


def session() -> list[Line]:
    """The lines of README's "Five minutes", as they stand there."""
    text = (CHECKOUT / "README.md").read_text().split("## Five minutes as an operator")[1]
    block = re.findall(r"```console\n(.*?)```", text, re.DOTALL)[0]
    typed = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    parts = [one.rstrip("\n").split("\n") for one in typed]
    return [Line(command, tuple(shown)) for command, *shown in parts]


@dataclass(frozen=True)
class Ended:
    line: Line
    output: str
    code: int


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Ended]]:
    """All lines in one shell, in a directory that has README's paths; the stack is there after."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADOPS_VAR", str(tmp_path_factory.mktemp("var")))
        place = tmp_path_factory.mktemp("checkout")
        (place / "deploy").symlink_to(CHECKOUT / "deploy")
        try:
            yield in_a_shell(session(), place)
        finally:
            stack.down()


def in_a_shell(lines: list[Line], place: Path) -> list[Ended]:
    """What ends the stack is left out, so that the tests that follow have it."""
    kept = [line for line in lines if not line.command.startswith("leadops down")]
    script = "".join(f"{line.command}\ncode=$?; echo; echo '{MARK}' $code\n" for line in kept)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "COLUMNS": str(WIDTH)}
    done = subprocess.run(
        ["bash"],
        input=script,
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SESSION_SECONDS,
    )
    if "to be had on this machine" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    parts = re.split(rf"\n{MARK} (\d+)\n", done.stdout)
    assert len(kept) == len(parts) // 2, done.stderr
    return [Ended(line, parts[2 * at], int(parts[2 * at + 1])) for at, line in enumerate(kept)]


def test_each_line_of_readme_s_session_runs_as_it_is_written(ended: list[Ended]) -> None:
    """And ends with the code that README gives it."""
    expected = [(one.line.command, one.line.ends_with) for one in ended]
    assert expected == [(one.line.command, one.code) for one in ended]


def test_readme_shows_what_comes(ended: list[Ended]) -> None:
    shown = {one.line.command: list(one.line.shown) for one in ended if one.line.shown}
    assert shown
    assert shown == {
        one.line.command: one.output.rstrip("\n").split("\n") for one in ended if one.line.shown
    }


def test_nothing_that_readme_s_session_shows_is_wider_than_a_terminal(ended: list[Ended]) -> None:
    """But for a word that is: it is whole."""
    wide = [line for one in ended for line in one.output.splitlines() if len(line) > WIDTH]
    assert [] == [line for line in wide if len(line.split()) > 2]


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = run([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.case("lead-files", "B-rc", kind="K33")
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("K33-1,k33-1@brightwater.example,INT-FFA-ESF-2541,101,United States", 0),
        ("K33-2,nothing,INT-FFA-ESF-2541,101,United States", 1),
        ("K33-3,k33-3@brightwater.example,NO-SUCH-CODE,101,United States", 1),
        ("K33-4,k33-4@brightwater.example,INT-FFA-ESF-2541,101,United States,a,b", 1),
        (",k33-5@brightwater.example,INT-FFA-ESF-2541,101,United States", 1),
    ],
    ids=["accepted", "unusable", "refused", "too many cells", "no reference"],
)
def test_an_import_ends_with_1_if_a_row_came_to_nothing(
    ended: list[Ended],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    rows: str,
    expected: int,
) -> None:
    """Refused, unusable or bad: a script sees it without reading the summary."""
    file = tmp_path / "leads.csv"
    header = "Prospect ID,Business Email,IM Code,Asset Category ID,Country Name"
    file.write_text(f"{header}\n{rows}\n")
    code, done = run_json(capsys, "import", str(file), "--affiliate", "infuse-media")
    assert (expected, 1) == (code, done["rows"]), done


README = str(CHECKOUT / "README.md")
"""A file of text; what stands in it is looked at once all ids are known."""

UNKNOWN = [
    ["leads", "show", "nobody"],
    ["leads", "--affiliate", "infuse"],
    ["leads", "--campaign", "northgrid"],
    ["leads", "--lead-code", "INT"],
    ["leads", "--delivery", "March"],
    ["held", "list", "--question", "q_budgt"],
    ["held", "release", "nobody", "--suggested"],
    ["held", "alias", "q_budgt", "a lot", "over 250k"],
    ["explain", "nobody"],
    ["campaigns", "show", "nobody"],
    ["campaigns", "pause", "nobody"],
    ["campaigns", "unsent", "nobody"],
    ["sends", "nobody"],
    ["send", "nobody", "northgrid-us", "--reason", "x"],
    ["resolve", "nothing", "--campaign", "northgrid-us", "--sent", "--reason", "x"],
    ["lists", "show", "nobody"],
    ["lists", "add", "nobody", "brightwater.example", "--reason", "x"],
    ["deliveries", "show", "infuse-media", "nobody"],
    ["dead-letters", "show", "nothing"],
    ["dead-letters", "replay", "nothing"],
    ["accounts", "suspend", "nortgrid", "--reason", "x"],
    ["people", "block", "nobody", "--reason", "x"],
    ["people", "block", "nobody", "--customer", "nobody", "--reason", "x"],
    ["import", README, "--affiliate", "infuse"],
    ["import", README, "--affiliate", "infuse-media", "--delivery", "march"],
    ["import", README, "--affiliate", "infuse-media", "--lead-code", "INT"],
]


@pytest.mark.parametrize("arguments", UNKNOWN, ids=" ".join)
def test_an_unknown_id_ends_with_2(
    ended: list[Ended], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Whether the command line notices it or the service, and always with the same shape."""
    code, error = run_json(capsys, *arguments)
    assert (2, {"code", "text"}) == (code, error["error"].keys() - {"details"})
    assert error["error"]["code"].endswith("_unknown")


NEAR = [
    (["campaigns", "show", "northgrid-u"], "northgrid-us"),
    (["campaigns", "resume", "Northgrid-US"], "northgrid-us"),
    (["campaigns", "lint", "northgrid-u"], "northgrid-us"),
    (["sends", "northgrid-u"], "northgrid-us"),
    (["resolve", "x", "--campaign", "northgrid-u", "--sent", "--reason", "x"], "northgrid-us"),
    (["lists", "show", "northgrid-partner"], "northgrid-partners"),
    (["lists", "add", "northgrid-partner", "a.example", "--reason", "x"], "northgrid-partners"),
    (["held", "alias", "q_timefram", "soon", "3-6 months"], "q_timeframe"),
    (["deliveries", "show", "infuse", "march"], "infuse-media"),
]


@pytest.mark.parametrize(("arguments", "near"), NEAR, ids=str)
def test_an_unknown_id_is_told_with_the_nearest(
    ended: list[Ended], capsys: pytest.CaptureFixture[str], arguments: list[str], near: str
) -> None:
    """By the command line, since a service tells only that nothing has it."""
    code, error = run_json(capsys, *arguments)
    assert (2, f"did you mean {near}") == (code, re.findall(f"did you mean {near}", str(error))[0])


WRONG = [
    ["nonsense"],
    ["held"],
    ["leads", "--outcome", "acepted"],
    ["leads", "--source", "agents"],
    ["leads", "--email", "nobody"],
    ["leads", "--phone", "12"],
    ["leads", "--from", "yesterday"],
    ["leads", "--limit", "0"],
    ["sends", "northgrid-us", "--status", "sentt"],
    ["dead-letters", "list", "--state", "gone"],
    ["clock", "advance", "soon"],
    ["apply"],
    ["apply", "nowhere.yaml"],
    ["publish", "nowhere.json"],
    ["preview", "nowhere.yaml"],
    ["import", "nowhere.csv", "--affiliate", "infuse-media"],
    ["import", os.devnull, "--affiliate", "infuse-media"],
    ["lists", "import", "nowhere.csv", "--list", "partners"],
    ["lists", "add", "northgrid-partners", "brightwater.example", "--reason", " "],
    ["campaigns", "pause", "northgrid-us", "--reason", " "],
    ["send", "only-a-lead"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_or_input_ends_with_2(
    ended: list[Ended], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Of every kind of command, and before anything is changed."""
    code, error = run_json(capsys, *arguments)
    assert (2, {"code", "text"}) == (code, error["error"].keys() - {"details"})


def document(**content: Any) -> str:
    return json.dumps(content)


REFUSED = {
    "apply": document(kind="question", id="q_empty", text="?", answers=[], categories=["101"]),
    "publish": document(
        type="leadops.intake.lead.submit.v1",
        data={"affiliate": "nobody", "reference": "R-1", "record": {}},
    ),
    "preview": document(kind="alias", question="q_timeframe", given="x", answer="not allowed"),
}


@pytest.mark.parametrize("command", REFUSED)
def test_what_is_refused_ends_with_1(
    ended: list[Ended], capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    """It was understood, and the business says no: the answer is told, and no error."""
    file = tmp_path / "document.json"
    file.write_text(REFUSED[command])
    code, content = run_json(capsys, command, "-f", str(file))
    assert (1, False) == (code, "error" in content), content


def test_an_alias_that_is_there_is_unchanged(
    ended: list[Ended], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The one that README's session has added by hand, as the document that it previews."""
    given = {"question": "q_timeframe", "given": "3-6 Monhts", "answer": "3-6 months"}
    (file := tmp_path / "alias.json").write_text(document(kind="alias", **given))
    code, content = run_json(capsys, "apply", str(file))
    assert (0, "unchanged") == (code, content["documents"][0]["result"]), content


def test_what_is_refused_by_hand_ends_with_1(
    ended: list[Ended], capsys: pytest.CaptureFixture[str]
) -> None:
    """One command has one answer, so its refusal is the error."""
    code, error = run_json(capsys, "held", "alias", "q_timeframe", "x", "not allowed")
    assert (1, "answer_not_allowed") == (code, error["error"]["code"]), error


LISTINGS: Mapping[str, list[str]] = {
    "leads": ["leads", "--limit", "1"],
    "campaigns": ["campaigns", "list"],
    "affiliates": ["affiliates"],
    "questions": ["questions"],
    "requests": ["requests"],
    "deliveries": ["deliveries", "list"],
    "lists": ["lists", "list"],
    "shards": ["shards", "list"],
    "topics": ["topics"],
    "sends": ["sends", "northgrid-us"],
    "processes": ["status"],
    "items": ["dead-letters", "list"],
    "documents": ["apply", str(CHECKOUT / "deploy" / "sample" / "rules.yaml")],
}


@pytest.mark.parametrize("name", LISTINGS)
def test_json_is_an_object_that_names_what_it_lists(
    ended: list[Ended], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    code, content = run_json(capsys, *LISTINGS[name])
    assert (0, list) == (code, type(content[name]))


def test_the_retries_of_a_failing_endpoint_are_no_stops_of_the_clock(
    ended: list[Ended], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Seventeen hours of an endpoint at 429 took minutes, since each retry of each send was one."""
    behave("helvion-anywhere", mode="fail", status=429)
    capsys.readouterr()
    row = "{0},{0}@brightwater.example,INT-FFA-ESF-4395,101,United States"
    header = "Prospect ID,Business Email,IM Code,Asset Category ID,Country Name"
    file = tmp_path / "leads.csv"
    file.write_text("\n".join([header, *(row.format(f"clock-{n}") for n in range(30))]))
    assert 0 == run(["import", str(file), "--affiliate", "infuse-media"])
    assert 0 == run(["clock", "advance", "17h", "--json"])
    told = capsys.readouterr().err
    assert "waiting for endpoints that fail" in told
    # Thirty sends with seventy retries each stand against a few deadlines of other things.
    assert told.count("clock: ") <= STOPS_MAX
    behave("helvion-anywhere", mode="ok")
    assert 0 == run(["clock", "advance", "1h", "--json"])
    assert "waiting for endpoints" not in capsys.readouterr().err


def behave(campaign: str, **how: Any) -> None:
    url = f"{stack.stack()['receiver']}/behaviour"
    httpx.post(url, json={"campaign": campaign, **how}, timeout=5).raise_for_status()
