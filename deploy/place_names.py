"""Writes the names of countries and subdivisions that intake looks up, from CLDR and iso-codes.

Loading the libraries' data of fifty languages takes seconds and a hundred megabytes, which no
service should spend when it starts; so the names are kept as data, and a test holds them to the
libraries. Run it after one of them was updated: `python -m deploy.place_names`.
"""

import gettext
from collections.abc import Callable, Iterator
from pathlib import Path

import pycountry
from babel import Locale
from babel.core import UnknownLocaleError
from babel.languages import get_official_languages

TARGET = Path(__file__).parents[1] / "services" / "intake" / "reading"
LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "is", "pl", "cs", "sk"),
    *("hu", "ro", "hr", "sl", "tr", "et", "lv", "lt", "ga", "ca", "eu", "gl", "vi", "id", "ms"),
)
"""Those in Latin letters that affiliates write in; beside them, in each country, its own official
ones in any script."""
OF_SUBDIVISIONS = ("en", "de", "fr", "es", "it", "pt", "nl")
KOSOVO = "XK"


def countries() -> dict[str, list[str]]:
    """By code, the names that CLDR has beside those of ISO 3166."""
    codes = [*sorted(row.alpha_2 for row in pycountry.countries), KOSOVO]
    return {code: distinct(country_names(code)) for code in codes}


def country_names(code: str) -> Iterator[str]:
    for language in (*LANGUAGES, *official(code)):
        try:
            name = Locale.parse(language).territories.get(code)
        except (UnknownLocaleError, ValueError):
            continue
        if name and name != code:
            yield name


def official(code: str) -> tuple[str, ...]:
    return tuple(get_official_languages(code, regional=True, de_facto=True))


def subdivisions() -> dict[str, list[str]]:
    """By code, what iso-codes calls them in other languages and in those of their countries."""
    found = {}
    for row in sorted(pycountry.subdivisions, key=lambda row: row.code):
        names = distinct(subdivision_names(row.name, row.code.split("-")[0]))
        if others := [name for name in names if name != row.name]:
            found[row.code] = others
    return found


def subdivision_names(name: str, country: str) -> Iterator[str]:
    for language in (*OF_SUBDIVISIONS, *official(country)):
        yield translation(language).gettext(name)


_translations: dict[str, gettext.NullTranslations] = {}


def translation(language: str) -> gettext.NullTranslations:
    if language not in _translations:
        _translations[language] = gettext.translation(
            "iso3166-2", pycountry.LOCALES_DIR, languages=[language], fallback=True
        )
    return _translations[language]


def distinct(names: Iterator[str]) -> list[str]:
    return sorted(set(names))


def as_table(named: dict[str, list[str]], source: str) -> str:
    lines = [f"{code}\t{'|'.join(names)}" for code, names in named.items()]
    return "\n".join([f"# {source}", *lines, ""])


FILES: dict[str, Callable[[], str]] = {
    "countries.tsv": lambda: as_table(
        countries(), "Names of countries: Unicode CLDR, by babel. Written by deploy/place_names.py."
    ),
    "subdivisions.tsv": lambda: as_table(
        subdivisions(),
        "Other names of subdivisions: Debian iso-codes, by pycountry. Written by"
        " deploy/place_names.py.",
    ),
}


def main() -> None:
    for name, content in FILES.items():
        (TARGET / name).write_text(content())


if __name__ == "__main__":
    main()
