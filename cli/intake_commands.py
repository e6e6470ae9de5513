"""`leadops affiliates`, `questions`, `deliveries` and `requests`: what intake keeps, as it is."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.api import Api, segment
from cli.known import check_filters, suggesting_nearest
from cli.output import AsJson, show_further, show_json, show_paragraph, show_table

OUTCOMES = ("accepted", "held", "unusable", "omitted")
DELIVERY = ["affiliate", "id", "month", "lead_code", "declared", "received", *OUTCOMES]
DELIVERY += ["waiting", "sent", "adds_up"]
REQUEST = ["affiliate", "id", "kind", "role", "opened_at", "reminders", "answered_at", "text"]

Affiliate = Annotated[str | None, typer.Option(help="Of this affiliate only.")]


def register(app: typer.Typer) -> None:
    app.command()(affiliates)
    app.command()(questions)
    app.command()(requests)
    deliveries = typer.Typer(help="What was announced against what came.")
    deliveries.command("list")(list_deliveries)
    deliveries.command("show")(show_delivery)
    app.add_typer(deliveries, name="deliveries")


def affiliates(
    reasons: Annotated[bool, typer.Option(help="Count the reasons, too.")] = False,
    fields: Annotated[
        bool, typer.Option(help="Count what is filled, and what nobody understands.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Each with its mapping's version, and what became of its leads."""
    query = {"reasons": "true" if reasons else None, "fields": "true" if fields else None}
    with Api() as api:
        found = api.get("intake", "/affiliates")["affiliates"]
        counted = api.get("intake", "/counts", **query)
    counts = {one["id"]: one for one in counted["affiliates"]}
    whole = [affiliate | {"counts": counts.get(affiliate["id"])} for affiliate in found]
    if as_json:
        show_json({"affiliates": whole})
        return
    columns = ["id", "name", "version", "submitted", *OUTCOMES]
    show_table("affiliates", columns, [one | counts.get(one["id"], {}) for one in found])
    if reasons:
        show_reasons(counted["affiliates"])
    if fields:
        show_fields(counted["affiliates"])


def show_fields(counted: Sequence[Mapping[str, Any]]) -> None:
    """Of the latest leads of each affiliate that has some, as far as today's mapping read them."""
    fields = [{"affiliate": one["id"], **field} for one in counted for field in one["fields"]]
    rows = [field for field in fields if field["of"]]
    show_further("fields", ["affiliate", "field", "filled", "unknown", "of"], rows)


def show_reasons(counted: Sequence[Mapping[str, Any]]) -> None:
    codes = sorted({code for one in counted for code in one["reasons"]})
    rows = [
        {"reason": code, **{one["id"]: one["reasons"].get(code, 0) for one in counted}}
        for code in codes
    ]
    show_further("reasons", ["reason", *(one["id"] for one in counted)], rows)


def questions(as_json: AsJson = False) -> None:
    """The catalogue: allowed answers, aliases, and the categories that ask them."""
    with Api() as api:
        found = api.get("intake", "/questions")
    if as_json:
        show_json(found)
        return
    rows = [
        one
        | {"answers": " | ".join(one["answers"]), "categories": ", ".join(one["categories"])}
        | {"aliases": ", ".join(f"{a['given']} = {a['answer']}" for a in one["aliases"])}
        for one in found["questions"]
    ]
    columns = ["id", "version", "text", "answers", "aliases", "categories", "changed_by"]
    show_table("questions", columns, rows)


def list_deliveries(affiliate: Affiliate = None, as_json: AsJson = False) -> None:
    """Each as it stands now."""
    with Api() as api:
        found = api.get("intake", "/deliveries", affiliate=affiliate)
        if not found["deliveries"]:
            check_filters(api, {"affiliate": affiliate})
    if as_json:
        show_json(found)
    else:
        show_table("deliveries", DELIVERY, found["deliveries"])


def show_delivery(
    affiliate: Annotated[str, typer.Argument(help="Whose delivery it is.")],
    delivery: Annotated[str, typer.Argument(help="Its id, as `leadops deliveries list` has it.")],
    as_json: AsJson = False,
) -> None:
    """One with the rows that are missing, and whom to ask for them."""
    path = f"/deliveries/{segment(affiliate)}/{segment(delivery)}"
    with suggesting_nearest(affiliate=affiliate, delivery=delivery), Api() as api:
        found = api.get("intake", path)
    if as_json:
        show_json(found)
        return
    show_table(delivery, DELIVERY, [found])
    print(f"\nto ask: {whom(found['contact'])}")
    for name in ("missing", "unannounced"):
        if found[name]:
            show_paragraph(f"{name}: {', '.join(found[name])}")


def whom(contact: Mapping[str, Any] | None) -> str:
    return f"{contact['name']} <{contact['email']}>" if contact else "nobody is named"


def requests(
    every: Annotated[bool, typer.Option("--all", help="Answered ones, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What affiliates were asked for and have not answered."""
    with Api() as api:
        found = api.get("intake", "/requests", open=None if every else "true")
    if as_json:
        show_json(found)
    else:
        show_table("requests", REQUEST, found["requests"])
