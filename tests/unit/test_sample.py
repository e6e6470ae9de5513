"""The sample data does what it is there for."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli import yaml_documents
from cli.importing import Row, rows_of
from deploy.sample import generate
from services.intake.catalogue import questions
from services.intake.catalogue.affiliates import ORGANIC_SOURCE, Affiliate
from services.intake.catalogue.questions import Question, judge
from services.intake.leads.normalizing import Normalized, normalize
from services.routing.filters.routes import route_of, routes
from services.routing.fit.catalogue import Catalogues
from services.routing.orders import campaigns, lists
from services.routing.orders import policy as rules_of
from services.routing.orders.campaigns import Campaign, Checked
from services.routing.orders.checklist import may_start, warnings
from services.routing.orders.lists import ListPart
from services.routing.orders.policy import Rules
from services.routing.orders.validation import violations
from shared.contracts.affiliates import PutAffiliate
from shared.contracts.campaigns import PutCampaign
from shared.contracts.intake import LeadAccepted
from shared.contracts.lists import PutList, PutRules
from shared.contracts.questions import PutQuestion
from shared.contracts.values import OpenQuestion
from tests.builders import NOW, cause, context, lead

SAMPLE = Path(generate.__file__).parent
CAMPAIGNS, QUESTIONS = SAMPLE / "campaigns.yaml", SAMPLE / "questions.yaml"


def load(path: Path) -> list[dict[str, Any]]:
    text = path.read_text("utf-8").replace("${RECEIVER}", "http://127.0.0.1:9")
    return list(yaml_documents.documents(text))


NAMES = [document["id"] for document in load(generate.AFFILIATES)]


def affiliate(name: str = "infuse-media") -> Affiliate:
    definition = PutAffiliate.model_validate(generate.affiliate_definition(name))
    return Affiliate(f"main/{name}", 0, "main", 1, definition, NOW, "ops")


def question(document: dict[str, Any]) -> Question:
    put = PutQuestion.model_validate(document)
    saved, _ = questions.put(put, None, context()).save
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
    people = Counter((each.person.email, each.lead_code) for each in read if not each.reasons)
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
    judged = [judge(row, known, [category], catalogue.get) for row, category in usable]
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


@pytest.mark.parametrize(
    ("name", "currency"), [("technology-advice", "USD"), ("binary-demand", "EUR")]
)
def test_revenues_are_mostly_read(name: str, currency: str) -> None:
    """Those that name no currency in the mapping's; a company has one, whoever comes from there."""
    known = affiliate(name)
    companies = [normalize(row, known).company for row in generate.rows(400, 1, name)]
    currencies = Counter(each.revenue.currency for each in companies if each.revenue)
    assert 0.5 < currencies[currency] / len(companies) < 1


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


def shipped() -> Catalogues:
    """All campaigns, with the lists and the policy's rules that they go by."""
    catalogues = Catalogues()
    [rules] = load(SAMPLE / "rules.yaml")
    put_rules = PutRules.model_validate(rules)
    saved, _ = rules_of.put_rules(put_rules, None, context()).save
    assert isinstance(saved, Rules)
    catalogues.apply_rules([saved])
    for document in load(SAMPLE / "lists.yaml"):
        put_list = PutList.model_validate(document)
        list_, *parts = lists.put(put_list, None, {}, cause(), NOW).decision.save
        catalogues.fill_list(list_.id, [part for part in parts if isinstance(part, ListPart)])
    catalogues.apply_campaigns(list(map(as_put, sample_campaigns())))
    return catalogues


def as_put(definition: PutCampaign) -> Campaign:
    campaign, *_ = campaigns.put(definition, None, Checked(), context()).save
    assert isinstance(campaign, Campaign)
    return campaign


def accepted() -> list[LeadAccepted]:
    """What intake makes of the sample, and of who converted on the operator's own site."""
    catalogue = {each.definition.id: each for each in map(question, load(QUESTIONS))}
    found = [each for name in NAMES for each in of_affiliate(name, catalogue)]
    for row in generate.conversions(60, 1):
        read = normalize(row["record"], ORGANIC_SOURCE)
        found.append(
            as_accepted(
                read,
                {},
                source="organic",
                lead_code=None,
                category=row["categories"][0],
                categories=row["categories"],
            )
        )
    return found


def of_affiliate(name: str, catalogue: dict[str, Question]) -> Iterator[LeadAccepted]:
    known = affiliate(name)
    for row in generate.rows(400, 1, name):
        read = normalize(row, known)
        judged = judge(row, known, [read.category], catalogue.get)
        if not read.reasons and not judged.held:
            asked = [
                symbol
                for symbol, each in catalogue.items()
                if read.category in each.definition.categories
            ]
            open_ = [
                OpenQuestion(read.category, each) for each in asked if each not in judged.answers
            ]
            yield as_accepted(read, judged.answers, unanswered=open_, reported=judged.reported)


def as_accepted(read: Normalized, answers: Mapping[str, str], **changes: Any) -> LeadAccepted:
    facts = {
        "lead_code": read.lead_code,
        "category": read.category,
        "place": read.place,
        "company": read.company,
        "title_class": read.title_class,
        "person": read.person,
        "answers": answers,
    }
    return lead(**facts | changes)


ACCEPTED = accepted()


@pytest.mark.parametrize("definition", sample_campaigns(), ids=lambda definition: definition.id)
def test_every_campaign_is_useful(definition: PutCampaign) -> None:
    """Each running campaign wants some of the leads that come its way, and none wants all, but for
    the one that has no filter."""
    catalogues, campaign = shipped(), as_put(definition)
    coming = [each for each in ACCEPTED if route_of(each) in routes(definition)]
    wanted = [not catalogues.evaluate(campaign, each, NOW)[1] for each in coming]
    assert any(wanted) == (definition.status == "active")
    assert all(wanted) == (definition.id == "helvion-anywhere")


def test_campaigns_can_be_put_as_they_are() -> None:
    """Nothing contradicts itself or the policy, nothing warns, and checklists are confirmed."""
    rules = shipped().rules_of("main")
    for definition in sample_campaigns():
        assert [] == list(violations(definition, None, None, rules, NOW)), definition.id
        assert may_start(definition) is None, definition.id
        assert () == warnings(definition), definition.id


def test_every_check_on_a_lead_is_met() -> None:
    """The sample shows each reason that a campaign may have against a lead."""
    catalogues = shipped()
    met = {
        failing.code
        for definition in sample_campaigns()
        for each in ACCEPTED[::3]
        for failing in catalogues.evaluate(as_put(definition), each, NOW)[1]
    }
    assert met == {
        "campaign_inactive",
        "lead_code_other",
        "filter.place",
        "filter.company_size",
        "filter.company_revenue",
        "filter.industry",
        "filter.seniority",
        "filter.function",
        "filter.title",
        "category_closed",
        "category_not_as_ordered",
        "smarter_missing",
        "smarter_question_not_in_category",
        "smarter_answer_not_wanted",
        "title_suppressed",
        "company_suppressed",
        "domain_not_approved",
    }


def test_the_shapes_of_campaigns() -> None:
    """One of each kind at least, as the run is to show them."""
    all_ = sample_campaigns()
    shapes = {
        "intent": [each for each in all_ if each.programme == "intent"],
        "smarter": [each for each in all_ if each.smarter],
        "total": [each for each in all_ if each.caps.total],
        "day": [each for each in all_ if each.caps.day],
        "per_domain": [each for each in all_ if each.caps.per_domain],
        "amounts": [each for each in all_ if sum(bool(c.amount) for c in each.categories) > 1],
        "approved": [each for each in all_ if each.approved],
        "suppressed": [each for each in all_ if each.suppressed],
        "shares": [each for each in all_ if each.weekly and each.shares],
        "organic": [each for each in all_ if each.organic],
        "paused": [each for each in all_ if each.status == "paused"],
        "email": [each for each in all_ if each.send.mode == "email"],
        "file": [each for each in all_ if each.send.mode == "file"],
    }
    assert [] == [name for name, found in shapes.items() if not found]
    assert 2 == sum(each.weekly is not None for each in all_)
    [code] = load(SAMPLE / "rules.yaml")[0]["exclusive_lead_codes"]
    assert 2 == sum(code in each.lead_codes for each in all_)


@pytest.mark.parametrize("document", load(SAMPLE / "lists.yaml"), ids=lambda each: each["id"])
def test_lists_hold_invented_companies_only(document: dict[str, Any]) -> None:
    entries = document["entries"]
    assert len(entries) == len(set(entries))
    assert all(entry.endswith(".example") or "." not in entry for entry in entries)


def test_conversions_follow_the_seed() -> None:
    """Each has categories of its own, and a record of which nothing is unknown."""
    assert generate.conversions(20, 1) == generate.conversions(30, 1)[:20]
    assert generate.conversions(20, 1) != generate.conversions(20, 2)
    assert {1, 2} == {len(row["categories"]) for row in generate.conversions(20, 1)}
