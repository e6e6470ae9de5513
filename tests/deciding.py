"""A batch decided as the loop decides it, without the loop: read, decide in order, save."""

from collections.abc import Sequence
from typing import TypeVar

from shared.loop.collection import Entity
from shared.loop.decision import Decision, Input
from shared.loop.service import Service
from shared.loop.table import sections
from shared.loop.working_set import Found, Page, Ref, WorkingSet
from shared.store import Store

E = TypeVar("E", bound=Entity)


async def decide_batch(
    service: Service, store: Store, batch: Sequence[Input]
) -> tuple[WorkingSet, list[Decision]]:
    async with store.transaction() as transaction:
        state, decisions = await service.load(transaction, ()), list[Decision]()
        for section in sections(batch, lambda each: service.table.cuts(each.event)):
            await service.read(transaction, state, section)
            decisions += decide_all(service, state, section)
        await service.save(transaction, state)
    return state, decisions


def decide_all(service: Service, state: WorkingSet, batch: Sequence[Input]) -> list[Decision]:
    """Each on what those before it saved."""
    decisions = []
    for each in batch:
        decisions.append(service.table.decide(state, each))
        state.put(decisions[-1].save)
    return decisions


def every(state: WorkingSet, kind: type[E]) -> list[E]:
    """All that it knows to exist."""
    known = state._known.get(kind, {}).values()
    return [entity for entity in known if entity is not None]


class Everything(WorkingSet):
    """All that there is, for decisions without a store: what was not put does not exist."""

    def get(self, ref: Ref[E]) -> E | None:
        return self.peek(ref)

    def page(self, page: Page[E]) -> Found[E]:  # type: ignore[override]
        assert page.also is not None, "only a store finds this"
        rows = [entity for entity in every(self, page.kind) if page.also(entity)]
        return Found(rows, is_last=True)
