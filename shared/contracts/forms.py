"""What is wrong with a value, in words: a person is told the form that is wanted, not a pattern.

Every pattern of the contracts has its words here; a test holds whoever adds one to it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from shared.contracts.campaigns import URL_PATTERN
from shared.contracts.values import AFFILIATE_PATTERN, ID_PATTERN, KEY_PATTERN, NAME_PATTERN
from shared.wording import quantity

FAULTS_MAX = 50
"""So many are told, the others are counted."""

FORMS: Mapping[str, str] = {
    URL_PATTERN: "an address such as https://hooks.example/leads, without blanks",
    r"^[^@\s<>,;]+@[^@\s<>,;]+$": "one mail address, such as leads@customer.example",
    r"^[A-Za-z0-9_-]+$": "letters a to z, digits, _ and - only",
    r"^\d{4}-(?:0[1-9]|1[0-2])$": "a month, such as 2026-03",
    r"^[A-Z]{3}$": "a currency of three capital letters, such as EUR",
    r"^[0-9a-f]{64}$": "a digest of 64 hexadecimal digits",
    ID_PATTERN: "a text without blanks around it, in one line",
    NAME_PATTERN: "a name without blanks and slashes, such as northgrid-us",
    AFFILIATE_PATTERN: "a name without blanks, slashes and colons, such as infuse-media",
    KEY_PATTERN: "a text in one line",
    r"^[A-Za-z0-9_-]{1,100}$": "a name of letters a to z, digits, _ and -, such as q_budget",
    r"^[A-Z]{2}$": "a country of two capital letters, such as DE",
    r"^[A-Z]{2}-[A-Z0-9]{1,3}$": "a subdivision as in ISO 3166-2, such as US-CA",
}

KINDS: Mapping[str, str] = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "model": "an object with fields",
    "dict": "an object with fields",
    "datetime": "an instant with its offset, such as 2026-03-01T09:00:00Z",
    "timezone": "an instant with its offset, such as 2026-03-01T09:00:00Z",
    "date": "a day, such as 2026-03-01",
    "time": "a time of day, such as 09:00",
}
"""By how pydantic's types of errors begin, the first that fits. Its words are those of Python."""

CODES: Mapping[str, str] = {
    "missing": "missing",
    "union_tag_not_found": "missing",
    "string_pattern_mismatch": "wrong_form",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "greater_than": "out_of_bounds",
    "greater_than_equal": "out_of_bounds",
    "less_than": "out_of_bounds",
    "less_than_equal": "out_of_bounds",
    "literal_error": "not_allowed",
    "enum": "not_allowed",
    "union_tag_invalid": "not_allowed",
}
"""Pydantic's types of errors in our words: programs of others must not break with a version of it.
What is none of these is `wrong_type` or `invalid`."""
OF_PYDANTIC = frozenset(get_args(ErrorType))
"""All others are codes of our own, whose fields say what is wrong."""
IN_KEY = "[key]"
"""Ends the place of what is wrong with the key of a mapping."""

Error = Mapping[str, Any]


def faults(error: ValidationError) -> list[tuple[Sequence[int | str], str]]:
    """Where each is, and what; so many as a person can mend at once."""
    rows = without_lists_of_faults(error.errors(include_input=False, include_url=False))
    described = [(row["loc"], problem(dict(row))) for row in rows[:FAULTS_MAX]]
    more = len(rows) - len(described)
    return [*described, *([((), f"and {more} more")] if more else [])]


def without_lists_of_faults(rows: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """The validator counts the items that are right, so a list of wrong ones is too short to it."""
    having = {row["loc"][:end] for row in rows for end in range(len(row["loc"]))}
    return [row for row in rows if row["type"] != "too_short" or row["loc"] not in having]


def problem(error: Error) -> str:
    """Empty for a field that there is not: its name says all."""
    context = error.get("ctx", {})
    match error["type"]:
        case "string_pattern_mismatch":
            return f"must be {FORMS.get(context['pattern'], 'written in another form')}"
        case "extra_forbidden":
            return ""
        case "missing":
            return "is needed"
        case "invalid_key":
            return "must have a text as its name"
        case "union_tag_invalid":
            return f"{context['discriminator']} must be one of {context['expected_tags']}"
        case "union_tag_not_found":
            return f"{context['discriminator']} is needed"
        case "literal_error" | "enum":
            return f"must be {context['expected']}"
        case "string_too_short":
            return "must not be blank"
        case "string_too_long":
            return f"must have at most {context['max_length']} characters"
        case "too_long":
            return f"must have at most {quantity(context['max_length'], 'item')}"
        case "too_short":
            return f"must have at least {quantity(context['min_length'], 'item')}"
        case "greater_than_equal":
            return f"must be {context['ge']} or more"
        case "less_than_equal":
            return f"must be {context['le']} or less"
        case "value_error":
            return str(context["error"])
    return expected_kind(error)


def expected_kind(error: Error) -> str:
    """Where a value is of another kind than the expected one."""
    if words := _kind(error):
        return f"must be {words}"
    return str(error["msg"]).replace("Input should be", "must be")


def _kind(error: Error) -> str | None:
    if error["type"] not in OF_PYDANTIC:
        return None
    kinds = (words for start, words in KINDS.items() if error["type"].startswith(f"{start}_"))
    return next(kinds, None)


def code_of(error: Error) -> str:
    """For programs, what is wrong with a value."""
    return CODES.get(error["type"]) or ("wrong_type" if _kind(error) else "invalid")
