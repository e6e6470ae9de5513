"""Files of companies: which column is the name and which the domain, and what is told."""

import io

import openpyxl
import pytest

from cli import list_files
from cli.list_files import BadLine, Line
from cli.list_headers import columns_of
from cli.output import WRONG_USAGE, CliError
from cli.workbook import NO_VALUE
from shared.companies.domains import NO_HOST, PUBLIC_SUFFIX
from shared.companies.terms import entry
from shared.contracts.lists import LIST_ENTRIES_MAX


def entries(content: str, name: str = "a.csv") -> list[str]:
    return [line.entry for line in list_files.read(name, content.encode())]


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.case("lead-files", "16a", kind="K16")
def test_ids_are_no_companies() -> None:
    """RTE-06: of a customer's export of accounts, the names and websites."""
    export = (
        '"Account ID","Account Name","Website"\n'
        '"001AB00000KEST1","Kestrelworks Ltd","https://www.kestrelworks.example/"\n'
        '"001AB00000LARK2","Larkspur","larkspur.example"\n'
    )
    assert [
        *("Kestrelworks Ltd", "kestrelworks.example"),
        *("Larkspur", "larkspur.example"),
    ] == entries(export)


@pytest.mark.parametrize(
    ("header", "names", "domains"),
    [
        ("Company;Domain", [0], [1]),
        ("Account ID;Account Name;Website", [1], [2]),
        ("Account: Account Name;Account: Website", [0], [1]),
        ("Name;Company", [1], []),
        ("Name;URL", [0], [1]),
        ("first_name;last_name;company_name;company_url", [2], [3]),
        ("CompanyName;CompanyDomain", [0], [1]),
        ("ＣＯＭＰＡＮＹ;Web Site", [0], [1]),
        ("Legal Name;DBA", [0, 1], []),
        ("Company;Also Known As;Former Name;Domain", [0, 1, 2], [3]),
        ("Name;Alias;Domain", [0, 1], [2]),
        ("Company;Owner Alias", [0], []),
        ("Suppressed Companies", [0], []),
        ("Exclude Domains", [], [0]),
        ("Company / Account;Email", [0], []),
        ("Firma;Webseite", [0], [1]),
        ("Unternehmen;Straße;Internetadresse", [0], [2]),
        ("Raison sociale;Site internet", [0], [1]),
        ("Nom de l'entreprise;Domaine", [0], [1]),
        ("Razón social;Página web", [0], [1]),
        ("Ragione Sociale;Sito web", [0], [1]),
        ("Nazwa firmy;Strona WWW", [0], [1]),
        ("Název společnosti;Doména", [0], [1]),
        ("Şirket Adı;Web sitesi", [0], [1]),
        ("Företagsnamn;Webbplats", [0], [1]),
        ("Название компании;Сайт", [0], [1]),
        ("会社名;ホームページ", [0], [1]),
        ("公司名称;网址", [0], [1]),
        ("회사명;홈페이지", [0], [1]),
        ("Επωνυμία;Ιστοσελίδα", [0], [1]),
        ("companyname;companywebsite;companyemaildomain;stocksymbol", [0], [1, 2]),
        ("Company;Domain 1;Domain 2;Other websites", [0], [1, 2, 3]),
        ("1. Company;2. Website", [0], [1]),
        ("Company name (legal);Web site (URL)", [0], [1]),
        ("Company_Name__c;Website__c", [0], [1]),
        ("Organization Name;Organization Domain;Org 2", [0], [1]),
        ("Company;Company LinkedIn URL;Partner URL", [0], []),
        ("Name;Title;Email", [], []),
        ("Name;Email;Website", [0], [2]),
        ("Id;Owner;Email;Phone", [], []),
        ("northgrid.example;Northgrid", [], []),
        (";;", [], []),
    ],
)
def test_a_header_says_which_column_is_what(
    header: str, names: list[int], domains: list[int]
) -> None:
    """RTE-06: in several languages, whatever its case, accents and marks; a person's name is none
    where a company's is there."""
    assert (names, domains) == columns_of(header.split(";"))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("Account ID,Owner\n1,Dana\n2,Mo\n", "'Account ID', 'Owner'"),
        ("northgrid.example,Northgrid\nhelvion.example,Helvion\n", "'northgrid.example'"),
        ("Smith, Jones & Co\nNorthgrid\n", "'Smith'"),
        ("Account ID\n001AB00000KEST1\n", "'Account ID'"),
        ("Email\njo@northgrid.example\n", "'Email'"),
    ],
)
def test_a_header_that_nobody_understands_is_refused(content: str, found: str) -> None:
    """RTE-06: with what was found, and what to write; a list of ids would keep nobody out."""
    with pytest.raises(CliError, match=r"a\.csv: .*Company") as error:
        entries(content)
    assert (WRONG_USAGE, True) == (error.value.exit_code, found in error.value.text)


@pytest.mark.parametrize(
    "content",
    [
        "northgrid.example\nHelvion Ltd\n",
        "# rivals\nnorthgrid.example\nHelvion Ltd\n",
        "\n\nnorthgrid.example;\nHelvion Ltd;\n",
        "\ufeffnorthgrid.example\r\n\r\nHelvion Ltd\r\n",
        'sep=;\n"northgrid.example"\nHelvion Ltd\n',
    ],
)
def test_one_column_needs_no_header(content: str) -> None:
    """RTE-06."""
    assert ["northgrid.example", "Helvion Ltd"] == entries(content)


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Approved?", "No"),
        ("Suppress", "FALSE"),
        ("Status", "Removed"),
        ("Active__c", "0"),
        ("Gesperrt", "nein"),
    ],
)
def test_a_row_that_is_not_meant_refuses_its_file(header: str, cell: str) -> None:
    """RTE-06: a company that is not approved would get on the list of those that are."""
    with pytest.raises(CliError) as error:
        entries(f"Company;{header}\nLarkspur;\nTern;yes\nVane;{cell}\n")
    assert f"line 4 says {cell!r} in the column {header!r}" in error.value.text


def test_a_column_that_only_says_yes_is_none() -> None:
    """Nor is one that says other things, or is called otherwise."""
    rows = "Company;Approved;Status;Public\nLarkspur;yes;Customer;No\nTern;;;no\n"
    assert ["Larkspur", "Tern"] == entries(rows)


@pytest.mark.parametrize("form", ["{}. {}", "{}) {}"])
def test_names_that_are_counted_in_a_table(form: str) -> None:
    """As in a text; 1. FC Larkspur alone keeps its number."""
    names = ["Larkspur", "Tern", "Vane"]
    cells = [form.format(at, name) for at, name in enumerate(names, start=1)]
    assert names == entries("Company;Country\n" + "".join(f"{cell};DE\n" for cell in cells))
    assert ["1. FC Larkspur", "Tern"] == entries("Company\n1. FC Larkspur\nTern\n")
    assert ["tern.example"] == entries("Domain;Company\ntern.example\n")


def test_a_mark_of_text_is_no_part_of_a_company() -> None:
    """RTE-06: programs write names as formulas, which a spreadsheet shows as the name."""
    assert ["Larkspur", "tern.example"] == entries(
        'Company;Domain\n"=""Larkspur""";="tern.example"\n'
    )


def test_a_header_is_no_company() -> None:
    """In the first line of a table; elsewhere somebody may be called so."""
    assert [Line(2, "Acme"), Line(3, "Domain")] == list_files.read(
        "a.csv", b"Company\nAcme\nDomain\n"
    )
    assert [Line(1, "Domain")] == list_files.read("a.txt", b"Domain\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_has_lines_and_bad_lines(delimiter: str) -> None:
    """Blank cells are left out, and each bad cell is told by its line."""
    rows = [
        ["Rivals of Northgrid", "", ""],
        ["Company", "Country", "Website"],
        ["Smith; Jones, Brown | Co", "US", "http://smith.example/about"],
        ["# left out", "US", "x.example"],
        ["Helvion", "", "n/a"],
        ["", "GB", "co.uk"],
        ["Booking.example", "", "no website"],
        ["", "", ""],
        ["Last", "", ""],
    ]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert [
        *(Line(3, "Smith; Jones, Brown | Co"), Line(3, "smith.example"), Line(5, "Helvion")),
        *(BadLine(6, "co.uk", PUBLIC_SUFFIX), Line(7, "name:Booking.example")),
        *(Line(7, "booking.example"), BadLine(7, "no website", NO_HOST), Line(9, "Last")),
    ] == list_files.read("A.CSV", text.encode())
    assert "name:bookingexample" == entry("name:Booking.example").term


@pytest.mark.parametrize(
    ("cell", "domains"),
    [
        ("a.example, b.example; c.example", ["a.example", "b.example", "c.example"]),
        ("https://a.example/de, https://www.b.example", ["a.example", "b.example"]),
        ("a.example / b.example", ["a.example", "b.example"]),
        ("https://linkedin.com/company/a, a.example", ["a.example"]),
        ("gmail.com a.example", ["a.example"]),
        ("https://a.example/about us,b.html", ["a.example"]),
        ("a.example?from=b.example", ["a.example"]),
        ("a.example, www.a.example", ["a.example"]),
    ],
)
def test_all_domains_of_a_company_are_entries(cell: str, domains: list[str]) -> None:
    """RTE-06: of a cell with several; a page or a mail provider beside them is nobody's."""
    assert domains == entries(f'Domain\n"{cell}"\n')


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("https://a.example", ["https://a.example"]),
        ("www.a.example/de", ["www.a.example/de"]),
        ("Booking.example", ["name:Booking.example", "booking.example"]),
        ("E.ON", ["name:E.ON"]),
        ("web.de", ["name:web.de"]),
        ("a.example (A)", ["a.example (A)"]),
    ],
)
def test_a_domain_in_the_column_of_names_keeps_its_company_out(
    cell: str, expected: list[str]
) -> None:
    """RTE-06: an address is nobody's name, and a name that is a domain counts as both."""
    assert expected == entries(f"Company\n{cell}\n")


def test_a_row_that_is_too_long_is_shifted() -> None:
    """RTE-06: a comma in a name without quotes moves what is behind it."""
    found = list_files.read("a.csv", b"Domain,Company\nsmith.example,Smith, Jones\nx.example,X\n")
    assert [2, 3, 3] == [line.number for line in found]
    assert BadLine(2, "", "3 cells, the header has 2") == found[0]


def test_a_workbook_is_read() -> None:
    """RTE-06: its active sheet, like a table of text."""
    content = workbook(
        ["Account ID", "Account Name", "Website", "Employees"],
        ["001", "Kestrelworks", "kestrelworks.example", 12],
        ["002", "Larkspur", None, 7.5],
    )
    assert [
        *(Line(2, "Kestrelworks"), Line(2, "kestrelworks.example"), Line(3, "Larkspur"))
    ] == list_files.read("a.xlsx", content)
    assert ["a.example"] == [
        line.entry for line in list_files.read("list", workbook(["a.example"]))
    ]


@pytest.mark.parametrize("header", [["Company", "Domain"], ["Domain"]])
def test_a_cell_without_its_value_is_told(header: list[object]) -> None:
    """RTE-06: a company whose domain is a formula, or struck out, is not silently free."""
    content = workbook(header, [*[None][: len(header) - 1], '=HYPERLINK("https://tern.example")'])
    [bad] = list_files.read("a.xlsx", content)
    assert isinstance(bad, BadLine) and (2, NO_VALUE.text) == (bad.number, bad.why)


def test_one_entry_a_line() -> None:
    """Blank lines and comments are none, and a comma is part of a name."""
    content = b"\xef\xbb\xbfacme.example\r\n\r\n  # rivals\r\n Smith, Jones & Co \r\n#x\r\nlast"
    assert [
        Line(1, "acme.example"),
        Line(4, "Smith, Jones & Co"),
        Line(6, "last"),
    ] == list_files.read("a.txt", content)


def test_lines_that_are_numbered() -> None:
    """RTE-06: one by one from the first; a name may begin with a number."""
    numbered = ["1. Tern", "", "2) vane.example", "# rivals", "3.  1. FC Larkspur"]
    assert [Line(1, "Tern"), Line(3, "vane.example"), Line(5, "1. FC Larkspur")] == list_files.read(
        "a.txt", "\n".join(numbered).encode()
    )
    for lines in (
        ["1. FC Tern", "1. FC Vane", "1. FC Larkspur"],
        ["1. A", "2. B"],
        ["1. A", "B", "3. C"],
    ):
        found = list_files.read("a.txt", "\n".join(lines).encode())
        assert lines == [line.entry for line in found]


def test_a_quote_that_is_not_closed_costs_its_own_line() -> None:
    """INT-12: never those behind it."""
    content = b'Domain,Size\none.example,1\n"two.example,2\nthree.example,3\n'
    found = list_files.read("a.csv", content)
    assert [2, 3, 4] == [line.number for line in found]
    assert isinstance(found[1], BadLine) and "a quote is not closed" in found[1].why


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("bro\udcffken.example".encode(errors="surrogateescape"), "not UTF-8 text"),
        (b"d" * 254, "longer than 253 characters"),
    ],
)
def test_a_line_that_is_no_entry_costs_itself_only(line: bytes, why: str) -> None:
    content = b"\n".join([b"ok.example", "Zoë".encode(), line, b"last.example"])
    first, second, bad, last = list_files.read("a.txt", content)
    assert (Line(1, "ok.example"), Line(2, "Zoë"), Line(4, "last.example")) == (first, second, last)
    assert isinstance(bad, BadLine)
    assert (3, why) == (bad.number, bad.why)


@pytest.mark.parametrize(
    ("content", "kind"), [(b"PK\x03\x04rest", "broken"), (b"%PDF-1.4", "a PDF")]
)
def test_a_foreign_file_is_told_as_what_it_is(content: bytes, kind: str) -> None:
    with pytest.raises(CliError, match=kind) as error:
        list_files.read("a.txt", content)
    assert WRONG_USAGE == error.value.exit_code


@pytest.mark.parametrize("count", [0, LIST_ENTRIES_MAX + 1])
def test_a_list_of_no_or_too_many_entries_is_refused(count: int) -> None:
    """An empty file would let everybody through whom the list keeps out."""
    with pytest.raises(CliError) as error:
        list_files.check_number("a.txt", count)
    assert WRONG_USAGE == error.value.exit_code
