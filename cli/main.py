"""The `leadops` command. Exit codes: 0 fine, 1 a check fails, 2 wrong usage, 3 can't be reached.

To add commands, put a module beside this one whose name ends in `_commands` and that has
`register(app: typer.Typer) -> None`, and its first words into MODULES. A command takes
`as_json: AsJson`, returns after printing through cli.output, and raises CliError when it can't do
what it is asked.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cli.cells import is_text
from cli.helping import plain_help
from cli.output import INTERRUPTED, NOT_READ_ON, UNREACHABLE, WRONG_USAGE, CliError, show_error
from deploy.local.process import StackError, WrongRequest
from shared.contracts import forms

# Typer carries its own copy of click and exports only some of its errors, not their base.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]

MISSING_COMMAND = "Missing command."

MODULES = {
    "apply_commands": ("apply", "publish"),
    "audit_commands": ("audit",),
    "campaign_commands": ("campaigns",),
    "demo_commands": ("demo",),
    "explain_commands": ("explain", "watch"),
    "held_commands": ("held",),
    "account_commands": ("people", "accounts"),
    "import_commands": ("import",),
    "intake_commands": ("affiliates", "questions", "requests", "deliveries"),
    "lead_commands": ("leads",),
    "list_commands": ("lists",),
    "preview_commands": ("preview",),
    "send_commands": ("send", "resolve", "sends"),
    "dead_letter_commands": ("dead-letters",),
    "shard_commands": ("shards",),
    "try_commands": ("try",),
    "stack_commands": ("up", "down", "status", "wait", "topics", "clock"),
}
"""Which commands each module has. Importing all of them takes longer than most commands do, so only
the one that is asked for is; help, completion and a word that there is not look at all of them."""


def show_version(is_set: bool) -> None:
    if is_set:
        print(f"leadops {metadata.version('leadops')}")
        raise typer.Exit


def build_app(first_word: str = "") -> typer.Typer:
    app = typer.Typer(
        name="leadops",
        pretty_exceptions_enable=False,
    )
    app.callback()(root)
    names = [name for name, words in MODULES.items() if first_word in words]
    for name in names or MODULES:
        importlib.import_module(f"cli.{name}").register(app)
    return app


def root(
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option(
            "--version", help="Which version this is.", is_eager=True, callback=show_version
        ),
    ] = False,
) -> None:
    """Lead operations: the local stack and what operators do with it."""


def run(arguments: Sequence[str]) -> int:
    as_json = "--json" in arguments
    try:
        check_text(arguments)
        command = typer.main.get_command(build_app(*arguments[:1]))
        plain_help(command)
        outcome = command(list(arguments), prog_name="leadops", standalone_mode=False)
    except CliError as error:
        return report(error, as_json=as_json)
    except WrongRequest as error:
        return report(CliError("usage", str(error), WRONG_USAGE), as_json=as_json)
    except StackError as error:
        return report(CliError("stack", str(error), UNREACHABLE), as_json=as_json)
    except UsageError as error:
        wrong = CliError("usage", message_of(error), WRONG_USAGE)
        return report(wrong, as_json=as_json)
    except (typer.Abort, KeyboardInterrupt):
        outcome = INTERRUPTED
    except SystemExit:
        # So ends only what was written to a pipe that nobody reads from any more.
        return NOT_READ_ON
    if outcome == INTERRUPTED:  # Typer gives it, too, where a command was running.
        text = "interrupted; what was published before is still decided"
        return report(CliError("interrupted", text, INTERRUPTED), as_json=as_json)
    return outcome if isinstance(outcome, int) else 0


def check_text(arguments: Sequence[str]) -> None:
    """What a shell passes need not be text; nothing that leadops is told can be other than that."""
    if bad := next((one for one in arguments if not is_text(one)), None):
        raise CliError("usage", f"{ascii(bad)} is not UTF-8", WRONG_USAGE)


def message_of(error: Exception) -> str:
    """Without the markup that Typer puts around it when it prints errors itself."""
    if isinstance(error.__cause__, ValidationError):
        (_, problem), *_ = forms.faults(error.__cause__)
        return f"Invalid value for {value_named(error)}: {problem}"
    text = getattr(error, "format_message", lambda: str(error))()
    if text == MISSING_COMMAND and (context := getattr(error, "ctx", None)):
        return f"Missing command; there are: {', '.join(context.command.list_commands(context))}"
    return " ".join(str(text).split())


def value_named(error: Any) -> str:
    return str(error.param.get_error_hint())


def report(error: CliError, *, as_json: bool) -> int:
    show_error(error, as_json=as_json)
    return error.exit_code


def main() -> None:
    code = run(sys.argv[1:])
    # Loaded by what publishes, and by nothing else.
    if roots := sys.modules.get("cli.roots"):
        roots.close_roots()
    sys.exit(code)


if __name__ == "__main__":
    main()
