"""How job titles are classified: as a careful person would from the title alone, or unknown.

A level is said only if the title says one: an engineer has none, and who manages a product, an
account or a project may manage nobody. Of several functions it is the one that is named first.
"""

import pytest

from services.intake.reading import title_words
from services.intake.reading.folding import fold
from services.intake.reading.title_words import WORDS
from services.intake.reading.titles import classify
from tests.bench.titles import RIGHT_AT_LEAST, WRONG_AT_MOST, labelled, shares


@pytest.mark.parametrize(
    ("title", "seniority", "function", "rule"),
    [
        ("SVP Marketing", "vp", "marketing", "vice president; marketing"),
        ("EVP & Chief Marketing Officer", "cxo", "marketing", "chief officer; marketing"),
        ("  HEAD OF   hr ", "director", "human_resources", "head; human resources"),
        ("Sr.Mgr - I.T.", "manager", "information_technology", "manager; information technology"),
        ("Vice President Product & Engineering", "vp", "product_management", None),
        ("VP Product Marketing", "vp", "marketing", "vice president; product marketing"),
        ("Healthcare IT Director", "director", "information_technology", None),
        ("Technical Recruiter", None, "human_resources", "recruiter"),
        ("Manufacturing Engineer", None, "engineering", "engineer"),
        ("Quality Engineer", None, "quality_assurance", "quality"),
        ("IT Project Manager", None, "program_and_project_management", "project manager"),
        ("Sr. Product Manager", "senior", "product_management", "senior; product manager"),
        ("Co-Founder and CTO", "owner", "information_technology", None),
        ("Partner, Litigation", "partner", "legal", "partner; litigation"),
        ("Marketing Intern", "training", "marketing", "intern; marketing"),
        ("Geschäftsführerin", "cxo", None, "geschaftsfuhrerin"),
        ("Vertriebsleiter", "director", "sales", "leiter; vertrieb"),
        ("Directeur des ventes", "director", "sales", "directeur; ventes"),
        ("Jefe de compras", "manager", "purchasing", "jefe; compras"),
    ],
)
def test_title(title: str, seniority: str | None, function: str | None, rule: str | None) -> None:
    """The strongest word of the title decides its level, the first that names one its function."""
    read = classify(title)
    assert (seniority, function) == (read.seniority, read.function)
    assert rule in (read.rule, None)


@pytest.mark.parametrize(
    ("title", "seniority", "function"),
    [
        ("Snr Acctg Mgr", "manager", "accounting"),
        ("Jnr Engr", "entry", "engineering"),
        ("Dir Biz Dev", "director", "business_development"),
        ("Bus Dev Mngr", None, "business_development"),
        ("BDR", None, "business_development"),
        ("SDR", None, "sales"),
        ("GM", "manager", None),
        ("AVP Comms", "vp", "media_and_communication"),
        ("RVP Fin", "vp", "finance"),
        ("Pres", "cxo", None),
        ("CHRO", "cxo", "human_resources"),
        ("COO", "cxo", "operations"),
        ("CIO", "cxo", "information_technology"),
        ("CISO", "cxo", "information_technology"),
        ("CMO", "cxo", "marketing"),
        ("CDO", "cxo", None),
        ("Ops Supv", "manager", "operations"),
        ("HRBP", None, "human_resources"),
        ("Infosec Mgr", "manager", "information_technology"),
        ("Info Sys Mgr", "manager", "information_technology"),
        ("Cust Svc Rep", None, "customer_success_and_support"),
        ("KAM", None, "sales"),
        ("CSM", None, "customer_success_and_support"),
        ("Acct Mgr", None, "sales"),
        ("Proj Mgmt", None, "program_and_project_management"),
        ("Programme Mgr", None, "program_and_project_management"),
        ("Mktg Exec", None, "marketing"),
        ("Mkting Asst", "entry", "marketing"),
        ("Head of Eng", "director", "engineering"),
        ("Personalleiterin", "director", "human_resources"),
        ("Produktionsleiter", "director", "operations"),
        ("Einkaufsleiter", "director", "purchasing"),
        ("Finanzleiterin", "director", "finance"),
        ("Marketingleiter", "director", "marketing"),
        ("Verkaufsleiter", "director", "sales"),
        ("Marketingmanagerin", "manager", "marketing"),
        ("Salesmanager", "manager", "sales"),
        ("Verkoopdirecteur", "director", "sales"),
        ("Försäljningschef", "manager", "sales"),
        ("Markedssjef", "manager", "marketing"),
        ("Myyntipäällikkö", "manager", "sales"),
        ("Qualitätsmanager", None, None),
        ("Dyrektor Handlowy", "director", "sales"),
        ("Менеджер по продажам", "manager", "sales"),
        ("Коммерческий директор", "director", "sales"),
        ("Директор по маркетингу", "director", "marketing"),
        ("営業部長", "director", "sales"),
        ("マーケティング部長", "director", "marketing"),
        ("销售经理", None, "sales"),
        ("市场总监", "director", "marketing"),
        ("市場調査", None, None),
        ("Pazarlama Müdürü", "manager", "marketing"),
        ("Technico-commercial", None, "sales"),
        ("Commercial Director", "director", None),
        ("Salesforce-Spezialist", None, None),
    ],
)
def test_abbreviations(title: str, seniority: str | None, function: str | None) -> None:
    read = classify(title)
    assert (seniority, function) == (read.seniority, read.function)


@pytest.mark.parametrize(
    ("title", "seniority", "function"),
    [
        ("CEO Assistant", "entry", None),
        ("Executive Assistant - CEO & COO", None, "administrative"),
        ("EA to the CFO", None, "administrative"),
        ("Owner @ Northgrid Sales Consulting", "owner", "entrepreneurship"),
        ("Director, Office of the CFO", "director", None),
    ],
)
def test_words_of_somebody_else(title: str, seniority: str | None, function: str | None) -> None:
    """The title of the superior and the name of the company decide nothing."""
    read = classify(title)
    assert (seniority, function) == (read.seniority, read.function)


@pytest.mark.parametrize(
    "title",
    [
        *("", "n/a", "-", "🚀🚀", "经理", "Zookeeper", "Specialist", "Executive", "Principal"),
        *("Manager of", "Retired VP of Sales", "ex-CTO", "Making it happen", "Process Owner"),
        *("Chief of Staff", "Managing Director", "Data Scientist", "Team Lead", "Board Member"),
    ],
)
def test_unclear_title_is_unknown(title: str) -> None:
    """What is no title, is cut off, is a past one or could mean several things is not guessed."""
    read = classify(title)
    assert (None, None) == (read.seniority, read.function)


@pytest.mark.parametrize("title", ["Chief Dana Okafor Officer", "VP Secretword, Sales Secretword"])
def test_rule_quotes_only_what_decided(title: str) -> None:
    """Words that decided nothing, a name for example, are not in the rule."""
    assert not {"dana", "okafor", "secretword"} & set(classify(title).rule.split())


def test_share_of_titles() -> None:
    """Of the labelled titles nearly all are right, and what is not is rather unknown than wrong."""
    right, wrong = shares(labelled())
    assert right >= RIGHT_AT_LEAST
    assert wrong <= WRONG_AT_MOST


def test_no_title_is_labelled_twice() -> None:
    """A share over repeated titles would say less than it seems."""
    titles = [label.title for label in labelled()]
    assert len(set(titles)) == len(titles) >= 420


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ('code = "vp"', 'code = "vip"', "no seniority"),
        ("\nfinance = ", "\nfinances = ", "no function"),
        ("volunteer, unpaid", "volunteer,, unpaid", "no word"),
        ("volunteer, unpaid", "volunteer, |", "no word"),
        ("volunteer, unpaid", "volunteer, director", "two meanings: director"),
        ('"sr, snr"', '"sr, snr, jr"', "two meanings: jr"),
        ("equity research, financial advisor", "accountant", "two meanings: accountant"),
        ("account clerk,", "account clerk, accountant,", "two meanings: accountant"),
        ("manager_of", "managers_of", "extra"),
        ("no_job", "no_jobs", "missing"),
    ],
)
def test_a_table_with_a_mistake_is_not_read(right: str, wrong: str, why: str) -> None:
    """RTE-02: a code that no campaign can want, a phrase that is empty or has two meanings, and a
    name that is mistyped are told when the table is read."""
    text = title_words.DATA.read_text()
    assert right in text
    with pytest.raises(ValueError, match=why):
        title_words.read(text.replace(right, wrong))


def test_phrases_are_written_as_titles_are_folded() -> None:
    """A phrase that no folded title could hold would never decide anything."""
    levels = [phrase for level in WORDS.seniority for phrase in level.all_phrases]
    functions = [phrase for _, phrases in WORDS.by_function for phrase in phrases]
    for phrase in [*levels, *functions, *WORDS.no_function]:
        words = " ".join(word for word in phrase.split() if word != "|")
        assert words == fold(words)


@pytest.mark.parametrize("process", WORDS.before_to)
def test_a_process_that_leads_to_something_is_not_somebody_elses(process: str) -> None:
    """INT-13: order to cash is one thing; an assistant to finance is in nobody's finance."""
    assert "finance" == classify(f"Director {process} to finance").function
    assert classify("Assistant to finance").function is None
