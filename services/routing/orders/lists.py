"""Lists of companies, kept in parts under the digest of what is in them (RTE-06).

A version names its parts, so two versions share all that did not change. The entries are kept as
they are compared; what can't be an entry is told by its place, and nothing of it is kept.
"""

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.companies.terms import entry, terms_of_entry
from shared.contracts.lists import (
    LIST_ENTRIES_MAX,
    PART_ENTRIES_MAX,
    EditList,
    PutList,
    PutListPart,
)
from shared.contracts.routing import ListChanged
from shared.loop.decision import (
    Accepted,
    Cause,
    Context,
    Deadline,
    Decision,
    Due,
    Publish,
    Refused,
)
from shared.loop.working_set import Ref, ref_by_name
from shared.wording import quantity

BAD_ENTRIES_MAX = 1000


class ListTakesEffect(Deadline, kind="list_effective"):
    """A list's coming version, by the list's id."""

    list: str


@dataclass(frozen=True, slots=True)
class ListPart:
    """Entries as they are kept, sorted; written once."""

    id: str
    version: int
    terms: tuple[str, ...]

    @property
    def comparison_terms(self) -> Iterator[str]:
        """What leads are compared with."""
        return (term for kept in self.terms for term in terms_of_entry(kept))


@dataclass(frozen=True, slots=True)
class Content:
    """What a version holds: the digests of its parts, and how many entries they have."""

    parts: tuple[str, ...] = ()
    entries: int = 0


@dataclass(frozen=True, slots=True)
class CompanyList:
    """`number` counts the versions that have been in force; `coming` is the next one."""

    id: str
    version: int
    tenant: str
    name: str
    number: int
    content: Content
    coming: Content | None
    coming_at: datetime | None
    changed_at: datetime
    changed_by: str


Parts = Mapping[str, ListPart]
"""By digest."""


def part_of(list_id: str, digest: str) -> Ref[ListPart]:
    return Ref(ListPart, f"{list_id}/{digest}")


def digests_of(list_: CompanyList | None) -> tuple[str, ...]:
    """Of all parts that it has, or will have."""
    if list_ is None:
        return ()
    return (*list_.content.parts, *(list_.coming.parts if list_.coming else ()))


def digest_of_entries(entries: Sequence[str]) -> str:
    return digest_of(read(entries)[0])


@dataclass(frozen=True, slots=True)
class Changed:
    """A list's decision, with the terms that came and went for those who use the list."""

    decision: Decision
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


def put_part(command: PutListPart, before: ListPart | None, context: Context) -> Decision:
    terms, bad = read(command.entries)
    if bad:
        return Decision(answer=_invalid("entries", bad))
    digest = digest_of(terms)
    details = {"digest": digest, "entries": len(terms)}
    if before is not None:
        return Decision(answer=Accepted("unchanged", details=details))
    part = _part(ref_by_name(CompanyList, context.tenant, command.list).id, terms)
    return Decision(save=[part], answer=Accepted("kept", details=details))


def read(entries: Sequence[str]) -> tuple[tuple[str, ...], dict[int, str]]:
    """The terms, sorted and each once; and by its place, why an entry stands for no company."""
    found = [entry(text) for text in entries]
    bad = {place: each.why for place, each in enumerate(found) if each.term is None}
    return tuple(sorted({each.term for each in found if each.term is not None})), bad


def digest_of(terms: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(terms).encode()).hexdigest()


def _invalid(field: str, bad: Mapping[int, str]) -> Refused:
    """Each by its place and why; the text quotes none of them."""
    text = f"{quantity(len(bad), 'entry')} without a company: {', '.join(sorted({*bad.values()}))}"
    first = dict(list(bad.items())[:BAD_ENTRIES_MAX])
    details = {"field": field, "places": list(first), "whys": list(first.values())}
    return Refused("entries_invalid", text, details)


def put(
    command: PutList, before: CompanyList | None, parts: Parts, cause: Cause, now: datetime
) -> Changed:
    """The whole list, at once or from an instant on."""
    terms, bad = read(command.entries)
    if bad:
        return Changed(Decision(answer=_invalid("entries", bad)))
    if missing := [digest for digest in command.parts if digest not in parts]:
        text = f"not put before: {quantity(len(missing), 'part')}"
        details = {"field": "parts", "missing": missing}
        return Changed(Decision(answer=Refused("list_parts_missing", text, details)))
    ref = ref_by_name(CompanyList, cause.tenant, command.id)
    own = _own_part(ref.id, terms, parts)
    content = _content(
        [*command.parts, *([digest_of(terms)] if terms else [])], [*parts.values(), *own]
    )
    list_ = before or CompanyList(
        ref.id, 0, cause.tenant, command.id, 0, Content(), None, None, now, cause.actor
    )
    if content.entries > LIST_ENTRIES_MAX:
        text = f"{quantity(content.entries, 'entry')}, {LIST_ENTRIES_MAX:,} are allowed"
        return Changed(Decision(answer=Refused("list_too_long", text, {"field": "entries"})))
    if command.effective_from is not None and command.effective_from > now:
        return _later(list_, content, own, command.effective_from, cause, now)
    # The whole list now: what was to come is not wanted any more.
    return _now(replace(list_, coming=None, coming_at=None), content, own, parts, cause, now)


def edit(
    command: EditList, before: CompanyList | None, parts: Parts, cause: Cause, now: datetime
) -> Changed:
    """Only the parts in which something changes are written anew."""
    if before is None:
        return Changed(Decision(answer=Refused.unknown("list", command.list)))
    if before.coming_at is not None:
        text = f"a version comes at {before.coming_at.isoformat()}: put the whole list anew"
        return Changed(Decision(answer=Refused("list_change_coming", text, {"field": "list"})))
    add, bad_add = read(command.add)
    remove, bad_remove = read(command.remove)
    for field, bad in (("add", bad_add), ("remove", bad_remove)):
        if bad:
            return Changed(Decision(answer=_invalid(field, bad)))
    kept = [parts[digest] for digest in before.content.parts]
    made = _edit_parts(before.id, kept, frozenset(add), frozenset(remove))
    content = _content(map(_digest, made), made)
    too_long = any(len(part.terms) > 2 * PART_ENTRIES_MAX for part in made)
    if content.entries > LIST_ENTRIES_MAX or too_long:
        entries = quantity(content.entries, "entry")
        text = f"{entries}; {LIST_ENTRIES_MAX:,} are allowed, put in parts"
        return Changed(Decision(answer=Refused("list_too_long", text, {"field": "add"})))
    new = [part for part in made if _digest(part) not in parts]
    return _now(before, content, new, parts, cause, now)


def _edit_parts(
    id: str,  # noqa: A002
    kept: Sequence[ListPart],
    add: frozenset[str],
    remove: frozenset[str],
) -> list[ListPart]:
    """The parts, those anew in which something changes. A new term is spread by its checksum."""
    held = set().union(*(add.intersection(part.terms) for part in kept))
    coming: dict[int, set[str]] = defaultdict(set)
    for term in add - held:
        coming[zlib.crc32(term.encode()) % max(1, len(kept))].add(term)
    made = []
    for place, part in enumerate(kept or [ListPart(id, 0, ())]):
        going = (remove - add).intersection(part.terms)
        if going or coming[place]:
            terms = set(part.terms) - going | coming[place]
            part = _part(id, tuple(sorted(terms)))
        made.append(part)
    return [part for part in made if part.terms]


def take_effect(list_: CompanyList | None, parts: Parts, cause: Cause, now: datetime) -> Changed:
    """The instant of the coming version is here."""
    if list_ is None or list_.coming is None or list_.coming_at is None or list_.coming_at > now:
        return Changed(Decision())
    changed = _now(replace(list_, coming=None, coming_at=None), list_.coming, [], parts, cause, now)
    return replace(changed, decision=replace(changed.decision, answer=None))


def _own_part(id: str, terms: tuple[str, ...], parts: Parts) -> list[ListPart]:  # noqa: A002
    return [_part(id, terms)] if terms and digest_of(terms) not in parts else []


def _part(id: str, terms: tuple[str, ...]) -> ListPart:  # noqa: A002
    return ListPart(part_of(id, digest_of(terms)).id, 0, terms)


def _digest(part: ListPart) -> str:
    return part.id.rpartition("/")[2]


def _content(digests: Iterable[str], parts: Iterable[ListPart]) -> Content:
    sizes = {_digest(part): len(part.terms) for part in parts}
    once = tuple(dict.fromkeys(digests))
    return Content(once, sum(sizes[digest] for digest in once))


def _later(
    list_: CompanyList,
    content: Content,
    own: Sequence[ListPart],
    at: datetime,
    cause: Cause,
    now: datetime,
) -> Changed:
    after = replace(list_, coming=content, coming_at=at, changed_at=now, changed_by=cause.actor)
    due = Due(f"{ListTakesEffect.KIND}/{list_.id}", ListTakesEffect(list=list_.id), list_.name, at)
    details = {
        "version": list_.number,
        "entries": content.entries,
        "effective_from": at.isoformat(),
    }
    return Changed(
        Decision(save=[after, *own], due=[due], answer=Accepted("coming", details=details))
    )


def _now(
    list_: CompanyList,
    content: Content,
    new: Sequence[ListPart],
    parts: Parts,
    cause: Cause,
    now: datetime,
) -> Changed:
    if list_.number and content == list_.content:
        details = {"version": list_.number, "entries": content.entries}
        return Changed(
            Decision(save=_if_coming_went(list_), answer=Accepted("unchanged", details=details))
        )
    known = {**parts, **{_digest(part): part for part in new}}
    added, removed = _difference(list_.content, content, known)
    number = list_.number + 1
    changed = replace(list_, number=number, content=content, changed_at=now, changed_by=cause.actor)
    event = ListChanged(
        list=list_.name,
        list_version=number,
        entries=content.entries,
        changed_at=now,
        changed_by=cause.actor,
    )
    details = {"version": number, "entries": content.entries}
    answer = Accepted("changed" if list_.number else "created", details=details)
    decision = Decision(save=[changed, *new], publish=[Publish(event, list_.name)], answer=answer)
    return Changed(decision, frozenset(added), frozenset(removed))


def _difference(before: Content, after: Content, parts: Parts) -> tuple[set[str], set[str]]:
    """The terms that come and go; of the parts that stay only those are looked up."""
    old = terms_of(set(before.parts) - set(after.parts), parts)
    new = terms_of(set(after.parts) - set(before.parts), parts)
    added, removed = new - old, old - new
    for digest in set(before.parts) & set(after.parts):
        if added or removed:
            stays = terms_of([digest], parts)
            added, removed = added - stays, removed - stays
    return added, removed


def _if_coming_went(list_: CompanyList) -> list[CompanyList]:
    """A coming version that is what is in force already has come all the same."""
    return [list_] if list_.coming is None and list_.coming_at is None and list_.version else []


def terms_of(digests: Iterable[str], parts: Parts) -> set[str]:
    return set().union(*(parts[digest].comparison_terms for digest in digests))
