"""Changes that free leads: first it is asked how many, then the change is made (RTE-14)."""

import json

from cli.api import Api
from cli.command import Asker, Command
from cli.demo import days
from cli.demo.evidence import Row
from cli.output import progress
from cli.publishing import demand
from cli.stack_records import read_lines
from deploy.files import var_dir
from deploy.sample import generate
from shared.contracts.campaigns import PutCampaign
from shared.contracts.lists import EditList

ASKER = Asker("teodor", "delivery")
OPENED, CATEGORY = "helvion-dach", "310"
LISTED = "helvion-accounts"
"""The campaign and its list."""
COMPANIES_ASKED = tuple(generate.domain(name, 20) for name in generate.COMPANIES)


def open_category(definition: Row) -> Row:
    """Another version of the campaign, which is open to one category more."""
    opened = [*definition["open_categories"], CATEGORY]
    data = definition | {"open_categories": opened}
    text = f"{OPENED} is opened for {CATEGORY}"
    return change("campaign", data, PutCampaign.TYPE, OPENED, OPENED) | {"what": text}


def approve() -> Row:
    """One company more on the list of accounts: of some, the one that would free the most."""
    company = max(COMPANIES_ASKED, key=lambda each: preview("list_edit", edit(each))["frees"])
    row = change("list_edit", edit(company), EditList.TYPE, LISTED, LISTED)
    return row | {"what": f"{company} comes on a list", "list": LISTED, "company": company}


def edit(company: str) -> Row:
    return {"list": LISTED, "add": [company], "reason": "the customer wants them, too"}


def preview(kind: str, data: Row) -> Row:
    """What the change would free, in the one campaign that it is about."""
    with Api() as api:
        [campaign] = api.ask("routing", "/preview", {"kind": kind, **data})["campaigns"]
    return dict(campaign)


def change(kind: str, data: Row, command: str, key: str, campaign: str) -> Row:
    expected, before = preview(kind, data), taken_count(campaign)
    answer = demand(Command(command, json.dumps(data).encode(), key), ASKER)
    days.drain()
    after = taken_count(campaign)
    progress(f"{campaign}: {expected['frees']} would be free; {after - before} were sent")
    row = {"campaign": campaign, "previewed": expected["frees"], "leads": expected["leads"]}
    row |= {"version": answer.details["version"]}
    return row | {"taken_before": before, "taken_after": after}


def taken_count(campaign: str) -> int:
    """Leads that the customer has, by its own account."""
    lines = read_lines(var_dir() / "received.jsonl")
    return len({line["key"] for line in lines if line["campaign"] == campaign and line["taken"]})
