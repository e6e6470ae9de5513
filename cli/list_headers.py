"""What the columns of a list's file are called: the company's name, or its domain.

Compared as words without case, accents and marks. What is called otherwise (ids, owners, emails) is
no column of a list.
"""

import re
from collections.abc import Sequence

from shared.folding import words

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

NAMES = """
company; companies; company name; account; accounts; account name; organization
organisation; organization name; organisation name; business; business name; firm; firm name
employer; legal name; legal entity name; company legal name; registered name; trading name
customer; customer name; client; client name; competitor; competitors; competitor name
target account; target accounts; vendor name; parent company; firma; firmenname; unternehmen
unternehmensname; gesellschaft; firmenbezeichnung; kunde; kundenname; wettbewerber
mitbewerber; name der firma; name des unternehmens; accountname; societe; entreprise
raison sociale; nom de la societe; nom societe; nom de l entreprise; compte; nom du compte
denomination sociale; concurrent; empresa; nombre de la empresa; nombre empresa; compania
razon social; cuenta; nombre de la cuenta; organizacion; competidor; cliente; azienda
nome azienda; nome dell azienda; societa; ragione sociale; impresa; denominazione
nome da empresa; razao social; conta; nome da conta; companhia; organizacao; organizzazione
bedrijf; bedrijfsnaam; naam bedrijf; onderneming; organisatie; klant; foretag; foretagsnamn
bolag; bolagsnamn; virksomhed; virksomhedsnavn; firmanavn; firmanamn; selskap; selskapsnavn
bedrift; bedriftsnavn; yritys; yrityksen nimi; nazwa firmy; przedsiebiorstwo
nazwa przedsiebiorstwa; spolka; klient; nazwa konta; spolecnost; nazev spolecnosti
nazev firmy; spolocnost; nazov spolocnosti; nazov firmy; ceg; cegnev; vallalat
vallalat neve; companie; denumire firma; nume firma; denumire; tvrtka; naziv tvrtke
poduzece; podjetje; naziv podjetja; imone; imones pavadinimas; uznemums; ettevote
ettevotte nimi; sirket; sirket adi; firma adi; unvan; kurum; компания; название компании
организация; наименование; наименование организации; предприятие; фирма; компанія
назва компанії; організація; підприємство; εταιρεια; επωνυμια; ονομα εταιρειασ; 会社; 会社名
企業; 企業名; 法人名; 社名; 公司; 公司名称; 公司名稱; 企业; 企业名称; 회사; 회사명; 기업명
업체명; חברה; שם חברה; שם החברה; الشركة; اسم الشركة; công ty; ten cong ty; tên công ty
perusahaan; nama perusahaan
"""

# Also what people are called, so only where no other column is the company.
PLAIN_NAMES = """
name; names; nom; nombre; nome; naam; navn; namn; nimi; nazwa; nazev; nazov; nev; nume
naziv; ad; isim; имя; название; назва; ονομα; 名前; 名称; 이름; bezeichnung; designation
"""

DOMAINS = """
domain; domains; domain name; company domain; company domain name; email domain; root domain
primary domain; web domain; account domain; website domain; competitor domain
blocked domain; company email domain; website; web site; websites; website url
website address; company website
company url; url; urls; web; web address; web page; webpage; www; homepage; home page; site
site url; account website; corporate website; internet; internet address; company web site
webseite; website adresse; internetseite; internetadresse; webadresse; internetauftritt
domaine; domane; site internet; site web; nom de domaine; adresse web; adresse du site
sitio web; pagina web; dominio; sito; sito web; sito internet; indirizzo web; pagina
webadres; domein; domeinnaam; hemsida; webbplats; webbadress; hjemmeside; nettsted; nettside
webside; doman; domaene; domene; verkkosivu; verkkosivut; kotisivu; verkkotunnus; strona
strona www; strona internetowa; domena; witryna; adres www; webova stranka; webove stranky
weboldal; honlap; pagina de internet; web sitesi; alan adi; internet sitesi; internet adresi
mrezna stranica; spletna stran; veebileht; koduleht; majaslapa; svetaine; сайт; веб сайт
домен; адрес сайта; вебсайт; ιστοσελιδα; ιστοτοποσ; ドメイン; ウェブサイト; ホームページ
サイト; 域名; 网站; 网址; 網站; 官网; 도메인; 웹사이트; 홈페이지; 사이트; אתר; אתר אינטרנט
דומיין; الموقع; الموقع الإلكتروني; trang web; tên miền; situs web
"""

OTHERS = """
id; ids; email; emails; e mail; email address; e mail adresse; mail; phone; telephone
telefon; owner; first name; last name; contact; contact name; contact id; number; nr; uuid
guid; crm id; duns; vat
"""

# In front of a domain's name, beside what companies are called; each of several columns counts.
WHICH = """
main; other; second; secondary; additional; further; alternative; alternate; alias; related
"""

# What only lists of people have: a plain name is a person's there.
PEOPLE = """
title; job title; position; role; email; emails; e mail; email address; mail; mobile; first name
last name; surname; vorname; nachname; prenom; anrede; salutation; gender; birthday
"""

_SITES = (" domain", " domains", " website", " websites", " web site", " url", " urls")
_NUMBERED = re.compile(r"^\d+ (?=\D)|(?<=\D) \d+$")
_REMARK = re.compile(r"\s*\([^()]*\)\s*$|__c$", re.IGNORECASE)
"""Behind a header: Company (legal name). Programs write fields of one's own as Website__c."""


def _folded(text: str) -> str:
    return " ".join(words(_CAMEL.sub(" ", text)))


def _of(listed: str) -> frozenset[str]:
    return frozenset(
        _folded(entry) for line in listed.splitlines() for entry in line.split(";") if entry.strip()
    )


_NAMES, _PLAIN_NAMES, _DOMAINS, _OTHERS = map(_of, (NAMES, PLAIN_NAMES, DOMAINS, OTHERS))
_WHOSE, _PEOPLE = _NAMES | _of(WHICH), _of(PEOPLE)
_TOGETHER = {name.replace(" ", ""): name for name in _NAMES | _DOMAINS}
"""Some programs write headers without blanks: companywebsite."""


def columns_of(header: Sequence[str]) -> tuple[list[int], list[int]]:
    """Where the companies' names stand, and where their domains. What is called a name only, and
    stands beside what people have, is a person's."""
    written = [spellings(cell) for cell in header]
    names = [at for at, found in enumerate(written) if found & _NAMES]
    domains = [at for at, found in enumerate(written) if any(map(is_domain, found))]
    plain = [at for at, found in enumerate(written) if found & _PLAIN_NAMES]
    of_people = not domains and any(found & _PEOPLE for found in written)
    return names or ([] if of_people else plain), domains


def spellings(cell: str) -> set[str]:
    """What a column may be called, without its object, its number and a remark behind it."""
    bare = (cell, cell.rpartition(":")[2], _REMARK.sub("", cell))
    found = {_NUMBERED.sub("", _folded(text)) for text in bare}
    return found | {_TOGETHER.get(name, name) for name in found}


def is_domain(name: str) -> bool:
    """Also an organization's domain, and other websites."""
    endings = (ending for ending in _SITES if name.endswith(ending))
    return name in _DOMAINS or any(name.removesuffix(ending) in _WHOSE for ending in endings)


def is_other(cell: object) -> bool:
    """Whether a column that is called so holds something else than companies."""
    found = _folded(cell) if isinstance(cell, str) else ""
    return found in _OTHERS or found.endswith((" id", " ids", " email", " owner", " phone"))
