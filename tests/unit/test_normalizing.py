"""How dirty values are read: right, or unknown, never guessed."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import get_args

import pytest

from services.intake.leads.fields import BY_NAME, FIELDS, RULED
from services.intake.leads.leads import REASON_CODES
from services.intake.leads.normalizing import normalize
from services.intake.reading.phones import phone
from services.intake.reading.places import country, place
from services.intake.reading.sizes import size
from services.intake.reading.timestamps import instant
from services.intake.reading.titles import classify
from shared.contracts.industries import parents
from shared.contracts.lead_fields import CanonicalField, Company, Place, Size
from shared.emails import email_address
from tests.builders import OWN_FIELDS, affiliate, record


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1,001-5,000", Size(1001, 5000)),
        ("1001 – 5000", Size(1001, 5000)),
        ("1.001-5.000", Size(1001, 5000)),
        ("5001-10,000 employees", Size(5001, 10000)),
        ("10,000+", Size(10000)),
        ("10001 or more", Size(10001)),
        ("51 to 200", Size(51, 200)),
        ("SIZE_51_TO_200", Size(51, 200)),
        ("Self-employed", Size(1, 1)),
        ("250", Size(250, 250)),
        ("500+", Size(500)),
        ("0", None),
        ("", None),
        ("200-51", None),
        ("1-999,999,999", None),
        ("some", None),
    ],
)
def test_size(given: str, expected: Size | None) -> None:
    """A company size is an interval, foreign bands stay what they are, nonsense is unknown."""
    assert size(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("  Dana.Okafor+Tag@Northgrid.EXAMPLE ", "dana.okafor+tag@northgrid.example"),
        ("x@münchen.example", "x@xn--mnchen-3ya.example"),
        ("dana@northgrid", None),
        ("dana..o@northgrid.example", None),
        ("dana@-northgrid.example", None),
        ("dana northgrid.example", None),
        ("a@b@c.example", None),
        ("", None),
        ("=dana@northgrid.example", None),
        ("-dana@northgrid.example", None),
        ("*dana@northgrid.example", None),
        ("`dana@northgrid.example", None),
        ("#dana@northgrid.example", None),
        ("_dana@northgrid.example", "_dana@northgrid.example"),
        ("mailto:dana%2Bweb@northgrid.example", "dana+web@northgrid.example"),
        ("mailto:dana%40northgrid.example", "dana@northgrid.example"),
        ("dana%2Bweb@northgrid.example", None),
        ("dana%northgrid.example@relay.example", None),
        ("northgrid.example!dana@relay.example", None),
        ("dana@northgrid.example <al@northgrid.example>", None),
        ("dana@northgrid.example(<al@northgrid.example>", None),
        ("Dana <dana@northgrid.example>, Al <al@northgrid.example>", None),
        ('"dana@northgrid.example";', "dana@northgrid.example"),
        ("“dana@northgrid.example”", "dana@northgrid.example"),
        ("(<dana@northgrid.example>)", "dana@northgrid.example"),
        ("'dana@northgrid.example'", "dana@northgrid.example"),
        ("E-Mail: dana@northgrid.example.", "dana@northgrid.example"),
        ("dana@northgrid.example (work)", "dana@northgrid.example"),
        ("[dana@northgrid.example](mailto:dana@northgrid.example)", "dana@northgrid.example"),
        ("dana@northgrid.example; DANA@northgrid.example", "dana@northgrid.example"),
        ("dana＠northgrid.example", "dana@northgrid.example"),  # noqa: RUF001
        ("MAILTO: dana@northgrid.example", "dana@northgrid.example"),
        ("'dana'@northgrid.example", None),
        ("o'neil@northgrid.example", "o'neil@northgrid.example"),
        ("dana okafor@northgrid.example", None),
        ("okafor@northgrid.example, dana", None),
        ("dana @northgrid.example", None),
        ("dana@northgrid,example", None),
        ("dana@northgrid.example (al@northgrid.example)", None),
        ("mailto:dana@northgrid.example,al@northgrid.example", None),
        ("DANA_NORTHGRID.EXAMPLE#ext#@tern.example", "dana@northgrid.example"),
        ("dana.o_k_northgrid.example#EXT#@tern.example", "dana.o_k@northgrid.example"),
        ("dana#EXT#@tern.example", None),
        ("dana@northgrid.example.INVALID", None),
        ("dana@northgrid.local", None),
        ("dana@gmail.comm", None),
        ("dana@northgrid.cloud", "dana@northgrid.cloud"),
        ("mail=dana@northgrid.example", "dana@northgrid.example"),
        ("user=dana@northgrid.example", None),
        ("SRS0=a1=bc=northgrid.example=dana@tern.example", None),
        ("dana@northgrid.example (Dana Okafor)", "dana@northgrid.example"),
        ("dana@northgrid.example (dana has left)", None),
        ("dana@northgrid.example (do not email)", None),
        ("u003edana@northgrid.example", None),
        ("u0027123@northgrid.example", "u0027123@northgrid.example"),
        ("test@test.com", None),
        ("no-email@northgrid.example", None),
        ("test@northgrid.example", "test@northgrid.example"),
        ("mail@northgrid.example", "mail@northgrid.example"),
        ("İdana@northgrid.example", None),
        *((sign, None) for sign in ("'", '""', "<>", "mailto:", "()", "@", "E-Mail:")),
    ],
)
def test_email(given: str, expected: str | None) -> None:
    """An email is trimmed and lower case, keeps its plus-tag, or is none."""
    assert email_address(given) == expected


@pytest.mark.parametrize("given", ["USA", "U.S.", "United States", "US", "usa "])
def test_country_has_many_names(given: str) -> None:
    """All the usual ways to write the United States are one country."""
    assert country(given) == "US"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("UK", "GB"),
        ("Deutschland", "DE"),
        ("AND", "AD"),
        ("South Korea", "KR"),
        ("", None),
        ("Narnia", None),
    ],
)
def test_country(given: str, expected: str | None) -> None:
    """Local names and codes are read; blank and invented ones are unknown."""
    assert country(given) == expected


@pytest.mark.parametrize("given", ["Néw Yörk", "NY", "US-NY", "new york"])
def test_subdivision(given: str) -> None:
    """A subdivision is found by name or code, whatever its accents."""
    assert place("USA", given) == Place("US", "US-NY")


@pytest.mark.parametrize(
    ("country_text", "given", "expected"),
    [
        ("US", "Washington County", None),
        ("US", "New York State", "US-NY"),
        ("US", "District of Columbia", "US-DC"),
        ("RU", "Moscow Region", None),
        ("UA", "Kyiv Oblast", None),
        ("RU", "Leningrad Oblast", "RU-LEN"),
        ("KZ", "Almaty Region", None),
        ("IN", "Delhi District", None),
        ("SE", "Stockholm County", "SE-AB"),
        ("RO", "Ilfov County", "RO-IF"),
        ("GB", "County Durham", "GB-DUR"),
        ("IT", "Provincia di Roma", "IT-RM"),
        ("CO", "Antioquia County", "CO-ANT"),
        ("EE", "Harju District", "EE-37"),
        ("PT", "Braga District", "PT-03"),
    ],
)
def test_a_county_is_not_the_state_of_its_name(
    country_text: str, given: str, expected: str | None
) -> None:
    """INT-02: nor is the region around a city that city, whatever both are called."""
    assert expected == place(country_text, given).subdivision


def test_subdivision_of_another_country() -> None:
    """A subdivision that the country does not have is unknown."""
    assert place("DE", "US-NY") == Place("DE")


@pytest.mark.parametrize(
    ("title", "seniority", "function"),
    [
        ("VP, Sales & Marketing", "vp", "sales"),
        ("Head of IT", "director", "information_technology"),
        ("Sr. Mgr InfoSec", "manager", "information_technology"),
        ("Senior Engineer", "senior", "engineering"),
        ("C.T.O.", "cxo", "information_technology"),
        ("Partner", "partner", None),
        ("HR Business Partner", None, "human_resources"),
        ("Product Owner", None, "product_management"),
        ("Product Manager", None, "product_management"),
        ("Assistant to the CEO", "entry", None),
        ("Chief of Staff", None, None),
        ("Zookeeper", None, None),
        ("", None, None),
    ],
)
def test_title(title: str, seniority: str | None, function: str | None) -> None:
    """INT-13: a title is classified, exceptions included, or unknown."""
    read = classify(title)
    assert (seniority, function) == (read.seniority, read.function)


def test_title_names_its_rule() -> None:
    """INT-13: the words that decided are told."""
    assert classify("Sr. Mgr InfoSec").rule == "manager; information security"


@pytest.mark.parametrize(
    ("given", "where", "expected"),
    [
        ("(212) 555-0100", "US", "+12125550100"),
        ("+44 20 7946 0018", None, "+442079460018"),
        ("020 7946 0018", None, None),
        ("0000000000", "US", None),
        ("call me", "US", None),
        ("DNC: 212-555-0100", "US", None),
        ("212-555-0100 (do not call)", "US", None),
        ("opted out 212-555-0100", "US", None),
        ("(O) 212-555-0100", "US", "+12125550100"),
        ("212-555-0100 (c)", "US", "+12125550100"),
        ("001-212-555-0100", "US", "+12125550100"),
        ("0061 412 345 678", "AU", "+61412345678"),
        ("0033142685300", "JP", None),
        ("00 12", "US", None),
        ("49(0)30 901820", "DE", "+4930901820"),
        ("(49) (0)30 901820", "DE", "+4930901820"),
        ("43 (0)1 234567", "AT", "+431234567"),
        ("41 (0)44 668 18 00", "CH", "+41446681800"),
        ("49 030 901820", "DE", None),
        ("4301234567", "AT", None),
        ("0044 020 7946 0018", "GB", "+442079460018"),
        ("44 020 7946 0018", "GB", "+442079460018"),
        ("04903 901820", "DE", "+494903901820"),
        ("01 55 5123 4567", "MX", "+525551234567"),
        ("044 55 5123 4567", "MX", "+525551234567"),
        ("1 55 5123 4567", "MX", "+525551234567"),
        ("01 0743 811923", "AF", None),
        ("044 249 401 6038", "AG", None),
    ],
)
def test_phone(given: str, where: str | None, expected: str | None) -> None:
    """A phone number is E.164; a national one needs the country."""
    assert phone(given, where) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2025-03-03T09:12:45Z", datetime(2025, 3, 3, 9, 12, 45, tzinfo=UTC)),
        ("2025-03-03", datetime(2025, 3, 3, tzinfo=UTC)),
        ("03/04/2025 3:05 PM", datetime(2025, 3, 4, 15, 5, tzinfo=UTC)),
        ("45719.5", datetime(2025, 3, 3, 12, tzinfo=UTC)),
        ("13/04/2025", None),
        ("2025-02-30", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_instant(given: str, expected: datetime | None) -> None:
    """ISO, US dates and Excel serials are instants; what can't be is unknown."""
    assert instant(given, "mdy", UTC) == expected


def test_numeric_date_without_an_order() -> None:
    """A numeric date is unknown while the mapping does not tell the order."""
    assert instant("03/04/2025", None, UTC) is None


@pytest.mark.parametrize("given", ["0101", "101", 101, 101.0, " 101 "])
def test_category(given: object) -> None:
    """A category id may have leading zeros or come as a number."""
    assert normalize(record(Cat=given), affiliate()).category == "101"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"Mail": "nobody"}, ["email_invalid"]),
        ({"Mail": "  "}, ["field_missing"]),
        ({"Code": "INT-AAA-BBB-2"}, ["lead_code_unknown"]),
        ({"Cat": "999"}, ["category_unknown"]),
        ({"Land": "Narnia"}, ["country_unknown"]),
        ({"Mail": "x", "Cat": None}, ["email_invalid", "field_missing"]),
    ],
)
def test_reasons(changes: dict[str, object], expected: list[str]) -> None:
    """INT-03: every reason why a record can't be used is told, not only the first."""
    reasons = normalize(record(**changes), affiliate()).reasons
    assert [reason.code for reason in reasons] == expected


@pytest.mark.parametrize(("given", "code"), [("", "field_missing"), ("12", "field_unreadable")])
def test_mandatory_field(given: str, code: str) -> None:
    """A field that an affiliate must deliver is missing or unreadable."""
    strict = affiliate(mapping={"mandatory": ["phone"]})
    reasons = normalize(record(Tel=given), strict).reasons
    assert [(reason.code, reason.field) for reason in reasons] == [(code, "phone")]


def test_vocabulary() -> None:
    """INT-02: what an affiliate writes is translated by its own vocabulary."""
    translated = affiliate(mapping={"vocabularies": {"country": {"The States": "US"}}})
    assert normalize(record(Land="the  states"), translated).place.country == "US"


def test_reasons_quote_nothing() -> None:
    """No text of a reason holds what the record holds."""
    spoilt = record(Mail="secretword", Cat="secretword", Land="secretword", Code="secretword")
    reasons = normalize(spoilt, affiliate()).reasons
    assert "secretword" not in repr(reasons)


def test_entities_are_what_they_stand_for() -> None:
    """INT-02: forms escape what they are given, and exports once more; what has no semicolon, or
    is none, is text. The affiliate's own words are found however they are escaped."""
    own = affiliate(mapping={"vocabularies": {"industry": {"IT &amp; Telecom": "96"}}})
    written = record(
        Firm="A&amp;amp;B &copy AT&T; R&D;", Last="N&uacute;&#241;ez", Branch="IT & Telecom"
    )
    read = normalize(written, own)
    assert ("A&B &copy AT&T; R&D;", "96") == (read.company.name, read.company.industry)
    assert read.person and "Núñez" == read.person.last_name
    assert "96" == normalize(record(Branch="IT &amp; Telecom"), own).company.industry


def test_an_industry_is_one_of_those_above_it() -> None:
    """RTE-02: campaigns may ask for any of them."""
    read = normalize(record(Branch="Biotechnology"), affiliate())
    assert read.company.industry == read.company.industries[0]
    assert parents(str(read.company.industry)) == read.company.industries[1:] != ()


def test_the_lead_code_of_the_upload_goes_before_the_records() -> None:
    """INT-02: a file may be told to be of one programme."""
    declared = normalize(record(), affiliate(), "INT-OF-THE-FILE")
    assert "INT-OF-THE-FILE" == declared.lead_code


@pytest.mark.parametrize("given", ["+8 10 49 30 1234567", "+8", "+810", "+8 (10) 1"])
def test_a_plus_before_the_way_abroad_is_no_number(given: str) -> None:
    """INT-02: in Russia one dials 8 10 to leave the country."""
    assert phone(given, "RU") is None


@pytest.mark.parametrize("given", ["Austri", "Sloveni", "Estoni", "Keny", "Norwa"])
def test_a_name_that_was_cut_is_no_country(given: str) -> None:
    """INT-02: only Chinese writes what a place is behind its name."""
    assert country(given) is None


def test_what_normalizing_says_of_a_record_is_on_the_list_of_reasons() -> None:
    """INT-03: the list is closed."""
    assert {field.unknown.code for field in RULED if field.unknown} <= {*REASON_CODES}


def test_every_canonical_field_has_its_row() -> None:
    """INT-02: a mapping may name no field that nobody reads."""
    assert [field.name for field in FIELDS] == [*get_args(CanonicalField)]


def test_what_makes_any_lead_unusable_is_told() -> None:
    """INT-03: whatever its affiliate must deliver."""
    needed = {field.name for field in FIELDS if field.is_needed}
    assert {field.name for field in FIELDS if field.unknown} == {field.name for field in RULED}
    assert needed == {"email", "lead_code", "category"} <= {field.name for field in RULED}


def test_each_part_of_a_company_is_read_from_a_field() -> None:
    """INT-02: a new one that nobody reads would be blank for ever."""
    own = affiliate(mapping={"fields": {**OWN_FIELDS, "company_revenue": "Sales"}})
    full = record(Site="northgrid.example; vane.example", Sales="$10M-$50M")
    company = normalize(full, own).company
    assert [] == [part.name for part in fields(Company) if not getattr(company, part.name)]


@pytest.mark.parametrize(
    ("written", "domain", "others"),
    [
        ("northgrid.example", "northgrid.example", ()),
        ("tern.example; vane.example", "tern.example", ("vane.example",)),
        ("tern.example and vane.example", "tern.example", ("vane.example",)),
        ("tern.example\nhttps://vane.example/de", "tern.example", ("vane.example",)),
        ("linkedin.com/company/tern, tern.example", "tern.example", ()),
        ("tern.example (was vane.example)", None, ("tern.example", "vane.example")),
    ],
)
def test_each_website_of_a_company_is_kept(
    written: str, domain: str | None, others: tuple[str, ...]
) -> None:
    """INT-02, RTE-06: the first is the company's domain, the others count for lists and limits."""
    company = normalize(record(Site=written), affiliate()).company
    assert (domain, others) == (company.domain, company.other_domains)


@pytest.mark.parametrize("given", ["No", "FALSE", "0", "declined", "Nein", "0.0"])
def test_a_refusal_is_no_consent(given: str) -> None:
    """INT-02: what is written there stands for what the person agreed to."""
    assert BY_NAME["consent"].reads(given) is None
    assert "c-17" == BY_NAME["consent"].reads("c-17")
    assert "Yes" == BY_NAME["consent"].reads("Yes")
