"""The sixth affiliate of docs/adding-an-affiliate.md, exactly as it stands there."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import yaml_documents
from services.intake.catalogue.affiliates import Affiliate, put
from services.intake.leads.fields import FIELDS
from services.intake.leads.normalizing import normalize
from shared.contracts.affiliates import PutAffiliate
from shared.loop.working_set import ref_by_name
from tests.builders import NOW, context

DOCUMENT = Path(__file__).parents[2] / "docs" / "adding-an-affiliate.md"


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S)
    return str(found)


@pytest.mark.case("lead-files", "P22")
def test_the_documented_affiliate_is_read_without_code() -> None:
    """It is taken as it stands, and its record becomes a canonical lead."""
    definition = PutAffiliate.model_validate(next(yaml_documents.documents(block("yaml"))))
    decision = put(definition, None, context())
    assert decision.answer is not None and decision.answer.code == "created"
    id = ref_by_name(Affiliate, "main", definition.id).id  # noqa: A001
    affiliate = Affiliate(id, 0, "main", 1, definition, NOW, "ops")
    read = normalize(json.loads(block("json")), affiliate)
    assert () == read.reasons
    assert read.person is not None
    assert ("ines.martel@northgrid.example", "+4930901820") == (
        read.person.email,
        read.person.phone,
    )
    assert ("DE", "41", "101") == (read.place.country, read.company.industry, read.category)
    assert read.captured_at == datetime(2026, 3, 4, tzinfo=UTC)


def test_the_documented_fields_are_those_that_there_are() -> None:
    """Each with what it is read as."""
    documented = re.findall(r"^\| `(\w+)` \| (.+) \|$", DOCUMENT.read_text(), re.M)
    assert [(field.name, field.rule) for field in FIELDS] == documented
