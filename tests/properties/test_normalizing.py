"""What holds of normalizing for any record whatsoever."""

from dataclasses import asdict
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.intake.leads.normalizing import Normalized, normalize
from shared.contracts.industries import TABLE
from shared.contracts.lead_fields import Revenue, Size
from tests.builders import OWN_FIELDS, affiliate, record

FIELDS_READ = OWN_FIELDS | {"company_revenue": "Revenue"}
AFFILIATE = affiliate(
    mapping={
        "fields": FIELDS_READ,
        "currency": "EUR",
        "mandatory": ["phone", "captured_at", "company_size", "industry"],
        "vocabularies": {"industry": {"Software": "4"}, "country": {"The States": "US"}},
    }
)
IDENTITY = affiliate(
    mapping={"fields": {field: field for field in FIELDS_READ}, "answers": {"q_budget": "q_budget"}}
)

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
UNSEEN: dict[str, Any] = {"reasons": (), "blank": (), "unread": ()}
FIELDS = st.sampled_from([*FIELDS_READ.values(), "Budget", "Another"])
RECORDS = st.dictionaries(FIELDS, JSON)
# Mostly plausible records reach further into the code than mostly random ones.
NEARLY_RIGHT = st.dictionaries(FIELDS, SCALARS, max_size=3).map(lambda spoilt: record(**spoilt))
LABELS = [label for _, _, labels in TABLE for label in labels]
DIALLED = st.from_regex(
    r"(\+|00|0|1)?[0-9]{2,4}[ /-]?[0-9]{3,4}[ .-]?[0-9]{3,5}( x[0-9])?", fullmatch=True
)
PLAUSIBLE = st.fixed_dictionaries(
    {
        "Tel": DIALLED,
        "Land": st.sampled_from(["US", "UK", "Deutschland", "Italia", "AT", "jp", "Brasil", "x"]),
        "Branch": st.sampled_from([*LABELS, "software", "Fishing"]) | st.from_regex(r"[0-9]{1,6}"),
        "Staff": st.from_regex(
            r"([<>]|up to )? ?[0-9]{1,9}(\+| ?[-–] ?[0-9,]{1,15})?", fullmatch=True
        ),
        "Revenue": st.from_regex(
            r"([<>]|over )? ?[$€]?[0-9]{1,9}([.,][0-9]{1,3})?[kmb]?(\+| ?[-–] ?[0-9]{1,9}[kmb]?)?",
            fullmatch=True,
        ),
        "Title": st.text(max_size=30) | st.sampled_from(["Head of IT", "Sr. Mgr, Sales & Ops"]),
        "When": st.datetimes().map(str) | st.dates().map(lambda day: day.strftime("%m/%d/%Y")),
    }
).map(lambda drawn: record(**drawn))


@RELAXED
@given(RECORDS | NEARLY_RIGHT | PLAUSIBLE)
def test_total_and_deterministic(uploaded: dict[str, Any]) -> None:
    """INT-03: any JSON is read without an exception, and twice the same."""
    assert normalize(uploaded, AFFILIATE) == normalize(uploaded, AFFILIATE)


@RELAXED
@given(RECORDS | NEARLY_RIGHT | PLAUSIBLE)
def test_person_or_reason(uploaded: dict[str, Any]) -> None:
    """A record without an email is never usable, whoever it may be about."""
    read = normalize(uploaded, AFFILIATE)
    assert (read.person is not None and read.person.email) or read.reasons


@RELAXED
@given(RECORDS | NEARLY_RIGHT | PLAUSIBLE)
def test_idempotent(uploaded: dict[str, Any]) -> None:
    """The canonical lead, read again by a mapping that changes nothing, is the same lead."""
    read = normalize(uploaded, AFFILIATE)
    assume(read.person and (read.company.domain or not read.company.other_domains))
    again = normalize(_written(read), IDENTITY)
    # Why a field is unknown is lost when it is written down as blank.
    assert again._replace(**UNSEEN) == read._replace(**UNSEEN)


def _written(read: Normalized) -> dict[str, Any]:
    person, company = asdict(read.person) if read.person else {}, read.company
    return person | {
        "company_name": company.name,
        "company_domain": "; ".join(company.domains),
        "company_size": _band(company.size),
        "company_revenue": _amounts(company.revenue),
        "industry": company.industry,
        "country": read.place.country,
        "subdivision": read.place.subdivision,
        "category": read.category,
        "lead_code": read.lead_code,
        "consent": read.consent,
        "captured_at": read.captured_at.isoformat() if read.captured_at else None,
    }


def _band(size: Size | None) -> str:
    if size is None:
        return ""
    return f"{size.min}-{size.max}" if size.max else f"{size.min}+"


def _amounts(revenue: Revenue | None) -> str:
    if revenue is None:
        return ""
    high = "+" if revenue.max is None else f"-{revenue.max}"
    return f"{revenue.min}{high} {revenue.currency}"
