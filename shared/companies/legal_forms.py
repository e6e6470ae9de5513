"""Legal forms as they are looked for in names: folded, without blanks and dots, from the data file.

A form that is also a word of a language (spa, ag, me) is one only where it is written as one; how
doubtful it is, the data file says.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from shared.companies.data import data_lines
from shared.companies.tokens import Token, tokens

LETTERS_APART_MAX = 8
"""S. A. P. I. de C. V."""

_IN_FRONT, _IN_FRONT_AT_HOME, _MAYBE_IN_FRONT = "^", "!", "+"
_FRONT_MARKS = _IN_FRONT + _IN_FRONT_AT_HOME + _MAYBE_IN_FRONT
_WORD, _WORD_IF_CASED, _WITH_DOTS = "~", "?", "="
_ATTACHED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]{2,}")
"""Thai, Japanese, Chinese and Korean forms, before or behind which there is no blank."""


@dataclass(frozen=True, slots=True)
class Form:
    """`official` is how it is written, without dots at its end."""

    official: frozenset[str] = frozenset()
    divided: frozenset[str] = frozenset()
    """Folded, with the blanks that it is written with."""
    countries: frozenset[str] = frozenset()
    is_word: bool = False
    """Only its writing, or its country, tells that it is a form."""
    is_word_without_case: bool = False
    """Also where the name shows no case."""
    in_front: bool = False
    in_front_at: frozenset[str] = frozenset()
    """The countries in which it stands in front; elsewhere it is part of the name there."""
    maybe_in_front: bool = False
    """It may stand there also where no country is known."""

    def may_be_in_front(self, token: Token, shows_case: bool) -> bool:
        """Where no country tells: PT Larkspur may be a company of Indonesia, or of therapists."""
        if not self.maybe_in_front:
            return False
        if not self.official or not (shows_case or self.is_word_without_case):
            return True
        return self.is_written([token], shows_case)

    def is_written(self, run: list[Token], shows_case: bool) -> bool:
        """Whether these words are written as the form is."""
        written = " ".join(token.written for token in run)
        if "." in written or written in self.official and shows_case:
            return True
        return any(map(str.islower, written)) and any(map(str.isupper, written[1:]))


class Forms(NamedTuple):
    by_key: dict[str, Form]
    words_max: int
    """As many as the longest form has; more where each letter stands by itself."""
    attached: tuple[str, ...]
    """The longest first."""


@cache
def forms() -> Forms:
    found: dict[str, Form] = {}
    longest = LETTERS_APART_MAX
    for line in data_lines("legal_forms.txt"):
        country, _, listed = line.partition(":")
        for entry in map(str.strip, listed.split(";")):
            cut = tokens(entry.lstrip(_FRONT_MARKS).rstrip("~?="))
            key = key_of(cut)
            found[key] = _join_forms(found.get(key, Form()), country, entry, cut)
            longest = max(longest, len(cut))
    attached = sorted(filter(_ATTACHED.fullmatch, found), key=len, reverse=True)
    return Forms(found, longest, tuple(attached))


@cache
def fronts() -> frozenset[str]:
    """Keys of those that stand in front in their own country."""
    return frozenset(key for key, form in forms().by_key.items() if form.in_front_at)


def key_of(run: list[Token]) -> str:
    return "".join(token.folded for token in run)


def _join_forms(before: Form, country: str, entry: str, cut: list[Token]) -> Form:
    """What several countries say of one form: the most doubtful holds."""
    written, mark = " ".join(token.written for token in cut), entry[-1]
    official = set() if mark == _WITH_DOTS else {written, written.replace(".", "")}
    at_home = entry[0] in _FRONT_MARKS
    return Form(
        before.official | official,
        before.divided | {" ".join(token.folded for token in cut)},
        before.countries | {country},
        before.is_word or mark in (_WORD, _WORD_IF_CASED, _WITH_DOTS),
        before.is_word_without_case or mark in (_WORD, _WITH_DOTS),
        before.in_front or entry[0] == _IN_FRONT,
        before.in_front_at | ({country} if at_home else frozenset()),
        before.maybe_in_front or entry[0] == _MAYBE_IN_FRONT,
    )
