"""What has to be done before an order's emails go: a brief, a sequence that the team has validated,
and domains that are ready (APT-16)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, get_args

from shared.contracts.orders import (
    Check,
    MoveStep,
    PutPreparation,
    RecordCost,
    SendEmail,
    SequenceStep,
    TickDomain,
)
from shared.loop.decision import Accepted, Context, Decision, Refused
from shared.loop.working_set import Ref, ref_by_name

State = Literal["draft", "validated", "visible"]
WORKING_DAYS, EMAILS_PER_MAILBOX, MAILBOXES_PER_DOMAIN = 20, 30, 3
"""Of a month, of a day, of a domain: more of one mailbox, and it is taken for a sender of spam."""


@dataclass(frozen=True, slots=True)
class Step:
    content: SequenceStep
    state: State = "draft"
    changed_at: datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    id: str
    what: str
    amount_minor: int
    currency: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Preparation:
    id: str
    version: int
    tenant: str
    order: str
    brief: str = ""
    steps: tuple[Step, ...] = ()
    emails_per_meeting: int = 200
    own_mailboxes: int | None = None
    domains: Mapping[str, tuple[Check, ...]] = field(default_factory=dict)
    """By domain, what is done for it."""
    costs: tuple[Cost, ...] = ()

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.content.name == name), None)

    def is_ready(self, domain: str) -> bool:
        return {*get_args(Check)} <= {*self.domains.get(domain, ())}

    def mailboxes(self, wanted_per_month: int) -> int:
        """As planned for the number wanted, or as the project manager has it."""
        if self.own_mailboxes is not None:
            return self.own_mailboxes
        return _up(wanted_per_month * self.emails_per_meeting, WORKING_DAYS * EMAILS_PER_MAILBOX)

    def domains_needed(self, wanted_per_month: int) -> int:
        return _up(self.mailboxes(wanted_per_month), MAILBOXES_PER_DOMAIN)


def _up(number: int, by: int) -> int:
    return -(-number // by)


OfPreparation = PutPreparation | MoveStep | TickDomain | RecordCost | SendEmail


def preparation_of(command: OfPreparation, context: Context) -> Ref[Preparation]:
    return ref_by_name(Preparation, context.tenant, command.order)


def _or_new(command: OfPreparation, before: Preparation | None, context: Context) -> Preparation:
    ref = preparation_of(command, context)
    return before or Preparation(ref.id, 0, context.tenant, command.order)


def put(command: PutPreparation, before: Preparation | None, context: Context) -> Decision:
    names = [step.name for step in command.steps]
    if len(names) > len({*names}):
        text = "two steps have one name"
        return Decision(answer=Refused("step_twice", text, {"field": "steps"}))
    known = _or_new(command, before, context)
    after = replace(
        known,
        brief=command.brief,
        steps=tuple(_step(step, known, context) for step in command.steps),
        emails_per_meeting=command.emails_per_meeting,
        own_mailboxes=command.mailboxes,
    )
    if after == before:
        return Decision(answer=Accepted("unchanged"))
    return Decision(save=[after], answer=Accepted("changed" if before else "created"))


def _step(content: SequenceStep, known: Preparation, context: Context) -> Step:
    """What the team has not seen so is a draft."""
    before = known.step(content.name)
    if before is not None and before.content == content:
        return before
    return Step(content, changed_at=context.now, changed_by=context.cause.actor)


def move_step(command: MoveStep, before: Preparation | None, context: Context) -> Decision:
    step = before.step(command.step) if before else None
    if before is None or step is None:
        return Decision(answer=Refused.unknown("step", command.step))
    if command.to == "visible" and step.state == "draft":
        text = "a draft is validated before the customer sees it"
        return Decision(answer=Refused("not_validated", text, {"field": "to"}))
    if step.state == command.to:
        return Decision(answer=Accepted("unchanged"))
    moved = Step(step.content, command.to, context.now, context.cause.actor)
    steps = tuple(moved if each is step else each for each in before.steps)
    return Decision(save=[replace(before, steps=steps)], answer=Accepted("changed"))


def tick_domain(command: TickDomain, before: Preparation | None, context: Context) -> Decision:
    known, done = _or_new(command, before, context), tuple(sorted({*command.done}))
    if known.domains.get(command.domain) == done:
        return Decision(answer=Accepted("unchanged"))
    after = replace(known, domains={**known.domains, command.domain: done})
    return Decision(save=[after], answer=Accepted("changed"))


def record_cost(command: RecordCost, before: Preparation | None, context: Context) -> Decision:
    known = _or_new(command, before, context)
    what = (command.what, command.amount_minor, command.currency)
    for cost in known.costs:
        if cost.id == command.id and (cost.what, cost.amount_minor, cost.currency) != what:
            text = "another cost has this id"
            return Decision(answer=Refused("cost_exists", text, {"field": "id"}))
        if cost.id == command.id:
            return Decision(answer=Accepted("unchanged"))
    new = Cost(command.id, *what, context.cause.time, context.cause.actor)
    after = replace(known, costs=(*known.costs, new))
    return Decision(save=[after], answer=Accepted("recorded"))


def why_not_ready(command: SendEmail, preparation: Preparation | None) -> Refused | None:
    """Whether this step may go from this domain."""
    step = preparation.step(command.step) if preparation else None
    if preparation is None or step is None:
        return Refused.unknown("step", command.step)
    if step.state == "draft":
        text = "the step is a draft, which the team has not validated"
        return Refused("not_validated", text, {"field": "step"})
    if not preparation.is_ready(command.domain):
        missing = {*get_args(Check)} - {*preparation.domains.get(command.domain, ())}
        text = f"still to do: {', '.join(sorted(missing))}"
        return Refused("domain_not_ready", text, {"field": "domain"})
    return None
