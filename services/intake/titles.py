"""Job titles to seniority and function, with the words that decided (INT-13).

Codes are the names of LinkedIn's lists. A title is read as words, with `|` where a comma, a slash
or an "and" stood. Phrases are looked up in tables, at every word the longest first, and of those
that are found the strongest decides. What nobody could tell is unknown, not guessed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from services.intake.folding import fold
from shared.contracts.values import TitleClass

SHORT_FOR = {
    "senior": "sr, snr",
    "junior": "jr, jnr",
    "manager": "mgr, mngr, manger",
    "management": "mgmt, mgt",
    "director": "dir",
    "supervisor": "supv",
    "executive": "exec",
    "assistant": "asst",
    "president": "pres",
    "vice president": "vp",
    "senior vice president": "svp",
    "executive vice president": "evp",
    "assistant vice president": "avp",
    "regional vice president": "rvp",
    "general manager": "gm",
    "chief executive officer": "ceo",
    "chief financial officer": "cfo",
    "chief technology officer": "cto",
    "chief information officer": "cio",
    "chief information security officer": "ciso",
    "chief marketing officer": "cmo",
    "chief operating officer": "coo",
    "chief human resources officer": "chro",
    # Each of these stands for officers of several functions.
    "chief officer": "cso, cro, cpo, cco, cdo, cao",
    "account": "acct",
    "accounting": "acctg",
    "business": "biz, bus",
    "business development": "bdr",
    "business development manager": "bdm",
    "communications": "comms",
    "customer": "cust",
    "customer success manager": "csm",
    "development": "dev",
    "engineer": "engr",
    "engineering": "eng",
    "finance": "fin",
    "human resources": "hr, hrbp",
    "information": "info",
    "information security": "infosec",
    "information technology": "it",
    "key account manager": "kam",
    "marketing": "mktg, mkt, mkting",
    "operations": "ops",
    "program": "programme",
    "project": "proj",
    "sales": "sdr",
    "service": "svc",
    "systems": "sys",
    # German writes the head and what is headed as one word.
    "leiter vertrieb": "vertriebsleiter, vertriebsleiterin, verkaufsleiter, verkaufsleiterin",
    "leiter einkauf": "einkaufsleiter, einkaufsleiterin",
    "leiter personal": "personalleiter, personalleiterin",
    "leiter marketing": "marketingleiter, marketingleiterin",
    "leiter finanzen": "finanzleiter, finanzleiterin",
    "leiter produktion": "produktionsleiter, produktionsleiterin",
}

# Who manages one of these manages a thing; whether people too, the title doesn't say.
MANAGED = (
    "account, accounts, alliance, asset, bid, brand, business development, campaign, capture, "
    "case, category, change, channel, client, community, content, contract, contracts, delivery, "
    "engagement, event, events, fund, grant, implementation, incident, office, partner, portfolio, "
    "prod, prog, product, product line, program, project, projects, property, proposal, "
    "relationship, release, service delivery, social media, success, territory, transition, wealth"
)

# The strongest first. None is for what nobody can tell.
SENIORITY: Sequence[tuple[str | None, str]] = (
    (
        None,
        "executive assistant, senior executive assistant, executive admin assistant, "
        "executive administrative assistant, executive secretary, personal assistant, ea to, "
        "pa to, chief of staff, assistante de direction, assistentin der geschaftsfuhrung, "
        "assistentin der geschaftsleitung, assistenz der geschaftsfuhrung",
    ),
    ("unpaid", "volunteer, unpaid"),
    (
        "training",
        "intern, internship, trainee, apprentice, working student, co op student, praktikant, "
        "praktikantin, werkstudent, werkstudentin, azubi, auszubildende, auszubildender, "
        "stagiaire, becario, becaria",
    ),
    ("entry", "assistant |, assistant to"),
    (
        "owner",
        "owner, founder, cofounder, proprietor, inhaber, inhaberin, eigentumer, grunder, "
        "grunderin, geschaftsfuhrender gesellschafter, fondateur, fondatrice, cofondateur, "
        "cofondatrice, fundador, fundadora, propietario, propietaria, dueno, titolare, eigenaar",
    ),
    (
        "partner",
        "managing partner, senior partner, general partner, founding partner, equity partner, "
        "junior partner, associate partner, operating partner, venture partner, tax partner, "
        "audit partner, law partner, firm partner, | partner |, socio director, | socio |",
    ),
    (
        "cxo",
        "chief officer, chief executive, president, presidente, c level, c suite, cxo, "
        "geschaftsfuhrer, geschaftsfuhrerin, geschaeftsfuehrer, geschaeftsfuehrerin, vorstand, "
        "vorstandsvorsitzender, pdg, directeur general, directrice generale, director general, "
        "directora general, direttore generale, amministratore delegato",
    ),
    ("vp", "vice president, vice presidente, v p, vicepresident, vicepresidente"),
    (
        "director",
        "director, head, direktor, direktorin, leiter, leiterin, leitung, directeur, directrice, "
        "drh, dsi, daf, directora, direttore, diretor, diretora, hoofd",
    ),
    (
        "manager",
        "manager, supervisor, group product manager, responsable, gerente, jefe, jefa, "
        "responsabile",
    ),
    ("senior", "senior, principal, lead, staff software engineer"),
    ("entry", "junior, entry level, graduate, clerk"),
    # Longer phrases in which a word of the above means something else.
    (None, ", ".join(f"{thing} manager" for thing in MANAGED.split(", "))),
    (
        None,
        "product owner, process owner, system owner, service owner, data owner, "
        "managing director, company director, board director, non executive director, "
        "independent director, art director, film director, funeral director, casting director, "
        "music director, directeur general adjoint, gerente general, gerente de producto, "
        "gerente de proyecto, gerente de proyectos, gerente de cuenta, gerente de cuentas, "
        "jefe de producto, jefe de proyecto, jefe de proyectos, jefa de proyecto, "
        "deputy chief officer, assistant chief officer, vice chairman, board president, "
        "president elect",
    ),
    (
        None,
        "principal |, principal investigator, lead generation, lead gen, team lead, head chef, "
        "head nurse, head coach, head teacher, head cashier, head cook, volunteer coordinator, "
        "volunteer program, volunteer services, volunteer recruitment, internship program, "
        "internship coordinator, graduate program, graduate studies, graduate student, "
        "graduate recruitment, graduate recruiter, graduate school, graduate admissions, "
        "senior executive, senior living, senior care, senior services, senior housing, "
        "physician assistant |, city clerk, county clerk, town clerk, law clerk, clerk of, "
        "junior high",
    ),
)

# What somebody does, whatever it is done for: an IT recruiter recruits.
ROLES: Mapping[str, str] = {
    "accounting": "accountant, accountants, bookkeeper, cpa, buchhalter, buchhalterin, comptable, "
    "contador, contadora, steuerberater, steuerberaterin, wirtschaftsprufer",
    "administrative": "executive assistant, executive secretary, personal assistant, ea to, pa to, "
    "administrative assistant, admin assistant, office manager, office administrator, "
    "office assistant, office coordinator, virtual assistant, front desk, receptionist, "
    "assistante de direction, assistentin der geschaftsfuhrung, assistentin der geschaftsleitung, "
    "assistenz der geschaftsfuhrung, data entry",
    "arts_and_design": "designer, ux, ui, art director, creative director, illustrator, animator",
    "business_development": "business developer",
    "consulting": "management consultant, management consulting, unternehmensberater",
    "customer_success_and_support": "support engineer, product support, software support",
    "education": "professor, professorin, lecturer, instructional designer, instructional design, "
    "teacher, educator, dean, teaching assistant, profesor, profesora, lehrer, lehrerin",
    "engineering": "operations engineer, product engineer, project engineer, software engineer, "
    "software engineering, software architect, software development, communications engineer, "
    "design engineer, design engineering, database developer, database engineer, "
    "research engineer",
    "finance": "equity research, financial advisor",
    "human_resources": "recruiter, recruiters, recruiting, recruitment, recrutement, headhunter, "
    "talent acquisition",
    "information_technology": "enterprise architect, solution architect, solutions architect, "
    "cloud architect, network architect, data architect, security architect, systems architect, "
    "security engineer, security analyst, network designer, penetration tester, "
    "systems administrator, system administrator, systems admin, system admin, sysadmin, "
    "systemadministrator, linux administrator, salesforce administrator, salesforce admin",
    "legal": "attorney, lawyer, counsel, paralegal, solicitor, barrister, rechtsanwalt, "
    "rechtsanwaltin, avocat, avocate, abogado, abogada",
    "marketing": "product marketing, media buyer, media planner, social media, customer marketing",
    "product_management": "product manager, product management, product owner, product officer, "
    "product operations, product portfolio, product line manager, produktmanager, "
    "produktmanagerin, chef de produit, gerente de producto, jefe de producto",
    "program_and_project_management": "project manager, project management, project director, "
    "project portfolio, program manager, program management, program director, scrum master, pmo, "
    "projektleiter, projektleiterin, projektmanager, projektmanagerin, chef de projet, "
    "cheffe de projet, jefe de proyecto, jefe de proyectos, jefa de proyecto, "
    "gerente de proyecto, gerente de proyectos",
    "purchasing": "buyer, purchaser, information technology procurement, "
    "information technology sourcing, information technology purchasing, einkaufer, einkauferin, "
    "acheteur, acheteuse, comprador, compradora, inkoper",
    "quality_assurance": "supplier quality, product quality",
    "research": "researcher, researchers, ux researcher, research analyst",
    "sales": "account executive, account manager, account management, key account, "
    "information technology sales, territory manager, medical sales, ingenieur commercial, "
    "ingeniero de ventas",
}

# What somebody works in.
FIELDS: Mapping[str, str] = {
    "accounting": "accounting, controller, comptroller, accounts payable, accounts receivable, "
    "general ledger, tax, audit, auditor, auditors, bilanzbuchhalter, buchhaltung, comptabilite, "
    "contabilidad",
    "administrative": "administrative, secretary, clerical",
    "arts_and_design": "design, graphic, photographer, artist, artistic, creative, musician, "
    "composer, actor",
    "business_development": "business development, alliances, partnerships",
    "community_and_social_services": "social worker, social work, social services, case worker, "
    "caseworker, youth worker, pastor, priest, rabbi, chaplain, community outreach, "
    "community services, volunteer coordinator, volunteer services",
    "customer_success_and_support": "customer success, customer support, customer service, "
    "customer services, customer care, customer experience, customer operations, customer officer, "
    "customer relations, client success, client service, client services, client support, "
    "client care, guest services, guest relations, contact center, contact centre, call center, "
    "call centre, support manager, support director, support specialist, support representative, "
    "support agent, support team, head of support, director of support, kundenservice, "
    "kundendienst, service client, atencion al cliente",
    "education": "faculty, provost, tutor, instructor, librarian, curriculum, enseignant, "
    "enseignante, superintendent of schools, school superintendent",
    "engineering": "engineer, engineers, engineering, developer, developers, programmer, devops, "
    "web development, mobile development, application development, entwickler, entwicklerin, "
    "softwareentwickler, softwareentwicklerin, ingenieur, ingenieurin, ingenieure, ingeniero, "
    "ingeniera, ingegnere, developpeur, developpeuse, desarrollador, desarrolladora",
    "finance": "finance, financial, treasurer, treasury, fp | a, m | a, mergers | acquisitions, "
    "investment, investments, investor relations, banker, loan officer, credit analyst, budget, "
    "cash management, private equity, venture capital, wealth manager, portfolio manager, "
    "fund manager, trader, finanzen, finances, financier, financiere, daf, finanzas, "
    "financiero, financiera, finanziario",
    "healthcare_services": "nurse, nurses, nursing, rn, physician, doctor, surgeon, pharmacist, "
    "dentist, hygienist, therapist, paramedic, radiologist, psychologist, psychiatrist, "
    "cardiologist, pediatrician, anesthesiologist, optometrist, chiropractor, dietitian, midwife, "
    "clinician, veterinarian, physiotherapist, arzt, arztin, krankenschwester, medecin, "
    "infirmier, infirmiere, enfermera, enfermero, medico",
    "human_resources": "human resources, human resource, human capital, people, talent, hris, "
    "compensation | benefits, benefits, total rewards, labor relations, employee relations, "
    "employee experience, employee engagement, learning | development, organizational development, "
    "personnel, staffing, diversity, leiter personal, leiterin personal, personalreferent, "
    "personalreferentin, recursos humanos, ressources humaines, risorse umane, rh, rrhh, drh",
    "information_technology": "information technology, ict, edv, i t, informatique, informatica, "
    "information systems, information security, info sec, information officer, "
    "technology officer, technical officer, cyber, cybersecurity, network, networks, database, "
    "databases, dba, data center, datacenter, desktop support, help desk, helpdesk, service desk, "
    "cloud security, application security, product security, enterprise architecture, "
    "systems analyst, system analyst, unified communications, dsi, de sistemas, de ti",
    "legal": "legal, litigation, intellectual property, law, judge, juridique, juriste, recht",
    "marketing": "marketing, marketer, marcom, brand, branding, advertising, seo, ppc, "
    "demand generation, demand gen, lead generation, lead gen, mercadeo, mercadotecnia",
    "media_and_communication": "communications, communication, public relations, pr, editor, "
    "editorial, journalist, reporter, writer, videographer, video producer, film producer, "
    "broadcast, news, press officer",
    "military_and_protective_services": "police, firefighter, fire chief, fire captain, "
    "fire department, battalion chief, fire marshal, public safety, law enforcement, sergeant, "
    "lieutenant, corporal, colonel, petty officer, warrant officer, army, navy, air force, "
    "marine corps, coast guard, soldier, detective, sheriff, trooper, security guard, "
    "correctional officer, corrections officer, border patrol, loss prevention",
    "operations": "operations, operating officer, operational, supply chain, logistics, shipping, "
    "receiving, dispatcher, continuous improvement, demand planner, demand planning, "
    "operaciones, logistik, logistique, logistica",
    "purchasing": "procurement, purchasing, purch, sourcing, buying, vendor management, "
    "commodity manager, einkauf, achats, achat, compras, acquisti, inkoop",
    "quality_assurance": "quality, qa, qc, tester, test engineer, test manager, test lead, "
    "test automation, calidad, qualite, qualitatssicherung, qualitatsmanagement",
    "real_estate": "realtor, leasing, property manager, property management, property director, "
    "property administrator, estate agent, lettings, immobilien",
    "research": "research, r | d, scientist, scientists, chemist, biologist, physicist, "
    "postdoctoral, principal investigator, forschung, investigacion",
    "sales": "sales, presales, telesales, salesman, salesperson, revenue officer, "
    "revenue operations, of revenue, vertrieb, vertriebsmitarbeiter, aussendienst, "
    "verkauf, verkaufer, ventes, directeur commercial, directrice commerciale, "
    "responsable commercial, responsable commerciale, ventas, vendedor, director comercial, "
    "directora comercial, gerente comercial, diretor comercial, vendite, direttore commerciale, "
    "vendas, verkoop",
}

# What something is said of as often as it is the field itself: a plant, and a plant engineer.
ATTRIBUTES: Mapping[str, str] = {
    "engineering": "software",
    "information_technology": "cloud, computer, erp, sap",
    "operations": "manufacturing, production, plant, warehouse, distribution, fulfillment, "
    "facilities, facility, fleet, inventory, materials, transportation, produktion, "
    "produccion, produzione",
    "product_management": "product, products",
    "program_and_project_management": "project, projects",
    "real_estate": "real estate",
}

# These name the function only where nothing else does.
LAST_RESORT: Mapping[str, str] = {
    "consulting": "consultant, consultants, consulting, consultancy, berater, beraterin, "
    "consultante, consultor, consultora",
    "education": "education, educational, academic, school",
    "entrepreneurship": "founder, cofounder, owner, entrepreneur, proprietor, inhaber, inhaberin, "
    "grunder, grunderin, fondateur, fondatrice, cofondateur, cofondatrice, fundador, fundadora, "
    "propietario, propietaria, dueno, titolare, eigenaar, unternehmer, unternehmerin",
    "healthcare_services": "healthcare, health, medical, clinical, clinic, hospital, patient, "
    "pharmacy, dental, surgical, radiology, physician assistant",
    "information_technology": "technology",
    "military_and_protective_services": "military",
    "media_and_communication": "media, publishing",
}

# Longer phrases in which a word of the above means something else.
NO_FUNCTION = (
    "account clerk, air traffic controller, traffic controller, cloud operations, "
    "community manager, data scientist, data scientists, document controller, company secretary, "
    "corporate secretary, board secretary, grant writer, technical writer, process owner, "
    "system owner, service owner, data owner, information technology all, "
    "information technology happen, insurance producer, nursing education, product development, "
    "product specialist, security operations, technical account manager, technical support, "
    "school counselor, health | safety, customer engineer, talent agent"
)

NO_JOB = {"former", "formerly", "ex", "retired", "seeking", "aspiring", "unemployed", "past"}
# "Order to cash" is a process; "assistant to" leads to another person's title.
BEFORE_TO = ("business", "direct", "go", "hire", "lead", "order", "procure", "quote", "record")


class Meaning(NamedTuple):
    words: list[str]
    code: str | None
    weight: int
    """Of several phrases in a title the lightest decides."""
    rule: str


Table = Iterable[tuple[int, str | None, str]]
Lexicon = Mapping[str, Sequence[Meaning]]

LATER_PART = 10
LAST = 10_000
EXCEPTION = 100_000
NOTHING = Meaning([], None, 1_000_000, "")


def _lexicon(table: Table) -> Lexicon:
    """By the first word; of those that begin with it, the longest first."""
    found: dict[str, list[Meaning]] = {}
    for weight, code, phrases in table:
        for phrase in phrases.split(", "):
            meaning = Meaning(phrase.split(), code, weight, phrase.strip(" |"))
            found.setdefault(meaning.words[0], []).append(meaning)
    return {word: sorted(of, key=lambda one: -len(one.words)) for word, of in found.items()}


def _functions() -> Iterator[tuple[int, str | None, str]]:
    for weight, table in ((0, ROLES), (1, FIELDS), (2, ATTRIBUTES), (LAST, LAST_RESORT)):
        for code, phrases in table.items():
            yield weight, code, phrases
    yield EXCEPTION, None, NO_FUNCTION


_WRITTEN_OUT = {
    short: written_out for written_out, shorts in SHORT_FOR.items() for short in shorts.split(", ")
}
_SENIORITY = _lexicon((rank, *row) for rank, row in enumerate(SENIORITY))
_FUNCTION = _lexicon(_functions())

_RUN_ON = re.compile(r"\.(?=\w\w)")
_APART = re.compile(r"[,;:/|+()\[\]{}&•·–—]|-\s|\s(?:-|(?:and|und|et|y)\s)", re.IGNORECASE)
_LEADS_AWAY = {"to", "at", "office"}
_PROCESS = "".join(f"(?<! {word} to)" for word in BEFORE_TO)
# "Assistant to the CEO" is an assistant: what follows is somebody else's title, or a company.
_SOMEBODY_ELSE = re.compile(rf" (?:(to){_PROCESS}|at|office of (?=chief|president|vice)).*$")
_CHIEF_OFFICER = re.compile(
    r"\bchief (?!petty |warrant |engineer |architect |accountant |executive \|)"
    r"((?:[a-z]+ ){0,2}(?:\| )?(?:[a-z]+ ){0,2})officer\b"
)


@lru_cache(maxsize=50_000)
def classify(title: str) -> TitleClass:
    words = _words(title)
    # "Manager of" was cut off, and with it what is managed.
    if words[-2] == "of" or not NO_JOB.isdisjoint(words):
        return TitleClass()
    _, seniority, _, rule = _strongest(words, _SENIORITY, 0)
    _, function, _, other_rule = _strongest(words, _FUNCTION, LATER_PART)
    return TitleClass(seniority, function, _both(rule, other_rule))


def _words(title: str) -> list[str]:
    """Folded, written out, and with `|` between the parts and at both ends."""
    parts = _APART.sub(" 0 ", _RUN_ON.sub(" ", title.replace("@", " at ")))
    folded = f"0 {fold(parts)} 0".replace("0", "|").split()
    text = " ".join([_WRITTEN_OUT.get(word, word) for word in folded])
    if not _LEADS_AWAY.isdisjoint(folded):
        text = _SOMEBODY_ELSE.sub(r" \1 |", text)
    if "chief" in text:
        text = _CHIEF_OFFICER.sub(r"chief officer \1officer", text)
    return text.split()


def _strongest(words: list[str], lexicon: Lexicon, later_part: int) -> Meaning:
    """Every word is used once, so what is part of a longer phrase means nothing by itself."""
    strongest, lightest, burden, unused = NOTHING, NOTHING.weight, -later_part, 0
    for at, word in enumerate(words):
        if word == "|":
            burden += later_part
        if at >= unused and word in lexicon:
            meaning = _phrase(words, at, lexicon[word])
            unused = at + len(meaning.words)
            if meaning.weight + burden < lightest:
                strongest, lightest = meaning, meaning.weight + burden
    return strongest


def _phrase(words: list[str], at: int, meanings: Sequence[Meaning]) -> Meaning:
    for meaning in meanings:
        if words[at : at + len(meaning.words)] == meaning.words:
            return meaning
    return NOTHING


def _both(rule: str, other: str) -> str:
    return f"{rule}; {other}" if rule and other and rule != other else rule or other
