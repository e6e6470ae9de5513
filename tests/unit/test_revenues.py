"""Revenues as affiliates write them: an interval in one currency, or unknown and why."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.intake.reading.revenues import (
    AMOUNT_MAX,
    NO_CURRENCY,
    NOT_UNDERSTOOD,
    SEVERAL,
    TOO_SMALL,
    Read,
    revenue,
)
from shared.contracts.lead_fields import Revenue

M, BN = 10**6, 10**9

# Written out once more, so that no word can be lost.
WORDS_OF_ONE_CURRENCY = {
    "USD": "usd, us$, us $, u.s.$, u.s. $, $us, us dollar, us dollars, $, dollar, dollars",
    "EUR": "eur, €, euro, euros",
    "GBP": "gbp, £, pound, pounds, sterling, pounds sterling",
    "JPY": "jpy, ¥",
    "CNY": "cny, cn¥, rmb",
    "CHF": "chf, fr, fr., sfr, sfr.",
    "CAD": "cad, ca$, c$",
    "AUD": "aud, au$, a$",
    "SGD": "sgd, sg$, s$",
    "NZD": "nzd, nz$",
    "HKD": "hkd, hk$",
    "TWD": "twd, nt$",
    "MXN": "mxn, mx$",
    "BRL": "brl, r$",
    "INR": "inr, ₹",
    "KRW": "krw, ₩",
    "TRY": "TRY, ₺",
    "ILS": "ils, ₪",
    "PLN": "pln, zł",
    "CZK": "czk, kč",
}
SIGNS_OF_SEVERAL = {
    "$, dollar, dollars": "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP UYU",
    "£, pound, pounds": "GBP EGP LBP",
    "¥": "JPY CNY",
    "kr, kr.": "SEK NOK DKK ISK",
    "rs, rs., ₨, rupee, rupees": "INR PKR LKR NPR MUR",
}
POWERS = {
    "k, thousand, tausend, tsd": 3,
    "lakh, lakhs, lac": 5,
    "m, mm, mn, mln, mio, mill, mil., million, millions": 6,
    "millionen, millones, millón, milhões, milioni, miljoen": 6,
    "crore, crores, cr": 7,
    "b, bn, bil, billion, billions, mrd, mld, md, mds, mia": 9,
    "milliard, milliards, milliarde, milliarden, miliardi": 9,
    "tn, trn, trillion, trillions": 12,
}


def words(rows: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(word, meant) for row, meant in rows.items() for word in row.split(", ")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("$10M-$50M", Revenue("USD", 10 * M, 50 * M)),
        ("1-5 Mio. €", Revenue("EUR", M, 5 * M)),
        ("US$ 5 million to 10 million", Revenue("USD", 5 * M, 10 * M)),
        ("$10,000,000 - $24,999,999", Revenue("USD", 10 * M, 24_999_999)),
        ("$1 mil. - $5 mil.", Revenue("USD", M, 5 * M)),
        ("Over $1 bil.", Revenue("USD", BN + 1)),
        ("Kč 5 mil.", Revenue("CZK", 5 * M, 5 * M)),
        ("US $5 million", Revenue("USD", 5 * M, 5 * M)),
        ("U.S. $5m", Revenue("USD", 5 * M, 5 * M)),
        ("10+ Mio. EUR", Revenue("EUR", 10 * M)),
        ("$10+ million", Revenue("USD", 10 * M)),
        ("5.000.000,- €", Revenue("EUR", 5 * M, 5 * M)),
        ("CHF 1’000’000.- bis 5’000’000.-", Revenue("CHF", M, 5 * M)),
        ("₹5,00,00,000", Revenue("INR", 50 * M, 50 * M)),
        ("INR 1,23,45,678.90", Revenue("INR", 12_345_679, 12_345_679)),
        ("Greater than $5M", Revenue("USD", 5 * M + 1)),
        ("$5M or greater", Revenue("USD", 5 * M)),
        ("in excess of £5m", Revenue("GBP", 5 * M + 1)),
        ("no more than €5m", Revenue("EUR", 0, 5 * M)),
        ("€2.5bn", Revenue("EUR", 2500 * M, 2500 * M)),
        ("1.000.000 EUR", Revenue("EUR", M, M)),
        ("$1,234,567.89", Revenue("USD", 1_234_568, 1_234_568)),
        ("1.234.567,49 €", Revenue("EUR", 1_234_567, 1_234_567)),
        ("0,125 Mrd. EUR", Revenue("EUR", 125 * M, 125 * M)),
        ("$1.0005M", Revenue("USD", 1_000_500, 1_000_500)),
        ("CHF 12'500'000", Revenue("CHF", 12_500_000, 12_500_000)),
        ("12 345 678 PLN", Revenue("PLN", 12_345_678, 12_345_678)),
        ("500 TEUR", Revenue("EUR", 500_000, 500_000)),
        ("500 T€", Revenue("EUR", 500_000, 500_000)),
        ("5 MEUR", Revenue("EUR", 5 * M, 5 * M)),
        ("1 Md€", Revenue("EUR", BN, BN)),
        ("de 1 à 5 M€", Revenue("EUR", M, 5 * M)),
        ("₹5 crore", Revenue("INR", 50 * M, 50 * M)),
        ("$500K - $1M", Revenue("USD", 500_000, M)),
        ("$0-1M", Revenue("USD", 0, M)),
        ("<€1m", Revenue("EUR", 0, 999_999)),
        ("up to 10 Mio EUR", Revenue("EUR", 0, 10 * M)),
        ("≥ $1bn", Revenue("USD", BN)),
        ("More than $1 billion", Revenue("USD", BN + 1)),
        ("$1B+", Revenue("USD", BN)),
        ("between £1m and £5m", Revenue("GBP", M, 5 * M)),
        ("Mid-market ($50M-$1B)", Revenue("USD", 50 * M, BN)),
        ("ARR: $5M", Revenue("USD", 5 * M, 5 * M)),
        ("Small & medium: €1-10M", Revenue("EUR", M, 10 * M)),
        ("Annual revenue: $5mm per year", Revenue("USD", 5 * M, 5 * M)),
        ("10-50 million pounds sterling", Revenue("GBP", 10 * M, 50 * M)),
        ("10M (USD)", Revenue("USD", 10 * M, 10 * M)),
        ("usd 1,000-5M", Revenue("USD", 1000, 5 * M)),
        ("A$20m", Revenue("AUD", 20 * M, 20 * M)),
        ("$20m CAD", Revenue("CAD", 20 * M, 20 * M)),
        ("TRY 5m", Revenue("TRY", 5 * M, 5 * M)),
        ("¥100m", Revenue("JPY", 100 * M, 100 * M)),
        (f"{'very ' * 18}small: €5m", Revenue("EUR", 5 * M, 5 * M)),
        ("1 000 tn USD", Revenue("USD", AMOUNT_MAX, AMOUNT_MAX)),
    ],
)
def test_what_names_its_currency(given: str, expected: Revenue) -> None:
    """INT-02: whatever the mapping says of amounts that name none."""
    assert Read(expected) == revenue(given) == revenue(given, "SEK")


@pytest.mark.parametrize(
    ("given", "currency", "expected"),
    [
        ("10-50M", "EUR", Revenue("EUR", 10 * M, 50 * M)),
        ("10000000", "USD", Revenue("USD", 10 * M, 10 * M)),
        ("50M+", "GBP", Revenue("GBP", 50 * M)),
        ("$5m", "CAD", Revenue("CAD", 5 * M, 5 * M)),
        ("$5m", "EUR", Revenue("USD", 5 * M, 5 * M)),
        ("¥5m", "CNY", Revenue("CNY", 5 * M, 5 * M)),
        ("50 Mio. kr.", "SEK", Revenue("SEK", 50 * M, 50 * M)),
        ("50 mkr", "SEK", Revenue("SEK", 50 * M, 50 * M)),
        ("Rs. 5 Cr", "INR", Revenue("INR", 50 * M, 50 * M)),
        ("Rs50 lakh", "PKR", Revenue("PKR", 5 * M, 5 * M)),
        ("35 lakh rupees", "LKR", Revenue("LKR", 3_500_000, 3_500_000)),
        ("US$5m", "CAD", Revenue("USD", 5 * M, 5 * M)),
    ],
)
def test_what_the_mapping_says(given: str, currency: str, expected: Revenue) -> None:
    """INT-02: of an amount without a currency, and of a sign that several have."""
    assert Read(expected) == revenue(given, currency)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("10-50M", NO_CURRENCY),
        ("10,000,000", NO_CURRENCY),
        ("over 1bn", NO_CURRENCY),
        ("50 Mio. kr", SEVERAL),
        ("$5m EUR", SEVERAL),
        ("€5m - $10m", SEVERAL),
        ("$5-10", TOO_SMALL),
        ("250 EUR", TOO_SMALL),
        ("€0.5k", TOO_SMALL),
        ("Not disclosed", NOT_UNDERSTOOD),
        ("n/a", NOT_UNDERSTOOD),
        ("€", NOT_UNDERSTOOD),
        ("$ millions: 2,500", NOT_UNDERSTOOD),
        ("USD millions (2,500)", NOT_UNDERSTOOD),
        ("TEUR: 1.500", NOT_UNDERSTOOD),
        ("USD m: 1,500", NOT_UNDERSTOOD),
        ("in thousands: $5,000", NOT_UNDERSTOOD),
        ("2,500 (USD millions)", NOT_UNDERSTOOD),
        ("(in millions) $2,500", NOT_UNDERSTOOD),
        ("MRR: $50,000", NOT_UNDERSTOOD),
        ("Monthly revenue: $50k", NOT_UNDERSTOOD),
        ("Monatsumsatz: 50.000 EUR", NOT_UNDERSTOOD),
        ("Turnover last quarter (£5m)", NOT_UNDERSTOOD),
        ("Net loss: $5M", NOT_UNDERSTOOD),
        ("Funding ($5M)", NOT_UNDERSTOOD),
        ("unknown ($5M)", NOT_UNDERSTOOD),
        ("-5m USD", NOT_UNDERSTOOD),
        ("€-5m", NOT_UNDERSTOOD),
        ("(5,000,000) USD", NOT_UNDERSTOOD),
        ("~$5M", NOT_UNDERSTOOD),
        ("0 EUR", NOT_UNDERSTOOD),
        ("0+ EUR", NOT_UNDERSTOOD),
        ("500-1M USD", NOT_UNDERSTOOD),
        ("2,000-3,000k USD", NOT_UNDERSTOOD),
        ("$50M - 10M", NOT_UNDERSTOOD),
        ("$10M - 50", NOT_UNDERSTOOD),
        ("1.250 Mio. €", NOT_UNDERSTOOD),
        ("$1,200M", NOT_UNDERSTOOD),
        ("12,34,56 INR", NOT_UNDERSTOOD),
        ("1.23.45.678 INR", NOT_UNDERSTOOD),
        ("Rs 5 crore", SEVERAL),
        ("5 mil USD", NOT_UNDERSTOOD),
        ("R$ 10 mil", NOT_UNDERSTOOD),
        ("€5.000,-10.000", NOT_UNDERSTOOD),
        ("INR.50 lakh", NOT_UNDERSTOOD),
        ("1,234 567 EUR", NOT_UNDERSTOOD),
        ("1.5E+09 USD", NOT_UNDERSTOOD),
        ("5 T USD", NOT_UNDERSTOOD),
        ("1 Billionen EUR", NOT_UNDERSTOOD),
        ("5 EUR 500", NOT_UNDERSTOOD),
        ("5$000", NOT_UNDERSTOOD),
        ("10 USD per year 500", NOT_UNDERSTOOD),
        ("EUR 10 revenue 500", NOT_UNDERSTOOD),
        ("1 000 000 000 000 001 USD", NOT_UNDERSTOOD),
        (f"{'very ' * 18}medium: €5m", NOT_UNDERSTOOD),
        (f"{'9' * 400} USD", NOT_UNDERSTOOD),
    ],
)
def test_what_stays_unknown(given: str, why: str) -> None:
    """INT-02: never guessed, and told why."""
    assert Read(None, why) == revenue(given)


@pytest.mark.parametrize(
    ("code", "word"),
    [(code, word) for code, row in WORDS_OF_ONE_CURRENCY.items() for word in row.split(", ")],
)
def test_each_word_of_a_currency(code: str, word: str) -> None:
    """INT-02: in front of the amount and behind it, in any case but for the Turkish lira's code,
    which is an English word."""
    read = Read(Revenue(code, 5 * M, 5 * M))
    written = {word, word.upper()}
    assert [read] * len(written) * 2 == [
        revenue(given) for form in written for given in (f"{form} 5m", f"5m {form}")
    ]


@pytest.mark.parametrize(("word", "codes"), words(SIGNS_OF_SEVERAL))
def test_each_currency_that_a_sign_may_stand_for(word: str, codes: str) -> None:
    """INT-02: the mapping says which one, if it is one of those that the sign is used for."""
    expected = codes.split()
    assert expected == [
        read.revenue.currency if read.revenue else read.why
        for read in (revenue(f"5m {word}", code) for code in expected)
    ]
    assert revenue(f"5m {word}") == revenue(f"5m {word}", "EUR")


@pytest.mark.parametrize(("word", "power"), words(POWERS))
def test_each_word_for_thousands_and_millions(word: str, power: int) -> None:
    """INT-02: behind a blank and without one."""
    read = Read(Revenue("EUR", 5 * 10**power, 5 * 10**power))
    assert (read, read) == (revenue(f"5 {word} EUR"), revenue(f"€5{word}"))


def test_a_code_that_is_a_word_is_no_currency_in_small_letters() -> None:
    """INT-02: whoever writes "try" may mean no lira."""
    assert Read(None, NOT_UNDERSTOOD) == revenue("try 5m")
