"""One folding of letters for everything that is compared as people write it: countries, industries,
vocabularies, companies.

Letters of every script stay what they are; only Latin and Greek ones lose their accents, since in
other scripts a mark makes another letter. Format characters are nothing, not a blank.
"""

import re
import unicodedata

# Letters that do not decompose into a base letter and an accent.
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
        "ı": "i",
        "ð": "d",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ß": "ss",
        "ё": "е",
    }
)
# Marks that change a letter's accent, and marks of vowels that are mostly left out. A mark behind
# a Cyrillic letter is part of it.
_MARKS = re.compile(
    r"(?<![\u0400-\u04ff])[\u0300-\u036f]+|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]"
    r"|[\u064b-\u065f\u0670]"
)

# The characters of category Cf; a test holds this to the Unicode data that Python has.
_FORMAT = re.compile(
    "[\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
# Windows-1252 that was read as Latin-1: its dashes and quotes became control characters.
_MISREAD = {
    code: letter
    for code in range(0x80, 0xA0)
    if (letter := bytes([code]).decode("windows-1252", errors="ignore"))
}


def letters(text: str) -> str:
    """Without case, accents, compatible forms and characters that nobody sees."""
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", visible(text)).casefold().translate(_LETTERS)
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", composed)))


def visible(text: str) -> str:
    """Without format characters: soft hyphens, joiners, marks of direction and of byte order."""
    return _FORMAT.sub("", text)


def one_line(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value.strip()
    shown = visible(value.translate(_MISREAD))
    spaced = "".join(letter if letter.isprintable() else " " for letter in shown)
    return " ".join(spaced.split())
