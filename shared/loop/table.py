"""The table of a service's decisions: what each event needs to be read, and what decides it.

A row is typed as a whole: a decision of another event, reads of another event, or an entity that
the decision does not take, are errors of the type checker at that row.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from shared.contracts.event import Event
from shared.errors import Poison
from shared.loop.collection import Entity
from shared.loop.decision import (
    Context,
    Deadline,
    Decision,
    EffectFinished,
    Input,
    Message,
    Outcome,
    P,
    Purpose,
)
from shared.loop.effects import attempts_of
from shared.loop.working_set import Reads, Ref, WorkingSet
from shared.store import Document
from shared.topics import manifest

E = TypeVar("E", bound=Entity)
T = TypeVar("T")
V = TypeVar("V", bound=Event | Deadline)


@dataclass(frozen=True, slots=True)
class Row:
    kind: type[Any]
    """Of the event, of the deadline, or of what an effect that has ended was for."""
    decide: Callable[[WorkingSet, Any, Context], Decision]
    reads: Callable[[WorkingSet, Any, Context], Reads]
    cuts: bool = False
    """What later inputs of a batch have to read depends on this one: they are read after it."""
    early: bool = False
    """May be decided in the step that publishes it (`early`): it is right also with the pages and
    the memory of the service as they were before that step."""


def no_reads(_state: WorkingSet, _event: object, _context: Context) -> Reads:
    return iter(())


def on(
    kind: type[V],
    decide: Callable[[WorkingSet, V, Context], Decision],
    *,
    reads: Callable[[WorkingSet, V, Context], Reads] = no_reads,
    cuts: bool = False,
    early: bool = False,
) -> Row:
    """An event or a deadline."""
    return Row(kind, decide, reads, cuts, early)


def one(
    kind: type[V],
    ref: Callable[[V, Context], Ref[E]],
    decide: Callable[[V, E | None, Context], Decision],
    *,
    cuts: bool = False,
    early: bool = False,
) -> Row:
    """The common case: a decision about one entity, as it is now, if it exists."""

    def reads(_state: WorkingSet, event: V, context: Context) -> Reads:
        yield [ref(event, context)]

    def about_one(state: WorkingSet, event: V, context: Context) -> Decision:
        return decide(event, state.get(ref(event, context)), context)

    return Row(kind, about_one, reads, cuts, early)


def on_end(
    purpose: type[P],
    decide: Callable[[WorkingSet, EffectFinished[P], Context], Decision],
    *,
    reads: Callable[[WorkingSet, EffectFinished[P], Context], Reads] = no_reads,
) -> Row:
    """The end of an effect for this purpose."""
    return Row(purpose, decide, reads)


def sections(items: Iterable[T], cuts: Callable[[T], bool]) -> Iterator[list[T]]:
    """Each ends behind those on which it depends what the next have to read."""
    section: list[T] = []
    is_cut = False
    for item in items:
        was_cut, is_cut = is_cut, cuts(item)
        if was_cut and not is_cut:
            yield section
            section = []
        section.append(item)
    yield section


def _is_numbered(kind: type[Any]) -> bool:
    """Whether numbers decide on its topic: by them what was decided early is known again."""
    topic = kind.TOPIC if issubclass(kind, Event) else ""
    return bool(topic) and not manifest().is_open(topic) and not manifest().is_compacted(topic)


class Table:
    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[type[Any], Row] = {}
        self._by_name: dict[tuple[type[Any], str], type[Any]] = {}
        """Deadlines and purposes by their names in documents, those of earlier versions too."""
        for row in rows:
            assert row.kind not in self._rows, f"{row.kind.__name__} has two rows"
            assert not row.early or _is_numbered(row.kind), f"{row.kind.__name__} can't be early"
            self._rows[row.kind] = row
            for base in (Deadline, Purpose):
                if issubclass(row.kind, base):
                    self._name(base, row.kind)

    def _name(self, base: type[Any], kind: type[Any]) -> None:
        for name in (kind.KIND, *kind.FORMER_KINDS):
            assert name, f"{kind.__name__} has no kind"
            assert (base, name) not in self._by_name, f"{name!r} is the kind of two"
            self._by_name[base, name] = kind

    @property
    def early(self) -> Iterable[type[Event]]:
        """What may be decided in the step that publishes it."""
        return [row.kind for row in self._rows.values() if row.early]

    @property
    def events(self) -> Iterable[type[Event]]:
        return [kind for kind in self._rows if issubclass(kind, Event)]

    @property
    def kinds(self) -> Iterable[type[Any]]:
        """Of events, of deadlines, and of what effects are for."""
        return self._rows.keys()

    @property
    def deadlines(self) -> Iterable[str]:
        """Their names in documents."""
        return [name for base, name in self._by_name if base is Deadline]

    def row(self, event: Message) -> Row:
        kind = type(event.purpose) if isinstance(event, EffectFinished) else type(event)
        return self._rows[kind]

    def decide(self, state: WorkingSet, input_: Input) -> Decision:
        return self.row(input_.event).decide(state, input_.event, input_.context)

    def reads(self, state: WorkingSet, input_: Input) -> Reads:
        return self.row(input_.event).reads(state, input_.event, input_.context)

    def cuts(self, event: Message) -> bool:
        return self.row(event).cuts

    def stored_event(self, document: Document) -> Deadline | EffectFinished[Any]:
        """A deadline that has come, or the end of an effect, from what is kept of it; raises
        `Poison` for what no row of this version reads."""
        if document["is"] == "due":
            deadline: Deadline = self._read(Deadline, document)
            return deadline
        return EffectFinished(
            document["_id"],
            self._read(Purpose, document),
            Outcome(document["outcome"]),
            document["text"],
            document["attempt"],
            attempts_of(document),
        )

    def _read(self, base: type[Any], document: Document) -> Any:
        kind = self._by_name.get((base, document["kind"]))
        if kind is None:
            raise Poison("kind_unknown", f"nothing decides a {document['kind']!r} here")
        try:
            return kind.model_validate(document["data"])
        except ValidationError as error:
            raise Poison("invalid", f"the data of a {kind.KIND} can't be read") from error
