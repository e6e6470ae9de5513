"""Routing's rules on which campaigns want a lead, each with what must not be."""

from typing import Any

import pytest

from shared.contracts.campaigns import CHECK_CODES
from tests.scenes.platform import command
from tests.scenes.scene import Scene
from tests.scenes.simulated import Simulated

WEB = {"mode": "webhook", "secret": "default"}


CONTRADICTIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"active": {"from": "2030-01-02", "to": "2030-01-01"}}, "dates_contradict", "active.to"),
    ({"time_zone": "Mars/Base"}, "time_zone_unknown", "time_zone"),
    ({"categories": [{"id": "101"}, {"id": "0101"}]}, "category_twice", "categories"),
    ({"open_categories": ["999"]}, "category_unknown", "open_categories"),
    (
        {"places": [{"country": "US", "subdivisions": ["CA-ON"]}]},
        "places_contradict",
        "places",
    ),
    ({"shares": {"US": 60, "DE": 50}}, "shares_contradict", "shares"),
    (
        {"company_size": {"intervals": [{"min": 9, "max": 1}]}},
        "sizes_contradict",
        "company_size.intervals",
    ),
    ({"titles": {"allowed": ["CEO"], "excluded": ["ceo"]}}, "filter_contradicts", "titles"),
    (
        {
            "suppressed": [{"list": "both", "strictness": "strict"}],
            "approved": [{"list": "both", "strictness": "strict"}],
        },
        "lists_contradict",
        "suppressed",
    ),
    ({"caps": {"total": 0}}, "cap_below_sent", "caps.total"),
    ({"customer": "somebody-else"}, "customer_changed", "customer"),
    ({"send": WEB | {"url": "http://user@host.example"}}, "url_invalid", "send.url"),
]


@pytest.mark.rule("RTE-01")
def test_a_campaign_changes_by_versions(simulated: Simulated) -> None:
    """Each decision names its version. A change that can't hold is refused with its field, and
    what was before stays in force; the same again is no change."""
    scene = Scene(simulated, "versions")
    scene.put(c={"priority": 1})
    scene.upload("first")
    answers = simulated.publish(
        *(scene.campaign("c", **changed) for changed, _, _ in CONTRADICTIONS)
    )
    refused = [(answer.accepted, answer.code, answer.details["field"]) for answer in answers]
    assert [(False, code, field) for _, code, field in CONTRADICTIONS] == refused
    scene.upload("second")
    same, other = simulated.publish(
        scene.campaign("c", priority=1), scene.campaign("c", priority=2)
    )
    assert [("unchanged", 1), ("changed", 2)] == [
        (answer.code, answer.details["version"]) for answer in (same, other)
    ]
    scene.upload("third")
    sent = {reference: send["version"] for reference, send in scene.sends("c").items()}
    assert {"first": 1, "second": 1, "third": 2} == sent
    assert [(1, 1), (2, 2)] == [
        (version["version"], version["priority"]) for version in scene.about("c")["versions"]
    ]


SIZES = [{"min": 1, "max": 50}, {"min": 51, "max": 200}]


@pytest.mark.rule("RTE-02")
def test_filters_choose_leads(simulated: Simulated) -> None:
    """A filter that is not set takes all. A parent covers its children; a size in two wanted
    intervals is in, one partly outside is unknown, and what is unknown is told by the filter."""
    scene = Scene(simulated, "filters")
    california = {"country": "US", "subdivisions": ["US-CA"]}
    scene.put(
        any={},
        place={"places": [california, {"country": "DE"}]},
        nowhere={"excluded_places": [california]},
        size={"company_size": {"intervals": SIZES}},
        lenient={"company_size": {"intervals": SIZES, "unknown": "accept"}},
        industry={"industries": {"allowed": ["6"], "strictness": "strict"}},
        title={"titles": {"allowed": ["chief buyer"]}},
        seniority={"seniorities": {"allowed": ["director"]}},
        function={"functions": {"allowed": ["information_technology"]}},
        category={"categories": [{"id": "102"}]},
    )
    leads = {
        "plain": {},
        "coast": {"State": "California"},
        "german": {"Land": "Germany"},
        "inside": {"Staff": "20-100"},
        "outside": {"Staff": "501-1000"},
        "partly": {"Staff": "101-500"},
        "child": {"Branch": "Internet Marketplace Platforms"},
        "bank": {"Branch": "Banking"},
        "buyer": {"Title": "Chief Buyer, EMEA"},
        "head": {"Title": "Head of IT"},
        "topic": {"Topic": "102"},
    }
    scene.upload_each(leads)
    wanted = {
        "any": {*leads},
        "place": {"coast", "german"},
        "nowhere": {*leads} - {"coast"},
        "size": {"inside"},
        "lenient": {*leads} - {"outside"},
        "industry": {"child"},
        "title": {"buyer"},
        "seniority": {"head"},
        "function": {"head"},
        "category": {"topic"},
    }
    assert {name: sorted(found) for name, found in wanted.items()} == {
        name: scene.got(name) for name in wanted
    }
    check = scene.explain("partly", "size")["failing"][0]
    assert ("filter.company_size", "101-500") == (check["code"], check["value"])
    narrow, wide = simulated.publish(
        scene.campaign(
            "narrow",
            places=[{"country": "US"}],
            titles={"allowed": ["cto"]},
            seniorities={"allowed": ["director"]},
            functions={"allowed": ["finance"]},
        ),
        scene.campaign("wide", programme="intent", status="paused"),
    )
    warned = [answer.details["warnings"][0].partition(" for")[0] for answer in (narrow, wide)]
    assert ["narrow", "wide"] == warned
    assert [] == scene.about("any")["warnings"]


@pytest.mark.rule("RTE-03")
def test_strict_refuses_and_preferred_ranks(simulated: Simulated) -> None:
    """Of lists and industries it has to be said which. What is preferred keeps nobody away, and
    decides between campaigns that are otherwise even."""
    scene = Scene(simulated, "ranks")
    without: list[dict[str, Any]] = [
        {"industries": {"allowed": ["41"]}},
        {"suppressed": [{"list": "ranks"}]},
        {"approved": [{"list": "ranks"}]},
    ]
    answers = simulated.publish(*(scene.campaign("unsaid", **changed) for changed in without))
    assert ["invalid"] * 3 == [answer.code for answer in answers]
    assert all("strictness" in answer.text for answer in answers)
    entries = {"id": "ranks", "entries": ["off-ranks.example"]}
    assert simulated.ask("routing.list.put", "ranks", entries).accepted
    for how in ("strict", "preferred"):
        name = {"list": "ranks", "strictness": how}
        scene.put_all(
            {
                f"{how}-bank": {"industries": {"allowed": ["41"], "strictness": how}},
                f"{how}-off": {"suppressed": [name]},
                f"{how}-on": {"approved": [name]},
            }
        )
    scene.upload_each(
        {
            "bank": {"Branch": "Banking", "Site": "on-ranks.example"},
            "farm": {"Branch": "Farming, Ranching, Forestry", "Site": "off-ranks.example"},
        }
    )
    kept = [scene.got(f"strict-{what}") for what in ("bank", "off", "on")]
    assert [["bank"], ["bank"], ["farm"]] == kept
    all_of_them = [scene.got(f"preferred-{what}") for what in ("bank", "off", "on")]
    assert [["bank", "farm"]] * 3 == all_of_them
    sold = {"lead_codes": [scene.code("sold")], "places_strictness": "preferred"}
    scene.put(older=sold | {"places": [{"country": "US"}]})
    scene.put(newer=sold | {"places": [{"country": "DE"}]})
    scene.upload_each(
        {place: {"Land": place, "lead_code": scene.code("sold")} for place in ("US", "DE", "FR")}
    )
    assert (["FR", "US"], ["DE"]) == (scene.got("older"), scene.got("newer"))


@pytest.mark.rule("RTE-04")
def test_an_intent_campaign_starts_when_all_is_confirmed(simulated: Simulated) -> None:
    """Until then it is refused with what is open and whose it is, and gets nothing; where the
    customer can't follow up is not confirmed. A standard campaign starts as it is."""
    scene = Scene(simulated, "intent")
    six = [{"id": str(number)} for number in range(101, 107)]
    draft: dict[str, Any] = {"programme": "intent", "status": "paused", "categories": six}
    (drafted,) = simulated.publish(scene.campaign("c", **draft))
    assert "more than 5 categories" in drafted.details["warnings"]
    draft["categories"] = six[:1]
    draft |= {"places": [{"country": "US"}, {"country": "DE"}], "follow_up": [{"country": "US"}]}
    started = draft | {"status": "active"}
    _, active = simulated.publish(scene.campaign("c", **draft), scene.campaign("c", **started))
    resume = {"campaign": scene.id("c"), "reason": "test"}
    resumed = simulated.ask("routing.campaign.resume", scene.id("c"), resume)
    assert ["checklist_open"] * 2 == [active.code, resumed.code]
    opened = {task["item"]: (task["owner"], task["text"]) for task in active.details["checklist"]}
    assert {
        "titles": ("customer_success", ""),
        "company_size": ("customer_success", ""),
        "places": ("customer_success", "no follow-up in DE"),
        "lists": ("delivery", ""),
        "industries": ("customer_success", ""),
    } == opened
    scene.put(standard={})
    scene.upload("early")
    draft |= {"follow_up": [{"country": "US"}, {"country": "DE"}]}
    draft |= {
        "titles": {"allowed": ["buyer"]},
        "confirmed": ["company_size", "lists", "industries"],
    }
    scene.put(c=draft)
    assert "resumed" == simulated.ask("routing.campaign.resume", scene.id("c"), resume).code
    scene.upload("late", Title="Chief Buyer")
    assert (["late"], ["early", "late"]) == (scene.got("c"), scene.got("standard"))


@pytest.mark.rule("RTE-07")
def test_a_smarter_campaign_wants_answers(simulated: Simulated) -> None:
    """To all questions of the category, and if it says so particular ones; another campaign takes
    leads without. What is no answer at all never comes that far."""
    scene = Scene(simulated, "smarter")
    scene.put(
        any={}, asks={"smarter": {}}, wants={"smarter": {"allowed": {"q_budget": ["over 50K"]}}}
    )
    about = {"Topic": "107"}
    scene.upload_each(
        {
            "rich": about | {"Budget": "over 50k"},
            "poor": about | {"Budget": "under 10k"},
            "silent": about,
            "odd": about | {"Budget": "over 50k", "q_shoe_size": "44"},
            "stray": {"Topic": "101", "Budget": "over 50k"},
        }
    )
    (held,) = simulated.publish(scene.submission("wild", Topic="107", Budget="ask my boss"))
    assert ["odd", "poor", "rich", "silent", "stray"] == scene.got("any")
    assert (["poor", "rich"], ["rich"]) == (scene.got("asks"), scene.got("wants"))
    assert {
        "silent": ["smarter_missing"],
        "odd": ["smarter_unknown_symbol"],
        "stray": ["smarter_question_not_in_category"],
    } == {name: scene.why(name, "asks") for name in ("silent", "odd", "stray")}
    assert ["smarter_answer_not_wanted"] == scene.why("poor", "wants")
    assert "held" == held.details["outcome"]


@pytest.mark.rule("RTE-08")
def test_a_person_comes_to_a_campaign_once(simulated: Simulated) -> None:
    """Whatever the lead and its code, also after the endpoint has refused; another campaign gets
    the person all the same. Leads of one company can be limited, those of no known one are not."""
    scene = Scene(simulated, "once")
    both = {"lead_codes": [scene.code(), scene.code("other")]}
    scene.put(both=both, refusing=both, other={"lead_codes": [scene.code("other")]})
    scene.behave("refusing", "fail", status=422)
    mail = {"Mail": "same@once.example"}
    scene.upload("first", **mail)
    scene.upload("again", **mail, lead_code=scene.code("other"))
    assert (["first"], ["again"]) == (scene.got("both"), scene.got("other"))
    assert ["already_sent"] == scene.why("again", "both") == scene.why("again", "refusing")
    assert [422] == [row["status"] for row in scene.rows("refusing")]
    scene.put(firms={"categories": [{"id": "102"}], "caps": {"per_domain": 1}})
    sites = {"a1": "big.example", "a2": "big.example", "b": "small.example", "n1": "", "n2": ""}
    firms = {
        name: {"Topic": "102", "Site": site, "Mail": f"{name}@{name}-firms.example"}
        for name, site in sites.items()
    }
    scene.upload_each(firms)
    (left,) = {"a1", "a2"} - {*scene.got("firms")}
    assert sorted({*sites} - {left}) == scene.got("firms")
    assert ["domain_cap"] == scene.why(left, "firms")


NEVER_WITH_OTHERS = {"smarter_answer_invalid", "awaiting_send_day"}
"""An invalid answer holds the lead in intake, and one that waits for the send day fails nothing."""
EVERYTHING = [code for code in CHECK_CODES if code not in NEVER_WITH_OTHERS]


@pytest.mark.rule("RTE-09")
def test_all_checks_are_told_in_their_order(simulated: Simulated) -> None:
    """None cuts another short, for any campaign that one asks about; where nothing fails, nothing
    is told. Organic leads are for the campaigns that are open to them, and for no other. The
    policy's suppressed titles hold where a campaign has none of its own, and the rule is named."""
    scene = Scene(simulated, "checks")
    scene.put(worst={"caps": {"total": 1, "per_domain": 1}}, organic={"organic": True})
    person = {"Mail": "io@checks.example", "Site": "firm.checks.example"}
    scene.upload("good", **person)
    assert [] == scene.why("good", "worst")
    for name in ("mine", "others"):
        entries = {"id": f"checks-{name}", "entries": [f"{name}.example"]}
        assert simulated.ask("routing.list.put", f"checks-{name}", entries).accepted
    entries = {"list": "checks-mine", "add": ["firm.checks.example"], "reason": "test"}
    assert simulated.ask("routing.list.edit", "checks-mine", entries).accepted
    strict = {"strictness": "strict"}
    scene.put(
        worst={
            "status": "paused",
            "caps": {"total": 1, "per_domain": 1},
            "places": [{"country": "DE"}],
            "company_size": {"intervals": [{"min": 5}]},
            "company_revenue": {"currency": "EUR", "intervals": [{"min": 5}]},
            "industries": strict | {"allowed": ["41"]},
            "seniorities": {"allowed": ["director"]},
            "functions": {"allowed": ["finance"]},
            "titles": {"allowed": ["chief buyer"]},
            "categories": [{"id": "102"}],
            "open_categories": ["103"],
            "smarter": {"allowed": {"q_budget": ["over 50k"]}},
            "suppressed": [strict | {"list": "checks-mine"}],
            "approved": [strict | {"list": "checks-others"}],
        }
    )
    bad = {"Topic": "108", "Title": "Marketing Intern", "Budget": "under 10k", "q_shoe": "44"}
    scene.upload("bad", lead_code=scene.code("other"), **person, **bad)
    person_id = simulated.get("routing", f"/leads/{scene.leads['bad']}")["person_id"]
    block = {"person_id": person_id, "customer": scene.name, "reason": "test"}
    suspend = {"customer": scene.name, "reason": "unpaid"}
    answers = simulated.publish(
        command("routing.person.block", person_id, block),
        command("routing.account.suspend", scene.name, suspend),
    )
    assert ["blocked", "suspended"] == [answer.code for answer in answers]
    assert EVERYTHING == scene.why("bad", "worst")
    assert simulated.ask("routing.account.restore", scene.name, suspend).accepted
    assert "account_suspended" not in scene.why("bad", "worst")
    web = {
        "reference": "checks-web",
        "converted_at": "2026-03-01T10:00:00Z",
        "categories": ["101"],
        "record": {"email": "web@checks.example", "country": "US"},
    }
    scene.leads["web"] = simulated.ask("intake.lead.convert", "organic:checks-web", web).details[
        "lead"
    ]
    simulated.rest()
    assert ["good", "web"] == scene.got("organic")
    assert "lead_code_other" in scene.why("web", "worst")
    scene.put(own={"suppressed_titles": {"phrases": ["chief"]}}, bare={})
    titles = {"intern": "Marketing-Intern, EMEA", "counsel": "General Counsel", "chief": "Chief"}
    scene.upload_each({name: {"Title": title} for name, title in titles.items()})
    assert (["chief"], ["counsel", "intern"]) == (scene.got("bare"), scene.got("own"))
    failing = {name: scene.explain(name, "bare")["failing"][0] for name in ("intern", "counsel")}
    hits = {name: check["rule"] for name, check in failing.items()}
    assert {"intern": "marketing intern", "counsel": "legal"} == hits
    assert ["good"] == scene.got("worst")


@pytest.mark.rule("RTE-10")
def test_why_a_lead_was_not_sent(simulated: Simulated) -> None:
    """What the lead has and what is wanted, who can mend it and how, on the version of then and
    of now; a wrong order is told from a wrong upload, a wait from a failure. Of a lead its closest
    misses, those of its own lead code first; of a campaign its leads by check."""
    scene = Scene(simulated, "why")
    scene.put(
        north={"places": [{"country": "NO"}]},
        both={"places": [{"country": "NO"}], "titles": {"allowed": ["buyer"]}},
        uploaded={"categories": [{"id": "102"}]},
        ordered={"categories": [{"id": "102"}], "open_categories": ["101", "102"]},
        weekly={"weekly": {"weekday": f"{simulated.now():%A}".lower(), "at": "00:00"}},
        all={},
    )
    scene.upload("a", "b", Land="ES")
    (check,) = scene.explain("a", "north")["failing"]
    assert ("filter.place", "ES", ["NO"]) == (check["code"], check["value"], check["expected"])
    assert ("customer", "change the campaign: its places; or don't send it") == (
        check["who"],
        check["how"],
    )
    wrong = {name: scene.explain("a", name)["failing"][-1] for name in ("uploaded", "ordered")}
    assert {"category_not_as_ordered"} == {failing["code"] for failing in wrong.values()}
    assert ("affiliate", "project_manager") == (wrong["uploaded"]["who"], wrong["ordered"]["who"])
    waiting = scene.explain("a", "weekly")
    assert ("waiting", "awaiting_send_day") == (waiting["state"], waiting["failing"][0]["code"])
    assert waiting["failing"][0]["value"] > simulated.now().isoformat()
    everywhere = scene.explain("a", "all")
    assert (True, []) == (everywhere["sent"], everywhere["failing"])
    scene.put(north={"places": [{"country": "SE"}, {"country": "NO"}]})
    campaign = scene.explain("a", "north")
    assert [(1, ["NO"]), (2, ["NO", "SE"])] == [
        (each["version"], each["failing"][0]["expected"]) for each in (campaign, campaign["now"])
    ]
    scene.put_all({f"a{n:02}": {"lead_codes": [scene.code("other")]} for n in range(20)})
    closest = simulated.get("routing", f"/explain/{scene.leads['a']}")["closest"]
    near = {miss["campaign"]: miss["failing"][0]["code"] for miss in closest}
    assert "filter.place" == near[scene.id("north")]
    assert not {scene.id("both"), scene.id("all"), scene.id("weekly")} & {*near}
    counted = {
        name: simulated.get("routing", f"/campaigns/{scene.id(name)}/unsent")["unsent"]
        for name in ("both", "weekly", "all")
    }
    assert {
        "both": {"filter.place": 2, "filter.title": 2},
        "weekly": {"awaiting_send_day": 2},
        "all": {},
    } == counted


@pytest.mark.rule("RTE-11")
def test_leads_are_shared_or_sold_to_one(simulated: Simulated) -> None:
    """Shared, each campaign that wants a lead gets it. Exclusively, one does: the first by
    priority, then the one furthest behind its amount; when that one can't, the next."""
    scene = Scene(simulated, "sold")
    codes = {"lead_codes": [scene.code(), scene.code("sold")], "open_categories": ["101"]}
    scene.put(
        last=codes | {"priority": 9},
        capped=codes | {"priority": 1, "caps": {"total": 1}},
        second=codes | {"priority": 2},
        abroad=codes | {"priority": 0, "places": [{"country": "NO"}]},
    )
    sold = {"lead_code": scene.code("sold")}
    scene.upload("s1", "s2", **sold)
    (one,), (other,) = scene.got("capped"), scene.got("second")
    assert {"s1", "s2"} == {one, other} and [] == scene.got("last")
    assert ["cap_reached"] == scene.why(other, "capped")
    assert [scene.id("last")] == [
        behind["campaign"]
        for behind in simulated.get("routing", f"/leads/{scene.leads[other]}")["queue"]
    ]
    scene.behave("second", "fail", status=422)
    scene.upload("s3", **sold)
    assert ["s3"] == scene.got("last")
    assert (1, [other]) == (len(scene.rows("second", "s3")), scene.got("second"))
    assert [] == scene.got("abroad")
    scene.behave("second", "ok")
    scene.upload("shared")
    assert ([other, "shared"], ["s3", "shared"]) == (scene.got("second"), scene.got("last"))
    amounts = {"lead_codes": [scene.code("sold")], "open_categories": ["102"]}
    scene.put(
        near=amounts | {"categories": [{"id": "102", "amount": 1}]},
        far=amounts | {"categories": [{"id": "102", "amount": 3}]},
    )
    scene.upload("s4", **sold, Topic="102")
    scene.upload("s5", **sold, Topic="102")
    assert (["s4", "s5"], []) == (scene.got("far"), scene.got("near"))
