"""`leadops import`: an affiliate's file, row by row, with what became of each."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.api import Api
from cli.command import Answer, As, Asker, Command
from cli.importing import BadRow, Row, Upload, own_fields, reference_field, rows_of
from cli.output import WRONG_USAGE, AsJson, CliError, progress, show_json
from cli.publishing import ask, publish

BAD_ROWS_SHOWN = 20


def register(app: typer.Typer) -> None:
    app.command("import")(import_file)


def import_file(
    file: Annotated[
        str, typer.Argument(help="CSV with comma, semicolon or tab, or XLSX; - is stdin.")
    ],
    affiliate: Annotated[str, typer.Option("--affiliate", help="Whose file it is.")],
    lead_code: Annotated[str | None, typer.Option(help="For rows that name none.")] = None,
    delivery: Annotated[str | None, typer.Option(help="The delivery that it belongs to.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Await the answers.")] = True,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Upload a file in the affiliate's own format; bad rows are told by line, good rows go on."""
    content = read_bytes(file)
    with Api() as api:
        known = known_affiliate(api, affiliate)
    rows = rows_of(content, reference_field(known), own_fields(known))
    upload = Upload(affiliate, lead_code, delivery)
    done = submit(upload, rows, Asker(actor), wait=wait)
    if as_json:
        show_json(done)
    else:
        show_summary(file, done)


def read_bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise CliError("unreadable", f"{file}: {why}", WRONG_USAGE) from error


def known_affiliate(api: Api, name: str) -> Mapping[str, Any]:
    found = api.get("intake", "/affiliates")["affiliates"]
    for affiliate in found:
        if affiliate["id"] == name:
            return dict(affiliate)
    names = ", ".join(affiliate["id"] for affiliate in found) or "none yet"
    text = f"there is no affiliate {name!r}; there are: {names}"
    raise CliError("affiliate_unknown", text, WRONG_USAGE)


def submit(
    upload: Upload, rows: Sequence[Row | BadRow], asker: Asker, *, wait: bool = True
) -> dict[str, Any]:
    """A row that stands twice in the file is one submission. Outcomes are known by waiting only."""
    good = [row for row in rows if isinstance(row, Row)]
    commands = list({each.id: each for each in map(upload.command, good)}.values())
    answers = ask_with_bar(commands, asker) if wait else {}
    if not wait:
        publish(commands, asker)
    bad = [row for row in rows if isinstance(row, BadRow)]
    return {
        "affiliate": upload.affiliate,
        "rows": len(rows),
        "submitted": len(commands),
        "repeated": len(good) - len(commands),
        **(outcomes(answers.values()) if wait else {}),
        "bad_rows": len(bad),
        "bad": [{"line": row.line, "reason": row.reason, "text": row.text} for row in bad],
    }


def outcomes(answers: Iterable[Answer]) -> dict[str, Any]:
    """A refused row may still be kept, as unusable: it counts as what it became. What was uploaded
    before, the same, is unchanged, and counts as what it became then."""
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    unchanged = 0
    for answer in answers:
        unchanged += bool(answer.details.get("repeated"))
        outcome = answer.details.get("outcome")
        counts[outcome or ("accepted" if answer.accepted else "refused")] += 1
        if not answer.accepted:
            refused[answer.code] += 1
    names = ("accepted", "held", "unusable", "omitted", "waiting", "refused")
    told: dict[str, Any] = {name: counts[name] for name in names}
    return told | {"unchanged": unchanged, "refused_by_code": dict(refused)}


def ask_with_bar(commands: Sequence[Command], asker: Asker) -> dict[str, Answer]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task("answered", total=len(commands))
        return ask(commands, asker, report=lambda count: bar.update(task, completed=count))


def show_summary(file: str, done: Mapping[str, Any]) -> None:
    for row in done["bad"][:BAD_ROWS_SHOWN]:
        progress(f"{file}:{row['line']}: {row['reason']}: {row['text']}")
    if (more := len(done["bad"]) - BAD_ROWS_SHOWN) > 0:
        progress(f"and {more} more bad rows; --json tells all")
    names = ["submitted", "accepted", "held", "unusable", "omitted", "waiting", "refused"]
    names += ["repeated", "unchanged"]
    print(", ".join(f"{done[name]} {name}" for name in names if done.get(name)) or "nothing to do")
    if done["bad_rows"]:
        print(f"{done['bad_rows']} bad rows were not submitted")
    for code, count in done.get("refused_by_code", {}).items():
        print(f"refused {code}: {count}")
