"""One folding of letters for everything that is compared as people write it: countries, industries,
vocabularies, companies.

Two texts are the same everywhere or nowhere. Letters of every script stay what they are; only Latin
and Greek ones lose their accents, since in other scripts a mark makes another letter. So nothing
that has a letter folds to nothing. Format characters are nothing, not a blank.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# The characters of category Cf; a test holds this to the Unicode data that Python has.
_FORMAT = (
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_FORMAT_CHARACTER = re.compile(f"[{_FORMAT}]")
# Also what chooses between forms of a letter, fills a place, or controls and is no blank.
_UNSEEN = re.compile(
    f"[{_FORMAT}\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f"
    "\u2065\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_ACCENTED = re.compile(
    "([a-z\u00df-\u02af\u0370-\u03ff\u1d00-\u1dbf\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f])"
    "[\u0300-\u036f]+"
)
# Hebrew and Arabic vowels, which are mostly left out.
_VOWELS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652\u0670]")
# Of a small letter that does not decompose, Unicode's own name says what it is made from.
_MADE_FROM = re.compile(
    r"LATIN (?:SMALL LETTER|LETTER SMALL CAPITAL) (?:DOTLESS )?([A-Z])(?: WITH .*)?"
)
_LATIN = (range(0x80, 0x2B0), range(0x1D00, 0x1DC0), range(0x2C60, 0x2C80), range(0xA720, 0xA800))
# Those whose names do not; of the Cyrillic ones the one that is written with and without its dots.
_TWO_LETTERS = {"æ": "ae", "œ": "oe", "ß": "ss", "þ": "th"}
_OTHERS = _TWO_LETTERS | dict(zip("ðŋĸəǝɛɔɑʒȝƿɣʃƣʋɩʊё", "dnkeeeoazywgsgviuе", strict=True))

_SIGNS_OF_NAMES = re.compile(r"(?<![^\W_])([^\W\d_])(\+\+|#)(?![^\W\d_]|[+#])")
_SPELT = {"++": "plusplus", "#": "sharp"}

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ESCAPED_TIMES = 2
"""A form escapes what it was given, and a program that exports it escapes it again."""

# Windows-1252 that was read as Latin-1: its dashes and quotes became control characters.
_MISREAD = {
    code: letter
    for code in range(0x80, 0xA0)
    if (letter := bytes([code]).decode("windows-1252", errors="ignore"))
}


def _plain_letters() -> Iterator[tuple[int, str]]:
    for code in (code for block in _LATIN for code in block):
        if made := _MADE_FROM.fullmatch(unicodedata.name(chr(code), "")):
            yield code, made[1].lower()
    yield from ((ord(letter), plain) for letter, plain in _OTHERS.items())


_PLAIN = dict(_plain_letters())


class Signs(dict[int, str]):
    """For `str.translate`: what makes words stays, letters with their marks and digits, and what is
    kept besides; all other signs are blanks."""

    def __init__(self, kept: str = "") -> None:
        super().__init__({ord(sign): sign for sign in kept})

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        self[code] = sign if unicodedata.category(sign)[0] in "LNM" else " "
        return self[code]


_WORDS = Signs()


class _OneLine(dict[int, str]):
    """For `str.translate`: what was misread as itself, nothing for format characters, and a blank
    for all else that is not printed."""

    def __missing__(self, code: int) -> str:
        sign = _MISREAD.get(code) or visible(chr(code))
        self[code] = sign if sign.isprintable() else " "
        return self[code]


_ONE_LINE = _OneLine()


def visible(text: str) -> str:
    """Without format characters: soft hyphens, joiners, marks of direction and of byte order."""
    return text if text.isascii() else _FORMAT_CHARACTER.sub("", text)


def compatible(text: str) -> str:
    """What is to be seen, each sign in its usual form: no ligatures, no wide letters."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", _UNSEEN.sub("", text)))


@lru_cache(maxsize=50_000)
def letters(text: str) -> str:
    """Without case, accents, compatible forms and what nobody sees; other signs stay."""
    plain = compatible(text)
    if plain.isascii():
        return plain.lower()
    decomposed = unicodedata.normalize("NFD", plain.casefold())
    bare = _VOWELS.sub("", _ACCENTED.sub(r"\1", decomposed)).translate(_PLAIN)
    return compatible(bare).translate(_PLAIN)


def spell_signs(text: str) -> str:
    """C++ and C# are words of their own, and none of them is C."""
    if "#" not in text and "++" not in text:
        return text
    return _SIGNS_OF_NAMES.sub(lambda found: f"{found[1]}{_SPELT[found[2]]} ", text)


def words(text: str) -> list[str]:
    """The words of a text, folded; what is neither letter nor digit divides."""
    found = spell_signs(letters(text)).translate(_WORDS).split()
    return [word for word in found if any(map(str.isalnum, word))]


def without_entities(text: str) -> str:
    """Forms write & as &amp;, and é as &eacute;. What has no semicolon is text."""
    for _ in range(_ESCAPED_TIMES if "&" in text and ";" in text else 0):
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return text


def one_line(value: str) -> str:
    if value.isprintable():
        return value.strip() if value.isascii() else " ".join(value.split())
    return " ".join(value.translate(_ONE_LINE).split())
