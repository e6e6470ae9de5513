"""A command that was typed is read as its service will read it, before it is published.

What the service would dead-letter, or refuse for what stands in a field, is wrong usage here: else
a slip of the pen becomes a record that somebody has to skip, or is told only when a stack is up.
"""

from datetime import UTC, datetime

from pydantic import ValidationError

from cli.command import Asker, Command, record_of
from cli.documents import fields_of
from cli.output import WRONG_USAGE, CliError
from shared.contracts import envelope as envelopes
from shared.contracts.commands import commands
from shared.errors import Poison


def check_readable(command: Command, asker: Asker) -> None:
    record = record_of(command, asker, datetime.now(UTC))
    try:
        envelopes.key_text(record.key)
        envelopes.read(record.headers, record.value)
    except Poison as poison:
        raise CliError("usage", poison.text, WRONG_USAGE) from poison
    if contract := commands().get(command.type):
        try:
            contract.model_validate_json(command.data)
        except ValidationError as error:
            raise CliError("usage", fields_of(error), WRONG_USAGE) from error
