"""How each affiliate writes what it uploads; the names of its fields stand in its definition.

Each value is dirty in a way that was seen in life. What has no meaning must come out as unknown,
and what has one must come out the same, whoever wrote it.
"""

from dataclasses import dataclass

EXCEL = "serial"
"""As a date format: the number of days that a spreadsheet keeps."""

TIME_FRAMES = ("0-3 months", "3-6 months", "3-6 Months", "6-12  months", "over a year", "")
BUDGETS = ("10k", "< 10k", "10k-50k", "50K-250K", "250k+", "", "")
TITLES = (
    "VP, Sales & Marketing",
    "Head of IT",
    "Sr. Mgr InfoSec",
    "Senior Engineer",
    "CTO",
    "Chief Information Security Officer",
    "IT Director",
    "Network Administrator",
    "Director of Finance",
    "Product Manager",
    "",
)


@dataclass(frozen=True, slots=True)
class Spelling:
    reference: str
    places: tuple[tuple[str, str, str], ...]
    """Country, subdivision, and how a phone number there begins."""
    sizes: tuple[str, ...]
    industries: tuple[str, ...]
    categories: tuple[str, ...]
    dates: tuple[str, ...]
    titles: tuple[str, ...] = TITLES
    revenues: tuple[str, ...] = ("",)
    wrong_answers: tuple[str, ...] = ("3-6 monhts", "Within a year")
    """Close to an allowed answer at best; a person has to say what is meant."""


SPELLINGS = {
    "infuse-media": Spelling(
        reference="P-{}",
        places=(
            ("USA", "Néw Yörk", "+1 212 555 "),
            ("U.S.", "CA", "(415) 555-"),
            ("United States", "Texas", "713-555-"),
            ("US", "wa", "+1 206 555 "),
            ("The States", "NY", "+1 212 555 "),
            ("UK", "", "+44 20 7946 "),
            ("Deutschland", "Bayern", "+49 89 1234 "),
            ("Canada", "Ontario", "+1 416 555 "),
            ("Austria", "", "+43 1 5332 "),
        ),
        sizes=(
            "1,001-5,000",
            "1001 \u2013 5000",
            "5001-10,000 employees",
            "10,000+",
            "10001 or more",
            "51 to 200",
            "Self-employed",
            "250",
            "0",
            "",
            "100-499",
        ),
        industries=("Computer Software", "Software Development", "Banking", "96", "014", ""),
        categories=("101", "0101", "102", "00205", "205", "310"),
        dates=("%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y %I:%M %p", EXCEL, "%Y-%m-%d", ""),
    ),
    "technology-advice": Spelling(
        reference="ta_{}",
        places=(
            ("United States of America", "New York", "+1 (212) 555-"),
            ("United States", "california", "+1 (415) 555-"),
            ("United Kingdom (England)", "", "+44 (0)20 7946 "),
            ("Germany (DACH)", "Bavaria", "+49 (0)89 1234"),
            ("Canada", "Québec", "+1 (514) 555-"),
            ("Ireland", "", "+353 1 555 "),
        ),
        sizes=(
            "11-50 employees",
            "201-500 employees",
            "1,001-5,000 employees",
            "Enterprise",
            "500+",
        ),
        industries=(
            "Software Development",
            "IT Services and IT Consulting",
            "Computer and Network Security",
            "Technology, Information and Internet",
            "Hospitals and Health Care",
            "Advertising Services",
            "Basket Weaving",
        ),
        revenues=("$1M-$10M", "$10M - $50M", "50-250M", "$1B+", "Under $1 million", "Undisclosed"),
        categories=("101", "102", "205"),
        dates=("%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"),
        wrong_answers=("3 – 6 mo.", "6-12 monhts"),
    ),
    "account-media": Spelling(
        reference="{}",
        places=(
            ("Etats-Unis", "NY", "+1 212 555 "),
            ("ETATS-UNIS", "CALIFORNIA", "+1 415 555 "),
            ("Royaume-Uni", "", "+44 20 7946 "),
            ("Allemagne", "Bayern", "+49 89 1234 "),
            ("Autriche", "Wien", "+43 1 5332 "),
            ("FRA", "", "+33 1 7018 "),
        ),
        sizes=("C", "D", "E", "G", "H", "I", "250", ""),
        industries=("4", "96", "41", "0014", "118", "1862", "n/a"),
        categories=("101", "00102", "00205", "310", "0310"),
        dates=(EXCEL,),
        titles=(*TITLES, "Directeur informatique", "DSI"),
        wrong_answers=("3-6 mois", "3-6 monhts"),
    ),
    "s2w": Spelling(
        reference="S2W/{}",
        places=(
            ("England", "", "020 7946 "),
            ("UK", "", "+44 20 7946 "),
            ("Great Britain", "", "0044 20 7946 "),
            ("Eire", "", "+353 1 555 "),
            ("U.S.A.", "wa", "+1 206 555 "),
            ("Holland", "", "+31 20 555 "),
        ),
        sizes=("1-10", "51 to 200", "1001 \u2013 5000", ">10000", "approx. 300", "Self-employed"),
        industries=(
            "Computer Software",
            "Information Technology",
            "Computer & Network Security",
            "Cyber Security",
            "Hospital & Health Care",
            "Health",
            "Automotive",
        ),
        categories=("0101", "0205", "0310"),
        dates=("%d/%m/%Y %H:%M", "%d/%m/%Y", "%d/%m/%Y %I:%M %p", ""),
        wrong_answers=("3-6 monhts", "Next financial year"),
    ),
    "binary-demand": Spelling(
        reference="BD-{}",
        places=(
            ("Deutschland", "Bayern", "089 1234"),
            ("DEUTSCHLAND", "Baden-Württemberg", "0711 1234"),
            ("Österreich", "Wien", "+43 1 5332 "),
            ("Schweiz", "Zürich", "+41 44 668 "),
            ("Großbritannien", "", "+44 20 7946 "),
            ("Vereinigte Staaten", "Kalifornien", "+1 415 555 "),
        ),
        sizes=(
            "11-50",
            "51 bis 200",
            "201 \u2013 500 Mitarbeiter",
            "1.001-5.000 Mitarbeiter",
            "10.001+",
            "Einzelunternehmer",
            "k. A.",
        ),
        industries=(
            "Softwareentwicklung",
            "IT-Dienstleistungen",
            "Banken",
            "Gesundheitswesen",
            "Maschinenbau",
            "Sonstiges",
        ),
        revenues=(
            "500 TEUR",
            "1-5 Mio. €",
            "12,5 Mio. EUR",
            "7.350.000",
            "über 1 Mrd.",
            "$20M",
            "k. A.",
        ),
        categories=("102", "205", "0205", "310"),
        dates=("%d.%m.%Y %H:%M", "%d.%m.%Y", "%d.%m.%Y %H:%M:%S"),
        titles=(*TITLES, "Geschäftsführer", "Leiter IT", "Vertriebsleiter"),
        wrong_answers=("3-6 Monate", "3-6 monhts"),
    ),
}

ON_SITE = Spelling(
    reference="W-{}",
    places=(
        ("United States", "New York", "+1 212 555 "),
        ("United States", "California", "+1 415 555 "),
        ("United Kingdom", "", "+44 20 7946 "),
        ("Germany", "Bavaria", "+49 89 1234 "),
        ("Ireland", "", "+353 1 555 "),
    ),
    sizes=("11-50", "51-200", "201-500", "1001-5000", "10001+"),
    revenues=("Under USD 1M", "USD 1M-10M", "USD 10M-100M", "USD 100M+"),
    industries=("Software Development", "IT Services and IT Consulting", "Banking"),
    categories=("101", "102", "205", "310"),
    dates=("",),
)
"""How people write who convert on the operator's own site: there they choose from lists."""
