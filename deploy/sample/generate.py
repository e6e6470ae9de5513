"""Upload rows as an affiliate would send them, dirty as in life, the same for the same seed.

About one row in ten can't be used. All people and companies are invented.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, TextIO

import yaml

AFFILIATES = Path(__file__).parent / "affiliates.yaml"

FIRST_NAMES = ("Dana", "Ines", "Jörg", "Ravi", "Noor", "Chloé", "Tomás", "Yuki", "Sable", "Arlo")
LAST_NAMES = ("Okafor", "Martel", "Weiß", "Iyer", "Haddad", "Lindqvist", "Prado", "Ono", "Quill")
COMPANIES = ("Northgrid", "Helvion", "Calder", "Brightwater", "Ostrava Steel", "Tern", "Vantry")
LEGAL_FORMS = (" Ltd", " GmbH", ", Inc.", " S.A.", "")
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
SIZES = (
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
)
INDUSTRIES = ("Computer Software", "Software Development", "Banking", "96", "014", "")
PLACES = (
    ("USA", "Néw Yörk", "+1 212 555 "),
    ("U.S.", "CA", "(415) 555-"),
    ("United States", "Texas", "713-555-"),
    ("US", "wa", "+1 206 555 "),
    ("UK", "", "+44 20 7946 "),
    ("Deutschland", "Bayern", "+49 89 1234 "),
    ("Canada", "Ontario", "+1 416 555 "),
    ("Austria", "", "+43 1 5332 "),
)
CATEGORIES = ("101", "0101", "102", "00205", "205", "310")
DATES = ("2025-03-03T09:12:45Z", "03/04/2025 3:05 PM", "45719.5", "2025-03-03", "")
TIME_FRAMES = ("3-6 months", "3-6 monhts", "0-3 months", "", "Within a year")

# What makes a row unusable, by the field that is spoilt.
SPOILT = (
    ("email", "not-an-address"),
    ("email", ""),
    ("category", "999"),
    ("lead_code", "INT-FFA-ESF-0000"),
    ("country", "Narnia"),
)


def rows(count: int, seed: int, affiliate: str = "infuse-media") -> list[dict[str, str]]:
    """Rows with the affiliate's own field names; more rows of a seed start with the same ones."""
    definition = affiliate_definition(affiliate)
    random = Random(f"{seed}/{affiliate}")
    return [_row(random, seed, number, definition) for number in range(count)]


def affiliate_definition(affiliate: str) -> dict[str, Any]:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(AFFILIATES.read_text()))
    return next(document for document in documents if document["id"] == affiliate)


def _row(random: Random, seed: int, number: int, definition: dict[str, Any]) -> dict[str, str]:
    lead = _lead(random, f"{seed}-{number:06}", definition["lead_codes"])
    if random.random() < 0.1:
        field, value = random.choice(SPOILT)
        lead[field] = value
    mapping = definition["mapping"]
    own = {name: lead[canonical] for canonical, name in mapping["fields"].items()}
    answers = {"q_timeframe": random.choice(TIME_FRAMES), "q_budget": random.choice(("", "10k"))}
    return own | {name: answers[symbol] for symbol, name in mapping["answers"].items()}


def _lead(random: Random, reference: str, lead_codes: Sequence[str]) -> dict[str, str]:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    company = random.choice(COMPANIES)
    country, subdivision, dialled = random.choice(PLACES)
    domain = f"{company.lower().replace(' ', '-')}{random.randrange(500)}.example"
    return {
        "reference": f"P-{reference}",
        "email": _email(random, domain),
        "first_name": first,
        "last_name": f" {last} ",
        "phone": f"{dialled}{random.randrange(10_000):04}",
        "job_title": random.choice(TITLES),
        "company_name": company + random.choice(LEGAL_FORMS),
        "company_domain": random.choice((domain, f"https://www.{domain}/about", "")),
        "company_size": random.choice(SIZES),
        "industry": random.choice(INDUSTRIES),
        "country": country,
        "subdivision": subdivision,
        "category": random.choice(CATEGORIES),
        "lead_code": random.choice(lead_codes),
        "consent": f"opt-{random.randrange(1_000_000):06}",
        "captured_at": random.choice(DATES),
    }


def _email(random: Random, domain: str) -> str:
    """Few enough mailboxes a domain that some people turn up twice."""
    address = f"contact{random.randrange(100)}@{domain}"
    dirt = random.random()
    if dirt < 0.1:
        return address.upper()
    if dirt < 0.2:
        return f"  {address} "
    return address.replace("@", "+events@") if dirt < 0.25 else address


def write(uploaded: Sequence[dict[str, str]], file: TextIO) -> None:
    writer = csv.DictWriter(file, fieldnames=list(uploaded[0]) if uploaded else [])
    writer.writeheader()
    writer.writerows(uploaded)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--affiliate", default="infuse-media")
    given = parser.parse_args()
    write(rows(given.count, given.seed, given.affiliate), sys.stdout)


if __name__ == "__main__":
    main()
