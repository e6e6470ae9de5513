"""Records as an affiliate's system publishes them: JSON, one object in all or one a line.

Only what is tried may be such; what is imported is a table, and what is published has a reference
beside its record.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from cli.columns import ExpectedColumns
from cli.importing import BadRow, Row
from shared.contracts.bounds import VALUE_BYTES_MAX
from shared.contracts.values import Id

BOM = b"\xef\xbb\xbf"
START_BYTES = 64
_reference = TypeAdapter(Id)


def are_in(content: BinaryIO) -> bool:
    """No header of a table begins so."""
    start = content.read(START_BYTES)
    content.seek(0)
    return start.removeprefix(BOM).lstrip().startswith(b"{")


def rows_of(content: BinaryIO, expected: ExpectedColumns) -> Iterator[Row | BadRow]:
    """An object may be written over several lines if it is the only one."""
    whole = content.read(VALUE_BYTES_MAX)
    content.seek(0)
    if isinstance(record := parse_json(whole), dict):
        yield row_of(1, record, expected)
        return
    for number, line in enumerate(iter(lambda: content.readline(VALUE_BYTES_MAX), b""), start=1):
        if line.strip():
            yield row_of(number, parse_json(line), expected)


def parse_json(text: bytes) -> Any:
    """None for what is not JSON."""
    try:
        return from_json(text.removeprefix(BOM), allow_inf_nan=False)
    except ValueError:
        return None


def row_of(line: int, record: Any, expected: ExpectedColumns) -> Row | BadRow:
    if not isinstance(record, dict):
        return BadRow(line, "not_json", "the line is no JSON object")
    name = expected.reference
    value = record.get(name)
    reference = str(value).strip() if isinstance(value, str | int) else ""
    if not reference:
        return BadRow(line, "reference_missing", f"the field {name!r} holds no reference")
    try:
        return Row(line, _reference.validate_python(reference), record)
    except ValidationError:
        return BadRow(line, "reference_invalid", "the reference is too long or not printable")
