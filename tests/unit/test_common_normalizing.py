"""What normalizing is measured against does the same work: it comes to the same results."""

import pytest

from deploy.sample import generate
from services.intake.leads.normalizing import Normalized, normalize
from tests.bench import common_normalizing, uploads
from tests.bench.common_normalizing import CommonLead

AFFILIATE = uploads.affiliate()


@pytest.mark.parametrize("row", generate.rows(120, 7), ids=lambda row: row["Prospect ID"])
def test_both_read_the_same(row: dict[str, str]) -> None:
    """All but the class of the title, for which the common way has a shorter list."""
    common = common_normalizing.normalize(row, AFFILIATE.definition)
    assert _ours(normalize(row, AFFILIATE)) == _common(common)


def _ours(read: Normalized) -> dict[str, object]:
    """The common way knows nobody by the phone alone."""
    person = read.person if read.person and read.person.email else None
    company = read.company
    return {
        "person": person and (person.email, person.first_name, person.last_name, person.job_title),
        "phone": person and person.phone,
        "place": (read.place.country, read.place.subdivision),
        "company": (company.name, company.domain, company.industry),
        "size": company.size and (company.size.min, company.size.max),
        "lead": (read.category, read.lead_code, read.consent, read.captured_at),
        "usable": not read.reasons,
    }


def _common(read: CommonLead) -> dict[str, object]:
    contact, company = read.contact, read.company
    person = (contact.email, contact.first_name, contact.last_name, contact.job_title)
    return {
        "person": person if contact.email else None,
        "phone": contact.phone if contact.email else None,
        "place": (read.country, read.subdivision),
        "company": (company.name, company.domain, company.industry),
        "size": company.size and (company.size.min, company.size.max),
        "lead": (read.category, read.lead_code, read.consent, read.captured_at),
        "usable": not read.problems,
    }
