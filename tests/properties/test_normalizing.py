"""What holds of normalizing for any record whatsoever."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.intake.normalizing import Normalized, normalize
from shared.contracts.values import Size
from tests.builders import OWN_FIELDS, affiliate, record

AFFILIATE = affiliate(mapping={"mandatory": ["phone", "captured_at", "company_size"]})

# The first text drawn builds a table of all of Unicode, which a busy machine does slowly.
RELAXED = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=60)
    | st.sampled_from(["10**9", "9" * 400, "1-2", "\ufeff", "a@b.example", "+1 212 555 0100"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
FIELDS = st.sampled_from([*OWN_FIELDS.values(), "Budget", "Another"])
RECORDS = st.dictionaries(FIELDS, JSON)
# Mostly plausible records reach further into the code than mostly random ones.
NEARLY_RIGHT = st.dictionaries(FIELDS, SCALARS, max_size=3).map(lambda spoilt: record(**spoilt))


@RELAXED
@given(RECORDS | NEARLY_RIGHT)
def test_total_and_deterministic(uploaded: dict[str, Any]) -> None:
    """INT-03: any JSON is read without an exception, and twice the same."""
    assert normalize(uploaded, AFFILIATE) == normalize(uploaded, AFFILIATE)


@RELAXED
@given(RECORDS | NEARLY_RIGHT)
def test_person_or_reason(uploaded: dict[str, Any]) -> None:
    """A record without a person is never usable."""
    read = normalize(uploaded, AFFILIATE)
    assert read.person is not None or read.reasons


@RELAXED
@given(NEARLY_RIGHT)
def test_idempotent(uploaded: dict[str, Any]) -> None:
    """What was read, written down again and read again, is the same."""
    read = normalize(uploaded, AFFILIATE)
    assume(read.person)
    again = normalize(_written(read), AFFILIATE)
    # Why a field is unknown is lost when it is written down as blank.
    assert replace(again, reasons=()) == replace(read, reasons=())


def _written(read: Normalized) -> dict[str, Any]:
    person, company = read.person, read.company
    return {
        "Mail": person.email if person else "",
        "First": person.first_name if person else "",
        "Last": person.last_name if person else "",
        "Tel": person.phone if person else "",
        "Title": person.job_title if person else "",
        "Firm": company.name,
        "Site": company.domain,
        "Staff": _band(company.size),
        "Branch": company.industry,
        "Land": read.place.country,
        "State": read.place.subdivision,
        "Cat": read.category,
        "Code": read.lead_code,
        "Consent": read.consent,
        "When": read.captured_at.isoformat() if read.captured_at else "",
        "Budget": read.answers.get("q_budget"),
    }


def _band(size: Size | None) -> str:
    if size is None:
        return ""
    return f"{size.min}-{size.max}" if size.max else f"{size.min}+"
