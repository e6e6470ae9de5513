"""Lists of companies, kept in parts under the digest of what is in them (RTE-06).

A version names its parts, so two versions share all that did not change. The entries are kept as
they are compared; what can't be an entry is told by its place, and nothing of it is kept.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.routing.words import entry_term
from shared.contracts.lists import (
    LIST_ENTRIES_MAX,
    PART_ENTRIES_MAX,
    EditList,
    PutList,
    PutListPart,
)
from shared.contracts.routing import ListChanged
from shared.loop.decision import Accepted, Cause, Decision, Due, Input, Refused, Say
from shared.loop.working_set import Entity, WorkingSet

EFFECTIVE = "list_effective"
BAD_TOLD_MAX = 1000


def stored_id(tenant: str, name: str) -> str:
    return f"{tenant}/{name}"


def part_id(list_id: str, digest: str) -> str:
    return f"{list_id}/{digest}"


@dataclass(frozen=True, slots=True)
class ListPart:
    """Entries as they are compared, sorted; written once."""

    id: str
    version: int
    terms: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class Changed:
    """A list's decision, with the terms that came and went for those who use the list."""

    decision: Decision
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


def put_part(command: PutListPart, before: ListPart | None, cause: Cause) -> Decision:
    terms, bad = read(command.entries)
    if bad:
        return Decision(answer=_invalid(bad))
    digest = digest_of(terms)
    told = {"digest": digest, "entries": len(terms)}
    if before is not None:
        return Decision(answer=Accepted("unchanged", details=told))
    part = ListPart(part_id(stored_id(cause.tenant, command.list), digest), 0, terms)
    return Decision(save=[part], answer=Accepted("kept", details=told))


def read(entries: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """The terms, sorted and each once, and the places of what is neither domain nor name."""
    terms = [entry_term(entry) for entry in entries]
    bad = [place for place, term in enumerate(terms) if term is None]
    return tuple(sorted({term for term in terms if term is not None})), bad


def digest_of(terms: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(terms).encode()).hexdigest()


def _invalid(bad: Sequence[int]) -> Refused:
    text = f"{len(bad)} entries are neither a domain nor a name"
    return Refused(
        "entries_invalid", text, {"field": "entries", "places": list(bad[:BAD_TOLD_MAX])}
    )


def put(
    command: PutList, before: CompanyList | None, parts: Parts, cause: Cause, now: datetime
) -> Changed:
    """The whole list, at once or from an instant on."""
    terms, bad = read(command.entries)
    if bad:
        return Changed(Decision(answer=_invalid(bad)))
    if missing := [digest for digest in command.parts if digest not in parts]:
        text = f"{len(missing)} parts were not put before"
        details = {"field": "parts", "missing": missing}
        return Changed(Decision(answer=Refused("list_parts_missing", text, details)))
    id = stored_id(cause.tenant, command.id)  # noqa: A001
    own = _own_part(id, terms, parts)
    content = _content(
        [*command.parts, *([digest_of(terms)] if terms else [])], [*parts.values(), *own]
    )
    list_ = before or CompanyList(
        id, 0, cause.tenant, command.id, 0, Content(), None, None, now, cause.actor
    )
    if content.entries > LIST_ENTRIES_MAX:
        text = f"{content.entries} entries, {LIST_ENTRIES_MAX} are allowed"
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
        return Changed(Decision(answer=Refused("list_unknown", "there is no such list")))
    if before.coming_at is not None:
        text = f"a version comes at {before.coming_at.isoformat()}: put the whole list anew"
        return Changed(Decision(answer=Refused("list_change_coming", text, {"field": "list"})))
    add, bad_add = read(command.add)
    remove, bad_remove = read(command.remove)
    if bad_add or bad_remove:
        return Changed(Decision(answer=_invalid([*bad_add, *bad_remove])))
    kept = [set(parts[digest].terms) - set(remove) for digest in before.content.parts] or [set()]
    known = set().union(*kept)
    for term in add:
        if term not in known:
            kept[zlib.crc32(term.encode()) % len(kept)].add(term)
    made = [_part(before.id, tuple(sorted(terms))) for terms in kept if terms]
    new = [part for part in made if _digest(part) not in parts]
    content = _content([_digest(part) for part in made], made)
    if content.entries > LIST_ENTRIES_MAX or any(len(each) > 2 * PART_ENTRIES_MAX for each in kept):
        text = f"{content.entries} entries; {LIST_ENTRIES_MAX} are allowed, put in parts"
        return Changed(Decision(answer=Refused("list_too_long", text, {"field": "add"})))
    return _now(before, content, new, parts, cause, now)


def of_list(
    state: WorkingSet, tenant: str, name: str
) -> tuple[CompanyList | None, dict[str, ListPart]]:
    """A list, and those of its parts that are loaded, by digest."""
    id = stored_id(tenant, name)  # noqa: A001
    found = [part for part in state.all(ListPart) if part.id.startswith(f"{id}/")]
    return state.get(CompanyList, id), {_digest(part): part for part in found}


def made_by(edits: Iterable[Input], state: WorkingSet) -> list[str]:
    """The ids of the parts that these edits will make, one after the other."""
    ahead = WorkingSet()
    known: list[Entity] = [*state.all(CompanyList), *state.all(ListPart)]
    for entity in known:
        ahead.know(entity)
    made: list[str] = []
    for given in edits:
        command = given.event
        assert isinstance(command, EditList)
        before, parts = of_list(ahead, given.cause.tenant, command.list)
        saved = edit(command, before, parts, given.cause, given.now).decision.save
        for entity in saved:
            ahead.know(entity)
        made += [entity.id for entity in saved if isinstance(entity, ListPart)]
    return made


def take_effect(list_: CompanyList | None, parts: Parts, cause: Cause, now: datetime) -> Changed:
    """The instant of the coming version is here."""
    if list_ is None or list_.coming is None or list_.coming_at is None or list_.coming_at > now:
        return Changed(Decision())
    changed = _now(replace(list_, coming=None, coming_at=None), list_.coming, [], parts, cause, now)
    return replace(changed, decision=replace(changed.decision, answer=None))


def _own_part(id: str, terms: tuple[str, ...], parts: Parts) -> list[ListPart]:  # noqa: A002
    return [_part(id, terms)] if terms and digest_of(terms) not in parts else []


def _part(id: str, terms: tuple[str, ...]) -> ListPart:  # noqa: A002
    return ListPart(part_id(id, digest_of(terms)), 0, terms)


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
    due = Due(f"{EFFECTIVE}/{list_.id}", EFFECTIVE, list_.name, at, {"list": list_.id})
    told = {"version": list_.number, "entries": content.entries, "effective_from": at.isoformat()}
    return Changed(Decision(save=[after, *own], due=[due], answer=Accepted("coming", details=told)))


def _now(
    list_: CompanyList,
    content: Content,
    new: Sequence[ListPart],
    parts: Parts,
    cause: Cause,
    now: datetime,
) -> Changed:
    if list_.number and content == list_.content:
        told = {"version": list_.number, "entries": content.entries}
        return Changed(
            Decision(save=_if_coming_went(list_), answer=Accepted("unchanged", details=told))
        )
    known = {**parts, **{_digest(part): part for part in new}}
    before, after = terms_of(list_.content, known), terms_of(content, known)
    number = list_.number + 1
    changed = replace(list_, number=number, content=content, changed_at=now, changed_by=cause.actor)
    said = ListChanged(
        list=list_.name,
        list_version=number,
        entries=content.entries,
        changed_at=now,
        changed_by=cause.actor,
    )
    told = {"version": number, "entries": content.entries}
    answer = Accepted("changed" if list_.number else "created", details=told)
    decision = Decision(save=[changed, *new], say=[Say(said, list_.name)], answer=answer)
    return Changed(decision, after - before, before - after)


def _if_coming_went(list_: CompanyList) -> list[CompanyList]:
    """A coming version that is what is in force already has come all the same."""
    return [list_] if list_.coming is None and list_.coming_at is None and list_.version else []


def terms_of(content: Content, parts: Parts) -> frozenset[str]:
    return frozenset(_each(content, parts))


def _each(content: Content, parts: Parts) -> Iterator[str]:
    for digest in content.parts:
        yield from parts[digest].terms
