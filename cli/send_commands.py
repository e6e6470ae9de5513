"""`leadops send`, `resolve` and `sends`: sending by hand, and what became of a campaign's sends."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from cli.api import Api, segment
from cli.command import Asker, Command
from cli.documents import command_of
from cli.known import SEND_STATES, check, suggesting_nearest
from cli.lead_commands import pages, up_to
from cli.options import As, CampaignId, LeadId, Limit, Reason
from cli.output import AsJson, CliError, UnknownId, show, show_counted, show_json
from cli.publishing import demand
from shared.contracts import event as contracts
from shared.contracts.routing import ResolveSend, SendLead

COLUMNS = ["key", "lead", "version", "status", "at", "what", "text"]

Row = dict[str, Any]

SOMEBODY = "somebody"


def register(app: typer.Typer) -> None:
    for command in (send, resolve, sends):
        app.command()(command)


def send(
    lead: LeadId,
    campaign: CampaignId,
    reason: Reason,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Send a lead through that waits for the send day, or whose title is suppressed."""
    command = about_person(SendLead, lead, {"lead": lead, "campaign": campaign, "reason": reason})
    with suggesting_nearest(campaign=campaign):
        answer = demand(command, Asker(actor))
    show(answer.as_json(), as_json=as_json, text=f"{campaign} is asked; what it answers:")
    if not as_json:
        print(shlex.join(["leadops", "explain", lead, "--campaign", campaign]))


def about_person(kind: type[contracts.Command], lead: str, fields: Mapping[str, Any]) -> Command:
    """A command about the person of a lead. What is typed wrong is told before anybody is asked
    whose lead it is."""
    command_of(kind, person_id=SOMEBODY, **fields)
    with Api() as api:
        return command_of(kind, person_id=person_of(api, lead), **fields)


def person_of(api: Api, lead: str) -> str:
    """Routing's commands about a person go where the person is decided."""
    try:
        return str(api.get("routing", f"/leads/{segment(lead)}")["person_id"])
    except UnknownId as error:
        text = f"{error.text} in routing; `leadops explain {lead}` tells more"
        raise CliError(error.code, text, error.exit_code) from error


def resolve(
    key: Annotated[str, typer.Argument(metavar="KEY", help="As `leadops sends` tells it.")],
    campaign: Annotated[str, typer.Option(help="Whose send it is.")],
    sent: Annotated[bool, typer.Option("--sent/--refused", help="What was found out.")],
    reason: Reason,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Say what became of a send that was given up with an unknown outcome."""
    outcome = "sent" if sent else "refused"
    command = command_of(ResolveSend, campaign=campaign, send=key, outcome=outcome, reason=reason)
    with suggesting_nearest(campaign=campaign):
        answer = demand(command, Asker(actor))
    show(answer.as_json(), as_json=as_json, text=f"{key}: {answer.code}")


def sends(
    campaign: CampaignId,
    status: Annotated[
        str | None, typer.Option(help=f"Only those: {', '.join(SEND_STATES)}.")
    ] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """A campaign's sends, each with its history and what came of its attempts."""
    check("status", status, SEND_STATES)
    path = f"/campaigns/{segment(campaign)}/sends"
    with suggesting_nearest(campaign=campaign), Api() as api:
        where = {"status": status}
        rows = pages(api, path, where, limit + 1, service="routing", rows="sends")
    found, more = up_to(limit, rows)
    if as_json:
        show_json({"sends": found})
    else:
        show_counted(len(found), "send", COLUMNS, send_rows(found), more)


def send_rows(found: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """One an entry; the send itself is told in the first of its rows."""
    for each in found:
        head = {name: each[name] for name in ("key", "lead", "version", "status")}
        for entry in entries_of(each) or [{}]:
            yield head | entry
            head = dict.fromkeys(head, "")


def entries_of(send: Mapping[str, Any]) -> list[Row]:
    """Attempts are part of the history once the send has ended, and beside it until then."""
    tried = [
        {"at": each["at"], "what": "attempt"}
        | {"text": f"{each['number']}: {each['verdict']}: {each['text']}"}
        for each in send["tried"]
    ]
    return [*send["history"], *tried]
