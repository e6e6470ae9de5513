"""The counts at the end of `make test`: a case of several tests, and of several parts."""

import re

import pytest

from tests.run import ROOMS_OF_THE_STACK, ROOT, Case, cases, is_failed, kinds

RESULTS: list[Case] = [
    ("files", "01a", "K01", True),
    ("files", "01a", "K01", False),
    ("files", "01a", "K01", True),
    ("files", "01b", "K01", True),
    ("files", "02a", "K02", True),
    ("matching", "1", None, True),
]


def test_a_case_passed_if_each_of_its_tests_did() -> None:
    """One failure among its tests fails it, in whichever order they ran."""
    expected = {"files": {"passed": 2, "failed": 1}, "matching": {"passed": 1, "failed": 0}}
    assert expected == cases(RESULTS)


def test_a_kind_of_cases_is_counted_once() -> None:
    assert {"files": 2} == kinds(RESULTS)


def test_without_cases_there_are_no_counts() -> None:
    assert ({}, {}) == (cases([]), kinds([]))


@pytest.mark.parametrize(
    ("codes", "some_only", "failed"),
    [
        ([0, 0, 0], False, False),
        ([0, 5, 0], False, True),
        ([0, 0, 1], False, True),
        ([5, 0], True, False),
        ([0, 5], True, False),
        ([5, 5], True, True),
        ([5, 1], True, True),
    ],
)
def test_a_part_without_tests_is_a_mistake_unless_some_were_asked_for(
    codes: list[int], some_only: bool, failed: bool
) -> None:
    """All of nothing is no success either."""
    assert failed == is_failed(codes, some_only=some_only)


def test_tests_of_the_stack_are_where_they_are_looked_for() -> None:
    """Elsewhere they would be run by nobody."""
    marked = [
        path.relative_to(ROOT)
        for path in (ROOT / "tests").rglob("*.py")
        if re.search(r"pytest\.mark\.stack\b", path.read_text())
    ]
    assert set(ROOMS_OF_THE_STACK) == {str(path.parent) for path in marked}
