"""Sizes and timestamps as they came in files of others: right, or unknown."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unicodedata import category
from zoneinfo import ZoneInfo

import pycountry
import pytest
from babel import Locale
from pydantic import JsonValue

from deploy import place_names
from services.intake.reading import cells
from services.intake.reading.folding import fold
from services.intake.reading.places import country
from services.intake.reading.sizes import size
from services.intake.reading.timestamps import instant
from shared.contracts.lead_fields import Size
from shared.folding import letters, visible
from shared.hosts import host_name
from tests.builders import affiliate

BERLIN = ZoneInfo("Europe/Berlin")


def case(id: str, kind: str | None = None) -> pytest.MarkDecorator:  # noqa: A002
    return pytest.mark.case("lead-files", id, kind=kind)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("1’001-5’000", Size(1001, 5000), marks=case("28-00", "K29")),
        pytest.param("10K+", Size(10000), marks=case("28-01", "K29")),
        pytest.param("1k-5k", Size(1000, 5000), marks=case("28-01", "K29")),
        pytest.param("2050-11-01T00:00:00", None, marks=case("P01")),
        pytest.param("Nov-50", None, marks=case("P02")),
        ("1`001 - 5`000", Size(1001, 5000)),
        ("more than: 50", None),
        ("over (50)", None),
        ("in thousands: 5", None),
        ("Thousands (5-10)", None),
        ("Tausend: 5", None),
        ("Small (<50)", Size(1, 49)),
        ("B: 1-10", Size(1, 10)),
        ("1.5k-3k", Size(1500, 3000)),
        ("501-1k", Size(501, 1000)),
        ("5-10k", None),
        ("1000 & up", Size(1000)),
        ("entre 11 y 50", Size(11, 50)),
        ("bis 50", Size(1, 50)),
        ("Greater than 1,000", Size(1001)),
        ("51 or greater", Size(51)),
        ("1,000 or higher", Size(1000)),
        ("no fewer than 11", Size(11)),
        ("not more than 50", Size(1, 50)),
        ("50 or lower", Size(1, 50)),
        ("-50", None),
        ("11/50", None),
        ("1-10-2024", None),
        ("100.5", None),
        ("<1", None),
        ("(51-200)", Size(51, 200)),
        ("[51,200]", None),
        ("5 (in thousands)", None),
        ("51～200人", Size(51, 200)),  # noqa: RUF001
        ("51-200명", Size(51, 200)),
        ("10,001名以上", Size(10001)),
        ("10人以下", Size(1, 10)),
        ("1 001–5 000 сотрудников", Size(1001, 5000)),  # noqa: RUF001
        ("51-200 çalışan", Size(51, 200)),
        ("51–200 pracowników", Size(51, 200)),  # noqa: RUF001
        ("51_200", Size(51, 200)),
        ("size_1001_5000", Size(1001, 5000)),
        ("1_000", None),
        ("oltre: 50", None),
        ("10001_PLUS", Size(10001)),
        ("300명 미만", Size(1, 299)),
        ("少于50人", Size(1, 49)),
        ("до 10", Size(1, 10)),
        ("от 10 до 49", Size(10, 49)),
        ("250 y más", Size(250)),
        ("250 i więcej", Size(250)),
        ("250 a více", Size(250)),
        ("oltre 250", Size(251)),
        ("över 250", Size(251)),
    ],
)
def test_size(given: str, expected: Size | None) -> None:
    """INT-02: a band in any spelling is its interval; what has two meanings is unknown."""
    assert expected == size(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("04-Mar-2026", datetime(2026, 3, 3, 23), marks=case("32-03", "K30")),
        pytest.param("2026/03/04", datetime(2026, 3, 3, 23), marks=case("32-03", "K30")),
        pytest.param("2026-03-04T10:00:00+0000", datetime(2026, 3, 4, 10), marks=case("P07")),
        pytest.param(
            "2026-03-04T10:00:00.123456789Z",
            datetime(2026, 3, 4, 10, 0, 0, 123_000),
            marks=case("P08"),
        ),
        pytest.param("2026-03-29T02:30:00", datetime(2026, 3, 29, 1, 30), marks=case("P09")),
        ("4 de marzo de 2026", datetime(2026, 3, 3, 23)),
        ("Wed Mar 4 10:00:00 2026", datetime(2026, 3, 4, 9)),
        ("2026-03-04 3:05 PM", datetime(2026, 3, 4, 14, 5)),
        ("2026-03-04T10:00:00−05:00", datetime(2026, 3, 4, 15)),
        ("04Mar2026", datetime(2026, 3, 3, 23)),
        ("2026/03-04", None),
        ("31-Feb-2026", None),
        ("04-Foo-2026", None),
        ("4-Mar-2026 13 PM", None),
        ("2026-03-04T25:00", None),
        ("March 2026", None),
        ("04/03/26", None),
        ("2026-03-04 10:15:00 +0000 UTC", datetime(2026, 3, 4, 10, 15)),
        ("2026-03-04 10:15:00.123 -0500 EST", datetime(2026, 3, 4, 15, 15, 0, 123_000)),
        ("2026-03-04T10:15:00+01:00[Europe/Berlin]", datetime(2026, 3, 4, 9, 15)),
        ("2026-03-04 10:15:00 EST", None),
        ("03-04-2026 PM", None),
        ("/Date(1772618400000+0100)/", datetime(2026, 3, 4, 10)),
        ("/Date(1772618400)/", None),
        ("2026年3月4日", datetime(2026, 3, 3, 23)),
        ("2026년 3월 4일 10:15", datetime(2026, 3, 4, 9, 15)),
        ("2026. 3. 4.", datetime(2026, 3, 3, 23)),
        ("2026-Mar-04", datetime(2026, 3, 3, 23)),
        ("2026 March 4, 10:15", datetime(2026, 3, 4, 9, 15)),
        ("4 mars 2026 10h15", datetime(2026, 3, 4, 9, 15)),
        ("4. März 2026, 10:15 Uhr", datetime(2026, 3, 4, 9, 15)),
        ("2026-03-04 10:15 Uhr", datetime(2026, 3, 4, 9, 15)),
        ("4. März 2026, 10h", None),
    ],
)
def test_instant(given: str, expected: datetime | None) -> None:
    """INT-02: what has one meaning is an instant, in the affiliate's own time zone."""
    assert (expected.replace(tzinfo=UTC) if expected else None) == instant(given, None, BERLIN)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        *(
            pytest.param(given, code, marks=case("10a", "K11"))
            for given, code in (
                ("Republic of Ireland", "IE"),
                ("Macau", "MO"),
                ("Democratic Republic of the Congo", "CD"),
                ("St. Lucia", "LC"),
                ("Hong Kong SAR", "HK"),
                ("Bosnia", "BA"),
                ("Frankreich", "FR"),
            )
        ),
        ("Korea", None),
        ("Virgin Islands", None),
        ("Kongo", None),
        ("Ireland / Germany", None),
        ("Georgia (US)", None),
        ("N/A", None),
        ("276", None),
        ("49", None),
        ("Österreich", "AT"),
        ("Oesterreich", "AT"),
        ("Macedonia, Republic of", "MK"),
        ("Iran, Islamic Republic of", "IR"),
        ("Myanmar (Burma)", "MM"),
        ("US - United States", "US"),
        ("대한민국", "KR"),
        ("臺灣", "TW"),
        ("🇩🇪", "DE"),
        ("🇩🇪 Germany", "DE"),
        ("🇩🇪🇫🇷", None),
        ("🇿🇿", None),
        ("GER", "DE"),
        ("SUI", "CH"),
        ("CHI", None),
        ("China (Mainland)", "CN"),
        ("N. Ireland", "GB"),
        ("Ireland (Republic)", "IE"),
        ("Czech Rep.", "CZ"),
    ],
)
def test_country(given: str, expected: str | None) -> None:
    """INT-02: by the usual names in many languages; what may be two is unknown."""
    assert expected == country(given)


@pytest.mark.parametrize("row", list(pycountry.countries), ids=lambda row: row.alpha_2)
def test_every_country_is_read_by_its_names(row: Any) -> None:
    """INT-02: codes, names of ISO 3166, and what CLDR calls it in English and at home."""
    iso = [getattr(row, name, None) for name in ("name", "official_name", "common_name")]
    english = Locale.parse("en").territories[row.alpha_2]
    home = [name for name in place_names.country_names(row.alpha_2) if name.isascii()][:1]
    names = [row.alpha_2, row.alpha_3.lower(), english.upper(), *filter(None, iso), *home]
    assert {row.alpha_2} == {country(name) for name in names}


@pytest.mark.parametrize(("file", "content"), list(place_names.FILES.items()))
def test_the_names_are_those_of_the_libraries(file: str, content: Callable[[], str]) -> None:
    """Otherwise an update of a library would change nothing, or not what somebody thinks."""
    assert content() == (place_names.TARGET / file).read_text()


@pytest.mark.parametrize(
    "texts",
    [
        ("Ørsted", "ORSTED"),
        ("Łódź", "lodz"),
        ("Kestrel\u00adworks", "Kestrelworks"),
        ("ﬁnance", "Finance"),
        ("Ελλάδα", "ΕΛΛΑΔΑ"),
        ("Straße", "STRASSE"),
        ("ｊａｐａｎ", "Japan"),
        ("ガ", "ｶﾞ"),
    ],
)
def test_one_word_in_two_spellings(texts: tuple[str, str]) -> None:
    """Case, accents, width and what nobody sees make no difference."""
    first, second = map(letters, texts)
    assert first == second


@pytest.mark.parametrize(
    "texts",
    [
        *(("日本", "中国"), ("ガ", "カ"), ("й", "и"), ("हि", "हा"), ("<50", ">50"), ("C++", "C")),
        *(("???", "!!!"), ("101.0", "1010"), ("10000+", "10000"), ("ё", "й"), ("—", "")),
        *(("C#", "C"), ("C#", "C++"), ("F#", "F"), ("F&B", "R&D"), ("A+", "A")),
    ],
)
def test_two_words_stay_two(texts: tuple[str, str]) -> None:
    """In no script do different words become one key."""
    assert fold(texts[0]) != fold(texts[1])


@pytest.mark.parametrize(
    "texts",
    [("Привет, мир!", "привет мир"), ("日本・東京", "日本 東京"), ("हिन्दी-भाषा", "हिन्दी भाषा")],
)
def test_in_any_script_marks_between_words_are_blanks(texts: tuple[str, str]) -> None:
    assert fold(texts[0]) == fold(texts[1]) == texts[1]


def test_a_vocabulary_of_signs() -> None:
    """INT-02: what differs in its signs only is kept apart; what folds to both means neither."""
    bands = {"<50": "1-49", ">50": "51+", "Near.by": "a", "nearby": "b"}
    (words,) = [
        words
        for field, _, words in affiliate(mapping={"vocabularies": {"company_size": bands}}).fields
        if field == "company_size"
    ]
    given = ["< 50", "<50", ">50", "Near.by", "nearby", "NEARBY", "50"]
    meant = [cells.meaning(one, words, is_whole=True) for one in given]
    assert ["< 50", "1-49", "51+", "a", "b", "b", "50"] == meant


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("straße.example", "xn--strae-oqa.example", marks=case("02a", "K02")),
        ("STRAẞE.example", "xn--strae-oqa.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("βόλοσ.example", "xn--nxasmq6b.example"),
        ("日本。example", "xn--wgv71a.example"),
        ("xn--strae-oqa.EXAMPLE", "xn--strae-oqa.example"),
        ("☃.example", None),
        ("a\u200db.example", None),
        ("ü" * 70 + ".example", None),
        ("ex..example", None),
        ("a_b.example", None),
        ("1.2.3.4", None),
        ("", None),
    ],
)
def test_host_name(given: str, expected: str | None) -> None:
    """By IDNA 2008, non-transitional: ß and ς are letters of their own."""
    assert expected == host_name(given)


def test_what_nobody_sees() -> None:
    """Every format character of Unicode is nothing."""
    dropped = {category(letter) for letter in map(chr, range(0x110000)) if not visible(letter)}
    kept = {category(letter) for letter in map(chr, range(0x110000)) if visible(letter)}
    # Those that a newer Unicode has are unassigned in an older one.
    assert dropped <= {"Cf", "Cn"} and "Cf" not in kept


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["US"] * 100, "US"),
        (["US"] * 101, ""),
        ("x" * 500, "x" * 500),
        ("x" * 501, ""),
    ],
)
def test_what_is_absurdly_long_is_blank(given: JsonValue, expected: str) -> None:
    """INT-02: a text of more than 500 characters, and a list of more than 100 values."""
    assert expected == cells.text(given)
