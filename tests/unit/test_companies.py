"""What a company's name and domain are, and what of it stands in lists."""

import sys
import unicodedata

import pytest

from shared.companies import legal_forms, names, terms
from shared.companies.domains import (
    MAIL_PROVIDER,
    NO_HOST,
    PAGE,
    PROVIDER,
    PUBLIC_SUFFIX,
    domains_of,
    mail_providers,
    of_mailbox,
    other_domains,
    platforms,
    registrable,
    website,
)
from shared.companies.names import company_name, company_names
from shared.companies.nobody import ID, MAILBOX, NEITHER, PATTERN
from shared.companies.terms import entry, terms_of_entry, terms_of_lead
from shared.companies.tokens import tokens
from shared.folding import letters, visible, words

SOME_PROVIDER = "".join(["gma", "il.com"])


def case(id: str, kind: str) -> pytest.MarkDecorator:  # noqa: A002
    return pytest.mark.case("lead-files", id, kind=kind)


def is_on(written: str, name: str, country: str | None = None) -> bool:
    """Whether a list with this entry holds the lead's company."""
    kept = entry(written).term
    assert kept is not None
    return not terms_of_lead(name, (), None, country).isdisjoint(terms_of_entry(kept))


@pytest.mark.parametrize(
    ("written", "same"),
    [
        pytest.param("Kestrel\u00adworks", "Kestrelworks", marks=case("13b", "K12")),
        ("\ufeffKestrelworks\u200b", "Kestrelworks"),
        ("Kes\u200dtrel\u2060works", "KESTRELWORKS"),
        ("\u202aKestrelworks\u202c", "kestrelworks"),
        ("Kestrel\ufe0fworks", "Ｋｅｓｔｒｅｌｗｏｒｋｓ"),
        ("Kestrel\u00a0Works", "Kestrel Works"),
        ("Kestrel\u2003Works", "Kestrel  Works"),
        pytest.param("Orsted Energi", "Ørsted Energi A/S", marks=case("17h", "K14")),
        pytest.param("Lodz Foods", "Łódź Foods S.A.", marks=case("17i", "K14")),
        ("Duro", "ĐURO"),
        ("Aether OEuvre", "Æther Œuvre"),
        ("Istanbul Isik", "İSTANBUL ışık"),
        ("Strasse", "Straße"),
        ("STRASSE", "STRAẞE"),
        ("Thor Edda", "Þór Edda"),
        ("Thor Odinn", "Þór Óðinn"),
        ("Habtun", "Ħaƀŧŭŋ"),
        ("Azerneft", "Azərneft"),
        ("ΑΘΗΝΑ", "Αθήνα"),
        ("Ёлка", "елка"),
        ("ﬁnch", "Finch"),
        ("Levi's Works", "Levi’s works"),
        ("Marks and Spencer", "Marks & Spencer"),
        ("Müller & Söhne", "Müller und Söhne"),
    ],
)
def test_one_folding_of_letters(written: str, same: str) -> None:
    """RTE-06: neither case, accents, signs that nobody sees nor the form of a letter count."""
    assert is_on(written, same)
    assert is_on(same, written)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("日本", "中国"),
        ("パナ", "ハナ"),
        ("Ромашка", "Рома"),
        ("Лайн", "Лаин"),
        ("हिन्दी", "हिन्द"),
        ("한국", "한글"),
        ("ไทย", "ไท"),
        ("Kestrel Works", "Kestrelworks"),
        ("Desert", "Dessert"),
    ],
)
def test_other_letters_are_another_company(one: str, other: str) -> None:
    """RTE-06: letters of every script stay what they are."""
    assert not is_on(one, other)
    assert not is_on(other, one)


@pytest.mark.parametrize(
    "text", ["", "  ", "???", "!!", "-- .", "\u200b\ufeff", "\u0301", "🙂", "\x00"]
)
def test_an_empty_name_matches_nothing(text: str) -> None:
    """RTE-06: neither as an entry nor of a lead."""
    assert (None, frozenset()) == (entry(text).term, terms_of_lead(text, (), None))


def test_no_format_character_is_seen() -> None:
    """RTE-06: of all that Unicode knows."""
    signs = map(chr, range(sys.maxunicode + 1))
    assert [] == [
        hex(ord(sign)) for sign in signs if unicodedata.category(sign) == "Cf" and visible(sign)
    ]


def test_folding_twice_changes_nothing_more() -> None:
    """RTE-06: of every single letter; texts are tried at random elsewhere."""
    blocks = (range(0x3100), range(0xA640, 0xAC00), range(0xF900, 0x10000))
    signs = [chr(code) for block in blocks for code in block]
    folded = [letters.__wrapped__(sign) for sign in signs]
    assert folded == [letters.__wrapped__(sign) for sign in folded]
    latin = [sign for sign in map(chr, range(0xC0, 0x180)) if sign.isalpha()]
    assert [] == [sign for sign in latin if not "".join(words(sign)).isascii() and sign != "ŉ"]


FORMS = [
    *("Pvt Ltd", "Private Limited", "(P) Ltd", "Pvt. Ltd.", "(Pvt) Ltd", "Pty Ltd", "(Pty) Ltd"),
    *("Sp. z o.o.", "Sp. z o. o.", "Sp.z o.o.", "SP. Z O.O.", "spółka z o.o.", "sp. k.", "S.K.A."),
    *("AB", "AB (publ)", "Aktiebolag", "HB", "A/S", "ApS", "Aktieselskab", "AS", "ASA", "I/S"),
    *("Oy", "Oyj", "Oy Ab", "Ltda.", "Ltda", "S.A.", "S/A", "EIRELI", "S.A. de C.V."),
    *("S. A. de C. V.", "SA de CV", "S. de R.L. de C.V.", "S.A.P.I. de C.V.", "S.A.B. de C.V."),
    *("Aktiengesellschaft", "GmbH & Co. KGaA", "GmbH & Co. KG", "GmbH&Co.KG", "gGmbH", "mbH"),
    *("G.m.b.H.", "Ges.m.b.H.", "UG (haftungsbeschränkt)", "KG", "OHG", "GbR", "SE", "e.K."),
    *(
        "SE & Co. KGaA",
        "GmbH und Co. KG",
        "PartG mbB",
        "GmbH i.L.",
        "d.o.o.",
        "d. o. o.",
        "j.d.o.o.",
    ),
    *(
        "d.d.",
        "a.d.",
        "s.r.o.",
        "s. r. o.",
        "spol. s r.o.",
        "a.s.",
        "v.o.s.",
        "Kft.",
        "Zrt.",
        "Nyrt.",
    ),
    *("S.r.l.", "Srl", "S.R.L.S.", "S.a.s.", "S.n.c.", "Società per Azioni", "SARL", "S.à r.l."),
    *("SASU", "EURL", "Société Anonyme", "SNC", "SCI", "B.V.", "BV", "N.V.", "V.O.F.", "BVBA"),
    *(
        "Comm.V",
        "S.L.",
        "S.L.U.",
        "Sociedad Limitada",
        "S.A.U.",
        "Lda.",
        "Unipessoal Lda",
        "SGPS S.A.",
    ),
    *(
        "UAB",
        "SIA",
        "OÜ",
        "EOOD",
        "ЕООД",
        "A.Ş.",
        "Ltd. Şti.",
        "San. ve Tic. A.Ş.",
        "LLC",
        "L.L.C.",
    ),
    *("Inc.", "Incorporated", "Corp.", "Corporation", "Co., Ltd.", "Co.,Ltd.", "Company Limited"),
    *("LP", "LLP", "PLLC", "PLC", "p.l.c.", "Public Limited Company", "CIC", "DAC", "& Co.", "ULC"),
    *(
        "Sdn Bhd",
        "Sdn. Bhd.",
        "Berhad",
        "Pte. Ltd.",
        "Pte Ltd",
        "PCL",
        "K.K.",
        "G.K.",
        "Kabushiki Kaisha",
    ),
    *(
        "FZE",
        "FZ-LLC",
        "W.L.L.",
        "PJSC",
        "JSC",
        "S.A.E.",
        "S.A.O.C.",
        "Ltée",
        "ООО",
        "ТОВ",
        "ПАО",
        "Α.Ε.",
    ),
    *(
        "S.A.S.",
        "S.A.C.",
        "E.I.R.L.",
        "C.A.",
        "ehf.",
        "hf.",
        'בע"מ',
        "ХХК",
        "MMC",
        "(Edms) Bpk",
        "NPC",
    ),
    *("in liquidation", "株式会社", "有限公司", "주식회사", "จำกัด"),
]


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, marks=case("17a", "K13"))
        if form in ("Pvt Ltd", "Private Limited")
        else pytest.param(form, marks=case("17b", "K13"))
        if form in ("Sp. z o.o.", "AB (publ)", "Ltda.", "Aktiengesellschaft", "GmbH & Co. KGaA")
        else form
        for form in FORMS
    ],
)
def test_how_it_is_incorporated_says_nothing_of_a_company(form: str) -> None:
    """RTE-06: neither in the list nor in the lead, in several words, with and without dots."""
    assert is_on("Tallow Works", f"Tallow Works {form}")
    assert is_on(f"Tallow Works {form}", "Tallow Works Ltd")
    assert is_on(f"Tallow Works {form}", f"TALLOW WORKS {form}")


@pytest.mark.parametrize(
    "name",
    [
        *("شركة Tallow", "شركة Tallow ذ.م.م", "חברת Tallow"),
        *("ООО Тэллоу", "ПАО «Тэллоу»", "ТОВ Тэллоу", "Тэллоу ООО"),
        *("株式会社Tallow", "Tallow株式会社", "(株)Tallow", "㈱Tallow", "Tallow㈱"),
        *("UAB Tallow", "SIA Tallow", "OOO Tallow", "주식회사 Tallow", "บริษัท Tallow จำกัด (มหาชน)"),
        "Công ty TNHH Tallow",
    ],
)
def test_in_some_countries_the_form_stands_in_front(name: str) -> None:
    """RTE-06."""
    assert is_on("Tallow", name) or is_on("Тэллоу", name)
    assert is_on(name, "Tallow") or is_on(name, "Тэллоу")


@pytest.mark.parametrize(
    "name",
    [
        *("PT Astra Nova", "PT. Astra Nova", "P.T. Astra Nova", "PT.Astra Nova", "pt astra nova"),
        *("PT ASTRA NOVA TBK", "PT. Astra Nova Tbk", "Astra Nova, PT", "Astra Nova Tbk, PT."),
        *(
            "Perseroan Terbatas Astra Nova",
            "OOO «Astra Nova»",
            "ОсОО Astra Nova",
            "СП ООО Astra Nova",
        ),
        *("ООО «Astra Nova»", 'ТОО "Astra Nova"', "TOO Astra Nova", "LLP Astra Nova"),
        *(
            "UAB Astra Nova",
            "UAB „Astra Nova“",
            "SIA Astra Nova",
            "SIA ASTRA NOVA",
            "MB Astra Nova",
        ),
        *("OÜ Astra Nova", "VšĮ Astra Nova", "SC Astra Nova SRL", "S.C. ASTRA NOVA S.A."),
        *("EOOD Astra Nova", "ООД Astra Nova", "d.o.o. Astra Nova", "ДОО Astra Nova"),
        *(
            "SASU Astra Nova",
            "SELARL Astra Nova",
            "SPRL Astra Nova",
            "VZW Astra Nova",
            "NV Astra Nova SA",
        ),
        *(
            "TOV Astra Nova",
            "ТОВ Astra Nova",
            "PAO Astra Nova",
            "LTD Astra Nova",
            "PPHU Astra Nova",
        ),
        *("Società Cooperativa Astra Nova", "V.O.F. Astra Nova", "SH.P.K. Astra Nova"),
    ],
)
def test_a_form_in_front_is_known_without_a_country(name: str) -> None:
    """RTE-06: as it is of lists. If the form is a word too, the name goes by both."""
    assert is_on("Astra Nova", name)
    assert is_on(name, "Astra Nova")
    assert is_on(name, name)


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        *(("Roma", "AS Roma"), ("Recycling", "SA Recycling"), ("Foods", "AB Foods")),
        *(("Institute", "SAS Institute"), ("Johnson", "SC Johnson"), ("Smith", "AO Smith")),
        *(("Energy", "NV Energy"), ("Library", "CV Library"), ("Trucks", "UD Trucks")),
        *(("Partners", "Sia Partners"), ("Faced", "Too Faced"), ("FACED", "TOO FACED")),
        *(("Health", "OU Health"), ("Prime", "Doo Prime"), ("Yisrael", "Tov Yisrael")),
        *(("Foods", "Pao Foods"), ("FINANCIAL", "MB FINANCIAL"), ("Mary", "Phu Mary")),
        *(("Tallow", "Tallow PT"), ("Tallow", "Tallow II")),
    ],
)
def test_what_may_be_a_word_in_front_stays_where_no_country_is_known(rest: str, name: str) -> None:
    """RTE-06: forms that are as often the beginning of a name, and such as are not written so."""
    assert not is_on(rest, name)
    assert not is_on(name, rest)


@pytest.mark.parametrize(
    ("rest", "name", "country", "is_hit"),
    [
        ("Cruiser Club", "PT Cruiser Club", "US", False),
        ("Medicine", "UAB Medicine", "US", False),
        ("Financial", "MB Financial", "US", False),
        ("Nova", "PT Nova", "ID", True),
        ("Nova", "UAB Nova", "LT", True),
        ("Dupont", "SAS Dupont", "FR", True),
        ("Nova", "NV Nova", "BE", True),
        ("Jaya", "CV Jaya", "ID", True),
        ("Vektor", "AO Vektor", "RU", True),
        # Nobody can tell it from PT Nova then.
        ("Cruiser Club", "PT Cruiser Club", None, True),
    ],
)
def test_the_country_tells_whether_a_word_in_front_is_a_form(
    rest: str, name: str, country: str | None, is_hit: bool
) -> None:
    """RTE-06: the lead's, if it has one; and a name always finds itself."""
    assert is_hit == is_on(rest, name, country)
    assert is_on(name, name, country)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "AB Foods",
            "PT Solutions",
            "SAS Institute",
            "SC Johnson",
            "AS Roma",
            "UG Systems Europe",
        ),
        *(
            "San Diego Zoo",
            "Tallow II",
            "Call Me",
            "Me Too",
            "Valley Ag",
            "The Perfect Ad",
            "Rivian Ev",
        ),
        *(
            "Standard Chartered",
            "The Limited",
            "The Company",
            "Limited Brands",
            "Tallow CA",
            "Tallow EU",
        ),
        *("Tallow Group", "Tallow Foundation", "Tallow Germany", "Co", "Ltd", "GmbH", "有限公司"),
    ],
)
def test_what_is_part_of_a_name_stays(name: str) -> None:
    """RTE-06: words that are also legal forms, and something always stays."""
    assert (" ".join(words(name)), "") == company_name(name)


@pytest.mark.parametrize(
    ("written", "name", "country", "is_hit"),
    [
        pytest.param("Desert", "Desert Spa", None, False, marks=case("17k", "K15")),
        pytest.param("Desert", "DESERT SPA", None, False, marks=case("17k", "K15")),
        pytest.param("Desert Spa", "Desert", None, False, marks=case("17k", "K15")),
        ("Desert", "Desert Spa", "AE", False),
        ("Desert", "Desert S.p.A.", None, True),
        ("Desert", "Desert SpA", None, True),
        ("Desert", "Desert SPA", None, True),
        ("Desert", "Desert Spa", "IT", True),
        ("Desert", "desert spa", "CL", True),
        ("Desert Spa", "Desert Spa", "IT", True),
        ("Desert S.p.A.", "Desert Spa", None, True),
        ("Desert S.p.A.", "Desert", None, True),
        ("Desert Spa", "Desert S.p.A.", None, True),
        ("DESERT SPA", "Desert S.p.A.", None, True),
        ("Valley", "Valley Ag", "US", False),
        ("Valley", "Valley AG", "CH", True),
        ("VALLEY AG", "Valley", None, True),
        ("Valley", "Valley Ag", "DE", True),
        ("PT Tallow", "PT Tallow", "ID", True),
        ("Tallow", "PT Tallow", "ID", True),
        ("Volvo", "AB Volvo", "SE", True),
        ("AB Volvo", "AB Volvo", "SE", True),
    ],
)
def test_a_word_is_a_form_where_it_is_written_as_one(
    written: str, name: str, country: str | None, is_hit: bool
) -> None:
    """RTE-06: by its dots, its capitals or the lead's country; however it is written, a name finds
    itself."""
    assert is_hit == is_on(written, name, country)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Grupo C Ltda.", "Grupo C"),
        ("Grupo C. Ltda.", "Grupo"),
        ("Northgrid P Ltd", "Northgrid P"),
        ("Grupo A SA", "Grupo A"),
        ("Grupo A S.A.", "Grupo A"),
        ("Studio P LLC", "Studio P"),
        ("Vitamin C JSC", "Vitamin C"),
        ("Ромашка О АО", "Ромашка О"),
        ("Larkspur KG C Ltda.", "Larkspur KG C"),
        ("Larkspur S. p.A.", "Larkspur"),
        ("Larkspur P. L. C.", "Larkspur"),
    ],
)
def test_the_last_letter_of_a_name_does_not_go_with_its_form(written: str, name: str) -> None:
    """RTE-06: C. Ltda. and ASA are forms, and the C of Grupo C is its name."""
    assert is_on(written, name)
    assert is_on(name, written)


@pytest.mark.parametrize("written", ["Grupo A SA", "Studio P LLC", "Vitamin C JSC"])
def test_a_name_with_a_letter_is_not_the_name_without_it(written: str) -> None:
    """RTE-06: where nobody would write a form like that."""
    assert not is_on(written, written.split()[0])


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("The Larkspur", "Larkspur Ltd"),
        ("Larkspur Corp.", "The Larkspur Corporation"),
        ("Larkspur", "Larkspur Company, The"),
        ("Larkspur", "LARKSPUR COMPANY (THE)"),
        ("J.P. Vane", "J P Vane & Co."),
        ("J. P. Vane", "JP Vane"),
        ("A-B-C Works", "ABC Works"),
        ("A B C Company", "A.B.C."),
        ("3 M", "3M Company"),
        ("L & Q", "L+Q"),
        ("Vane & Tern", "Vane + Tern"),
        ("Larkspur International", "Larkspur Int'l, Inc."),
        ("Larkspur Intl", "LARKSPUR INTERNATIONAL"),
        ("Vane Bros.", "Vane Brothers Ltd"),
        ("Vane Mfg. Co.", "Vane Manufacturing Company"),
        ("St. Lark Hospital", "Saint Lark Hospital"),
        ("Vane et Fils", "Vane & Fils SARL"),
        ("Vane og Sønn", "Vane & Sønn AS"),
        ("Larkspur", "Larkspur™"),
        ("Larkspur", "Larkspur®, Inc."),
        ("Larkspur", "Larkspur(R) Ltd"),
        ("Larkspur Works", "Larkspur (TM) Works"),
        ("Larkspur", "M/s. Larkspur Pvt Ltd"),
        ("Larkspur", "M/S Larkspur"),
    ],
)
def test_what_is_written_beside_a_name_is_none_of_it(written: str, name: str) -> None:
    """RTE-06: an article, blanks between initials, how "and" is written, and marks of trade."""
    assert is_on(written, name)
    assert is_on(name, written)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("The Limited", "Limited Ltd"),
        ("Theory", "Ory"),
        ("La Vane", "Vane"),
        ("Vane", "Vane The Baker"),
        ("Plan B", "Planb"),
        ("Canal+ Works", "Canal and Works"),
        ("MS Works", "Works"),
        ("R Works", "Works"),
        ("C# Works", "C Works"),
        ("C++ Works", "C# Works"),
        ("F&B Works", "R&D Works"),
    ],
)
def test_what_belongs_to_a_name_tells_it_apart(written: str, name: str) -> None:
    """RTE-06: a word that only looks like an article, an initial or a mark."""
    assert not is_on(written, name)
    assert not is_on(name, written)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Larkspur", "Larkspur GmbH (Berlin)"),
        ("Larkspur", "Larkspur, Inc. (formerly Tern)"),
        ("Tern", "Larkspur, Inc. (formerly Tern)"),
        ("Larkspur", "Larkspur Pvt. Ltd. (India)"),
        ("Larkspur", "Larkspur Ltd - UK branch"),
        ("Larkspur", "Larkspur GmbH, Wien"),
        ("Larkspur", "Larkspur GmbH Zweigniederlassung Wien"),
        ("Larkspur", "Larkspur Inc., a Tern company"),
        ("Larkspur", "Larkspur, a Tern company"),
        ("Larkspur", "Larkspur - A Tern & Vane Brand"),
        ("Larkspur", "Larkspur (part of Tern)"),
        ("Larkspur", "Larkspur | a division of Tern Inc."),
        ("Larkspur", "Larkspur, ein Unternehmen der Tern-Gruppe"),
        ("Larkspur", "Larkspur, filiale de Tern"),
        ("Larkspur", "Larkspur—a Tern company"),
        ("Larkspur", "Larkspur · A Tern Company"),
        ("Larkspur", "Larkspur: a Tern company"),
        ("Larkspur", "TERN HOLDINGS LLC DBA LARKSPUR"),
        ("Larkspur", "Tern Ltd t/a Larkspur"),
        ("Larkspur", "Larkspur LLC d/b/a Tern"),
        ("Tern", "Larkspur LLC d/b/a Tern"),
        ("Larkspur", "Tern (f/k/a Larkspur Inc.)"),
        ("Larkspur", "Tern GmbH, vormals Larkspur AG"),
        ("Larkspur", "Tern GmbH c/o Larkspur"),
        ("Tern", "Tern GmbH c/o Larkspur"),
        ("Larkspur", "c/o Larkspur, Inc."),
        ("Larkspur", "Tern Inc. / Larkspur LLC"),
        ("Larkspur", "Tern Holding Ltd (Larkspur Ltd)"),
        ("Larkspur", "Larkspur Inc**DO NOT CALL**"),
        ("Larkspur", "Larkspur (competitor)"),
        ("Larkspur", "Larkspur - DO NOT USE"),
        ("Larkspur", "Larkspur // existing customer"),
        ("Larkspur", "Larkspur; Tern"),
        ("Tern", "Larkspur; Tern"),
        ("Tern", "Larkspur GmbH<br>Tern AG"),
        ("Tern", "Larkspur (previously Tern)"),
        ("Tern", "Larkspur (ex-Tern)"),
        ("Tern", "Larkspur, now Tern"),
        ("Tern", "Larkspur BV h.o.d.n. Tern"),
        ("Tern", "Larkspur operating as Tern"),
        ("Larkspur", "LarkspurGmbH"),
        ("Larkspur", "Firma Larkspur GmbH"),
        ("Larkspur", "Larkspur SARL au capital de 10 000 €"),
        ("Larkspur", "Larkspur Unlimited Company"),
        ("Larkspur", "Larkspur Limited Liability Comp."),
        ("Larkspur,L.L.C.", "Larkspur"),
        ("Vane & Tern", "Vane \\u0026 Tern"),
        ("Vane & Tern", "Vane %26 Tern"),
        ("Larkspur", "<b>Larkspur</b> Ltd"),
        ("Larkspur Services", "Larkspur Svcs."),
        ("Müller Söhne", "Mueller Soehne GmbH"),
        ("Mueller Soehne", "MÜLLER SÖHNE GMBH"),
        ("Smørrebrød Værft", "Smoerrebroed Vaerft A/S"),
        ("Müller", "Muller AG"),
        ("Larkspur", "Larkspur Corp. (NYSE: LRK)"),
        ("Larkspur", "Larkspur Sdn Bhd (123456-X)"),
        ("Larkspur", "LLC Larkspur"),
        ("Larkspur", "JSC «Larkspur»"),
        ("Larkspur", "Kabushiki Kaisha Larkspur"),
        ("Larkspur", "S.C. LARKSPUR S.R.L."),
        ("Larkspur", "PT Larkspur Tbk"),
        ("日本電気", "日本電気株式會社"),
        ("Larkspur", "ʟᴀʀᴋꜱᴘᴜʀ"),
        ("Larkspur", "Lаrkspur"),  # noqa: RUF001 - its second letter is Cyrillic
        ("Larkspur", "Larkspur (larkspur.example)"),
        ("larkspur.example", "Larkspur (larkspur.example)"),
        ("larkspur.example", "larkspur.example, Inc."),
    ],
)
def test_a_company_is_found_by_each_name_in_its_cell(written: str, name: str) -> None:
    """RTE-06: what follows its legal form is a remark, and it may go by two names."""
    assert is_on(written, name)
    assert is_on(name, written)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Larkspur", "Larkspur (UK) Ltd"),
        ("Berlin", "Larkspur GmbH (Berlin)"),
        ("DBA Works", "Works"),
        ("Formerly Vane", "Vane"),
        ("Johnson", "SC Johnson"),
        ("Foods", "AB Foods PLC"),
        ("Tern Works & Co.KG", "Larkspur Works & Co.KG"),
        ("Tern Works Pvt.Ltd", "Larkspur Works Pvt.Ltd"),
        ("Ларкспур", "Larkspur"),
        ("Vane, Tern", "Vane"),
        ("Tern Works", "Larkspur GmbH (Tern Works)"),
        ("Main St Works", "Main Street Works"),
        ("Muller", "Mueller"),
        ("Competitor", "Larkspur (competitor)"),
        ("Client Works", "Larkspur (client works)"),
        ("Now Foods", "Foods"),
        ("Ex Works", "Works"),
        ("Ltd", "Larkspur; Ltd"),
        ("Larkspur, a Tern company", "Tern"),
        ("Larkspur, Part", "Larkspur"),
        ("Part of the Furniture", "Furniture"),
        ("Paris - Société de Larkspur", "Paris"),
        ("Wien - Gesellschaft der Larkspur", "Wien"),
        ("Larkspur, Company of Friends", "Larkspur"),
    ],
)
def test_a_word_beside_a_name_is_no_company(written: str, name: str) -> None:
    """RTE-06: a place, a legal form with a dot, and what may be part of the name."""
    assert not is_on(written, name)
    assert not is_on(name, written)


OF_PLACES = [
    *("City of Larkspur", "Town of Larkspur", "State of Larkspur", "University of Larkspur"),
    *(
        "Larkspur City",
        "Larkspur Town",
        "Larkspur State",
        "Larkspur University",
        "Port of Larkspur",
    ),
    *(
        "County of Larkspur",
        "Larkspur County",
        "Bank of Larkspur",
        "Larkspur Bank",
        "Stadt Larkspur",
    ),
    *("Ville de Larkspur", "Comune di Larkspur", "Gemeente Larkspur", "Universität Larkspur"),
    *("Ayuntamiento de Larkspur", "Mairie de Larkspur", "Larkspur City Council", "Larkspur"),
]


@pytest.mark.parametrize("name", OF_PLACES)
def test_what_is_called_after_a_place_is_a_company_of_its_own(name: str) -> None:
    """RTE-06: City of X is neither X nor X City: often all of them exist."""
    assert [name] == [other for other in OF_PLACES if is_on(other, name)]
    assert [name] == [other for other in OF_PLACES if is_on(f"{other} Ltd", f"The {name}", "US")]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("City of Larkspur", "Larkspur, City of"),
        ("CITY OF LARKSPUR", "Larkspur (City of)"),
        ("The City of Larkspur", "LARKSPUR, CITY OF"),
        ("University of Larkspur", "Larkspur, University of"),
        ("Kingdom of the Larks", "Larks, Kingdom of the"),
    ],
)
def test_a_name_is_the_same_where_it_is_sorted(written: str, name: str) -> None:
    """RTE-06: as registers do; without its beginning it is none."""
    assert is_on(written, name)
    assert is_on(name, written)
    assert not is_on("Larkspur", name)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("northgrid.example (Northgrid)", "domain:northgrid.example"),
        ("northgrid.example (Northgrid)", "name:northgrid"),
        ("Northgrid - northgrid.example", "domain:northgrid.example"),
        ("Northgrid - northgrid.example", "name:northgrid"),
        ("northgrid.example; tern.example", "domain:tern.example"),
        ("northgrid.example tern.example", "domain:tern.example"),
        ("northgrid.example;tern.example", "domain:tern.example"),
        ("northgrid。example", "domain:northgrid.example"),
        ("*@northgrid.example", "domain:northgrid.example"),
        ("Booking.com B.V.", "domain:booking.com"),
        ("E.ON", "name:eon"),
        ("E.ON SE", "name:eon"),
        ("St.Gallen", "name:stgallen"),
        ("Vane&Co.KG", "name:vane"),
        ("A.B.C.", "name:abc"),
        ("Tern LLC dba Larkspur", "name:larkspur"),
    ],
)
def test_an_entry_that_says_several_things_is_compared_by_all(text: str, term: str) -> None:
    """RTE-06: a domain among words, two of them, and a name with a dot that ends as no domain."""
    kept = entry(text).term
    assert kept is not None
    assert term in terms_of_entry(kept)


@pytest.mark.parametrize(
    "text", ["N/A", "n.a.", "Unknown", "none", "Not applicable", "Self-employed"]
)
def test_what_stands_for_no_company_is_nobodys_name(text: str) -> None:
    """RTE-06: all leads without a company would be one."""
    assert (None, frozenset()) == (entry(text).term, terms_of_lead(text, (), None))


def test_the_forms_are_of_many_countries() -> None:
    """RTE-06: by their codes, beside what is in use everywhere."""
    countries = {
        country for form in legal_forms.forms().by_key.values() for country in form.countries
    }
    assert 100 <= len(countries - {"ANY", "EU"})


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("https://northgrid.example#top", marks=case("20b", "K19")),
        pytest.param("northgrid.example:443", marks=case("20c", "K19")),
        pytest.param("northgrid.example.", marks=case("20c", "K19")),
        *("northgrid.example", "WWW.NorthGrid.Example", "http://www.northgrid.example/a/b?c=d#e"),
        *(
            "//northgrid.example",
            "http:\\\\northgrid.example\\de",
            "http:/northgrid.example",
            "https:northgrid.example",
        ),
        *("http//northgrid.example", "htps://northgrid.example", "http://http://northgrid.example"),
        *(
            "https://user:pw@northgrid.example:8443/x",
            "northgrid.example?utm=1",
            "<https://northgrid.example>",
        ),
        *(
            " northgrid.example , ",
            "(northgrid.example)",
            "http:// www. northgrid .example",
            "'northgrid.example'",
        ),
        *(
            "it.eu.northgrid.example",
            "www2.northgrid.example",
            "my_shop.northgrid.example",
            "jo@northgrid.example",
        ),
        *(
            "northgrid.example; northgrid.example/de",
            "northgrid.example / northgrid-eu.example",
            "Website: northgrid.example",
        ),
        *(
            "https%3A%2F%2Fnorthgrid.example%2Fde",
            "ｎｏｒｔｈｇｒｉｄ．ｅｘａｍｐｌｅ",
            "northgrid。example",
            "north\u00adgrid.example",
        ),
        *(
            "\ufeffnorthgrid.example\u200b",
            "https://www.northgrid.example/a b",
            "*.northgrid.example",
            "hxxps://northgrid.example",
            "hxxps://northgrid[.]example/x",
            "northgrid (dot) example",
            "www northgrid.example",
            "www,northgrid.example",
            "https//:www.northgrid.example",
            "%20northgrid.example",
            "http://northgrid.example%20",
            "view-source:https://northgrid.example",
        ),
        *(
            "https://urldefense.com/v3/__https://www.northgrid.example/x__;!!abc",
            "https://urldefense.proofpoint.com/v2/url?u=https-3A__www.northgrid.example_x&d=Dw",
            "https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fnorthgrid.example",
            "https://protect-us.mimecast.com/s/abc?domain=northgrid.example",
            "https://www.google.com/url?q=https://northgrid.example/&sa=D",
            "/url?q=https://www.northgrid.example/&opi=1",
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fnorthgrid.example%2F&h=AT0",
            "https://web.archive.org/web/2020/https://northgrid.example/",
            "https://secure-web.cisco.com/x/https%3A%2F%2Fnorthgrid.example",
            "https://northgrid-example.translate.goog/?_x_tr_sl=de",
            "https://protect.checkpoint.com/v2/___https://northgrid.example___.abc",
            "https://linklock.titanhq.com/analyse?url=https%3A%2F%2Fnorthgrid.example",
            "https://protect2.fireeye.com/url?k=1&u=https%3A%2F%2Fnorthgrid.example",
            "https://webcache.googleusercontent.com/search?q=cache:https://northgrid.example",
            "https://northgrid.example/?u=https://tern.example",
        ),
    ],
)
def test_a_website_in_any_spelling_gives_its_domain(given: str) -> None:
    """INT-02, RTE-06: whatever stands around it."""
    assert "northgrid.example" == website(given).domain


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.EXAMPLE", "xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("strasse.example", "strasse.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("日本.example", "xn--wgv71a.example"),
        ("shop.northgrid.co.uk", "northgrid.co.uk"),
        ("www.northgrid.com.au", "northgrid.com.au"),
        ("a.b.northgrid.kobe.jp", "b.northgrid.kobe.jp"),
        ("northgrid.github.io", "northgrid.github.io"),
        ("https://northgrid.myshopify.com/products", "northgrid.myshopify.com"),
        ("shop.northgrid.blogspot.com", "northgrid.blogspot.com"),
        ("https://northgrid.wordpress.com/about", "northgrid.wordpress.com"),
        ("www.wordpress.com", "wordpress.com"),
        ("jo@northgrid.onmicrosoft.com", "northgrid.onmicrosoft.com"),
        ("jo@northgrid.mail.onmicrosoft.com", "northgrid.mail.onmicrosoft.com"),
        ("support.zendesk.com", "zendesk.com"),
        ("northgrid.zendesk.com/hc/en-us", "northgrid.zendesk.com"),
        ("northgrid.slack.com", "northgrid.slack.com"),
        ("northgrid.crm4.dynamics.com/main.aspx", "northgrid.crm4.dynamics.com"),
        ("careers.northgrid.teamtailor.com/jobs", "northgrid.teamtailor.com"),
        ("https://northgrid.statuspage.io", "northgrid.statuspage.io"),
        ("https://www.linkedin.com", "linkedin.com"),
        ("northgrid.en.alibaba.com", "northgrid.en.alibaba.com"),
        ("https://northgrid.en.alibaba.com/contact.html", "northgrid.en.alibaba.com"),
        ("https://german.alibaba.com", "alibaba.com"),
        ("www.northgrid.mystore.no/x", "northgrid.mystore.no"),
        ("jo@northgrid.mitiendanube.com", "northgrid.mitiendanube.com"),
        ("https://northgrid.my.salesforce.com", "northgrid.my.salesforce.com"),
        ("help.salesforce.com", "salesforce.com"),
        ("northgrid.lightning.force.com/x", "northgrid.lightning.force.com"),
    ],
)
def test_a_company_is_its_registrable_domain(given: str, domain: str) -> None:
    """RTE-06, INT-02: by UTS 46 and the Public Suffix List; a tenant of a platform is a company of
    its own."""
    assert domain == website(given).domain


@pytest.mark.parametrize(
    "between",
    [
        *("; ", ", ", ";", ",", " ", "  ", "\n", "\r\n", "\t", " | ", "|", " / ", " - ", " – "),  # noqa: RUF001
        *(" and ", " AND ", " or ", " & ", " + ", " und ", " et ", " y ", " -> ", ", and ", " ; "),
    ],
)
@pytest.mark.parametrize("scheme", ["", "www.", "https://", "https://www."])
def test_all_websites_of_a_cell_count(between: str, scheme: str) -> None:
    """RTE-06: each may be on a list; the first is the one that is shown."""
    cell = f"{scheme}tern.example{between}{scheme}vane.example"
    assert "tern.example" == website(cell).domain
    assert ("vane.example",) == other_domains(cell)
    assert terms.Entry("domain:tern.example / domain:vane.example") == entry(cell)


@pytest.mark.parametrize(
    ("cell", "domain", "others"),
    [
        ("linkedin.com/company/tern; tern.example", "tern.example", ()),
        ("n/a; tern.example", "tern.example", ()),
        (f"{SOME_PROVIDER}, tern.example", "tern.example", ()),
        ("tern.example, eu.tern.example, tern.example/de", "tern.example", ()),
        (
            "tern.example; vane.example; lark.example",
            "tern.example",
            ("vane.example", "lark.example"),
        ),
        ("tern.example (formerly vane.example)", None, ("tern.example", "vane.example")),
        ("tern.example/?from=vane.example", "tern.example", ()),
        ("tern.example/vane.example", "tern.example", ()),
        ("tern.example jo@vane.example", "tern.example", ()),
    ],
)
def test_what_stands_beside_a_website(
    cell: str, domain: str | None, others: tuple[str, ...]
) -> None:
    """RTE-06: what is nobody's is left out; among words each domain counts, and none is shown."""
    assert (domain, others) == (website(cell).domain, other_domains(cell))


def test_a_cell_of_very_many_websites_is_no_load() -> None:
    """Each of them is looked up in limits, for a single lead."""
    assert 20 == len(other_domains("; ".join(f"a{number}.example" for number in range(40))))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        *(
            (given, PUBLIC_SUFFIX)
            for given in ("co.uk", "com.au", "https://www.co.jp", "github.io", "myshopify.com")
        ),
        *(
            (given, PAGE)
            for given in (
                "linkedin.com/company/northgrid",
                "https://de.linkedin.com/in/x",
                "https://german.alibaba.com/product/x",
            )
        ),
        *(
            (given, PAGE)
            for given in (
                "facebook.com/northgrid",
                "m.facebook.com/x",
                "instagram.com/x",
                "x.com/northgrid",
            )
        ),
        *(
            (given, PAGE)
            for given in (
                "https://www.amazon.de/shops/x",
                "etsy.com/shop/x",
                "https://urldefense.com/v3/__https://www.linkedin.com/company/x__;!!x",
                "https://www.google.com/url?q=https://www.facebook.com/x",
                "https://cdn.ampproject.org/c/s/northgrid.example",
                "https://web.archive.org/web/2020/http://facebook.com/northgrid",
                "https://secure-web.cisco.com/x/https%3A%2F%2Fx.com%2Fnorthgrid",
                "sites.google.com/view/x",
            )
        ),
        *(
            (given, MAIL_PROVIDER)
            for given in (SOME_PROVIDER, f"https://www.{SOME_PROVIDER}/x", f"dana@{SOME_PROVIDER}")
        ),
        *(
            (given, NO_HOST)
            for given in (
                "",
                "n/a",
                "-",
                "none",
                "localhost",
                "192.168.1.1",
                "[::1]",
                "www.de",
                "https://",
            )
        ),
        *(
            (given, NO_HOST)
            for given in (
                "St. Gallen",
                "Acme Inc.",
                "a..example",
                "-a.example",
                "see northgrid.example below",
            )
        ),
    ],
)
def test_what_is_nobodys_domain(given: str, why: str) -> None:
    """RTE-06: and why."""
    assert (None, why) == website(given)


@pytest.mark.parametrize(
    ("site", "address", "domains"),
    [
        ("northgrid.example", "dana@northgrid.example", ("northgrid.example",)),
        (
            "northgrid.example",
            "dana@mail.helvion.example",
            ("northgrid.example", "helvion.example"),
        ),
        (None, "dana@eu.northgrid.example", ("northgrid.example",)),
        ("facebook.com/northgrid", "dana@northgrid.example", ("northgrid.example",)),
        (None, f"dana@{SOME_PROVIDER}", ()),
        (None, "dana@co.uk", ()),
        (None, None, ()),
    ],
)
def test_a_business_email_counts_beside_the_website(
    site: str | None, address: str | None, domains: tuple[str, ...]
) -> None:
    """RTE-06, RTE-08: that of a public mail provider does not."""
    assert domains == domains_of((site,) if site else (), address)


def test_the_lists_of_hosts_hold_domains() -> None:
    """RTE-06: a subdomain among the providers would never be asked for under its company's name,
    and what the Public Suffix List knows needs no line."""
    named = platforms().pages | platforms().providers
    assert [None, None] == [registrable(host) for host in ("co.uk", "github.io")]
    assert set() == {host for host in named | mail_providers() if "." not in host}
    owned = named - platforms().ownerless
    assert set() == {host for host in owned if registrable(host) is None}
    assert set() == {host for host in platforms().providers if not tenants_differ(host)}
    assert set() == {host for host in mail_providers() if of_mailbox(f"dana@{host}") is not None}


def tenants_differ(host: str) -> bool:
    """Whether two subdomains are two companies, and neither is the one above."""
    found = {registrable(each) for each in (f"tern.{host}", f"www.vane.{host}", host)}
    return len(found) == 3


@pytest.mark.parametrize(
    "host",
    [
        *("onmicrosoft.com", "mail.onmicrosoft.com", "sharepoint.com", "myshopify.com"),
        *("atlassian.net", "force.com", "lightning.force.com", "onmicrosoft.cn", "github.io"),
    ],
)
def test_what_a_provider_has_for_its_customers_only_is_nobodys(host: str) -> None:
    """RTE-06, RTE-08: all that have their site or mailbox there would be one company."""
    assert entry(host) == entry(f"https://www.{host}/") == entry(f"*.{host}")
    assert (None, True) == (entry(host).term, entry(host).why in (PROVIDER, PUBLIC_SUFFIX))
    assert (None, None, frozenset()) == (
        website(host).domain,
        of_mailbox(f"dana@{host}"),
        terms_of_lead(None, (host,), f"dana@{host}"),
    )
    assert website(f"tern.{host}").domain == f"tern.{host}" == of_mailbox(f"dana@tern.{host}")


@pytest.mark.parametrize("host", ["zendesk.com", "slack.com", "odoo.com", "okta.com"])
def test_a_provider_that_has_its_own_site_there_is_a_company(host: str) -> None:
    """RTE-06: who lists it means that company, and none of its customers."""
    assert terms.Entry(f"domain:{host}") == entry(host)
    assert host == website(f"https://support.{host}/x").domain == of_mailbox(f"dana@{host}")
    assert terms_of_lead(None, (host,), None).isdisjoint(
        terms_of_lead(None, (f"tern.{host}",), f"dana@tern.{host}")
    )


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Northgrid.Example", "domain:northgrid.example"),
        ("www.northgrid.example.", "domain:northgrid.example"),
        ("it.northgrid.example", "domain:northgrid.example"),
        ("https://northgrid.example/contact", "domain:northgrid.example"),
        ("@northgrid.example", "domain:northgrid.example"),
        ("*.northgrid.example", "domain:northgrid.example"),
        ("münchen.example", "domain:xn--mnchen-3ya.example"),
        ("linkedin.com", "domain:linkedin.com"),
        ("Northgrid", "name:northgrid"),
        ("Northgrid Inc.", "name:northgrid"),
        ("Northgrid.", "name:northgrid"),
        ("St. Mary Hospital", "name:st mary hospital"),
        ("Data/Storage Inc", "name:data storage"),
        ("日本", "name:日本"),
        ("Ferrero S.p.A.", "name:ferrero (spa)"),
    ],
)
def test_an_entry_is_a_domain_or_a_name(text: str, term: str) -> None:
    """RTE-06: a domain is an address, or has a dot and no blank."""
    assert terms.Entry(term) == entry(text)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        *(("3M", "name:3m"), ("7-Eleven", "name:7 eleven"), ("360", "name:360")),
        *(
            ("1-800 Larkspur", "name:1 800 larkspur"),
            ("123456 Larkspur Inc.", "name:123456 larkspur"),
        ),
        *(("Larkspur*", "name:larkspur"), ("E*Trade", "name:e trade")),
        ("Larkspur (dana@larkspur.example)", "name:larkspur"),
        ("Larkspur GmbH, dana@larkspur.example", "name:larkspur"),
        ("domain:larkspur.example", "domain:larkspur.example"),
        ("Larkspur @ Work", "name:larkspur work"),
    ],
)
def test_what_looks_like_an_id_or_holds_an_address_may_be_a_name(text: str, term: str) -> None:
    """RTE-06: short numbers, and what stands beside a mailbox."""
    assert terms.Entry(term) == entry(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("co.uk", PUBLIC_SUFFIX, marks=case("19a", "K17")),
        pytest.param("com.au", PUBLIC_SUFFIX, marks=case("19a", "K17")),
        *(
            (text, PUBLIC_SUFFIX)
            for text in ("*.co.uk", "http://com.br/", "blogspot.com", "GITHUB.IO.")
        ),
        *(
            (text, MAIL_PROVIDER)
            for text in (SOME_PROVIDER, f"www.{SOME_PROVIDER}", f"@{SOME_PROVIDER}")
        ),
        *((text, PAGE) for text in ("https://www.linkedin.com/company/x", "facebook.com/x")),
        *((text, MAILBOX) for text in ("dana@northgrid.example", "mailto:dana@northgrid.example")),
        *(
            (text, NEITHER)
            for text in ("192.168.1.1", "-bad.example", "a..b", f"{'x' * 64}.example")
        ),
        *((text, NEITHER) for text in ("...", "   ", "!!", ".com", "#REF!", "#n/a", "Undisclosed")),
        *(
            (text, MAILBOX)
            for text in (
                "Dana Okafor <dana@northgrid.example>",
                "dana@northgrid.example, eli@tern.example",
                "<dana@northgrid.example>",
            )
        ),
        *(
            (text, ID)
            for text in (
                *("+49 30 901820", "(030) 90-18-20", "4930901820", "2026-03-04", "123456"),
                *("001AB00000KEST1", "001AB00000KEST1AAA", "0" * 32, "ab12" * 10, "AB12" * 16),
                *("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}"),
            )
        ),
        *((text, PATTERN) for text in ("*northgrid*", "%northgrid%", "*northgrid gmbh*")),
    ],
)
def test_what_is_no_entry_says_why(text: str, why: str) -> None:
    """RTE-06: what stands for many companies, or for nobody's."""
    assert terms.Entry(None, why) == entry(text)


@pytest.mark.parametrize(
    ("kept", "address", "is_listed"),
    [
        ("domain:eu.northgrid.example", "dana@northgrid.example", True),
        ("domain:eu.northgrid.example", "dana@us.northgrid.example", True),
        ("domain:www.northgrid.co.uk", "dana@northgrid.co.uk", True),
        ("domain:eu.northgrid.example", "dana@helvion.example", False),
        ("domain:northgrid.example", "dana@northgrid.example", True),
        ("domain:a.co.uk", "dana@b.co.uk", False),
    ],
)
def test_a_subdomain_that_was_listed_before_still_keeps_its_company_away(
    kept: str, address: str, is_listed: bool
) -> None:
    """Earlier versions kept it as it was, and a list is not put anew because of us."""
    found = terms_of_lead(None, (), address)
    assert is_listed != found.isdisjoint(terms_of_entry(kept))


@pytest.mark.parametrize("part", ["Larkspur Ltd, ", "Inc. ", "a.b,", "Ltd (", "GmbH "])
def test_a_cell_is_read_some_times_and_not_once_for_each_sign_in_it(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remark may begin at each of them, and one lead must not hold up a whole step."""
    read: list[str] = []
    monkeypatch.setattr(names, "tokens", lambda text: read.append(text) or tokens(text))
    company_names.cache_clear()
    names.company_name.cache_clear()
    text = part * (480 // len(part))
    company_names(text)
    assert sum(map(len, read)) < 25 * len(text)


def test_a_company_called_like_its_domain_is_found_by_it() -> None:
    """RTE-06: also where the website is blank."""
    assert "domain:northgrid.example" in terms_of_lead("Northgrid.example", (), None)
