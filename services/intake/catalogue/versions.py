"""Every version of an affiliate or a question, as it was put, with who did it and when.

Each lead names the version of the mapping that it was read with, so what became of it can be
told long after the mapping has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import to_json

from services.intake.catalogue.affiliates import Affiliate
from services.intake.catalogue.questions import Question
from shared.loop.collection import Entity


@dataclass(frozen=True, slots=True)
class Version:
    """Written once."""

    id: str
    version: int
    tenant: str
    of: str
    """The id that the affiliate or question is stored under, after its kind."""
    number: int
    definition: str
    """JSON text: a vocabulary has keys that no store takes as they are."""
    aliases: str
    """JSON text for the same reason; empty for affiliates."""
    changed_at: datetime
    changed_by: str


def of_affiliate(affiliate: str) -> str:
    return f"affiliate {affiliate}"


def of_question(question: str) -> str:
    return f"question {question}"


def with_versions(saved: Sequence[Entity]) -> list[Entity]:
    """What is saved, and beside each affiliate and question the version that it now is."""
    kept: list[Entity] = []
    for entity in saved:
        kept.append(entity)
        if isinstance(entity, Affiliate):
            kept.append(_version(of_affiliate(entity.id), entity, {}))
        elif isinstance(entity, Question):
            aliases = {alias.given: alias.answer for alias in entity.aliases}
            kept.append(_version(of_question(entity.id), entity, aliases))
    return kept


def _version(of: str, entity: Affiliate | Question, aliases: Mapping[str, str]) -> Version:
    return Version(
        id=f"{of}@{entity.number}",
        version=0,
        tenant=entity.tenant,
        of=of,
        number=entity.number,
        definition=entity.definition.model_dump_json(),
        aliases=to_json(aliases).decode(),
        changed_at=entity.changed_at,
        changed_by=entity.changed_by,
    )
