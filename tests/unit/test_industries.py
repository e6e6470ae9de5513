"""Industries are codes, whichever of the two lists a label is from."""

from pathlib import Path

import pytest

from services.intake.reading.folding import fold, unambiguous
from services.intake.reading.industries import industry
from shared.contracts.industries import TABLE, parents


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("4", "4"),
        ("0014", "14"),
        ("Computer Software", "4"),
        ("software development", "4"),
        ("Hospital & Health Care", "14"),
        ("Hospitals and Health Care", "14"),
        ("Technology, Information and Media", "1594"),
        ("77777", "77777"),
        ("777777", None),
        ("0", None),
        ("٤", None),
        ("urn:li:industry:96", "96"),
        ("IT Services & IT Consulting", "96"),
        ("Nonprofit Organization Management", "100"),
        ("HEALTH_WELLNESS_AND_FITNESS", "124"),
        ("Softwareentwicklung", None),
        ("Wizardry", None),
        ("", None),
    ],
)
def test_industry(given: str, expected: str | None) -> None:
    """INT-02: a code stays, also one that the table does not hold; a label becomes its code."""
    assert expected == industry(given)


@pytest.mark.parametrize(
    ("code", "label"), [(code, label) for code, _, labels in TABLE for label in labels]
)
def test_every_label_of_the_table_is_read(code: str, label: str) -> None:
    assert code == industry(label)


def test_a_label_of_two_codes_is_not_guessed() -> None:
    """However it is written."""
    labels = {"Research": "1", "research.": "2", "Research Services": "2"}
    codes = unambiguous((fold(label), code) for label, code in labels.items())
    assert {"research services": "2"} == codes


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("3130", ("4", "6", "1594")),
        ("118", ("96", "1810")),
        ("17", ("25",)),
        ("1594", ()),
        ("41", ("1673", "43")),
        ("2500", ("23", "25")),
        ("3125", ("3132", "84", "6", "1594")),
        ("77777", ()),
    ],
)
def test_parents(code: str, expected: tuple[str, ...]) -> None:
    """Nearest first, and as far up as the table knows."""
    assert expected == parents(code)


def test_every_parent_is_in_the_table() -> None:
    assert {parent for _, parent, _ in TABLE if parent} <= {code for code, _, _ in TABLE}


HUBSPOT = (Path(__file__).parents[1] / "hubspot_industries.txt").read_text().splitlines()[1:]


@pytest.mark.parametrize("value", HUBSPOT)
def test_every_value_of_hubspot_is_read(value: str) -> None:
    """INT-02: as its API writes it, and as its pages show it."""
    code = industry(value)
    assert code and code == industry(value.replace("_", " ").title())


def test_the_lists_are_whole() -> None:
    """434 industries are in V2, and 147 codes of V1 are among them, each label of one code."""
    first = {code for code, _, _ in TABLE if int(code) <= 148}
    assert (434, 147) == (len(TABLE), len(first))
    assert all(industry(label) == code for code, _, labels in TABLE for label in labels)
