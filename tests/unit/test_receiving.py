"""What docs/receiving.md tells customers is what they get."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.loop import file_drop, mail, webhook
from shared.loop.webhook import headers_of, keys_of

DOCUMENT = (Path(__file__).parents[2] / "docs" / "receiving.md").read_text()
OLD, NEW = "whsec_" + "A" * 32, "whsec_" + "B" * 32


def example() -> Callable[..., bool]:
    """The function that customers are told to check signatures with."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    names: dict[str, Callable[..., bool]] = {}
    exec(code, names)
    return names["is_ours"]


def headers(body: bytes, secrets: str = OLD) -> dict[str, str]:
    request = {"body": body, "headers": {}}
    row = {"_id": "key-1", "request": request, "attempt": 1, "cause": {"trace": None}}
    return headers_of(row, keys_of("test", secrets))


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_the_example_takes_what_was_signed_with_either_secret(secret: str) -> None:
    assert example()(secret, headers(b"{}", f"{NEW} {OLD}"), b"{}")


def test_the_example_takes_nothing_else() -> None:
    """Not another body, not another secret, and not what is old."""
    is_ours = example()
    signed = headers(b"{}")
    old = signed | {"webhook-timestamp": str(int(time.time()) - 301)}
    assert [False] * 3 == [
        is_ours(OLD, signed, b"{ }"),
        is_ours(NEW, signed, b"{}"),
        is_ours(OLD, old, b"{}"),
    ]


@pytest.mark.parametrize("module", [webhook, mail, file_drop], ids=lambda module: module.__name__)
def test_every_text_of_the_history_is_described(module: Any) -> None:
    """The first words of every text that comes with a verdict, where it is written out."""
    source = Path(module.__file__).read_text()
    texts = re.findall(r"(?:Verdict\.\w+|_verdict_at\(stage\)|verdict),\s+f?\"([^\"{]+)", source)
    ours = {"there is no secret to sign with", "failed unexpectedly: ", "a page has more than "}
    assert len(texts) > 4
    assert [] == [text for text in set(texts) - ours if described(text) not in DOCUMENT]


def described(text: str) -> str:
    return text.removesuffix(" in time") if "reached" in text else text
