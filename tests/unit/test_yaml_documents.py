"""Documents in YAML 1.2: plain values, and an end to how much a short text may stand for."""

import json
from typing import Any

import pytest

from cli import yaml_documents
from cli.documents import put_command, read_text
from cli.output import CliError
from shared.contracts.affiliates import PutAffiliate
from tests import builders


def read(text: str) -> list[Any]:
    return [document.content for document in read_text("file.yaml", text, {})]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("true", True),
        ("0x1F", 31),
        ("0o14", 12),
        ("12:30:45", "12:30:45"),
        ("2026-03-04", "2026-03-04"),
        ("2026-03-04T10:00:00Z", "2026-03-04T10:00:00Z"),
        ('"101"', "101"),
        ("~", None),
        ("1e3", 1000.0),
    ],
)
def test_a_plain_value_is_that_of_yaml_1_2(written: str, meant: Any) -> None:
    """Norway is no truth value, and a date is the text that JSON has."""
    assert [{"value": meant}] == read(f"value: {written}")
    assert [{written: 1}] == read(f"{written!r}: 1")


def test_norway_is_a_country() -> None:
    """Through to the command."""
    definition = builders.put_affiliate().model_dump(mode="json") | {"kind": "affiliate"}
    definition["mapping"]["vocabularies"] = {"country": {"Norge": "NO"}}
    text = json.dumps(definition).replace('"NO"', "NO")
    [document] = read_text("file.yaml", f"---\n{text}", {})
    put = PutAffiliate.model_validate_json(put_command(document).data)
    assert {"Norge": "NO"} == put.mapping.vocabularies["country"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a: 1\nb: 2\na: 3", "field a stands twice (line 3)"),
        ("a: 1\n'a': 2", "field a stands twice (line 2)"),
        ("b: {c: {d: 1, d: 2}}", "field d stands twice (line 1)"),
        ("a: !!python/object:os.system {}", "a tag stands for no plain value (line 1)"),
        ("a: !!binary aGk=", "a tag stands for no plain value (line 1)"),
        ("a: !!set {b}", "a tag stands for no plain value (line 1)"),
        ("a: &a [*a]", "an alias stands inside itself (line 1)"),
        ("a: &a {b: [*a]}", "an alias stands inside itself (line 1)"),
        ("a: *b", "found undefined alias 'b' (line 1)"),
        ("a: [1", "(line 1)"),
    ],
)
def test_what_is_no_document_is_told_by_line(text: str, named: str) -> None:
    with pytest.raises(CliError) as error:
        read(text)
    assert named in error.value.text
    assert "unreadable" == error.value.code


def aliases(first: str, each: str) -> str:
    """Eight levels, each of which stands for nine of the one before."""
    lines = [f"a0: &a0 {first}"]
    for level in range(1, 9):
        nine = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {each.format(nine)}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        aliases("[x, x, x]", "[{}]"),
        aliases("{k: v, l: w}", "{{<<: [{}]}}"),
        aliases("{k: v}", "{{m: [{}]}}"),
        "- " * 60 + "x",
        "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60))]),
        "[" * 51 + "a: b" + "]" * 51,
        ("---\n" + aliases("[x, x, x]", "[{}]").partition("a5:")[0]) * 10,
    ],
    ids=["sequences", "merges", "mappings", "deep", "deep by aliases", "deep in flow"]
    + ["of many documents"],
)
def test_a_short_text_that_stands_for_much_is_refused(text: str) -> None:
    """As many values as its aliases stand for, and as deep."""
    with pytest.raises(CliError, match="more than 120,000 values with all aliases, or 50 deep"):
        read(text)


@pytest.mark.parametrize("document", ["---\n", "---\na: 1\n", "---\n- [a, b]\n"])
def test_many_small_documents_count_together(
    document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blank one, too: 150 kB of them would take six seconds, and a file may have 8 MB."""
    monkeypatch.setattr(yaml_documents, "DOCUMENT_NODES_MAX", 100)
    assert len(read(document * 20)) <= 20
    with pytest.raises(CliError, match="more than 100 values"):
        read(document * 101)


def test_a_file_of_few_long_values_ends_where_yaml_would_take_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As JSON it may be longer."""
    monkeypatch.setattr(yaml_documents, "YAML_CHARACTERS_MAX", 1_000)
    assert [{"a": "x" * 900}] == read(f"a: {'x' * 900}\n")
    with pytest.raises(CliError, match="more than 1,000 characters; write JSON"):
        read(f"a: {'x' * 1000}\n")
    assert [{"a": "x" * 1000}] == read(f'{{"a": "{"x" * 1000}"}}\n')


def test_aliases_and_merges_within_bounds_are_read() -> None:
    assert [{"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "c": [{"x": 1, "y": 2}]}] == read(
        "a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: [*a]"
    )
