"""docs/rules.md and the tests tell the same story: each rule once, and proven only where it is."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "rules.md"
COUNTS = {"INT": 16, "RTE": 23, "APT": 17, "BIL": 16, "MKT": 14, "OPS": 7}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
STATES = ("proven by ", "partly: ", "not built yet")


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    proof: str

    @property
    def is_proven(self) -> bool:
        return self.proof.startswith("proven by ")

    @property
    def tests(self) -> set[str]:
        return set(re.findall(r"`(?:[\w/.]+::)?(test_\w+)`", self.proof))


def rows() -> list[Row]:
    lines = re.findall(
        r"^\| ([A-Z]{3}-\d\d) \|.*\| ([^|]*) \|$", DOCUMENT.read_text(), re.MULTILINE
    )
    return [Row(id, proof) for id, proof in lines]


def functions() -> Iterator[tuple[str, set[str]]]:
    """Every test function with the rules that it, or its module, is marked with."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text())
        whole = {id for node in tree.body if isinstance(node, ast.Assign) for id in marks(node)}
        for node in ast.walk(tree):
            if isinstance(node, FUNCTION) and node.name.startswith("test_"):
                own = {id for decorator in node.decorator_list for id in marks(decorator)}
                yield node.name, whole | own


def marks(node: ast.AST) -> Iterator[str]:
    """The ids of `pytest.mark.rule("ID", …)` anywhere below."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.rule":
            yield from (ast.literal_eval(argument) for argument in call.args)


TESTS: dict[str, set[str]] = defaultdict(set)
for _name, _rules in functions():
    TESTS[_name] |= _rules


def test_each_rule_is_there_once() -> None:
    """The areas have their numbers from 01 on, without a gap and without a repetition."""
    wanted = {f"{area}-{n:02}": 1 for area, count in COUNTS.items() for n in range(1, count + 1)}
    assert wanted == Counter(row.id for row in rows())


def test_each_rule_has_one_of_three_states() -> None:
    assert [] == [row.id for row in rows() if not row.proof.startswith(STATES)]


def test_each_marker_is_a_rule() -> None:
    """A test can't prove a rule that nobody has."""
    known = {row.id for row in rows()}
    assert set() == {id for rules in TESTS.values() for id in rules} - known


@pytest.mark.parametrize("row", [row for row in rows() if row.is_proven], ids=lambda row: row.id)
def test_what_is_proven_has_its_tests(row: Row) -> None:
    """Every test that is named as a proof carries the rule."""
    assert row.tests
    assert dict.fromkeys(row.tests, True) == {name: row.id in TESTS[name] for name in row.tests}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_what_is_shown_is_said_so(row: Row) -> None:
    """A rule that tests carry names them, be it proven or, where it is not whole, partly there."""
    carrying = {name for name, rules in TESTS.items() if row.id in rules}
    assert not carrying or carrying & row.tests


def test_each_test_that_is_named_exists() -> None:
    named = {name for row in rows() for name in row.tests}
    assert set() == {name for name in named if name not in TESTS}
