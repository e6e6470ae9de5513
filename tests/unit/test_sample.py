"""The sample data does what it is there for."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.sample import generate
from services.intake.affiliates import Affiliate
from services.intake.normalizing import normalize
from services.routing import campaigns
from services.routing.campaigns import Campaign
from services.routing.matching import explain
from shared.contracts.intake import PutAffiliate
from shared.contracts.routing import PutCampaign
from tests.builders import NOW, cause, lead

CAMPAIGNS = Path(generate.__file__).parent / "campaigns.yaml"


def affiliate() -> Affiliate:
    definition = PutAffiliate.model_validate(generate.affiliate_definition("infuse-media"))
    return Affiliate("main/infuse-media", 0, "main", 1, definition, NOW, "ops")


def sample_campaigns() -> list[PutCampaign]:
    text = CAMPAIGNS.read_text().replace("${RECEIVER}", "http://127.0.0.1:9")
    return [PutCampaign.model_validate(document) for document in yaml.safe_load_all(text)]


def test_rows_follow_the_seed() -> None:
    """The same seed gives the same rows, another one others."""
    assert generate.rows(20, 1) == generate.rows(30, 1)[:20]
    assert generate.rows(20, 1) != generate.rows(20, 2)


def test_one_in_ten_is_unusable() -> None:
    """About a tenth of the rows can't be used, for every kind of reason."""
    known = affiliate()
    read = [normalize(row, known) for row in generate.rows(1000, 1)]
    unusable = [each for each in read if each.reasons]
    assert 60 <= len(unusable) <= 140
    assert {reason.code for each in unusable for reason in each.reasons} == {
        "email_invalid",
        "field_missing",
        "category_unknown",
        "lead_code_unknown",
        "country_unknown",
    }


@pytest.mark.parametrize("definition", sample_campaigns(), ids=lambda definition: definition.id)
def test_every_campaign_is_useful(definition: PutCampaign) -> None:
    """Each running campaign wants some of the leads, and none wants all."""
    wanted = [not failing for failing in explained(definition)]
    assert any(wanted) == (definition.status == "active")
    assert not all(wanted)


def explained(definition: PutCampaign) -> list[Any]:
    answer = campaigns.put(definition, None, None, cause(), NOW)
    [campaign, _] = answer.save
    assert isinstance(campaign, Campaign)
    known = affiliate()
    usable = [each for row in generate.rows(500, 1) if not (each := normalize(row, known)).reasons]
    return [
        explain(
            campaign,
            lead(lead_code=each.lead_code, category=each.category, place=each.place),
            NOW,
        )
        for each in usable
    ]
