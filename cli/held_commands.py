"""`leadops held`: what waits for a person, and how it is released (INT-06, INT-07)."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Annotated, Any

import typer

from cli.api import Api, segment
from cli.command import Answer, Asker, Command
from cli.known import check_filters, suggesting_nearest
from cli.lead_commands import pages, up_to
from cli.options import As, LeadId, Limit
from cli.output import WRONG_USAGE, AsJson, CliError, show, show_json, show_paragraph, show_table
from cli.publishing import demand
from shared.contracts.intake import ReleaseLead
from shared.contracts.questions import AddAlias
from shared.wording import quantity

COLUMNS = ["lead", "affiliate", "reference"]


def register(app: typer.Typer) -> None:
    held = typer.Typer(help="Leads whose answers need a person.")
    held.command("list")(list_held)
    held.command()(release)
    held.command()(alias)
    app.add_typer(held, name="held")


def list_held(
    question: Annotated[str | None, typer.Option(help="Of this question only.")] = None,
    affiliate: Annotated[str | None, typer.Option(help="Of this affiliate only.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Newest first, each answer with the allowed one that comes closest."""
    with Api() as api:
        filters = {"question": question, "affiliate": affiliate}
        found, more = up_to(limit, pages(api, "/held", filters, limit + 1))
        if not found:
            check_filters(api, filters)
    if as_json:
        show_json({"leads": found})
    else:
        rows = [row for lead in found for row in rows_of(lead)]
        show_held(len(found), rows, more)


def show_held(leads: int, rows: Iterable[Mapping[str, Any]], more: str = "") -> None:
    """The leads of one answer stand together, since one alias frees them all."""
    print(f"{quantity(leads, 'held lead')}{more}" if leads else "held leads: none")
    for (question, given), same in groupby(sorted(rows, key=answer_of), answer_of):
        alike = list(same)
        first = alike[0]
        print()
        show_paragraph(f"{question}: {given!r}, {first['kind']}")
        show_paragraph(f"closest allowed answer: {first['closest'] or 'none'}", 1)
        if first["answer"]:
            meant = shlex.join(["leadops", "held", "alias", question, given, first["answer"]])
            show_paragraph(f"if it means that: {meant}", 1)
        show_table("", COLUMNS, alike)


def answer_of(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["question"], row["given"]


def rows_of(lead: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for held in lead["held"]:
        best = next(iter(held["suggestions"]), None)
        yield {
            "lead": lead["id"],
            **{name: lead[name] for name in ("affiliate", "reference", "lead_code")},
            "question": held["question"],
            "given": held["given"],
            "answer": best and best["answer"],
            "closest": best and f"{best['answer']} ({best['score']})",
            "kind": "near miss" if best and best["near"] else "serious",
        }


def release(
    lead: LeadId,
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="QUESTION=ANSWER", help="What is meant; repeatable."),
    ] = None,
    suggested: Annotated[
        bool, typer.Option("--suggested", help="Take the closest answer where none is given.")
    ] = False,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Say what is meant; every check runs again."""
    answers = dict(map(pair, answer or []))
    if not answers and not suggested:
        raise CliError("usage", "say what is meant: --answer or --suggested", WRONG_USAGE)
    with Api() as api:
        found = api.get("intake", f"/leads/{segment(lead)}")
    meant = (closest(found["held"]) if suggested else {}) | answers
    if not meant:
        raise CliError("nothing_held", nothing_suggested(found), WRONG_USAGE)
    source = found["affiliate"] or "organic"
    data = {"affiliate": source, "reference": found["reference"], "answers": meant}
    key = f"{source}:{found['reference']}"
    show_answer(demand(command(ReleaseLead.TYPE, data, key), Asker(actor)), as_json=as_json)


def nothing_suggested(lead: Mapping[str, Any]) -> str:
    if lead["outcome"] != "held":
        return f"the lead is not held, it is {lead['outcome']}"
    return "no allowed answer comes close; say what is meant with --answer"


def closest(held: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {one["question"]: one["suggestions"][0]["answer"] for one in held if one["suggestions"]}


def pair(text: str) -> tuple[str, str]:
    question, equals, answer = text.partition("=")
    if not (question and equals and answer):
        raise CliError("usage", f"{text!r} is not QUESTION=ANSWER", WRONG_USAGE)
    return question, answer


def alias(
    question: Annotated[str, typer.Argument(help="Its symbol, such as q_timeframe.")],
    given: Annotated[str, typer.Argument(help="What the affiliate writes.")],
    answer: Annotated[str, typer.Argument(help="The allowed answer that is meant.")],
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """From now on it passes; what is held for it is freed."""
    data = {"question": question, "given": given, "answer": answer}
    with suggesting_nearest(question=question):
        answer_ = demand(command(AddAlias.TYPE, data, question), Asker(actor))
    show_answer(answer_, as_json=as_json)


def command(kind: str, data: Mapping[str, Any], key: str) -> Command:
    return Command(kind, json.dumps(data).encode(), key)


def show_answer(answer: Answer, *, as_json: bool) -> None:
    version = answer.details.get("version")
    text = answer.code if version is None else f"{answer.code}, version {version}"
    show(answer.as_json(), as_json=as_json, text=text)
