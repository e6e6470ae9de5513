"""How texts write a number and what it counts."""

import re
from pathlib import Path

import pytest

from shared.wording import quantity

ROOT = Path(__file__).parents[2]
NOUNS = "|".join(
    ("answers", "cells", "entries", "headers", "leads", "parts", "records", "replicas", "rows")
    + ("sends", "sheets", "shards")
)
BY_HAND = re.compile(rf"\{{len\([^{{}}]*\}} (?:\w+ )?(?:{NOUNS})\b")


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "lead", "0 leads"),
        (1, "lead", "1 lead"),
        (2, "held lead", "2 held leads"),
        (1, "entry", "1 entry"),
        (1000, "entry", "1,000 entries"),
        (3, "day", "3 days"),
    ],
)
def test_one_is_singular_and_all_else_plural(number: int, noun: str, text: str) -> None:
    assert text == quantity(number, noun)


def test_no_text_counts_by_hand() -> None:
    """It would tell of 1 leads. The oracle's texts are for whoever works on this."""
    parts = ("cli", "deploy", "services", "shared")
    files = [file for part in parts for file in (ROOT / part).rglob("*.py")]
    read = [file for file in files if file.parent.name != "oracle"]
    assert [] == [file.name for file in read if BY_HAND.search(file.read_text("utf-8"))]
