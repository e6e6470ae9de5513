"""Amounts of money and what is reckoned with them: whole minor units, rates in basis points.

There are no fractions anywhere, so no sum depends on the order of its parts. What has to be rounded
is rounded once, half away from zero, and the rest is a difference: so parts always add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pycountry

WHOLE = 10_000
"""Basis points of the whole: 30 % are 3,000."""

_OF_SEVERAL_COUNTRIES = frozenset({"XAF", "XCD", "XCG", "XOF", "XPF"})
"""What else begins with X are metals, units of account of banks, and what is for tests."""
_FUNDS = frozenset({"BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW"})
"""What amounts are reckoned in, and nobody pays with."""
CURRENCIES = frozenset(
    code
    for code in (each.alpha_3 for each in pycountry.currencies)
    if code not in _FUNDS and (not code.startswith("X") or code in _OF_SEVERAL_COUNTRIES)
)
"""ISO 4217, without metals, funds and what is for tests."""
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_DIGITS = {
    **dict.fromkeys(_NO_DIGITS.split(), 0),
    **dict.fromkeys(_THREE_DIGITS.split(), 3),
}
"""Of the currencies that have not two (ISO 4217, list one)."""


class UnknownCurrency(ValueError):
    """No code of ISO 4217 that people pay with."""


class CurrenciesDiffer(ValueError):
    """Amounts of two currencies have no sum."""


def minor_digits(currency: str) -> int:
    """How many digits of a minor amount stand behind the point (ISO 4217); raises
    `UnknownCurrency`."""
    if currency not in CURRENCIES:
        raise UnknownCurrency(f"{currency!r} is no currency of ISO 4217")
    return _DIGITS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, below zero where it is owed. Raises `UnknownCurrency`, and `TypeError` for what is
    no whole number: a truth value and a fraction are none."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"{self.minor!r} is no whole number of minor units")
        minor_digits(self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._comparable(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._comparable(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._comparable(other).minor

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._comparable(other).minor

    def __str__(self) -> str:
        """For people: `-1,234.50 EUR`, `1,235 JPY`."""
        digits = minor_digits(self.currency)
        units, rest = divmod(abs(self.minor), 10**digits)
        point = f".{rest:0{digits}}" if digits else ""
        return f"{'-' if self.minor < 0 else ''}{units:,}{point} {self.currency}"

    def _comparable(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise CurrenciesDiffer(f"{self} and {other}")
        return other


class Taxed(NamedTuple):
    """An amount without its VAT, the VAT, and both together, in minor units."""

    net: int
    vat: int
    gross: int


def quotient(numerator: int, denominator: int) -> int:
    """The quotient, half away from zero; the denominator is above zero."""
    whole, rest = divmod(abs(numerator), denominator)
    nearest = whole + (2 * rest >= denominator)
    return nearest if numerator >= 0 else -nearest


def share(minor: int, rate_bps: int) -> int:
    """So many basis points of an amount."""
    return quotient(minor * rate_bps, WHOLE)


def vat_added(net: int, rate_bps: int) -> Taxed:
    """The VAT on a net amount, a document's sum at one rate."""
    vat = share(net, rate_bps)
    return Taxed(net, vat, net + vat)


def vat_contained(gross: int, rate_bps: int) -> Taxed:
    """The VAT that a price contains, at a rate in basis points of the net."""
    net = quotient(gross * WHOLE, WHOLE + rate_bps)
    return Taxed(net, gross - net, gross)


def next_share(so_far: int, rate_bps: int, accrued: int) -> int:
    """What a share grows by: of all that came so far, rounded once, less what was accrued before.
    So no part is negative while the sum grows, and the parts add up to the share of the sum."""
    return share(so_far, rate_bps) - accrued


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """Parts in proportion to the weights, which add up to the amount: what is left over after
    rounding down goes, one each, to the largest rests, the first of equal ones. Raises `ValueError`
    without a weight above zero."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("a split needs weights of zero and more, not all of them zero")
    sign, amount = (1, minor) if minor >= 0 else (-1, -minor)
    parts = [divmod(amount * weight, total) for weight in weights]
    left = amount - sum(whole for whole, _ in parts)
    by_rest = sorted(range(len(parts)), key=lambda at: -parts[at][1])
    favoured = frozenset(by_rest[:left])
    return [sign * (whole + (at in favoured)) for at, (whole, _) in enumerate(parts)]
