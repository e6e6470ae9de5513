"""What a campaign wants of a lead, and of its answers; organic leads."""

from tests.builders import OWN_FIELDS, put_affiliate
from tests.component.leads import DAY, HOUR, MONDAY, STRICT, Platform
from tests.component.test_previewing import Questions


async def test_every_filter_lets_a_lead_pass_and_keeps_another_out(platform: Platform) -> None:
    """RTE-02, RTE-09: from the affiliate's words to the codes, all of them in their order."""
    await platform.campaign(
        places=[{"country": "US"}],
        excluded_places=[{"country": "US", "subdivisions": ["US-CA"]}],
        company_size={"intervals": [{"min": 1, "max": 200}]},
        industries={"allowed": ["1594"], **STRICT},
        seniorities={"allowed": ["director"]},
        functions={"allowed": ["information_technology"]},
        titles={"allowed": ["head of"]},
    )
    await platform.upload(1)
    off = {"State": "CA", "Staff": "201-500", "Branch": "41", "Title": "VP, Sales"}
    await platform.upload(2, **off)
    assert ["R-1"] == platform.got()
    await platform.advance(7 * DAY)
    (unsent,) = platform.events("routing.lead.unsent")
    assert ([], sorted(unsent["codes"])) == (unsent["claimed"], unsent["codes"])
    assert {
        "filter.place",
        "filter.company_size",
        "filter.industry",
        "filter.seniority",
        "filter.function",
        "filter.title",
    } == set(unsent["codes"])


async def test_a_revenue_is_mapped_filtered_explained_and_previewed(platform: Platform) -> None:
    """RTE-02, RTE-10, RTE-14: from the affiliate's words, in the currency that its mapping names,
    to the reason why not, what a change would free, and what it frees."""
    mapping = {"fields": OWN_FIELDS | {"company_revenue": "Turnover"}, "currency": "EUR"}
    await platform.ask(
        "intake.affiliate.put", "acme", put_affiliate(mapping=mapping).model_dump(mode="json")
    )
    mid_market = {"currency": "EUR", "intervals": [{"min": 10_000_000, "max": 50_000_000}]}
    await platform.campaign(company_revenue=mid_market)
    said = ["20-30 Mio.", "1-5 Mio.", "5-20 Mio.", "$20m", "not disclosed"]
    for number, turnover in enumerate(said, 1):
        await platform.upload(number, Turnover=turnover)
    assert ["R-1"] == platform.got()
    assert ["company_revenue"] == platform.lead("R-5")["unread"]
    asked = Questions(platform)
    told = [await asked.failing(f"R-{number}") for number in (2, 3, 4, 5)]
    expected = ("10,000,000-50,000,000 EUR",)
    assert [
        ("filter.company_revenue", "1,000,000-5,000,000 EUR", expected),
        ("filter.company_revenue", "5,000,000-20,000,000 EUR", expected),
        ("filter.company_revenue", "20,000,000-20,000,000 USD", expected),
        ("filter.company_revenue", None, expected),
    ] == told
    lenient = {"company_revenue": mid_market | {"unknown": "accept"}}
    assert 3 == (await asked.campaign(**lenient))["frees"]
    await platform.campaign(**lenient)
    assert ["R-1", "R-3", "R-4", "R-5"] == sorted(platform.got())


async def test_a_refusal_holds_no_job_title(platform: Platform) -> None:
    """RTE-09: what a campaign's shard answers is read by everybody, and a title is personal."""
    await platform.campaign(titles={"allowed": ["head of"]}, weekly=MONDAY)
    await platform.upload(1, Title="Head of Verysecret")
    await platform.campaign(
        titles={"allowed": ["cto"]}, suppressed_titles={"phrases": ["of"]}, weekly=MONDAY
    )
    await platform.advance(HOUR)
    (refused,) = platform.events("routing.claim.refused")
    assert ["filter.title", "title_suppressed"] == [one["code"] for one in refused["failing"]]
    assert [None, None] == [one["value"] for one in refused["failing"]]
    assert "erysecret" not in str(refused)


async def test_a_smarter_campaign_wants_answers(platform: Platform) -> None:
    """RTE-07: all of the category's, and of one question particular ones."""
    await platform.question()
    await platform.campaign(smarter={"allowed": {"q_budget": ["Over 50k"]}})
    await platform.upload(1, Budget=" OVER 50k ")
    await platform.upload(2, Budget="under 10k")
    await platform.upload(3, Budget="")
    await platform.upload(4, Budget="over 50k", q_shoe_size="44")
    assert ["R-1"] == platform.got()
    await platform.advance(7 * DAY)
    told = {one["lead"]: one["codes"] for one in platform.events("routing.lead.unsent")}
    assert [
        ["smarter_answer_not_wanted"],
        ["smarter_answer_not_wanted", "smarter_missing"],
        ["smarter_unknown_symbol"],
    ] == [told[platform.routed(f"R-{number}")["_id"]] for number in (2, 3, 4)]


async def test_an_answer_to_another_categorys_question_keeps_from_smarter_campaigns_only(
    platform: Platform,
) -> None:
    """RTE-07, INT-09."""
    await platform.question(categories=["205"])
    await platform.campaign("smart", smarter={})
    await platform.campaign("plain")
    await platform.upload(1, Budget="over 50k")
    assert (["R-1"], []) == (platform.got("plain"), platform.got("smart"))


async def test_an_organic_lead_goes_where_one_of_its_categories_is_wanted(
    platform: Platform,
) -> None:
    """INT-15, RTE-09: to campaigns open to organic leads, whatever lead codes they carry."""
    await platform.campaign("closed")
    await platform.campaign("open", organic=True, categories=[{"id": "205", "amount": 1}])
    await platform.campaign("other", organic=True, categories=[{"id": "310"}])
    await platform.convert(1, "101", "205")
    assert {"open": "sent"} == platform.states("O-1")
    (sent,) = platform.events("routing.lead.sent")
    assert (None, "205") == (sent["lead_code"], sent["category"])
    await platform.convert(2, "101", "205")
    assert ["cap_reached"] == platform.against("O-2", "open")


async def test_an_organic_lead_is_sent_for_the_category_that_has_room(platform: Platform) -> None:
    """RTE-12, INT-15: and counted under it."""
    amounts = [{"id": "101", "amount": 1}, {"id": "205", "amount": 1}]
    await platform.campaign(organic=True, categories=amounts)
    for number in (1, 2, 3):
        await platform.convert(number, "101", "205")
    sent = [one["category"] for one in platform.events("routing.lead.sent")]
    assert ["101", "205"] == sorted(sent)
    assert ["cap_reached"] == platform.against("O-3")
