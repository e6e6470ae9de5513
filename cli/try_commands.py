"""`leadops try`: what would become of an affiliate's file, before anything of it is imported."""

from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli import encodings, json_records, trial_view
from cli.api import Api
from cli.columns import ExpectedColumns
from cli.command import Answer
from cli.earlier import Earlier
from cli.import_commands import (
    has_failed,
    show_counts,
    tell_flaws,
    tell_left_out,
    tell_missing,
    upload_of,
    whole_of,
)
from cli.importing import BadRow, Chosen, Row, rows_in, table_of
from cli.opened import check_kind, name_file_in_errors, open_file, tell_if_interrupted
from cli.output import CHECK_FAILED, AsJson, show_json
from cli.reading import Reading, summary
from cli.trying import Trial

PATIENCE_SECONDS = 120
SHOWN = 3


def register(app: typer.Typer) -> None:
    app.command("try")(try_file)


def try_file(
    file: Annotated[str, typer.Argument(help="As for import, or JSON records; - is stdin.")],
    affiliate: Annotated[str, typer.Option("--affiliate", help="Whose file it is.")],
    lead_code: Annotated[str | None, typer.Option(help="For rows that name none.")] = None,
    delivery: Annotated[str | None, typer.Option(help="The delivery that it belongs to.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="So many rows are shown whole.")] = SHOWN,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV that is not UTF-8.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook, not the active one.")] = None,
    as_json: AsJson = False,
) -> None:
    """What would become of a file's rows, field by field, and who would want its leads.

    Nothing is imported, published or stored. Exit code 1 if a row is bad, refused or unusable.
    """
    chosen = Chosen(encodings.find_encoding(encoding) if encoding else None, sheet)
    nothing = tell_if_interrupted(file, "nothing was imported")
    with open_file(file) as content, nothing, name_file_in_errors(file):
        check_kind(file, content, chosen)
        upload, expected = upload_of(affiliate, lead_code, delivery)
        rows, header = rows_with_header(file, content, expected, chosen)
        done = try_rows(Reading(upload), rows, limit) | header
    if as_json:
        show_json(done)
    else:
        show(file, done)
    if has_failed(done):
        raise typer.Exit(CHECK_FAILED)


def rows_with_header(
    file: str, content: BinaryIO, expected: ExpectedColumns, chosen: Chosen
) -> tuple[Iterator[Row | BadRow], dict[str, Any]]:
    """What is told of a table as a whole is told at once."""
    if json_records.are_in(content):
        return json_records.rows_of(content, expected), {
            "columns_missing": [],
            "sheets_left_out": [],
        }
    table = table_of(content, expected, chosen)
    tell_missing(file, table.header.missing)
    tell_left_out(file, table.left_out)
    return rows_in(table, expected), whole_of(table)


def try_rows(reading: Reading, rows: Iterable[Row | BadRow], limit: int) -> dict[str, Any]:
    """As `import` sums a file up, with what importing it can't tell."""
    with Api(seconds=PATIENCE_SECONDS) as api, TemporaryFile() as kept:
        trial = Trial(api, reading, Earlier(kept), limit)
        done = summary(reading, with_bar(trial.answers(rows)))
    done["tried"] = done.pop("submitted")
    return done | trial.as_json()


def with_bar(answers: Iterable[Answer]) -> Iterator[Answer]:
    """How many there will be is known at the end of the file only."""
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("tried", total=None)
        for answer in answers:
            bar.advance(task)
            yield answer


def show(file: str, done: dict[str, Any]) -> None:
    tell_flaws(file, done)
    for row in done["shown"]:
        trial_view.show_row(row)
    show_counts("tried", done)
    trial_view.show_columns(done["columns"])
    trial_view.show_figures(done)
