"""Job titles to seniority and function, with the words that decided (INT-13).

Codes are the names of LinkedIn's lists. A title is read as words, with `|` where a comma, a slash
or an "and" stood. Phrases are looked up in the tables of `titles.toml`, at every word the longest
first, and of those that are found the strongest decides. What nobody could tell is unknown, not
guessed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from services.intake.reading.folding import fold
from services.intake.reading.title_words import WORDS
from shared.contracts.lead_fields import TitleClass


class Meaning(NamedTuple):
    words: list[str]
    code: str | None
    weight: int
    """Of several phrases in a title the lightest decides."""
    rule: str


Table = Iterable[tuple[int, str | None, Sequence[str]]]
Lexicon = Mapping[str, Sequence[Meaning]]

WORDS_KEPT_MAX = 50_000
LATER_PART = 10
LAST = 10_000
EXCEPTION = 100_000
NOTHING = Meaning([], None, 1_000_000, "")


def _lexicon(table: Table) -> Lexicon:
    """By the first word; of those that begin with it, the longest first."""
    found: dict[str, list[Meaning]] = {}
    for weight, code, phrases in table:
        for phrase in phrases:
            meaning = Meaning(phrase.split(), code, weight, phrase.strip(" |"))
            found.setdefault(meaning.words[0], []).append(meaning)
    return {word: sorted(of, key=lambda one: -len(one.words)) for word, of in found.items()}


def _seniorities() -> Iterator[tuple[int, str | None, Sequence[str]]]:
    for rank, level in enumerate(WORDS.seniority):
        yield rank, level.code, level.all_phrases


def _functions() -> Iterator[tuple[int, str | None, Sequence[str]]]:
    weighed = (WORDS.roles, 0), (WORDS.fields, 1), (WORDS.attributes, 2), (WORDS.last_resort, LAST)
    for table, weight in weighed:
        for code, phrases in table.items():
            yield weight, code, phrases
    yield EXCEPTION, None, WORDS.no_function


_WRITTEN_OUT = {short: written for written, shorts in WORDS.short_for.items() for short in shorts}
_SENIORITY = _lexicon(_seniorities())
_FUNCTION = _lexicon(_functions())
_NO_JOB = frozenset(WORDS.no_job)
_PHRASES_WITHOUT_BLANKS = re.compile(
    "("
    + "|".join(
        sorted(
            (word for word in (*_SENIORITY, *_FUNCTION) if not word.isascii()),
            key=len,
            reverse=True,
        )
    )
    + ")"
)

_RUN_ON = re.compile(r"\.(?=\w\w)")
_APART = re.compile(r"[,;:/|+()\[\]{}&•·–—]|-\s|\s(?:-|(?:and|und|et|y)\s)", re.IGNORECASE)
# Germanic languages write the head and what is headed as one word, others write no blanks.
_COMPOUND = re.compile(
    r"(.{3,}?)s?((?:manager|leiter|direktor|chef|mitarbeiter|referent|assistent|berater|koordinator"
    r"|spezialist)(?:in)?|leitung|sjef|director|directeur|medewerker|adviseur|paallikko|johtaja"
    r"|ansvarig|ansvarlig|representant|konsulent|konsult)"
)
_HEADS = {
    "managerin": "manager",
    "chef": "manager",
    "chefin": "manager",
    "sjef": "manager",
    "paallikko": "manager",
    "johtaja": "director",
}
_WITHOUT_BLANKS = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_COMPOUND_LENGTH_MIN = 9
_LEADS_AWAY = {"to", "at", "office"}
_PROCESS = "".join(f"(?<! {word} to)" for word in WORDS.before_to)
# "Assistant to the CEO" is an assistant: what follows is somebody else's title, or a company.
_SOMEBODY_ELSE = re.compile(rf" (?:(to){_PROCESS}|at|office of (?=chief|president|vice)).*$")
_CHIEF_OFFICER = re.compile(
    r"\bchief (?!petty |warrant |engineer |architect |accountant |executive \|)"
    r"((?:[a-z]+ ){0,2}(?:\| )?(?:[a-z]+ ){0,2})officer\b"
)


@lru_cache(maxsize=50_000)
def classify(title: str) -> TitleClass:
    words = _words(title)
    # "Manager of" was cut off, and with it what is managed.
    if words[-2] == "of" or not _NO_JOB.isdisjoint(words):
        return TitleClass()
    _, seniority, _, rule = _strongest(words, _SENIORITY, 0)
    _, function, _, other_rule = _strongest(words, _FUNCTION, LATER_PART)
    return TitleClass(seniority, function, _both(rule, other_rule))


def _words(title: str) -> list[str]:
    """Folded, written out, and with `|` between the parts and at both ends."""
    parts = _APART.sub(" 0 ", _RUN_ON.sub(" ", title.replace("@", " at ")))
    folded = f"0 {fold(parts)} 0".replace("0", "|").split()
    text = " ".join([_AS_LOOKED_UP[word] for word in folded])
    if not _LEADS_AWAY.isdisjoint(folded):
        text = _SOMEBODY_ELSE.sub(r" \1 |", text)
    if "chief" in text:
        text = _CHIEF_OFFICER.sub(r"chief officer \1officer", text)
    return text.split()


def _apart(word: str) -> str:
    """Marketingmanager, 営業部長: with blanks around the words in it that are known."""
    if not word.isascii() and _WITHOUT_BLANKS.search(word):
        return _PHRASES_WITHOUT_BLANKS.sub(r" \1 ", word).strip()
    if len(word) < _COMPOUND_LENGTH_MIN or word in _FUNCTION:
        return word
    found = _COMPOUND.fullmatch(word)
    for what in (found[1], f"{found[1]}s") if found else ():
        if found and what in _FUNCTION:
            return f"{what} {_HEADS.get(found[2], found[2])}"
    return word


class _AsLookedUp(dict[str, str]):
    """Words written out and apart, kept for the next title."""

    def __missing__(self, word: str) -> str:
        found = _WRITTEN_OUT.get(word) or _apart(word)
        if len(self) < WORDS_KEPT_MAX:
            self[word] = found
        return found


_AS_LOOKED_UP = _AsLookedUp()


def _strongest(words: list[str], lexicon: Lexicon, later_part: int) -> Meaning:
    """Every word is used once, so what is part of a longer phrase means nothing by itself."""
    strongest, lightest, burden, unused = NOTHING, NOTHING.weight, -later_part, 0
    for at, word in enumerate(words):
        if word == "|":
            burden += later_part
        if at >= unused and word in lexicon:
            meaning = _phrase(words, at, lexicon[word])
            unused = at + len(meaning.words)
            if meaning.weight + burden < lightest:
                strongest, lightest = meaning, meaning.weight + burden
    return strongest


def _phrase(words: list[str], at: int, meanings: Sequence[Meaning]) -> Meaning:
    for meaning in meanings:
        if words[at : at + len(meaning.words)] == meaning.words:
            return meaning
    return NOTHING


def _both(rule: str, other: str) -> str:
    return f"{rule}; {other}" if rule and other and rule != other else rule or other
