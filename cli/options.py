"""Options that several commands take, checked as the services hold commands to them.

They are checked before a command does anything: what no service could read would not be answered,
and is told to whoever typed it although no stack is up.
"""

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from cli.output import WRONG_USAGE, CliError
from shared.contracts import envelope, forms
from shared.contracts.values import ReasonText
from shared.errors import Poison

_reason: TypeAdapter[str] = TypeAdapter(ReasonText)


def reason_of(text: str) -> str:
    try:
        return _reason.validate_python(text)
    except ValidationError as error:
        problems = "; ".join(problem for _, problem in forms.faults(error))
        raise CliError("usage", f"--reason: {problems}", WRONG_USAGE) from error


def actor_of(actor: str) -> str:
    """It goes into the command's attributes, and from there into answers and documents."""
    try:
        envelope.check_attributes({"actor": actor})
    except Poison as poison:
        raise CliError("usage", f"--as: {poison.text}", WRONG_USAGE) from poison
    return actor


As = Annotated[
    str, typer.Option("--as", metavar="WHO", help="Who asks, for the audit.", callback=actor_of)
]
LeadId = Annotated[
    str, typer.Argument(metavar="LEAD", help="Its id, as `leadops leads --ids` lists them.")
]
CampaignId = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="Its id, as in `leadops campaigns list`.")
]
Limit = Annotated[int, typer.Option(metavar="COUNT", min=1, help="So many are shown at most.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit.", callback=reason_of)]
