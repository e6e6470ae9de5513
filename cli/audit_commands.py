"""`leadops audit`: who asked what of the services, and what was answered."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.api import Api
from cli.known import check
from cli.lead_commands import pages, up_to
from cli.output import AsJson, show_counted, show_json
from shared.contracts.answers import REFUSE_ANY
from shared.contracts.commands import commands
from shared.contracts.event import PREFIX

COLUMNS = ["at", "service", "by", "role", "type", "entity", "code", "text", "id"]

Row = dict[str, Any]


def register(app: typer.Typer) -> None:
    app.command("audit")(audit)


def audit(
    by: Annotated[str | None, typer.Option(metavar="WHO", help="Who asked.")] = None,
    role: Annotated[str | None, typer.Option(help="In which role, such as operator.")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="Such as routing.campaign.put, or a whole name.")
    ] = None,
    entity: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="A campaign, a customer, AFFILIATE:REFERENCE …"),
    ] = None,
    code: Annotated[str | None, typer.Option(help="Of the answer, such as not_permitted.")] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Day or instant of the answer.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Day or instant, included.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="COUNT", min=1, help="The latest ones.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Commands of the last 90 days, the latest first, also those that were refused."""
    check("code", code, codes())
    filters = {
        "by": by,
        "role": role,
        "type": full_type(type_),
        "entity": entity,
        "code": code,
        "from": first,
        "to": last,
    }
    with Api() as api:
        found = [
            {"service": service, **row}
            for service in api.stack["http"]
            for row in commands_of(api, service, filters, limit + 1)
        ]
    found.sort(key=lambda row: str(row["at"]), reverse=True)
    found, more = up_to(limit, found)
    if not found:
        check_heard_of(role, filters["type"])
    if as_json:
        show_json({"commands": found})
    else:
        show_counted(len(found), "command", COLUMNS, found, more)


def commands_of(api: Api, service: str, filters: Mapping[str, str | None], limit: int) -> list[Row]:
    return pages(api, "/commands", filters, limit, service=service, rows="commands")


def codes() -> list[str]:
    """Of all answers that a service may give."""
    kinds = commands().values()
    own = {code for kind in kinds for code in (*kind.ACCEPTED, *kind.REFUSED)}
    return sorted(own.union(REFUSE_ANY))


def check_heard_of(role: str | None, type_: str | None) -> None:
    """A command of a type that there is not, or in a role that may ask nothing, is refused, and
    kept: so it is told only where nothing was found."""
    check("role", role, roles())
    check("type", type_, commands())


def roles() -> list[str]:
    """In which something may be asked."""
    return sorted({role for kind in commands().values() for role in kind.ROLES})


def full_type(name: str | None) -> str | None:
    """With or without what all types begin and end with; the nearest are told as it was given."""
    if name is None or name.startswith(PREFIX):
        return name
    whole = {type_.removeprefix(PREFIX).removesuffix(".v1"): type_ for type_ in commands()}
    check("type", name, whole)
    return whole[name]
