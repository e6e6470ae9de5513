"""The sample data does what it is there for."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.importing import Row, rows_of
from deploy.sample import generate
from services.intake import questions
from services.intake.affiliates import Affiliate
from services.intake.normalizing import normalize
from services.intake.questions import Question, judge
from services.routing import campaigns
from services.routing.campaigns import Campaign, Checked
from services.routing.catalogues import Catalogues
from shared.contracts.campaigns import PutCampaign
from shared.contracts.intake import PutAffiliate, PutQuestion
from tests.builders import NOW, cause, lead

SAMPLE = Path(generate.__file__).parent
CAMPAIGNS, QUESTIONS = SAMPLE / "campaigns.yaml", SAMPLE / "questions.yaml"


def load(path: Path) -> list[dict[str, Any]]:
    text = path.read_text("utf-8").replace("${RECEIVER}", "http://127.0.0.1:9")
    return list(yaml.safe_load_all(text))


NAMES = [document["id"] for document in load(generate.AFFILIATES)]


def affiliate(name: str = "infuse-media") -> Affiliate:
    definition = PutAffiliate.model_validate(generate.affiliate_definition(name))
    return Affiliate(f"main/{name}", 0, "main", 1, definition, NOW, "ops")


def question(document: dict[str, Any]) -> Question:
    put = PutQuestion.model_validate(document)
    [saved] = questions.put(put, None, cause(), NOW).save
    assert isinstance(saved, Question)
    return saved


def sample_campaigns() -> list[PutCampaign]:
    return [PutCampaign.model_validate(document) for document in load(CAMPAIGNS)]


@pytest.mark.parametrize("name", NAMES)
def test_rows_follow_the_seed(name: str) -> None:
    """The same seed gives the same rows, another one others."""
    assert generate.rows(20, 1, name) == generate.rows(30, 1, name)[:20]
    assert generate.rows(20, 1, name) != generate.rows(20, 2, name)


@pytest.mark.parametrize("name", NAMES)
def test_one_in_ten_is_unusable(name: str) -> None:
    """About a tenth of the rows can't be used, for every kind of reason."""
    known = affiliate(name)
    read = [normalize(row, known) for row in generate.rows(1000, 1, name)]
    unusable = [each for each in read if each.reasons]
    assert 60 <= len(unusable) <= 140
    assert {reason.code for each in unusable for reason in each.reasons} == {
        "email_invalid",
        "field_missing",
        "category_unknown",
        "lead_code_unknown",
        "country_unknown",
    }


@pytest.mark.parametrize("name", NAMES)
def test_some_people_come_twice(name: str) -> None:
    """Under the same lead code, which makes the second one a duplicate."""
    known = affiliate(name)
    read = [normalize(row, known) for row in generate.rows(400, 1, name)]
    people = Counter((each.person.email, each.lead_code) for each in read if each.person)
    assert 5 <= sum(count - 1 for count in people.values()) <= 30


@pytest.mark.parametrize("name", NAMES)
def test_few_answers_need_a_person(name: str) -> None:
    """Most pass, be it by an alias; some don't, and in a category without questions none counts."""
    known = affiliate(name)
    catalogue = {each.definition.id: each for each in map(question, load(QUESTIONS))}
    usable = [
        (row, each.category)
        for row in generate.rows(400, 1, name)
        if not (each := normalize(row, known)).reasons
    ]
    judged = [judge(row, known, category, catalogue.get) for row, category in usable]
    assert 8 <= sum(bool(each.held) for each in judged) <= 60
    assert {"q_timeframe"} == {held.question for each in judged for held in each.held}
    assert {"q_timeframe", "q_budget"} == {symbol for each in judged for symbol in each.answers}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_unclear_is_the_smaller_part(name: str) -> None:
    """Each affiliate's own way to write phones, sizes, industries and dates is mostly read."""
    known = affiliate(name)
    read = [normalize(row, known) for row in generate.rows(400, 1, name)]
    companies = [each.company for each in read]
    for values in (
        [each.person.phone for each in read if each.person],
        [company.size for company in companies],
        [company.industry for company in companies],
        [each.captured_at for each in read],
    ):
        assert 0.5 < sum(value is not None for value in values) / len(values)


def test_each_affiliate_has_its_own_fields() -> None:
    """No two share their names for the fields, nor a lead code."""
    definitions = [generate.affiliate_definition(name) for name in NAMES]
    fields = [tuple(each["mapping"]["fields"].values()) for each in definitions]
    codes = [code for each in definitions for code in each["lead_codes"]]
    assert (5, 5) == (len(NAMES), len(set(fields)))
    assert len(codes) == len(set(codes))


def test_one_affiliate_lacks_a_role() -> None:
    """Messages for it have to go to the main contact, whom each has."""
    roles = {
        name: {role for contact in affiliate(name).definition.contacts for role in contact.roles}
        for name in NAMES
    }
    assert {"main"} == set.intersection(*roles.values(), {"main"})
    assert ["account-media"] == [name for name in NAMES if "estimates" not in roles[name]]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_means_what_its_rows_mean(name: str, tmp_path: Path) -> None:
    """Whatever kind of file the affiliate uses, an import reads the rows that were written."""
    known, written = affiliate(name), generate.rows(200, 3, name)
    fields = known.definition.mapping.fields
    path = generate.write_file(name, 200, 3, tmp_path)
    found = rows_of(path.read_bytes(), fields["reference"], known.own_fields)
    read = [row for row in found if isinstance(row, Row)]
    assert [row[fields["reference"]] for row in written] == [row.reference for row in read]
    assert [normalize(row, known) for row in written] == [
        normalize(row.record, known) for row in read
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_follows_the_seed(name: str, tmp_path: Path) -> None:
    """The same seed says the same, wherever it is written."""
    field = affiliate(name).definition.mapping.fields["reference"]
    one, other = (
        rows_of(generate.write_file(name, 20, 1, tmp_path / folder).read_bytes(), field)
        for folder in ("one", "other")
    )
    assert one == other


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("infuse-media", b"Prospect ID,"),
        ("technology-advice", b"\xef\xbb\xbflead_id;"),
        ("account-media", b"PK\x03\x04"),
        ("s2w", b"Lead Ref\t"),
        ("binary-demand", b"Vorgang;"),
    ],
)
def test_each_affiliate_has_its_own_kind_of_file(name: str, start: bytes, tmp_path: Path) -> None:
    assert start == generate.write_file(name, 1, 1, tmp_path).read_bytes()[: len(start)]


@pytest.mark.parametrize("definition", sample_campaigns(), ids=lambda definition: definition.id)
def test_every_campaign_is_useful(definition: PutCampaign) -> None:
    """Each running campaign wants some of the leads, and none wants all."""
    wanted = [not failing for failing in explained(definition)]
    assert any(wanted) == (definition.status == "active")
    assert not all(wanted)


def explained(definition: PutCampaign) -> list[Any]:
    answer = campaigns.put(definition, None, Checked(), cause(), NOW)
    [campaign, _] = answer.save
    assert isinstance(campaign, Campaign)
    known = affiliate()
    usable = [each for row in generate.rows(500, 1) if not (each := normalize(row, known)).reasons]
    catalogues = Catalogues()
    catalogues.apply_campaigns([campaign])
    return [
        catalogues.judged(
            campaign,
            lead(lead_code=each.lead_code, category=each.category, place=each.place),
            NOW,
        )[1]
        for each in usable
    ]
