"""Every command that a service takes, by its type: what the command line publishes, and what
`docs/commands.md` describes. A contract's module is named here once.
"""

from functools import cache

from shared.contracts import affiliates, campaigns, intake, lists, questions, routing
from shared.contracts.event import Command
from shared.contracts.operations import operations

MODULES = (affiliates, campaigns, intake, lists, questions, routing)


@cache
def commands() -> dict[str, type[Command]]:
    """The services' own, and those that each of them takes about its dead letters."""
    kinds = [kind for module in MODULES for kind in vars(module).values()]
    named: dict[str, type[Command]] = {
        kind.TYPE: kind
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, Command) and hasattr(kind, "TYPE")
    }
    services = dict.fromkeys(service_of(kind) for kind in named)
    return named | {name: kind for one in services for name, kind in operations(one).items()}


def service_of(kind: str) -> str:
    """The type names the service that is asked: leadops.<service>.<noun>.<verb>.<version>."""
    return kind.split(".")[1]
