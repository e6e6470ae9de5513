"""How `--help` calls the values that a command takes, in one way for all commands.

A value has its name in capitals, also in errors, unless its command says more of it (SECONDS); what
is only given or not has none. Typer would show Python's types.
"""

import re
from typing import Any

import typer

LINE_ENDS = re.compile(r"(?<!\n)\n(?!\n)")
"""Within a paragraph; help is as wide as the terminal, and not as the source."""


def plain_help(command: Any) -> None:
    """Of a command, and of those below it."""
    if command.help:
        command.help = LINE_ENDS.sub(" ", command.help)
    for each in (*command.params, command.get_help_option(typer.Context(command))):
        name_value(each)
    for inner in getattr(command, "commands", {}).values():
        plain_help(inner)


def name_value(parameter: Any) -> None:
    is_option = parameter.param_type_name == "option"
    if parameter.metavar is None:
        longest = max(parameter.opts, key=len).lstrip("-")
        is_flag = is_option and parameter.is_flag
        parameter.metavar = "" if is_flag else longest.replace("-", "_").upper()
    if not is_option:
        # Its name says it already, and stands where an option has what it takes.
        parameter.display_type_rich = lambda ctx: None
