"""The example of each command, as one story that a running stack can be told: the golden samples
`TYPE.example.json`, in their order, with who asks and what is answered.

The reference of commands shows them, and the tests with a real broker publish them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.contracts.commands import commands

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True, slots=True)
class Example:
    type: str
    answer: str
    again: str
    """The answer to the same data under another id, once all examples were published."""
    name: str = "example"
    about: str = ""
    actor: str = "robin"
    role: str = "operator"

    @property
    def text(self) -> str:
        return (GOLDEN / f"{self.type}.{self.name}.json").read_text()

    @property
    def key(self) -> str:
        return self.key_of(self.data)

    def key_of(self, data: Mapping[str, Any]) -> str:
        return commands()[self.type].key_of(data)

    @property
    def data(self) -> dict[str, Any]:
        return dict(json.loads(self.text))


SUBMIT = "leadops.intake.lead.submit.v1"
RELEASE = "leadops.intake.lead.release.v1"
SEND = "leadops.routing.lead.send.v1"
RESOLVE = "leadops.routing.send.resolve.v1"
BLOCK = "leadops.routing.person.block.v1"
UNBLOCK = "leadops.routing.person.unblock.v1"
REPLAY = "leadops.intake.dead-letter.replay.v1"
SKIP = "leadops.intake.dead-letter.skip.v1"

AFFILIATE = {"actor": "acme-media", "role": "affiliate"}
CUSTOMER = {"actor": "fairview", "role": "customer"}
HELD = Example(
    SUBMIT,
    "held",
    "accepted",
    "example.answers",
    "With an answer: this one is not allowed. (It is accepted below, by a release, and is that lead"
    " from then on.)",
    **AFFILIATE,
)
REPLACES = Example(
    SUBMIT,
    "waiting",
    "waiting",
    "example.replaces",
    "In the place of the first one: routing is asked. Since that lead was sent, this one ends as "
    "omitted, and the same reference can be tried again.",
    **AFFILIATE,
)

STORY = (
    Example("leadops.intake.affiliate.put.v1", "created", "unchanged"),
    Example("leadops.intake.question.put.v1", "created", "unchanged"),
    Example("leadops.routing.rules.put.v1", "created", "unchanged"),
    Example("leadops.routing.list.part.v1", "kept", "unchanged"),
    Example("leadops.routing.list.put.v1", "created", "changed"),
    Example("leadops.routing.list.edit.v1", "changed", "changed"),
    Example("leadops.routing.campaign.put.v1", "created", "unchanged"),
    Example(SUBMIT, "accepted", "accepted", **AFFILIATE),
    HELD,
    Example(RELEASE, "accepted", "not_held"),
    Example(
        SEND,
        "claimed",
        "already_sent",
        about="Of the lead that was released, whose title the policy suppresses.",
    ),
    Example("leadops.intake.question.alias.v1", "changed", "unchanged"),
    REPLACES,
    Example("leadops.intake.lead.convert.v1", "accepted", "accepted"),
    Example("leadops.intake.delivery.announce.v1", "created", "unchanged", **AFFILIATE),
    Example("leadops.intake.request.open.v1", "created", "unchanged"),
    Example("leadops.intake.request.answer.v1", "answered", "unchanged", **AFFILIATE),
    Example("leadops.routing.campaign.pause.v1", "paused", "paused", **CUSTOMER),
    Example("leadops.routing.campaign.resume.v1", "resumed", "resumed", **CUSTOMER),
    Example(
        RESOLVE,
        "not_uncertain",
        "not_uncertain",
        about="Of the first lead's send, which the endpoint has taken: its outcome is known.",
    ),
    Example(BLOCK, "blocked", "blocked"),
    Example(UNBLOCK, "unblocked", "unblocked"),
    Example("leadops.routing.account.suspend.v1", "suspended", "suspended"),
    Example("leadops.routing.account.restore.v1", "restored", "restored"),
    Example(REPLAY, "accepted", "accepted", about="A submission that was cut short, mended."),
    Example(SKIP, "accepted", "accepted"),
)
