"""`leadops leads`: what became of leads."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.api import Api
from cli.output import AsJson, CliError, show_json, show_table

LIMIT_OF_A_PAGE = 1000
LEAD_COLUMNS = ["id", "affiliate", "reference", "lead_code", "outcome", "reasons", "sent_to"]
LEAD_COLUMNS += ["uploaded_at"]
FILTERS = {
    name: name
    for name in ("source", "affiliate", "lead_code", "delivery", "outcome", "email", "campaign")
}
FILTERS |= {"first": "from", "last": "to"}


def register(app: typer.Typer) -> None:
    leads = typer.Typer(help="Search leads, or show one.", invoke_without_command=True)
    leads.callback()(search)
    leads.command("show")(show_lead)
    app.add_typer(leads, name="leads")


def search(
    context: typer.Context,
    source: Annotated[str | None, typer.Option(help="affiliate or organic.")] = None,
    affiliate: Annotated[str | None, typer.Option()] = None,
    lead_code: Annotated[str | None, typer.Option()] = None,
    delivery: Annotated[str | None, typer.Option()] = None,
    outcome: Annotated[
        str | None, typer.Option(help="accepted, held, unusable or omitted.")
    ] = None,
    email: Annotated[str | None, typer.Option()] = None,
    campaign: Annotated[str | None, typer.Option(help="Sent to this campaign.")] = None,
    sent: Annotated[bool | None, typer.Option("--sent/--unsent")] = None,
    first: Annotated[str | None, typer.Option("--from", help="Day or instant of upload.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Day or instant, included.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    as_json: AsJson = False,
) -> None:
    """Leads for which everything that is given holds (INT-11)."""
    if context.invoked_subcommand:
        return
    wanted = {asked: context.params[name] for name, asked in FILTERS.items()}
    wanted["sent"] = None if sent is None else str(sent).lower()
    with Api() as api:
        found = pages(api, "/leads", wanted, limit)
    if as_json:
        show_json({"leads": found})
    else:
        show_table(f"{len(found)} leads", LEAD_COLUMNS, map(lead_row, found))


def pages(
    api: Api,
    path: str,
    wanted: Mapping[str, str | None],
    limit: int,
    *,
    service: str = "intake",
    rows: str = "leads",
) -> list[dict[str, Any]]:
    """Up to `limit` rows, a page at a time."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while len(found) < limit:
        size = min(limit - len(found), LIMIT_OF_A_PAGE)
        page = api.get(service, path, **wanted, limit=size, after=after)
        found += page[rows]
        after = page["next"]
        if after is None:
            break
    return found


def lead_row(lead: dict[str, Any]) -> dict[str, Any]:
    return lead | {"reasons": codes(lead["reasons"]), "sent_to": ", ".join(lead["sent_to"])}


def codes(reasons: list[dict[str, Any]]) -> str:
    return ", ".join(reason["code"] for reason in reasons)


def show_lead(lead: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """One lead with its history, reasons, trace id and sends."""
    with Api() as api:
        taken_in = api.get("intake", f"/leads/{quote(lead, safe='')}")
        routed = routed_lead(api, lead)
    whole = taken_in | {"trace_id": trace_id(taken_in["trace"]), "routing": routed}
    if as_json:
        show_json(whole)
    else:
        print_lead(whole)


def routed_lead(api: Api, lead: str) -> dict[str, Any] | None:
    """Routing knows accepted leads only, and each a moment after intake."""
    try:
        return dict(api.get("routing", f"/leads/{quote(lead, safe='')}"))
    except CliError as error:
        if error.code != "not_found":
            raise
        return None


def trace_id(traceparent: str | None) -> str | None:
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else None


def print_lead(whole: dict[str, Any]) -> None:
    names = ["id", "affiliate", "reference", "lead_code", "category", "outcome", "person_id"]
    names += ["mapping_version", "trace_id"]
    show_table("lead", ["field", "value"], [{"field": n, "value": whole[n]} for n in names])
    history = [entry | {"reasons": codes(entry["reasons"])} for entry in whole["history"]]
    show_table("history", ["at", "by", "command", "outcome", "reasons"], history)
    show_table("reasons", ["code", "field", "text"], whole["reasons"])
    show_table("changes", ["at", "by", "what"], whole["changes"])
    routed = whole["routing"] or {"asked": [], "sends": []}
    asked = [row | {"failing": codes(row["failing"])} for row in routed["asked"]]
    show_table("campaigns asked", ["campaign", "version", "state", "failing"], asked)
    show_table("sends", ["key", "campaign", "version", "status"], routed["sends"])
