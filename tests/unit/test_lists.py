"""Lists of companies: their parts, versions, dates, and what is no entry."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from services.routing.orders import lists
from services.routing.orders.lists import Changed, CompanyList, ListPart
from shared.companies.nobody import MAILBOX, NEITHER
from shared.contracts.lists import (
    LIST_ENTRIES_MAX,
    PART_ENTRIES_MAX,
    EditList,
    PutList,
    PutListPart,
)
from shared.loop.decision import Accepted, Refused
from tests.builders import NOW, cause

LATER = NOW + timedelta(days=1)


class Shelf:
    """One list and its parts, as a shard keeps them."""

    def __init__(self) -> None:
        self.list: CompanyList | None = None
        self.parts: dict[str, ListPart] = {}

    def _take(self, changed: Changed) -> Changed:
        self.keep(changed.decision.save)
        return changed

    def keep(self, saved: Iterable[Any]) -> None:
        for entity in saved:
            if isinstance(entity, ListPart):
                self.parts[entity.id.rpartition("/")[2]] = entity
            else:
                self.list = replace(entity, version=entity.version + 1)

    def part(self, *entries: str) -> str:
        decision = lists.put_part(PutListPart(list="bad", entries=entries), None, cause())
        self.keep(decision.save)
        return lists.digest_of(lists.read(entries)[0])

    def put(self, *entries: str, **changes: Any) -> Changed:
        command = PutList(id="bad", entries=entries, **changes)
        return self._take(lists.put(command, self.list, self.parts, cause(), NOW))

    def edit(self, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Changed:
        command = EditList(list="bad", add=tuple(add), remove=tuple(remove), reason="why")
        return self._take(lists.edit(command, self.list, self.parts, cause(), NOW))

    def reach(self, days: int) -> Changed:
        now = NOW + timedelta(days=days)
        return self._take(lists.take_effect(self.list, self.parts, cause(), now))

    @property
    def terms(self) -> list[str]:
        assert self.list is not None
        return sorted(lists.terms_of(self.list.content.parts, self.parts))


def code(changed: Changed) -> str:
    assert changed.decision.answer is not None
    return changed.decision.answer.code


def test_a_list_is_its_terms() -> None:
    """RTE-06: each once, however it is written; what came and went is told."""
    shelf = Shelf()
    first = shelf.put("Northgrid.Example", "www.northgrid.example", "Helvion Ltd", "helvion")
    assert shelf.terms == ["domain:northgrid.example", "name:helvion"]
    assert (code(first), first.added) == ("created", frozenset(shelf.terms))
    second = shelf.put("helvion", "third.example")
    assert (code(second), second.added, second.removed) == (
        "changed",
        {"domain:third.example"},
        {"domain:northgrid.example"},
    )


def test_the_same_again_is_no_version() -> None:
    """RTE-06, INT-12: in another order, in parts or not."""
    shelf = Shelf()
    shelf.put("b.example", "a.example")
    assert code(shelf.put("a.example", "B.example")) == "unchanged"
    assert code(shelf.put(parts=[shelf.part("a.example", "b.example")])) == "unchanged"
    assert code(shelf.edit(add=["a.example"], remove=["c.example"])) == "unchanged"
    assert shelf.list is not None and shelf.list.number == 1


def test_an_empty_list_is_one() -> None:
    """RTE-06."""
    shelf = Shelf()
    assert (code(shelf.put()), shelf.terms) == ("created", [])
    assert (code(shelf.edit(add=["a.example"])), shelf.terms) == ("changed", ["domain:a.example"])
    assert (code(shelf.edit(remove=["a.example"])), shelf.terms) == ("changed", [])


def test_an_edit_writes_one_part_anew() -> None:
    """RTE-06: a hundred thousand entries are not written for one."""
    shelf = Shelf()
    digests = [shelf.part(*(f"{name}{number}.example" for number in range(20))) for name in "abc"]
    shelf.put(parts=digests)
    changed = shelf.edit(add=["new.example"])
    assert len([each for each in changed.decision.save if isinstance(each, ListPart)]) == 1
    assert shelf.list is not None
    assert len({*shelf.list.content.parts} & {*digests}) == 2
    assert (shelf.list.content.entries, len(shelf.terms)) == (61, 61)
    changed = shelf.edit(remove=["new.example", "a1.example"])
    assert changed.removed == {"domain:new.example", "domain:a1.example"}


def test_what_another_part_holds_already_does_not_come_or_go() -> None:
    """RTE-06: or leads would be looked through for nothing."""
    shelf = Shelf()
    both, one = shelf.part("a.example", "b.example"), shelf.part("a.example")
    shelf.put(parts=[both])
    for changed in (shelf.put(parts=[both, one]), shelf.put(parts=[both])):
        assert "changed" == code(changed)
        assert (frozenset(), frozenset()) == (changed.added, changed.removed)


def test_parts_that_lack_are_named() -> None:
    """RTE-06: and nothing changes."""
    shelf = Shelf()
    known, unknown = shelf.part("a.example"), "f" * 64
    answer = shelf.put(parts=[known, unknown]).decision.answer
    assert isinstance(answer, Refused)
    assert (answer.code, answer.details["missing"]) == ("list_parts_missing", [unknown])
    assert shelf.list is None


def test_bad_entries_are_told_by_their_place() -> None:
    """RTE-06: of a part too, which is not kept."""
    entries = ("a.example", "dana@a.example", "b.example", "..")
    decision = lists.put_part(PutListPart(list="bad", entries=entries), None, cause())
    assert isinstance(decision.answer, Refused) and not decision.save
    whys = [MAILBOX, NEITHER]
    assert {"field": "entries", "places": [1, 3], "whys": whys} == decision.answer.details
    assert "dana" not in decision.answer.text
    shelf = Shelf()
    assert code(shelf.put(*entries)) == "entries_invalid"
    shelf.put("a.example")
    assert code(shelf.edit(add=entries)) == code(shelf.edit(remove=entries)) == "entries_invalid"


def test_a_part_is_kept_once() -> None:
    """RTE-06: under the digest of what is in it, whatever the order."""
    command = PutListPart(list="bad", entries=("b.example", "a.example"))
    first = lists.put_part(command, None, cause())
    (part,) = first.save
    assert isinstance(part, ListPart) and isinstance(first.answer, Accepted)
    again = lists.put_part(command, part, cause())
    assert isinstance(again.answer, Accepted) and not again.save
    assert (again.answer.code, again.answer.details) == ("unchanged", first.answer.details)


@patch("services.routing.orders.lists.LIST_ENTRIES_MAX", 60)
def test_a_list_may_be_full_and_no_longer() -> None:
    """RTE-06: of parts, of entries, and edited."""
    shelf = Shelf()
    digests = [shelf.part(*(f"c{part}-{n}.example" for n in range(20))) for part in range(3)]
    assert code(shelf.put(parts=digests)) == "created"
    assert code(shelf.put("more.example", parts=digests)) == "list_too_long"
    assert code(shelf.edit(add=["more.example"])) == "list_too_long"
    assert code(shelf.edit(add=["more.example"], remove=["c0-0.example"])) == "changed"
    assert shelf.list is not None and shelf.list.content.entries == 60


def test_a_list_has_a_hundred_thousand_entries_at_most() -> None:
    """RTE-06: as many as ten parts, each as long as a command may be."""
    assert 100_000 == LIST_ENTRIES_MAX == 10 * PART_ENTRIES_MAX


def test_a_short_list_does_not_grow_into_one_long_part() -> None:
    """RTE-06: it has to be put in parts then."""
    shelf = Shelf()
    shelf.put("a.example")
    for step in range(2):
        grown = [f"c{step}-{number}.example" for number in range(PART_ENTRIES_MAX - 1)]
        assert code(shelf.edit(add=grown)) == "changed"
    answer = shelf.edit(add=["x.example", "y.example"]).decision.answer
    assert isinstance(answer, Refused)
    assert (answer.code, answer.details["field"]) == ("list_too_long", "add")


def test_a_list_comes_into_force_on_its_date() -> None:
    """RTE-06: before it the one before holds; after it, once."""
    shelf = Shelf()
    shelf.put("a.example")
    coming = shelf.put("b.example", effective_from=LATER)
    assert (coming.added, coming.removed) == (frozenset(), frozenset())
    told = {"version": 1, "entries": 1, "effective_from": LATER.isoformat()}
    assert Accepted("coming", details=told) == coming.decision.answer
    assert [(due.key, due.at) for due in coming.decision.due] == [("bad", LATER)]
    assert shelf.terms == ["domain:a.example"]
    assert not shelf.reach(0).decision.save
    reached = shelf.reach(1)
    assert (reached.added, reached.removed) == ({"domain:b.example"}, {"domain:a.example"})
    assert reached.decision.answer is None
    assert not shelf.reach(2).decision.save


def test_a_list_that_is_only_coming_is_empty_until_then() -> None:
    """RTE-06."""
    shelf = Shelf()
    shelf.put("a.example", effective_from=LATER)
    assert shelf.list is not None and (shelf.list.number, shelf.terms) == (0, [])
    shelf.reach(1)
    assert (shelf.list.number, shelf.terms) == (1, ["domain:a.example"])


def test_a_later_date_takes_the_place_of_the_one_before() -> None:
    """RTE-06: there is one coming version."""
    shelf = Shelf()
    shelf.put("a.example")
    shelf.put("b.example", effective_from=LATER)
    shelf.put("c.example", effective_from=LATER + timedelta(days=1))
    assert not shelf.reach(1).decision.save
    shelf.reach(2)
    assert shelf.terms == ["domain:c.example"]


def test_what_comes_and_is_there_already_has_come() -> None:
    """RTE-06: without a version."""
    shelf = Shelf()
    shelf.put("a.example")
    shelf.put("a.example", effective_from=LATER)
    reached = shelf.reach(1)
    assert shelf.list is not None
    assert (shelf.list.number, shelf.list.coming, reached.decision.publish) == (1, None, ())


def test_a_date_that_is_past_is_now() -> None:
    """RTE-06."""
    shelf = Shelf()
    assert code(shelf.put("a.example", effective_from=NOW - timedelta(days=1))) == "created"


def test_what_is_not_there_is_not_edited() -> None:
    """RTE-06."""
    assert code(Shelf().edit(add=["a.example"])) == "list_unknown"


@pytest.mark.parametrize("entry", ["a.example", "Helvion"])
def test_an_entry_that_comes_and_goes_at_once_stays(entry: str) -> None:
    """RTE-06: whoever removes and adds it in one edit has it."""
    shelf = Shelf()
    shelf.put("b.example")
    shelf.edit(add=[entry], remove=[entry])
    assert len(shelf.terms) == 2
