"""The quick reading of phone numbers and the library's are one and the same."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.reading import dialling
from services.intake.reading.phones import (
    by_the_library,
    may_lack_its_code,
    phone,
    split,
    without_plus,
)

# Short and long plans, shared calling codes, trunk prefixes of several digits or of none, rewritten
# mobile numbers, leading zeros that belong to the number.
REGIONS = (
    *("US", "CA", "JM", "GB", "GG", "DE", "AT", "CH", "FR", "IT", "ES", "NL", "DK", "SE", "PL"),
    *("RU", "KZ", "HU", "IL", "AE", "ZA", "IN", "CN", "JP", "SG", "AU", "NZ", "BR", "AR", "MX"),
)
KINDS = sorted(set(phonenumbers.PhoneNumberType.values()) - {phonenumbers.PhoneNumberType.UNKNOWN})
INTERNATIONAL = phonenumbers.PhoneNumberFormat.INTERNATIONAL
NATIONAL = phonenumbers.PhoneNumberFormat.NATIONAL
SEPARATORS = st.sampled_from(["", "", "", " ", "-", ".", "/", " (", ") ", " - ", "\u2013", "\xa0"])
ENDINGS = ["", "", "", " ext. 12", " x5", "#3", ";ext=4", "/x1", " -", ",,7", " home", "-17#"]
FOREIGN = ["00", "011", "0011", "810", "+"]


def examples(region: str) -> list[str]:
    """The national significant numbers that the library gives as examples, one of each kind."""
    found = [phonenumbers.example_number_for_type(region, kind) for kind in KINDS]
    return [phonenumbers.national_significant_number(number) for number in found if number]


@st.composite
def significant(draw: st.DrawFn, region: str) -> str:
    """Valid, nearly valid or anything: an example with its last digits drawn, or digits alone."""
    digits = st.text("0123456789", max_size=12)
    example = draw(st.sampled_from(examples(region)))
    kept = draw(st.integers(0, len(example)))
    tail = st.text("0123456789", min_size=len(example) - kept, max_size=len(example) - kept)
    return draw(st.one_of(st.just(example), tail.map(example[:kept].__add__), digits))


@st.composite
def dialled(draw: st.DrawFn) -> tuple[str, str | None]:
    """A number as somebody may have written it, and the country of the lead."""
    region = draw(st.sampled_from(REGIONS))
    trunk = phonenumbers.ndd_prefix_for_region(region, True) or "0"
    code = str(phonenumbers.country_code_for_region(region))
    before = ["", trunk, f"+{code}", f"+{code} ({trunk})", f"+ {code}", code, *FOREIGN]
    written = draw(st.sampled_from(before))
    for digit in draw(significant(region)):
        written += draw(SEPARATORS) + digit
    return written, draw(st.sampled_from([region, region, region, None, *REGIONS]))


@st.composite
def two_of_a_region(draw: st.DrawFn) -> tuple[str, str, str]:
    region = draw(st.sampled_from(REGIONS))
    first, second = (draw(st.sampled_from(examples(region))) for _ in range(2))
    code = phonenumbers.country_code_for_region(region)
    return region, f"+{code}{first}", f"+{code}{second}"


def read_by_the_library(written: str, country: str | None) -> str | None:
    """Also as it was dialled once, and a mobile number with its calling code and no plus."""
    if may_lack_its_code(written, country):
        return None
    found = without_plus(written, country) or by_the_library(written, country)
    for older in () if found else dialling.without_older_prefixes(written, country):
        found = found or by_the_library(older, country)
    return found


@settings(deadline=None, max_examples=300)
@given(dialled(), st.sampled_from(ENDINGS))
def test_as_the_library_reads_it(number: tuple[str, str | None], ending: str) -> None:
    """INT-02: of thirty countries, well or badly written, with trunk prefixes, extensions and words
    behind: what is read is what the library reads, with or without the ending."""
    written, country = number
    right = [read_by_the_library(text, country) for text in (written, written + ending)]
    assert phone(written + ending, country) in (None, *right)


@settings(deadline=None, max_examples=300)
@given(dialled())
def test_what_is_cleanly_written_is_read(number: tuple[str, str | None]) -> None:
    """Nothing that the quick way reads is lost, and nothing read otherwise."""
    if split(*number):
        assert read_by_the_library(*number) == phone(*number)


@settings(deadline=None)
@given(two_of_a_region(), st.sampled_from([" / ", "/", "; ", ", ", " or ", "|", " & ", " und "]))
def test_two_numbers_are_never_glued(numbers: tuple[str, str, str], mark: str) -> None:
    """A cell with two numbers gives neither a third one nor a part of both."""
    region, first, second = numbers
    once = phone(first, region) if phone(first, region) == phone(second, region) else None
    assert phone(f"{first}{mark}{second}", region) == once


@settings(deadline=None)
@given(st.sampled_from(REGIONS).flatmap(significant), st.sampled_from(REGIONS))
def test_a_fraction_is_the_whole_number_that_it_was(digits: str, region: str) -> None:
    """4930901820.0 is 4930901820, or nothing."""
    for fraction in (".0", ".00", ",0"):
        read = phone(digits + fraction, region)
        assert read in (None, phone(digits, region))


@pytest.mark.parametrize("region", sorted(set(REGIONS) - {"AR"}))
def test_clean_numbers_need_no_library(region: str) -> None:
    """Otherwise the comparison above would hold the library to itself."""
    written = phonenumbers.format_number(phonenumbers.example_number(region), INTERNATIONAL)
    assert split(written, None) is not None


@pytest.mark.parametrize("region", ["US", "GB", "DE", "FR", "IT", "JP", "IN", "AU", "BR", "IL"])
def test_clean_national_numbers_need_no_library(region: str) -> None:
    written = phonenumbers.format_number(phonenumbers.example_number(region), NATIONAL)
    assert split(written, region) is not None
