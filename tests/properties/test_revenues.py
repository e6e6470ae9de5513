"""A revenue that is written down in any of the usual ways is read as the one that was meant."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.intake.reading.revenues import AMOUNT_MAX, Read, revenue
from shared.contracts.lead_fields import Revenue
from shared.money import CURRENCIES

POWERS = {3: ["k", "K", " thousand", " Tsd."], 6: ["m", "M", "mm", " million", " Mio.", "mn"]}
POWERS |= {9: ["bn", "B", " billion", " Mrd.", " Mds"], 12: ["tn", " trillion"]}
PREFIXES = {"USD": ["$", "US$", "USD "], "EUR": ["€", "€ ", "EUR"], "GBP": ["£", "GBP "]}
SUFFIXES = {"USD": [" USD", " US dollars", "$"], "EUR": [" €", " euros", " eur"], "GBP": [" £"]}
LEAST = 1000

AMOUNTS = st.integers(LEAST, AMOUNT_MAX - 1)


def plain(amount: int) -> list[str]:
    return [str(amount), *(f"{amount:,}".replace(",", mark) for mark in ",.' ")]


def in_words(amount: int) -> list[str]:
    """In thousands, millions and so on, exactly."""
    found = []
    for power, words in POWERS.items():
        digits = f"{Decimal(amount).scaleb(-power).normalize():f}"
        whole, _, decimals = digits.partition(".")
        # With three decimals it could be a group of digits.
        if whole == "0" or len(decimals) != 3 or len(whole) > 3:
            found += [digits.replace(".", mark) + word for word in words for mark in ".,"]
    return found


@st.composite
def written(draw: st.DrawFn) -> tuple[str, Revenue]:
    """A text, and what it says. Of both numbers, since one may be told for both."""
    currency = draw(st.sampled_from(sorted(PREFIXES)) | st.sampled_from(sorted(CURRENCIES)))
    before = [(sign, "") for sign in PREFIXES.get(currency, [f"{currency} "])]
    after = [("", sign) for sign in SUFFIXES.get(currency, [f" {currency}"])]
    sign, behind = draw(st.sampled_from([*before, *after]))
    spelled = draw(st.sampled_from([plain, in_words]))
    low, high = sorted((draw(AMOUNTS), draw(AMOUNTS)))
    first, last = (draw(st.sampled_from(spelled(amount))) for amount in (low, high))
    shapes = [
        (f"{sign}{first}{behind}", (low, low)),
        (f"{sign}{first}{behind} - {sign}{last}{behind}", (low, high)),
        (f"{sign}{first} to {last}{behind}", (low, high)),
        (f"between {sign}{first} and {sign}{last}{behind}", (low, high)),
        (f"{sign}{first}+{behind}", (low, None)),
        (f"over {sign}{first}{behind}", (low + 1, None)),
        (f"> {sign}{first}{behind}", (low + 1, None)),
        (f"up to {sign}{last}{behind}", (0, high)),
        (f"<={sign}{last}{behind}", (0, high)),
    ]
    text, ends = draw(st.sampled_from(shapes))
    return text, Revenue(currency, *ends)


@given(written())
def test_what_is_written_is_read(drawn: tuple[str, Revenue]) -> None:
    """INT-02: the interval and the currency, whatever the marks, words and signs."""
    text, meant = drawn
    assert Read(meant) == revenue(text) == revenue(text, meant.currency)


@given(st.integers(1, 999), st.integers(1, 999), st.sampled_from(sorted(POWERS)), st.data())
def test_a_word_behind_the_second_number_is_of_both(
    one: int, other: int, power: int, data: st.DataObject
) -> None:
    """INT-02: 10-50M are millions both, where the first number is the smaller one."""
    text = f"€{one}-{other}{data.draw(st.sampled_from(POWERS[power]))}"
    meant = Revenue("EUR", one * 10**power, other * 10**power)
    assert revenue(text).revenue == (meant if one <= other else None)


@given(st.text() | st.from_regex(r"[$€<>~]?[0-9,.' ]{1,20}[kKmMbB]?( ?[-–] ?[0-9.,]{1,9}[kmb]?)?"))
def test_anything_is_read_or_told(text: str) -> None:
    """INT-03: without an exception, an interval that holds something, or why there is none."""
    found, why = revenue(text, "EUR")
    assert (found is None) == bool(why)
    if found is not None:
        assert 0 <= found.min <= (AMOUNT_MAX if found.max is None else found.max) <= AMOUNT_MAX
