"""What a row of the table promises: it is typed as a whole, and its reads are made together.

The type checker reads this file, and complains of each ignored error that is none: so a row that is
wrong, and passes, is found by `make check`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from shared.errors import NotLoaded, Poison
from shared.loop.collection import Collection, View
from shared.loop.decision import (
    Accepted,
    Context,
    Deadline,
    Decision,
    EffectFinished,
    Purpose,
)
from shared.loop.service import Service
from shared.loop.table import Row, Table, on, on_end, one
from shared.loop.working_set import (
    PAGE_COUNTS_AS,
    PAGED_ROWS_MAX,
    Collections,
    Page,
    Reads,
    Ref,
    WorkingSet,
)
from shared.store import Document, Filter, Index, Insert, Sort
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.builders import input_of
from tests.component.world import (
    SPEAKERS,
    Call,
    Follow,
    Later,
    Speak,
    Speaker,
    finished,
    follow,
    reached,
    reads,
    speak,
)
from tests.deciding import decide_batch


def of_speak(command: Speak, _context: Context) -> Ref[Speaker]:
    return Ref(Speaker, command.word)


def follow_reads(_state: WorkingSet, event: Follow, _context: Context) -> Reads:
    yield [Ref(Speaker, event.word)]


def about_speaker(_event: Speak, _before: Speaker | None, _context: Context) -> Decision:
    return Decision(answer=Accepted())


@dataclass(frozen=True, slots=True)
class Listener:
    id: str
    version: int


def about_listener(_event: Speak, _before: Listener | None, _context: Context) -> Decision:
    return Decision(answer=Accepted())


RIGHT: Sequence[Row] = (
    on(Speak, speak, reads=reads),
    on(Follow, follow, reads=follow_reads),
    one(Speak, of_speak, about_speaker),
    on(Later, reached),
    on_end(Call, finished),
)
WRONG: Sequence[Callable[[], Row]] = (
    lambda: on(Speak, follow),  # type: ignore[arg-type]
    lambda: on(Speak, speak, reads=follow_reads),  # type: ignore[arg-type]
    lambda: one(Follow, of_speak, about_speaker),  # type: ignore[arg-type]
    lambda: one(Speak, of_speak, about_listener),  # type: ignore[misc]
    lambda: on(Later, finished),  # type: ignore[arg-type]
    lambda: on_end(Call, reached),  # type: ignore[arg-type]
    lambda: on_end(Later, finished),  # type: ignore[arg-type, type-var]
)
"""Of another event, with reads of another, with another entity, with another deadline or effect."""


def test_an_event_has_one_row() -> None:
    """A second one would silently take the place of the first."""
    with pytest.raises(AssertionError, match="Speak has two rows"):
        Table([on(Speak, speak), one(Speak, of_speak, about_speaker)])


class Near(Deadline, kind="later"):
    word: str


class AsBefore(Deadline, kind="renamed", former=["later"]):
    word: str


class Nameless(Deadline):
    word: str


@pytest.mark.parametrize(
    ("kind", "text"),
    [(Near, "'later' is the kind of two"), (AsBefore, "of two"), (Nameless, "has no kind")],
)
def test_a_deadline_has_a_kind_of_its_own(kind: type[Deadline], text: str) -> None:
    """What is stored would be read as another, or as none."""
    with pytest.raises(AssertionError, match=text):
        Table([on(Later, reached), on(kind, lambda state, due, context: Decision())])


def test_a_purpose_may_be_called_as_a_deadline_is() -> None:
    """They lie in different collections."""

    class LaterCall(Purpose, kind="later"):
        pass

    table = Table([on(Later, reached), on_end(LaterCall, lambda state, end, context: Decision())])
    assert ["later"] == list(table.deadlines)


class NotingTransaction:
    """A transaction that notes what it is asked."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.questions: list[tuple[str, Filter]] = []

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        self.questions.append((collection, where))
        found: list[Document] = await self.inner.find(
            collection, where, sort=sort, limit=limit, fields=fields
        )
        return found

    async def write(self, collection: str, writes: Sequence[Any]) -> None:
        await self.inner.write(collection, writes)


async def questions_of(
    every: Sequence[Reads], stored: Sequence[str] = (), views: Sequence[View[Any]] = ()
) -> tuple[WorkingSet, list[tuple[str, Filter]]]:
    state, store = WorkingSet(), MemoryStore(MemoryDatabase())
    kinds: Collections = {Speaker: SPEAKERS, **{view.kind: view for view in views}}
    async with store.transaction() as transaction:
        rows = [{"_id": name, "version": 1, "count": len(name)} for name in stored]
        await transaction.write(SPEAKERS.name, [Insert(row) for row in rows])
        noting = NotingTransaction(transaction)
        await state.read(noting, kinds, every)
    return state, noting.questions


async def test_a_round_is_one_question_a_collection() -> None:
    """However many inputs a batch has, and however many rounds each of them needs."""

    def in_two(name: str) -> Reads:
        yield [Ref(Speaker, name)]
        yield [Ref(Speaker, f"{name}'s friend")]

    _, questions = await questions_of([in_two("ann"), in_two("bea"), iter(())])
    assert [
        (SPEAKERS.name, {"_id": {"$in": ["ann", "bea"]}}),
        (SPEAKERS.name, {"_id": {"$in": ["ann's friend", "bea's friend"]}}),
    ] == questions


async def test_what_a_round_found_decides_on_the_next() -> None:
    def friends(state: WorkingSet) -> Reads:
        yield [Ref(Speaker, "ann")]
        ann = state.get(Ref(Speaker, "ann"))
        yield [Ref(Speaker, f"friend {ann.count if ann else 0}")]

    state, store = WorkingSet(), MemoryStore(MemoryDatabase())
    async with store.transaction() as transaction:
        row = {"_id": "ann", "version": 1, "count": 7}
        await transaction.write(SPEAKERS.name, [Insert(row)])
        await state.read(transaction, {Speaker: SPEAKERS}, [friends(state)])
    assert state.get(Ref(Speaker, "friend 7")) is None


async def test_a_page_that_no_row_names_is_an_error() -> None:
    """Nobody looked, so that nothing is on it is not known."""
    state, _ = await questions_of([])
    with pytest.raises(NotLoaded, match="page of Speaker"):
        state.page(Page(Speaker, {"count": 3}))


async def test_pages_of_one_step_are_bounded() -> None:
    """What is found empty for want of room is not the last page: its turn comes."""
    most = PAGED_ROWS_MAX // PAGE_COUNTS_AS
    pages = [Page(Speaker, {"count": number}, limit=9) for number in range(most + 3)]
    state, questions = await questions_of([iter([[page]]) for page in pages])
    assert most == len(questions)
    assert [True] * most + [False] * 3 == [state.page(page).is_last for page in pages]


async def test_a_page_without_a_limit_is_always_read() -> None:
    """A decision that needs all of them could not be made on a part."""
    pages = [Page(Speaker, {"count": number}) for number in range(99)]
    state, questions = await questions_of([iter([pages])], ["ann"])
    assert (99, [Speaker("ann", 1, 3)]) == (len(questions), state.page(pages[3]).rows)


async def test_a_page_shows_what_the_batch_has_made_of_it() -> None:
    """What was changed as it is now; what belongs to it by now, if the page says how that is
    told."""
    page = Page(Speaker, {"count": 3}, also=lambda speaker: speaker.count == 3)
    state, _ = await questions_of([iter([[page]])], ["ann", "bea"])
    state.put([Speaker("ann", 1, 4), Speaker("cid", 0, 3), Speaker("dora", 0, 4)])
    found = {speaker.id: speaker.count for speaker in state.page(page).rows}
    assert {"ann": 4, "bea": 3, "cid": 3} == found


async def test_a_view_reads_a_part_of_each_document() -> None:
    view = View(SPEAKERS.name, str, ("count",), lambda row: f"{row['_id']} {row['count']}")
    page = Page(str, {"count": 3})
    state, _ = await questions_of([iter([[page]])], ["ann", "dora"], [view])
    assert ["ann 3"] == state.page(page).rows


async def test_what_depends_on_an_input_is_read_after_it() -> None:
    """The second reads whom the first made known."""

    def introduce(_state: WorkingSet, command: Speak, _context: Context) -> Decision:
        return Decision(save=[Speaker("host", 0, len(command.word))], answer=Accepted())

    def guest_reads(state: WorkingSet, _event: Follow, _context: Context) -> Reads:
        host = state.peek(Ref(Speaker, "host"))
        yield [Ref(Speaker, f"guest {host.count if host else 0}")]

    def greet(state: WorkingSet, _event: Follow, _context: Context) -> Decision:
        return Decision(save=[Speaker("ok", 0)] if not state.get(Ref(Speaker, "guest 3")) else [])

    rows = [on(Speak, introduce, cuts=True), on(Follow, greet, reads=guest_reads)]
    service = Service("routing", (), rows, [SPEAKERS])
    batch = [input_of(Speak(word="ann")), input_of(Follow(word="hi"))]
    _, decisions = await decide_batch(service, MemoryStore(MemoryDatabase()), batch)
    assert [1, 1] == [len(decision.save) for decision in decisions]


async def test_what_is_written_once_is_left_as_it_is() -> None:
    """Its id follows from what is in it, so another of the same id is the same."""
    kept = Collection(
        "words",
        Speaker,
        lambda speaker: {"count": speaker.count},
        lambda row: Speaker(row["_id"], row["version"], row["count"]),
        [Index("words", ())],
        is_written_once=True,
    )
    store = MemoryStore(MemoryDatabase())
    for names in (["ann"], ["ann", "bea"]):
        state = WorkingSet()
        state.put([Speaker(name, 0) for name in names])
        async with store.transaction() as transaction:
            await state.save(transaction, kept)
    assert ["ann", "bea"] == [row["_id"] for row in await store.find("words", {})]


class Renamed(Deadline, kind="renamed", former=["as_it_was"]):
    word: str


TABLE = Table([on(Renamed, lambda state, due, context: Decision()), on_end(Call, finished)])


def row(kind: str, data: Document) -> Document:
    return {"is": "due", "_id": "d1", "kind": kind, "data": data}


@pytest.mark.parametrize("kind", ["renamed", "as_it_was"])
def test_a_deadline_is_read_under_all_its_names(kind: str) -> None:
    assert Renamed(word="ann") == TABLE.stored_event(row(kind, {"word": "ann"}))


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        (row("of a newer version", {}), "kind_unknown"),
        (row("call", {}), "kind_unknown"),
        (row("renamed", {"sentence": "ann"}), "invalid"),
        (row("renamed", {"word": 7}), "invalid"),
    ],
)
def test_a_deadline_that_this_version_can_not_read_is_poison(stored: Document, code: str) -> None:
    """So it is kept, with what is in it, and the others go on."""
    with pytest.raises(Poison) as error:
        TABLE.stored_event(stored)
    assert code == error.value.code


def test_the_end_of_an_effect_is_told_with_its_purpose() -> None:
    end: Document = {"is": "effect", "_id": "e1", "kind": "call", "data": {}}
    end |= {"outcome": "done", "text": "answered 200", "attempt": 2}
    event = TABLE.stored_event(end)
    assert isinstance(event, EffectFinished)
    assert (Call(), 2) == (event.purpose, event.attempts)
