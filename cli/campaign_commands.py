"""`leadops campaigns`: list, show, pause, resume, lint, unsent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from cli import linting
from cli.api import Api, segment
from cli.command import Asker, Command
from cli.documents import command_of
from cli.known import suggesting_nearest
from cli.options import As, CampaignId, Reason
from cli.output import (
    CHECK_FAILED,
    AsJson,
    show,
    show_further,
    show_json,
    show_paragraph,
    show_table,
)
from cli.publishing import demand
from cli.tables import text_of
from shared.contracts.campaigns import PauseCampaign, ResumeCampaign
from shared.wording import quantity

COLUMNS = ["id", "customer", "programme", "version", "status", "priority", "lead_codes"]
TOLD_APART = ("versions", "capacity", "counted", "warnings", "checklist")
TASK = ["item", "owner", "is_confirmed", "text"]


def register(app: typer.Typer) -> None:
    campaigns = typer.Typer(help="Customers' standing orders for leads.")
    campaigns.command("list")(list_campaigns)
    for command in (show_campaign, pause, resume, lint, unsent):
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


def show_campaign(campaign: CampaignId, as_json: AsJson = False) -> None:
    """One campaign with its slots, what is open or worth a look, and all its versions."""
    with suggesting_nearest(campaign=campaign), Api() as api:
        found = api.get("routing", path_of(campaign))
    if as_json:
        show_json(found)
        return
    show_table(campaign, ["field", "value"], describe(found))
    show_further("capacity", ["reserved", "used", "uncertain"], [found["capacity"]])
    show_further("counted slots", ["slot", "count"], largest_first("slot", found["counted"]))
    show_warnings(found["warnings"])
    if found["checklist"]:
        show_further("checklist", TASK, found["checklist"])
    columns = ["version", "status", "changed_at", "changed_by", "reason"]
    show_further("versions", columns, found["versions"])


def path_of(campaign: str) -> str:
    return f"/campaigns/{segment(campaign)}"


def describe(found: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What is given; what is left open is left out."""
    for name, value in found.items():
        if name not in TOLD_APART:
            yield from ({"field": at, "value": text} for at, text in values_in(name, value))


def values_in(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each value under the way to it, such as caps.total; of things that are listed, one a row."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from values_in(f"{path}.{name}", inner)
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        yield from ((path, text_of(each)) for each in value)
    elif text := text_of(value):
        yield path, text


def largest_first(of: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    pairs = sorted(counts.items(), key=lambda pair: -pair[1])
    return [{of: name, "count": count} for name, count in pairs]


def show_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        print(f"warning: {warning}")


def pause(
    campaign: CampaignId,
    reason: Reason = "paused by hand",
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Nothing more is sent to it from the moment that this is accepted."""
    ask_campaign(
        command_of(PauseCampaign, campaign=campaign, reason=reason), actor, as_json=as_json
    )


def resume(
    campaign: CampaignId,
    reason: Reason = "resumed by hand",
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """What is decided from now on may be sent to it again."""
    ask_campaign(
        command_of(ResumeCampaign, campaign=campaign, reason=reason), actor, as_json=as_json
    )


def ask_campaign(command: Command, actor: str, *, as_json: bool) -> None:
    with suggesting_nearest(campaign=command.key):
        answer = demand(command, Asker(actor))
    text = f"{command.key}: {answer.code}, version {answer.details.get('version')}"
    show(answer.as_json(), as_json=as_json, text=text)


def lint(
    targets: Annotated[
        list[str], typer.Argument(metavar="FILE|CAMPAIGN", help="Files, or campaigns by id.")
    ],
    as_json: AsJson = False,
) -> None:
    """What would be refused, what is still to confirm and by whom, and what is worth a look.

    Files hold documents of kind campaign, and nothing is changed by them. Exit code 1 if something
    is refused or open.
    """
    findings = linting.findings(targets)
    if as_json:
        show_json({"campaigns": findings})
    else:
        show_findings(findings)
    if any(each["refused"] or each["open"] for each in findings):
        raise typer.Exit(CHECK_FAILED)


def show_findings(findings: Sequence[linting.Finding]) -> None:
    rows = [row for each in findings for row in linting.rows_of(each)]
    show_table("campaigns", ["campaign", "place", "what", "owner", "text"], rows)


def unsent(
    campaign: CampaignId,
    leads: Annotated[
        int | None, typer.Option(help="About so many are looked at; 1000 if nothing is said.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The campaign's unsent leads, counted by check; a lead counts under each that it fails.

    Of more leads than are looked at some stand for all.
    """
    with suggesting_nearest(campaign=campaign), Api(seconds=linting.PATIENCE_SECONDS) as api:
        found = api.get("routing", f"{path_of(campaign)}/unsent", leads=leads)
    if as_json:
        show_json(found)
    else:
        rows = largest_first("check", found["unsent"])
        show_table("unsent leads", ["check", "count"], rows)
        show_paragraph(looked_at_text(found["looked_at"], found["of"]))
        if rows:
            show_paragraph("what a check means, and what helps: leadops explain LEAD")


def looked_at_text(looked_at: int, of: int) -> str:
    if looked_at == of:
        return f"of {quantity(of, 'lead')} that came its way"
    return (
        f"about: {quantity(looked_at, 'lead')} stand for some {of:,} that came its way;"
        " --leads looks at more"
    )
