"""`leadops demo`: the main job from nothing, which is what `make run` runs."""

from typing import Annotated

import typer

from cli.output import CHECK_FAILED, AsJson, show_json


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    rows: Annotated[
        int, typer.Option(metavar="COUNT", min=1, help="How many leads to upload.")
    ] = 2400,
    seed: Annotated[int, typer.Option(help="Of the sample uploads.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Fresh stack, sample uploads, tables, var/summary.json; exit code 1 if the sums don't hold.

    Stops a stack that is up, and removes its data.
    """
    # Imported late: other commands need none of it.
    from cli.demo.run import run
    from cli.demo.tables import show_tables

    done = run(rows, seed)
    if as_json:
        show_json(done)
    else:
        show_tables(done)
    if not done["ok"]:
        raise typer.Exit(CHECK_FAILED)
