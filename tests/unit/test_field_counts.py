"""Which of an affiliate's columns are filled, and which of them nobody understands."""

from typing import Any

import pytest

from services.intake.leads.normalizing import normalize
from services.intake.queries.field_counts import FieldCount, FieldsRead, count_fields, read_of
from tests.builders import OWN_FIELDS, affiliate, record


def read(**changes: Any) -> FieldsRead:
    found = normalize(record(**changes), affiliate())
    return FieldsRead(1, found.blank, found.unread)


def test_a_column_that_is_never_read_shows() -> None:
    """INT-02: filled in each lead, and unknown in each."""
    leads = [read(Branch="Softwareentwicklung"), read(Branch="Handel"), read(Branch="")]
    (count,) = [one for one in count_fields(OWN_FIELDS, 1, leads) if one.field == "industry"]
    assert FieldCount("industry", 2, 2, 3) == count


def test_what_was_read_with_another_mapping_does_not_count() -> None:
    """So that it shows at once whether a changed mapping is better."""
    leads = [FieldsRead(1, (), ("industry",)), FieldsRead(2, (), ())]
    assert [FieldCount("industry", 1, 0, 1)] == count_fields(["industry"], 2, leads)


@pytest.mark.parametrize(
    ("changes", "unread"),
    [
        ({}, ()),
        ({"Tel": "call me"}, ("phone",)),
        ({"Mail": "nobody"}, ("email",)),
        ({"Title": "Zookeeper"}, ("job_title",)),
        ({"Site": "none yet"}, ("company_domain",)),
        ({"Staff": "many"}, ("company_size",)),
        ({"Land": "Narnia", "Tel": ""}, ("country", "subdivision")),
        ({"State": "Narnia"}, ("subdivision",)),
        ({"Cat": "999"}, ("category",)),
        ({"Code": "none"}, ("lead_code",)),
        ({"When": "yesterday"}, ("captured_at",)),
        ({"Firm": ["a", "b"]}, ("company_name",)),
        ({"First": {"value": "Dana"}, "Last": True}, ("first_name", "last_name")),
    ],
)
def test_unread_fields(changes: dict[str, Any], unread: tuple[str, ...]) -> None:
    """What is written and not understood is told by its field."""
    assert unread == read(**changes).unread


def test_blank_fields() -> None:
    """Blanks, nothing, an empty list, and a column that the record does not have."""
    given = record(Tel=" ", Staff=None, Branch=[])
    del given["Site"]
    found = normalize(given, affiliate())
    assert ("phone", "company_domain", "company_size", "industry") == found.blank


def test_leads_of_an_older_version_are_left_out() -> None:
    """They do not say what was read of them."""
    assert read_of({"mapping_version": 1}) is None
    row = {"mapping_version": 1, "blank": [], "unread": ["phone"]}
    assert FieldsRead(1, (), ("phone",)) == read_of(row)
