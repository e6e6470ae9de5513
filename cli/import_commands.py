"""`leadops import`: an affiliate's file, row by row, with what became of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli import encodings
from cli.api import Api
from cli.columns import ExpectedColumns, Missing
from cli.command import Answer, Asker, Command
from cli.importing import BadRow, Chosen, Row, Upload, rows_in, table_of
from cli.known import check, unknown
from cli.opened import check_kind, name_file_in_errors, open_file, tell_if_interrupted
from cli.options import As
from cli.output import (
    CHECK_FAILED,
    AsJson,
    CliError,
    progress,
    show_json,
)
from cli.publishing import Report, ask, publish
from cli.reading import Reading, summary
from cli.table import Table
from cli.turns import NONE, Turns
from shared.wording import quantity

BAD_ROWS_SHOWN = 20


def register(app: typer.Typer) -> None:
    app.command("import")(import_file)


def import_file(
    file: Annotated[
        str, typer.Argument(help="CSV with comma, semicolon, tab or bar, or XLSX; - is stdin.")
    ],
    affiliate: Annotated[str, typer.Option("--affiliate", help="Whose file it is.")],
    lead_code: Annotated[str | None, typer.Option(help="For rows that name none.")] = None,
    delivery: Annotated[str | None, typer.Option(help="The delivery that it belongs to.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV that is not UTF-8.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook, not the active one.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Await the answers.")] = True,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Upload a file in the affiliate's own format; bad rows are told by line, good rows go on.

    Exit code 1 if a row is bad, refused or unusable.
    """
    chosen = Chosen(encodings.find_encoding(encoding) if encoding else None, sheet)
    with open_file(file) as content, tell_if_interrupted(file), name_file_in_errors(file):
        check_kind(file, content, chosen)
        upload, expected = upload_of(affiliate, lead_code, delivery)
        table = table_of(content, expected, chosen)
        tell_missing(file, table.header.missing)
        tell_left_out(file, table.left_out)
        done = submit(upload, rows_in(table, expected), Asker(actor), wait=wait)
    done |= whole_of(table)
    if as_json:
        show_json(done)
    else:
        show_summary(file, done)
    if has_failed(done):
        raise typer.Exit(CHECK_FAILED)


def has_failed(done: Mapping[str, Any]) -> bool:
    """Whether a row came to nothing. What is held or omitted is usable, and told apart."""
    return any(done.get(name) for name in ("bad_rows", "refused", "unusable"))


def whole_of(table: Table) -> dict[str, Any]:
    """What is told of a table as a whole."""
    missing = [{"field": each.field, "nearest": each.nearest} for each in table.header.missing]
    return {"columns_missing": missing, "sheets_left_out": list(table.left_out)}


def tell_left_out(file: str, sheets: Sequence[str]) -> None:
    """A workbook shows several sheets alike, and one is read."""
    if sheets:
        names = ", ".join(map(repr, sheets))
        progress(f"{file}: one sheet is read; left out: {names} (import each with --sheet)")


def tell_missing(file: str, missing: Sequence[Missing]) -> None:
    for each in missing:
        progress(f"{file}: {each.text}; the field stays blank in all rows")


def upload_of(
    affiliate: str, lead_code: str | None, delivery: str | None
) -> tuple[Upload, ExpectedColumns]:
    """Leads under an id that nothing has would be missing under the right one."""
    with Api() as api:
        known = known_affiliate(api, affiliate)
        check("lead_code", lead_code, known["lead_codes"])
        if delivery is not None:
            found = api.get("intake", "/deliveries", affiliate=affiliate)["deliveries"]
            check_delivery(delivery, [each["id"] for each in found])
    expected = ExpectedColumns.of(known, lead_code)
    email, code = expected.field_of("email") or "", expected.field_of("lead_code")
    return Upload(affiliate, lead_code, delivery, code, email), expected


def check_delivery(delivery: str, announced: Sequence[str]) -> None:
    """INT-10: only of one that was announced it is ever told what it lacks."""
    if delivery not in announced:
        error = unknown("delivery", delivery, announced)
        text = f"{error.text}. Announce it first: leadops apply, with a document of kind delivery"
        raise CliError(error.code, text, error.exit_code)


def known_affiliate(api: Api, name: str) -> Mapping[str, Any]:
    found = api.get("intake", "/affiliates")["affiliates"]
    for affiliate in found:
        if affiliate["id"] == name:
            return dict(affiliate)
    raise unknown("affiliate", name, [affiliate["id"] for affiliate in found])


def submit(
    upload: Upload, rows: Iterable[Row | BadRow], asker: Asker, *, wait: bool = True
) -> dict[str, Any]:
    """A row that stands twice in the file is one submission. Outcomes are known by waiting only."""
    read = Reading(upload)
    if wait:
        return summary(read, answers_of(read.chunks(rows), asker))
    for commands, turns in read.chunks(rows):
        publish_in_turn(commands, asker, turns)
    return read.counts() | read.bad_rows() | {"conflicts": []}


def publish_in_turn(commands: Sequence[Command], asker: Asker, turns: Turns) -> None:
    """What has to wait for an answer has to be asked."""
    if turns.are_needed:
        ask(commands, asker, turns=turns)
    else:
        publish(commands, asker)


def answers_of(chunks: Iterable[tuple[Sequence[Command], Turns]], asker: Asker) -> Iterator[Answer]:
    for commands, turns in chunks:
        yield from ask_with_bar(commands, asker, turns).values()


def ask_with_bar(
    commands: Sequence[Command], asker: Asker, turns: Turns = NONE
) -> dict[str, Answer]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task("answered", total=len(commands))
        report: Report = lambda count: bar.update(task, completed=count)  # noqa: E731
        return ask(commands, asker, report=report, turns=turns)


def show_summary(file: str, done: Mapping[str, Any]) -> None:
    tell_flaws(file, done)
    show_counts("submitted", done)
    tell_where_to_look(done)


def tell_flaws(file: str, done: Mapping[str, Any]) -> None:
    """Rows that can't be read, and those whose reference is another person's."""
    for row in done["bad"][:BAD_ROWS_SHOWN]:
        progress(f"{file}:{row['line']}: {row['reason']}: {row['text']}")
    if (more := len(done["bad"]) - BAD_ROWS_SHOWN) > 0:
        progress(f"and {more} more; --json tells all bad rows")
    for row in done["conflicts"][:BAD_ROWS_SHOWN]:
        where = f"line {row['line_of']}" if row["line_of"] else "an earlier upload"
        text = f"the reference belongs to another person, of {where}"
        progress(f"{file}:{row['line']}: {row['reason']}: {text}")


def show_counts(verb: str, done: Mapping[str, Any]) -> None:
    """`verb` is what was done with the rows that could be read."""
    names = [verb, "accepted", "held", "unusable", "omitted", "waiting", "refused"]
    names += ["repeated", "unchanged"]
    print(", ".join(f"{done[name]} {name}" for name in names if done.get(name)) or "nothing to do")
    if done["bad_rows"]:
        print(f"not {verb}: {quantity(done['bad_rows'], 'bad row')}")
    for code, count in done.get("refused_by_code", {}).items():
        print(f"refused {code}: {count}")


def tell_where_to_look(done: Mapping[str, Any]) -> None:
    if done.get("unusable"):
        of = f"--affiliate {done['affiliate']} --outcome unusable"
        progress(f"why they are unusable: leadops leads {of}")
    if done.get("held"):
        progress("what is held, and for want of what: leadops held list")
