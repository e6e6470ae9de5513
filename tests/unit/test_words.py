"""How titles and companies are compared: by words, without case, accents and legal forms."""

import pytest

from services.routing.words import company_name, company_terms, entry_term, phrase, phrases


@pytest.mark.parametrize(
    ("wanted", "title", "is_there"),
    [
        ("sales", "VP, Sales/EMEA", True),
        ("sales", "Salesforce Administrator", False),
        ("SALES", "sales", True),
        ("head of", "Head  of—Sales", True),
        ("head of", "Head, Office of the CEO", False),
        ("of head", "Head of IT", False),
        ("R&D", "Director R & D", True),
        ("it", "Digital IT", True),
        ("président", "Vice-President", True),
        ("ﬁnance", "Finance", True),
        ("a b c d", "x a b c d y", True),
        ("straße", "STRASSE", True),
        ("über", "Über", True),
    ],
)
def test_a_phrase_is_words_in_their_order(wanted: str, title: str, is_there: bool) -> None:
    """RTE-02, RTE-09: suppressed and wanted titles are normalized tokens, never parts of words."""
    assert (phrase(wanted) in phrases(title)) == is_there


def test_a_title_without_words_has_no_phrases() -> None:
    assert phrases(" -- !! __ ") == frozenset()


@pytest.mark.parametrize(
    "name",
    [
        "Northgrid",
        "NORTHGRID Ltd",
        "Northgrid, Inc.",
        "northgrid gmbh",
        "Northgrid GmbH & Co. KG",
        "Northgrid S.p.A.",
        "Northgrid Co., Ltd.",
        "Northgrid A/S",
        "  Nörthgrid   Pty Ltd ",
    ],
)
def test_how_it_is_incorporated_says_nothing_of_a_company(name: str) -> None:
    """RTE-06: legal suffixes match, with and without dots, several of them too."""
    assert company_name(name) == "northgrid"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ltd", "ltd"),
        ("Limited Brands", "limited brands"),
        ("Northgrid Germany GmbH", "northgrid germany"),
        ("Data/Storage Inc", "data storage"),
        ("Marks & Spencer plc", "marks and spencer"),
        ("!!", ""),
    ],
)
def test_what_is_left_of_a_name(name: str, expected: str) -> None:
    """RTE-06: only the end counts, and something always stays."""
    assert company_name(name) == expected


@pytest.mark.parametrize(
    ("entry", "term"),
    [
        ("Northgrid.Example", "domain:northgrid.example"),
        ("www.northgrid.example.", "domain:northgrid.example"),
        (" northgrid.example ", "domain:northgrid.example"),
        ("münchen.example", "domain:xn--mnchen-3ya.example"),
        ("Northgrid", "name:northgrid"),
        ("Northgrid Inc.", "name:northgrid"),
        ("St. Mary Hospital", "name:st mary hospital"),
        ("https://northgrid.example/contact", None),
        ("dana@northgrid.example", None),
        ("192.168.1.1", None),
        ("-bad.example", None),
        ("a..b", None),
        (f"{'x' * 64}.example", None),
        ("...", None),
        ("   ", None),
        ("!!", None),
    ],
)
def test_an_entry_is_a_domain_a_name_or_nothing(entry: str, term: str | None) -> None:
    """RTE-06: a domain has a dot and no blank; what is neither is told, not guessed."""
    assert entry_term(entry) == term


@pytest.mark.parametrize(
    ("entry", "is_hit"),
    [
        ("northgrid.example", True),
        ("it.northgrid.example", True),
        ("eu.it.northgrid.example", False),
        ("grid.example", False),
        ("northgrid", True),
        ("Northgrid GmbH", True),
        ("north", False),
    ],
)
def test_a_company_is_hit_by_its_domain_those_above_it_and_its_name(
    entry: str, is_hit: bool
) -> None:
    """RTE-06: subdomains match, parts of names do not."""
    terms = company_terms("it.northgrid.example", "Northgrid Ltd.")
    assert (entry_term(entry) in terms) == is_hit


def test_nothing_is_known_of_a_company_without_domain_and_name() -> None:
    """RTE-06: nor does a top-level domain stand for one."""
    assert company_terms(None, None) == frozenset()
    assert "domain:example" not in company_terms("northgrid.example", "!!")
