"""`leadops explain` and `leadops watch`: why a lead was not sent, and which leads nobody gets."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Annotated, Any

import typer

from cli.api import Api, segment
from cli.known import suggesting_nearest
from cli.options import LeadId
from cli.output import (
    AsJson,
    CliError,
    UnknownId,
    show_further,
    show_json,
    show_paragraph,
    show_table,
)

WATCHED = ["affiliate", "lead_code", "delivery", "unsent", "since", "raised_at", "codes", "leads"]
LEADS_SHOWN = 3

Row = dict[str, Any]


def register(app: typer.Typer) -> None:
    app.command()(explain)
    app.command()(watch)


def explain(
    lead: LeadId,
    campaign: Annotated[str | None, typer.Option(help="This campaign only.")] = None,
    as_json: AsJson = False,
) -> None:
    """Why a lead was, or was not, sent: every failing check, who can mend it, and how."""
    with suggesting_nearest(campaign=campaign), Api() as api:
        explanation = explain_one(api, lead, campaign)
    if as_json:
        show_json(explanation)
        return
    print(f"lead {lead}: {explanation['state']}")
    if "reasons" in explanation:
        show_further("reasons", ["code", "field", "text"], explanation["reasons"])
        show_further("held for", ["question", "given"], explanation["held"])
        return
    show_campaigns(row for each in explanation["campaigns"] for row in rows_of(each))
    if explanation["closest"]:
        print("\nclosest misses, each by one check only")
        show_campaigns(row for each in explanation["closest"] for row in rows_of(each))


def show_campaigns(rows: Iterable[Row]) -> None:
    """A campaign once, with its checks below it: a table of them is wider than any terminal."""
    for head, found in groupby(rows, lambda row: (row["campaign"], row["version"], row["state"])):
        print()
        campaign, version, state = head
        show_paragraph(f"{campaign}, version {version}: {with_spaces(state)}")
        for row in found:
            show_check(row)


def show_check(row: Row) -> None:
    if "check" in row:
        show_paragraph(headline(row), 1)
    for text in (row.get("text"), mending(row)):
        if text:
            show_paragraph(text, 2)


def headline(row: Row) -> str:
    """The check with the lead's value, what is expected instead, and the rule that decided."""
    parts = [row["check"]]
    parts += [f"is {row['value']}"] if row["value"] else []
    parts += [f"expected: {row['expected']}"] if row["expected"] else []
    parts += [f"by the rule: {row['rule']}"] if row["rule"] else []
    return "; ".join(parts)


def mending(row: Row) -> str:
    return f"{with_spaces(row['who'])}: {row['how']}" if row.get("who") else ""


def with_spaces(code: str) -> str:
    """States and roles are codes in JSON; who reads a screen need not know that."""
    return code.replace("_", " ")


def explain_one(api: Api, lead: str, campaign: str | None) -> Row:
    try:
        return dict(api.get("routing", f"/explain/{segment(lead)}", campaign=campaign))
    except UnknownId as error:
        return not_accepted(api.get("intake", f"/leads/{segment(lead)}"), error)


def not_accepted(lead: Mapping[str, Any], unknown: CliError) -> Row:
    """Routing knows accepted leads only; of the others intake says what is wrong with them."""
    if lead["outcome"] == "accepted":
        raise CliError(unknown.code, f"routing: {unknown.text}", unknown.exit_code)
    explanation = {"lead": lead["id"], "state": lead["outcome"], "campaigns": [], "closest": []}
    return explanation | {"reasons": lead["reasons"], "held": lead["held"]}


def rows_of(entry: Mapping[str, Any]) -> Iterator[Row]:
    """One a check; then what the newest version says, where that is another."""
    yield from failing_rows(entry, entry["state"])
    if refused := entry.get("refused_by_hand"):
        head = {name: entry[name] for name in ("campaign", "version")}
        yield head | {"state": "refused by hand", "text": refused["text"]}
    if now := entry.get("now"):
        nothing = {"text": "nothing stands in its way"}
        yield from (row | ({} if "check" in row else nothing) for row in failing_rows(now, "now"))


def failing_rows(entry: Mapping[str, Any], state: str) -> list[Row]:
    head = {"campaign": entry["campaign"], "version": entry["version"], "state": state}
    return [head | check_row(failing) for failing in entry["failing"]] or [head]


def check_row(failing: Mapping[str, Any]) -> Row:
    row = {name: failing[name] for name in ("value", "rule", "text", "who", "how")}
    return row | {"check": failing["code"], "expected": ", ".join(failing["expected"])}


def watch(as_json: AsJson = False) -> None:
    """Lead codes and deliveries whose leads were unsent a day after their upload."""
    with Api() as api:
        found = api.get("routing", "/watch")
    if as_json:
        show_json(found)
    else:
        show_table("unsent after a day", WATCHED, map(watched_row, found["deliveries"]))


def watched_row(group: Mapping[str, Any]) -> Row:
    leads = group["leads"]
    more = f" and {len(leads) - LEADS_SHOWN} more" if len(leads) > LEADS_SHOWN else ""
    some = ", ".join(leads[:LEADS_SHOWN])
    return {**group, "codes": ", ".join(group["codes"]), "leads": some + more}
