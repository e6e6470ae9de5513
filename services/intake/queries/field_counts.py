"""How often each field of an affiliate is filled, and how often nobody understands it.

A column that is never read shows here: counted from the affiliate's latest leads, never kept beside
them, and only from those that were read with today's mapping.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LATEST = 1_000
"""So many leads are looked at: enough to see a column, and quickly read."""


@dataclass(frozen=True, slots=True)
class FieldsRead:
    """Of one lead: its mapping's version, the fields that were blank, those that stay unknown."""

    mapping_version: int
    blank: tuple[str, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldCount:
    field: str
    filled: int
    unknown: int
    of: int
    """Leads that were looked at."""


def count_fields(
    fields: Iterable[str], mapping_version: int, leads: Iterable[FieldsRead]
) -> list[FieldCount]:
    """INT-02: in the order of the mapping."""
    looked_at = [lead for lead in leads if lead.mapping_version == mapping_version]
    blank = Counter(field for lead in looked_at for field in lead.blank)
    unread = Counter(field for lead in looked_at for field in lead.unread)
    every = len(looked_at)
    return [FieldCount(field, every - blank[field], unread[field], every) for field in fields]


def read_of(row: Mapping[str, object]) -> FieldsRead | None:
    """Of a lead's document; None where an older version of the service wrote it."""
    match row:
        case {"mapping_version": int(number), "blank": list(blank), "unread": list(unread)}:
            return FieldsRead(number, tuple(blank), tuple(unread))
    return None
