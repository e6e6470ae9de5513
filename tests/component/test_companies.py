"""Who must not get a lead, through the topics: lists and limits by what a company is (RTE-06)."""

import pytest

from services.routing.orders.lists import CompanyList
from shared.loop.working_set import ref_by_name
from tests.component.leads import Platform, person

STRICT = {"strictness": "strict"}
SUPPRESSING = {"suppressed": [{"list": "bad", **STRICT}]}
NOBODYS = {"Mail": "jo@co.uk", "Site": ""}
"""Neither website nor email tell a company."""


def case(id: str, kind: str) -> pytest.MarkDecorator:  # noqa: A002
    return pytest.mark.case("lead-files", id, kind=kind)


@pytest.mark.parametrize(
    ("entry", "lead", "is_suppressed"),
    [
        pytest.param(
            "Kestrelworks", {"Firm": "Kestrel\u00adworks"}, True, marks=case("13b", "K12")
        ),
        pytest.param(
            "Larkspur Pvt Ltd",
            {"Firm": "Larkspur Private Limited"},
            True,
            marks=case("17a", "K13"),
        ),
        *(
            pytest.param(
                "Tallow Works", {"Firm": f"Tallow Works {form}"}, True, marks=case("17b", "K13")
            )
            for form in (
                *("Sp. z o.o.", "AB (publ)", "Ltda.", "Aktiengesellschaft"),
                "GmbH & Co. KGaA",
            )
        ),
        pytest.param(
            "Orsted Energi", {"Firm": "Ørsted Energi A/S"}, True, marks=case("17h", "K14")
        ),
        pytest.param("Lodz Foods", {"Firm": "Łódź Foods S.A."}, True, marks=case("17i", "K14")),
        pytest.param("Desert", {"Firm": "Desert Spa"}, False, marks=case("17k", "K15")),
        ("Desert", {"Firm": "Desert Spa", "Land": "Italy"}, True),
        ("???", {"Firm": "日本"}, False),
        pytest.param(
            "suppressedco.example",
            {"Mail": "jo20a@suppressedco.example"},
            True,
            marks=case("20a", "K18"),
        ),
        *(
            pytest.param("suppressedco.example", {"Site": site}, True, marks=case(id, "K19"))
            for id, site in (  # noqa: A001
                ("20b", "https://suppressedco.example#top"),
                ("20c", "suppressedco.example:443"),
                ("20c", "suppressedco.example."),
            )
        ),
        ("https://www.suppressedco.example/de", {"Site": "it.suppressedco.example"}, True),
        ("it.suppressedco.example", {"Site": "suppressedco.example"}, True),
        ("suppressedco.example", {"Site": "suppressedco.example.com"}, False),
        ("suppressedco.example", {"Site": "tern.example; suppressedco.example"}, True),
        ("suppressedco.example", {"Site": "tern.example (was suppressedco.example)"}, True),
    ],
)
async def test_who_is_on_a_list_gets_no_lead(
    platform: Platform, entry: str, lead: dict[str, str], is_suppressed: bool
) -> None:
    """RTE-06: whatever each side calls the company."""
    listed = await platform.company_list("bad", entry, "other.example")
    if not listed["accepted"]:
        await platform.company_list("bad", "other.example")
    await platform.campaign(**SUPPRESSING)
    await platform.submit("R-1", record=person(1) | NOBODYS | lead)
    assert ["R-1"] * (not is_suppressed) == platform.got()
    assert is_suppressed == (not platform.states())


@pytest.mark.case("lead-files", "53d", kind="K18")
@pytest.mark.case("lead-files", "53a", kind="K20")
@pytest.mark.parametrize(
    ("leads", "sent"),
    [
        ([{"Site": "", "Mail": f"p{n}@capco.example"} for n in (1, 2)], 1),
        ([{"Site": site} for site in ("eu.capco.example", "us.capco.example", "capco.example")], 1),
        ([{"Site": "capco.example"}, {"Site": "", "Mail": "p2@eu.capco.example"}], 1),
        ([{"Site": "tern.example, capco.example"}, {"Site": "capco.example"}], 1),
        ([{"Site": f"{name}.github.io"} for name in ("one", "other")], 2),
        ([{"Site": f"{name}.co.uk"} for name in ("one", "other")], 2),
        ([{"Site": f"linkedin.com/company/{name}"} for name in ("one", "other")], 2),
        ([NOBODYS, NOBODYS | {"Mail": "al@co.uk"}], 2),
    ],
)
async def test_a_limit_per_company_counts_companies(
    platform: Platform, leads: list[dict[str, str]], sent: int
) -> None:
    """RTE-08, RTE-06: by registrable domain, of the website and of a business email."""
    await platform.campaign(caps={"per_domain": 1})
    for number, lead in enumerate(leads, start=1):
        await platform.submit(f"R-{number}", record=person(number) | lead)
    assert sent == len(platform.got())
    if sent < len(leads):
        assert ["domain_cap"] == platform.against(f"R-{len(leads)}")


@pytest.mark.case("lead-files", "19a", kind="K17")
async def test_what_is_nobodys_is_refused_with_its_place(platform: Platform) -> None:
    """RTE-06: and the list stays as it was."""
    entries = ("northgrid.example", "co.uk", "com.au", "jo@northgrid.example")
    answer = await platform.company_list("bad", *entries)
    assert "entries_invalid" == answer["code"]
    assert [1, 2, 3] == answer["details"]["places"]
    assert ["a public suffix" in why for why in answer["details"]["whys"]] == [
        True,
        True,
        False,
    ]
    lists = [row["_id"] for row in platform.stored("lists", "routing")]
    assert ref_by_name(CompanyList, "main", "bad").id not in lists


async def test_an_entry_that_leaves_frees_the_company_of_an_email(platform: Platform) -> None:
    """RTE-06, RTE-14: it is found by whatever its company is known by."""
    await platform.company_list("bad", "capco.example", "Desert S.p.A.")
    await platform.campaign(**SUPPRESSING)
    mail = {"Site": "other.example", "Mail": "p1@eu.capco.example"}
    await platform.submit("R-1", record=person(1) | mail)
    await platform.submit("R-2", record=person(2, Firm="Desert Spa") | {"Site": ""})
    assert [] == platform.got()
    await platform.edit("bad", remove=["www.capco.example"])
    assert ["R-1"] == platform.got()
    await platform.edit("bad", remove=["Desert S.p.A."])
    assert ["R-1", "R-2"] == platform.got()
