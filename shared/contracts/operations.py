"""What every service can be asked: about the loop's own work; the type names the service."""

from pydantic import Field

from shared.contracts.event import Command
from shared.contracts.values import ReasonText

DEAD_LETTER_ID_LENGTH_MAX = 4_000
"""Those of deadlines and effects are made of tenants and ids of entities."""
OPERATORS = frozenset({"operator", "delivery"})


class ReplayDeadLetter(
    Command,
    roles=OPERATORS,
    accepted=("accepted",),
    refused=("dead_letter_unknown", "not_replayable", "not_kept_whole", "still_fails"),
):
    """Decides a dead letter again, from its kept bytes or from the corrected `value`, then those of
    its key that waited behind it. It goes to the partition that has the shard's number; both are
    told by `leadops dead-letters list --json`. The type names the service that could not process
    the record.

    `details.followed` says how many of those that waited were decided too. The replayed command
    gets its own final answer beside."""

    id: str = Field(min_length=1, max_length=DEAD_LETTER_ID_LENGTH_MAX)
    """The dead letter's, as it is listed."""
    value: str | None = None
    """A corrected value to decide instead of the original bytes, which are kept."""


class SkipDeadLetter(
    Command, roles=OPERATORS, accepted=("accepted",), refused=("dead_letter_unknown",)
):
    """Gives a dead letter up, with a reason; those of its key that waited behind it are decided. It
    is kept, as skipped, with who did it and why.

    `details.followed` says how many were decided at once: a hundred at most, and what is left
    follows by itself."""

    id: str = Field(min_length=1, max_length=DEAD_LETTER_ID_LENGTH_MAX)
    """The dead letter's, as it is listed."""
    reason: ReasonText


def replay_type(service: str) -> str:
    return f"leadops.{service}.dead-letter.replay.v1"


def skip_type(service: str) -> str:
    return f"leadops.{service}.dead-letter.skip.v1"


def operations(service: str) -> dict[str, type[Command]]:
    """The operating commands of one service, by type name, on its own command topic; and by what
    they were called."""
    return {
        replay_type(service): ReplayDeadLetter,
        skip_type(service): SkipDeadLetter,
        f"leadops.{service}.set-aside.replay.v1": ReplayDeadLetter,
        f"leadops.{service}.set-aside.skip.v1": SkipDeadLetter,
    }
