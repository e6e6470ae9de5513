"""Upload rows as affiliates would send them, dirty as in life, the same for the same seed.

About one row in ten can't be used, and some people come twice under one lead code. All people and
companies are invented.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TextIO

from ruamel.yaml import YAML

from deploy.sample import files
from deploy.sample.files import Row
from deploy.sample.spellings import BUDGETS, EXCEL, ON_SITE, SPELLINGS, TIME_FRAMES, Spelling

AFFILIATES = Path(__file__).parent / "affiliates.yaml"
OF_UPLOADS = frozenset({"category", "lead_code", "captured_at"})
"""What the record of a person who converted does not have."""
SHARE_UNUSABLE = 0.1
SHARE_AGAIN = 0.03
SHARE_WRONG_ANSWER = 0.1
FIRST_DAY = datetime(2025, 1, 6)
DAYS = 80
DOMAINS = 60
"""Of each company. Few enough that some are met several times."""

FIRST_NAMES = ("Dana", "Ines", "Jörg", "Ravi", "Noor", "Chloé", "Tomás", "Yuki", "Sable", "Arlo")
LAST_NAMES = ("Okafor", "Martel", "Weiß", "Iyer", "Haddad", "Lindqvist", "Prado", "Ono", "Quill")
COMPANIES = ("Northgrid", "Helvion", "Calder", "Brightwater", "Ostrava Steel", "Tern", "Vantry")
LEGAL_FORMS = (" Ltd", " GmbH", ", Inc.", " S.A.", ' "Labs"; Group', "")

# What makes a row unusable, by the field that is spoilt.
SPOILT = (
    ("email", "not-an-address"),
    ("email", ""),
    ("category", "999"),
    ("lead_code", "INT-FFA-ESF-0000"),
    ("country", "Narnia"),
)


def rows(count: int, seed: int, affiliate: str = "infuse-media") -> list[Row]:
    """Rows with the affiliate's own field names; more rows of a seed start with the same ones."""
    definition, spelling = affiliate_definition(affiliate), SPELLINGS[affiliate]
    random = Random(f"{seed}/{affiliate}")
    leads: list[Row] = []
    found = []
    for number in range(count):
        lead = _lead(random, definition["lead_codes"], spelling)
        if leads and random.random() < SHARE_AGAIN:
            lead = _again(random, leads)
        leads.append(lead | {"reference": spelling.reference.format(f"{seed}-{number:06}")})
        found.append(_row(random, leads[-1], definition["mapping"], spelling))
    return found


def conversions(count: int, seed: int) -> list[dict[str, Any]]:
    """People who converted on the operator's own site, every third in two categories."""
    random = Random(f"{seed}/organic")
    return [_conversion(random, number) for number in range(count)]


def _conversion(random: Random, number: int) -> dict[str, Any]:
    lead = _lead(random, ("",), ON_SITE)
    converted_at = FIRST_DAY + timedelta(hours=3 * random.randrange(DAYS * 8))
    return {
        "reference": ON_SITE.reference.format(f"{number:04}"),
        "converted_at": f"{converted_at.isoformat()}Z",
        "categories": random.sample(ON_SITE.categories, 1 if number % 3 else 2),
        "record": {name: lead[name] for name in lead if name not in OF_UPLOADS},
    }


def affiliate_definition(affiliate: str) -> dict[str, Any]:
    documents: list[dict[str, Any]] = list(YAML(typ="safe", pure=True).load_all(AFFILIATES))
    return next(document for document in documents if document["id"] == affiliate)


def _row(random: Random, lead: Row, mapping: dict[str, Any], spelling: Spelling) -> Row:
    if random.random() < SHARE_UNUSABLE:
        field, value = random.choice(SPOILT)
        lead = lead | {field: value}
    own = {name: lead[canonical] for canonical, name in mapping["fields"].items()}
    answers = {"q_timeframe": random.choice(TIME_FRAMES), "q_budget": random.choice(BUDGETS)}
    if random.random() < SHARE_WRONG_ANSWER:
        answers["q_timeframe"] = random.choice(spelling.wrong_answers)
    return own | {name: answers[symbol] for symbol, name in mapping["answers"].items()}


def _again(random: Random, leads: Sequence[Row]) -> Row:
    """Somebody who came before, under the same lead code and with the mailbox written otherwise."""
    lead = random.choice(leads)
    return lead | {"email": random.choice((lead["email"].upper(), f" {lead['email']}"))}


def _lead(random: Random, lead_codes: Sequence[str], spelling: Spelling) -> Row:
    company = random.choice(COMPANIES)
    country, subdivision, dialled = random.choice(spelling.places)
    own_domain = domain(company, random.randrange(DOMAINS))
    return {
        "email": _email(random, own_domain),
        "first_name": random.choice(FIRST_NAMES),
        "last_name": f" {random.choice(LAST_NAMES)} ",
        "phone": f"{dialled}{random.randrange(10_000):04}",
        "job_title": random.choice(spelling.titles),
        "company_name": company + random.choice(LEGAL_FORMS),
        "company_domain": random.choice((own_domain, f"https://www.{own_domain}/about", "")),
        "company_size": random.choice(spelling.sizes),
        # A company has one, whoever of its people comes.
        "company_revenue": Random(own_domain).choice(spelling.revenues),
        "industry": random.choice(spelling.industries),
        "country": country,
        "subdivision": subdivision,
        "category": random.choice(spelling.categories),
        "lead_code": random.choice(lead_codes),
        "consent": f"opt-{random.randrange(1_000_000):06}",
        "captured_at": _date(random, spelling.dates),
    }


def domain(company: str, number: int) -> str:
    return f"{company.lower().replace(' ', '-')}{number}.example"


def _email(random: Random, at: str) -> str:
    """Few enough mailboxes a domain that some people turn up twice."""
    address = f"contact{random.randrange(100)}@{at}"
    dirt = random.random()
    if dirt < 0.1:
        return address.upper()
    if dirt < 0.2:
        return f"  {address} "
    return address.replace("@", "+events@") if dirt < 0.25 else address


def _date(random: Random, formats: Sequence[str]) -> str:
    """To three hours, so that a serial is exact."""
    eighths = random.randrange(DAYS * 8)
    form, moment = random.choice(formats), FIRST_DAY + timedelta(hours=3 * eighths)
    if form == EXCEL:
        return f"{(moment - files.DAY_ZERO) / timedelta(days=1):.8g}"
    return moment.strftime(form)


def write(uploaded: Sequence[Row], file: TextIO) -> None:
    files.write_rows(uploaded, file)


def write_file(affiliate: str, count: int, seed: int, directory: Path) -> Path:
    """In the kind of file that the affiliate uses."""
    return files.save(rows(count, seed, affiliate), affiliate, directory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--affiliate", default="infuse-media", choices=sorted(SPELLINGS))
    parser.add_argument("--directory", type=Path, help="Write the affiliate's kind of file there.")
    arguments = parser.parse_args()
    # Whoever has seen enough, such as `head`, ends it as any tool.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if arguments.directory:
        path = write_file(arguments.affiliate, arguments.count, arguments.seed, arguments.directory)
        sys.stdout.write(f"{path}\n")
    else:
        write(rows(arguments.count, arguments.seed, arguments.affiliate), sys.stdout)


if __name__ == "__main__":
    main()
