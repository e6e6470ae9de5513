"""How the bytes of a text file are letters: told by its marks, or found from the whole of it.

What is neither Unicode nor surely windows-1252 is refused with what it may be, since a name that is
misread is sent as it was misread. Whoever knows better names the encoding.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import BinaryIO

from cli.output import unreadable

CHUNK_BYTES = 1 << 20
START_BYTES = 4096
WIDE_ZEROS_MIN = 2

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN = "windows-1252"

LETTERS = {
    "windows-1252": (
        *("äöüß", "àâæçèéêëîïôœùûüÿ", "áéíóúüñ", "áàâãçéêíóôõúü", "àèéìíîòóù", "áàèéëêïíóöôúü"),
        *("åäöéü", "æøåéôòöäü", "áéíóúýþæöð", "áíóúýðæø", "àçèéíïòóúü", "çëüöéî"),
    ),
    "windows-1250": (
        *("ąćęłńóśźż", "áčďéěíňóřšťúůýžöü", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšžé"),
        *("ăâîşţșț", "ëç"),
    ),
    "windows-1254": ("çğıöşüâîû",),
    "windows-1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"),
    "windows-1251": ("абвгґдежзийклмнопрстуфхцчшщъыьэюяёієїўђјљњћџѓќѕ",),
    "windows-1253": ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",),
    "mac-roman": ("äöüß", "àâæçèéêëîïôœùûüÿ", "áéíóúüñ", "áàâãçéêíóôõúü", "åäöéü", "æøåéô"),
    "cp850": ("äöüß", "àâæçèéêëîïôùûüÿ", "áéíóúüñ", "áàâãçéêíóôõúü", "åäöéü", "æøåéô"),
}
"""The letters beyond ASCII of one language each. A word whose letters no language has together was
not written in that encoding."""
RARE = frozenset("ðþ")
"""What they are in windows-1254 is more frequent than Icelandic, which has others beside them."""
WHOLLY = frozenset(("windows-1251", "windows-1253"))
"""Encodings of scripts in which no letter of a word is ASCII."""

_ESCAPED = re.compile(r"[\udc80-\udcff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f\udc80-\udcff]")
_WORD = re.compile(
    r"[A-Za-z\x80-\x9f\xa1-\uffff]*[\x80-\x9f\xa1-\uffff][A-Za-z\x80-\x9f\xa1-\uffff]*"
)
_TILDE = re.compile(r"õ(?!e)|ã(?![oe]|s?$)")
"""Where no Portuguese word has one: in windows-1250 these are the letters of others."""
_JOINED = re.compile(r"[’‘´·–—\xad…]")
_AROUND = "¿¡«»“”„‘’‚‹›…–—•®™©°·´€£¥¢§¶†‡¤±×÷¼½¾\xad"
_RAISED = "²³¹ªº"


@dataclass(frozen=True, slots=True)
class Encoding:
    """With how bytes that are no text stay recognizable, so that they cost their own row only."""

    name: str
    errors: str = "surrogateescape"


def find_encoding(name: str) -> Encoding:
    try:
        codecs.lookup(name)
        "".encode(name)
    except LookupError as error:
        raise unreadable(f"there is no encoding {name!r}; try windows-1250 or utf-8") from error
    return wide(name) if name.lower().startswith(("utf-16", "utf-32")) else Encoding(name)


def wide(name: str) -> Encoding:
    return Encoding(name, "surrogatepass")


def encoding_of(file: BinaryIO) -> Encoding:
    """Reads the whole file, piece by piece; it has to be wound back after."""
    start = file.read(START_BYTES)
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    if marked == "utf-8":
        return Encoding("utf-8")
    if of := marked or unmarked_wide(start):
        check_wide(file, of, marked=bool(marked))
        return wide(of)
    return narrow(file)


def unmarked_wide(start: bytes) -> str | None:
    """Text of two or four bytes a letter shows by the zeros of its ASCII letters."""
    zeros = Counter(at % 4 for at, byte in enumerate(start) if byte == 0)
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if len(start) % 4 == 0 and min(even, odd) and sum(zeros.values()) > len(start) // 2:
        return "utf-32-le" if zeros[0] < zeros[3] else "utf-32-be"
    is_narrow = all(0x20 <= byte < 0x7F for byte in start[:4])
    if is_narrow or min(even, odd) or max(even, odd) < max(WIDE_ZEROS_MIN, len(start) // 100):
        return None
    return "utf-16-le" if odd else "utf-16-be"


def check_wide(file: BinaryIO, name: str, *, marked: bool) -> None:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(name)("surrogatepass")
    try:
        for chunk in chunks(file):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        how = "begins as" if marked else "looks like"
        raise unreadable(f"this {how} {name[:6].upper()} text and is none") from error


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, where they end with a line feed."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk + file.readline()


def narrow(file: BinaryIO) -> Encoding:
    # Letters that are right in UTF-8 are no accident, and then the others are broken.
    if is_utf_8(file) or is_mostly_utf_8(file):
        return Encoding("utf-8")
    check_western(file)
    return Encoding(WESTERN)


def is_utf_8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        for chunk in chunks(file):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def is_mostly_utf_8(file: BinaryIO) -> bool:
    right, wrong = 0, 0
    file.seek(0)
    for chunk in chunks(file):
        if not chunk.isascii():
            text = chunk.decode("utf-8", errors="surrogateescape")
            right += len(_BEYOND_ASCII.findall(text))
            wrong += len(_ESCAPED.findall(text))
    return right >= wrong


def words_in(file: BinaryIO) -> set[bytes]:
    """The words that are not ASCII, as they are written. One with a byte that windows-1252 does
    not have costs its row, and says nothing of the others."""
    found: set[str] = set()
    file.seek(0)
    for chunk in chunks(file):
        if not chunk.isascii():
            found.update(_WORD.findall(chunk.decode(WESTERN, errors="surrogateescape")))
    return {word.encode(WESTERN) for word in found if not _ESCAPED.search(word)}


def check_western(file: BinaryIO) -> None:
    words = words_in(file)
    odd = {word for word in words if not is_word(word, WESTERN)}
    if not odd and not covers(words, WESTERN) and eastern(words):
        odd = words
    if not odd:
        return
    may_be = [name for name in LETTERS if name != WESTERN and all(is_word(w, name) for w in words)]
    hint = f"; it may be {' or '.join(may_be[:2])}" if may_be else ""
    raise unreadable(
        f"the file is not UTF-8, and line {line_of(file, odd)} is not surely windows-1252{hint}."
        " Save it as UTF-8, or name its encoding with --encoding"
    )


def line_of(file: BinaryIO, words: set[bytes]) -> int:
    """The first that holds one of them."""
    file.seek(0)
    lines = enumerate(file, start=1)
    return next((at for at, line in lines if any(word in line for word in words)), 1)


def eastern(words: set[bytes]) -> bool:
    """One language of another encoding has all letters that are used; that may be an accident of
    few words, so it counts only where no language of windows-1252 has them all."""
    return any(covers(words, name) for name in ("windows-1250", "windows-1254", "windows-1257"))


def covers(words: set[bytes], name: str) -> bool:
    texts = [decode_word(word, name) for word in words]
    used = {each for text in texts for each in beyond_ascii(text.strip(_AROUND))}
    return any(used <= letters for letters in alphabets(name) if not letters & RARE)


def beyond_ascii(text: str) -> set[str]:
    """A capital I with a dot is lowered to two letters."""
    return {each for each in text.lower().replace("i\u0307", "i") if each > "\x7f"}


@cache
def alphabets(name: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(letters) for letters in LETTERS[name])


def decode_word(word: bytes, name: str) -> str:
    return word.decode(name, errors="replace")


@lru_cache(maxsize=50_000)
def is_word(word: bytes, name: str) -> bool:
    text = decode_word(word, name).strip(_AROUND)
    if text[-1:] in _RAISED:
        return len(text) <= 3 and text[:-1].isascii()
    return all(is_part(part, name) for part in _JOINED.split(text) if not part.isascii())


def is_part(part: str, name: str) -> bool:
    used = beyond_ascii(part)
    if not any(used <= letters for letters in alphabets(name)) or has_odd_case(part):
        return False
    beyond = sum(each > "\x7f" for each in part)
    if name != WESTERN:
        return name not in WHOLLY or beyond == len(part)
    return not _TILDE.search(part.lower()) and (len(part) < 3 or 3 * beyond <= 2 * len(part))


def has_odd_case(part: str) -> bool:
    """A capital inside a word, if it is not ASCII: what was written was another letter."""
    triples = zip(part, part[1:], [*part[2:], ""], strict=False)
    return any(
        each.isupper() and each > "\x7f" and (before.islower() or behind.islower())
        for before, each, behind in triples
    )
