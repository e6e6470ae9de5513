"""`leadops campaigns`: list, show, pause, resume."""

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.api import Api
from cli.command import As, Asker, Command
from cli.output import AsJson, show, show_json, show_table
from cli.publishing import demand
from shared.contracts.campaigns import PauseCampaign, ResumeCampaign

Reason = Annotated[str, typer.Option(help="Why, for the audit.")]
Campaign = Annotated[str, typer.Argument(metavar="CAMPAIGN")]
COLUMNS = ["id", "customer", "programme", "version", "status", "priority", "lead_codes"]


def register(app: typer.Typer) -> None:
    campaigns = typer.Typer(help="Customers' standing orders for leads.")
    campaigns.command("list")(list_campaigns)
    for command in (show_campaign, pause, resume):
        campaigns.command(command.__name__.removesuffix("_campaign"))(command)
    app.add_typer(campaigns, name="campaigns")


def list_campaigns(as_json: AsJson = False) -> None:
    """All campaigns as they are now."""
    with Api() as api:
        found = api.get("routing", "/campaigns")
    if as_json:
        show_json(found)
    else:
        rows = [row | {"lead_codes": ", ".join(row["lead_codes"])} for row in found["campaigns"]]
        show_table("campaigns", COLUMNS, rows)


def show_campaign(campaign: Campaign, as_json: AsJson = False) -> None:
    """One campaign with its slots and all its versions."""
    with Api() as api:
        found = api.get("routing", f"/campaigns/{quote(campaign, safe='')}")
    if as_json:
        show_json(found)
        return
    described = {name: value for name, value in found.items() if name not in ("versions", "slots")}
    rows = [{"field": name, "value": plain(value)} for name, value in described.items()]
    show_table(campaign, ["field", "value"], rows)
    show_table("slots", ["reserved", "used", "uncertain"], [found["slots"]])
    columns = ["version", "status", "changed_at", "changed_by", "reason"]
    show_table("versions", columns, found["versions"])


def plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def pause(
    campaign: Campaign,
    reason: Reason = "paused by hand",
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Nothing more is sent to it from the moment that this is accepted."""
    ask_campaign(PauseCampaign.TYPE, campaign, reason, actor, as_json=as_json)


def resume(
    campaign: Campaign,
    reason: Reason = "resumed by hand",
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Leads that are accepted from now on may be sent to it again."""
    ask_campaign(ResumeCampaign.TYPE, campaign, reason, actor, as_json=as_json)


def ask_campaign(kind: str, campaign: str, reason: str, actor: str, *, as_json: bool) -> None:
    data = json.dumps({"campaign": campaign, "reason": reason}).encode()
    answer = demand(Command(kind, data, campaign), Asker(actor))
    text = f"{campaign}: {answer.code}, version {answer.details.get('version')}"
    show(answer.as_json(), as_json=as_json, text=text)
