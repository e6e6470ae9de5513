"""What a service author writes, and the loop's few words with it: read, decide, save."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.loop.catalogue import REVISIONS
from shared.loop.collection import Collection, View
from shared.loop.decision import Input
from shared.loop.table import Row, Table
from shared.loop.tally import Tally, writes
from shared.loop.working_set import Collections, WorkingSet
from shared.store import Index, Transaction


class Memory(Protocol):
    """What every replica has in memory, as of the transaction that it was last refreshed in."""

    async def refresh(self, transaction: Transaction) -> None: ...

    async def save(self, transaction: Transaction, changed: WorkingSet) -> Sequence[type[Any]]:
        """Writes what of it has changed; which kinds it took care of."""


class NoMemory:
    async def refresh(self, transaction: Transaction) -> None:
        pass

    async def save(self, transaction: Transaction, changed: WorkingSet) -> Sequence[type[Any]]:
        return ()


@dataclass(frozen=True, slots=True)
class Service:
    """What a service is made of; everything else is the loop's."""

    name: str
    topics: Sequence[str]
    """The topics read beside the service's own commands."""
    rows: Sequence[Row]
    collections: Sequence[Collection[Any]]
    views: Sequence[View[Any]] = ()
    memory: Memory = field(default_factory=NoMemory)
    former: Mapping[str, str] = field(default_factory=dict)
    """Collections that had another name, by the name of then."""
    tallies: Sequence[Tally[Any]] = ()
    """What is counted of the collections as they change."""
    table: Table = field(init=False)
    _kinds: Collections = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", Table(self.rows))
        every: Sequence[Collection[Any] | View[Any]] = [*self.collections, *self.views]
        kinds = {kept.kind: kept for kept in every}
        object.__setattr__(self, "_kinds", kinds)

    @property
    def indexes(self) -> list[Index]:
        every = [index for kept in self.collections for index in kept.indexes]
        tallies = [index for tally in self.tallies for index in tally.indexes]
        return [*every, *tallies, Index(REVISIONS, ())]

    async def load(self, transaction: Transaction, inputs: Iterable[Input]) -> WorkingSet:
        """Everything that deciding these inputs needs."""
        await self.memory.refresh(transaction)
        state = WorkingSet()
        await self.read(transaction, state, inputs)
        return state

    async def read(
        self, transaction: Transaction, state: WorkingSet, inputs: Iterable[Input]
    ) -> None:
        """What deciding these inputs needs beside what the batch knows already."""
        await state.read(
            transaction, self._kinds, [self.table.reads(state, each) for each in inputs]
        )

    async def save(self, transaction: Transaction, state: WorkingSet) -> None:
        saved = await self.memory.save(transaction, state)
        for kept in self.collections:
            if kept.kind not in saved:
                await state.save(transaction, kept)
        for tally in self.tallies:
            changed = tally.differences(state.changes_since(tally.collection.kind))
            if changed and state.shard is not None:
                raised = await writes(transaction, tally, state.shard, changed)
                await transaction.write(tally.name, raised)
