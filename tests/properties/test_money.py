"""Money: exact in every currency, and parts that add up, whatever the amounts."""

from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import (
    WHOLE,
    CurrenciesDiffer,
    Money,
    Taxed,
    UnknownCurrency,
    minor_digits,
    next_share,
    quotient,
    share,
    split,
    vat_added,
    vat_contained,
)

AMOUNTS = st.integers(-(10**15), 10**15)
RATES = st.integers(0, WHOLE)


def by_decimals(numerator: int, denominator: int) -> int:
    """The same by another way: decimals round half away from zero under this name."""
    with localcontext() as context:
        context.prec = 80
        quotient = Decimal(numerator) / Decimal(denominator)
        return int(quotient.quantize(Decimal(1), ROUND_HALF_UP))


@given(AMOUNTS, st.integers(1, 10**6))
def test_rounding_is_half_away_from_zero(numerator: int, denominator: int) -> None:
    assert by_decimals(numerator, denominator) == quotient(numerator, denominator)
    assert -quotient(numerator, denominator) == quotient(-numerator, denominator)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(5, 2, 3), (-5, 2, -3), (1, 2, 1), (-1, 2, -1), (1, 3, 0), (2, 3, 1), (0, 7, 0)],
)
def test_halves(numerator: int, denominator: int, expected: int) -> None:
    assert expected == quotient(numerator, denominator)


@given(AMOUNTS, RATES)
def test_net_and_vat_are_the_gross(amount: int, rate: int) -> None:
    added, contained = vat_added(amount, rate), vat_contained(amount, rate)
    assert (amount, added.gross) == (added.net, added.net + added.vat)
    assert (amount, amount) == (contained.gross, contained.net + contained.vat)


@given(AMOUNTS, RATES)
def test_the_vat_that_is_added_is_contained(net: int, rate: int) -> None:
    gross = vat_added(net, rate).gross
    assert net == vat_contained(gross, rate).net


@pytest.mark.parametrize(
    ("gross", "rate", "expected"),
    [
        (11_900, 1_900, Taxed(10_000, 1_900, 11_900)),
        (100, 1_700, Taxed(85, 15, 100)),
        (300_000, 0, Taxed(300_000, 0, 300_000)),
        (1, 1_900, Taxed(1, 0, 1)),
        (-11_900, 1_900, Taxed(-10_000, -1_900, -11_900)),
    ],
)
def test_vat_that_is_contained(gross: int, rate: int, expected: Taxed) -> None:
    assert expected == vat_contained(gross, rate)


def test_thirty_percent_of_ten_thousand() -> None:
    assert 300_000 == share(1_000_000, 3_000)


@given(st.lists(st.integers(0, 10**9), min_size=1), RATES)
def test_instalments_accrue_the_share_of_their_sum(receipts: list[int], rate: int) -> None:
    accrued, so_far = [0], 0
    for receipt in receipts:
        so_far += receipt
        accrued.append(next_share(so_far, rate, sum(accrued)))
    assert min(accrued) >= 0
    assert share(sum(receipts), rate) == sum(accrued)


WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)


@given(AMOUNTS, WEIGHTS)
def test_a_split_adds_up_and_is_fair(amount: int, weights: list[int]) -> None:
    """Nobody is off by a whole unit, nobody without weight gets any, and signs don't matter."""
    parts = split(amount, weights)
    assert amount == sum(parts)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)
        assert weight or not part
    assert [-part for part in parts] == split(-amount, weights)


def test_the_first_of_equal_rests_gets_what_is_left() -> None:
    assert [34, 33, 33] == split(100, [1, 1, 1])


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_weights_that_are_none(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(100, weights)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123_450, "EUR", "1,234.50 EUR"),
        (-5, "USD", "-0.05 USD"),
        (1_235, "JPY", "1,235 JPY"),
        (1_000, "KWD", "1.000 KWD"),
        (-1_234_567, "TND", "-1,234.567 TND"),
        (0, "KRW", "0 KRW"),
    ],
)
def test_amounts_as_people_read_them(minor: int, currency: str, text: str) -> None:
    assert text == str(Money(minor, currency))


@given(AMOUNTS, AMOUNTS, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_amounts_of_one_currency(one: int, other: int, currency: str) -> None:
    first, second = Money(one, currency), Money(other, currency)
    assert Money(one + other, currency) == first + second
    assert first == first + second - second
    assert (one < other, one <= other) == (first < second, first <= second)
    assert -first == Money(0, currency) - first


def test_amounts_of_two_currencies_have_no_sum() -> None:
    with pytest.raises(CurrenciesDiffer, match=r"1\.00 EUR and 1\.00 USD"):
        Money(100, "EUR") + Money(100, "USD")
    with pytest.raises(CurrenciesDiffer):
        assert Money(100, "EUR") < Money(100, "USD")


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "ABC", "XXX", "XAU"])
def test_what_is_no_currency(currency: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, currency)


@pytest.mark.parametrize("amount", [True, 1.0, "1", None])
def test_what_is_no_whole_number(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "EUR")  # type: ignore[arg-type]


def test_every_currency_has_its_digits() -> None:
    """A few of each kind, from ISO 4217 itself."""
    digits = {"EUR": 2, "ILS": 2, "JPY": 0, "KRW": 0, "ISK": 0, "BHD": 3, "IQD": 3, "XAF": 0}
    assert digits == {currency: minor_digits(currency) for currency in digits}


@pytest.mark.parametrize("code", ["XAU", "XDR", "XXX", "CHW", "CLF", "COU", "USN", "UYW", "eur"])
def test_what_nobody_pays_with_is_no_currency(code: str) -> None:
    """Metals, funds, units of banks, what is for tests, and what is no code."""
    with pytest.raises(UnknownCurrency):
        minor_digits(code)
