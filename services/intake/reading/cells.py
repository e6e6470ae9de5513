"""What stands in one field of a record, as one line of text, whatever a spreadsheet or a form made
of it. Total over all of JSON: what has no one meaning is blank, and `why_unread` tells what it was.
"""

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pydantic import JsonValue

from services.intake.reading.folding import fold, unambiguous
from shared.contracts.values import Reason
from shared.folding import one_line, without_entities

TEXT_LENGTH_MAX = 500
LIST_LENGTH_MAX = 100

# A column of whole numbers with a gap is written as fractions. Three zeros may be a thousand.
_WHOLE = re.compile(r"([+(]*\d+)[.,]0{1,2}")


def text(value: JsonValue) -> str:
    """Of a list its only value; what is no text, or absurdly long, is blank."""
    if isinstance(value, str):
        return one_line(without_entities(value)) if len(value) <= TEXT_LENGTH_MAX else ""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 64 else ""
    if isinstance(value, float):
        return _number(value)
    return _only(value) if isinstance(value, list) else ""


def whole(number: str) -> str:
    """101.0 is 101."""
    found = _WHOLE.fullmatch(number)
    return found[1] if found else number


class Vocabulary(dict[str, str]):
    """An affiliate's own words for one field. It never changes, so that what a word means can be
    kept for whoever asks again: columns with a vocabulary have few words."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


def meaning(value: JsonValue, vocabulary: Mapping[str, str], is_whole: bool = False) -> str:
    """The text in the affiliate's own words, by its vocabulary: as it is written, or else as it
    folds. Of a whole number without decimals."""
    if vocabulary and isinstance(value, str) and isinstance(vocabulary, Vocabulary):
        return word_meaning(value, vocabulary, is_whole)
    return _meaning(value, vocabulary, is_whole)


@lru_cache(maxsize=50_000)
def word_meaning(value: str, vocabulary: Vocabulary, is_whole: bool) -> str:
    return _meaning(value, vocabulary, is_whole)


def _meaning(value: JsonValue, vocabulary: Mapping[str, str], is_whole: bool) -> str:
    written = text(value)
    if vocabulary:
        written = written or _truth(value)
        meant = _meaning_of(written, vocabulary)
        if meant is not None:
            return meant
        written = "" if isinstance(value, bool) else written
    if is_whole and written[-1:] == "0":
        plain = whole(written)
        if vocabulary and plain != written:
            return vocabulary.get(fold(plain), plain)
        return plain
    return written


def prepare_vocabulary(vocabulary: Mapping[str, str]) -> Vocabulary:
    """By what is written, and by what that folds to, if that can mean one thing only."""
    written = {without_entities(word): meant for word, meant in vocabulary.items()}
    folded = ((fold(word), meant) for word, meant in written.items())
    clear = unambiguous((key, meant) for key, meant in folded if key)
    return Vocabulary(clear | {one_line(word): meant for word, meant in written.items()})


def why_unread(field: str, value: JsonValue) -> Reason | None:
    """Of a field that is blank though something is written there."""
    if isinstance(value, str) and len(value) > TEXT_LENGTH_MAX:
        return unreadable(field, f"has more than {TEXT_LENGTH_MAX} characters")
    if isinstance(value, list) and any(_is_filled(one) for one in value):
        return unreadable(field, "is a list of several values, or of no text")
    if isinstance(value, dict):
        return unreadable(field, "is an object, where a text is expected")
    if isinstance(value, bool):
        return unreadable(field, "is true or false, where a text is expected")
    if isinstance(value, int | float):
        return unreadable(field, "is a number that is too large")
    return None


def unreadable(field: str, what: str) -> Reason:
    return Reason("field_unreadable", f"{field} {what}", field)


def _number(value: float) -> str:
    if not math.isfinite(value) or abs(value) >= 1e15:
        return ""
    return str(int(value)) if value.is_integer() else repr(value)


def _only(values: Sequence[JsonValue]) -> str:
    if len(values) > LIST_LENGTH_MAX:
        return ""
    filled = [one for one in values if _is_filled(one)]
    if any(isinstance(one, list | dict | bool) for one in filled):
        return ""
    found = {text(one) for one in filled}
    return found.pop() if len(found) == 1 else ""


def _is_filled(value: JsonValue) -> bool:
    return value is not None and not (isinstance(value, str) and not one_line(value))


def _truth(value: JsonValue) -> str:
    """Forms send yes and no so; what that means, a vocabulary has to say."""
    return str(value).lower() if isinstance(value, bool) else ""


def _meaning_of(written: str, vocabulary: Mapping[str, str]) -> str | None:
    if not written:
        return None
    meant = vocabulary.get(written)
    return vocabulary.get(fold(written)) if meant is None else meant
