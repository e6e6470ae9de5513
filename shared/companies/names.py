"""What a company's name is: its words, without how it is incorporated.

Larkspur Pvt Ltd and Larkspur Private Limited are one company, Desert Spa and Desert are two. Where
only the writing tells that a word is a legal form (S.p.A.), the name goes by both: without the form
and with it, so that it is found however somebody else wrote it. Both sides are compared by their
`comparison_key`: neither an English article in front nor blanks between initials tell companies
apart.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from shared.companies.legal_forms import Form, forms, fronts, key_of
from shared.companies.tokens import Token, tokens
from shared.folding import words

_ARTICLES = frozenset(
    [
        "a",
        "an",
        "and",
        "the",
        "la",
        "le",
        "les",
        "el",
        "los",
        "il",
        "lo",
        "der",
        "die",
        "das",
        "de",
        "het",
    ]
)
"""No name by themselves: The Limited, Die GmbH."""
_THE = "the"
_OTHERWISE = re.compile(
    r"(?:(?<!\w)(?:d\.?/?b\.?/?a|t/as?|c/o|o/a|[afn]\.?/?k\.?/?a|h\.?o\.?d\.?n"
    r"|(?:doing business|trading|operating|also known) as|trading under(?: the name(?: of)?)?"
    r"|(?:formerly|previously)(?: known as)?|ehemals|vormals|anciennement|handelend onder de naam)"
    r"|(?<=[(\[,;])\s*(?:now|ex|früher|jetzt|vorm|antes|già|voorheen|tidigare|tidligere|dawniej))"
    r"(?!\w)[-.:]?",
    re.IGNORECASE,
)
"""Behind it stands another name of the same company; of some words only behind a sign."""
_SEVERAL = re.compile(r"\s*(?:;|<br ?/?>)\s*", re.IGNORECASE)
_FIRM = re.compile(r"^\s*(?:fa\.|firma:?|messrs\.?|(?:company|firm|name):)\s*(?=\w)", re.IGNORECASE)
_GLUED = re.compile(r"(.*[a-zß-ÿ])(GmbH|AG|LLC|Ltd|Inc|Corp|PLC|LLP)\W*", re.DOTALL)
_ESCAPED = re.compile(r"\\?u0026|%26")
_MARKUP = re.compile(r"<(?!br ?/?>)/?[a-z][^<>]*>", re.IGNORECASE)
_CAPITAL = re.compile(r"\s+au capital (?:social|variable|de)\b.*$")
"""How companies of France sign: SARL au capital de 10 000 €."""
_NOTE = re.compile(r"\s*[(\[{*#,]\s*|\s(?:[-–—]|//)\s+")  # noqa: RUF001
_NOTES = frozenset(
    ("duplicate", "duplicates", "dupe", "dup", "merged", "merge", "inactive", "active", "closed")
    + ("competitor", "competitors", "customer", "client", "partner", "prospect", "reseller")
    + ("vendor", "supplier", "existing", "current", "former", "lost", "churned", "acquired")
    + ("bankrupt", "defunct", "insolvent", "do", "not", "use", "contact", "call", "sell", "email")
    + ("dnc", "blocked", "block", "excluded", "exclude", "suppressed", "suppress", "blacklisted")
    + ("blacklist", "old", "account", "official", "hq", "headquarters", "confidential", "vip")
    + ("wettbewerber", "kunde", "bestandskunde", "inaktiv", "dublette", "gesperrt", "geloscht")
)
"""What clerks write behind a name: Larkspur (competitor), Larkspur - do not use."""
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
    | {"Ä": "AE", "Ö": "OE", "Ü": "UE", "Ø": "OE", "Å": "AA"}
)
"""As people write these letters who don't have them."""
_CARE_OF = re.compile(r"^\s*c/o\s+", re.IGNORECASE)
_BEHIND_FORM = re.compile(
    r"\s*[(\[,;|*]|\s[-–—/]\s|(?<=GmbH)\s|(?<=Inc)\.?\s|(?<=Ltd)\.?\s|(?<=LLC)\s",  # noqa: RUF001
    re.IGNORECASE,
)
"""Where a remark may begin: Larkspur GmbH (Berlin); it may be another company with its form."""
_RUN_ON = re.compile(r"^(\s*\w+\.)(?=\w{3})")
"""PT.Larkspur"""
_SORTED = re.compile(r"^([^,]+),\s*([^\W\d_]+\.?)\s*$")
"""As registers sort it: Larkspur, PT."""
_BELONGS = re.compile(
    r"(?:\s*[,;:|(\[·—]\s*|\s[-–/]\s+)(?:"  # noqa: RUF001
    r"(?:an?|the) (?:\S+ ){1,5}?(?:company|brand|business|subsidiary|affiliate|division|unit)\b"
    r"|(?:an? |the )?(?:proud )?(?:affiliate|brand|division|member|part|subsidiary|unit) of\b"
    r"|eine? (?:unternehmen|marke|gesellschaft|tochter\w*|teil) (?:der|des|von)\b"
    r"|(?:teil|tochter\w*) (?:der|des|von)\b"
    r"|une (?:société|marque|entreprise|filiale) (?:du|de)\b|filiale (?:du|de)\b"
    r"|una (?:empresa|marca|società|azienda|filial) (?:de|del|di)\b)",
    re.IGNORECASE,
)
"""Larkspur, a Tern company; Larkspur - part of Tern. By itself Larkspur is the same, and Tern is
not."""
_SORTED_OF = re.compile(r"^(.+?)\s*[,(]\s*([^,()]+ of(?: the)?)\s*\)?\s*$", re.IGNORECASE)
"""Larkspur, City of. By itself Larkspur is somebody else."""
ELSEWHERE = ""
"""A country that is known, and has no forms of its own."""
_APART = re.compile(
    r"[\s.]*[(\[,;|*/–—-]\s*(?!&|(?:and|und|et|y|an?)\b)",  # noqa: RUF001
    re.IGNORECASE,
)
"""GmbH, & Co. KG and Inc., a Tern company go on."""
_PLACES_MAX = 4
"""So many names and remarks are looked for in one cell: what is said of a company has no more, and
what strangers write could have hundreds, each of which is read up to there."""
_MIXED = re.compile(r"(?<!\S)(?=\S*[a-z])(?=\S*[\u0370-\u04ff])\S+")
_LIKE_LATIN = str.maketrans("аеорсухіјѕһԁӏԛԝкмтвнεορνικταχυ", "aeopcyxijshdlqwkmtbneopviktaxu")
"""Cyrillic and Greek letters that nobody can tell from Latin ones."""
_SHORT_FOR = {
    "assn": "association",
    "bros": "brothers",
    "centre": "center",
    "ctr": "center",
    "dept": "department",
    "govt": "government",
    "grp": "group",
    "intl": "international",
    "mfg": "manufacturing",
    "mgmt": "management",
    "natl": "national",
    "saint": "st",
    "sainte": "ste",
    "svcs": "services",
    "univ": "university",
}
_SHORT = re.compile(rf"\b(?:{'|'.join(_SHORT_FOR)})\b")
_INITIALS = re.compile(r"(?<!\S)[^\W_](?: [^\W_])+(?!\S)")


class Name(NamedTuple):
    """Folded; empty if the text has neither letter nor digit."""

    core: str
    doubtful: str = ""
    """Words behind the core that may be a legal form or not."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What it is compared by; an empty name is compared by nothing."""
        whole = (f"{self.core} {self.doubtful}",) if self.doubtful else ()
        return tuple(map(comparison_key, (self.core, *whole))) if self.core else ()


def comparison_key(name: str) -> str:
    """Of a folded name: The Larkspur is Larkspur, J P Vane is JP Vane, Vane Bros is Vane Brothers.
    A word of two scripts is written in one of them only for the eye."""
    if not name.isascii():
        name = _MIXED.sub(lambda found: found[0].translate(_LIKE_LATIN), name)
    rest = name.removeprefix(f"{_THE} ")
    if rest != name and rest not in _ARTICLES and rest.replace(" ", "") not in forms().by_key:
        name = rest
    name = _SHORT.sub(lambda found: _SHORT_FOR[found[0]], name)
    return _INITIALS.sub(lambda found: found[0].replace(" ", ""), name)


@lru_cache(maxsize=100_000)
def company_names(text: str, country: str | None = None) -> tuple[Name, ...]:
    """RTE-06: all that a company goes by in one cell, with and without what is said beside it.
    Where it is matters to what may be its legal form; None if that is not known."""
    text = _plain(text)
    found = _names_in(text, country)
    if not text.isascii():
        spelled = unicodedata.normalize("NFC", text).translate(_SPELLED_OUT)
        found += _names_in(spelled, country) if spelled != text else []
    return tuple(dict.fromkeys(found))


def _plain(text: str) -> str:
    """Without what programs left of a page or an address, and how much capital there is."""
    text = _CARE_OF.sub("", text)
    if "0026" in text or "%26" in text:
        text = _ESCAPED.sub("&", text)
    if "<" in text:
        text = _MARKUP.sub(" ", text)
    return _CAPITAL.sub("", text) if "capital" in text else text


def _names_in(text: str, country: str | None) -> list[Name]:
    found = [company_name(text, country)]
    parts = [part for each in _apart(text) for part in _OTHERWISE.split(each, _PLACES_MAX)]
    called = [part for part in parts if any(map(str.isalnum, part))]
    if len(called) > 1:
        found += [company_name(part, country) for part in called]
    for part in called:
        found += _around_remarks(part, country)
        found += _without_doubtful_front(part, country)
        found += _without_note(part, country)
        found += [company_name(bare, country) for bare in _without_label(part)]
        if (belongs := _BELONGS.search(part)) and any(map(str.isalnum, part[: belongs.start()])):
            found.append(company_name(part[: belongs.start()], country))
        if in_order := _SORTED_OF.match(part):
            found.append(company_name(f"{in_order[2]} {in_order[1]}", country))
    return found


def _apart(text: str) -> Iterator[str]:
    """Several companies in one cell; Northgrid; Ltd is one."""
    if ";" not in text and "<" not in text:
        yield text
        return
    for part in _SEVERAL.split(text, _PLACES_MAX):
        if key_of(tokens(part)) not in forms().by_key:
            yield part


def _without_note(text: str, country: str | None) -> Iterator[Name]:
    last = text.rstrip(" )]}*.!").rpartition(" ")[2].strip("([{*#,").lower()
    for begin in islice(_NOTE.finditer(text), _PLACES_MAX) if last in _NOTES else ():
        note = words(text[begin.end() :])
        if note and _NOTES.issuperset(note) and any(map(str.isalnum, text[: begin.start()])):
            yield company_name(text[: begin.start()], country)
            return


def _without_label(text: str) -> Iterator[str]:
    """Firma Northgrid, and the form that has no blank in front: NorthgridGmbH."""
    if front := _FIRM.match(text):
        yield text[front.end() :]
    if glued := _GLUED.fullmatch(text):
        yield f"{glued[1]} {glued[2]}"


def _around_remarks(text: str, country: str | None) -> Iterator[Name]:
    """What is in front of each, if it ends with a form, and what is a company behind it."""
    for begin in islice(_BEHIND_FORM.finditer(text), _PLACES_MAX):
        head, remark = text[: begin.start()], text[begin.end() :]
        if _ends_with_form(head, country):
            yield company_name(head, country)
            if _APART.match(text, begin.start()) and _ends_with_form(remark, country):
                yield company_name(remark, country)


@lru_cache(maxsize=100_000)
def company_name(text: str, country: str | None = None) -> Name:
    """RTE-06: `country` is where the company is, if that is known."""
    whole = _the_off(tokens(text))
    left, doubtful = _without_forms(whole, _shows_case(text), country)
    left = _without_front(left)
    return Name(_attached_off(" ".join(token.folded for token in left)), doubtful)


def _shows_case(text: str) -> bool:
    return text != text.upper() and text != text.lower()


def _the_off(run: list[Token]) -> list[Token]:
    """As libraries and registers sort it: Larkspur Corporation, The."""
    return run[:-1] if len(run) > 1 and run[-1].folded == _THE else run


def _without_forms(
    run: list[Token], shows_case: bool, country: str | None
) -> tuple[list[Token], str]:
    """From the end, the longest form first, as long as something is left."""
    doubtful = ""
    while size := _form_at_end(run, shows_case, country):
        form, found = forms().by_key[key_of(run[-size:])], run[-size:]
        run = run[:-size]
        if _may_begin_with_initial(found):
            return run, found[0].folded
        if form.is_word:
            doubtful = key_of(found)
    return run, doubtful


def _form_at_end(run: list[Token], shows_case: bool, country: str | None) -> int:
    """How many of the last words are the longest form there is."""
    by_key, most = forms()[:2]
    found, key = 0, ""
    for size in range(1, min(len(run), most + 1)):
        key = run[-size].folded + key
        form = by_key.get(key)
        if not form or not _stays(run[:-size]) or _takes_initial(form, run[-size:]):
            continue
        if _counts(form, run[-size:], shows_case, country):
            found = size
    return found


def _may_begin_with_initial(run: list[Token]) -> bool:
    """Whether the first letter may be the name's: C. Ltda. is a form, and Grupo C a name."""
    if len(run) == 1 or len(run[0].folded) > 1:
        return False
    rest = run[1:]
    return key_of(rest) in forms().by_key and any(len(token.folded) > 1 for token in rest)


def _takes_initial(form: Form, run: list[Token]) -> bool:
    """Nobody writes ASA as A SA: the letter is the name's. With dots it may be S. p.A."""
    if not _may_begin_with_initial(run):
        return False
    is_dotted = any("." in token.written for token in run)
    return not is_dotted and " ".join(token.folded for token in run) not in form.divided


def _counts(form: Form, run: list[Token], shows_case: bool, country: str | None) -> bool:
    if not form.is_word or country in form.countries:
        return True
    if not shows_case and not form.is_word_without_case:
        return True
    return form.is_written(run, shows_case)


def _without_front(run: list[Token]) -> list[Token]:
    """One form in front that is nothing else: UAB Northgrid, ООО Ромашка."""
    by_key, most = forms()[:2]
    left, key = run, ""
    for size in range(1, min(len(run), most + 1)):
        key += run[size - 1].folded
        form = by_key.get(key)
        if form and form.in_front and _stays(run[size:]):
            left = run[size:]
    return left


def _ends_with_form(text: str, country: str | None) -> bool:
    whole = tokens(text)
    left, doubtful = _without_forms(whole, not text.isupper(), country)
    return not doubtful and len(left) < len(whole)


def _without_doubtful_front(text: str, country: str | None) -> list[Name]:
    """PT Larkspur, AB Volvo: what stands in front may be a word, so that the name goes by both."""
    text = _SORTED.sub(r"\2 \1", _RUN_ON.sub(r"\1 ", text))
    whole = tokens(text)
    if not whole or whole[0].folded not in fronts():
        return []
    shows_case = _shows_case(text)
    (first, *rest), _ = _without_forms(whole, shows_case, country)
    form = forms().by_key[first.folded]
    behind = forms().by_key.get(key_of(whole[1 + len(rest) :]))
    is_form = _is_of_its_country(country, behind, form) or (
        country is None and form.may_be_in_front(first, shows_case)
    )
    return [Name(" ".join(token.folded for token in rest))] if is_form and _stays(rest) else []


def _is_of_its_country(country: str | None, behind: Form | None, form: Form) -> bool:
    """Whether the lead's country, or the form behind, is of where this one stands in front."""
    countries = behind.countries if behind and behind is not form else frozenset()
    return country in form.in_front_at or not form.in_front_at.isdisjoint(countries)


def _stays(run: list[Token]) -> bool:
    return any(token.folded not in _ARTICLES for token in run)


def _attached_off(name: str) -> str:
    """Of scripts without blanks: 日本電気株式会社."""
    if name.isascii():
        return name
    for form in forms().attached:
        for left in (name.removesuffix(form), name.removeprefix(form)):
            if left.strip() and left != name:
                name = left.strip()
                break
    return name
