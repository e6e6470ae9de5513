"""`leadops leads`: what became of leads."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.api import Api, segment
from cli.known import OUTCOMES, SOURCES, check, check_filters
from cli.options import LeadId, Limit
from cli.output import AsJson, UnknownId, show_counted, show_further, show_json, show_table
from shared.contracts import trace_context

LIMIT_OF_A_PAGE = 1000
LEAD_COLUMNS = ["id", "affiliate", "reference", "lead_code", "outcome", "reasons", "sent_to"]
LEAD_COLUMNS += ["uploaded_at"]
FIELDS = ["id", "affiliate", "reference", "lead_code", "category", "outcome", "person_id"]
FIELDS += ["mapping_version", "trace_id"]
READ = ["person", "company", "place", "title_class", "categories", "answers", "consent"]
READ += ["captured_at", "converted_at"]
FILTERS = {
    name: name
    for name in (
        "source",
        "affiliate",
        "lead_code",
        "delivery",
        "outcome",
        "email",
        "phone",
        "campaign",
    )
}
FILTERS |= {"first": "from", "last": "to"}

MORE = "; --limit shows more"


def register(app: typer.Typer) -> None:
    leads = typer.Typer(help="Search leads, or show one.", invoke_without_command=True)
    leads.callback()(search)
    leads.command("show")(show_lead)
    app.add_typer(leads, name="leads")


def search(
    context: typer.Context,
    source: Annotated[str | None, typer.Option(help="affiliate or organic.")] = None,
    affiliate: Annotated[str | None, typer.Option(help="Of this affiliate.")] = None,
    lead_code: Annotated[str | None, typer.Option(help="With this lead code.")] = None,
    delivery: Annotated[str | None, typer.Option(help="Of this delivery.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="accepted, held, unusable, omitted or waiting.")
    ] = None,
    email: Annotated[str | None, typer.Option(help="The person's.")] = None,
    phone: Annotated[str | None, typer.Option(help="With its country: +49 30 901820.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Sent to this campaign.")] = None,
    sent: Annotated[
        bool | None, typer.Option("--sent/--unsent", help="To any campaign, or to none.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Day or instant of upload.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Day or instant, included.")
    ] = None,
    limit: Limit = 100,
    ids: Annotated[bool, typer.Option("--ids", help="Ids only, one a line.")] = False,
    as_json: AsJson = False,
) -> None:
    """Leads for which everything that is given holds (INT-11)."""
    if context.invoked_subcommand:
        return
    check("outcome", outcome, OUTCOMES)
    check("source", source, SOURCES)
    filters = {parameter: context.params[name] for name, parameter in FILTERS.items()}
    filters["sent"] = None if sent is None else str(sent).lower()
    with Api() as api:
        found, more = up_to(limit, pages(api, "/leads", filters, limit + 1))
        if not found:
            check_filters(api, filters)
    if as_json:
        show_json({"leads": found})
    elif ids:
        show_ids(found)
    else:
        show_counted(len(found), "lead", LEAD_COLUMNS, map(lead_row, found), more)


def show_ids(leads: Sequence[Mapping[str, Any]]) -> None:
    """One a line. Where nothing was found there is no line, which a script would take for an id."""
    for lead in leads:
        print(lead["id"])


def pages(
    api: Api,
    path: str,
    filters: Mapping[str, str | None],
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
        page = api.get(service, path, **filters, limit=size, after=after)
        found += page[rows]
        after = page["next"]
        if after is None:
            break
    return found


def up_to(limit: int, found: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """Of one row more than is wanted: what is shown, and what is said if that is not all."""
    return found[:limit], MORE if len(found) > limit else ""


def lead_row(lead: dict[str, Any]) -> dict[str, Any]:
    return lead | {"reasons": codes(lead["reasons"]), "sent_to": ", ".join(lead["sent_to"])}


def codes(reasons: list[dict[str, Any]]) -> str:
    """Each once, also where several fields have the same reason."""
    return ", ".join(dict.fromkeys(reason["code"] for reason in reasons))


def show_lead(lead: LeadId, as_json: AsJson = False) -> None:
    """One lead: as it came, as it was read, with its history, reasons, trace id and sends.

    Personal data is shown, to whoever has the token of the API.
    """
    with Api() as api:
        taken_in = api.get("intake", f"/leads/{segment(lead)}")
        routed = routed_lead(api, lead)
    whole = taken_in | {
        "trace_id": trace_context.trace_id(taken_in["trace"]) or None,
        "routing": routed,
    }
    if as_json:
        show_json(whole)
    else:
        print_lead(whole)


def routed_lead(api: Api, lead: str) -> dict[str, Any] | None:
    """Routing knows accepted leads only, and each a moment after intake."""
    try:
        return dict(api.get("routing", f"/leads/{segment(lead)}"))
    except UnknownId:
        return None


def print_lead(whole: dict[str, Any]) -> None:
    show_fields("lead", {name: whole[name] for name in FIELDS})
    show_some("other contacts of this phone", ["person_id"], whole["other_contacts"])
    show_some("reasons", ["code", "field", "text"], whole["reasons"])
    show_some("held for", ["question", "given"], whole["held"])
    if whole["accepted"]:
        show_fields("\nas it was read", dict(what_was_read(whole["accepted"])))
    show_fields("\nas it came", dict(flatten(whole["record"])))
    history = [entry | {"reasons": codes(entry["reasons"])} for entry in whole["history"]]
    show_some("history", ["at", "by", "command", "outcome", "reasons"], history)
    show_some("changes", ["at", "by", "what"], whole["changes"])
    routed = whole["routing"] or {"claims": [], "sends": []}
    claims = [row | {"failing": codes(row["failing"])} for row in routed["claims"]]
    show_some("claims on campaigns", ["campaign", "version", "state", "failing"], claims)
    show_some("sends", ["key", "campaign", "version", "status"], routed["sends"])


def show_fields(title: str, fields: Mapping[str, Any]) -> None:
    """What is missing is shown, so that a column that was not read is seen."""
    rows = [{"field": name, "value": value} for name, value in fields.items()]
    show_table(title, ["field", "value"], rows)


def show_some(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        show_further(title, columns, rows)


def what_was_read(accepted: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return flatten({name: accepted[name] for name in READ if name in accepted})


def flatten(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value under the way to it, such as company.size.min."""
    if isinstance(content, Mapping) and content:
        for name, value in content.items():
            yield from flatten(value, f"{path}.{name}" if path else str(name))
    elif isinstance(content, list | tuple):
        yield path, ", ".join(map(in_one, content)) or None
    elif isinstance(content, bool):
        yield path, in_one(content)  # As it came it was JSON, and no word of ours.
    else:
        yield path, None if content in ({}, "") else content


def in_one(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
