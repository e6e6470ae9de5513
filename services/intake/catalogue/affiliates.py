"""An affiliate as intake knows it, with its mapping prepared for reading records quickly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

from services.intake.reading.cells import Vocabulary, prepare_vocabulary
from services.intake.reading.folding import fold
from shared import definitions
from shared.contracts.affiliates import PutAffiliate
from shared.contracts.lead_fields import CanonicalField
from shared.contracts.lead_fields import Mapping as Mapped
from shared.loop.decision import Context, Decision, Refused
from shared.loop.working_set import ById, ref_by_name

ORGANIC = "organic"
Field = tuple[str, str, Vocabulary]


@dataclass(frozen=True, slots=True)
class Affiliate:
    """`number` counts the versions of the definition; each lead names the one it was read with."""

    id: str
    version: int
    tenant: str
    number: int
    definition: PutAffiliate
    changed_at: datetime
    changed_by: str
    fields: tuple[Field, ...] = field(init=False, compare=False, repr=False)
    mandatory: frozenset[str] = field(init=False, compare=False, repr=False)
    lead_codes: frozenset[str] = field(init=False, compare=False, repr=False)
    categories: frozenset[str] = field(init=False, compare=False, repr=False)
    own_fields: frozenset[str] = field(init=False, compare=False, repr=False)
    zone: ZoneInfo = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        definition = self.definition
        prepared = {
            "fields": tuple(_fields(definition)),
            "mandatory": frozenset(definition.mapping.mandatory),
            "lead_codes": frozenset(definition.lead_codes),
            "categories": frozenset(definition.categories),
            "own_fields": frozenset(
                (*definition.mapping.fields.values(), *definition.mapping.answers.values())
            ),
            "zone": ZoneInfo(definition.mapping.time_zone),
        }
        for name, value in prepared.items():
            object.__setattr__(self, name, value)


def _fields(definition: PutAffiliate) -> Iterable[Field]:
    mapping = definition.mapping
    for canonical, own in mapping.fields.items():
        vocabulary = mapping.vocabularies.get(canonical, {})
        yield canonical, own, prepare_vocabulary(vocabulary)


def organic_source() -> Affiliate:
    """INT-15: what a record of the operator's own site is read with: its fields are canonical."""
    own = [name for name in get_args(CanonicalField) if name not in ("category", "lead_code")]
    definition = PutAffiliate(
        id=ORGANIC,
        name="The operator's own site",
        contacts=(),
        mapping=Mapped(fields={name: name for name in own}),
        lead_codes=(),
        categories=(),
    )
    return Affiliate("", 0, "", 0, definition, datetime.min, "")


ORGANIC_SOURCE = organic_source()


AffiliateIndex = ById[Affiliate]


def put(command: PutAffiliate, before: Affiliate | None, context: Context) -> Decision:
    """INT-01: an affiliate is data; the same data again changes nothing."""
    if command.id == ORGANIC:
        return Decision(answer=Refused("id_reserved", "organic is no affiliate's id"))
    if refused := _contradictions(command):
        return Decision(answer=refused)
    made = definitions.put(before, _proposal(command, before, context), context)
    return made.decision(keep=[definitions.version_of("affiliate", made.entity, command)])


def _proposal(command: PutAffiliate, before: Affiliate | None, context: Context) -> Affiliate:
    if before is not None:
        return replace(before, definition=command)
    ref = ref_by_name(Affiliate, context.tenant, command.id)
    return Affiliate(ref.id, 0, context.tenant, 1, command, context.now, context.cause.actor)


def _vocabulary_cycle(command: PutAffiliate) -> str | None:
    """The field whose words mean each other in a circle, so that none of them means anything."""
    for canonical, vocabulary in command.mapping.vocabularies.items():
        words = {fold(word): fold(meaning) for word, meaning in vocabulary.items()}
        if _has_circle(words):
            return canonical
    return None


def _has_circle(words: Mapping[str, str]) -> bool:
    """Each word is followed once; one that means itself is no circle."""
    followed: set[str] = set()
    for start in words:
        way: set[str] = set()
        word = start
        while word in words and word not in followed and words[word] != word:
            if word in way:
                return True
            way.add(word)
            word = words[word]
        followed |= way
    return False


def _contradictions(command: PutAffiliate) -> Refused | None:
    if "email" not in command.mapping.fields:
        return Refused("mapping_incomplete", "the mapping does not say where the email is")
    if not any("main" in contact.roles for contact in command.contacts):
        # Messages for a role that nobody holds go to the main contact.
        return Refused("main_contact_missing", "nobody holds the role main")
    if field := _vocabulary_cycle(command):
        return Refused("vocabulary_cycle", f"the vocabulary of {field} leads back to itself")
    return None
